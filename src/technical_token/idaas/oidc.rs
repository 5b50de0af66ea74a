//! `OIDC`: the service account token that Kubernetes gives a pod.

use std::sync::Arc;

use super::RotatingFile;
use super::form::{Evidence, Proof, federated_fields};
use super::service_account::ServiceAccountToken;
use crate::crypto::Digest;
use crate::technical_token::preparation::Preparation;

/// A client that proves itself by the service account of its pod.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// The name of the federated credential (`applicationFederatedCredentialName`).
    pub credential: Arc<str>,
    /// Where the token is read.
    pub token: RotatingFile,
}

impl Proof for Oidc {
    fn fields<'a>(&'a self, evidence: Evidence<'a>) -> Option<Vec<(&'static str, &'a str)>> {
        const KIND: &str = "urn:cloud:idaas:params:oauth:client-assertion-type:id-token-bearer";
        let token = ServiceAccountToken::among(evidence.read)?;
        Some(federated_fields(&self.credential, KIND, token))
    }

    fn preparation(&self) -> Option<&dyn Preparation> {
        Some(&self.token)
    }

    fn digest(&self) -> [u8; 32] {
        *Digest::of(&[b"oidc", self.credential.as_bytes(), &self.token.endpoint.digest()])
            .as_bytes()
    }
}
