//! Making signatures: by Rust, or by what is passed in for it.

use std::fmt;

use jwt_compact::alg::{Es256, Hs512, Hs512Key};
use jwt_compact::{Algorithm as _, AlgorithmSignature as _};
use p384::ecdsa::signature::Signer as _;
use p521::ecdsa::signature::RandomizedSigner as _;
use p521::ecdsa::signature::rand_core::{self, CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::digest::Hash;
use super::private_key::Numbers;
use super::{Algorithm, Curve, PrivateKey, rsassa};

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
            Numbers::Ec { curve: Curve::P384, secret, .. } => p384_key(secret).map(|key| {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }),
            Numbers::Ec { curve: Curve::P521, secret, .. } => p521_signature(secret, message),
            Numbers::Rsa(numbers) => rsassa::sign(algorithm, numbers, message),
        };
        signature.ok_or(SignError::KeyUnsound)
    }
}

/// The point that belongs to a number in full length: its coordinates, one after the other. `None` unless
/// the number is from 1 and below the order of the curve.
pub(super) fn public_point(curve: Curve, secret: &[u8]) -> Option<Box<[u8]>> {
    // Behind the one byte that says how the point is written (SEC 1 §2.3.3).
    let coordinates = |point: &[u8]| point.split_first().map(|(_, coordinates)| coordinates.into());
    match curve {
        Curve::P256 => {
            coordinates(p256_key(secret)?.verifying_key().to_encoded_point(false).as_bytes())
        }
        Curve::P384 => {
            coordinates(p384_key(secret)?.verifying_key().to_encoded_point(false).as_bytes())
        }
        Curve::P521 => {
            let key = p521::ecdsa::VerifyingKey::from(&p521_key(secret)?);
            coordinates(key.to_encoded_point(false).as_bytes())
        }
    }
}

type P256Key = <Es256 as jwt_compact::Algorithm>::SigningKey;

fn p256_key(secret: &[u8]) -> Option<P256Key> {
    P256Key::from_slice(secret).ok()
}

fn p384_key(secret: &[u8]) -> Option<p384::ecdsa::SigningKey> {
    p384::ecdsa::SigningKey::from_slice(secret).ok()
}

fn p521_key(secret: &[u8]) -> Option<p521::ecdsa::SigningKey> {
    p521::ecdsa::SigningKey::from_slice(secret).ok()
}

/// The library signs on P-521 with random nonces only; those of RFC 6979 are handed to it as such.
fn p521_signature(secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut nonces = Nonces::new(secret, &Hash::Sha512.of(&[message]));
    let signature = p521_key(secret)?.try_sign_with_rng(&mut nonces, message).ok()?;
    Some(signature.to_bytes().to_vec())
}

/// The nonces of RFC 6979 §3.2 for P-521 with SHA-512. Whoever asks for 66 bytes gets one; a second one
/// is asked for if the first is not below the order of the curve, which nobody will live to see.
struct Nonces {
    key: Zeroizing<Vec<u8>>,
    value: Zeroizing<Vec<u8>>,
}

impl Nonces {
    /// From the private number in full length and the digest of the message. Steps b to g; the digest is
    /// shorter than the order, so as a number it only gains zeros.
    fn new(secret: &[u8], digest: &[u8]) -> Self {
        let zeros = vec![0; secret.len().saturating_sub(digest.len())];
        let seed = Zeroizing::new([secret, &zeros, digest].concat());
        let key = Zeroizing::new(vec![0; 64]);
        let mut nonces = Self { key, value: Zeroizing::new(vec![1; 64]) };
        nonces.stir(0, &seed);
        nonces.stir(1, &seed);
        nonces
    }

    fn stir(&mut self, step: u8, seed: &[u8]) {
        self.key = self.hmac(&[&self.value, &[step], seed]);
        self.value = self.hmac(&[&self.value]);
    }

    fn hmac(&self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        let message = Zeroizing::new(parts.concat());
        let digest = Hs512.sign(&Hs512Key::new(self.key.as_slice()), &message);
        Zeroizing::new(digest.as_bytes().into_owned())
    }
}

impl CryptoRng for Nonces {}

impl RngCore for Nonces {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    /// Step h: enough blocks, of which the leading 521 bits are the nonce.
    fn fill_bytes(&mut self, nonce: &mut [u8]) {
        for block in nonce.chunks_mut(64) {
            self.value = self.hmac(&[&self.value]);
            for (byte, value) in block.iter_mut().zip(self.value.iter()) {
                *byte = *value;
            }
        }
        let mut above = 0;
        for byte in nonce.iter_mut() {
            let bits = u16::from(above) << 8 | u16::from(*byte);
            above = *byte;
            let [_, shifted] = (bits >> 7).to_be_bytes();
            *byte = shifted;
        }
        // What the step does with a nonce that is refused.
        self.stir(0, &[]);
    }

    fn try_fill_bytes(&mut self, nonce: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(nonce);
        Ok(())
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
