//! What a verifier is asked, in a form that can be sent to one.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenantgate::crypto::{Algorithm, Curve, PublicKey, SharedSecret, SignatureVerifier, Verdict};
use tenantgate::jwt::{JwkSet, JwksError, KeyRing, KeySetId, Unverified, check_signature};

/// One question and, for a signature, the bytes that it is about.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    Signature(Signature),
    Token(Token),
}

/// Whether a signature is that of a message. All bytes are hexadecimal.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Signature {
    /// As `alg` has it.
    pub algorithm: String,
    /// Modulus and exponent, or the coordinates of a point, or one point of Ed25519, or a secret.
    pub key: Vec<String>,
    pub message: String,
    pub signature: String,
}

/// Whether a compact token is signed by a key.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Token {
    pub key: Value,
    pub token: String,
}

/// What a filter in Envoy says to a [`Question`]; verdicts as [`Question::judged_by`] has them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Answer {
    /// By the host's function, and by Rust code in Wasm what that does not compute.
    pub host: String,
    /// How often the host's function was called for it.
    pub calls: usize,
    /// By the Rust code in Wasm alone.
    pub wasm: String,
}

/// A valid signature to be computed again and again, and in how many turns.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Measurement {
    pub signature: Signature,
    pub turns: u32,
}

/// How long one computation took in the shortest turn, in nanoseconds of the host's clock; by the host only
/// what that computes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Duration {
    pub host: Option<f64>,
    pub wasm: f64,
}

impl Question {
    /// The verdict, or for a token why it is refused, as text.
    pub fn judged_by(&self, verifier: &dyn SignatureVerifier) -> String {
        match self {
            Self::Signature(signature) => format!("{:?}", signature.judged_by(verifier)),
            Self::Token(token) => token.judged_by(verifier),
        }
    }
}

impl Signature {
    /// The verdict; a secret is no verifier's to look at.
    pub fn judged_by(&self, verifier: &dyn SignatureVerifier) -> Verdict {
        self.prepared().judged_by(verifier)
    }

    pub fn prepared(&self) -> Prepared {
        let algorithm = Algorithm::from_name(&self.algorithm).unwrap();
        let parts: Vec<Vec<u8>> = self.key.iter().map(|part| bytes(part)).collect();
        let key = match (algorithm, parts.as_slice()) {
            (Algorithm::EdDsa, [x]) => PublicKey::ed25519(x).map(Key::Public),
            (Algorithm::Es256, [x, y]) => PublicKey::ec(Curve::P256, x, y).map(Key::Public),
            (Algorithm::Es384, [x, y]) => PublicKey::ec(Curve::P384, x, y).map(Key::Public),
            (Algorithm::Es512, [x, y]) => PublicKey::ec(Curve::P521, x, y).map(Key::Public),
            (_, [modulus, exponent]) => PublicKey::rsa(modulus, exponent).map(Key::Public),
            (_, [secret]) => Ok(Key::Secret(SharedSecret::new(secret.clone()))),
            (_, parts) => panic!("a key of {} parts", parts.len()),
        };
        let [message, signature] = [&self.message, &self.signature].map(|text| bytes(text));
        Prepared { algorithm, key: key.unwrap(), message, signature }
    }
}

/// A question about a signature, with the key ready for use.
pub struct Prepared {
    pub algorithm: Algorithm,
    pub key: Key,
    pub message: Vec<u8>,
    pub signature: Vec<u8>,
}

pub enum Key {
    Public(PublicKey),
    Secret(SharedSecret),
}

impl Prepared {
    pub fn judged_by(&self, verifier: &dyn SignatureVerifier) -> Verdict {
        let (algorithm, message, signature) = (self.algorithm, &self.message, &self.signature);
        match &self.key {
            Key::Public(key) => verifier.verify(algorithm, key, message, signature),
            Key::Secret(secret) => secret.verify(algorithm, message, signature),
        }
    }
}

impl Token {
    fn judged_by(&self, verifier: &dyn SignatureVerifier) -> String {
        let ring = match ring_of(&self.key) {
            Ok(ring) => ring,
            Err(error) => return format!("Err({error:?})"),
        };
        format!("{:?}", check(self.token.as_bytes(), &ring, verifier))
    }
}

/// Whether a token is signed by a key of the ring.
pub fn check(
    token: &[u8],
    ring: &KeyRing,
    verifier: &dyn SignatureVerifier,
) -> Result<(), Unverified> {
    check_signature(token, &Algorithm::ALL, (KEYS, ring), verifier)
}

/// The ring of an issuer that has this key: a secret never stands in a key set.
pub fn ring_of(key: &Value) -> Result<KeyRing, JwksError> {
    let mut ring = KeyRing::default();
    if key["kty"] == "oct" {
        let bytes = URL_SAFE_NO_PAD.decode(key["k"].as_str().unwrap()).unwrap();
        ring.set_secret(KEYS, Arc::new(SharedSecret::new(bytes)));
    } else {
        let set = JwkSet::parse(json!({ "keys": [key] }).to_string().as_bytes())?;
        ring.set(KEYS, Arc::new(set));
    }
    Ok(ring)
}

pub const KEYS: KeySetId = KeySetId(0);

/// The bytes of hexadecimal digits.
pub fn bytes(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
