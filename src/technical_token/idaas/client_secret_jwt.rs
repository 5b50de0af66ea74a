//! `CLIENT_SECRET_JWT`: an assertion signed with the secret (RFC 7523 §2.2, HS256), made elsewhere.

use super::form::{Evidence, Proof, assertion_fields};
use crate::technical_token::assertion::JWT_BEARER;

/// A client that proves itself by an assertion.
#[derive(Clone, Copy, Debug)]
pub struct ClientSecretJwt {
    /// The digest of the secret that signs, for [`Proof::digest`].
    pub key: [u8; 32],
}

impl Proof for ClientSecretJwt {
    fn fields<'a>(&'a self, evidence: Evidence<'a>) -> Option<Vec<(&'static str, &'a str)>> {
        Some(assertion_fields(JWT_BEARER, evidence.assertion?.expose()))
    }

    fn digest(&self) -> [u8; 32] {
        self.key
    }
}
