//! Clients of the recorded configurations, without the configuration's own checks.

use std::time::Duration;

use serde_json::Value;
use tenantgate::message::Endpoint;
use tenantgate::secret::Secret;
use tenantgate::technical_token::SigningKey;
use tenantgate::technical_token::idaas::{
    AccessKey, AccessKeySource, Authn, Client, ClientConfig, FormClient, OpenApiClient,
    RotatingFile, Scope,
};

use super::recorded::{FILES, text};

/// The scope of a capture.
pub fn scope(capture: &Value) -> Scope {
    Scope::parse(text(&capture["config"]["scope"])).unwrap()
}

/// The authentication method of a capture.
pub fn method(capture: &Value) -> &str {
    text(&capture["config"]["authnConfiguration"]["authnMethod"])
}

/// The client of one of the seven methods that post a form.
pub fn form_client(capture: &Value) -> FormClient {
    match Client::new(&config(capture), [0; 32]) {
        Some(Client::Form(client)) => client,
        other => panic!("{other:?}"),
    }
}

/// The client of `PLUGIN`; `None` without an access key.
pub fn openapi_client(capture: &Value) -> Option<OpenApiClient> {
    match Client::new(&config(capture), [0; 32]) {
        Some(Client::OpenApi(client)) => Some(client),
        Some(Client::Form(client)) => panic!("{client:?}"),
        None => None,
    }
}

/// What the capture's configuration says.
pub fn config(capture: &Value) -> ClientConfig {
    let config = &capture["config"];
    let own = |key: &str| text(&config[key]).to_owned();
    let host = |key: &str, cluster| {
        let host = text(&config[key]).trim_start_matches("https://");
        endpoint(&format!("https://{host}/"), cluster)
    };
    let authn = authn(capture);
    let endpoint = match authn {
        Authn::Plugin { .. } => host("openApiEndpoint", "openapi"),
        _ => endpoint(text(&config["tokenEndpoint"]), "idaas"),
    };
    ClientConfig {
        instance_id: own("idaasInstanceId"),
        client_id: own("clientId"),
        issuer: own("issuer"),
        token_endpoint: own("tokenEndpoint"),
        endpoint,
        scope: scope(capture),
        authn,
        developer_api: Some(host("developerApiEndpoint", "pam")),
        connect_timeout: ClientConfig::CONNECT_TIMEOUT,
        timeout: ClientConfig::TIMEOUT,
    }
}

fn authn(capture: &Value) -> Authn {
    let settings = &capture["config"]["authnConfiguration"];
    let own = |key: &str| text(&settings[key]).to_owned();
    let variable = |key: &str| Secret::new(text(&capture["env"][own(key)]).to_owned());
    let secret = || variable("clientSecretEnvVarName");
    let key = || SigningKey { pem: variable("privateKeyEnvVarName"), algorithm: None };
    let credential_name = || own("applicationFederatedCredentialName");
    match method(capture) {
        "CLIENT_SECRET_BASIC" => Authn::ClientSecretBasic { secret: secret() },
        "CLIENT_SECRET_JWT" => Authn::ClientSecretJwt { secret: secret() },
        "CLIENT_SECRET_POST" => Authn::ClientSecretPost { secret: secret() },
        "OIDC" => Authn::Oidc { credential_name: credential_name(), token: token_file(capture) },
        "PCA" => Authn::Pca {
            credential_name: credential_name(),
            key: key(),
            certificate: own("clientX509Certificate"),
            chain: own("x509CertChains"),
        },
        "PKCS7" => Authn::Pkcs7 { credential_name: credential_name(), metadata: metadata() },
        "PLUGIN" => Authn::Plugin { sources: sources(&capture["env"]) },
        "PRIVATE_KEY_JWT" => Authn::PrivateKeyJwt { key: key() },
        other => panic!("{other}"),
    }
}

/// The sources of an access key in the vendor's order.
fn sources(variables: &Value) -> Vec<AccessKeySource> {
    let own = |name: &str| {
        let value = variables.get(format!("ALIBABA_CLOUD_{name}"));
        value.map(|value| text(value).to_owned())
    };
    let is_on = |name: &str| own(name).as_deref() == Some("true");
    if let (Some(id), Some(secret)) = (own("ACCESS_KEY_ID"), own("ACCESS_KEY_SECRET")) {
        let security_token = own("SECURITY_TOKEN").map(Secret::new);
        let key = AccessKey { id, secret: Secret::new(secret), security_token };
        return vec![AccessKeySource::Environment(key)];
    }
    let mut sources = Vec::new();
    if let (Some(role_arn), Some(provider_arn), Some(path)) =
        (own("ROLE_ARN"), own("OIDC_PROVIDER_ARN"), own("OIDC_TOKEN_FILE"))
    {
        let region = own("STS_REGION").map_or(String::new(), |region| format!(".{region}"));
        sources.push(AccessKeySource::Rrsa {
            sts: endpoint(&format!("https://sts{region}.aliyuncs.com/"), "sts"),
            role_arn,
            provider_arn,
            session_name: own("ROLE_SESSION_NAME"),
            token: file(&path),
        });
    }
    if !is_on("ECS_METADATA_DISABLED") {
        sources.push(AccessKeySource::EcsRole {
            metadata: metadata(),
            role: own("ECS_METADATA"),
            allows_unhardened: !is_on("IMDSV1_DISABLED"),
        });
    }
    sources.extend(own("CREDENTIALS_URI").map(|uri| AccessKeySource::Uri(endpoint(&uri, "keys"))));
    sources
}

fn token_file(capture: &Value) -> RotatingFile {
    let settings = &capture["config"]["authnConfiguration"];
    let path = settings
        .get("oidcTokenFilePath")
        .or_else(|| capture["env"].get(text(settings.get("oidcTokenFilePathEnvVarName")?)));
    file(path.map_or("/var/run/secrets/kubernetes.io/serviceaccount/token", text))
}

fn file(path: &str) -> RotatingFile {
    RotatingFile {
        endpoint: endpoint(&format!("http://files{path}"), FILES),
        refresh: Duration::from_secs(60),
        timeout: Duration::from_secs(1),
    }
}

fn metadata() -> Endpoint {
    endpoint("http://100.100.100.200/", "metadata")
}

/// Where a URL leads through a cluster.
fn endpoint(url: &str, cluster: &str) -> Endpoint {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap());
    Endpoint {
        cluster: cluster.into(),
        scheme: if scheme == "https" { "https" } else { "http" },
        authority: authority.into(),
        path: path.into(),
    }
}
