//! Answers of upstreams that are looked at: whether they take our tokens, and what sessions and keys add to them.
//!
//! For a token that an upstream refuses another one is fetched, for all workers; one that was
//! exchanged for a caller's is exchanged anew, by the worker that holds it.
//!
//! An answer to an application key, or to the session of one, may be stored by a cache that knows
//! nothing of the key: it is made private if it does not say who may store it, and whatever it
//! says if it comes with our cookie. Answers to tokens cost nothing.
//!
//! Reading a status costs a host call, so of one token it is read once in 100 ms at most, but on
//! routes that replace the answer: there each must be known.

use std::sync::Arc;

use super::effect::{Refused, StreamId};
use super::exchange::Case;
use super::exchanged::ExchangeId;
use super::filter_state::Known;
use super::sessions::SessionStep;
use super::slot::Resource;
use super::{Gateway, Metric};
use crate::message::HeaderValue;
use crate::policy::{Mode, Upstream401};
use crate::problem::{Failure, Protocol, Refusal};
use crate::technical_token::TechnicalToken;
use crate::time::Timestamp;

/// A request that went on with our tokens, and whose answer is to be looked at.
#[derive(Debug)]
pub(super) struct Watch {
    tokens: Vec<(Resource, Arc<TechnicalToken>)>,
    exchanged: Vec<(ExchangeId, Arc<TechnicalToken>)>,
    replaces: bool,
    protocol: Protocol,
    route: Option<Arc<str>>,
    by_key: Option<ByKey>,
}

/// What the answer to an application key, or to a session, needs.
#[derive(Debug)]
struct ByKey {
    /// The cookie, and what is counted if it is set: nothing for one that ends.
    cookie: Option<(HeaderValue, Option<&'static str>)>,
}

/// What follows from an answer.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What the caller gets in its place; `None`: the answer goes on.
    pub replaced: Option<Refused>,
    /// Whether the root context must be woken.
    pub wake: bool,
    /// Whether `cache-control` becomes [`PRIVATE`]. The cookie must not go on without.
    pub is_made_private: bool,
    /// A `set-cookie` to add.
    pub cookie: Option<HeaderValue>,
}

/// The `cache-control` of an answer that is for one caller alone.
pub const PRIVATE: &[u8] = b"private";

impl Gateway {
    /// Looks at the answer to this request, if it should be.
    pub(super) fn watch(
        &mut self,
        stream: StreamId,
        protocol: &dyn Fn() -> Protocol,
        case: &mut Case,
        now: Timestamp,
    ) -> bool {
        let has_tokens = !case.watched.is_empty() || !case.watched_exchanged.is_empty();
        if !has_tokens && case.key.is_none() && matches!(case.session, SessionStep::Stay) {
            return false;
        }
        let tokens = std::mem::take(&mut case.watched);
        let exchanged = std::mem::take(&mut case.watched_exchanged);
        let by_key = self.by_key(case, now);
        if !has_tokens && by_key.is_none() {
            return false;
        }
        let replaces = case.replaces();
        let route = case.route_name().cloned();
        let protocol = protocol();
        self.watches
            .insert(stream.0, Watch { tokens, exchanged, replaces, protocol, route, by_key });
        true
    }

    fn by_key(&self, case: &Case, now: Timestamp) -> Option<ByKey> {
        let counted = match &case.session {
            SessionStep::End | SessionStep::Stay => None,
            SessionStep::Open(_) => Some("opened"),
            SessionStep::Renew(_) => Some("renewed"),
        };
        let is_enforced = case.mode == Mode::Enforce;
        let cookie = is_enforced.then(|| self.cookie(&case.session, now)).flatten();
        let cookie = cookie.map(|cookie| (cookie, counted));
        (cookie.is_some() || case.key.is_some()).then_some(ByKey { cookie })
    }

    /// Whether the answer to this request is to be looked at.
    pub fn is_watched(&self, stream: StreamId) -> bool {
        self.watches.get(stream.0).is_some()
    }

    /// The request has ended.
    pub fn unwatch(&mut self, stream: StreamId) {
        self.watches.remove(stream.0);
    }

    /// The answer to a request that is watched; `field` reads it (`:status`, `cache-control`). 401 means that the
    /// upstream does not take our token; 403 and all others do not.
    pub fn answered(
        &mut self,
        stream: StreamId,
        field: &dyn Fn(&'static str) -> Option<Vec<u8>>,
    ) -> Verdict {
        let Some(mut watch) = self.watches.remove(stream.0) else { return Verdict::default() };
        let by_key = watch.by_key.take();
        let has_tokens = !watch.tokens.is_empty() || !watch.exchanged.is_empty();
        let is_cookie_new = by_key.as_ref().is_some_and(ByKey::depends);
        let status = (has_tokens || is_cookie_new).then(|| field(":status")).flatten();
        // A status that cannot be read refuses no token, and opens no session.
        let status = status.and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
        let status: u16 = status.unwrap_or(UNREAD);
        if has_tokens && status == 401 {
            let verdict = self.doubt(watch);
            if verdict.replaced.is_some() {
                return verdict;
            }
            return Verdict { wake: verdict.wake, ..self.answer_key(by_key, status, field) };
        }
        self.answer_key(by_key, status, field)
    }

    fn answer_key(
        &mut self,
        by_key: Option<ByKey>,
        status: u16,
        field: &dyn Fn(&'static str) -> Option<Vec<u8>>,
    ) -> Verdict {
        let Some(ByKey { cookie }) = by_key else { return Verdict::default() };
        let cookie = cookie.filter(|(_, counted)| counted.is_none() || status < 400);
        // An empty field states nothing, nor does what a host gives for one that is missing.
        let stated = field("cache-control").filter(|stated| !stated.trim_ascii().is_empty());
        let is_made_private = match (&stated, &cookie) {
            (None, _) => true,
            (Some(stated), Some(_)) => !is_for_one(stated),
            (Some(_), None) => false,
        };
        if let Some((_, Some(event))) = &cookie {
            self.tally.count(Metric::Session(event));
        }
        Verdict { is_made_private, cookie: cookie.map(|(cookie, _)| cookie), ..Verdict::default() }
    }

    /// Our tokens are refused.
    fn doubt(&mut self, watch: Watch) -> Verdict {
        self.tally.count(Metric::UpstreamRefused);
        self.fetching.doubt(watch.tokens);
        self.exchanges.doubt(&watch.exchanged);
        let wake = !std::mem::replace(&mut self.is_woken, true);
        let refusal = Refusal::from(Failure::UpstreamRefusedOurToken);
        let why = (&refusal, refusal.reason());
        let nobody = crate::principal::Principal::anonymous();
        let known = Known { route: watch.route.as_ref(), principal: &nobody, key: None };
        let replaced = watch.replaces.then(|| self.answer(why, known, watch.protocol));
        Verdict { replaced, wake, ..Verdict::default() }
    }
}

impl ByKey {
    /// Whether its cookie depends on the status.
    const fn depends(&self) -> bool {
        matches!(self.cookie, Some((_, Some(_))))
    }
}

/// Whether a `cache-control` lets no cache store an answer that serves several callers (RFC 9111 §5.2.2).
fn is_for_one(stated: &[u8]) -> bool {
    stated.split(|&b| b == b',').map(<[u8]>::trim_ascii).any(|directive| {
        directive.eq_ignore_ascii_case(PRIVATE) || directive.eq_ignore_ascii_case(b"no-store")
    })
}

/// Where no status can be read: as if the upstream had failed.
const UNREAD: u16 = 599;

impl Case {
    /// Whether answers that refuse our token are replaced.
    pub(super) fn replaces(&self) -> bool {
        let upstream_401 = self.route.as_ref().map(|route| route.route().upstream_401);
        self.mode == Mode::Enforce && upstream_401 == Some(Upstream401::Replace)
    }
}
