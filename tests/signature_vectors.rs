//! Signatures that others made, without a token around them, by the Rust code. How hosts judge them is
//! seen end to end (`tests/e2e/vectors.rs`).
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

use std::collections::BTreeSet;

#[cfg(not(target_arch = "wasm32"))]
use tenantgate::crypto::WideVerifier;
use tenantgate::crypto::{Algorithm, SoftwareVerifier, Verdict, envoy};

#[cfg(not(target_arch = "wasm32"))]
use vectors::question::Signature;
use vectors::question::{Key, bytes};
use vectors::signatures::FILES;

#[test]
fn every_vector_gets_its_verdict() {
    for file in &FILES {
        let (mut accepted, mut refused) = (0, 0);
        for vector in file.vectors() {
            let verdict = vector.question.judged_by(&SoftwareVerifier);
            assert_eq!(verdict, vector.expected_of_software(), "{}", vector.label);
            match vector.expected {
                Verdict::Valid => accepted += 1,
                Verdict::Invalid => refused += 1,
                Verdict::Unsupported => panic!("{}", vector.label),
            }
        }
        assert_eq!((accepted, refused), (file.accepted, file.refused), "{}", file.name);
    }
}

/// Each takes most of a second without optimisation, so of those that are refused a few.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_tool_judges_large_keys_as_hosts_do_and_all_others_as_the_filter_does() {
    let (mut accepted, mut refused) = (0, 0);
    for file in FILES.iter().filter(|file| file.name.starts_with("rsa_")) {
        let is_large = file.name.contains("8192");
        let vectors = file.vectors();
        let chosen = vectors.iter().enumerate().filter(|(index, vector)| {
            index % 50 == 0 || is_large && vector.expected == Verdict::Valid
        });
        for (_, vector) in chosen {
            let verdict = vector.question.judged_by(&WideVerifier);
            assert_eq!(verdict, vector.expected, "{}", vector.label);
            match verdict {
                Verdict::Valid => accepted += usize::from(is_large),
                Verdict::Invalid | Verdict::Unsupported => refused += usize::from(is_large),
            }
        }
    }
    assert!(accepted == 7 && refused > 3, "{accepted} {refused}");
    let pss = FILES.iter().find(|file| file.name.contains("8192")).unwrap().vectors().remove(0);
    let pss = Signature { algorithm: "PS256".to_owned(), ..pss.question };
    assert_eq!(pss.judged_by(&WideVerifier), Verdict::Unsupported, "no host computes it");
}

#[test]
fn there_are_vectors_of_each_algorithm() {
    let names: BTreeSet<&str> = FILES.iter().map(|file| file.algorithm.name()).collect();
    assert_eq!(names, Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect());
}

#[test]
fn every_key_has_the_der_that_it_is_published_with() {
    let mut keys = 0;
    for vector in FILES.iter().flat_map(|file| file.vectors()) {
        if let Key::Public(key) = vector.question.prepared().key {
            assert_eq!(key.spki_der(), vector.spki, "{}", vector.label);
            keys += 1;
        }
    }
    assert_eq!(keys, 3132);
}

/// What is refused before the host is asked must be what the Rust code refuses as well.
#[test]
fn no_valid_signature_is_kept_from_the_host() {
    let (mut asked, mut kept, mut never) = (0, 0, 0);
    for vector in FILES.iter().flat_map(|file| file.vectors()) {
        let prepared = vector.question.prepared();
        let Key::Public(key) = &prepared.key else { continue };
        let (message, signature) = (&prepared.message, &prepared.signature);
        match envoy::argument(prepared.algorithm, key, message, signature) {
            Ok(_) => asked += 1,
            Err(Verdict::Unsupported) => never += 1,
            Err(verdict) => {
                assert_eq!((verdict, vector.expected), (Verdict::Invalid, Verdict::Invalid));
                kept += 1;
            }
        }
    }
    assert_eq!((asked, kept, never), (2346, 98, 688));
}

/// RFC 8017 §5.2.2 and §8.1.2, step 1: else there would be two signatures of one message.
#[test]
fn a_signature_plus_the_modulus_is_no_signature() {
    let mut tried = BTreeSet::new();
    for file in FILES.iter().filter(|file| file.name.starts_with("rsa_")) {
        for vector in file.vectors() {
            let mut question = vector.question.clone();
            let sum = plus(&bytes(&question.signature), &bytes(&question.key[0]));
            let Some(sum) = sum.filter(|_| vector.expected == Verdict::Valid) else { continue };
            if vector.expected_of_software() == Verdict::Valid {
                question.signature = sum.iter().map(|byte| format!("{byte:02x}")).collect();
                let verdict = question.judged_by(&SoftwareVerifier);
                assert_eq!(verdict, Verdict::Invalid, "{}", vector.label);
                tried.insert(file.algorithm.name());
            }
        }
    }
    assert!(tried.contains("RS256") && tried.contains("PS256"), "{tried:?}");
}

/// The sum of two big-endian numbers of one length, if it has that length.
fn plus(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let first = other.iter().position(|byte| *byte != 0)?;
    let other = &other[first..];
    if one.len() != other.len() {
        return None;
    }
    let mut carry = 0;
    let mut sum: Vec<u8> = one
        .iter()
        .zip(other)
        .rev()
        .map(|(one, other)| {
            let total = u16::from(*one) + u16::from(*other) + carry;
            carry = total >> 8;
            total.to_le_bytes()[0]
        })
        .collect();
    sum.reverse();
    (carry == 0).then_some(sum)
}
