//! `idaas`: tokens of a client of Alibaba Cloud IDaaS, by whichever of the eight methods it has.
//!
//! They are opaque: we cannot see for whom they are. So they never serve a subtenant, and the
//! configuration demands that `callers` names the tenants they may serve.

use std::time::Duration;

use super::{Authn, Client, ClientConfig, Evidence, Exchange, Scope, SubjectToken, Wish};
use crate::crypto::{Algorithm, Digest, SharedSecret};
#[cfg(not(target_arch = "wasm32"))]
use crate::message::Endpoint;
use crate::message::{CallResponse, HttpCall};
use crate::secret::Secret;
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
            destinations: super::destinations::of(config, None),
        })
    }

    /// The same client, asking for another scope.
    pub(super) fn with_scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// Whether its method exchanges tokens of others: each that posts a form does.
    pub const fn exchanges(&self) -> bool {
        matches!(self.client, Client::Form(_))
    }

    /// The token endpoint, or the OpenAPI.
    #[cfg(not(target_arch = "wasm32"))]
    pub const fn endpoint(&self) -> &Endpoint {
        match &self.client {
            Client::Form(client) => &client.endpoint,
            Client::OpenApi(client) => &client.endpoint,
        }
    }

    /// The call that exchanges an access token.
    ///
    /// # Errors
    /// [`CallError`], as for a token of its own; also for a token that is blank.
    pub(in super::super) fn exchange(
        &self,
        token: &str,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        let Client::Form(client) = &self.client else { return Err(CallError::NotFetched) };
        let subject = SubjectToken::access_token(Secret::new(token.to_owned()));
        let subject = subject.map_err(|_| CallError::SubjectUnusable)?;
        let exchange = Exchange::new(subject, self.scope.clone());
        let assertion = self.assertion(moment)?;
        let evidence = Evidence { assertion: assertion.as_ref(), read };
        client.call(Wish::Exchange(&exchange), evidence).ok_or(CallError::Unprepared)
    }

    /// The assertion of one call, where the method has them.
    fn assertion(&self, moment: &Moment<'_>) -> Result<Option<Secret<String>>, CallError> {
        let make = |own: &Assertion| {
            let random = moment.random.ok_or(CallError::Randomless)?;
            own.make(moment.now, random, moment.signer).map_err(CallError::Unsigned)
        };
        self.assertion.as_ref().map(make).transpose()
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
        let assertion = self.assertion(moment)?;
        let evidence = Evidence { assertion: assertion.as_ref(), read };
        self.client.call(&self.scope, evidence, moment)
    }

    fn grant(&self, response: &CallResponse) -> Result<Grant, AnswerError> {
        self.client.grant(response)
    }

    fn signs_by(&self) -> Option<Algorithm> {
        self.assertion.as_ref()?.key.private_algorithm()
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
    fn destinations(&self) -> Vec<Destination> {
        self.destinations.clone()
    }
}

/// That of the vendor's own client.
const ASSERTION_LIFE: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{AccessKey, AccessKeySource, RotatingFile};
    use super::*;
    use crate::message::Endpoint;
    use crate::technical_token::preparation::MOMENT;

    fn endpoint(authority: &str) -> Endpoint {
        Endpoint {
            cluster: Arc::from("idaas"),
            scheme: "https",
            authority: Arc::from(authority),
            path: Arc::from("/token"),
        }
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn of(instance_id: &str, authn: Authn) -> Idaas {
        let config = ClientConfig {
            instance_id: instance_id.to_owned(),
            client_id: "app_1".to_owned(),
            issuer: "https://idaas.example".to_owned(),
            token_endpoint: "https://idaas.example/token".to_owned(),
            endpoint: endpoint("idaas.example"),
            scope: Scope::parse("a|b").unwrap(),
            authn,
            developer_api: None,
            connect_timeout: ClientConfig::CONNECT_TIMEOUT,
            timeout: ClientConfig::TIMEOUT,
        };
        Idaas::new(&config).unwrap()
    }

    fn credential(text: &str) -> Idaas {
        of("idaas_1", Authn::ClientSecretJwt { secret: secret(text) })
    }

    fn file(host: &str) -> RotatingFile {
        let (refresh, timeout) = (Duration::from_secs(60), Duration::from_secs(2));
        RotatingFile { endpoint: endpoint(host), refresh, timeout }
    }

    fn oidc(name: &str, host: &str) -> Authn {
        Authn::Oidc { credential_name: name.to_owned(), token: file(host) }
    }

    fn pkcs7(host: &str) -> Authn {
        Authn::Pkcs7 { credential_name: "c".to_owned(), metadata: endpoint(host) }
    }

    fn stated(id: &str, own: &str, token: Option<&str>) -> Vec<AccessKeySource> {
        let security_token = token.map(secret);
        let key = AccessKey { id: id.to_owned(), secret: secret(own), security_token };
        vec![AccessKeySource::Environment(key)]
    }

    fn role(host: &str, role: Option<&str>) -> AccessKeySource {
        AccessKeySource::EcsRole {
            metadata: endpoint(host),
            role: role.map(str::to_owned),
            allows_unhardened: true,
        }
    }

    fn rrsa([sts, role_arn, provider_arn, host]: [&str; 4]) -> Vec<AccessKeySource> {
        vec![AccessKeySource::Rrsa {
            sts: endpoint(sts),
            role_arn: role_arn.to_owned(),
            provider_arn: provider_arn.to_owned(),
            session_name: None,
            token: file(host),
        }]
    }

    #[test]
    fn a_token_means_another_one_by_each_part_of_its_proof() {
        let uri = |host: &str| AccessKeySource::Uri(endpoint(host));
        let plugins = [
            stated("i", "s", None),
            stated("j", "s", None),
            stated("i", "t", None),
            stated("i", "s", Some("t")),
            vec![role("m", None)],
            vec![role("n", None)],
            vec![role("m", Some("r"))],
            vec![uri("u")],
            vec![uri("v")],
            vec![role("m", None), uri("u")],
            rrsa(["s", "r", "p", "f"]),
            rrsa(["S", "r", "p", "f"]),
            rrsa(["s", "R", "p", "f"]),
            rrsa(["s", "r", "P", "f"]),
            rrsa(["s", "r", "p", "F"]),
        ];
        let mut ways = vec![
            ("1", Authn::ClientSecretBasic { secret: secret("s") }),
            ("1", Authn::ClientSecretPost { secret: secret("s") }),
            ("1", Authn::ClientSecretJwt { secret: secret("s") }),
            ("1", oidc("c", "f")),
            ("1", oidc("d", "f")),
            ("1", oidc("c", "g")),
            ("1", pkcs7("m")),
            ("1", pkcs7("n")),
            ("2", pkcs7("m")),
        ];
        ways.extend(plugins.map(|sources| ("1", Authn::Plugin { sources })));
        let number = ways.len();
        let mut meanings: Vec<_> =
            ways.into_iter().map(|(instance, authn)| of(instance, authn).meaning(None)).collect();
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), number);
    }

    #[test]
    fn a_subtenant_has_no_token_and_finds_no_other_ones() {
        let (credential, sub) = (credential("s"), SubtenantId::parse("sub-1").unwrap());
        let call = |subtenant| credential.call(subtenant, &[], &MOMENT).map(|_| ());
        assert_eq!((call(None), call(Some(&sub))), (Ok(()), Err(CallError::SubtenantUnserved)));
        let check = |subtenant| credential.check(b"t", subtenant, MOMENT.now);
        assert_eq!(check(Some(&sub)), Err(TokenRejected::SubtenantMismatch));
        assert!(matches!(check(None), Ok(None)));
        let moment = Moment { random: None, ..MOMENT };
        assert_eq!(credential.call(None, &[], &moment).err(), Some(CallError::Randomless));
        assert_ne!(credential.meaning(None), credential.meaning(Some(&sub)));
    }

    #[test]
    fn a_token_means_another_one_with_another_secret_and_none_of_it_is_shown() {
        assert_eq!(credential("s").meaning(None), credential("s").meaning(None));
        assert_ne!(credential("s").meaning(None), credential("t").meaning(None));
        assert!(!format!("{:?}", credential("hunter2")).contains("hunter2"));
    }
}
