//! From a refusal to the answer that the client sees: the one table of statuses and codes.
//!
//! The public code is coarse on purpose: it tells a caller what to do, not what we know. The exact
//! reason goes to the log and to filter state.

use std::time::Duration;

use crate::credential::CredentialError;
use crate::jwt::TokenError;
use crate::message::{Reply, RequestError, RequestHead};
use crate::policy::{Denial, EditError, NoMatch};

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
    /// The token's key is in nobody's key set, even after a fresh look where one was due.
    KeyUnknown,
    /// The request has no canonical target.
    Request(RequestError),
    /// The token is refused.
    Token(TokenError),
}

/// What is our fault, or that of somebody we depend on; never the caller's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The request waited until its deadline.
    DeadlineExceeded,
    /// An invariant of ours does not hold; the request must not pass.
    Internal,
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
    /// The upstream answered 401 to our own token.
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

/// The answer to a refused request.
pub fn reply(refusal: &Refusal, protocol: Protocol) -> Reply {
    let row = refusal.row();
    let mut headers = vec![("cache-control", "no-store".to_owned())];
    if let Some(challenge) = row.challenge.text() {
        headers.push(("www-authenticate", challenge.to_owned()));
    }
    if let Some(allow) = refusal.allowed_methods() {
        headers.push(("allow", allow.to_owned()));
    }
    if let Some(span) = refusal.retry_after() {
        headers.push(("retry-after", whole_seconds(span).to_string()));
    }
    match protocol {
        Protocol::Grpc => {
            let grpc_status = Some(row.kind.grpc_status());
            Reply { status: row.kind.status(), headers, body: Vec::new(), grpc_status }
        }
        Protocol::Http => {
            headers.push(("content-type", "application/problem+json".to_owned()));
            let Row { code, title, .. } = row;
            let status = row.kind.status();
            let body = format!(
                r#"{{"type":"urn:tenantgate:problem:{code}","title":"{title}","status":{status},"code":"{code}"}}"#
            );
            Reply { status, headers, body: body.into_bytes(), grpc_status: None }
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
            Self::KeyUnknown => "key_unknown",
            Self::Request(error) => error.reason(),
            Self::Token(error) => error.reason(),
        }
    }

    const fn row(&self) -> Row {
        match self {
            Self::Credential(error) => match error {
                CredentialError::AuthorizationRepeated => CREDENTIAL_CONFLICT,
                CredentialError::BearerMalformed | CredentialError::SchemeUnsupported => {
                    TOKEN_INVALID
                }
            },
            Self::Denied(denial) => denial_row(denial),
            Self::Edit(EditError::IdentityTooLong(_)) => IDENTITY_TOO_LONG,
            Self::Edit(EditError::TokenMissing(_)) => INTERNAL,
            Self::Failed(failure) => failure.row(),
            Self::KeyUnknown => TOKEN_INVALID,
            Self::Request(error) => request_row(*error),
            Self::Token(error) if error.is_expired() => TOKEN_EXPIRED,
            Self::Token(_) => TOKEN_INVALID,
        }
    }

    fn allowed_methods(&self) -> Option<&str> {
        match self {
            Self::Denied(Denial::MethodNotAllowed { allowed }) => Some(allowed),
            Self::Request(RequestError::MethodConnect | RequestError::MethodTrace) => {
                Some("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
            }
            Self::Credential(_)
            | Self::Denied(_)
            | Self::Edit(_)
            | Self::Failed(_)
            | Self::KeyUnknown
            | Self::Request(_)
            | Self::Token(_) => None,
        }
    }

    const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed(failure) => failure.retry_after(),
            Self::Credential(_)
            | Self::Denied(_)
            | Self::Edit(_)
            | Self::KeyUnknown
            | Self::Request(_)
            | Self::Token(_) => None,
        }
    }
}

impl Failure {
    const fn row(self) -> Row {
        match self {
            Self::DeadlineExceeded => DEADLINE_EXCEEDED,
            Self::Internal => INTERNAL,
            Self::KeysUnavailable { .. } => KEYS_UNAVAILABLE,
            Self::Overloaded { .. } => OVERLOADED,
            Self::TokenUnavailable { .. } => TOKEN_UNAVAILABLE,
            Self::UpstreamRefusedOurToken => UPSTREAM_REFUSED_OUR_TOKEN,
        }
    }

    const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::DeadlineExceeded => Some(Duration::from_secs(1)),
            Self::Internal | Self::UpstreamRefusedOurToken => None,
            Self::KeysUnavailable { retry_after }
            | Self::Overloaded { retry_after }
            | Self::TokenUnavailable { retry_after } => Some(retry_after),
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

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

const fn request_row(error: RequestError) -> Row {
    match error {
        RequestError::MethodConnect | RequestError::MethodTrace => METHOD_NOT_ALLOWED,
        RequestError::Path(error) if error.is_ambiguity() => PATH_AMBIGUOUS,
        RequestError::Host(_)
        | RequestError::HostMissing
        | RequestError::MethodMalformed
        | RequestError::Path(_)
        | RequestError::PathMissing => REQUEST_MALFORMED,
    }
}

const fn denial_row(denial: &Denial) -> Row {
    match denial {
        Denial::CredentialMissing => TOKEN_MISSING,
        Denial::MethodNotAllowed { .. } => METHOD_NOT_ALLOWED,
        Denial::NoRoute(NoMatch::Forbidden) => ROUTE_UNKNOWN,
        Denial::NoRoute(NoMatch::NotFound) => ROUTE_NOT_FOUND,
        Denial::ScopeInsufficient => SCOPE_INSUFFICIENT,
        Denial::SubtenancyRefused | Denial::SubtenantNotCarried => SUBTENANCY_REFUSED,
        Denial::SubtenantRequired => SUBTENANT_REQUIRED,
        Denial::TenantMismatch { .. } | Denial::TenantNotAllowed => TENANT_MISMATCH,
    }
}

/// `Retry-After` is whole seconds: rounded up, from 1 to 300.
fn whole_seconds(span: Duration) -> u64 {
    span.as_millis().div_ceil(1000).clamp(1, 300).try_into().unwrap_or(300)
}

#[derive(Clone, Copy)]
struct Row {
    kind: Kind,
    code: &'static str,
    title: &'static str,
    challenge: Challenge,
}

/// Whose fault it is and what may help, in the words of both protocols.
#[derive(Clone, Copy)]
enum Kind {
    BadGateway,
    BadRequest,
    Forbidden,
    Internal,
    MethodNotAllowed,
    NotFound,
    Unauthorized,
    Unavailable,
}

impl Kind {
    const fn status(self) -> u16 {
        match self {
            Self::BadGateway => 502,
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::Internal => 500,
            Self::MethodNotAllowed => 405,
            Self::NotFound => 404,
            Self::Unauthorized => 401,
            Self::Unavailable => 503,
        }
    }

    const fn grpc_status(self) -> u32 {
        match self {
            Self::BadRequest => 3,
            Self::Forbidden => 7,
            Self::MethodNotAllowed | Self::NotFound => 12,
            Self::Internal => 13,
            Self::BadGateway | Self::Unavailable => 14,
            Self::Unauthorized => 16,
        }
    }
}

/// The `WWW-Authenticate` of RFC 6750 §3. Without an error code where nothing was presented.
#[derive(Clone, Copy)]
enum Challenge {
    Bare,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    None,
}

impl Challenge {
    const fn text(self) -> Option<&'static str> {
        match self {
            Self::Bare => Some(r#"Bearer realm="tenantgate""#),
            Self::InsufficientScope => {
                Some(r#"Bearer realm="tenantgate", error="insufficient_scope""#)
            }
            Self::InvalidRequest => Some(r#"Bearer realm="tenantgate", error="invalid_request""#),
            Self::InvalidToken => Some(r#"Bearer realm="tenantgate", error="invalid_token""#),
            Self::None => None,
        }
    }
}

const fn row(kind: Kind, code: &'static str, title: &'static str, challenge: Challenge) -> Row {
    Row { kind, code, title, challenge }
}

const CREDENTIAL_CONFLICT: Row = row(
    Kind::BadRequest,
    "credential_conflict",
    "More than one credential of a kind was sent",
    Challenge::InvalidRequest,
);
const DEADLINE_EXCEEDED: Row = row(
    Kind::Unavailable,
    "deadline_exceeded",
    "The gateway could not obtain what it needs in time",
    Challenge::None,
);
const IDENTITY_TOO_LONG: Row = row(
    Kind::Forbidden,
    "identity_too_long",
    "The identity in the token is too long to be passed on",
    Challenge::None,
);
const INTERNAL: Row = row(Kind::Internal, "internal_error", "The gateway failed", Challenge::None);
const KEYS_UNAVAILABLE: Row = row(
    Kind::Unavailable,
    "keys_unavailable",
    "The keys to check the token are not available",
    Challenge::None,
);
const METHOD_NOT_ALLOWED: Row = row(
    Kind::MethodNotAllowed,
    "method_not_allowed",
    "The method is not allowed here",
    Challenge::None,
);
const OVERLOADED: Row =
    row(Kind::Unavailable, "overloaded", "Too many requests are waiting", Challenge::None);
const PATH_AMBIGUOUS: Row = row(
    Kind::BadRequest,
    "path_ambiguous",
    "The path could be read in more than one way",
    Challenge::None,
);
const REQUEST_MALFORMED: Row =
    row(Kind::BadRequest, "request_malformed", "The request is malformed", Challenge::None);
const ROUTE_NOT_FOUND: Row =
    row(Kind::NotFound, "route_unknown", "No route is for this request", Challenge::None);
const ROUTE_UNKNOWN: Row =
    row(Kind::Forbidden, "route_unknown", "No route is for this request", Challenge::None);
const SCOPE_INSUFFICIENT: Row = row(
    Kind::Forbidden,
    "scope_insufficient",
    "The token lacks a scope that is needed here",
    Challenge::InsufficientScope,
);
const SUBTENANCY_REFUSED: Row = row(
    Kind::Forbidden,
    "subtenancy_refused",
    "Callers that act for a subtenant may not do this",
    Challenge::None,
);
const SUBTENANT_REQUIRED: Row = row(
    Kind::Forbidden,
    "subtenant_required",
    "Only callers that act for a subtenant may do this",
    Challenge::None,
);
const TENANT_MISMATCH: Row = row(
    Kind::Forbidden,
    "tenant_mismatch",
    "Callers of this tenant may not do this",
    Challenge::None,
);
const TOKEN_EXPIRED: Row =
    row(Kind::Unauthorized, "token_expired", "The token has expired", Challenge::InvalidToken);
const TOKEN_INVALID: Row =
    row(Kind::Unauthorized, "token_invalid", "The token is not valid", Challenge::InvalidToken);
const TOKEN_MISSING: Row =
    row(Kind::Unauthorized, "token_missing", "A token is needed here", Challenge::Bare);
const TOKEN_UNAVAILABLE: Row = row(
    Kind::Unavailable,
    "token_unavailable",
    "The token for the upstream is not available",
    Challenge::None,
);
const UPSTREAM_REFUSED_OUR_TOKEN: Row = row(
    Kind::BadGateway,
    "upstream_refused_our_token",
    "The upstream refused the gateway's token",
    Challenge::None,
);
