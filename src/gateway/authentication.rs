//! Who is asking: from what a request presents to a principal, or the reason why there is none.

use std::sync::Arc;

use super::Gateway;
use super::abuse::Gate;
use super::exchange::{Awaited, Case, Halt, Want, unavailable_keys};
use super::key_holding::Asking;
use super::slot::Resource;
use crate::credential::{self, Presented};
use crate::crypto::SignatureVerifier;
use crate::jwt::{KeySetId, TokenError, Unverified, VerifiedToken};
use crate::message::RequestHead;
use crate::policy::{Authentication, Denial, GuardedRoute, WhenBoth};
use crate::principal::{IdentityMismatch, Principal};
use crate::problem::{KeyProblem, Refusal};
use crate::time::Timestamp;

impl Gateway {
    /// Who is asking. A credential that is presented must be valid, except where the route does
    /// not look at credentials.
    pub(super) fn authenticate(
        &mut self,
        route: &GuardedRoute,
        head: &RequestHead<'_>,
        now: Timestamp,
        signatures: &dyn SignatureVerifier,
    ) -> Result<Principal, Halt> {
        if route.authentication() == Authentication::NotLookedAt {
            return Ok(Principal::anonymous());
        }
        let config = Arc::clone(&self.config);
        // Most tokens have come before: what was found then holds for the same bytes. None of these is a cookie.
        let mut lookup = Lookup::Due;
        if let Some(token) = credential::unchecked_token(head, config.places()) {
            if let Some(found) = self.verified.find(token, &self.fetching.keys, now) {
                return Ok(Principal::of_token(admitted(found?, head)?));
            }
            lookup = Lookup::Done;
        }
        let presented = credential::extract(head, config.places())?;
        let token = self.verify(&presented, lookup, head, now, signatures)?;
        Ok(token.map_or(Principal::anonymous(), Principal::of_token))
    }

    /// The same where application keys are known. The key is judged first: that costs less than a signature.
    #[inline(never)]
    pub(super) fn authenticate_with_keys(
        &mut self,
        route: &GuardedRoute,
        asking: &Asking<'_, '_>,
        signatures: &dyn SignatureVerifier,
        case: &mut Case,
    ) -> Result<Principal, Halt> {
        if route.authentication() == Authentication::NotLookedAt {
            return Ok(Principal::anonymous());
        }
        let config = Arc::clone(&self.config);
        let (head, now) = (asking.head, asking.now);
        let mut presented = self.present(asking, config.places(), case)?;
        // Whether a token in a cookie counts is known once it has been looked at.
        let mut token = None;
        if presented.is_ambient() && presented.bearer.is_some() {
            token = self.verify(&presented, Lookup::Due, head, now, signatures)?;
            if token.is_none() {
                let without = presented.without_token(head, asking.places);
                presented = without.inspect_err(|error| self.note(*error, asking, case))?;
            }
        }
        let key = presented.application_key.as_ref();
        let is_both = key.is_some() && presented.bearer.is_some();
        if is_both && asking.keys.combination.when_both == WhenBoth::Reject {
            return Err(KeyProblem::BesideToken.into());
        }
        let holder = key.map(|key| self.key_holder(asking, key, case)).transpose()?;
        if token.is_none() {
            token = self.verify(&presented, Lookup::Due, head, now, signatures)?;
        }
        Ok(match (token, holder) {
            (Some(token), Some(holder)) => Principal::of_token_and_key(token, holder)
                .map_err(|IdentityMismatch| KeyProblem::Mismatch)?,
            (Some(token), None) => Principal::of_token(token),
            (None, Some(holder)) => {
                self.open_session(asking, &presented, &holder, case)?;
                Principal::of_key(holder)
            }
            (None, None) => {
                let holder = self.session_holder(asking, &presented, case)?;
                holder.map_or(Principal::anonymous(), Principal::of_key)
            }
        })
    }

    /// A denial, in the words of those who could present an application key.
    pub(super) fn refusal(&self, denial: Denial) -> Refusal {
        match denial {
            Denial::CredentialMissing if self.config.application_keys().is_some() => {
                KeyProblem::Missing.into()
            }
            denial => denial.into(),
        }
    }

    /// The token that is presented, if one is; it must be good.
    fn verify(
        &mut self,
        presented: &Presented<'_>,
        lookup: Lookup,
        head: &RequestHead<'_>,
        now: Timestamp,
        signatures: &dyn SignatureVerifier,
    ) -> Result<Option<Arc<VerifiedToken>>, Halt> {
        let config = Arc::clone(&self.config);
        let Some(bearer) = presented.bearer else { return Ok(None) };
        let issuers = config.issuers();
        let keys = &self.fetching.keys;
        let gate = Gate::new(&mut self.abuse, signatures, head, now);
        let token = bearer.expose();
        let found = match lookup {
            Lookup::Due => self.verified.find(token, keys, now),
            Lookup::Done => None,
        };
        let verified = match found {
            Some(found) => found.map_err(Unverified::Refused),
            None => self.verified.verify(token, issuers, keys, &gate, now),
        };
        if let Some(retry_after) = gate.throttled() {
            return Err(Refusal::TooManyBadTokens { retry_after }.into());
        }
        match verified {
            Ok(token) => {
                presented.check_origin(head)?;
                Ok(Some(admitted(token, head)?))
            }
            // A browser keeps sending a cookie that has expired: refusing it would keep its user
            // from signing in again.
            Err(Unverified::Refused(TokenError::Expired { .. })) if presented.is_ambient() => {
                Ok(None)
            }
            Err(Unverified::Refused(error)) => Err(error.into()),
            Err(Unverified::KeysMissing(id)) => Err(self.keys_missing(id, now)),
            Err(Unverified::KeyUnknown(id)) => Err(self.key_unknown(id, now)),
        }
    }

    /// No key set has arrived yet: the request waits for the first one, unless fetching it failed
    /// just now.
    #[inline(never)]
    fn keys_missing(&mut self, id: KeySetId, now: Timestamp) -> Halt {
        let resource = Resource::Keys(id);
        if let Some(setback) = self.fetching.slot(&resource).holding_back(now) {
            return unavailable_keys(setback.retry_at.since(now));
        }
        Halt::Wait(vec![Want::Fetch(resource, Timestamp::default())])
    }

    /// The issuer may have a new key: the request waits for one refetch, if none was made lately
    /// and not too many wait for it already.
    #[inline(never)]
    fn key_unknown(&mut self, id: KeySetId, now: Timestamp) -> Halt {
        let resource = Resource::Keys(id);
        let limits = self.config.limits();
        let is_crowded = self.waiters.waiting_for(&Awaited::Fetch(resource.clone()))
            >= limits.unknown_key_waiters;
        let slot = self.fetching.slot(&resource);
        if let Some(setback) = slot.holding_back(now) {
            return unavailable_keys(setback.retry_at.since(now));
        }
        let fetched_at = slot.fetched_at();
        let is_fresh = fetched_at <= now && now.since(fetched_at) < limits.unknown_key_interval;
        let is_inline = fetched_at == Timestamp::default();
        if is_crowded || is_fresh || is_inline {
            return Refusal::KeyUnknown.into();
        }
        Halt::Wait(vec![Want::Fetch(resource, fetched_at)])
    }
}

/// Whether a token has been looked for among those that are known.
#[derive(Clone, Copy)]
enum Lookup {
    /// Yes, and it is not among them.
    Done,
    /// Not yet.
    Due,
}

/// A token that is good, if it is for the one who brings it. Who that is each request shows anew, so known tokens are
/// checked here like new ones.
fn admitted(token: Arc<VerifiedToken>, head: &RequestHead<'_>) -> Result<Arc<VerifiedToken>, Halt> {
    token.confirm(|| head.certificate_digest())?;
    Ok(token)
}
