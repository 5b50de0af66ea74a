//! A second issuer, with a key of each algorithm that is measured besides RS256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::rand_core::{OsRng, RngCore as _};
use rsa::signature::RandomizedSigner as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

use crate::error::BenchError;

/// An algorithm of the second issuer.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    EdDsa,
    Es256,
    Ps256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Ps256];

    /// The value of `alg`, which is the `kid` as well.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
        }
    }
}

/// The issuer's keys.
pub struct Signers {
    ed25519: ed25519_dalek::SigningKey,
    p256: p256::ecdsa::SigningKey,
    rsa: rsa::RsaPrivateKey,
}

impl Signers {
    /// Makes them.
    ///
    /// # Errors
    /// [`BenchError::SigningKey`].
    pub fn new() -> Result<Self, BenchError> {
        let mut seed = [0; 32];
        OsRng.fill_bytes(&mut seed);
        Ok(Self {
            ed25519: ed25519_dalek::SigningKey::from_bytes(&seed),
            p256: p256::ecdsa::SigningKey::random(&mut OsRng),
            rsa: rsa::RsaPrivateKey::new(&mut OsRng, 2048).map_err(|_| BenchError::SigningKey)?,
        })
    }

    /// The public keys as a JWK Set (RFC 7517).
    pub fn key_set(&self) -> Value {
        json!({"keys": Algorithm::ALL.map(|algorithm| self.jwk(algorithm))})
    }

    /// A compact token (RFC 7515 §7.1).
    pub fn sign(&self, algorithm: Algorithm, claims: &Value) -> String {
        let name = algorithm.name();
        let header = json!({"alg": name, "kid": name, "typ": "JWT"});
        let [header, claims] = [header.to_string(), claims.to_string()].map(base64url);
        let text = format!("{header}.{claims}");
        let signature = match algorithm {
            Algorithm::EdDsa => self.ed25519.sign(text.as_bytes()).to_vec(),
            Algorithm::Es256 => {
                let signature: p256::ecdsa::Signature = self.p256.sign(text.as_bytes());
                signature.to_vec()
            }
            Algorithm::Ps256 => rsa::pss::SigningKey::<rsa::sha2::Sha256>::new(self.rsa.clone())
                .sign_with_rng(&mut OsRng, text.as_bytes())
                .to_vec(),
        };
        format!("{text}.{}", base64url(signature))
    }

    fn jwk(&self, algorithm: Algorithm) -> Value {
        let name = algorithm.name();
        match algorithm {
            Algorithm::EdDsa => {
                let x = base64url(self.ed25519.verifying_key().as_bytes());
                json!({"kty": "OKP", "crv": "Ed25519", "alg": name, "kid": name, "x": x})
            }
            Algorithm::Es256 => {
                let point = self.p256.verifying_key().to_encoded_point(false);
                let [x, y] = [point.x(), point.y()].map(|half| half.map(base64url));
                json!({"kty": "EC", "crv": "P-256", "alg": name, "kid": name, "x": x, "y": y})
            }
            Algorithm::Ps256 => {
                let [n, e] = [self.rsa.n(), self.rsa.e()];
                let [n, e] = [n, e].map(|number| base64url(number.to_bytes_be()));
                json!({"kty": "RSA", "alg": name, "kid": name, "n": n, "e": e})
            }
        }
    }
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The `iss` of their tokens.
pub const ISSUER: &str = "https://id.algorithms.example";
