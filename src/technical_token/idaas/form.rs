//! The token request of the seven methods that post a form to the instance's token endpoint.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::encoding::{Blank, pairs};
use super::{Exchange, Scope};
use crate::crypto::Digest;
use crate::message::{Endpoint, HttpCall};
use crate::secret::Secret;
use crate::technical_token::preparation::{Preparation, Reading};

/// How a client proves who it is, in the form of a token request or beside it.
pub trait Proof: Send + Sync {
    /// The fields that prove it, in the order in which the vendor's client sends them; `None` while
    /// something that they need is not there.
    fn fields<'a>(&'a self, evidence: Evidence<'a>) -> Option<Vec<(&'static str, &'a str)>>;

    /// The `authorization` value that proves it.
    fn authorization(&self, _client_id: &str) -> Option<Secret<Vec<u8>>> {
        None
    }

    /// What must be read before.
    fn preparation(&self) -> Option<&dyn Preparation> {
        None
    }

    /// What the proof is of, for the meaning of tokens: a digest that changes with it and does not
    /// reveal a secret. A signing key is not seen here.
    fn digest(&self) -> [u8; 32];
}

/// As with [`crate::technical_token::Kind`].
impl fmt::Debug for dyn Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<proof>")
    }
}

/// What a proof is made of that is new for every token or every call.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The assertion that was signed for this call, where the method has one.
    pub assertion: Option<&'a Secret<String>>,
    /// What the method's preparation has read.
    pub read: &'a [Reading],
}

/// A client of an IDaaS instance that asks its token endpoint.
#[derive(Clone, Debug)]
pub struct FormClient {
    /// The token endpoint.
    pub endpoint: Endpoint,
    /// The client's id.
    pub client_id: Arc<str>,
    /// How it proves who it is.
    pub proof: Arc<dyn Proof>,
    /// How long a call may take.
    pub timeout: Duration,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Wish<'a> {
    /// A token in exchange for another (RFC 8693).
    Exchange(&'a Exchange),
    /// A token of the client.
    Token(&'a Scope),
}

impl FormClient {
    /// The call that asks. `None` while something that the proof needs is not there.
    pub fn call(&self, wish: Wish<'_>, evidence: Evidence<'_>) -> Option<HttpCall> {
        let mut fields = vec![("client_id", &*self.client_id)];
        fields.extend(self.proof.fields(evidence)?);
        match wish {
            Wish::Exchange(exchange) => fields.extend(exchange.fields()),
            Wish::Token(scope) => {
                fields.push(("grant_type", "client_credentials"));
                fields.push(("scope", scope.as_str()));
            }
        }
        let mut headers =
            vec![("content-type", Secret::new(b"application/x-www-form-urlencoded".to_vec()))];
        let authorization = self.proof.authorization(&self.client_id);
        headers.extend(authorization.map(|value| ("authorization", value)));
        Some(HttpCall {
            endpoint: self.endpoint.clone(),
            method: "POST",
            headers,
            body: Secret::new(pairs(&fields, Blank::Plus).into_bytes()),
            timeout: self.timeout,
            body_limit: HttpCall::TOKEN_ANSWER_LIMIT,
        })
    }

    /// The digest of what its tokens for a scope mean.
    pub fn meaning(&self, scope: &Scope) -> [u8; 32] {
        let digest = Digest::of(&[
            b"idaas",
            self.endpoint.cluster.as_bytes(),
            self.endpoint.scheme.as_bytes(),
            self.endpoint.authority.as_bytes(),
            self.endpoint.path.as_bytes(),
            self.client_id.as_bytes(),
            &self.proof.digest(),
            scope.as_str().as_bytes(),
        ]);
        *digest.as_bytes()
    }
}

/// The fields of a client assertion (RFC 7521 §4.2), or of what IDaaS takes for one.
pub(super) fn assertion_fields<'a>(
    kind: &'static str,
    text: &'a str,
) -> Vec<(&'static str, &'a str)> {
    vec![("client_assertion_type", kind), ("client_assertion", text)]
}

/// The same behind the name of the federated credential that it is checked by.
pub(super) fn federated_fields<'a>(
    credential: &'a str,
    kind: &'static str,
    text: &'a str,
) -> Vec<(&'static str, &'a str)> {
    let mut fields = vec![("application_federated_credential_name", credential)];
    fields.extend(assertion_fields(kind, text));
    fields
}
