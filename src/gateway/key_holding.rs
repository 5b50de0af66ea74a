//! Requests that present an application key, or the session of one.
//!
//! What is presented must be valid, whatever stands beside it: a request never falls back from a bad key to a
//! token, nor from a bad token to a key. Only a session that is no longer good counts as none, like an expired
//! token in a cookie.

use std::sync::Arc;

use super::Gateway;
use super::exchange::{Case, Halt, Want};
use super::key_store::KeysFound;
use super::sessions::SessionStep;
use crate::application_key::{
    Asked, Client, DigestMark, Grant, KeyCode, KeyHolder, KeyPlace, KeyRefused, KeySet, Session,
    SessionRefused, Use,
};
use crate::config::{ApplicationKeys, SessionSettings};
use crate::credential::{self, KeyError, KeyPlaces, Presented, PresentedError, PresentedKey};
use crate::message::{RequestHead, RequestTarget};
use crate::policy::{BasicWithKey, Mode};
use crate::problem::{Failure, KeyProblem};
use crate::telemetry::Metric;
use crate::time::Timestamp;

/// What is known of a key that a request presents: for filter state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct KeySeen {
    /// Its name, if it is known.
    pub(super) name: Option<Box<str>>,
    /// The first bytes of its digest, if one was made.
    pub(super) mark: Option<DigestMark>,
    /// Where it stands.
    pub(super) from: KeyPlace,
    /// Why it lets nobody in; `None` if it does.
    pub(super) refused: Option<&'static str>,
}

/// A request that may present a key.
pub(super) struct Asking<'r, 'h> {
    pub(super) keys: &'r ApplicationKeys,
    pub(super) places: &'r KeyPlaces,
    pub(super) target: &'r RequestTarget<'h>,
    pub(super) head: &'r RequestHead<'h>,
    pub(super) now: Timestamp,
    /// Whether the operator says that the client's address can be trusted.
    pub(super) trusts_address: bool,
}

impl Gateway {
    /// What a request presents, if it goes together.
    pub(super) fn present<'r>(
        &mut self,
        asking: &Asking<'r, '_>,
        tokens: &'r credential::TokenPlaces,
        case: &mut Case,
    ) -> Result<Presented<'r>, Halt> {
        let presented = credential::extract_with_keys(asking.head, tokens, asking.places);
        let presented = presented.inspect_err(|error| self.note(*error, asking, case))?;
        let combination = asking.keys.combination;
        if presented.has_basic && combination.basic == BasicWithKey::Reject {
            return Err(KeyProblem::BesideBasic.into());
        }
        Ok(presented)
    }

    /// Notes what is wrong with what a request presents.
    pub(super) fn note(&mut self, error: PresentedError, asking: &Asking<'_, '_>, case: &mut Case) {
        let PresentedError::Key(error) = error else { return };
        self.tally.count(Metric::ApplicationKey(error.reason()));
        match error {
            KeyError::InUrl => self.note_exposed(asking, case),
            KeyError::Format | KeyError::KeysDiffer | KeyError::SessionsDiffer => {}
        }
    }

    /// Who holds the key that a request presents.
    pub(super) fn key_holder(
        &mut self,
        asking: &Asking<'_, '_>,
        key: &PresentedKey<'_>,
        case: &mut Case,
    ) -> Result<Arc<KeyHolder>, Halt> {
        let from = if key.from().is_query() { KeyPlace::Query } else { KeyPlace::Header };
        let keys = match self.key_set(asking.now) {
            Ok(keys) => keys,
            Err(halt) => {
                // What cannot be a key waits for no others.
                let Err(refused) = asking.keys.rules.check_form(key.expose()) else {
                    return Err(halt);
                };
                case.key =
                    Some(KeySeen { name: None, mark: None, from, refused: Some(refused.reason()) });
                self.tally.count(Metric::ApplicationKey(refused.reason()));
                return Err(KeyProblem::Refused { refused, code: refused.code() }.into());
            }
        };
        let ask = || asking.address();
        let wanted = asking.wanted(from, &ask);
        match asking.keys.rules.judge(&keys, key.expose(), &wanted) {
            Ok(grant) => Ok(self.admit(grant, from, case)),
            Err(refusal) => {
                if let (KeyRefused::InUrl, Some(name)) = (refusal.refused, refusal.name) {
                    self.tally.expose(name);
                }
                let name = refusal.name.map(Box::from);
                let refused = Some(refusal.refused.reason());
                case.key = Some(KeySeen { name, mark: refusal.mark, from, refused });
                self.tally.count(Metric::ApplicationKey(refusal.refused.reason()));
                let code = match refusal.refused.code() {
                    KeyCode::Expired if asking.keys.conceals_expiry => KeyCode::Invalid,
                    code => code,
                };
                Err(KeyProblem::Refused { refused: refusal.refused, code }.into())
            }
        }
    }

    /// Who holds the key that opened the session of a request; `None` if it has no session that is good. Then its
    /// cookie is cleared, unless it is good elsewhere.
    pub(super) fn session_holder(
        &mut self,
        asking: &Asking<'_, '_>,
        presented: &Presented<'_>,
        case: &mut Case,
    ) -> Result<Option<Arc<KeyHolder>>, Halt> {
        let Some((settings, cookie)) = asking.keys.session.as_ref().zip(presented.session) else {
            return Ok(None);
        };
        // What is no session needs no look at the keys.
        let session = match asking.verified(settings, cookie.expose()) {
            Ok(session) => session,
            Err(refused) => return Ok(self.refuse_session(refused, case)),
        };
        let keys = self.key_set(asking.now)?;
        let from = KeyPlace::Session { epoch: session.epoch };
        let ask = || asking.address();
        let wanted = asking.wanted(from, &ask);
        match session.check(&keys, &wanted) {
            Ok(grant) => {
                presented.check_session_origin(asking.head)?;
                if let Some(renewed) = session.renewed(&grant, settings.limits, asking.now) {
                    case.session = SessionStep::Renew(renewed);
                }
                Ok(Some(self.admit(grant, from, case)))
            }
            Err(refused) => Ok(self.refuse_session(refused, case)),
        }
    }

    fn refuse_session(
        &mut self,
        refused: SessionRefused,
        case: &mut Case,
    ) -> Option<Arc<KeyHolder>> {
        self.tally.count(Metric::ApplicationKey(refused.reason()));
        if refused != SessionRefused::Key(KeyRefused::Route) {
            case.session = SessionStep::End;
        }
        None
    }

    fn admit(&mut self, grant: Grant<'_>, from: KeyPlace, case: &mut Case) -> Arc<KeyHolder> {
        let (name, mark) = (Some(grant.name.into()), Some(grant.mark));
        case.key = Some(KeySeen { name, mark, from, refused: None });
        self.tally.count(Metric::ApplicationKey("ok"));
        self.holders.of(grant, from)
    }

    /// The keys as they are now.
    pub(super) fn key_set(&self, now: Timestamp) -> Result<Arc<KeySet>, Halt> {
        match self.key_store.find(now) {
            KeysFound::Failed { retry_after } => {
                Err(Failure::KeyStoreUnavailable { retry_after }.into())
            }
            KeysFound::Missing => Err(Halt::Wait(vec![Want::KeyStore])),
            KeysFound::Ready(keys) => Ok(keys),
        }
    }

    /// A key that stands in a URL where none may: whoever it is known to must be told, for it has to be replaced.
    fn note_exposed(&mut self, asking: &Asking<'_, '_>, case: &mut Case) {
        let key = PresentedKey::exposed(asking.head, asking.places);
        let (Some(key), Ok(keys)) = (key, self.key_set(asking.now)) else { return };
        let ask = || asking.address();
        let wanted = asking.wanted(KeyPlace::Query, &ask);
        let judged = asking.keys.rules.judge(&keys, key.expose(), &wanted);
        let (name, mark) = match &judged {
            Ok(grant) => (Some(grant.name), Some(grant.mark)),
            Err(refusal) => (refusal.name, refusal.mark),
        };
        if let Some(name) = name {
            self.tally.expose(name);
        }
        let (name, refused) = (name.map(Box::from), Some(KeyRefused::InUrl.reason()));
        case.key = Some(KeySeen { name, mark, from: KeyPlace::Query, refused });
    }

    /// Notes what became of a key in a request that was decided; one that waits is decided again.
    pub(super) fn note_key(&mut self, case: &Case, head: &RequestHead<'_>, now: Timestamp) {
        let Some(KeySeen { name: Some(name), mark, refused, .. }) = &case.key else { return };
        let address = || self.config.trusts_client_address().then(|| head.source()).flatten();
        if let Some(reason) = refused {
            // A key in a URL has a line of its own, a record that lets nobody in may have no name, and in report-only
            // nobody is refused.
            let has_no_line = *reason == KeyRefused::InUrl.reason() || name.is_empty();
            if !has_no_line && case.mode == Mode::Enforce {
                self.key_events.refused(name, reason, &address, now);
            }
            return;
        }
        if let Some(mark) = mark.filter(|_| self.logs_first_use()) {
            self.key_events.used(name, mark, &address, now);
        }
        if !self.key_usage.count(name, &address, now) {
            self.tally.count(Metric::KeyUsage("dropped"));
        }
    }

    fn logs_first_use(&self) -> bool {
        self.config.application_keys().is_some_and(|keys| keys.logs_first_use)
    }
}

impl<'r> Asking<'r, '_> {
    /// The client's address, if it can be trusted.
    pub(super) fn address(&self) -> Option<std::net::IpAddr> {
        self.trusts_address.then(|| self.head.source()).flatten()
    }

    pub(super) fn wanted<'u>(
        &'u self,
        from: KeyPlace,
        ask: &'u dyn Fn() -> Option<std::net::IpAddr>,
    ) -> Use<'u> {
        let asked = Asked {
            method: self.target.method(),
            host: self.target.host(),
            path: self.target.path().as_str(),
        };
        let client = Client::Unasked(ask);
        Use { now: self.now, leeway: self.keys.leeway, client, from, asked }
    }

    /// The session of a cookie, as far as that can be said without its key. A configuration that has become stricter
    /// binds older sessions too.
    pub(super) fn verified(
        &self,
        settings: &SessionSettings,
        cookie: &[u8],
    ) -> Result<Session, SessionRefused> {
        let session = settings.keys.verify(cookie, self.now)?;
        if self.now >= session.issued_at + settings.limits.absolute {
            return Err(SessionRefused::AbsoluteEnd);
        }
        if settings.binds_address && session.address.is_none() {
            return Err(SessionRefused::AddressMoved);
        }
        Ok(session)
    }
}
