//! What a proxy needs to be this client: the credential of its configuration, variables and clusters.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::account::{
    ACCESS_KEY_ID, ACCESS_KEY_SECRET, CLIENT, DEVELOPER_API_HOST, INSTANCE, ISSUER,
    OIDC_CREDENTIAL, OPEN_API_HOST, PCA_CREDENTIAL, PKCS7_CREDENTIAL, PROVIDER_ARN, ROLE_ARN,
    SCOPE, SECURITY_TOKEN, TOKEN_ENDPOINT,
};
use super::method::{Method, Source};

/// How a client of the recorded requests is set up. Its variables are its own, but for those that the
/// vendor's client gives names to: two clients with [`Method::Plugin`] share their source.
#[derive(Clone, Debug)]
pub struct Client {
    /// The name of the credential.
    pub name: String,
    pub method: Method,
    pub scope: String,
    pub secret: String,
    /// In PEM.
    pub private_key: String,
    /// In PEM, as is the chain.
    pub certificate: String,
    pub chain: String,
    pub source: Source,
    /// How the private key signs, where not by the algorithm that follows from it.
    pub algorithm: Option<&'static str>,
    /// Whether the developer API is called with the token.
    pub uses_developer_api: bool,
}

/// What is added to a proxy.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The entry of `credentials`.
    pub credential: Value,
    pub environment: Vec<(String, String)>,
    /// All of them lead to the one socket of the provider.
    pub clusters: Vec<(&'static str, SocketAddr)>,
}

impl Client {
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    #[must_use]
    pub fn with_scope(self, scope: &str) -> Self {
        Self { scope: scope.to_owned(), ..self }
    }

    #[must_use]
    pub fn with_secret(self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self }
    }

    #[must_use]
    pub fn with_private_key(self, pem: &str) -> Self {
        Self { private_key: pem.to_owned(), ..self }
    }

    #[must_use]
    pub fn with_certificate(self, leaf: &str, chain: &str) -> Self {
        Self { certificate: leaf.to_owned(), chain: chain.to_owned(), ..self }
    }

    #[must_use]
    pub fn with_source(self, source: Source) -> Self {
        Self { source, ..self }
    }

    #[must_use]
    pub fn with_algorithm(self, name: &'static str) -> Self {
        Self { algorithm: Some(name), ..self }
    }

    #[must_use]
    pub fn with_developer_api(self) -> Self {
        Self { uses_developer_api: true, ..self }
    }

    /// The vendor's `client-config.json`.
    pub fn document(&self) -> Value {
        let mut authn = json!({"identityType": "CLIENT", "authnMethod": self.method.name()});
        if let (Some(members), Some(more)) = (authn.as_object_mut(), self.authn().as_object()) {
            members.extend(more.clone());
        }
        json!({
            "idaasInstanceId": INSTANCE, "clientId": CLIENT, "issuer": ISSUER,
            "tokenEndpoint": TOKEN_ENDPOINT, "scope": self.scope, "openApiEndpoint": OPEN_API_HOST,
            "developerApiEndpoint": DEVELOPER_API_HOST, "authnConfiguration": authn,
            "httpConfiguration": {"connectTimeout": 5000, "readTimeout": 10000},
        })
    }

    /// The variables that a process with this client needs.
    pub fn environment(&self) -> Vec<(String, String)> {
        let own = |(name, value): (String, &str)| vec![(name, value.to_owned())];
        match self.method {
            Method::ClientSecretBasic | Method::ClientSecretJwt | Method::ClientSecretPost => {
                own((self.variable("SECRET"), &self.secret))
            }
            Method::Pca | Method::PrivateKeyJwt => {
                own((self.variable("PRIVATE_KEY"), &self.private_key))
            }
            Method::Oidc | Method::Pkcs7 => Vec::new(),
            Method::Plugin => {
                let pairs = self.source_environment();
                pairs
                    .iter()
                    .map(|(name, value)| (format!("ALIBABA_CLOUD_{name}"), (*value).to_owned()))
                    .collect()
            }
        }
    }

    /// All that is added to a proxy, with the provider at this address.
    pub fn join(&self, provider: SocketAddr) -> Joined {
        let mut credential = Map::new();
        credential.insert("name".to_owned(), json!(self.name));
        credential.insert("callers".to_owned(), json!("any"));
        credential.insert("idaas".to_owned(), self.document());
        credential.insert("clusters".to_owned(), self.clusters());
        let source = (self.method == Method::Plugin).then_some(self.source);
        if self.method == Method::Oidc || source == Some(Source::Rrsa) {
            credential.insert(
                "service_account_token".to_owned(),
                json!({"cluster": FILE_CLUSTER, "uri": TOKEN_FILE_URI, "allow_plaintext": true}),
            );
        }
        if source == Some(Source::CredentialsUri) {
            credential.insert("allow_plaintext".to_owned(), json!(true));
        }
        if let Some(algorithm) = self.algorithm {
            credential.insert("algorithm".to_owned(), json!(algorithm));
        }
        Joined {
            credential: Value::Object(credential),
            environment: self.environment(),
            clusters: CLUSTERS.map(|name| (name, provider)).to_vec(),
        }
    }

    /// The clusters that this client needs, by what they are for.
    fn clusters(&self) -> Value {
        let mut clusters = Map::new();
        let mut add = |purpose: &str, cluster: &str| {
            clusters.insert(purpose.to_owned(), json!(cluster));
        };
        match self.method {
            Method::ClientSecretBasic
            | Method::ClientSecretJwt
            | Method::ClientSecretPost
            | Method::Oidc
            | Method::Pca
            | Method::PrivateKeyJwt => add("token", TOKEN_CLUSTER),
            Method::Pkcs7 => {
                add("token", TOKEN_CLUSTER);
                add("metadata", METADATA_CLUSTER);
            }
            Method::Plugin => {
                add("open_api", OPEN_API_CLUSTER);
                match self.source {
                    Source::CredentialsUri => add("credentials_uri", CREDENTIALS_CLUSTER),
                    Source::EcsRole => add("metadata", METADATA_CLUSTER),
                    Source::Rrsa => add("sts", STS_CLUSTER),
                    Source::DeveloperApi | Source::Environment | Source::EnvironmentSts => {}
                }
            }
        }
        if self.uses_developer_api {
            add("developer_api", DEVELOPER_API_CLUSTER);
        }
        Value::Object(clusters)
    }

    fn authn(&self) -> Value {
        match self.method {
            Method::ClientSecretBasic | Method::ClientSecretJwt | Method::ClientSecretPost => {
                json!({"clientSecretEnvVarName": self.variable("SECRET")})
            }
            Method::Oidc => json!({
                "applicationFederatedCredentialName": OIDC_CREDENTIAL, "clientDeployEnvironment": "KUBERNETES",
                "oidcTokenFilePath": "/var/run/secrets/idaas/token",
            }),
            Method::Pca => json!({
                "applicationFederatedCredentialName": PCA_CREDENTIAL,
                "clientX509Certificate": self.certificate, "x509CertChains": self.chain,
                "privateKeyEnvVarName": self.variable("PRIVATE_KEY"),
            }),
            Method::Pkcs7 => json!({
                "applicationFederatedCredentialName": PKCS7_CREDENTIAL,
                "clientDeployEnvironment": "ALIBABA_CLOUD_ECS",
            }),
            Method::Plugin => json!({"pluginName": "alibabacloudPluginCredentialProvider"}),
            Method::PrivateKeyJwt => json!({"privateKeyEnvVarName": self.variable("PRIVATE_KEY")}),
        }
    }

    /// Without `ALIBABA_CLOUD_`.
    fn source_environment(&self) -> &'static [(&'static str, &'static str)] {
        match self.source {
            Source::CredentialsUri => &[NO_METADATA, ("CREDENTIALS_URI", CREDENTIALS_URI)],
            // The metadata service is asked where nothing else is set.
            Source::DeveloperApi | Source::EcsRole => &[],
            Source::Environment => &[
                NO_METADATA,
                ("ACCESS_KEY_ID", ACCESS_KEY_ID),
                ("ACCESS_KEY_SECRET", ACCESS_KEY_SECRET),
            ],
            Source::EnvironmentSts => &[
                NO_METADATA,
                ("ACCESS_KEY_ID", ACCESS_KEY_ID),
                ("ACCESS_KEY_SECRET", ACCESS_KEY_SECRET),
                ("SECURITY_TOKEN", SECURITY_TOKEN),
            ],
            Source::Rrsa => &[
                NO_METADATA,
                ("ROLE_ARN", ROLE_ARN),
                ("OIDC_PROVIDER_ARN", PROVIDER_ARN),
                ("OIDC_TOKEN_FILE", "/var/run/secrets/idaas/token"),
                ("ROLE_SESSION_NAME", "made-up-session"),
            ],
        }
    }

    fn variable(&self, what: &str) -> String {
        format!("{}_{what}", self.name.to_ascii_uppercase().replace('-', "_"))
    }
}

const NO_METADATA: (&str, &str) = ("ECS_METADATA_DISABLED", "true");
/// Where a credential is handed out.
pub const CREDENTIALS_URI: &str = "http://idaas.example.test/creds?x=1";
/// Where the token of the service account is served.
pub const TOKEN_FILE_URI: &str = "http://service-account.example.test/token";

pub const TOKEN_CLUSTER: &str = "idaas";
pub const OPEN_API_CLUSTER: &str = "idaas-open-api";
pub const DEVELOPER_API_CLUSTER: &str = "idaas-developer-api";
pub const METADATA_CLUSTER: &str = "ecs-metadata";
pub const STS_CLUSTER: &str = "sts";
pub const CREDENTIALS_CLUSTER: &str = "credentials";
pub const FILE_CLUSTER: &str = "service-account-token";
/// A service that checks signatures.
pub const SERVICE_CLUSTER: &str = "service";
const CLUSTERS: [&str; 8] = [
    TOKEN_CLUSTER,
    OPEN_API_CLUSTER,
    DEVELOPER_API_CLUSTER,
    METADATA_CLUSTER,
    STS_CLUSTER,
    CREDENTIALS_CLUSTER,
    FILE_CLUSTER,
    SERVICE_CLUSTER,
];

/// What a client has unless a test says otherwise.
pub fn usual(
    method: Method,
    secret: &str,
    private_key: &str,
    certificate: &str,
    chain: &str,
) -> Client {
    Client {
        name: method.name().to_ascii_lowercase().replace('_', "-"),
        method,
        scope: SCOPE.to_owned(),
        secret: secret.to_owned(),
        private_key: private_key.to_owned(),
        certificate: certificate.to_owned(),
        chain: chain.to_owned(),
        source: Source::Environment,
        algorithm: None,
        uses_developer_api: false,
    }
}
