//! Tokens of fixed claims, signed by the private key that RFC 7520 prints.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::{BigUint, RsaPrivateKey};
use serde_json::{Value, json};
use tenantgate::time::Timestamp;

/// The time at which all of this happens.
pub const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// The claims of a user's token as MindSphere issues it, valid at [`NOW`].
pub fn claims() -> Value {
    json!({
        "iss": "https://acme.piam.eu1.mindsphere.io/oauth/token", "ten": "acme", "zid": "acme",
        "jti": "0123456789abcdef0123456789abcdef", "sub": "fedcba9876543210fedcba9876543210",
        "user_id": "user-of-acme", "user_name": "jo@acme.example", "email": "jo@acme.example",
        "origin": "acme", "grant_type": "authorization_code", "client_id": "portal-acme",
        "cid": "portal-acme", "azp": "portal-acme", "aud": ["portal-acme", "assets"],
        "scope": ["assets.read"], "auth_time": 1_700_000_000, "iat": 1_700_000_000, "exp": 1_700_003_600,
    })
}

/// The claims of the technical token of the tenant, valid at [`NOW`].
pub fn technical_claims() -> Value {
    with(
        claims(),
        &[
            ("grant_type", json!("client_credentials")),
            ("client_id", json!("acme-service")),
            ("cid", json!("acme-service")),
            ("azp", json!("acme-service")),
            ("sub", json!("acme-service")),
        ],
    )
}

/// The claims with some set to other values.
pub fn with(mut claims: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims
}

/// A token of these claims, signed with RS256.
pub fn rs256(claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": KID, "typ": "JWT"}).to_string();
    let message =
        format!("{}.{}", encode(header.as_bytes()), encode(claims.to_string().as_bytes()));
    let key = rsa::pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new(private_key());
    format!("{message}.{}", encode(&key.sign(message.as_bytes()).to_bytes()))
}

/// The public key as a JWK Set.
pub fn key_set() -> Value {
    let key = printed_key();
    json!({"keys": [{"kty": "RSA", "kid": KID, "alg": "RS256", "n": key["n"], "e": key["e"]}]})
}

fn private_key() -> RsaPrivateKey {
    let key = printed_key();
    let number = |name: &str| {
        let text = key[name].as_str().expect("a text");
        BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(text).expect("base64url"))
    };
    let primes = vec![number("p"), number("q")];
    RsaPrivateKey::from_components(number("n"), number("e"), number("d"), primes).expect("a key")
}

fn printed_key() -> Value {
    let text = include_str!("../../tests/fixtures/jose/rfc7520_rsa_private_key.json");
    serde_json::from_str(text).expect("a JWK")
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

const KID: &str = "rsa";
