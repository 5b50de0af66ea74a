//! Signatures and tokens that others made: the host's function, the Rust code in Wasm and the same code
//! here give each the same verdict, which is the expected one.

use std::collections::BTreeMap;

use tenantgate::crypto::SoftwareVerifier;

use crate::judge::Judge;
use crate::vectors::question::{Question, Token};
use crate::vectors::signatures::FILES;
use crate::vectors::tokens;

#[test]
fn the_host_and_the_rust_code_agree_on_every_vector_of_signatures() {
    let judge = Judge::start();
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for file in &FILES {
        let vectors = file.vectors();
        let questions: Vec<Question> =
            vectors.iter().map(|vector| Question::Signature(vector.question.clone())).collect();
        let counts = counts.entry(file.algorithm.name().to_owned()).or_default();
        for ((vector, question), answer) in
            vectors.iter().zip(&questions).zip(judge.ask(&questions))
        {
            let label = &vector.label;
            assert_eq!(answer.host, format!("{:?}", vector.expected), "{label}");
            assert_eq!(answer.wasm, format!("{:?}", vector.expected_of_software()), "{label}");
            assert_eq!(answer.wasm, question.judged_by(&SoftwareVerifier), "{label}");
            counts.add(answer.host == "Valid", answer.calls);
        }
    }
    assert_counts(&counts, &[]);
}

#[test]
fn the_host_and_the_rust_code_agree_on_every_token() {
    let judge = Judge::start();
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for (source, vectors) in [
        ("RFC 7515, RFC 8037", tokens::rfcs()),
        ("RFC 7520, RFC 7797", tokens::cookbook()),
        ("Wycheproof", tokens::wycheproof()),
    ] {
        let question = |vector: &tokens::Vector| {
            Question::Token(Token { key: vector.key.clone(), token: vector.token.clone() })
        };
        let questions: Vec<Question> = vectors.iter().map(question).collect();
        for ((vector, question), answer) in
            vectors.iter().zip(&questions).zip(judge.ask(&questions))
        {
            let label = &vector.label;
            assert_eq!(answer.host == "Ok(())", vector.is_accepted, "{label}: {}", answer.host);
            assert_eq!(answer.wasm, answer.host, "{label}");
            assert_eq!(answer.wasm, question.judged_by(&SoftwareVerifier), "{label}");
            let kind = if source == "Wycheproof" { &vector.kind } else { source };
            counts.entry(kind.to_owned()).or_default().add(vector.is_accepted, answer.calls);
        }
    }
    assert_counts(&counts, &[]);
}

#[test]
fn the_host_passes_the_self_test_of_all_that_its_function_knows() {
    let reliable = Judge::start().reliable();
    assert_eq!(reliable, ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512"]);
}

/// How many vectors were accepted and refused, and of how many the host's function was asked.
#[derive(Debug, Default)]
struct Counts {
    accepted: usize,
    refused: usize,
    asked: usize,
}

impl Counts {
    fn add(&mut self, is_accepted: bool, calls: usize) {
        assert!(calls <= 1);
        self.asked += calls;
        if is_accepted { self.accepted += 1 } else { self.refused += 1 }
    }
}

fn assert_counts(counts: &BTreeMap<String, Counts>, expected: &[(&str, usize, usize, usize)]) {
    let counts: Vec<_> = counts
        .iter()
        .map(|(kind, counts)| (kind.as_str(), counts.accepted, counts.refused, counts.asked))
        .collect();
    assert_eq!(counts, expected);
}
