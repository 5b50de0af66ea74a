//! Who must have signed the tokens of a credential.
//!
//! The check of a token's claims finds the mistakes of a token endpoint; the check of its signature finds
//! a token that its issuer never made: by a server that took the endpoint's place, or by whoever can
//! change its answers. It is made once, when a token has been fetched: before that the token is not
//! stored, not shared and not sent. Whoever reads it from shared data finds only tokens that passed, since
//! [`Signatures::digest`] is part of their meaning: what was stored without this check, or by other
//! keys, is another entry. (Where others could write there, shared data is not used.)

use std::sync::Arc;

use super::token::TechnicalToken;
use crate::crypto::{Algorithm, Digest, SignatureVerifier};
use crate::jwt::{self, KeyRing, KeySetId, TokenError, Unverified};

/// Who must have signed the tokens of a credential.
#[derive(Clone, Debug)]
pub struct Signatures {
    algorithms: &'static [Algorithm],
    issuers: Vec<IssuerKeys>,
    digest: [u8; 32],
}

/// The keys of one issuer that tokens may have.
#[derive(Clone, Debug)]
pub struct IssuerKeys {
    /// The `iss` of its tokens, byte by byte.
    pub issuer: Arc<str>,
    /// Where its keys are in the key ring.
    pub keys: KeySetId,
    /// The digest of where they come from.
    pub origin: [u8; 32],
}

impl Signatures {
    /// Tokens must be signed by one of these algorithms, with a key of the issuer that they name.
    pub fn new(algorithms: &'static [Algorithm], issuers: Vec<IssuerKeys>) -> Self {
        let parts = issuers.iter().flat_map(|one| [one.issuer.as_bytes(), &one.origin]);
        let digest = *Digest::of(&parts.collect::<Vec<_>>()).as_bytes();
        Self { algorithms, issuers, digest }
    }

    /// The digest of who must have signed, and where the keys come from.
    pub(super) const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Checks the signature of a token whose claims have been checked.
    ///
    /// # Errors
    /// [`Unverified`]: it is wrong, or a key is needed that is not there.
    pub(super) fn check(
        &self,
        token: &TechnicalToken,
        keys: &KeyRing,
        signatures: &dyn SignatureVerifier,
    ) -> Result<(), Unverified> {
        let id = self.keys_of(token)?;
        jwt::check_signature(token.value().expose(), self.algorithms, (id, keys), signatures)
    }

    /// The keys of the issuer that a token names.
    ///
    /// # Errors
    /// [`TokenError`] where it names none that it may have.
    pub(super) fn keys_of(&self, token: &TechnicalToken) -> Result<KeySetId, TokenError> {
        jwt::keys_of_issuer(token.value().expose(), &|issuer| {
            self.issuers.iter().find(|one| *one.issuer == *issuer).map(|one| one.keys)
        })
    }
}
