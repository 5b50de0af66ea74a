//! One request, decided in one pass from its header as it stands.
//!
//! A request that waited is decided again from the start: nothing that depends on the time or on
//! the request is carried over a wait.

use std::sync::Arc;
use std::time::Duration;

use super::Gateway;
use super::abuse::Gate;
use super::exchanged::{ExchangeId, Lack, Lent, Wish};
use super::key_holding::{Asking, KeySeen};
use super::slot::{Found, Resource};
use super::waiters::Cause;
use crate::credential::{self, Presented};
use crate::crypto::SignatureVerifier;
use crate::jwt::{KeySetId, TokenError, Unverified, VerifiedToken};
use crate::message::{HeaderEdit, HeaderEdits, HeaderName, HeaderValue, RequestHead};
use crate::policy::{Authentication, Denial, Form, GuardedRoute, Injection, Mode, Policy};
use crate::principal::{IdentityMismatch, Principal};
use crate::problem::{Failure, KeyProblem, Refusal};
use crate::technical_token::TechnicalToken;
use crate::technical_token::idaas::{Signing, TemporaryKey};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// Why a request does not go on now.
#[derive(Debug)]
pub(super) enum Halt {
    /// It is answered by us.
    Refused(Refusal),
    /// It waits for the first of these; all of them are wanted.
    Wait(Vec<Want>),
}

/// Something that a request lacks.
#[derive(Debug)]
pub(super) enum Want {
    /// A token in exchange for the caller's.
    Exchange(Wish),
    /// This, newer than that time.
    Fetch(Resource, Timestamp),
}

/// What a request waits for.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Awaited {
    /// A token in exchange for the caller's.
    Exchange(ExchangeId),
    /// Something that serves many requests.
    Fetch(Resource),
}

impl Cause for Awaited {
    fn is_of_one_origin(&self, other: &Self) -> bool {
        match (self, other) {
            // Few have more than one endpoint that exchanges.
            (Self::Exchange(_), Self::Exchange(_)) => true,
            (Self::Fetch(one), Self::Fetch(other)) => one.group() == other.group(),
            (Self::Exchange(_), Self::Fetch(_)) | (Self::Fetch(_), Self::Exchange(_)) => false,
        }
    }
}

impl Want {
    /// What the request waits for.
    pub(super) fn awaited(&self) -> Awaited {
        match self {
            Self::Exchange(wish) => Awaited::Exchange(wish.id),
            Self::Fetch(resource, _) => Awaited::Fetch(resource.clone()),
        }
    }
}

/// What is known of a request so far.
#[derive(Debug)]
pub(super) struct Case {
    /// The route, if one was found.
    pub(super) route: Option<Arc<GuardedRoute>>,
    /// Who asks, as far as it is proven.
    pub(super) principal: Principal,
    /// The application key that it presents, as far as it is known.
    pub(super) key: Option<KeySeen>,
    /// Whether a refusal would be enforced.
    pub(super) mode: Mode,
    /// The technical tokens on it whose use is to be watched.
    pub(super) watched: Vec<(Resource, Arc<TechnicalToken>)>,
    /// The same of those exchanged for the caller's.
    pub(super) watched_exchanged: Vec<(ExchangeId, Arc<TechnicalToken>)>,
}

impl Case {
    /// Nothing is known yet.
    pub(super) const fn new() -> Self {
        Self {
            route: None,
            principal: Principal::anonymous(),
            key: None,
            mode: Mode::Enforce,
            watched: Vec::new(),
            watched_exchanged: Vec::new(),
        }
    }

    fn found(&mut self, route: &Arc<GuardedRoute>, policy: &Policy) {
        self.mode = policy.mode_of(route);
        self.route = Some(Arc::clone(route));
    }

    /// The name of the route.
    pub(super) fn route_name(&self) -> Option<&Arc<str>> {
        self.route.as_ref().map(|route| &route.route().name)
    }
}

impl Gateway {
    /// Decides a request. What is found out on the way is noted in `case`, however it ends.
    pub(super) fn decide(
        &mut self,
        head: &RequestHead<'_>,
        now: Timestamp,
        signatures: &dyn SignatureVerifier,
        case: &mut Case,
    ) -> Result<HeaderEdits, Halt> {
        let config = Arc::clone(&self.config);
        let policy = config.policy();
        case.mode = policy.mode_without_route(None);
        let target = policy.target(head)?;
        if let Some(preflight) = policy.preflight(&target, head) {
            case.found(preflight.route(), policy);
            return Ok(preflight.into_edits(head, config.owned_headers())?);
        }
        let route = policy.locate(&target, head).inspect_err(|denial| {
            case.mode = policy.mode_without_route(Some((&target, denial)));
        })?;
        case.found(route, policy);
        let principal = match config.application_keys().zip(config.owned_headers().keys()) {
            None => self.authenticate(route, head, now, signatures)?,
            Some((keys, places)) => {
                let trusts_address = config.trusts_client_address();
                let target = &target;
                let asking = Asking { keys, places, target, head, now, trusts_address };
                self.authenticate_with_keys(route, &asking, signatures, case)?
            }
        };
        case.principal = principal.clone();
        let permit = Policy::decide(route, &target, head, principal)
            .map_err(|denial| self.refusal(denial))?;
        let needs = permit.injections();
        let mut values = Vec::with_capacity(needs.len());
        let mut missing = Vec::new();
        for injection in needs {
            let found = match config.exchanges(injection.source) {
                true => self.exchanged(injection, permit.principal(), head, now, case)?,
                false => self.token(injection, permit.subtenant(), now, case)?,
            };
            match found {
                Ok(value) => values.push(value),
                Err(want) => missing.push(want),
            }
        }
        if !missing.is_empty() {
            return Err(Halt::Wait(missing));
        }
        let mut signed_by = needs.iter().zip(&values);
        let signed_by = signed_by.find(|(injection, _)| injection.form == Form::Signature);
        let signed_by = signed_by.map(|(_, key)| key.clone());
        let mut edits =
            permit.into_edits(head, &values, config.owned_headers(), config.identity())?;
        if let Some(key) = signed_by {
            self.sign(head, &key, now, &mut edits)?;
        }
        Ok(edits)
    }

    /// Sets what signs a request by an access key, once all else is settled that the upstream sees.
    fn sign(
        &self,
        head: &RequestHead<'_>,
        key: &HeaderValue,
        now: Timestamp,
        edits: &mut HeaderEdits,
    ) -> Result<(), Halt> {
        let key = TemporaryKey::of_token(key.expose());
        let (Some(key), Some(nonce)) = (key, self.random.draw()) else {
            return Err(unavailable_token(RETRY_SOON));
        };
        let reduced = edits.iter().find_map(|edit| match edit {
            HeaderEdit::Reduce(reduced) if reduced.name() == ":path" => Some(reduced.expose()),
            HeaderEdit::Reduce(_) | HeaderEdit::Remove(_) | HeaderEdit::Set(..) => None,
        });
        let target = reduced.or(head.path()).unwrap_or_default();
        let signing = Signing { head, target, key: &key, now, nonce };
        for (name, value) in signing.fields()? {
            let name = HeaderName::parse(name).ok();
            let value = HeaderValue::from_visible_ascii(value.expose().clone());
            edits.extend(name.zip(value).map(|(name, value)| HeaderEdit::Set(name, value)));
        }
        Ok(())
    }

    /// Who is asking. A credential that is presented must be valid, except where the route does
    /// not look at credentials.
    fn authenticate(
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
        let presented = credential::extract(head, config.places())?;
        let token = self.verify(&presented, head, now, signatures)?;
        Ok(token.map_or(Principal::anonymous(), Principal::of_token))
    }

    /// The same where application keys are known. The key is judged first: that costs less than a signature.
    fn authenticate_with_keys(
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
        let presented = self.present(asking, config.places(), case)?;
        let key = presented.application_key.as_ref();
        let holder = key.map(|key| self.key_holder(asking, key, case)).transpose()?;
        let token = self.verify(&presented, asking.head, asking.now, signatures)?;
        Ok(match (token, holder) {
            (Some(token), Some(holder)) => Principal::of_token_and_key(token, holder)
                .map_err(|IdentityMismatch| KeyProblem::Mismatch)?,
            (Some(token), None) => Principal::of_token(token),
            (None, Some(holder)) => Principal::of_key(holder),
            (None, None) => {
                let holder = self.session_holder(asking, &presented, case)?;
                holder.map_or(Principal::anonymous(), Principal::of_key)
            }
        })
    }

    /// A denial, in the words of those who could present an application key.
    fn refusal(&self, denial: Denial) -> Refusal {
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
        head: &RequestHead<'_>,
        now: Timestamp,
        signatures: &dyn SignatureVerifier,
    ) -> Result<Option<Arc<VerifiedToken>>, Halt> {
        let config = Arc::clone(&self.config);
        let Some(bearer) = presented.bearer else { return Ok(None) };
        let issuers = config.issuers();
        let keys = &self.fetching.keys;
        let gate = Gate::new(&mut self.abuse, signatures, head, now);
        let verified = self.verified.lookup_or_verify(bearer.expose(), issuers, keys, &gate, now);
        if let Some(retry_after) = gate.throttled() {
            return Err(Refusal::TooManyBadTokens { retry_after }.into());
        }
        match verified {
            Ok(token) => {
                presented.check_origin(head)?;
                token.confirm(|| head.certificate_digest())?;
                Ok(Some(token))
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
    fn keys_missing(&mut self, id: KeySetId, now: Timestamp) -> Halt {
        let resource = Resource::Keys(id);
        if let Some(setback) = self.fetching.slot(&resource).holding_back(now) {
            return unavailable_keys(setback.retry_at.since(now));
        }
        Halt::Wait(vec![Want::Fetch(resource, Timestamp::default())])
    }

    /// The issuer may have a new key: the request waits for one refetch, if none was made lately
    /// and not too many wait for it already.
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

    /// The header value for an injection of a token that is exchanged for the caller's, or what it waits
    /// for.
    fn exchanged(
        &mut self,
        injection: &Injection,
        principal: &Principal,
        head: &RequestHead<'_>,
        now: Timestamp,
        case: &mut Case,
    ) -> Result<Result<HeaderValue, Want>, Halt> {
        // The principal is the one of this token: it was read from the same header a moment ago.
        let (tokens, keys) = (self.config.places(), self.config.owned_headers().keys());
        let presented = match keys {
            None => credential::extract(head, tokens)?,
            Some(keys) => credential::extract_with_keys(head, tokens, keys)?,
        };
        let (Some(caller), Some(bearer)) = (principal.token(), presented.bearer) else {
            return Err(self.refusal(Denial::CredentialMissing).into());
        };
        let caller_token = (caller, bearer.expose());
        match self.exchanges.find(injection, caller_token, case.replaces(), now) {
            Ok(Found::Ready(Lent { value, watched })) => {
                case.watched_exchanged.extend(watched);
                Ok(Ok(value))
            }
            Ok(Found::Failed { retry_after }) => Err(unavailable_token(retry_after)),
            Ok(Found::Missing) => Err(unavailable_token(Duration::ZERO)),
            Err(Lack::Exchange(wish)) => Ok(Err(Want::Exchange(wish))),
            Err(Lack::Time) => {
                Err(TokenError::Expired { expired_at: caller.expires_at(), now }.into())
            }
        }
    }

    /// The header value for an injection, or what it waits for.
    fn token(
        &mut self,
        injection: &Injection,
        subtenant: Option<&SubtenantId>,
        now: Timestamp,
        case: &mut Case,
    ) -> Result<Result<HeaderValue, Want>, Halt> {
        let resource = Resource::Token(injection.source, subtenant.cloned());
        let Some(slot) = self.fetching.token_slot(&resource) else {
            return Err(Failure::Overloaded { retry_after: RETRY_SOON }.into());
        };
        let found = match slot.find(now) {
            Found::Ready(held) => {
                let watched = held.watch(case.replaces(), now);
                let value = held.value(injection);
                case.watched.extend(watched.map(|token| (resource, token)));
                value
            }
            Found::Failed { retry_after } => return Err(unavailable_token(retry_after)),
            Found::Missing => return Ok(Err(Want::Fetch(resource, Timestamp::default()))),
        };
        found.map(Ok).ok_or_else(|| unavailable_token(Duration::ZERO))
    }
}

/// What a request that waited too long is told, by what it waited for.
pub(super) const fn overdue(cause: &Awaited) -> Failure {
    match cause {
        Awaited::Fetch(Resource::Keys(_)) => Failure::KeysUnavailable { retry_after: RETRY_SOON },
        Awaited::Exchange(_) | Awaited::Fetch(Resource::Token(..)) => {
            Failure::TokenUnavailable { retry_after: RETRY_SOON }
        }
    }
}

fn unavailable_keys(retry_after: Duration) -> Halt {
    Halt::Refused(Failure::KeysUnavailable { retry_after }.into())
}

fn unavailable_token(retry_after: Duration) -> Halt {
    Halt::Refused(Failure::TokenUnavailable { retry_after }.into())
}

/// `Retry-After` of a reply whose cause has no time of its own.
pub(super) const RETRY_SOON: Duration = Duration::from_secs(1);

impl<T: Into<Refusal>> From<T> for Halt {
    fn from(refusal: T) -> Self {
        Self::Refused(refusal.into())
    }
}
