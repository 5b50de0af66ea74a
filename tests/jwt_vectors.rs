//! Tokens that others made, at the JWS layer: their payloads are no claims of ours.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "helpers of tests stop at the first surprise"
)]

use std::sync::Arc;

use serde_json::{Value, json};
use tenantgate::crypto::{Algorithm, SoftwareVerifier};
use tenantgate::jwt::{
    JwkSet, JwksError, KeyRing, KeySetId, TokenError, Unverified, check_signature,
};

const KEYS: KeySetId = KeySetId(0);

fn ring(keys: &[Value]) -> Result<KeyRing, JwksError> {
    let set = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes())?;
    let mut ring = KeyRing::default();
    ring.set(KEYS, Arc::new(set));
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
    (token, ring(&[example["jwk"].clone()]).unwrap())
}

#[test]
fn the_examples_of_rfc_7515_a_2_and_a_3_are_valid() {
    for source in ["RFC 7515 A.2", "RFC 7515 A.3"] {
        let (token, ring) = rfc_example(source);
        assert_eq!(check(token.as_bytes(), &ring), Ok(()), "{source}");
    }
}

#[test]
fn the_examples_for_other_algorithms_are_refused_whatever_keys_there_are() {
    let (_, ring) = rfc_example("RFC 7515 A.2");
    let mut refused = 0;
    for example in rfc_examples() {
        if ["RFC 7515 A.2", "RFC 7515 A.3"].contains(&example["source"].as_str().unwrap()) {
            continue;
        }
        let error = check(example["jws"].as_str().unwrap().as_bytes(), &ring).unwrap_err();
        let expected = Unverified::Refused(TokenError::AlgorithmNotAllowed);
        assert_eq!(error, expected, "{}", example["source"]);
        refused += 1;
    }
    assert_eq!(refused, 4);
}

#[test]
fn a_flipped_bit_anywhere_in_a_token_refuses_it() {
    for source in ["RFC 7515 A.2", "RFC 7515 A.3"] {
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
    for source in ["RFC 7515 A.2", "RFC 7515 A.3"] {
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

#[test]
fn every_wycheproof_token_gets_its_verdict() {
    let file = include_str!("fixtures/wycheproof/json_web_signature_test.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let (mut valid, mut invalid, mut without_key) = (0, 0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = published(group);
        let is_ours = ["RS256", "ES256"].iter().any(|name| key["alg"] == *name);
        let ring = ring(std::slice::from_ref(&key));
        assert_eq!(ring.is_ok(), is_ours, "{key}");
        for test in group["tests"].as_array().unwrap() {
            let name = format!("{} {}", test["tcId"], test["comment"]);
            let Ok(ring) = &ring else {
                without_key += 1;
                continue;
            };
            let verdict = check(test["jws"].as_str().unwrap().as_bytes(), ring);
            match test["result"].as_str().unwrap() {
                "valid" => {
                    assert_eq!(verdict, Ok(()), "{name}");
                    valid += 1;
                }
                "invalid" => {
                    assert!(verdict.is_err(), "{name}");
                    invalid += 1;
                }
                result => panic!("{name} is {result}"),
            }
        }
    }
    // The last are of other algorithms, or their keys are for encryption.
    assert_eq!((valid, invalid, without_key), (10, 262, 129));
}

/// A group's key as a server would publish it: what is private is left out.
fn published(group: &Value) -> Value {
    let key = group.get("public").or_else(|| group.get("private"));
    let mut key = key.unwrap().clone();
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(name);
    }
    key
}
