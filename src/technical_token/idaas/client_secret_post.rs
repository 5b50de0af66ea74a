//! `CLIENT_SECRET_POST`: the secret in the form.

use super::form::{Evidence, Proof};
use crate::crypto::Digest;
use crate::secret::Secret;

/// The secret of a client that proves itself by it.
#[derive(Clone, Debug)]
pub struct ClientSecretPost {
    /// The secret.
    pub secret: Secret<String>,
}

impl Proof for ClientSecretPost {
    fn fields<'a>(&'a self, _: Evidence<'a>) -> Option<Vec<(&'static str, &'a str)>> {
        Some(vec![("client_secret", self.secret.expose())])
    }

    fn digest(&self) -> [u8; 32] {
        *Digest::of(&[b"client secret post", self.secret.expose().as_bytes()]).as_bytes()
    }
}
