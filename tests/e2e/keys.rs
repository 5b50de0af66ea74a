//! Keys of every kind, and compact tokens (RFC 7515 §7.1) under a header that the scenario chooses.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use p256::ecdsa::signature::{SignatureEncoding as _, Signer as _};
use p384::ecdsa::signature::Signer as _;
use rsa::rand_core::{OsRng, RngCore as _};
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

/// One key of each kind, made for the scenario.
pub struct Keys {
    ed25519: ed25519_dalek::SigningKey,
    p256: p256::ecdsa::SigningKey,
    p384: p384::ecdsa::SigningKey,
    p521: p521::ecdsa::SigningKey,
    rsa: rsa::RsaPrivateKey,
    /// For HS*.
    pub secret: String,
}

impl Keys {
    pub fn new() -> Self {
        let seed = random::<32>();
        Self {
            ed25519: ed25519_dalek::SigningKey::from_bytes(&seed),
            p256: p256::ecdsa::SigningKey::random(&mut OsRng),
            p384: p384::ecdsa::SigningKey::from_slice(&random::<48>()).unwrap(),
            // The order has 521 bits of 66 bytes.
            p521: p521::ecdsa::SigningKey::from_slice(&[&[0], &random::<65>()[..]].concat())
                .unwrap(),
            rsa: rsa::RsaPrivateKey::new(&mut OsRng, 2048).unwrap(),
            secret: seed.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// The public key for an algorithm as a JWK, named after it; one for HS* there is not.
    pub fn jwk(&self, algorithm: &str) -> Value {
        let mut jwk = match algorithm {
            "EdDSA" => {
                let x = base64url(self.ed25519.verifying_key().as_bytes());
                json!({"kty": "OKP", "crv": "Ed25519", "x": x})
            }
            "ES256" => ec("P-256", self.p256.verifying_key().to_encoded_point(false).as_bytes()),
            "ES384" => ec("P-384", self.p384.verifying_key().to_sec1_point(false).as_bytes()),
            "ES512" => ec("P-521", self.p521.verifying_key().to_sec1_point(false).as_bytes()),
            _ => {
                let [n, e] = [self.rsa.n(), self.rsa.e()].map(|number| number.to_bytes_be());
                json!({"kty": "RSA", "n": base64url(&n), "e": base64url(&e)})
            }
        };
        jwk["alg"] = json!(algorithm);
        jwk["kid"] = json!(algorithm);
        jwk
    }

    /// A token signed as `algorithm` says, whose header says `named`, and the key of `kid`.
    pub fn sign(&self, algorithm: &str, (named, kid): (&str, &str), claims: &Value) -> String {
        let header = json!({"alg": named, "kid": kid});
        let parts = [header, claims.clone()].map(|part| base64url(part.to_string().as_bytes()));
        let text = parts.join(".");
        let signature = base64url(&self.signature(algorithm, text.as_bytes()));
        format!("{text}.{signature}")
    }

    fn signature(&self, algorithm: &str, text: &[u8]) -> Vec<u8> {
        let secret = self.secret.as_bytes();
        match algorithm {
            "EdDSA" => self.ed25519.sign(text).to_vec(),
            "ES256" => signed::<p256::ecdsa::Signature>(&self.p256, text),
            "ES384" => {
                let signature: p384::ecdsa::Signature = self.p384.sign(text);
                signature.to_bytes().to_vec()
            }
            "ES512" => {
                let signature: p521::ecdsa::Signature = self.p521.sign(text);
                signature.to_bytes().to_vec()
            }
            "HS256" => mac(hmac::Hmac::<Sha256>::new_from_slice(secret), text),
            "HS384" => mac(hmac::Hmac::<Sha384>::new_from_slice(secret), text),
            "HS512" => mac(hmac::Hmac::<Sha512>::new_from_slice(secret), text),
            "PS256" => self.pss::<Sha256>(text),
            "PS384" => self.pss::<Sha384>(text),
            "PS512" => self.pss::<Sha512>(text),
            "RS256" => self.pkcs1(rsa::pkcs1v15::SigningKey::<Sha256>::new, text),
            "RS384" => self.pkcs1(rsa::pkcs1v15::SigningKey::<Sha384>::new, text),
            "RS512" => self.pkcs1(rsa::pkcs1v15::SigningKey::<Sha512>::new, text),
            other => panic!("`{other}` is no algorithm"),
        }
    }

    fn pss<D: Digest>(&self, text: &[u8]) -> Vec<u8> {
        let key = rsa::pss::SigningKey::<D>::new(self.rsa.clone());
        rsa::signature::RandomizedSigner::sign_with_rng(&key, &mut OsRng, text).to_vec()
    }

    fn pkcs1<K>(&self, new: impl FnOnce(rsa::RsaPrivateKey) -> K, text: &[u8]) -> Vec<u8>
    where
        K: rsa::signature::Signer<rsa::pkcs1v15::Signature>,
    {
        signed::<rsa::pkcs1v15::Signature>(&new(self.rsa.clone()), text)
    }
}

/// What the salt's length is taken from.
trait Digest: rsa::sha2::Digest + rsa::sha2::digest::FixedOutputReset {}
impl<D: rsa::sha2::Digest + rsa::sha2::digest::FixedOutputReset> Digest for D {}

fn signed<S: p256::ecdsa::signature::SignatureEncoding>(
    key: &impl rsa::signature::Signer<S>,
    text: &[u8],
) -> Vec<u8> {
    key.sign(text).to_vec()
}

fn mac<M: hmac::Mac, E: std::fmt::Debug>(mac: Result<M, E>, text: &[u8]) -> Vec<u8> {
    mac.unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

/// A point as SEC 1 §2.3.3 has it, uncompressed.
fn ec(curve: &str, point: &[u8]) -> Value {
    let (x, y) = point[1..].split_at(point.len() / 2);
    json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)})
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
