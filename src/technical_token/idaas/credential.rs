//! `idaas`: tokens of a client of Alibaba Cloud IDaaS, by whichever of the eight methods it has.
//!
//! They are opaque: we cannot see for whom they are. So they never serve a subtenant, and the
//! configuration demands that `callers` names the tenants they may serve.

use std::time::Duration;

use super::{Authn, Client, ClientConfig, Evidence, Scope};
use crate::crypto::{Digest, SharedSecret};
use crate::message::{CallResponse, HttpCall};
use crate::shared::RecordKind;
#[cfg(not(target_arch = "wasm32"))]
use crate::technical_token::Destination;
use crate::technical_token::{
    AnswerError, Assertion, AssertionKey, CallError, Grant, Kind, Moment, Preparation, Reading,
    TokenRejected, Validity,
};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// A configured `idaas` credential: the client, what it asks for, and the assertions that it signs.
#[derive(Clone, Debug)]
pub struct Idaas {
    client: Client,
    scope: Scope,
    assertion: Option<Assertion>,
    #[cfg(not(target_arch = "wasm32"))]
    destinations: Vec<Destination>,
}

impl Idaas {
    /// The credential of a configuration. `None` with a key that signs nothing, or without a source of
    /// access keys: no configuration that was compiled states that.
    pub fn new(config: &ClientConfig) -> Option<Self> {
        let key = key(&config.authn)?;
        let digest = key.as_ref().map_or([0; 32], AssertionKey::digest);
        let assertion = key.map(|key| Assertion {
            audience: config.token_endpoint.as_str().into(),
            issuer: config.client_id.as_str().into(),
            subject: config.client_id.as_str().into(),
            life: ASSERTION_LIFE,
            key,
            kid: None,
            x5t_s256: None,
        });
        let client = Client::new(config, digest)?;
        Some(Self {
            client,
            scope: config.scope.clone(),
            assertion,
            #[cfg(not(target_arch = "wasm32"))]
            destinations: super::destinations::of(config),
        })
    }
}

/// What signs the assertions of a method: `Some(None)` for those that have none.
fn key(authn: &Authn) -> Option<Option<AssertionKey>> {
    let key = match authn {
        Authn::ClientSecretJwt { secret } => {
            let secret = SharedSecret::new(secret.expose().clone().into_bytes());
            AssertionKey::secret(secret, None).ok()?
        }
        Authn::Pca { key, .. } | Authn::PrivateKeyJwt { key } => key.read().ok()?,
        Authn::ClientSecretBasic { .. }
        | Authn::ClientSecretPost { .. }
        | Authn::Oidc { .. }
        | Authn::Pkcs7 { .. }
        | Authn::Plugin { .. } => return Some(None),
    };
    Some(Some(key))
}

impl Kind for Idaas {
    fn record_kind(&self) -> RecordKind {
        RecordKind::Opaque
    }

    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        let own = self.client.meaning(&self.scope);
        // No token is for a subtenant; whoever asks for one must find no other.
        subtenant
            .map_or(own, |id| *Digest::of(&[b"subtenant", &own, id.as_str().as_bytes()]).as_bytes())
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
        if subtenant.is_some() {
            return Err(CallError::SubtenantUnserved);
        }
        let make = |own: &Assertion| own.make(moment.now, moment.random, moment.signer);
        let assertion =
            self.assertion.as_ref().map(make).transpose().map_err(CallError::Unsigned)?;
        let evidence = Evidence { assertion: assertion.as_ref(), read };
        self.client.call(&self.scope, evidence, moment).ok_or(CallError::Unprepared)
    }

    fn grant(&self, response: &CallResponse) -> Result<Grant, AnswerError> {
        self.client.grant(response)
    }

    fn check(
        &self,
        _: &[u8],
        subtenant: Option<&SubtenantId>,
        _: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        match subtenant {
            Some(_) => Err(TokenRejected::SubtenantMismatch),
            None => Ok(None),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn destinations(&self) -> &[Destination] {
        &self.destinations
    }
}

/// That of the vendor's own client.
const ASSERTION_LIFE: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::message::Endpoint;
    use crate::secret::Secret;
    use crate::technical_token::preparation::MOMENT;

    fn credential(secret: &str) -> Idaas {
        let endpoint = Endpoint {
            cluster: Arc::from("idaas"),
            scheme: "https",
            authority: Arc::from("idaas.example"),
            path: Arc::from("/token"),
        };
        let config = ClientConfig {
            instance_id: "idaas_1".to_owned(),
            client_id: "app_1".to_owned(),
            issuer: "https://idaas.example".to_owned(),
            token_endpoint: "https://idaas.example/token".to_owned(),
            endpoint,
            scope: Scope::parse("a|b").unwrap(),
            authn: Authn::ClientSecretJwt { secret: Secret::new(secret.to_owned()) },
            developer_api: None,
            connect_timeout: ClientConfig::CONNECT_TIMEOUT,
            timeout: ClientConfig::TIMEOUT,
        };
        Idaas::new(&config).unwrap()
    }

    #[test]
    fn a_subtenant_has_no_token_and_finds_no_other_ones() {
        let (credential, sub) = (credential("s"), SubtenantId::parse("sub-1").unwrap());
        let call = |subtenant| credential.call(subtenant, &[], &MOMENT).map(|_| ());
        assert_eq!((call(None), call(Some(&sub))), (Ok(()), Err(CallError::SubtenantUnserved)));
        let check = |subtenant| credential.check(b"t", subtenant, MOMENT.now);
        assert_eq!(check(Some(&sub)), Err(TokenRejected::SubtenantMismatch));
        assert!(matches!(check(None), Ok(None)));
        assert_ne!(credential.meaning(None), credential.meaning(Some(&sub)));
    }

    #[test]
    fn a_token_means_another_one_with_another_secret_and_none_of_it_is_shown() {
        assert_eq!(credential("s").meaning(None), credential("s").meaning(None));
        assert_ne!(credential("s").meaning(None), credential("t").meaning(None));
        assert!(!format!("{:?}", credential("hunter2")).contains("hunter2"));
    }
}
