//! Tokens that others made, at the JWS layer: their payloads are no claims of ours.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tenantgate::crypto::{Algorithm, SharedSecret, SoftwareVerifier};
use tenantgate::jwt::{
    JwkSet, JwksError, KeyRing, KeySetId, SkippedKey, TokenError, Unusable, Unverified,
    check_signature,
};

const KEYS: KeySetId = KeySetId(0);

fn ring(keys: &[Value]) -> Result<KeyRing, JwksError> {
    let set = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes())?;
    let mut ring = KeyRing::default();
    ring.set(KEYS, Arc::new(set));
    Ok(ring)
}

/// The ring of an issuer that has this key: a secret never stands in a key set.
fn ring_of(key: &Value) -> Result<KeyRing, JwksError> {
    if key["kty"] != "oct" {
        return ring(std::slice::from_ref(key));
    }
    let bytes = URL_SAFE_NO_PAD.decode(key["k"].as_str().unwrap()).unwrap();
    let mut ring = KeyRing::default();
    ring.set_secret(KEYS, Arc::new(SharedSecret::new(bytes)));
    Ok(ring)
}

fn check(token: &[u8], ring: &KeyRing) -> Result<(), Unverified> {
    check_signature(token, &Algorithm::ALL, (KEYS, ring), &SoftwareVerifier)
}

fn rfc_examples() -> Vec<Value> {
    serde_json::from_str(include_str!("fixtures/jose/rfc7515_rfc8037.json")).unwrap()
}

fn rfc_example(source: &str) -> (String, KeyRing) {
    let examples = rfc_examples();
    let example = examples.iter().find(|example| example["source"] == source).unwrap();
    let token = example["jws"].as_str().unwrap().to_owned();
    (token, ring_of(&example["jwk"]).unwrap())
}

/// The examples of RFC 7515 and RFC 8037 that are signed.
const SIGNED: [&str; 5] =
    ["RFC 7515 A.1", "RFC 7515 A.2", "RFC 7515 A.3", "RFC 7515 A.4", "RFC 8037 A.4"];

#[test]
fn the_signed_examples_of_rfc_7515_and_rfc_8037_are_valid() {
    for source in SIGNED {
        let (token, ring) = rfc_example(source);
        assert_eq!(check(token.as_bytes(), &ring), Ok(()), "{source}");
    }
}

/// RFC 9864 §2.2 names EdDSA on Ed25519 anew. The curve is the key's in any case.
#[test]
fn both_names_of_eddsa_mean_ed25519_and_one_on_the_list_admits_both() {
    let signing = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let x = URL_SAFE_NO_PAD.encode(signing.verifying_key().as_bytes());
    let token = |alg: &str| {
        let message = [json!({"alg": alg, "kid": "ed"}), json!({})]
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
            .join(".");
        let signature = ed25519_dalek::Signer::sign(&signing, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    };
    for declared in [json!({}), json!({"alg": "EdDSA"}), json!({"alg": "Ed25519"})] {
        let mut key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": x});
        if let Some(alg) = declared.get("alg") {
            key["alg"] = alg.clone();
        }
        let ring = ring(&[key]).unwrap();
        let check = |alg: &str, allowed: &[Algorithm]| {
            check_signature(token(alg).as_bytes(), allowed, (KEYS, &ring), &SoftwareVerifier)
        };
        for alg in ["EdDSA", "Ed25519"] {
            assert_eq!(check(alg, &[Algorithm::EdDsa]), Ok(()), "{alg} {declared}");
            let refused = Err(Unverified::Refused(TokenError::AlgorithmNotAllowed));
            assert_eq!(check(alg, &[Algorithm::Es256]), refused, "{alg} {declared}");
        }
        for alg in ["Ed448", "ed25519", "eddsa", "ESP256"] {
            let refused = Err(Unverified::Refused(TokenError::AlgorithmNotAllowed));
            assert_eq!(check(alg, &Algorithm::ALL), refused, "{alg}");
        }
    }
}

#[test]
fn the_unsecured_example_of_rfc_7515_is_refused_whatever_keys_there_are() {
    let example = rfc_examples().into_iter().find(|one| one["source"] == "RFC 7515 A.5").unwrap();
    for source in SIGNED {
        let (_, ring) = rfc_example(source);
        let error = check(example["jws"].as_str().unwrap().as_bytes(), &ring).unwrap_err();
        assert_eq!(error, Unverified::Refused(TokenError::AlgorithmNotAllowed), "{source}");
    }
}

#[test]
fn no_example_is_valid_by_the_key_of_another() {
    for source in SIGNED {
        let (token, _) = rfc_example(source);
        for other in SIGNED.into_iter().filter(|other| *other != source) {
            let (_, ring) = rfc_example(other);
            let symmetric = [source, other].contains(&"RFC 7515 A.1");
            let expected = if symmetric {
                Unverified::Refused(TokenError::AlgorithmNotAllowed)
            } else {
                Unverified::KeyUnknown(KEYS)
            };
            assert_eq!(check(token.as_bytes(), &ring), Err(expected), "{source} by {other}");
        }
    }
}

/// The examples of RFC 7520 §4 and RFC 7797 with the form that each has.
const COOKBOOK: [(&str, &str); 10] = [
    ("4.1", include_str!("fixtures/jose/cookbook/4_1.rsa_v15_signature.json")),
    ("4.2", include_str!("fixtures/jose/cookbook/4_2.rsa-pss_signature.json")),
    ("4.3", include_str!("fixtures/jose/cookbook/4_3.ecdsa_signature.json")),
    ("4.4", include_str!("fixtures/jose/cookbook/4_4.hmac-sha2_integrity_protection.json")),
    ("4.5", include_str!("fixtures/jose/cookbook/4_5.signature_with_detached_content.json")),
    ("4.6", include_str!("fixtures/jose/cookbook/4_6.protecting_specific_header_fields.json")),
    ("4.7", include_str!("fixtures/jose/cookbook/4_7.protecting_content_only.json")),
    ("4.8", include_str!("fixtures/jose/cookbook/4_8.multiple_signatures.json")),
    ("RFC 7797", include_str!("fixtures/jose/cookbook/rfc7797_hmac-sha2_b64_false.json")),
    ("RFC 7797 4.2", include_str!("fixtures/jose/cookbook/rfc7797_4_2.hmac-sha2_b64_false.json")),
];

#[test]
fn of_the_examples_of_rfc_7520_and_rfc_7797_only_whole_compact_tokens_are_valid() {
    let refused = |error| Err(Unverified::Refused(error));
    let (mut compact, mut others) = (0, 0);
    for (section, text) in COOKBOOK {
        let example: Value = serde_json::from_str(text).unwrap();
        // §4.8 has one key for each of its signatures.
        let keys = match &example["input"]["key"] {
            Value::Array(keys) => keys.clone(),
            key => vec![key.clone()],
        };
        for key in keys.iter().map(published) {
            let ring = ring_of(&key).unwrap();
            for (form, value) in example["output"].as_object().unwrap() {
                let (token, expected) = match (section, form.as_str()) {
                    ("4.1" | "4.2" | "4.3" | "4.4", "compact") => (value.as_str().unwrap(), Ok(())),
                    ("4.5", "compact") => {
                        (value.as_str().unwrap(), refused(TokenError::SignatureInvalid))
                    }
                    ("RFC 7797", "compact") => {
                        (value.as_str().unwrap(), refused(TokenError::HeaderUnsupported))
                    }
                    (_, "json" | "json_flat") => {
                        others += 1;
                        let refusal = check(value.to_string().as_bytes(), &ring);
                        assert_eq!(refusal, refused(TokenError::Malformed), "{section} {form}");
                        continue;
                    }
                    (_, form) => panic!("{section} has an unknown form {form}"),
                };
                compact += 1;
                assert_eq!(check(token.as_bytes(), &ring), expected, "{section} {form}");
            }
        }
    }
    assert_eq!((compact, others), (6, 21));
}

#[test]
fn a_flipped_bit_anywhere_in_a_token_refuses_it() {
    for source in SIGNED {
        let (token, ring) = rfc_example(source);
        let mut flipped = token.into_bytes();
        for place in 0..flipped.len() {
            for bit in 0..8 {
                flipped[place] ^= 1 << bit;
                assert!(check(&flipped, &ring).is_err(), "{source}: bit {bit} of byte {place}");
                flipped[place] ^= 1 << bit;
            }
        }
        assert_eq!(check(&flipped, &ring), Ok(()), "{source}");
    }
}

#[test]
fn a_token_cut_short_or_made_longer_is_refused() {
    for source in SIGNED {
        let (token, ring) = rfc_example(source);
        for length in 0..token.len() {
            assert!(check(&token.as_bytes()[..length], &ring).is_err(), "{source}: {length}");
            assert!(check(&token.as_bytes()[token.len() - length..], &ring).is_err());
        }
        let parts: Vec<&str> = token.split('.').collect();
        for part in 0..3 {
            for cut in 1..=parts[part].len() {
                let mut shorter = parts.clone();
                shorter[part] = &parts[part][cut..];
                assert!(check(shorter.join(".").as_bytes(), &ring).is_err(), "{source}: {part}");
                shorter[part] = &parts[part][..parts[part].len() - cut];
                assert!(check(shorter.join(".").as_bytes(), &ring).is_err(), "{source}: {part}");
            }
            for more in ["A", "AA", "=", ".", "\n"] {
                let longer = format!("{}{more}", parts[part]);
                let mut parts = parts.clone();
                parts[part] = &longer;
                assert!(check(parts.join(".").as_bytes(), &ring).is_err(), "{source}: {part}");
            }
        }
    }
}

/// The tokens that are called valid and refused here all the same. 346 and 350: PS384, by a key that
/// says `PS256`. 372 and 373: a `?` inside the base64url, over which nothing was signed (RFC 7515 §2
/// and §5.2 know no such character).
const REFUSED_THOUGH_VALID: [u64; 4] = [346, 350, 372, 373];

/// The tokens that are called invalid for their padding, which they do not have: they are 357, which
/// is called valid, byte by byte.
const COPIES_OF_357: [u64; 2] = [367, 370];

#[test]
fn every_wycheproof_token_gets_its_verdict() {
    let file = include_str!("fixtures/wycheproof/json_web_signature_test.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut without_key, mut refused_though_valid, mut copies) = (0, 0, 0);
    let mut of_357 = "";
    for group in file["testGroups"].as_array().unwrap() {
        let key = group.get("public").or_else(|| group.get("private")).unwrap();
        let mut key = published(key);
        if key["alg"] == "ES521" {
            // No such algorithm exists: RFC 7518 §3.1 has ES512. As it stands, the key is not used.
            assert_eq!(skipped(&key), Unusable::Algorithm);
            key["alg"] = json!("ES512");
        }
        let ring = ring_of(&key);
        if ring.is_err() {
            assert_eq!(skipped(&key), Unusable::Purpose);
        }
        let name = key.get("alg").and_then(Value::as_str).unwrap_or("for encryption").to_owned();
        for test in group["tests"].as_array().unwrap() {
            let label = format!("{} {}", test["tcId"], test["comment"]);
            let (valid, invalid) = counts.entry(name.clone()).or_default();
            let (id, token) = (test["tcId"].as_u64().unwrap(), test["jws"].as_str().unwrap());
            if id == 357 {
                of_357 = token;
            }
            if COPIES_OF_357.contains(&id) {
                assert_eq!((token, test["result"].as_str()), (of_357, Some("invalid")), "{label}");
                copies += 1;
                continue;
            }
            let verdict = ring.as_ref().map(|ring| check(token.as_bytes(), ring));
            let expected = test["result"].as_str().unwrap();
            match verdict {
                Err(_) => {
                    assert_eq!(expected, "invalid", "{label}");
                    without_key += 1;
                    *invalid += 1;
                }
                Ok(verdict) if REFUSED_THOUGH_VALID.contains(&id) => {
                    assert_eq!(expected, "valid", "{label}");
                    assert!(verdict.is_err(), "{label}");
                    refused_though_valid += 1;
                }
                Ok(verdict) => {
                    assert_eq!(verdict.is_ok(), expected == "valid", "{label}: {verdict:?}");
                    if verdict.is_ok() { *valid += 1 } else { *invalid += 1 }
                }
            }
        }
    }
    let counts: Vec<(&str, usize, usize)> =
        counts.iter().map(|(name, (valid, invalid))| (name.as_str(), *valid, *invalid)).collect();
    let expected = [
        ("ES256", 2, 37),
        ("ES512", 2, 0),
        ("HS256", 8, 28),
        ("PS256", 6, 42),
        ("PS384", 4, 1),
        ("PS512", 4, 16),
        ("RS256", 8, 225),
        ("RS384", 4, 0),
        ("RS512", 4, 0),
        ("for encryption", 0, 4),
    ];
    assert_eq!(counts, expected);
    assert_eq!((without_key, refused_though_valid, copies), (4, 4, 2));
    let judged: usize = counts.iter().map(|(_, valid, invalid)| valid + invalid).sum();
    assert_eq!(judged + refused_though_valid + copies, 401);
}

#[test]
fn a_token_is_refused_by_a_key_for_another_algorithm_of_the_same_type() {
    let text = include_str!("fixtures/jose/cookbook/4_2.rsa-pss_signature.json");
    let example: Value = serde_json::from_str(text).unwrap();
    let token = example["output"]["compact"].as_str().unwrap();
    for (algorithm, expected) in [
        ("PS384", Ok(())),
        ("PS256", Err(Unverified::Refused(TokenError::KeyUnfit))),
        ("RS384", Err(Unverified::Refused(TokenError::KeyUnfit))),
    ] {
        let mut key = published(&example["input"]["key"]);
        key["alg"] = json!(algorithm);
        assert_eq!(check(token.as_bytes(), &ring_of(&key).unwrap()), expected, "{algorithm}");
    }
}

/// Why the only key of a set is not used.
fn skipped(key: &Value) -> Unusable {
    let good = rfc_examples()[2]["jwk"].clone();
    let set = json!({ "keys": [key, good] }).to_string();
    match JwkSet::parse(set.as_bytes()).unwrap().skipped() {
        [SkippedKey { position: 0, reason, .. }] => *reason,
        skipped => panic!("{skipped:?}"),
    }
}

/// A key as a server would publish it: what is private is left out.
fn published(key: &Value) -> Value {
    let mut key = key.clone();
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(name);
    }
    key
}
