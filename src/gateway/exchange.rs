//! One request, decided in one pass from its header as it stands.
//!
//! A request that waited is decided again from the start: nothing that depends on the time or on
//! the request is carried over a wait.

use std::sync::Arc;
use std::time::Duration;

use super::Gateway;
use super::exchanged::{ExchangeId, Lack, Lent, Wish};
use super::key_holding::{Asking, KeySeen};
use super::sessions::{Answered, SessionStep};
use super::slot::{Found, Resource};
use super::waiters::Cause;
use crate::credential;
use crate::crypto::SignatureVerifier;
use crate::jwt::TokenError;
use crate::message::{HeaderEdit, HeaderEdits, HeaderName, HeaderValue, RequestHead};
use crate::policy::{Denial, Form, GuardedRoute, Injection, Mode, Policy};
use crate::principal::Principal;
use crate::problem::{Failure, Refusal};
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
    /// The first application keys.
    KeyStore,
}

/// What a request waits for.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Awaited {
    /// A token in exchange for the caller's.
    Exchange(ExchangeId),
    /// Something that serves many requests.
    Fetch(Resource),
    /// The first application keys.
    KeyStore,
}

impl Cause for Awaited {
    fn is_of_one_origin(&self, other: &Self) -> bool {
        match (self, other) {
            // Few have more than one endpoint that exchanges.
            (Self::Exchange(_), Self::Exchange(_)) => true,
            (Self::Fetch(one), Self::Fetch(other)) => one.group() == other.group(),
            (Self::KeyStore, Self::KeyStore) => true,
            (Self::Exchange(_) | Self::Fetch(_) | Self::KeyStore, _) => false,
        }
    }
}

impl Want {
    /// What the request waits for.
    pub(super) fn awaited(&self) -> Awaited {
        match self {
            Self::Exchange(wish) => Awaited::Exchange(wish.id),
            Self::Fetch(resource, _) => Awaited::Fetch(resource.clone()),
            Self::KeyStore => Awaited::KeyStore,
        }
    }
}

/// What becomes of a request that is not refused.
#[derive(Debug)]
pub(super) enum Decided {
    /// It is answered by us, since that is what it asks for.
    Answered(Answered),
    /// It goes on with these changes.
    Permitted(HeaderEdits),
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
    /// What becomes of its session.
    pub(super) session: SessionStep,
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
            session: SessionStep::Stay,
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
    ) -> Result<Decided, Halt> {
        let config = Arc::clone(&self.config);
        let policy = config.policy();
        case.mode = policy.mode_without_route(None);
        let target = policy.target(head)?;
        if let Some(answered) = self.log_out(&target, head, case.mode)? {
            return Ok(Decided::Answered(answered));
        }
        if let Some(preflight) = policy.preflight(&target, head) {
            case.found(preflight.route(), policy);
            let edits = preflight.into_edits(head, config.owned_headers())?;
            return Ok(Decided::Permitted(edits));
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
        if let Some(answered) = self.clean_up(head, case, now) {
            return Ok(Decided::Answered(answered));
        }
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
        Ok(Decided::Permitted(edits))
    }

    /// Sets what signs a request by an access key, once all else is settled that the upstream sees.
    #[inline(never)]
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
            HeaderEdit::Add(..)
            | HeaderEdit::Reduce(_)
            | HeaderEdit::Remove(_)
            | HeaderEdit::Set(..) => None,
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

    /// The header value for an injection of a token that is exchanged for the caller's, or what it waits
    /// for.
    #[inline(never)]
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
        Awaited::KeyStore => Failure::KeyStoreUnavailable { retry_after: RETRY_SOON },
        Awaited::Fetch(Resource::Keys(_)) => Failure::KeysUnavailable { retry_after: RETRY_SOON },
        Awaited::Exchange(_) | Awaited::Fetch(Resource::Token(..)) => {
            Failure::TokenUnavailable { retry_after: RETRY_SOON }
        }
    }
}

pub(super) fn unavailable_keys(retry_after: Duration) -> Halt {
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
