//! Secrets that an issuer or a token endpoint shares with us, and the signatures by them.

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::digest::Hash;
use super::{Algorithm, Digest, Verdict};

/// A secret for HMAC signatures (RFC 7518 §3.2). Whoever has it can sign as well as verify.
///
/// It shows nothing of itself, is compared in constant time, and its memory is overwritten in the
/// end.
#[derive(Clone)]
pub struct SharedSecret(Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// A secret of these bytes, whatever their number: see [`SharedSecret::fits`]. The caller gives up
    /// its own copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Whether it may be used for an algorithm: one of HMAC, and the secret is at least as long as
    /// its hash.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.secret_length().is_some_and(|length| self.0.len() >= length)
    }

    /// HMAC-SHA-256 (RFC 2104) of `message`, whatever the secret's length: for signatures that a
    /// server of others checks, by its own rule.
    pub fn hmac_sha256(&self, message: &[u8]) -> [u8; 32] {
        let signature = Hash::Sha256.hmac(&self.0, message);
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(signature).for_each(|(to, from)| *to = from);
        bytes
    }

    /// Whether `signature` is that of `message`, compared in constant time. [`Verdict::Invalid`]
    /// also for a secret that does not fit, and for every length but the full one.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Verdict {
        if !self.fits(algorithm) || algorithm.secret_length() != Some(signature.len()) {
            return Verdict::Invalid;
        }
        match self.sign(algorithm, message) {
            Some(made) if made.ct_eq(signature).into() => Verdict::Valid,
            Some(_) | None => Verdict::Invalid,
        }
    }
}

impl SharedSecret {
    /// A digest that changes with it and does not reveal it to a reader of shared data, unless it can be
    /// guessed.
    pub fn digest(&self) -> [u8; 32] {
        *Digest::of(&[b"shared secret", &self.0]).as_bytes()
    }

    /// The signature of `message`, whatever the length of the secret: a token endpoint knows no other one
    /// of its client. `None` for an algorithm that takes no secret.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let hash = match algorithm {
            Algorithm::Hs256 => Hash::Sha256,
            Algorithm::Hs384 => Hash::Sha384,
            Algorithm::Hs512 => Hash::Sha512,
            Algorithm::EdDsa | Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => {
                return None;
            }
            Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => return None,
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => return None,
        };
        Some(hash.hmac(&self.0, message))
    }
}

impl PartialEq for SharedSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SharedSecret {}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<secret>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_at_least_as_long_as_the_hash() {
        for algorithm in Algorithm::ALL {
            let fits = |length| SharedSecret::new(vec![7; length]).fits(algorithm);
            match algorithm.secret_length() {
                Some(length) => assert!(!fits(length - 1) && fits(length) && fits(4096)),
                None => assert!(!fits(4096), "{algorithm:?}"),
            }
        }
    }

    #[test]
    fn hmac_sha256_is_that_of_rfc_4231() {
        // Test case 2 (§4.3): its key is shorter than the hash.
        let made = SharedSecret::new(b"Jefe".to_vec()).hmac_sha256(b"what do ya want for nothing?");
        let expected = [
            0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95,
            0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9,
            0x64, 0xec, 0x38, 0x43,
        ];
        assert_eq!(made, expected);
    }

    #[test]
    fn a_secret_shows_nothing_of_itself() {
        let secret = SharedSecret::new(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?}"), "<secret>");
    }
}
