//! One signature in Rust. In Envoy the host computes those of RS* and ES*, and `scripts/bench.sh --signatures`
//! measures the same signatures there.

use tenantgate::crypto::{Algorithm, SoftwareVerifier, Verdict};

use crate::measure::Row;
use crate::vectors::usual::valid_signature;

/// A valid signature of each algorithm.
pub fn rows() -> Vec<Row> {
    NAMES.iter().zip(Algorithm::ALL).map(|(name, algorithm)| row(name, algorithm)).collect()
}

fn row(name: &'static str, algorithm: Algorithm) -> Row {
    let signature = valid_signature(algorithm).prepared();
    Row::new(name, move || {
        assert_eq!(signature.judged_by(&SoftwareVerifier), Verdict::Valid);
    })
}

/// In the order of [`Algorithm::ALL`].
const NAMES: [&str; Algorithm::ALL.len()] = [
    "signature_eddsa_in_rust",
    "signature_es256_in_rust",
    "signature_es384_in_rust",
    "signature_es512_in_rust",
    "signature_hs256_in_rust",
    "signature_hs384_in_rust",
    "signature_hs512_in_rust",
    "signature_ps256_in_rust",
    "signature_ps384_in_rust",
    "signature_ps512_in_rust",
    "signature_rs256_in_rust",
    "signature_rs384_in_rust",
    "signature_rs512_in_rust",
];
