//! Why a token is refused. Facts for the log; nothing of the token itself.

use std::fmt;

use crate::tenancy::IdError;
use crate::time::Timestamp;

/// Why a token is refused. It is always the presenter's fault.
///
/// [`TokenError::reason`] is for the log and for filter state only: clients see a coarse code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenError {
    /// `alg` is absent, unknown (`none` is), or not on the issuer's list (RFC 8725 §3.1).
    AlgorithmNotAllowed,
    /// `aud` names nobody whom the issuer's rules expect (RFC 7519 §4.1.3).
    AudienceMismatch,
    /// A claim has a type, a size or a value that it must not have; its name in our vocabulary.
    ClaimInvalid(ClaimKind),
    /// A claim that the issuer's rules require is absent; its name in our vocabulary.
    ClaimMissing(ClaimKind),
    /// The client is not one that the issuer's rules expect.
    ClientMismatch,
    /// The token is bound to another certificate than the one of its connection, or that has none
    /// (RFC 8705 §3.1).
    ConfirmationMismatch,
    /// The token is bound to a key of its holder (`cnf`, RFC 7800) in a way that cannot be checked.
    ConfirmationUnsupported,
    /// It has expired, the leeway included.
    Expired {
        /// Its `exp`.
        expired_at: Timestamp,
        /// The time of the refusal.
        now: Timestamp,
    },
    /// The protected header is no JSON object, or one of its members has a wrong type or size.
    HeaderInvalid,
    /// The header has a member that changes the meaning of the token (`crit`, `b64`, `cty`).
    HeaderUnsupported,
    /// `iat` lies in the future, the leeway included.
    IssuedInFuture,
    /// `iat` is later than `exp`.
    IssuedAfterExpiry,
    /// `iss` equals no configured issuer.
    IssuerUnknown,
    /// The token has no `kid`, and several keys of the issuer fit.
    KeyAmbiguous,
    /// The key of that `kid` is not one for this `alg`.
    KeyUnfit,
    /// From `iat` to `exp` it is longer than the issuer's tokens may live.
    LifetimeTooLong,
    /// It is not three base64url parts (RFC 7515 §7.1) in canonical, unpadded form.
    Malformed,
    /// It is an ID token, a refresh token or another kind than an access token.
    NotAccessToken,
    /// `nbf` lies in the future, the leeway included.
    NotYetValid,
    /// It is a technical token of one of our own credentials, presented by a caller.
    OwnToken,
    /// The payload is no JSON object, or breaks a bound of [`crate::json`].
    PayloadInvalid,
    /// The signature is wrong.
    SignatureInvalid,
    /// Nothing here can compute a signature of this algorithm and key size. Not the caller's fault.
    SignatureUnsupported,
    /// There is a subtenant, but no tenant that it could belong to.
    SubtenantWithoutTenant,
    /// The issuer may not speak for the token's tenant.
    TenantNotAllowed,
    /// It is longer than [`super::TOKEN_LIMIT`] bytes.
    TooLarge,
    /// `typ` is not one of an access token (RFC 8725 §3.11).
    TypeNotAllowed,
}

/// A claim as the rules know it, whatever its configured name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClaimKind {
    /// `aud`.
    Audience,
    /// The OAuth client.
    Client,
    /// `exp`.
    Expiry,
    /// `iat`.
    IssuedAt,
    /// `iss`.
    Issuer,
    /// `nbf`.
    NotBefore,
    /// The scopes.
    Scopes,
    /// `sub`.
    Subject,
    /// The subtenant; why it cannot be an id, where it is a text.
    Subtenant(Option<IdError>),
    /// The tenant; why it cannot be an id, where it is a text.
    Tenant(Option<IdError>),
    /// `jti`.
    TokenId,
    /// The user.
    User,
}

impl TokenError {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::AudienceMismatch => "audience_mismatch",
            Self::ClaimInvalid(claim) => claim.invalid(),
            Self::ClaimMissing(claim) => claim.missing(),
            Self::ClientMismatch => "client_mismatch",
            Self::ConfirmationMismatch => "confirmation_mismatch",
            Self::ConfirmationUnsupported => "confirmation_unsupported",
            Self::Expired { .. } => "expired",
            Self::HeaderInvalid => "header_invalid",
            Self::HeaderUnsupported => "header_unsupported",
            Self::IssuedAfterExpiry => "issued_after_expiry",
            Self::IssuedInFuture => "issued_in_future",
            Self::IssuerUnknown => "issuer_unknown",
            Self::KeyAmbiguous => "key_ambiguous",
            Self::KeyUnfit => "key_unfit",
            Self::LifetimeTooLong => "lifetime_too_long",
            Self::Malformed => "malformed",
            Self::NotAccessToken => "not_access_token",
            Self::NotYetValid => "not_yet_valid",
            Self::OwnToken => "own_token",
            Self::PayloadInvalid => "payload_invalid",
            Self::SignatureInvalid => "signature_invalid",
            Self::SignatureUnsupported => "signature_unsupported",
            Self::SubtenantWithoutTenant => "subtenant_without_tenant",
            Self::TenantNotAllowed => "tenant_not_allowed",
            Self::TooLarge => "too_large",
            Self::TypeNotAllowed => "type_not_allowed",
        }
    }
}

impl ClaimKind {
    const fn invalid(self) -> &'static str {
        match self {
            Self::Audience => "audience_invalid",
            Self::Client => "client_invalid",
            Self::Expiry => "expiry_invalid",
            Self::IssuedAt => "issued_at_invalid",
            Self::Issuer => "issuer_invalid",
            Self::NotBefore => "not_before_invalid",
            Self::Scopes => "scopes_invalid",
            Self::Subject => "subject_invalid",
            Self::Subtenant(_) => "subtenant_invalid",
            Self::Tenant(_) => "tenant_invalid",
            Self::TokenId => "token_id_invalid",
            Self::User => "user_invalid",
        }
    }

    const fn missing(self) -> &'static str {
        match self {
            Self::Audience => "audience_missing",
            Self::Client => "client_missing",
            Self::Expiry => "expiry_missing",
            Self::IssuedAt => "issued_at_missing",
            Self::Issuer => "issuer_missing",
            Self::NotBefore => "not_before_missing",
            Self::Scopes => "scopes_missing",
            Self::Subject => "subject_missing",
            Self::Subtenant(_) => "subtenant_missing",
            Self::Tenant(_) => "tenant_missing",
            Self::TokenId => "token_id_missing",
            Self::User => "user_missing",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason())
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_name_the_claim() {
        let rows = [
            (TokenError::ClaimInvalid(ClaimKind::Subtenant(None)), "subtenant_invalid"),
            (TokenError::ClaimMissing(ClaimKind::Tenant(None)), "tenant_missing"),
            (TokenError::SignatureInvalid, "signature_invalid"),
        ];
        for (error, expected) in rows {
            assert_eq!(error.reason(), expected);
        }
    }
}
