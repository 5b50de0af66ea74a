//! `oauth2`: the client credentials grant of any provider (RFC 6749 §4.4).
//!
//! Its tokens are opaque: we cannot see for whom they are. So they never serve a subtenant, and the
//! configuration demands that `callers` names the tenants they may serve.

use std::time::Duration;

#[cfg(not(target_arch = "wasm32"))]
use super::Destination;
use super::client::Client;
use super::{CallError, Kind, Moment, Preparation, Reading, TokenRejected, Validity, form};
use crate::crypto::{Algorithm, Digest};
use crate::message::{Endpoint, HttpCall, MediaType};
use crate::secret::Secret;
use crate::shared::RecordKind;
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// A configured `oauth2` credential.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// The token endpoint.
    pub endpoint: Endpoint,
    /// The client, and how it proves who it is.
    pub client: Client,
    /// What is asked for.
    pub wanted: Wanted,
    /// How long a call may take.
    pub timeout: Duration,
}

/// What is asked for besides a token of the client.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The scopes, joined by blanks; empty for none.
    pub scope: String,
    /// The `audience`, which some providers know.
    pub audience: Option<String>,
    /// Each `resource` (RFC 8707 §2).
    pub resources: Vec<String>,
    /// Further parameters, in the order of their names. They may be confidential.
    pub parameters: Vec<(String, Secret<String>)>,
}

impl Wanted {
    /// Adds it to a form.
    fn push_to(&self, body: &mut Vec<u8>) {
        if !self.scope.is_empty() {
            form::push(body, "scope", &self.scope);
        }
        if let Some(audience) = &self.audience {
            form::push(body, "audience", audience);
        }
        for resource in &self.resources {
            form::push(body, "resource", resource);
        }
        for (name, value) in &self.parameters {
            form::push(body, name, value.expose());
        }
    }
}

impl OAuth2 {
    /// The call for a grant with these parameters of its own.
    ///
    /// # Errors
    /// [`CallError::Unprepared`] without what the client proves itself by, [`CallError::Unsigned`] if a
    /// key does not sign.
    pub(super) fn post(
        &self,
        grant_type: &str,
        own: &[(&str, &str)],
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        // Room for all of it at once: a buffer that grows leaves copies of a token behind.
        let own_length: usize = own.iter().map(|(name, value)| name.len() + 3 * value.len()).sum();
        let mut body = Vec::with_capacity(own_length + 1024);
        form::push(&mut body, "grant_type", grant_type);
        let proof = self.client.prove(&mut body, read, moment)?;
        let proof = proof.map(|value| ("authorization", value));
        for (name, value) in own {
            form::push(&mut body, name, value);
        }
        self.wanted.push_to(&mut body);
        Ok(HttpCall::post(&self.endpoint, proof, (MediaType::Form, body), self.timeout))
    }
}

impl Kind for OAuth2 {
    fn record_kind(&self) -> RecordKind {
        RecordKind::Opaque
    }

    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        // No two different wishes have the same form: names and values are encoded.
        let mut wanted = Vec::new();
        self.wanted.push_to(&mut wanted);
        let wanted = Secret::new(wanted);
        let digest = Digest::of(&[
            b"oauth2",
            self.endpoint.cluster.as_bytes(),
            self.endpoint.scheme.as_bytes(),
            self.endpoint.authority.as_bytes(),
            self.endpoint.path.as_bytes(),
            self.client.id().as_bytes(),
            &self.client.digest(),
            wanted.expose(),
            subtenant.map_or("", |id| id.as_str()).as_bytes(),
        ]);
        *digest.as_bytes()
    }

    fn preparation(&self) -> Option<&dyn Preparation> {
        self.client.preparation()
    }

    fn call(
        &self,
        subtenant: Option<&SubtenantId>,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        match subtenant {
            None => self.post("client_credentials", &[], read, moment),
            Some(_) => Err(CallError::SubtenantUnserved),
        }
    }

    fn check(
        &self,
        _token: &[u8],
        subtenant: Option<&SubtenantId>,
        _now: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        if subtenant.is_some() { Err(TokenRejected::SubtenantMismatch) } else { Ok(None) }
    }

    fn signs_by(&self) -> Option<Algorithm> {
        // A key in a file is as a rule behind a listener within the proxy, which no thread but workers reach.
        self.client.signs_by().filter(|_| self.client.preparation().is_none())
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn destinations(&self) -> Vec<Destination> {
        self.client.destinations(&self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::technical_token::preparation::MOMENT;
    use crate::technical_token::{BasicEncoding, ClientCredentials, SecretPlace};

    fn client(place: SecretPlace) -> Client {
        let secret = Secret::new("s3cr3t".to_owned());
        Client::Secret(ClientCredentials::new("client", secret), place)
    }

    fn credential() -> OAuth2 {
        OAuth2 {
            endpoint: Endpoint {
                cluster: Arc::from("id"),
                scheme: "https",
                authority: Arc::from("id.example"),
                path: Arc::from("/token"),
            },
            client: client(SecretPlace::Post),
            wanted: Wanted::default(),
            timeout: Duration::from_secs(5),
        }
    }

    #[test]
    fn a_subtenants_token_is_neither_asked_for_nor_accepted() {
        let cust = SubtenantId::parse("cust").unwrap();
        assert_eq!(
            credential().call(Some(&cust), &[], &MOMENT).err(),
            Some(CallError::SubtenantUnserved)
        );
        let now = Timestamp::from_seconds(1);
        let rejected = Err(TokenRejected::SubtenantMismatch);
        assert_eq!(credential().check(b"opaque", Some(&cust), now), rejected);
        assert_eq!(credential().check(b"opaque", None, now), Ok(None));
    }

    #[test]
    fn meanings_differ_by_all_that_is_asked_for_and_not_by_the_way_of_proof() {
        let parameter = |name: &str, value: &str| (name.to_owned(), Secret::new(value.to_owned()));
        let wishes = [
            Wanted::default(),
            Wanted { scope: "a".to_owned(), ..Wanted::default() },
            Wanted { scope: "a b".to_owned(), ..Wanted::default() },
            Wanted { audience: Some("a".to_owned()), ..Wanted::default() },
            Wanted { resources: vec!["a:b".to_owned()], ..Wanted::default() },
            Wanted { resources: vec!["a:b".to_owned(), "a:c".to_owned()], ..Wanted::default() },
            Wanted { resources: vec!["a:b&resource=a:c".to_owned()], ..Wanted::default() },
            Wanted { parameters: vec![parameter("a", "b")], ..Wanted::default() },
            Wanted {
                parameters: vec![parameter("a", "b"), parameter("c", "d")],
                ..Wanted::default()
            },
            Wanted { parameters: vec![parameter("a", "b&c=d")], ..Wanted::default() },
        ];
        let mut meanings = Vec::new();
        for wanted in &wishes {
            let one = OAuth2 { wanted: wanted.clone(), ..credential() };
            let basic = client(SecretPlace::Basic(BasicEncoding::Raw));
            let other = OAuth2 { client: basic, ..one.clone() };
            assert_eq!(one.meaning(None), other.meaning(None));
            meanings.push(one.meaning(None));
        }
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), wishes.len());
    }
}
