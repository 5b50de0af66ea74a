//! `oauth2`: the client credentials grant of any provider (RFC 6749 §4.4), client_secret_basic.
//!
//! Its tokens are opaque: we cannot see for whom they are. So they never serve a subtenant, and the
//! configuration demands that `callers` names the tenants they may serve.

use std::time::Duration;

use super::client_authentication::{BasicEncoding, ClientCredentials};
use super::{Kind, TokenRejected, Validity, form};
use crate::crypto::Digest;
use crate::message::{Endpoint, HttpCall, MediaType};
use crate::shared::RecordKind;
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// A configured `oauth2` credential.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// The token endpoint.
    pub endpoint: Endpoint,
    /// The client.
    pub client: ClientCredentials,
    /// How id and secret are put into the `Basic` value.
    pub encoding: BasicEncoding,
    /// The scopes asked for, joined by blanks; empty for none.
    pub scope: String,
    /// How long a call may take.
    pub timeout: Duration,
}

impl Kind for OAuth2 {
    fn record_kind(&self) -> RecordKind {
        RecordKind::Opaque
    }

    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        let subtenant = subtenant.map_or("", |id| id.as_str());
        let digest = Digest::of(&[
            b"oauth2",
            self.endpoint.cluster.as_bytes(),
            self.endpoint.scheme.as_bytes(),
            self.endpoint.authority.as_bytes(),
            self.endpoint.path.as_bytes(),
            self.client.id().as_bytes(),
            &self.client.secret_digest(),
            self.scope.as_bytes(),
            subtenant.as_bytes(),
        ]);
        *digest.as_bytes()
    }

    fn call(&self, subtenant: Option<&SubtenantId>) -> Option<HttpCall> {
        if subtenant.is_some() {
            return None;
        }
        let mut body = Vec::new();
        form::push(&mut body, "grant_type", "client_credentials");
        if !self.scope.is_empty() {
            form::push(&mut body, "scope", &self.scope);
        }
        let proof = ("authorization", self.client.basic(self.encoding));
        Some(HttpCall::post(&self.endpoint, Some(proof), (MediaType::Form, body), self.timeout))
    }

    fn check(
        &self,
        _token: &[u8],
        subtenant: Option<&SubtenantId>,
        _now: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        if subtenant.is_some() { Err(TokenRejected::SubtenantMismatch) } else { Ok(None) }
    }
}
