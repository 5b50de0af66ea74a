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
        for (vector, answer) in vectors.iter().zip(judge.ask(&questions)) {
            let label = &vector.label;
            assert_eq!(answer.host, format!("{:?}", vector.expected), "{label}");
            // As natively and in Node: `tests/signature_vectors.rs`.
            assert_eq!(answer.wasm, format!("{:?}", vector.expected_of_software()), "{label}");
            counts.add(answer.host == "Valid", answer.calls);
        }
    }
    assert_counts(
        &counts,
        &[
            ("ES256", 173, 89, 241),
            ("ES384", 193, 87, 261),
            ("ES512", 231, 87, 304),
            ("EdDSA", 88, 63, 0),
            ("HS256", 30, 144, 0),
            ("HS384", 30, 144, 0),
            ("HS512", 30, 144, 0),
            ("PS256", 63, 45, 0),
            ("PS384", 190, 92, 0),
            ("PS512", 132, 47, 0),
            ("RS256", 24, 752, 770),
            ("RS384", 7, 251, 256),
            ("RS512", 15, 503, 514),
        ],
    );
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
    assert_counts(
        &counts,
        &[
            ("ES256", 2, 37, 22),
            ("ES512", 2, 0, 2),
            ("HS256", 10, 30, 0),
            ("PS256", 6, 44, 0),
            ("PS384", 4, 1, 0),
            ("PS512", 4, 16, 0),
            ("RFC 7515, RFC 8037", 5, 25, 3),
            ("RFC 7520, RFC 7797", 4, 23, 2),
            ("RS256", 8, 225, 224),
            ("RS384", 4, 0, 4),
            ("RS512", 4, 0, 4),
            ("for encryption", 0, 4, 0),
        ],
    );
}

#[test]
fn the_host_passes_the_self_test_of_all_that_its_function_knows() {
    let reliable = Judge::start().reliable();
    assert_eq!(reliable, ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512"]);
}

/// How many vectors were accepted and refused, and of how many the host's function was asked: of all that
/// it knows the kind of, but for signatures of a length that none can have and tokens without a right form.
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
