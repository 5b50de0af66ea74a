//! `CLIENT_SECRET_BASIC`: id and secret in `Authorization: Basic`, as they stand.
//!
//! RFC 6749 §2.3.1 would have both form-encoded first; the vendor's documentation and client do not.
//! The id is in the form as well.

use super::form::{Evidence, Proof};
use crate::crypto::Digest;
use crate::secret::Secret;
use crate::technical_token::client_authentication::{BasicEncoding, ClientCredentials};

/// The secret of a client that proves itself by it.
#[derive(Clone, Debug)]
pub struct ClientSecretBasic {
    /// The secret.
    pub secret: Secret<String>,
}

impl Proof for ClientSecretBasic {
    fn fields<'a>(&'a self, _: Evidence<'a>) -> Option<Vec<(&'static str, &'a str)>> {
        Some(Vec::new())
    }

    fn authorization(&self, client_id: &str) -> Option<Secret<Vec<u8>>> {
        let credentials = ClientCredentials::new(client_id, self.secret.clone());
        Some(credentials.proof(&[]).ok()?.basic(BasicEncoding::Raw))
    }

    fn digest(&self) -> [u8; 32] {
        *Digest::of(&[b"client secret", self.secret.expose().as_bytes()]).as_bytes()
    }
}
