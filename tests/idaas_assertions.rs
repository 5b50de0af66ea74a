//! Client assertions and private keys as the vendor's client of Alibaba Cloud IDaaS was recorded with them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use tenantgate::crypto::{
    Algorithm, PrivateKey, PrivateKeyError, SharedSecret, SignatureVerifier as _, SoftwareSigner,
    SoftwareVerifier, Verdict,
};
use tenantgate::technical_token::{Assertion, AssertionKey};
use tenantgate::time::Timestamp;

/// Every recorded assertion is made again from what it says: by a secret and by RSA in the same bytes, on a
/// curve with a signature that the recorded public key verifies.
#[test]
fn every_recorded_assertion_is_made_again() {
    let recorded = recorded();
    let mut made_with: BTreeMap<String, usize> = BTreeMap::new();
    for capture in array(&recorded["captures"]) {
        for request in array(&capture["requests"]) {
            let field = array(request.get("form_decoded").unwrap_or(&Value::Null))
                .iter()
                .find(|field| field[0] == "client_assertion");
            let Some(claims) = request["assertion"].get("claims") else {
                // What is no assertion of ours is a document of a metadata service or a Kubernetes token.
                let id = text(&capture["id"]);
                let is_another = id.starts_with("PKCS7") || id.starts_with("OIDC");
                assert!(field.is_none() || is_another, "{id}");
                continue;
            };
            let recorded_text = text(&field.expect("a form with an assertion")[1]);
            let verify_with = text(&request["assertion"]["verify_with"]);
            let key = key_of(capture, verify_with);
            assert_eq!(key.algorithm().name(), text(&request["assertion"]["header"]["alg"]));

            let made = assertion(claims, key.clone())
                .make(
                    Timestamp::from_seconds(seconds(&claims["iat"])),
                    jti(claims),
                    &SoftwareSigner,
                )
                .expect("a signature");
            let (message, signature) = recorded_text.rsplit_once('.').expect("a signature");
            let (made_message, made_signature) =
                made.expose().rsplit_once('.').expect("a signature");
            assert_eq!(made_message, message, "{verify_with}");
            let name = verify_with.trim_start_matches("keys.").trim_end_matches(".public");
            if name.starts_with('p') {
                for signature in [signature, made_signature] {
                    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
                    let public = private(&recorded["keys"][name]["pkcs8"]).public();
                    let verdict = SoftwareVerifier.verify(
                        key.algorithm(),
                        &public.expect("a public key"),
                        message.as_bytes(),
                        &signature,
                    );
                    assert_eq!(verdict, Verdict::Valid, "{name}");
                }
            } else {
                assert_eq!(made_signature, signature, "{name}");
            }
            *made_with.entry(name.to_owned()).or_default() += 1;
        }
    }
    let expected = [
        ("HMAC key = UTF-8 bytes of the client secret", 2),
        ("p256", 2),
        ("p384", 2),
        ("p521", 2),
        ("rsa1024", 1),
        // Both grants of one capture and of PCA, and two forms of line breaks.
        ("rsa2048", 6),
        ("rsa2056", 1),
        ("rsa3072", 1),
        ("rsa4096", 1),
    ];
    assert_eq!(made_with, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

/// The forms of keys that the vendor's client was recorded with, and what becomes of them here.
#[test]
fn every_recorded_form_of_a_key_works_or_says_what_is_wrong() {
    let recorded = recorded();
    let captures = array(&recorded["captures"]);
    let forms = captures.iter().filter(|one| text(&one["id"]).starts_with("PRIVATE_KEY_JWT_"));
    let (mut works_there, mut works_here_alone, mut refused) = (0, 0, 0);
    for capture in forms {
        let id = text(&capture["id"]).trim_start_matches("PRIVATE_KEY_JWT_");
        let read = PrivateKey::parse_pem(text(&capture["env"]["ENV_PRIVATE_KEY"]));
        let expected = match id {
            "secp256k1_pkcs8" | "secp256k1_traditional" => Err(PrivateKeyError::CurveSecp256k1),
            "ed25519_pkcs8" => Err(PrivateKeyError::Ed25519),
            "bare_base64" => Err(PrivateKeyError::NoLabel),
            // The improvements: PKCS#1, and line breaks written out.
            "rsa1024_traditional"
            | "rsa2048_traditional"
            | "rsa2056_traditional"
            | "rsa3072_traditional"
            | "rsa4096_traditional"
            | "literal_backslash_n" => {
                works_here_alone += 1;
                assert!(capture.get("error_chain").is_some(), "{id}");
                Ok(())
            }
            _ => {
                works_there += 1;
                assert!(capture.get("error_chain").is_none(), "{id}");
                Ok(())
            }
        };
        refused += usize::from(expected.is_err());
        assert_eq!(read.as_ref().err(), expected.as_ref().err(), "{id}");
        let name = id.split('_').next().expect("a name");
        if let (Ok(key), Some(public)) = (read, recorded["keys"][name]["public"].as_str()) {
            assert_eq!(key.public_der(), der(public), "{id}");
        }
    }
    assert_eq!((works_there, works_here_alone, refused), (13, 6, 4));
}

/// A certificate is for a key if it has its public half: what a check of a configuration compares.
#[test]
fn the_recorded_certificate_holds_the_public_half_of_its_key() {
    let recorded = recorded();
    let certificate = der(text(&recorded["certificates"]["leaf_for_keys.rsa2048"]));
    let holds = |name: &str| {
        let public = private(&recorded["keys"][name]["pkcs8"]).public_der();
        certificate.windows(public.len()).any(|window| window == public)
    };
    assert!(holds("rsa2048"));
    assert!(!holds("rsa3072"));
}

fn recorded() -> Value {
    serde_json::from_str(include_str!("fixtures/idaas/captures.json")).expect("JSON")
}

fn assertion(claims: &Value, key: AssertionKey) -> Assertion {
    Assertion {
        audience: text(&claims["aud"]).into(),
        issuer: text(&claims["iss"]).into(),
        subject: text(&claims["sub"]).into(),
        life: Duration::from_secs(seconds(&claims["exp"]) - seconds(&claims["iat"])),
        key,
        kid: None,
        x5t_s256: None,
    }
}

/// What a capture's environment variable holds, with the algorithm that follows from it.
fn key_of(capture: &Value, verify_with: &str) -> AssertionKey {
    let configured = &capture["config"]["authnConfiguration"];
    let variable = |name: &str| &capture["env"][text(&configured[name])];
    if verify_with.starts_with("HMAC") {
        let secret = text(variable("clientSecretEnvVarName")).as_bytes().to_vec();
        let key = AssertionKey::secret(SharedSecret::new(secret), None).expect("HS256");
        assert_eq!(key.algorithm(), Algorithm::Hs256);
        return key;
    }
    let key = private(variable("privateKeyEnvVarName"));
    AssertionKey::private(Arc::new(key), None).expect("the key's own algorithm")
}

fn private(pem: &Value) -> PrivateKey {
    PrivateKey::parse_pem(text(pem)).expect("a private key")
}

/// The bytes of a recorded `jti`. Its version and variant are there already.
fn jti(claims: &Value) -> [u8; 16] {
    let digits = text(&claims["jti"]).replace('-', "");
    u128::from_str_radix(&digits, 16).expect("a UUID").to_be_bytes()
}

fn der(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(lines).expect("base64")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn seconds(value: &Value) -> u64 {
    value.as_u64().expect("a number of seconds")
}
