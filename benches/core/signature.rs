//! One signature in Rust. In Envoy the host computes them.

use std::sync::Arc;

use serde_json::Value;
use tenantgate::crypto::{Algorithm, SoftwareVerifier};
use tenantgate::jwt::{JwkSet, KeyRing, KeySetId, check_signature};

use crate::measure::Row;

/// The signatures of RFC 7515 A.2 and A.3.
pub fn rows() -> Vec<Row> {
    [("signature_rs256_in_rust", "RFC 7515 A.2"), ("signature_es256_in_rust", "RFC 7515 A.3")]
        .map(|(name, source)| row(name, source))
        .into()
}

fn row(name: &'static str, source: &str) -> Row {
    let text = include_str!("../../tests/fixtures/jose/rfc7515_rfc8037.json");
    let examples: Vec<Value> = serde_json::from_str(text).expect("a list");
    let example = examples.iter().find(|example| example["source"] == source).expect("an example");
    let token = example["jws"].as_str().expect("a token").to_owned();
    let keys = serde_json::json!({"keys": [example["jwk"]]}).to_string();
    let mut ring = KeyRing::default();
    ring.set(KEYS, Arc::new(JwkSet::parse(keys.as_bytes()).expect("a key set")));
    Row::new(name, move || {
        check_signature(token.as_bytes(), &Algorithm::ALL, (KEYS, &ring), &SoftwareVerifier)
            .expect("a valid signature");
    })
}

const KEYS: KeySetId = KeySetId(0);
