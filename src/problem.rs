//! From a refusal to the answer that the client sees: the one table of statuses and codes.
//!
//! The public code is coarse on purpose: it tells a caller what to do, not what we know. The exact
//! reason goes to the log and to filter state.

mod key;
mod replies;
mod row;

use std::time::Duration;

use crate::credential::{CredentialError, PresentedError};
use crate::jwt::TokenError;
use crate::message::{Reply, RequestError, RequestHead};
use crate::policy::{ActingError, Denial, EditError, NoMatch};
use crate::technical_token::idaas::Unsignable;
pub use key::KeyProblem;
pub use replies::Replies;
use row::{Challenge, Row};

/// Why a request is answered by us and not by an upstream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// What the client presents is not well-formed.
    Credential(CredentialError),
    /// The policy refuses the caller.
    Denied(Denial),
    /// The permitted request cannot be sent.
    Edit(EditError),
    /// We, or somebody we depend on, failed.
    Failed(Failure),
    /// The application key, or what stands beside it, is refused.
    Key(KeyProblem),
    /// The token's key is in nobody's key set, even after a fresh look where one was due.
    KeyUnknown,
    /// The request has no canonical target.
    Request(RequestError),
    /// The token is refused, or nothing here can judge it.
    Token(TokenError),
    /// The source of the request has sent too many tokens with bad signatures.
    TooManyBadTokens {
        /// When one more is looked at, from now.
        retry_after: Duration,
    },
    /// The request is to be signed, and cannot be as it stands.
    Unsignable(Unsignable),
}

/// What is our fault, or that of somebody we depend on; never the caller's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The application keys cannot be fetched, and none are held or they are too old.
    KeyStoreUnavailable {
        /// When it is worth to try again, from now.
        retry_after: Duration,
    },
    /// The issuer's keys cannot be fetched and none are held.
    KeysUnavailable {
        /// When it is worth to try again, from now.
        retry_after: Duration,
    },
    /// Too many requests wait already.
    Overloaded {
        /// When it is worth to try again, from now.
        retry_after: Duration,
    },
    /// The technical token cannot be fetched and none is held.
    TokenUnavailable {
        /// When it is worth to try again, from now.
        retry_after: Duration,
    },
    /// The upstream refused the technical token.
    UpstreamRefusedOurToken,
}

/// What the client speaks; it decides the form of the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// gRPC: the status is `grpc-status`, the body is empty.
    Grpc,
    /// Everything else: an RFC 9457 problem.
    Http,
}

impl Protocol {
    /// What the request's `content-type` says.
    pub fn of(head: &RequestHead<'_>) -> Self {
        let is_grpc = |value: &[u8]| {
            let rest = value.strip_prefix(b"application/grpc");
            matches!(rest, Some([] | [b'+' | b';', ..]))
        };
        if head.values(b"content-type").any(is_grpc) { Self::Grpc } else { Self::Http }
    }
}

/// With what callers may prove who they are; each has a challenge of its own (RFC 9110 §11.6.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Schemes {
    /// Application keys.
    Keys,
    /// Bearer tokens.
    Tokens,
    /// Both.
    TokensAndKeys,
}

/// The answer to a refused request.
pub fn reply(refusal: &Refusal, protocol: Protocol, schemes: Schemes) -> Reply {
    let row = refusal.row();
    let status = row.kind.status();
    let mut headers = vec![("cache-control", "no-store".to_owned())];
    let challenges = [Some(row.challenge), row.also_challenges(schemes)];
    for challenge in challenges.into_iter().flatten().filter_map(Challenge::text) {
        headers.push(("www-authenticate", challenge.to_owned()));
    }
    if let Some(allow) = refusal.allowed_methods() {
        headers.push(("allow", allow.to_owned()));
    }
    if let Some(span) = refusal.retry_after() {
        headers.push(("retry-after", whole_seconds(span).to_string()));
    }
    match protocol {
        Protocol::Grpc => Reply::new((status, Some(row.kind.grpc_status())), headers, Vec::new()),
        Protocol::Http => {
            headers.push(("content-type", "application/problem+json".to_owned()));
            let Row { code, title, .. } = row;
            let body = format!(
                r#"{{"type":"urn:tenantgate:problem:{code}","title":"{title}","status":{status},"code":"{code}"}}"#
            );
            Reply::new((status, None), headers, body.into_bytes())
        }
    }
}

impl Refusal {
    /// The public code: coarse and stable.
    pub const fn code(&self) -> &'static str {
        self.row().code
    }

    /// The HTTP status of the answer.
    pub const fn status(&self) -> u16 {
        self.row().kind.status()
    }

    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Credential(error) => error.reason(),
            Self::Denied(denial) => denial.reason(),
            Self::Edit(error) => error.reason(),
            Self::Failed(failure) => failure.row().code,
            Self::Key(problem) => problem.reason(),
            Self::KeyUnknown => "key_unknown",
            Self::Request(error) => error.reason(),
            Self::Token(error) => error.reason(),
            Self::TooManyBadTokens { .. } => row::TOO_MANY_BAD_TOKENS.code,
            Self::Unsignable(error) => error.reason(),
        }
    }

    const fn row(&self) -> Row {
        match self {
            Self::Credential(error) => match error {
                CredentialError::AuthorizationRepeated | CredentialError::TokensDiffer => {
                    row::CREDENTIAL_CONFLICT
                }
                CredentialError::BearerMalformed
                | CredentialError::PrefixMissing
                | CredentialError::SchemeUnsupported => row::TOKEN_INVALID,
                CredentialError::OriginUnproven => row::ORIGIN_MISMATCH,
            },
            Self::Denied(denial) => denial_row(denial),
            Self::Edit(EditError::IdentityOdd(_) | EditError::IdentityTooLong(_)) => {
                row::IDENTITY_UNUSABLE
            }
            Self::Edit(EditError::TokenMissing(_)) => row::INTERNAL,
            Self::Failed(failure) => failure.row(),
            Self::Key(problem) => problem.row(),
            Self::KeyUnknown => row::TOKEN_INVALID,
            Self::Request(error) => request_row(*error),
            Self::Token(error) => token_row(*error),
            Self::TooManyBadTokens { .. } => row::TOO_MANY_BAD_TOKENS,
            Self::Unsignable(_) => row::REQUEST_UNSIGNABLE,
        }
    }

    /// The methods of the target (RFC 9110 §15.5.6). CONNECT and TRACE are refused before a target
    /// is looked at, so for them there is no list that would be true, and the field is left out.
    fn allowed_methods(&self) -> Option<&str> {
        match self {
            Self::Denied(Denial::MethodNotAllowed { allowed }) => Some(allowed),
            Self::Credential(_)
            | Self::Denied(_)
            | Self::Edit(_)
            | Self::Failed(_)
            | Self::Key(_)
            | Self::KeyUnknown
            | Self::Request(_)
            | Self::Token(_)
            | Self::TooManyBadTokens { .. }
            | Self::Unsignable(_) => None,
        }
    }

    const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed(failure) => failure.retry_after(),
            Self::TooManyBadTokens { retry_after } => Some(*retry_after),
            Self::Token(TokenError::SignatureUnsupported) => Some(UNSUPPORTED_RETRY_AFTER),
            Self::Credential(_)
            | Self::Denied(_)
            | Self::Edit(_)
            | Self::Key(_)
            | Self::KeyUnknown
            | Self::Request(_)
            | Self::Token(_)
            | Self::Unsignable(_) => None,
        }
    }
}

impl Failure {
    const fn row(self) -> Row {
        match self {
            Self::KeyStoreUnavailable { .. } => row::KEY_STORE_UNAVAILABLE,
            Self::KeysUnavailable { .. } => row::KEYS_UNAVAILABLE,
            Self::Overloaded { .. } => row::OVERLOADED,
            Self::TokenUnavailable { .. } => row::TOKEN_UNAVAILABLE,
            Self::UpstreamRefusedOurToken => row::UPSTREAM_REFUSED_OUR_TOKEN,
        }
    }

    const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::KeyStoreUnavailable { retry_after }
            | Self::KeysUnavailable { retry_after }
            | Self::Overloaded { retry_after }
            | Self::TokenUnavailable { retry_after } => Some(retry_after),
            Self::UpstreamRefusedOurToken => None,
        }
    }
}

impl Row {
    /// The challenge of what else would do.
    fn also_challenges(self, schemes: Schemes) -> Option<Challenge> {
        match (self.challenge, schemes) {
            (Challenge::Bare | Challenge::InvalidToken, Schemes::TokensAndKeys) => {
                Some(Challenge::Key)
            }
            (Challenge::Key, Schemes::TokensAndKeys) => Some(Challenge::Bare),
            (
                Challenge::Bare
                | Challenge::InsufficientScope
                | Challenge::InvalidRequest
                | Challenge::InvalidToken
                | Challenge::Key
                | Challenge::None,
                Schemes::Keys | Schemes::Tokens | Schemes::TokensAndKeys,
            ) => None,
        }
    }
}

impl From<CredentialError> for Refusal {
    fn from(error: CredentialError) -> Self {
        Self::Credential(error)
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<EditError> for Refusal {
    fn from(error: EditError) -> Self {
        Self::Edit(error)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl From<Unsignable> for Refusal {
    fn from(error: Unsignable) -> Self {
        Self::Unsignable(error)
    }
}

impl From<KeyProblem> for Refusal {
    fn from(problem: KeyProblem) -> Self {
        Self::Key(problem)
    }
}

impl From<PresentedError> for Refusal {
    fn from(error: PresentedError) -> Self {
        match error {
            PresentedError::Key(error) => Self::Key(KeyProblem::Malformed(error)),
            PresentedError::Token(error) => Self::Credential(error),
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

const fn request_row(error: RequestError) -> Row {
    match error {
        RequestError::MethodConnect | RequestError::MethodTrace => row::METHOD_NOT_ALLOWED,
        RequestError::Path(error) if error.is_ambiguity() => row::PATH_AMBIGUOUS,
        RequestError::Host(_)
        | RequestError::HostMissing
        | RequestError::MethodMalformed
        | RequestError::Path(_)
        | RequestError::PathMissing => row::REQUEST_MALFORMED,
    }
}

const fn denial_row(denial: &Denial) -> Row {
    match denial {
        Denial::ClaimMismatch => row::CLAIM_MISMATCH,
        Denial::CredentialMissing => row::TOKEN_MISSING,
        Denial::HeaderUnmatched => row::HEADER_UNMATCHED,
        Denial::KeyNotForwarded => row::APP_KEY_NOT_ALLOWED,
        Denial::MethodNotAllowed { .. } => row::METHOD_NOT_ALLOWED,
        Denial::NoRoute(NoMatch::Forbidden) => row::ROUTE_UNKNOWN,
        Denial::NoRoute(NoMatch::NotFound) => row::ROUTE_NOT_FOUND,
        Denial::PathAmbiguous(_) => row::PATH_AMBIGUOUS,
        Denial::PreflightWithBody => row::REQUEST_MALFORMED,
        Denial::CatalogueScopesMissing | Denial::ScopeInsufficient => row::SCOPE_INSUFFICIENT,
        Denial::CatalogueScopesUnknown
        | Denial::CatalogueUncovered
        | Denial::SubtenancyRefused
        | Denial::SubtenantNotCarried
        | Denial::Acting(ActingError::BesideToken | ActingError::Unlisted) => {
            row::SUBTENANCY_REFUSED
        }
        Denial::Acting(ActingError::Malformed) => row::REQUEST_MALFORMED,
        Denial::SubtenantRequired | Denial::Acting(ActingError::Missing) => row::SUBTENANT_REQUIRED,
        Denial::TenantMismatch { .. } | Denial::TenantNotAllowed => row::TENANT_MISMATCH,
    }
}

const fn token_row(error: TokenError) -> Row {
    match error {
        // The issuer signs properly; it is this worker that cannot compute so large a signature.
        TokenError::SignatureUnsupported => row::KEYS_UNAVAILABLE,
        TokenError::Expired { .. } => row::TOKEN_EXPIRED,
        TokenError::AlgorithmNotAllowed
        | TokenError::AudienceMismatch
        | TokenError::ClaimInvalid(_)
        | TokenError::ClaimMissing(_)
        | TokenError::ClientMismatch
        | TokenError::ConfirmationMismatch
        | TokenError::ConfirmationUnsupported
        | TokenError::HeaderInvalid
        | TokenError::HeaderUnsupported
        | TokenError::IssuedAfterExpiry
        | TokenError::IssuedInFuture
        | TokenError::IssuerUnknown
        | TokenError::KeyAmbiguous
        | TokenError::KeyUnfit
        | TokenError::LifetimeTooLong
        | TokenError::Malformed
        | TokenError::NotAccessToken
        | TokenError::NotYetValid
        | TokenError::OwnToken
        | TokenError::PayloadInvalid
        | TokenError::SignatureInvalid
        | TokenError::SubtenantWithoutTenant
        | TokenError::TenantNotAllowed
        | TokenError::TooLarge
        | TokenError::TypeNotAllowed => row::TOKEN_INVALID,
    }
}

/// A worker learns to compute other signatures when its host does: not soon.
const UNSUPPORTED_RETRY_AFTER: Duration = Duration::from_secs(300);

/// `Retry-After` is whole seconds: rounded up, from 1 to 300.
fn whole_seconds(span: Duration) -> u64 {
    span.as_millis().div_ceil(1000).clamp(1, 300).try_into().unwrap_or(300)
}
