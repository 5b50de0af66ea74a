//! `PRIVATE_KEY_JWT`: an assertion signed with a private key (RFC 7523 §2.2), made elsewhere.

use super::form::{Evidence, Proof, assertion_fields};
use crate::technical_token::assertion::JWT_BEARER;

/// A client that proves itself by an assertion.
#[derive(Clone, Copy, Debug)]
pub struct PrivateKeyJwt {
    /// The digest of the key that signs, for [`Proof::digest`]: of its public half.
    pub key: [u8; 32],
}

impl Proof for PrivateKeyJwt {
    fn fields<'a>(&'a self, evidence: Evidence<'a>) -> Option<Vec<(&'static str, &'a str)>> {
        Some(assertion_fields(JWT_BEARER, evidence.assertion?.expose()))
    }

    fn digest(&self) -> [u8; 32] {
        self.key
    }
}
