//! Making signatures: by Rust, or by what is passed in for it.

use std::fmt;

use jwt_compact::alg::Es256;
use jwt_compact::{Algorithm as _, AlgorithmSignature as _};
use p384::NistP384;
use p521::NistP521;

use super::private_key::Numbers;
use super::{Algorithm, Curve, PrivateKey, large_curve, rsassa};

/// Something that makes signatures.
pub trait Signer {
    /// The signature of `message` as JWS has it: for ECDSA, `r` and `s` of full length (RFC 7518 §3.4).
    ///
    /// # Errors
    /// [`SignError`]: the key is for another algorithm, or is not what it says.
    fn sign(
        &self,
        algorithm: Algorithm,
        key: &PrivateKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SignError>;

    /// Whether a signature by this algorithm takes so little time (about a millisecond) that requests may stand still
    /// for it.
    fn is_quick(&self, algorithm: Algorithm) -> bool;
}

impl fmt::Debug for dyn Signer + '_ {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<signer>")
    }
}

/// Why there is no signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignError {
    /// The key does not sign by the algorithm.
    AlgorithmUnfit,
    /// What the key's private numbers sign is not what its public ones verify.
    KeyUnsound,
}

impl fmt::Display for SignError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AlgorithmUnfit => "the private key does not sign by this algorithm",
            Self::KeyUnsound => "the numbers of the private key do not belong together",
        })
    }
}

impl std::error::Error for SignError {}

/// The signer in Rust: works everywhere. A signature is the same each time: ECDSA takes its nonce from
/// key and message (RFC 6979 §3.2), so it needs no randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftwareSigner;

impl Signer for SoftwareSigner {
    fn sign(
        &self,
        algorithm: Algorithm,
        key: &PrivateKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SignError> {
        if !key.algorithm_fits(algorithm) {
            return Err(SignError::AlgorithmUnfit);
        }
        let signature = match key.numbers() {
            Numbers::Ec { curve: Curve::P256, secret, .. } => {
                p256_key(secret).map(|key| Es256.sign(&key, message).as_bytes().into_owned())
            }
            Numbers::Ec { curve: Curve::P384, secret, .. } => {
                large_curve::sign::<NistP384>(secret, message)
            }
            Numbers::Ec { curve: Curve::P521, secret, .. } => {
                large_curve::sign::<NistP521>(secret, message)
            }
            Numbers::Rsa(numbers) => rsassa::sign(algorithm, numbers, message),
        };
        signature.ok_or(SignError::KeyUnsound)
    }

    /// On P-256 it takes 1 ms in Wasm. On the other curves, and by RSA keys of the sizes that are used today, it takes
    /// 6 to 40 ms.
    fn is_quick(&self, algorithm: Algorithm) -> bool {
        algorithm == Algorithm::Es256
    }
}

/// The point that belongs to a number in full length: its coordinates, one after the other. `None` unless
/// the number is from 1 and below the order of the curve.
pub(super) fn public_point(curve: Curve, secret: &[u8]) -> Option<Box<[u8]>> {
    match curve {
        Curve::P256 => {
            let point = p256_key(secret)?.verifying_key().to_encoded_point(false);
            // Behind the one byte that says how the point is written (SEC 1 §2.3.3).
            point.as_bytes().split_first().map(|(_, coordinates)| coordinates.into())
        }
        Curve::P384 => large_curve::public_point::<NistP384>(secret),
        Curve::P521 => large_curve::public_point::<NistP521>(secret),
    }
}

type P256Key = <Es256 as jwt_compact::Algorithm>::SigningKey;

fn p256_key(secret: &[u8]) -> Option<P256Key> {
    P256Key::from_slice(secret).ok()
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
