//! Assertions signed anew by the recorded keys, so that one claim can be wrong in a good signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use p256::ecdsa::signature::{SignatureEncoding as _, Signer as _};
use p384::ecdsa::signature::Signer as _;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::sha2::{Sha256, Sha384, Sha512};
use serde_json::Value;

use super::super::captures::KeyTexts;

/// What signs.
pub enum Key<'a> {
    Pair(&'a KeyTexts),
    Secret(&'a str),
}

/// A JWS in compact form, by the algorithm that the header names.
pub fn sign(header: &Value, claims: &Value, key: &Key<'_>) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let text = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = match key {
        Key::Secret(secret) => hmac::Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .unwrap()
            .chain_update(&text)
            .finalize()
            .into_bytes()
            .to_vec(),
        Key::Pair(key) => by_pair(header["alg"].as_str().unwrap(), key, text.as_bytes()),
    };
    format!("{text}.{}", encode(&signature))
}

fn by_pair(algorithm: &str, key: &KeyTexts, text: &[u8]) -> Vec<u8> {
    let rsa = || rsa::RsaPrivateKey::from_pkcs8_pem(&key.pkcs8).unwrap();
    match algorithm {
        "RS256" => SigningKey::<Sha256>::new(rsa()).sign(text).to_vec(),
        "RS384" => SigningKey::<Sha384>::new(rsa()).sign(text).to_vec(),
        "RS512" => SigningKey::<Sha512>::new(rsa()).sign(text).to_vec(),
        "ES256" => {
            let key = p256::SecretKey::from_sec1_pem(key.traditional.as_deref().unwrap()).unwrap();
            let signature: p256::ecdsa::Signature = p256::ecdsa::SigningKey::from(key).sign(text);
            signature.to_vec()
        }
        "ES384" => {
            let key = p384::SecretKey::from_sec1_pem(key.traditional.as_deref().unwrap()).unwrap();
            let signature: p384::ecdsa::Signature = p384::ecdsa::SigningKey::from(key).sign(text);
            signature.to_bytes().to_vec()
        }
        "ES512" => {
            let key = p521::SecretKey::from_sec1_pem(key.traditional.as_deref().unwrap()).unwrap();
            let signature: p521::ecdsa::Signature = p521::ecdsa::SigningKey::from(key).sign(text);
            signature.to_bytes().to_vec()
        }
        _ => panic!("no key signs by `{algorithm}`"),
    }
}
