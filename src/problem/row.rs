//! The rows of the table: one for each public code.

/// One public code, and all that a client sees of it.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) challenge: Challenge,
}

/// Whose fault it is and what may help, in the words of both protocols.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    BadGateway,
    BadRequest,
    Conflict,
    Forbidden,
    Internal,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unavailable,
}

impl Kind {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::BadGateway => 502,
            Self::BadRequest => 400,
            Self::Conflict => 409,
            Self::Forbidden => 403,
            Self::Internal => 500,
            Self::MethodNotAllowed => 405,
            Self::NotFound => 404,
            Self::TooManyRequests => 429,
            Self::Unauthorized => 401,
            Self::Unavailable => 503,
        }
    }

    pub(super) const fn grpc_status(self) -> u32 {
        match self {
            Self::BadRequest => 3,
            Self::Forbidden => 7,
            Self::TooManyRequests => 8,
            Self::Conflict => 9,
            Self::MethodNotAllowed | Self::NotFound => 12,
            Self::Internal => 13,
            Self::BadGateway | Self::Unavailable => 14,
            Self::Unauthorized => 16,
        }
    }
}

/// The `WWW-Authenticate` of RFC 6750 §3, without an error code where nothing was presented; or that of
/// application keys, which has none.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Challenge {
    Bare,
    Key,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    None,
}

impl Challenge {
    pub(super) const fn text(self) -> Option<&'static str> {
        match self {
            Self::Bare => Some(r#"Bearer realm="tenantgate""#),
            Self::Key => Some(r#"AppKey realm="tenantgate""#),
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

pub(super) const AMBIGUOUS_CREDENTIALS: Row = row(
    Kind::BadRequest,
    "ambiguous_credentials",
    "Send exactly one application key",
    Challenge::None,
);
pub(super) const APP_KEY_EXPIRED: Row =
    row(Kind::Unauthorized, "app_key_expired", "The application key has expired", Challenge::Key);
pub(super) const APP_KEY_INVALID: Row =
    row(Kind::Unauthorized, "app_key_invalid", "The application key is not valid", Challenge::Key);
pub(super) const APP_KEY_IN_URL: Row = row(
    Kind::Unauthorized,
    "app_key_in_url",
    "Send the application key in its header",
    Challenge::Key,
);
pub(super) const APP_KEY_MISSING: Row =
    row(Kind::Unauthorized, "app_key_missing", "An application key is needed here", Challenge::Key);
pub(super) const APP_KEY_NOT_ALLOWED: Row = row(
    Kind::Forbidden,
    "app_key_not_allowed",
    "This application key may not do this",
    Challenge::None,
);
pub(super) const CLAIM_MISMATCH: Row = row(
    Kind::Forbidden,
    "claim_mismatch",
    "What the token says about the caller does not permit this",
    Challenge::None,
);
pub(super) const CREDENTIAL_CONFLICT: Row = row(
    Kind::BadRequest,
    "credential_conflict",
    "More than one credential of a kind was sent",
    Challenge::InvalidRequest,
);
pub(super) const HEADER_UNMATCHED: Row = row(
    Kind::Forbidden,
    "header_unmatched",
    "A header that is needed here is missing",
    Challenge::None,
);
pub(super) const IDENTITY_MISMATCH: Row = row(
    Kind::Forbidden,
    "identity_mismatch",
    "The credentials belong to different identities",
    Challenge::None,
);
pub(super) const IDENTITY_UNUSABLE: Row = row(
    Kind::Forbidden,
    "identity_unusable",
    "What the token says about the caller cannot be passed on",
    Challenge::None,
);
pub(super) const INTERNAL: Row =
    row(Kind::Internal, "internal_error", "The gateway failed", Challenge::None);
pub(super) const KEYS_UNAVAILABLE: Row = row(
    Kind::Unavailable,
    "keys_unavailable",
    "The keys to check the token are not available",
    Challenge::None,
);
pub(super) const KEY_STORE_UNAVAILABLE: Row = row(
    Kind::Unavailable,
    "key_store_unavailable",
    "Authentication is temporarily unavailable",
    Challenge::None,
);
pub(super) const METHOD_NOT_ALLOWED: Row = row(
    Kind::MethodNotAllowed,
    "method_not_allowed",
    "The method is not allowed here",
    Challenge::None,
);
pub(super) const MULTIPLE_CREDENTIALS: Row =
    row(Kind::BadRequest, "multiple_credentials", "Send one kind of credential", Challenge::None);
pub(super) const ORIGIN_MISMATCH: Row = row(
    Kind::Forbidden,
    "origin_mismatch",
    "A cookie is not enough for this request from another origin",
    Challenge::None,
);
pub(super) const OVERLOADED: Row =
    row(Kind::Unavailable, "overloaded", "Too many requests are waiting", Challenge::None);
pub(super) const PATH_AMBIGUOUS: Row = row(
    Kind::BadRequest,
    "path_ambiguous",
    "The path could be read in more than one way",
    Challenge::None,
);
pub(super) const REQUEST_MALFORMED: Row =
    row(Kind::BadRequest, "request_malformed", "The request is malformed", Challenge::None);
pub(super) const REQUEST_UNSIGNABLE: Row = row(
    Kind::BadRequest,
    "request_unsignable",
    "The request cannot be signed: state x-acs-content-sha256 of its body, and spell its path as RFC 3986 does",
    Challenge::None,
);
pub(super) const ROUTE_NOT_FOUND: Row =
    row(Kind::NotFound, "route_unknown", "No route is for this request", Challenge::None);
pub(super) const ROUTE_UNKNOWN: Row =
    row(Kind::Forbidden, "route_unknown", "No route is for this request", Challenge::None);
pub(super) const SCOPE_INSUFFICIENT: Row = row(
    Kind::Forbidden,
    "scope_insufficient",
    "The token lacks a scope that is needed here",
    Challenge::InsufficientScope,
);
pub(super) const SESSION_NEEDS_HTTPS: Row =
    row(Kind::Forbidden, "session_needs_https", "A session needs HTTPS", Challenge::None);
pub(super) const SESSION_NOT_ALLOWED: Row = row(
    Kind::Forbidden,
    "session_not_allowed",
    "This application key may not open a session",
    Challenge::None,
);
pub(super) const SESSION_OF_ANOTHER_USER: Row = row(
    Kind::Conflict,
    "session_of_another_user",
    "A session of another user is open: log out first",
    Challenge::None,
);
pub(super) const SUBTENANCY_REFUSED: Row = row(
    Kind::Forbidden,
    "subtenancy_refused",
    "Callers that act for a subtenant may not do this",
    Challenge::None,
);
pub(super) const SUBTENANT_REQUIRED: Row = row(
    Kind::Forbidden,
    "subtenant_required",
    "Only callers that act for a subtenant may do this",
    Challenge::None,
);
pub(super) const TENANT_MISMATCH: Row = row(
    Kind::Forbidden,
    "tenant_mismatch",
    "Callers of this tenant may not do this",
    Challenge::None,
);
pub(super) const TOKEN_EXPIRED: Row =
    row(Kind::Unauthorized, "token_expired", "The token has expired", Challenge::InvalidToken);
pub(super) const TOKEN_INVALID: Row =
    row(Kind::Unauthorized, "token_invalid", "The token is not valid", Challenge::InvalidToken);
pub(super) const TOKEN_MISSING: Row =
    row(Kind::Unauthorized, "token_missing", "A token is needed here", Challenge::Bare);
pub(super) const TOKEN_UNAVAILABLE: Row = row(
    Kind::Unavailable,
    "token_unavailable",
    "The token for the upstream is not available",
    Challenge::None,
);
pub(super) const TOO_MANY_BAD_TOKENS: Row = row(
    Kind::TooManyRequests,
    "too_many_bad_tokens",
    "Too many tokens with bad signatures came from this address",
    Challenge::None,
);
pub(super) const UPSTREAM_REFUSED_OUR_TOKEN: Row = row(
    Kind::BadGateway,
    "upstream_refused_our_token",
    "The service refused the token of the gateway",
    Challenge::None,
);
