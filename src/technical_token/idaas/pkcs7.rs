//! `PKCS7`: the identity document that the cloud signs for a machine.

use std::sync::Arc;

use super::IdentityDocument;
use super::form::{Evidence, Proof, federated_fields};
use super::readings::Mark;
use crate::crypto::Digest;
use crate::technical_token::preparation::Preparation;

/// A client that proves itself by the machine that it runs on.
#[derive(Clone, Debug)]
pub struct Pkcs7 {
    /// The name of the federated credential (`applicationFederatedCredentialName`).
    pub credential: Arc<str>,
    /// Where the document is read.
    pub document: IdentityDocument,
}

impl Proof for Pkcs7 {
    fn fields<'a>(&'a self, evidence: Evidence<'a>) -> Option<Vec<(&'static str, &'a str)>> {
        const KIND: &str = "urn:cloud:idaas:params:oauth:client-assertion-type:pkcs7-bearer";
        let document = std::str::from_utf8(Mark::Document.among(evidence.read)?).ok()?;
        Some(federated_fields(&self.credential, KIND, document))
    }

    fn preparation(&self) -> Option<&dyn Preparation> {
        Some(&self.document)
    }

    fn digest(&self) -> [u8; 32] {
        let IdentityDocument { service, instance_id } = &self.document;
        let digest = Digest::of(&[
            b"pkcs7",
            self.credential.as_bytes(),
            &service.endpoint.digest(),
            instance_id.as_bytes(),
        ]);
        *digest.as_bytes()
    }
}
