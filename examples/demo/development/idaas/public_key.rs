//! Public keys as a client registers them, and the signatures of RFC 7518 that they verify.

use p256::ecdsa::signature::Verifier as _;
use p384::ecdsa::signature::Verifier as _;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::sha2::{Sha256, Sha384, Sha512};
use x509_cert::der::{Document, asn1::ObjectIdentifier};
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// A public key.
pub enum PublicKey {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Rsa(Box<rsa::RsaPublicKey>),
}

impl PublicKey {
    /// Reads PEM (RFC 7468 §13).
    ///
    /// # Errors
    /// [`PublicKeyError`] for other texts and other kinds of key.
    pub fn parse_pem(text: &str) -> Result<Self, PublicKeyError> {
        let (label, document) = Document::from_pem(text).map_err(|_| PublicKeyError::Malformed)?;
        if label != "PUBLIC KEY" {
            return Err(PublicKeyError::Malformed);
        }
        Self::from_der(document.as_bytes())
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// [`PublicKeyError`] for other bytes and other kinds of key.
    pub fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| PublicKeyError::Malformed)?;
        if info.algorithm.oid == RSA {
            return rsa::RsaPublicKey::from_public_key_der(der)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|_| PublicKeyError::Malformed);
        }
        let curve = info.algorithm.parameters_oid().map_err(|_| PublicKeyError::Kind)?;
        if info.algorithm.oid != EC {
            return Err(PublicKeyError::Kind);
        }
        let point = info.subject_public_key.as_bytes().ok_or(PublicKeyError::Malformed)?;
        let key = match curve {
            P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Self::P256),
            P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Self::P384),
            P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Self::P521),
            _ => return Err(PublicKeyError::Kind),
        };
        key.ok_or(PublicKeyError::Malformed)
    }

    /// Whether `signature` is this key's over `message`. False as well when the key does not fit the algorithm.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::P256(key), Algorithm::Es256) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Self::P384(key), Algorithm::Es384) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Self::P521(key), Algorithm::Es512) => p521::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Self::Rsa(key), Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512) => {
                rsa_verifies(key, algorithm, message, signature)
            }
            (Self::P256(_) | Self::P384(_) | Self::P521(_) | Self::Rsa(_), _) => false,
        }
    }
}

fn rsa_verifies(
    key: &rsa::RsaPublicKey,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Ok(signature) = rsa::pkcs1v15::Signature::try_from(signature) else { return false };
    match algorithm {
        Algorithm::Rs256 => {
            rsa::pkcs1v15::VerifyingKey::<Sha256>::new(key.clone()).verify(message, &signature)
        }
        Algorithm::Rs384 => {
            rsa::pkcs1v15::VerifyingKey::<Sha384>::new(key.clone()).verify(message, &signature)
        }
        Algorithm::Rs512 => {
            rsa::pkcs1v15::VerifyingKey::<Sha512>::new(key.clone()).verify(message, &signature)
        }
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::Hs256 => return false,
    }
    .is_ok()
}

/// An algorithm that some client signs by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    Es256,
    Es384,
    Es512,
    Hs256,
    Rs256,
    Rs384,
    Rs512,
}

impl Algorithm {
    /// Reads the `alg` of a header.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "ES384" => Some(Self::Es384),
            "ES512" => Some(Self::Es512),
            "HS256" => Some(Self::Hs256),
            "RS256" => Some(Self::Rs256),
            "RS384" => Some(Self::Rs384),
            "RS512" => Some(Self::Rs512),
            _ => None,
        }
    }
}

/// Not a key that can be registered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PublicKeyError {
    /// Neither RSA nor on P-256, P-384 or P-521.
    Kind,
    Malformed,
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
