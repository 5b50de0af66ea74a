//! The tokens that have been seen: a repeated token costs one hash and one comparison.

use std::fmt;
use std::sync::Arc;

use super::error::TokenError;
use super::generations::{Bounds, Generations};
use super::issuer::Issuers;
use super::keyring::KeyRing;
use super::token::VerifiedToken;
use super::verify::{Unverified, verify};
use crate::crypto::SignatureVerifier;
use crate::time::Timestamp;

/// The tokens that have been verified or refused, by all their bytes.
///
/// It belongs to one configuration: with another set of [`Issuers`] goes another cache. A flood of
/// refused tokens does not displace verified ones.
pub struct VerifiedTokens {
    verified: Generations<Known>,
    refused: Generations<Refusal>,
}

struct Known {
    token: Arc<VerifiedToken>,
    /// The generation of the key set in which the token's key was last seen.
    generation: u64,
}

struct Refusal {
    error: TokenError,
    holds: Holds,
}

/// How long a remembered refusal holds.
#[derive(Clone, Copy)]
enum Holds {
    /// As long as the rules stay the same.
    Always,
    /// From this time on, when it was seen: before it, because the clock was put back, the token
    /// may be good.
    From(Timestamp),
    /// While the whole ring is at this generation: other keys could change it.
    WithKeys(u64),
}

impl VerifiedTokens {
    /// The default bounds for verified tokens.
    pub const DEFAULT: Bounds = Bounds { entries: 4096, bytes: 8 << 20 };

    /// The bounds for refused tokens: enough for the few clients that repeat one.
    pub const REFUSED: Bounds = Bounds { entries: 512, bytes: 1 << 20 };

    /// An empty cache.
    pub fn new(bounds: Bounds) -> Self {
        Self { verified: Generations::new(bounds), refused: Generations::new(Self::REFUSED) }
    }

    /// What was found before of these bytes, as long as it holds: a verified token until it expires or its key leaves
    /// the issuer's set; a refusal for ever, or where keys decide until a set changes, or where time decides while the
    /// clock is not put back.
    pub fn find(
        &mut self,
        token: &[u8],
        keys: &KeyRing,
        now: Timestamp,
    ) -> Option<Result<Arc<VerifiedToken>, TokenError>> {
        if let Some(known) = self.verified.get(token) {
            if known.token.is_expired(now) {
                let expired_at = known.token.expires_at();
                self.verified.remove(token);
                return Some(Err(TokenError::Expired { expired_at, now }));
            }
            if known.is_key_current(keys) {
                return Some(Ok(Arc::clone(&known.token)));
            }
            self.verified.remove(token);
        }
        if let Some(refusal) = self.refused.get(token) {
            if refusal.holds(keys, now) {
                return Some(Err(refusal.at(now)));
            }
            self.refused.remove(token);
        }
        None
    }

    /// The verified token of these bytes, of which nothing is known. What is found now is remembered.
    ///
    /// # Errors
    /// As [`verify`].
    pub fn verify(
        &mut self,
        token: &[u8],
        issuers: &Issuers,
        keys: &KeyRing,
        signatures: &dyn SignatureVerifier,
        now: Timestamp,
    ) -> Result<Arc<VerifiedToken>, Unverified> {
        match verify(token, issuers, keys, signatures, now) {
            Ok(verified) => Ok(self.remember(token, verified, keys)),
            Err(Unverified::Refused(error)) => {
                self.remember_refusal(token, error, keys, now);
                Err(Unverified::Refused(error))
            }
            Err(unverified @ (Unverified::KeysMissing(_) | Unverified::KeyUnknown(_))) => {
                Err(unverified)
            }
        }
    }

    /// What it holds, for metrics: verified tokens, then refused ones.
    pub fn held(&self) -> (Bounds, Bounds) {
        (self.verified.held(), self.refused.held())
    }

    /// How many have given way to newer ones since this was asked last: verified tokens, then refused
    /// ones.
    pub fn take_forgotten(&mut self) -> (usize, usize) {
        (self.verified.take_forgotten(), self.refused.take_forgotten())
    }

    fn remember(
        &mut self,
        token: &[u8],
        verified: VerifiedToken,
        keys: &KeyRing,
    ) -> Arc<VerifiedToken> {
        let verified = Arc::new(verified);
        let known = Known {
            token: Arc::clone(&verified),
            generation: keys.generation(verified.issuer().keys()),
        };
        let size = verified.footprint();
        self.verified.insert(token, known, size);
        verified
    }

    fn remember_refusal(
        &mut self,
        token: &[u8],
        error: TokenError,
        keys: &KeyRing,
        now: Timestamp,
    ) {
        let holds = match lifetime(error) {
            Lifetime::Forever => Holds::Always,
            Lifetime::Keys => Holds::WithKeys(keys.changes()),
            Lifetime::Once => return,
            Lifetime::Onward => Holds::From(now),
        };
        self.refused.insert(token, Refusal { error, holds }, 0);
    }
}

impl Known {
    /// Whether the key that verified the token is still in its issuer's set. The set is searched
    /// only after it has changed.
    fn is_key_current(&mut self, keys: &KeyRing) -> bool {
        let id = self.token.issuer().keys();
        let generation = keys.generation(id);
        if self.generation == generation {
            return true;
        }
        self.generation = generation;
        keys.get(id).is_some_and(|keys| keys.contains(self.token.thumbprint()))
    }
}

impl Refusal {
    fn holds(&self, keys: &KeyRing, now: Timestamp) -> bool {
        match self.holds {
            Holds::Always => true,
            Holds::From(seen_at) => now >= seen_at,
            Holds::WithKeys(generation) => generation == keys.changes(),
        }
    }

    /// The error as it is at another time.
    const fn at(&self, now: Timestamp) -> TokenError {
        match self.error {
            TokenError::Expired { expired_at, .. } => TokenError::Expired { expired_at, now },
            error => error,
        }
    }
}

/// How long a refusal stays true.
enum Lifetime {
    /// As long as the rules stay the same.
    Forever,
    /// Until a key set changes.
    Keys,
    /// It may be otherwise the next time, or costs less than remembering it.
    Once,
    /// From now on, but not before: a clock may be put back.
    Onward,
}

const fn lifetime(error: TokenError) -> Lifetime {
    match error {
        TokenError::ConfirmationMismatch
        | TokenError::IssuedInFuture
        | TokenError::Malformed
        | TokenError::NotYetValid
        | TokenError::SignatureUnsupported
        | TokenError::TooLarge => Lifetime::Once,
        TokenError::Expired { .. } => Lifetime::Onward,
        TokenError::KeyAmbiguous | TokenError::KeyUnfit | TokenError::SignatureInvalid => {
            Lifetime::Keys
        }
        TokenError::AlgorithmNotAllowed
        | TokenError::AudienceMismatch
        | TokenError::ClaimInvalid(_)
        | TokenError::ClaimMissing(_)
        | TokenError::ClientMismatch
        | TokenError::ConfirmationUnsupported
        | TokenError::HeaderInvalid
        | TokenError::HeaderUnsupported
        | TokenError::IssuedAfterExpiry
        | TokenError::IssuerUnknown
        | TokenError::LifetimeTooLong
        | TokenError::NotAccessToken
        | TokenError::OwnToken
        | TokenError::PayloadInvalid
        | TokenError::SubtenantWithoutTenant
        | TokenError::TenantNotAllowed
        | TokenError::TypeNotAllowed => Lifetime::Forever,
    }
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

/// Tokens are secrets, so only their numbers are shown.
impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verified, refused) = self.held();
        let (verified, refused) = (verified.entries, refused.entries);
        write!(formatter, "VerifiedTokens({verified} verified, {refused} refused)")
    }
}

#[cfg(test)]
mod tests;
