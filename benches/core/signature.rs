//! One signature in Rust. In Envoy the host computes those of RS* and ES*.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tenantgate::crypto::{Algorithm, SharedSecret, SoftwareVerifier};
use tenantgate::jwt::{JwkSet, KeyRing, KeySetId, check_signature};

use crate::measure::Row;

/// A valid token of each algorithm but ES384, HS384, HS512, of which nobody printed one: those of
/// Wycheproof, and for ES256 and EdDSA of the RFCs.
pub fn rows() -> Vec<Row> {
    let of_rfcs: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/fixtures/jose/rfc7515_rfc8037.json"))
            .expect("a list");
    let of_rfc = |name, source| {
        let example = of_rfcs.iter().find(|one| one["source"] == source).expect("an example");
        row(name, &example["jwk"], example["jws"].as_str().expect("a token"))
    };
    let wycheproof: Value = serde_json::from_str(include_str!(
        "../../tests/fixtures/wycheproof/json_web_signature_test.json"
    ))
    .expect("an object");
    let of_wycheproof = |name, algorithm| {
        let groups = wycheproof["testGroups"].as_array().expect("a list");
        let of_algorithm = |group: &&Value| group["public"]["kid"] == format!("{algorithm}_2048");
        let group = groups.iter().find(of_algorithm).expect("a group");
        let tests = group["tests"].as_array().expect("a list");
        let test = tests.iter().find(|test| test["comment"] == "normalPayload").expect("a test");
        row(name, &group["public"], test["jws"].as_str().expect("a token"))
    };
    vec![
        of_rfc("signature_eddsa_in_rust", "RFC 8037 A.4"),
        of_rfc("signature_es256_in_rust", "RFC 7515 A.3"),
        of_rfc("signature_es512_in_rust", "RFC 7515 A.4"),
        of_rfc("signature_hs256_in_rust", "RFC 7515 A.1"),
        of_wycheproof("signature_ps256_in_rust", "PS256"),
        of_wycheproof("signature_ps384_in_rust", "PS384"),
        of_wycheproof("signature_ps512_in_rust", "PS512"),
        of_rfc("signature_rs256_in_rust", "RFC 7515 A.2"),
        of_wycheproof("signature_rs384_in_rust", "RS384"),
        of_wycheproof("signature_rs512_in_rust", "RS512"),
    ]
}

fn row(name: &'static str, key: &Value, token: &str) -> Row {
    let mut ring = KeyRing::default();
    if let Some(secret) = key["k"].as_str() {
        let bytes = URL_SAFE_NO_PAD.decode(secret).expect("base64url");
        ring.set_secret(KEYS, Arc::new(SharedSecret::new(bytes)));
    } else {
        let keys = json!({"keys": [key]}).to_string();
        ring.set(KEYS, Arc::new(JwkSet::parse(keys.as_bytes()).expect("a key set")));
    }
    let token = token.to_owned();
    Row::new(name, move || {
        check_signature(token.as_bytes(), &Algorithm::ALL, (KEYS, &ring), &SoftwareVerifier)
            .expect("a valid signature");
    })
}

const KEYS: KeySetId = KeySetId(0);
