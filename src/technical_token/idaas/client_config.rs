//! What the vendor's `client-config.json` says, with what the proxy adds to it: clusters, and values of
//! environment variables.

use std::time::Duration;

use super::scope::Scope;
use crate::message::Endpoint;
use crate::secret::Secret;
use crate::technical_token::SigningKey;

/// A client of one IDaaS instance: who it is, what it wants, and how it proves who it is.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The id of the IDaaS instance.
    pub instance_id: String,
    /// The id of the client.
    pub client_id: String,
    /// The issuer, an `https` URL as far as the document has one. Nothing is sent there.
    pub issuer: String,
    /// The URL of the token endpoint, always `https`, as it stands in the `aud` of assertions.
    pub token_endpoint: String,
    /// Where a token is asked for: the token endpoint; with [`Authn::Plugin`] the OpenAPI instead.
    pub endpoint: Endpoint,
    /// What is asked for.
    pub scope: Scope,
    /// How the client proves who it is.
    pub authn: Authn,
    /// The developer API, which exchanges a token for credentials of others. The path is `/`. `None`
    /// when no cluster is stated for it.
    pub developer_api: Option<Endpoint>,
    /// How long connecting may take, which is the cluster's matter: 2 to 60 s.
    pub connect_timeout: Duration,
    /// How long a call may take: 2 to 60 s.
    pub timeout: Duration,
}

/// A way of client authentication, with what it alone needs.
#[derive(Clone, Debug)]
pub enum Authn {
    /// `CLIENT_SECRET_BASIC`.
    ClientSecretBasic {
        /// The client's secret.
        secret: Secret<String>,
    },
    /// `CLIENT_SECRET_JWT`.
    ClientSecretJwt {
        /// The client's secret, whose bytes are the key of HS256.
        secret: Secret<String>,
    },
    /// `CLIENT_SECRET_POST`.
    ClientSecretPost {
        /// The client's secret.
        secret: Secret<String>,
    },
    /// `OIDC`, with the token of a Kubernetes service account.
    Oidc {
        /// `applicationFederatedCredentialName`.
        credential_name: String,
        /// Where the token is read.
        token: RotatingFile,
    },
    /// `PCA`, with a certificate of a private authority.
    Pca {
        /// `applicationFederatedCredentialName`.
        credential_name: String,
        /// The key of the certificate.
        key: SigningKey,
        /// The certificate in PEM, sent as it stands.
        certificate: String,
        /// The certificates between it and the authority in PEM, sent as they stand.
        chain: String,
    },
    /// `PKCS7`, with the signed document of an instance of Alibaba Cloud ECS.
    Pkcs7 {
        /// `applicationFederatedCredentialName`.
        credential_name: String,
        /// The metadata service. The path is `/`.
        metadata: Endpoint,
    },
    /// `PLUGIN`, with `alibabacloudPluginCredentialProvider`: a signed call of the OpenAPI.
    Plugin {
        /// Where the access key comes from: the first that has one. At least one.
        sources: Vec<AccessKeySource>,
    },
    /// `PRIVATE_KEY_JWT`.
    PrivateKeyJwt {
        /// The client's key.
        key: SigningKey,
    },
}

/// A text that is read when it is needed, because it changes.
#[derive(Clone, Debug)]
pub struct RotatingFile {
    /// Where it is read: as a rule a listener of the same proxy, which serves a file.
    pub endpoint: Endpoint,
    /// How long a worker goes on with what it has read.
    pub refresh: Duration,
    /// How long a call may take.
    pub timeout: Duration,
}

/// A place that an access key of Alibaba Cloud comes from.
#[derive(Clone, Debug)]
pub enum AccessKeySource {
    /// The RAM role of an ECS instance, by the metadata service.
    EcsRole {
        /// The metadata service. The path is `/`.
        metadata: Endpoint,
        /// The role; the service names it where this is `None`.
        role: Option<String>,
        /// Whether the service may be asked without a metadata token when it gives none.
        allows_unhardened: bool,
    },
    /// The environment.
    Environment(AccessKey),
    /// A RAM role for a Kubernetes service account (RRSA), by STS.
    Rrsa {
        /// STS. The path is `/`.
        sts: Endpoint,
        /// `RoleArn`.
        role_arn: String,
        /// `OIDCProviderArn`.
        provider_arn: String,
        /// `RoleSessionName`, where one is stated.
        session_name: Option<String>,
        /// Where the token of the service account is read.
        token: RotatingFile,
    },
    /// A server that hands a credential out.
    Uri(Endpoint),
}

/// An access key, for ever or for a while.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// Its id, which is no secret.
    pub id: String,
    /// Its secret.
    pub secret: Secret<String>,
    /// The security token of STS, which a key has that ends.
    pub security_token: Option<Secret<String>>,
}

impl ClientConfig {
    /// The scope of a document that states none.
    pub const DEFAULT_SCOPE: &str = "urn:cloud:idaas:pam|cloud_account:obtain_access_credential";

    /// How long connecting may take in a document that does not say it.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

    /// How long a call may take in a document that does not say it.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
}

impl Authn {
    /// The vendor's name for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ClientSecretBasic { .. } => "CLIENT_SECRET_BASIC",
            Self::ClientSecretJwt { .. } => "CLIENT_SECRET_JWT",
            Self::ClientSecretPost { .. } => "CLIENT_SECRET_POST",
            Self::Oidc { .. } => "OIDC",
            Self::Pca { .. } => "PCA",
            Self::Pkcs7 { .. } => "PKCS7",
            Self::Plugin { .. } => "PLUGIN",
            Self::PrivateKeyJwt { .. } => "PRIVATE_KEY_JWT",
        }
    }
}
