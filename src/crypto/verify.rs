//! Computing signatures: the one question asked of a signature, and the answer in Rust.

use std::borrow::Cow;

use jwt_compact::AlgorithmSignature;
use jwt_compact::alg::{Es256, Rsa, RsaPublicKey};
use jwt_compact::jwk::JsonWebKey;

use super::{Algorithm, KeyMaterial, PublicKey};

/// What is known about a signature after it has been computed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is not the signature of that message by that key.
    Invalid,
    /// This verifier cannot compute it; another one may. Never a reason to accept.
    Unsupported,
    /// It is.
    Valid,
}

/// Something that computes signatures.
///
/// A wrong [`Verdict::Valid`] lets anybody in; a wrong [`Verdict::Invalid`] locks somebody out; a
/// wrong [`Verdict::Unsupported`] costs time or locks out. In doubt, `Invalid`.
pub trait SignatureVerifier {
    /// Whether `signature` (as JWS has it: for ECDSA, `r` and `s` of full length, RFC 7518 §3.4) is
    /// that of `message` by `key`. A key of another type than the algorithm's is `Invalid`.
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict;
}

/// The verifier in Rust: works everywhere, about 50 times slower in Wasm than the host's own.
///
/// RSA keys over 4,096 bits are [`Verdict::Unsupported`], unless the length of the signature alone
/// refuses it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftwareVerifier;

impl SignatureVerifier for SoftwareVerifier {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        if key.signature_length(algorithm) != Some(signature.len()) {
            return Verdict::Invalid;
        }
        match (algorithm, key.material()) {
            (Algorithm::Es256, KeyMaterial::P256 { x, y }) => {
                computed(&Es256, p256_key(x, y).as_ref(), message, signature)
            }
            (Algorithm::Rs256, KeyMaterial::Rsa { modulus, exponent }) => {
                computed(&Rsa::rs256(), rsa_key(modulus, exponent).as_ref(), message, signature)
            }
            (Algorithm::Es256, KeyMaterial::Rsa { .. })
            | (Algorithm::Rs256, KeyMaterial::P256 { .. }) => Verdict::Invalid,
        }
    }
}

/// Whether the coordinates are those of a point on P-256.
pub(super) fn is_p256_point(x: &[u8; 32], y: &[u8; 32]) -> bool {
    p256_key(x, y).is_some()
}

fn computed<A: jwt_compact::Algorithm>(
    algorithm: &A,
    key: Option<&A::VerifyingKey>,
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let Some(key) = key else {
        return Verdict::Unsupported;
    };
    match A::Signature::try_from_slice(signature) {
        Ok(signature) if algorithm.verify_signature(&signature, key, message) => Verdict::Valid,
        Ok(_) | Err(_) => Verdict::Invalid,
    }
}

type P256Key = <Es256 as jwt_compact::Algorithm>::VerifyingKey;

fn p256_key(x: &[u8], y: &[u8]) -> Option<P256Key> {
    let jwk = JsonWebKey::EllipticCurve {
        curve: Cow::Borrowed("P-256"),
        x: Cow::Borrowed(x),
        y: Cow::Borrowed(y),
        secret: None,
    };
    P256Key::try_from(&jwk).ok()
}

fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Option<RsaPublicKey> {
    let jwk = JsonWebKey::Rsa {
        modulus: Cow::Borrowed(modulus),
        public_exponent: Cow::Borrowed(exponent),
        private_parts: None,
    };
    RsaPublicKey::try_from(&jwk).ok()
}

/// Signing with private keys in the form of JWKs, for tests.
#[cfg(test)]
pub(crate) mod signing {
    use jwt_compact::{Algorithm as _, AlgorithmSignature as _};

    use super::*;

    pub(crate) fn es256(key: &str, message: &[u8]) -> Vec<u8> {
        let jwk: JsonWebKey<'_> = serde_json::from_str(key).unwrap();
        let key = (&jwk).try_into().unwrap();
        Es256.sign(&key, message).as_bytes().into_owned()
    }

    pub(crate) fn rs256(key: &str, message: &[u8]) -> Vec<u8> {
        let jwk: JsonWebKey<'_> = serde_json::from_str(key).unwrap();
        let key = (&jwk).try_into().unwrap();
        Rsa::rs256().sign(&key, message).as_bytes().into_owned()
    }
}
