//! Computing signatures: the one question asked of a signature, and the answer in Rust.

use std::borrow::Cow;

use jwt_compact::AlgorithmSignature;
use jwt_compact::alg::Es256;
use jwt_compact::jwk::JsonWebKey;
use p384::NistP384;
use p521::NistP521;

use super::{Algorithm, Curve, KeyMaterial, PublicKey, large_curve, rsassa};

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

/// The verifier in Rust: works everywhere; in Wasm slower than the host's own, P-521 and RSA about five
/// times, P-384 nine and P-256 seventeen times.
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
        match key.material() {
            KeyMaterial::Ec { curve: Curve::P256, x, y } => {
                computed(&Es256, p256_key(x, y).as_ref(), message, signature)
            }
            KeyMaterial::Ec { curve: Curve::P384, x, y } => {
                large_curve::verify::<NistP384>((x, y), message, signature)
            }
            KeyMaterial::Ec { curve: Curve::P521, x, y } => {
                large_curve::verify::<NistP521>((x, y), message, signature)
            }
            KeyMaterial::Ed25519 { x } => ed25519(x, message, signature),
            KeyMaterial::Rsa { modulus, exponent } => {
                rsassa::verify(algorithm, (modulus, exponent), message, signature)
            }
        }
    }
}

/// Knows what a filter knows whose host verifies signatures: RS256, RS384 and RS512 also by keys over
/// 4,096 bits, which take it long. For the command-line tool.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct WideVerifier;

#[cfg(not(target_arch = "wasm32"))]
impl SignatureVerifier for WideVerifier {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        let verdict = SoftwareVerifier.verify(algorithm, key, message, signature);
        if verdict == Verdict::Unsupported
            && let KeyMaterial::Rsa { modulus, exponent } = key.material()
        {
            return rsassa::verify_slowly(algorithm, (modulus, exponent), message, signature);
        }
        verdict
    }
}

/// Whether the coordinates, in full length, are those of a point on the curve.
pub(super) fn is_point(curve: Curve, x: &[u8], y: &[u8]) -> bool {
    match curve {
        Curve::P256 => p256_key(x, y).is_some(),
        Curve::P384 => large_curve::is_point::<NistP384>(x, y),
        Curve::P521 => large_curve::is_point::<NistP521>(x, y),
    }
}

/// Whether the bytes are a point of Ed25519 in its only canonical spelling, and of large order.
pub(super) fn is_ed25519_point(x: &[u8; 32]) -> bool {
    ed25519_dalek::VerifyingKey::from_bytes(x)
        .is_ok_and(|key| !key.is_weak() && key.to_edwards().compress().as_bytes() == x)
}

/// With the stricter rules of ed25519-dalek: a point of small order in the signature is refused as
/// well, so that no signature is that of two messages.
fn ed25519(x: &[u8; 32], message: &[u8], signature: &[u8]) -> Verdict {
    let key = ed25519_dalek::VerifyingKey::from_bytes(x);
    let signature = ed25519_dalek::Signature::from_slice(signature);
    match (key, signature) {
        (Ok(key), Ok(signature)) if key.verify_strict(message, &signature).is_ok() => {
            Verdict::Valid
        }
        (Ok(_) | Err(_), Ok(_) | Err(_)) => Verdict::Invalid,
    }
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

/// Signing with private keys in the form of JWKs, for tests.
#[cfg(test)]
pub(crate) mod signing {
    use jwt_compact::alg::Rsa;
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
