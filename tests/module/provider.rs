//! The identity provider: its keys, the tokens of its users, its answers to calls.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rsa::BigUint;
use rsa::sha2::Sha256;
use rsa::signature::SignatureEncoding;
use serde_json::{Value, json};

use crate::host::Answer;
use crate::requests::fields;

/// When tokens of [`user`] expire, in milliseconds: an hour after the host's clock starts.
pub const EXPIRY: u64 = 1_800_003_600_000;

/// The public keys: one of each type.
pub fn key_set() -> Value {
    let point = signing_key().verifying_key().to_encoded_point(false);
    let rsa = rsa_key();
    json!({"keys": [
        {"kid": "ec", "kty": "EC", "crv": "P-256", "x": encode(point.x().unwrap()), "y": encode(point.y().unwrap())},
        {"kid": "rsa", "kty": "RSA", "n": rsa["n"], "e": rsa["e"]},
    ]})
}

/// A token for this user of tenant `acme`, by the EC key.
pub fn user(name: &str) -> String {
    token(&json!({"alg": "ES256", "kid": "ec"}), &claims(name))
}

/// The same by the RSA key.
pub fn user_by_rsa(name: &str) -> String {
    token(&json!({"alg": "RS256", "kid": "rsa"}), &claims(name))
}

/// The same by a key that the set does not have.
pub fn user_by_new_key(name: &str) -> String {
    token(&json!({"alg": "ES256", "kid": "new"}), &claims(name))
}

/// The same, who acts for a subtenant.
pub fn user_in_subtenant(name: &str) -> String {
    let mut claims = claims(name);
    claims["sub_org"] = json!("north");
    token(&json!({"alg": "ES256", "kid": "ec"}), &claims)
}

/// A token of this user that expired an hour before the host's clock starts.
pub fn expired(name: &str) -> String {
    let mut claims = claims(name);
    claims["exp"] = json!(EXPIRY / 1000 - 7200);
    token(&json!({"alg": "ES256", "kid": "ec"}), &claims)
}

/// The token with one bit of its signature changed.
pub fn forged(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    signature[10] ^= 1;
    format!("{message}.{}", encode(&signature))
}

/// The answer of the token endpoint with this token, for half an hour.
pub fn grants(token: &str) -> Answer {
    let body = json!({"access_token": token, "token_type": "bearer", "expires_in": 1800});
    json_answer(&body)
}

/// The answer of the endpoint of the keys.
pub fn keys() -> Answer {
    json_answer(&key_set())
}

/// An answer as the proxy makes it up when the server gives none.
pub fn synthetic(status: &str, text: &str) -> Answer {
    let headers =
        fields(&[(":status", status), ("content-length", "24"), ("content-type", "text/plain")]);
    Answer { headers, body: text.as_bytes().to_vec() }
}

/// An answer with this body.
pub fn json_answer(body: &Value) -> Answer {
    let headers = fields(&[
        (":status", "200"),
        ("content-type", "application/json"),
        ("x-envoy-upstream-service-time", "3"),
    ]);
    Answer { headers, body: body.to_string().into_bytes() }
}

fn claims(user: &str) -> Value {
    json!({
        "iss": "https://id.example", "aud": "our-api", "exp": EXPIRY / 1000, "org": "acme",
        "email": user, "client_id": "portal", "scope": "read",
    })
}

fn token(header: &Value, claims: &Value) -> String {
    let [header_part, claims] = [header, claims].map(|part| encode(part.to_string().as_bytes()));
    let message = format!("{header_part}.{claims}");
    let signature = if header["alg"] == "RS256" {
        rsa_signing_key().sign(message.as_bytes()).to_vec()
    } else {
        let signature: Signature = signing_key().sign(message.as_bytes());
        signature.to_bytes().to_vec()
    };
    format!("{message}.{}", encode(&signature))
}

fn signing_key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn rsa_signing_key() -> rsa::pkcs1v15::SigningKey<Sha256> {
    let key = rsa_key();
    let number = |name: &str| {
        BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap())
    };
    let primes = vec![number("p"), number("q")];
    let key = rsa::RsaPrivateKey::from_components(number("n"), number("e"), number("d"), primes);
    rsa::pkcs1v15::SigningKey::new(key.unwrap())
}

/// RFC 7520 §3.4.
fn rsa_key() -> Value {
    serde_json::from_str(include_str!("../fixtures/jose/rfc7520_rsa_private_key.json")).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
