//! Sessions that application keys open: who gets one, how a browser gets it, and how it ends.
//!
//! Log-in CSRF: a link can hold the key of whoever made it, so a key in a query never takes the place of a session of
//! another user, and a form of another page opens none. A key in a header can: no page makes a browser send that header to another origin, unless the route
//! lets preflight requests pass and its upstream allows it.
//!
//! Whether a request came by HTTPS is what the proxy says in `:scheme`. No other field is asked.

use std::rc::Rc;
use std::sync::Arc;

use super::exchange::{Case, Halt};
use super::filter_state::{Decision, filter_state};
use super::key_holding::Asking;
use super::{Gateway, Metric, Refused};
use crate::application_key::{KeyHolder, KeyPlace, KeyRefused, Session, SessionRefused};
use crate::credential::{
    CredentialError, Presented, check_form_origin, is_own_page, opens_connection,
};
use crate::message::{
    HeaderEdits, HeaderValue, Reduced, Reply, RequestHead, RequestTarget, set_cookie,
};
use crate::policy::{Denial, Mode};
use crate::problem::{KeyProblem, Protocol, Refusal};
use crate::time::Timestamp;

/// What becomes of the session of a request.
#[derive(Debug)]
pub(super) enum SessionStep {
    /// Its cookie is cleared: it is good for nothing.
    End,
    /// This one is opened.
    Open(Session),
    /// It goes on as this one.
    Renew(Session),
    /// It stays as it is, or there is none.
    Stay,
}

/// An answer that the request asked for.
#[derive(Debug)]
pub(super) struct Answered {
    reply: Reply,
    fields: Vec<(&'static str, HeaderValue)>,
    reason: &'static str,
}

impl Gateway {
    /// Opens a session for the holder of a key, if the request asks for one.
    pub(super) fn open_session(
        &self,
        asking: &Asking<'_, '_>,
        presented: &Presented<'_>,
        holder: &KeyHolder,
        case: &mut Case,
    ) -> Result<(), Refusal> {
        let Some(settings) = asking.keys.session.as_ref().filter(|_| presented.asks_for_session)
        else {
            return Ok(());
        };
        let address = settings.binds_address.then(|| asking.address());
        let opened = Session::open(holder, settings.limits, address.flatten(), asking.now)
            .ok_or(KeyProblem::SessionNotAllowed)?;
        if !settings.is_insecure && !is_https(asking.head) {
            return Err(KeyProblem::SessionPlain.into());
        }
        if address == Some(None) {
            return Err(KeyProblem::SessionAddress.into());
        }
        if holder.from() == KeyPlace::Query {
            // Of such a request of another page, browsers leave the cookie of a session out that could be replaced.
            check_form_origin(asking.head)?;
            if self.is_in_use_by_another(asking, presented, holder) {
                return Err(KeyProblem::SessionOfAnother.into());
            }
        }
        case.session = SessionStep::Open(opened);
        Ok(())
    }

    /// Whether a request has a session of another user, good for what it asks or for something else.
    fn is_in_use_by_another(
        &self,
        asking: &Asking<'_, '_>,
        presented: &Presented<'_>,
        holder: &KeyHolder,
    ) -> bool {
        let cookie = asking.keys.session.as_ref().zip(presented.session);
        let session = cookie
            .and_then(|(settings, cookie)| settings.keys.verify(cookie.expose(), asking.now).ok());
        let (Some(session), Ok(keys)) = (session, self.key_set(asking.now)) else { return false };
        let ask = || asking.address();
        let wanted = asking.wanted(KeyPlace::Session { epoch: session.epoch }, &ask);
        let is_good = match session.check(&keys, &wanted) {
            Ok(_) => true,
            Err(refused) => refused == SessionRefused::Key(KeyRefused::Route),
        };
        is_good && !session.runs_as(holder, &keys)
    }

    /// The answer to a page load by a key in the URL that opens a session: the same page without the key. The
    /// fragment stays in the browser. Bytes of the query that no header of ours may have are left to the upstream.
    #[inline(never)]
    pub(super) fn clean_up(
        &mut self,
        head: &RequestHead<'_>,
        case: &Case,
        now: Timestamp,
    ) -> Option<Answered> {
        let is_by_url = case.key.as_ref().is_some_and(|key| key.from == KeyPlace::Query);
        if case.mode != Mode::Enforce || !is_by_url || !is_page_load(head) {
            return None;
        }
        let SessionStep::Open(_) = &case.session else { return None };
        let location = Reduced::without_parameters(
            head.path()?,
            self.config.owned_headers().keys()?.parameters(),
        )?;
        // A path that is no host for any browser: the canonical form has let no other one pass.
        if let [b'/', b'/' | b'\\', ..] = location.expose() {
            return None;
        }
        let location = HeaderValue::from_visible_ascii(location.expose().to_vec())?;
        let cookie = self.cookie(&case.session, now)?;
        self.tally.count(Metric::Session("opened"));
        let headers = vec![
            ("cache-control", "no-store".to_owned()),
            ("referrer-policy", "no-referrer".to_owned()),
        ];
        Some(Answered {
            reply: Reply::new((303, None), headers, Vec::new()),
            fields: vec![("location", location), ("set-cookie", cookie)],
            reason: "session_opened",
        })
    }

    /// The answer to a request to log out: `POST`, by a page of the same origin. There a session ends on every host,
    /// whatever routes say.
    pub(super) fn log_out(
        &mut self,
        target: &RequestTarget<'_>,
        head: &RequestHead<'_>,
        mode: Mode,
    ) -> Result<Option<Answered>, Halt> {
        let session = self.config.application_keys().and_then(|keys| keys.session.as_ref());
        let is_meant = session.is_some_and(|one| *one.logout_path == *target.path().as_str());
        if !is_meant || mode != Mode::Enforce {
            return Ok(None);
        }
        if target.method() != "POST" {
            return Err(Denial::MethodNotAllowed { allowed: Arc::from("POST") }.into());
        }
        if !is_own_page(head) {
            return Err(CredentialError::OriginUnproven.into());
        }
        self.tally.count(Metric::Session("ended"));
        let cookie = self.cookie(&SessionStep::End, Timestamp::default());
        let headers = vec![("cache-control", "no-store".to_owned())];
        Ok(Some(Answered {
            reply: Reply::new((204, None), headers, Vec::new()),
            fields: cookie.map(|cookie| ("set-cookie", cookie)).into_iter().collect(),
            reason: "session_ended",
        }))
    }

    /// The answer as the host sends it.
    pub(super) fn tell(&self, answered: Answered, case: &Case) -> Refused {
        let Answered { reply, fields, reason } = answered;
        let why = Some((reason, reason));
        let state = filter_state(self.noting, Decision::Answer, why, case.into());
        Refused { reply: Rc::new(reply), fields, reason, edits: HeaderEdits::new(), state }
    }

    /// The `set-cookie` for a step; `None` where nothing is to be set.
    #[inline(never)]
    pub(super) fn cookie(&self, step: &SessionStep, now: Timestamp) -> Option<HeaderValue> {
        let settings = self.config.application_keys()?.session.as_ref()?;
        let name = self.config.owned_headers().keys()?.session_cookie()?;
        let (value, max_age) = match step {
            SessionStep::End => (String::new(), 0),
            SessionStep::Open(session) | SessionStep::Renew(session) => {
                (settings.keys.sign(session)?, session.idle_seconds(now))
            }
            SessionStep::Stay => return None,
        };
        set_cookie(name, &value, max_age, !settings.is_insecure)
    }
}

/// Whether the proxy says that a request came by HTTPS.
fn is_https(head: &RequestHead<'_>) -> bool {
    let mut schemes = head.values(b":scheme");
    schemes.next() == Some(b"https".as_slice()) && schemes.next().is_none()
}

/// Whether a browser goes to a page: then it follows where it is sent.
fn is_page_load(head: &RequestHead<'_>) -> bool {
    let is_html = |range: &[u8]| {
        let name = range.split(|&b| b == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"text/html")
    };
    matches!(head.method(), Some(b"GET" | b"HEAD"))
        && head.values(b"accept").flat_map(|value| value.split(|&b| b == b',')).any(is_html)
        && !opens_connection(head)
        && Protocol::of(head) == Protocol::Http
}
