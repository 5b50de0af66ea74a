//! Tokens that others made, at the JWS layer: their payloads are no claims of ours.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests stop at the first surprise"
)]

// In Node `#[test]` is wasm-bindgen's.
#[cfg(target_os = "unknown")]
#[macro_use]
extern crate tenantgate_node_test;

#[allow(dead_code, reason = "the other tests of vectors use the rest")]
mod vectors;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tenantgate::crypto::{Algorithm, SoftwareVerifier};
use tenantgate::jwt::{
    JwkSet, KeyRing, SkippedKey, TokenError, Unusable, Unverified, check_signature,
};

use vectors::question::{self, KEYS, ring_of};
use vectors::tokens;

fn check(token: &[u8], ring: &KeyRing) -> Result<(), Unverified> {
    question::check(token, ring, &SoftwareVerifier)
}

fn rfc_example(source: &str) -> (String, KeyRing) {
    let examples = tokens::rfc_examples();
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
        let ring = ring_of(&key).unwrap();
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
    let example =
        tokens::rfc_examples().into_iter().find(|one| one["source"] == "RFC 7515 A.5").unwrap();
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
                Unverified::KeyUnknown(question::KEYS)
            };
            assert_eq!(check(token.as_bytes(), &ring), Err(expected), "{source} by {other}");
        }
    }
}

#[test]
fn of_the_examples_of_rfc_7520_and_rfc_7797_only_whole_compact_tokens_are_valid() {
    let (mut compact, mut others) = (0, 0);
    for vector in tokens::cookbook() {
        let ring = ring_of(&vector.key).unwrap();
        let expected = match vector.kind.as_str() {
            "4.5 compact" => Some(TokenError::SignatureInvalid),
            "RFC 7797 compact" => Some(TokenError::HeaderUnsupported),
            kind if kind.ends_with(" json") || kind.ends_with(" json_flat") => {
                Some(TokenError::Malformed)
            }
            _ => None,
        };
        if vector.kind.ends_with(" compact") {
            compact += 1
        } else {
            others += 1
        }
        assert_eq!(expected.is_none(), vector.is_accepted, "{}", vector.label);
        let expected = expected.map_or(Ok(()), |error| Err(Unverified::Refused(error)));
        assert_eq!(check(vector.token.as_bytes(), &ring), expected, "{}", vector.label);
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

#[test]
fn every_wycheproof_token_gets_its_verdict() {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut without_key = 0;
    for vector in tokens::wycheproof() {
        let (accepted, refused) = counts.entry(vector.kind).or_default();
        let is_accepted = match ring_of(&vector.key) {
            Ok(ring) => check(vector.token.as_bytes(), &ring).is_ok(),
            Err(_) => {
                assert_eq!(skipped(&vector.key), Unusable::Purpose, "{}", vector.label);
                without_key += 1;
                false
            }
        };
        assert_eq!(is_accepted, vector.is_accepted, "{}", vector.label);
        if is_accepted { *accepted += 1 } else { *refused += 1 }
    }
    let counts: Vec<(&str, usize, usize)> =
        counts.iter().map(|(name, (valid, invalid))| (name.as_str(), *valid, *invalid)).collect();
    let expected = [
        ("ES256", 2, 37),
        ("ES512", 2, 0),
        ("HS256", 10, 30),
        ("PS256", 6, 44),
        ("PS384", 4, 1),
        ("PS512", 4, 16),
        ("RS256", 8, 225),
        ("RS384", 4, 0),
        ("RS512", 4, 0),
        ("for encryption", 0, 4),
    ];
    assert_eq!(counts, expected);
    assert_eq!(without_key, 4);
    assert_eq!(counts.iter().map(|(_, valid, invalid)| valid + invalid).sum::<usize>(), 401);
}

#[test]
fn a_key_for_an_algorithm_that_does_not_exist_is_not_used() {
    let mut vectors = tokens::wycheproof().into_iter();
    let mut key = vectors.find(|vector| vector.kind == "ES512").unwrap().key;
    // As Wycheproof names ES512.
    key["alg"] = json!("ES521");
    assert_eq!(skipped(&key), Unusable::Algorithm);
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
        let mut key = tokens::published(&example["input"]["key"]);
        key["alg"] = json!(algorithm);
        assert_eq!(check(token.as_bytes(), &ring_of(&key).unwrap()), expected, "{algorithm}");
    }
}

/// Why the only key of a set is not used.
fn skipped(key: &Value) -> Unusable {
    let good = tokens::rfc_examples()[2]["jwk"].clone();
    let set = json!({ "keys": [key, good] }).to_string();
    match JwkSet::parse(set.as_bytes()).unwrap().skipped() {
        [SkippedKey { position: 0, reason, .. }] => *reason,
        skipped => panic!("{skipped:?}"),
    }
}
