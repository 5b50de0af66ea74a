//! Answering a request in place of an upstream: the reply, what is left of the request for logs, what is counted.

use super::Gateway;
use super::effect::{Outcome, Parked, Refused};
use super::exchange::{Awaited, Case, overdue};
use super::filter_state::{Decision, Known, filter_state};
use super::sessions::SessionStep;
use crate::config::Config;
use crate::credential;
use crate::message::{HeaderEdit, HeaderEdits, Reduced, RequestHead};
use crate::principal::Principal;
use crate::problem::{Protocol, Refusal, Schemes};
use crate::time::Timestamp;

impl Gateway {
    pub(super) fn refuse(&mut self, refusal: &Refusal, case: &Case, protocol: Protocol) -> Refused {
        let mut refused = self.answer((refusal, refusal.reason()), case.into(), protocol);
        if matches!(case.session, SessionStep::End) {
            let cookie = self.cookie(&case.session, Timestamp::default());
            refused.fields.extend(cookie.map(|cookie| ("set-cookie", cookie)));
        }
        refused
    }

    /// The answer to a request whose deadline has come.
    pub(super) fn refuse_late(&mut self, parked: &Parked, cause: &Awaited) -> Refused {
        let refusal = Refusal::from(overdue(cause));
        let nobody = Principal::anonymous();
        let known = Known { route: parked.route.as_ref(), principal: &nobody, key: None };
        self.answer((&refusal, "waited_too_long"), known, parked.protocol)
    }

    pub(super) fn answer(
        &mut self,
        (refusal, reason): (&Refusal, &'static str),
        known: Known<'_>,
        protocol: Protocol,
    ) -> Refused {
        let (code, reply) = self.replies.find(refusal, protocol);
        self.tally.refuse(code, reason, known.route);
        let why = Some((code, reason));
        let state = filter_state(self.noting, Decision::Deny, why, known);
        Refused { reply, fields: Vec::new(), reason, state, edits: HeaderEdits::new() }
    }

    /// Whether the head of a request has to be looked at again before it is refused.
    pub(super) fn conceals(&self) -> bool {
        let owned = self.config.owned_headers();
        owned.keys().is_some() || !owned.places().parameters().is_empty()
    }

    /// Takes keys out of a request that is refused, and tokens out of its query: what is left of it is
    /// logged.
    pub(super) fn conceal(&self, outcome: &mut Outcome, head: &RequestHead<'_>) {
        match outcome {
            Outcome::Refuse(refused) if self.conceals() => refused.edits = self.concealment(head),
            Outcome::Forward(_) | Outcome::Refuse(_) | Outcome::Wait { .. } => {}
        }
    }

    /// The changes after which a head shows no key, and no token in its query.
    pub(super) fn concealment(&self, head: &RequestHead<'_>) -> HeaderEdits {
        let owned = self.config.owned_headers();
        match owned.keys() {
            Some(keys) => credential::strip(head, keys),
            None => {
                let parameters = owned.places().parameters();
                let reduce = |path| Reduced::without_parameters(path, parameters);
                head.path().and_then(reduce).map(HeaderEdit::Reduce).into_iter().collect()
            }
        }
    }
}

/// With what callers may prove who they are.
pub(super) fn schemes(config: &Config) -> Schemes {
    match (config.application_keys().is_some(), config.issuers().iter().next().is_none()) {
        (true, true) => Schemes::Keys,
        (true, false) => Schemes::TokensAndKeys,
        (false, _) => Schemes::Tokens,
    }
}
