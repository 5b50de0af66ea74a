//! Private keys for client assertions: read once, never shown.

use std::fmt;

use zeroize::Zeroizing;

use super::der;
use super::modular::secret::Primes;
use super::{Algorithm, Curve, KeyMaterial, PublicKey, key, sign};

mod encoding;
mod error;
mod pem;

pub use self::error::PrivateKeyError;

/// A private key that signs assertions: RSA of 1,024 to 4,096 bits with two primes, or a key on P-256,
/// P-384 or P-521.
///
/// It shows nothing of itself, and its memory is overwritten in the end.
pub struct PrivateKey {
    numbers: Numbers,
}

/// The numbers of a private key.
pub(super) enum Numbers {
    /// The numbers of a key on a curve, big-endian, in full length.
    Ec {
        curve: Curve,
        /// From 1 and below the order of the curve.
        secret: Zeroizing<Vec<u8>>,
        /// The coordinates of the point that belongs to it, one after the other.
        point: Box<[u8]>,
    },
    /// The numbers of an RSA key.
    Rsa(RsaNumbers),
}

/// The numbers of an RSA key, big-endian without leading zeros. The modulus is the product of the primes;
/// that the exponents are right shows when it signs.
pub(super) struct RsaNumbers {
    pub(super) modulus: Box<[u8]>,
    pub(super) exponent: Box<[u8]>,
    /// The primes, the exponents for them, and the inverse of the second one, as `RSAPrivateKey` has them.
    secret: [Zeroizing<Vec<u8>>; 5],
    /// The whole `RSAPrivateKey` (RFC 8017 §A.1.2) as it was given.
    der: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    /// Reads a key as PEM (RFC 7468): PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC
    /// PRIVATE KEY`, also behind `EC PARAMETERS`). Line breaks may be missing, be blanks, or be written
    /// as the two characters backslash and `n`, as environment variables often have them.
    ///
    /// # Errors
    /// [`PrivateKeyError`]: what is wrong with the text, or why no assertion is signed with such a key.
    pub fn parse_pem(text: &str) -> Result<Self, PrivateKeyError> {
        let (label, der) = pem::decode(text)?;
        encoding::key(label, &der)
    }

    /// The key of a number in full length; `None` unless it is from 1 and below the order of the curve.
    pub(super) fn ec(curve: Curve, secret: Zeroizing<Vec<u8>>) -> Option<Self> {
        let point = sign::public_point(curve, &secret)?;
        Some(Self { numbers: Numbers::Ec { curve, secret, point } })
    }

    /// The algorithm that IDaaS's own client signs with: for RSA RS256 up to 2,048 bits, RS384 up to
    /// 3,072, RS512 above; for a curve the only one that it has.
    pub fn default_algorithm(&self) -> Algorithm {
        match &self.numbers {
            Numbers::Ec { curve, .. } => curve.algorithm(),
            Numbers::Rsa(rsa) => match rsa.bits() {
                0..=2048 => Algorithm::Rs256,
                2049..=3072 => Algorithm::Rs384,
                3073.. => Algorithm::Rs512,
            },
        }
    }

    /// Whether it signs by this algorithm: RS256, RS384 and RS512 for RSA, the one of its curve else.
    pub fn algorithm_fits(&self, algorithm: Algorithm) -> bool {
        match &self.numbers {
            Numbers::Ec { curve, .. } => curve.algorithm() == algorithm,
            Numbers::Rsa(_) => {
                matches!(algorithm, Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512)
            }
        }
    }

    /// Whether it is shorter than RFC 7518 §3.3 allows: RSA below 2,048 bits. IDaaS's own client takes
    /// such keys, so they sign here as well; whoever configures one should be warned.
    pub fn is_short(&self) -> bool {
        match &self.numbers {
            Numbers::Ec { .. } => false,
            Numbers::Rsa(rsa) => rsa.bits() < PublicKey::SHORTEST_MODULUS,
        }
    }

    /// Its public half; `None` for a short key ([`PrivateKey::is_short`]), with which nothing here
    /// verifies.
    pub fn public(&self) -> Option<PublicKey> {
        match self.public_material() {
            KeyMaterial::Ec { curve, x, y } => PublicKey::ec(curve, &x, &y).ok(),
            KeyMaterial::Rsa { modulus, exponent } => PublicKey::rsa(&modulus, &exponent).ok(),
            KeyMaterial::Ed25519 { .. } => None,
        }
    }

    /// The `SubjectPublicKeyInfo` (RFC 5280 §4.1) of its public half in DER, as a certificate for this key
    /// has it.
    pub fn public_der(&self) -> Vec<u8> {
        der::spki(&self.public_material())
    }

    /// Its `PrivateKeyInfo` (PKCS#8, RFC 5208 §5) in DER, unencrypted, for a function of the host.
    pub(super) fn pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        match &self.numbers {
            Numbers::Ec { curve, secret, .. } => der::ec_pkcs8(*curve, secret),
            Numbers::Rsa(rsa) => der::rsa_pkcs8(&rsa.der),
        }
    }

    /// Its numbers, for signing.
    pub(super) const fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    fn public_material(&self) -> KeyMaterial {
        match &self.numbers {
            Numbers::Ec { curve, point, .. } => {
                let (x, y) = point.split_at(curve.coordinate_length().min(point.len()));
                KeyMaterial::Ec { curve: *curve, x: x.into(), y: y.into() }
            }
            Numbers::Rsa(rsa) => {
                let (modulus, exponent) = (rsa.modulus.clone(), rsa.exponent.clone());
                KeyMaterial::Rsa { modulus, exponent }
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<private key>")
    }
}

impl RsaNumbers {
    /// The numbers that sign.
    pub(super) fn primes(&self) -> Primes<'_> {
        let [p, q, dp, dq, q_inverse] = &self.secret;
        Primes { p, q, dp, dq, q_inverse }
    }

    /// Checks sizes, and that the modulus is the product of the primes.
    fn check(&self) -> Result<(), PrivateKeyError> {
        let bits = self.bits();
        if !(1024..=4096).contains(&bits) {
            return Err(PrivateKeyError::RsaSize { bits });
        }
        if !PublicKey::is_exponent(&self.exponent) || !self.primes().are_of(&self.modulus) {
            return Err(PrivateKeyError::NumberUnsound);
        }
        Ok(())
    }

    fn bits(&self) -> usize {
        key::bit_length(&self.modulus)
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
