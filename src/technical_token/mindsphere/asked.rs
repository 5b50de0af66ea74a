//! What a token of the platform must be, to be the one that was asked for.

use crate::crypto::Algorithm;
use crate::jwt::{self, AccessTokenRules, ClaimKind, ClaimNames, TokenError};
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
    /// Checks algorithm, type, issuer, tenant, subtenant and times of a token; its own times. Its
    /// signature is a matter of [`crate::technical_token::Source::prove`].
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
        let missing = |claim| TokenRejected::Form(TokenError::ClaimMissing(claim));
        let issuer = claims.issuer.as_deref().ok_or(missing(ClaimKind::Issuer))?;
        if !self.issuers.iter().any(|expected| expected == issuer) {
            return Err(TokenRejected::IssuerMismatch);
        }
        let tenant = claims.tenancy.tenant().ok_or(missing(ClaimKind::Tenant(None)))?;
        if tenant != self.tenant {
            return Err(TokenRejected::TenantMismatch);
        }
        match (self.subtenant, claims.tenancy.subtenant()) {
            (None, None) => {}
            (Some(asked), Some(found)) if asked == found => {}
            (Some(_), Some(_)) => return Err(TokenRejected::SubtenantMismatch),
            (Some(_), None) => return Err(missing(ClaimKind::Subtenant(None))),
            (None, Some(_)) => return Err(TokenRejected::SubtenantUnasked),
        }
        let issued_at = claims.issued_at.ok_or(missing(ClaimKind::IssuedAt))?;
        let expires_at = claims.expires_at.ok_or(missing(ClaimKind::Expiry))?;
        if issued_at > expires_at {
            return Err(TokenRejected::Form(TokenError::IssuedAfterExpiry));
        }
        // No leeway: whoever gets it may have none. Before that, a margin keeps it from being sent.
        if now >= expires_at {
            let expired = TokenError::Expired { expired_at: expires_at, now };
            return Err(TokenRejected::Form(expired));
        }
        if is_in_future(issued_at, Leeway::DEFAULT, now) {
            return Err(TokenRejected::Form(TokenError::IssuedInFuture));
        }
        if claims.not_before.is_some_and(|start| is_in_future(start, Leeway::DEFAULT, now)) {
            return Err(TokenRejected::Form(TokenError::NotYetValid));
        }
        Ok(Validity { from: issued_at, until: expires_at })
    }
}

#[cfg(test)]
mod tests;
