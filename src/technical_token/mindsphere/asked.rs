//! What a token of the platform must be, to be the one that was asked for.

use crate::crypto::Algorithm;
use crate::jwt::{self, AccessTokenRules, ClaimNames, TokenError};
use crate::technical_token::{TokenRejected, Validity};
use crate::tenancy::{SubtenantId, TenantId};
use crate::time::{Leeway, Timestamp, is_in_future};

/// The token that was asked for, as its claims must tell.
pub(super) struct Asked<'a> {
    /// The only `iss` that it may have, byte by byte.
    pub(super) issuers: &'a [String],
    /// Its tenant.
    pub(super) tenant: &'a TenantId,
    /// Its subtenant; `None`: it acts for the whole tenant.
    pub(super) subtenant: Option<&'a SubtenantId>,
    /// The names of the platform's claims.
    pub(super) claims: &'a ClaimNames,
}

impl Asked<'_> {
    /// Checks issuer, times, algorithm, type, tenant and subtenant of a token; its own times.
    ///
    /// # Errors
    /// [`TokenRejected`] states what differs.
    pub(super) fn check(&self, token: &[u8], now: Timestamp) -> Result<Validity, TokenRejected> {
        let claims = jwt::inspect(token, self.claims, AccessTokenRules::MindSphere)
            .map_err(TokenRejected::Form)?;
        if *claims.algorithm != *Algorithm::Rs256.name() {
            return Err(TokenRejected::Form(TokenError::AlgorithmNotAllowed));
        }
        if claims.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT")) {
            return Err(TokenRejected::Form(TokenError::TypeNotAllowed));
        }
        let is_expected = |issuer: &str| self.issuers.iter().any(|expected| expected == issuer);
        if !claims.issuer.as_deref().is_some_and(is_expected) {
            return Err(TokenRejected::IssuerMismatch);
        }
        if claims.tenancy.tenant() != Some(self.tenant) {
            return Err(TokenRejected::TenantMismatch);
        }
        if claims.tenancy.subtenant() != self.subtenant {
            return Err(TokenRejected::SubtenantMismatch);
        }
        let (Some(issued_at), Some(expires_at)) = (claims.issued_at, claims.expires_at) else {
            return Err(TokenRejected::LifetimeUnknown);
        };
        if issued_at > expires_at {
            return Err(TokenRejected::Form(TokenError::IssuedAfterExpiry));
        }
        let starts = claims.not_before.map_or(issued_at, |start| start.max(issued_at));
        if is_in_future(starts, Leeway::DEFAULT, now) {
            return Err(TokenRejected::Form(TokenError::IssuedInFuture));
        }
        Ok(Validity { from: issued_at, until: expires_at })
    }
}
