//! What a client presents to prove who it is: well-formed, still unproven.

mod bearer;

pub use bearer::Bearer;

use crate::message::RequestHead;

/// What one request presents: of each kind nothing, or exactly one. How kinds combine is the rule
/// of policy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presented<'a> {
    /// The bearer token of the `authorization` field.
    pub bearer: Option<Bearer<'a>>,
}

/// Why what is presented is not well-formed. It is refused, never taken as absent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CredentialError {
    /// Two `authorization` fields, or a list in one.
    AuthorizationRepeated,
    /// The bearer token is empty or no `b64token` (RFC 6750 §2.1).
    BearerMalformed,
    /// The scheme is not `Bearer`.
    SchemeUnsupported,
}

/// What `head` presents.
///
/// # Errors
/// [`CredentialError`] when something is presented that cannot be one credential of its kind.
pub fn extract<'a>(head: &RequestHead<'a>) -> Result<Presented<'a>, CredentialError> {
    Ok(Presented { bearer: Bearer::extract(head)? })
}

impl CredentialError {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AuthorizationRepeated => "authorization_repeated",
            Self::BearerMalformed => "bearer_malformed",
            Self::SchemeUnsupported => "authorization_scheme_unsupported",
        }
    }
}
