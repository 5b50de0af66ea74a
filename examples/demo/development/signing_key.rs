//! Signing keys made at start, never stored, and the compact tokens they sign (RFC 7515 §7.1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use p256::ecdsa::signature::{SignatureEncoding as _, Signer as _, Verifier as _};
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::rand_core::{OsRng, RngCore as _};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

/// A private key with its `kid`.
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

enum Pair {
    Rsa(Box<rsa::RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
}

impl SigningKey {
    /// Makes an RSA key of 2048 bits, for RS256.
    ///
    /// # Errors
    /// [`KeyError`] if the generator fails.
    pub fn rsa(kid: &str) -> Result<Self, KeyError> {
        let key = rsa::RsaPrivateKey::new(&mut OsRng, 2048).map_err(|_| KeyError)?;
        Ok(Self { kid: kid.to_owned(), pair: Pair::Rsa(Box::new(key)) })
    }

    /// Makes a P-256 key, for ES256.
    pub fn p256(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: Pair::P256(p256::ecdsa::SigningKey::random(&mut OsRng)) }
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as a JWK (RFC 7517), in the fields MindSphere's `/token_keys` has.
    pub fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Rsa(key) => json!({
                "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid,
                "e": base64url(&key.e().to_bytes_be()), "n": base64url(&key.n().to_bytes_be()), "value": self.public_pem(),
            }),
            Pair::P256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                json!({
                    "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
                    "x": base64url(point.x().map_or(&[][..], |x| x)), "y": base64url(point.y().map_or(&[][..], |y| y)),
                })
            }
        }
    }

    /// The public half as PEM; empty for a key that is not RSA.
    pub fn public_pem(&self) -> String {
        match &self.pair {
            Pair::Rsa(key) => {
                key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap_or_default()
            }
            Pair::P256(_) => String::new(),
        }
    }

    /// Whether this key signed a compact token.
    pub fn has_signed(&self, token: &str) -> bool {
        let Some((text, signature)) = token.rsplit_once('.') else { return false };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        match &self.pair {
            Pair::Rsa(key) => {
                let key =
                    rsa::pkcs1v15::VerifyingKey::<rsa::sha2::Sha256>::new(key.to_public_key());
                rsa::pkcs1v15::Signature::try_from(signature.as_slice())
                    .is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_ok())
            }
            Pair::P256(key) => {
                p256::ecdsa::Signature::from_slice(&signature).is_ok_and(|signature| {
                    key.verifying_key().verify(text.as_bytes(), &signature).is_ok()
                })
            }
        }
    }

    /// Signs claims under this key's own algorithm and `kid`.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&self.kid, claims)
    }

    /// Signs claims but names another key.
    pub fn sign_as(&self, kid: &str, claims: &Value) -> String {
        match &self.pair {
            Pair::Rsa(key) => {
                compact(&json!({"alg": "RS256", "kid": kid, "typ": "JWT"}), claims, |text| {
                    rsa::pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new((**key).clone())
                        .sign(text)
                        .to_vec()
                })
            }
            Pair::P256(key) => {
                compact(&json!({"alg": "ES256", "kid": kid, "typ": "JWT"}), claims, |text| {
                    let signature: p256::ecdsa::Signature = key.sign(text);
                    signature.to_vec()
                })
            }
        }
    }

    /// The attack of RFC 8725 §2.1: HS256 with the public key's PEM as the secret.
    pub fn sign_with_public_key_as_secret(&self, claims: &Value) -> String {
        compact(&json!({"alg": "HS256", "kid": self.kid, "typ": "JWT"}), claims, |text| {
            hmac::Hmac::<rsa::sha2::Sha256>::new_from_slice(self.public_pem().as_bytes())
                .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
                .unwrap_or_default()
        })
    }

    /// A token with `alg: none`, this key's `kid` and no signature.
    pub fn unsigned(&self, claims: &Value) -> String {
        compact(&json!({"alg": "none", "kid": self.kid, "typ": "JWT"}), claims, |_| Vec::new())
    }
}

/// The system could not make a key.
#[derive(Debug)]
pub struct KeyError;

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the system made no signing key")
    }
}

/// 128 random bits in hexadecimal: a token id, or a secret that lives as long as the demo.
pub fn random_hex() -> String {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the claims of a compact token without checking anything; `Null` if it is none.
pub fn claims_of(token: &str) -> Value {
    token
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or(Value::Null)
}

fn compact(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let text = format!(
        "{}.{}",
        base64url(header.to_string().as_bytes()),
        base64url(claims.to_string().as_bytes())
    );
    let signature = sign(text.as_bytes());
    format!("{text}.{}", base64url(&signature))
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
