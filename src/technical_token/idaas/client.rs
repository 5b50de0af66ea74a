//! The client that a configuration states: which requests it makes, and how their answers are read.

use std::sync::Arc;
use std::time::Duration;

use super::{
    AccessKey, AccessKeySource, Authn, ClientConfig, ClientSecretBasic, ClientSecretJwt,
    ClientSecretPost, CredentialChain, CredentialsUri, EcsRole, Evidence, FormClient,
    IdentityDocument, Keys, MetadataService, Oidc, OpenApiClient, Pca, Pkcs7, PrivateKeyJwt, Proof,
    Rrsa, Scope, Wish, WithoutToken, openapi_grant, token_grant,
};
use crate::crypto::Digest;
use crate::message::{CallResponse, Endpoint, HttpCall};
use crate::technical_token::preparation::{Moment, Preparation};
use crate::technical_token::{AnswerError, CallError, Grant};

/// A client of an IDaaS instance.
#[derive(Clone, Debug)]
pub enum Client {
    /// It asks the token endpoint.
    Form(FormClient),
    /// It asks through the OpenAPI.
    OpenApi(OpenApiClient),
}

impl Client {
    /// How long the metadata service may take to lend a role's key. It answers from next to the machine.
    const ROLE_TIMEOUT: Duration = Duration::from_secs(1);

    /// The client of a configuration. `key` is the digest of what signs its assertions, where its method
    /// has them. `None` without a source of access keys, which no configuration states.
    pub fn new(config: &ClientConfig, key: [u8; 32]) -> Option<Self> {
        let endpoint = config.endpoint.clone();
        let client_id = shared(&config.client_id);
        let instance_id = shared(&config.instance_id);
        let timeout = config.timeout;
        let proof: Arc<dyn Proof> = match &config.authn {
            Authn::ClientSecretBasic { secret } => {
                Arc::new(ClientSecretBasic { secret: secret.clone() })
            }
            Authn::ClientSecretJwt { .. } => Arc::new(ClientSecretJwt { key }),
            Authn::ClientSecretPost { secret } => {
                Arc::new(ClientSecretPost { secret: secret.clone() })
            }
            Authn::Oidc { credential_name, token } => {
                Arc::new(Oidc { credential: shared(credential_name), token: token.clone() })
            }
            Authn::Pca { credential_name, certificate, chain, .. } => Arc::new(Pca {
                credential: shared(credential_name),
                certificate: shared(certificate),
                chain: shared(chain),
                key,
            }),
            Authn::Pkcs7 { credential_name, metadata } => {
                let service = MetadataService { endpoint: metadata.clone(), timeout };
                let document = IdentityDocument { service, instance_id };
                Arc::new(Pkcs7 { credential: shared(credential_name), document })
            }
            Authn::Plugin { sources } => {
                let (keys, origin) = (Arc::new(keys(sources, timeout)?), origin(sources));
                let client =
                    OpenApiClient { endpoint, instance_id, client_id, keys, origin, timeout };
                return Some(Self::OpenApi(client));
            }
            Authn::PrivateKeyJwt { .. } => Arc::new(PrivateKeyJwt { key }),
        };
        Some(Self::Form(FormClient { endpoint, client_id, proof, timeout }))
    }

    /// What must be read before a token is asked for.
    pub fn preparation(&self) -> Option<&dyn Preparation> {
        match self {
            Self::Form(client) => client.proof.preparation(),
            Self::OpenApi(client) => client.keys.preparation(),
        }
    }

    /// The call that asks for a token.
    ///
    /// # Errors
    /// [`CallError`]: something that it needs is not there.
    pub fn call(
        &self,
        scope: &Scope,
        evidence: Evidence<'_>,
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        match self {
            Self::Form(client) => {
                client.call(Wish::Token(scope), evidence).ok_or(CallError::Unprepared)
            }
            Self::OpenApi(client) => client.call(scope, evidence.read, moment),
        }
    }

    /// Reads the answer to it.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn grant(&self, response: &CallResponse) -> Result<Grant, AnswerError> {
        match self {
            Self::Form(_) => token_grant(response),
            Self::OpenApi(_) => openapi_grant(response),
        }
    }

    /// The digest of what its tokens for a scope mean.
    pub fn meaning(&self, scope: &Scope) -> [u8; 32] {
        match self {
            Self::Form(client) => client.meaning(scope),
            Self::OpenApi(client) => client.meaning(scope),
        }
    }
}

/// A stated key is there whatever happens, so nothing else is ever asked.
fn keys(sources: &[AccessKeySource], timeout: Duration) -> Option<Keys> {
    let mut links: Vec<Box<dyn Preparation>> = Vec::new();
    for source in sources {
        links.push(match source {
            AccessKeySource::EcsRole { metadata, role, allows_unhardened } => {
                Box::new(ecs_role(metadata, role.as_deref(), *allows_unhardened))
            }
            AccessKeySource::Environment(key) => return Some(Keys::Stated(key.clone())),
            AccessKeySource::Rrsa { sts, role_arn, provider_arn, session_name, token } => {
                Box::new(Rrsa {
                    token: token.clone(),
                    sts: sts.clone(),
                    role_arn: shared(role_arn),
                    provider_arn: shared(provider_arn),
                    session_name: session_name.as_deref().map(shared),
                    timeout,
                })
            }
            AccessKeySource::Uri(endpoint) => {
                Box::new(CredentialsUri { endpoint: endpoint.clone(), timeout })
            }
        });
    }
    CredentialChain::new(links).map(Keys::Read)
}

/// A digest of where access keys come from; of a stated one it is a digest of the key.
fn origin(sources: &[AccessKeySource]) -> [u8; 32] {
    sources.iter().fold([0; 32], |before, source| {
        let digest = match source {
            AccessKeySource::EcsRole { metadata, role, .. } => {
                let role = role.as_deref().unwrap_or_default();
                Digest::of(&[&before, b"ecs", &metadata.digest(), role.as_bytes()])
            }
            AccessKeySource::Environment(AccessKey { id, secret, security_token }) => {
                let token = security_token.as_ref().map_or("", |token| token.expose());
                let secret = secret.expose().as_bytes();
                Digest::of(&[&before, b"stated", id.as_bytes(), secret, token.as_bytes()])
            }
            AccessKeySource::Rrsa { sts, role_arn, provider_arn, token, .. } => Digest::of(&[
                &before,
                b"rrsa",
                &sts.digest(),
                role_arn.as_bytes(),
                provider_arn.as_bytes(),
                &token.endpoint.digest(),
            ]),
            AccessKeySource::Uri(endpoint) => Digest::of(&[&before, b"uri", &endpoint.digest()]),
        };
        *digest.as_bytes()
    })
}

fn ecs_role(metadata: &Endpoint, role: Option<&str>, allows_unhardened: bool) -> EcsRole {
    let without_token =
        if allows_unhardened { WithoutToken::Allowed } else { WithoutToken::Refused };
    EcsRole {
        service: MetadataService { endpoint: metadata.clone(), timeout: Client::ROLE_TIMEOUT },
        role: role.map(shared),
        without_token,
    }
}

fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
