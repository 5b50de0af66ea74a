//! `PCA`: an assertion as of `PRIVATE_KEY_JWT`, with the certificate of the key and its chain.
//!
//! The assertion's header names no certificate: they travel in the form alone, as they are configured.

use std::sync::Arc;

use super::form::{Evidence, Proof, federated_fields};
use crate::crypto::Digest;

/// A client that proves itself by a certificate of a private authority.
#[derive(Clone, Debug)]
pub struct Pca {
    /// The name of the federated credential (`applicationFederatedCredentialName`).
    pub credential: Arc<str>,
    /// The certificate, in PEM.
    pub certificate: Arc<str>,
    /// The certificates above it, in PEM one after the other.
    pub chain: Arc<str>,
    /// The digest of the key that signs, for [`Proof::digest`]: of its public half.
    pub key: [u8; 32],
}

impl Proof for Pca {
    fn fields<'a>(&'a self, evidence: Evidence<'a>) -> Option<Vec<(&'static str, &'a str)>> {
        const KIND: &str = "urn:cloud:idaas:params:oauth:client-assertion-type:x509-jwt-bearer";
        let assertion = evidence.assertion?.expose();
        let mut fields = federated_fields(&self.credential, KIND, assertion);
        fields.push(("client_x509", &self.certificate));
        fields.push(("client_x509_chain", &self.chain));
        Some(fields)
    }

    fn digest(&self) -> [u8; 32] {
        let digest = Digest::of(&[
            b"pca",
            self.credential.as_bytes(),
            self.certificate.as_bytes(),
            self.chain.as_bytes(),
            &self.key,
        ]);
        *digest.as_bytes()
    }
}
