//! Whether upstreams take our tokens: the status of some answers is looked at, and for a token
//! that an upstream refuses another one is fetched, for all workers; one that was exchanged for a
//! caller's is exchanged anew, by the worker that holds it.
//!
//! Reading a status costs a host call, so of one token it is read once in 100 ms at most, but on
//! routes that replace the answer: there each must be known.

use std::sync::Arc;

use super::effect::{Refused, StreamId};
use super::exchange::Case;
use super::exchanged::ExchangeId;
use super::slot::Resource;
use super::{Gateway, Metric};
use crate::policy::{Mode, Upstream401};
use crate::problem::{Failure, Protocol, Refusal};
use crate::technical_token::TechnicalToken;

/// A request that went on with our tokens, and whose answer is to be looked at.
#[derive(Debug)]
pub(super) struct Watch {
    tokens: Vec<(Resource, Arc<TechnicalToken>)>,
    exchanged: Vec<(ExchangeId, Arc<TechnicalToken>)>,
    replaces: bool,
    protocol: Protocol,
    route: Option<Arc<str>>,
}

/// What follows from an answer that refuses our token.
#[derive(Debug)]
pub struct Verdict {
    /// What the caller gets in its place; `None`: the answer goes on.
    pub replaced: Option<Refused>,
    /// Whether the root context must be woken.
    pub wake: bool,
}

impl Gateway {
    /// Looks at the answer to this request, if it should be.
    pub(super) fn watch(&mut self, stream: StreamId, protocol: Protocol, case: &mut Case) -> bool {
        let tokens = std::mem::take(&mut case.watched);
        let exchanged = std::mem::take(&mut case.watched_exchanged);
        if tokens.is_empty() && exchanged.is_empty() {
            return false;
        }
        let replaces = case.replaces();
        let route = case.route_name().cloned();
        self.watches.insert(stream, Watch { tokens, exchanged, replaces, protocol, route });
        true
    }

    /// Whether the status of the answer to this request is to be told.
    pub fn is_watched(&self, stream: StreamId) -> bool {
        self.watches.contains_key(&stream)
    }

    /// The request has ended.
    pub fn unwatch(&mut self, stream: StreamId) {
        self.watches.remove(&stream);
    }

    /// The status of the answer to a request that is watched. 401 means that the upstream does not take
    /// our token; 403 and all others do not.
    pub fn answered(&mut self, stream: StreamId, status: u16) -> Option<Verdict> {
        let watch = self.watches.remove(&stream)?;
        if status != 401 {
            return None;
        }
        self.tally.count(Metric::UpstreamRefused);
        self.fetching.doubt(watch.tokens);
        self.exchanges.doubt(&watch.exchanged);
        let wake = !std::mem::replace(&mut self.is_woken, true);
        let refusal = Refusal::from(Failure::UpstreamRefusedOurToken);
        let why = (&refusal, refusal.reason());
        let nobody = crate::principal::Principal::anonymous();
        let replaced = watch
            .replaces
            .then(|| self.answer(why, watch.route.as_ref(), (&nobody, None), watch.protocol));
        Some(Verdict { replaced, wake })
    }
}

impl Case {
    /// Whether answers that refuse our token are replaced.
    pub(super) fn replaces(&self) -> bool {
        let upstream_401 = self.route.as_ref().map(|route| route.route().upstream_401);
        self.mode == Mode::Enforce && upstream_401 == Some(Upstream401::Replace)
    }
}
