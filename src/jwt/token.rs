//! A token whose signature and claims have been checked.

use std::fmt;
use std::sync::Arc;

use super::error::TokenError;
use super::issuer::IssuerRules;
use super::kept::{Claim, KeptClaims};
use super::names::ClaimName;
use super::scopes::Scopes;
use crate::crypto::Thumbprint;
use crate::message::Told;
use crate::tenancy::Tenancy;
use crate::time::{Timestamp, is_expired};

/// A token whose signature *and* claims have been checked.
///
/// Only [`super::verify`] makes one, so that a claim cannot be read before its token is verified.
/// Expiry depends on the time of use: it is asked again with [`VerifiedToken::is_expired`] after
/// every wait.
pub struct VerifiedToken(pub(super) Verified);

/// The checked claims, in the hands of `jwt` alone.
pub(super) struct Verified {
    pub(super) issuer: Arc<IssuerRules>,
    pub(super) subject: Option<Box<str>>,
    pub(super) client: Option<Box<str>>,
    pub(super) user: Option<Box<str>>,
    pub(super) tenancy: Tenancy,
    pub(super) scopes: Scopes,
    pub(super) kept: KeptClaims,
    pub(super) expires_at: Timestamp,
    pub(super) thumbprint: Thumbprint,
    pub(super) confirmation: Option<[u8; 32]>,
    pub(super) told: Told,
}

impl VerifiedToken {
    /// The rules that it was checked against.
    pub const fn issuer(&self) -> &Arc<IssuerRules> {
        &self.0.issuer
    }

    /// `sub`, if stated.
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The OAuth client that obtained it, if stated.
    pub fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// The user, if it is a user's token.
    pub fn user(&self) -> Option<&str> {
        self.0.user.as_deref()
    }

    /// For whom it acts.
    pub const fn tenancy(&self) -> &Tenancy {
        &self.0.tenancy
    }

    /// What it permits.
    pub const fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }

    /// What it says under a name that the configuration asks about; [`Claim::Odd`] under another.
    pub fn claim(&self, name: &ClaimName) -> &Claim {
        self.0.kept.get(name)
    }

    /// Its `exp`, without the leeway.
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// Whether it is expired at `now`, with the leeway of its issuer.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        is_expired(self.0.expires_at, self.0.issuer.parts().leeway, now)
    }

    /// The key that verified it.
    pub const fn thumbprint(&self) -> &Thumbprint {
        &self.0.thumbprint
    }

    /// Checks that whoever presents it holds the certificate that it is bound to, if it is bound to
    /// one (RFC 8705 §3.1). `digest` gives the SHA-256 digest of the certificate of the connection,
    /// and is asked for bound tokens alone. It belongs to the request, so it is never remembered.
    ///
    /// # Errors
    /// [`TokenError::ConfirmationMismatch`] for another certificate, or none.
    pub fn confirm(&self, digest: impl FnOnce() -> Option<[u8; 32]>) -> Result<(), TokenError> {
        match self.0.confirmation {
            Some(bound) if digest() != Some(bound) => Err(TokenError::ConfirmationMismatch),
            Some(_) | None => Ok(()),
        }
    }

    /// What upstreams are told of the caller. A token is of one configuration.
    pub const fn told(&self) -> &Told {
        &self.0.told
    }

    /// The memory that it holds besides what issuers share, in bytes; allocation costs are estimated.
    pub(super) fn footprint(&self) -> usize {
        let texts = [&self.0.subject, &self.0.client, &self.0.user];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let tenancy = self.0.tenancy.tenant().map_or(0, |id| id.as_str().len())
            + self.0.tenancy.subtenant().map_or(0, |id| id.as_str().len());
        size_of::<Self>()
            + texts
            + tenancy
            + self.0.scopes.footprint()
            + self.0.kept.footprint()
            + Told::LIMIT
            + ALLOCATIONS
    }

    /// A token for tests of other modules, as if it had been verified.
    #[cfg(test)]
    pub(crate) fn stand_in(
        issuer: Arc<IssuerRules>,
        tenancy: Tenancy,
        scopes: &[&str],
        expires_at: Timestamp,
    ) -> Arc<Self> {
        Arc::new(Self(Verified {
            issuer,
            subject: Some("subject-1".into()),
            client: Some("client-1".into()),
            user: Some("user-1".into()),
            tenancy,
            scopes: Scopes::from_texts(scopes.to_vec()).unwrap(),
            kept: KeptClaims::default(),
            expires_at,
            thumbprint: Thumbprint([7; 32]),
            confirmation: None,
            told: Told::new(),
        }))
    }
}

#[cfg(test)]
impl VerifiedToken {
    /// The same token with these claims kept under these names, for tests of other modules.
    pub(crate) fn saying(self: Arc<Self>, document: &str, names: &[&str]) -> Arc<Self> {
        let mut token = Arc::into_inner(self).unwrap();
        let names = names.iter().map(|name| ClaimName::parse(name).unwrap());
        let names = super::kept::KeptNames::new(names).unwrap();
        let claims = crate::json::parse(document.as_bytes()).unwrap();
        token.0.kept = KeptClaims::read(&claims, &names);
        Arc::new(token)
    }
}

/// Claims are personal data, so only the issuer's name, the tenancy and the expiry are shown.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedToken")
            .field("issuer", &self.0.issuer.name())
            .field("tenancy", &self.0.tenancy)
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}

/// What the allocator adds to at most eight blocks.
const ALLOCATIONS: usize = 8 * 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::testing::rules;

    fn token(scopes: &[&str]) -> Arc<VerifiedToken> {
        let issuer = Arc::new(IssuerRules::new(rules()).unwrap());
        let expires_at = Timestamp::from_seconds(1000);
        VerifiedToken::stand_in(issuer, Tenancy::Unstated, scopes, expires_at)
    }

    #[test]
    fn expiry_begins_exactly_at_exp_plus_the_leeway_of_the_issuer() {
        let token = token(&[]);
        assert!(!token.is_expired(Timestamp::from_millis(1_059_999)));
        assert!(token.is_expired(Timestamp::from_millis(1_060_000)));
    }

    #[test]
    fn the_footprint_grows_with_the_claims() {
        let grown = token(&["abcd", "efgh"]).footprint() - token(&[]).footprint();
        assert_eq!(grown, 16);
    }
}
