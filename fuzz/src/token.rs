//! Tokens against a fixed set of keys.

use tenantgate::crypto::SoftwareVerifier;
use tenantgate::jwt;

use super::world::{CONFIG, KEYS, NOW};

/// The only tokens that verify; the private keys are those that RFCs print.
const VALID: [&[u8]; 3] = [
    include_bytes!("../corpus/token/valid_es256"),
    include_bytes!("../corpus/token/valid_rs256"),
    include_bytes!("../corpus/token/valid_rs256_subtenant"),
];

/// Verifies a token: the valid ones pass and no other does.
pub fn run(data: &[u8]) {
    let verified = jwt::verify(data, CONFIG.issuers(), &KEYS, &SoftwareVerifier, NOW);
    match verified {
        Ok(_) => assert!(VALID.contains(&data), "a forged token is verified"),
        Err(error) => assert!(!VALID.contains(&data), "a valid token is refused: {error:?}"),
    }
}
