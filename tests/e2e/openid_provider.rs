//! A certified OpenID provider as a child process: npm's `oidc-provider`, see `tests/openid_provider/`.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::bootstrap;
use crate::development::http_client::{exchange, request};
use crate::development::identity_provider::IdentityProvider;
use crate::lab::{Setup, variable};

/// A running provider; dropping it ends the process.
pub struct OpenIdProvider {
    process: Child,
    address: SocketAddr,
    /// Of the server that asks for a certificate, if there is one.
    secure: Option<SocketAddr>,
}

/// One client of the provider.
#[derive(Clone, Copy)]
pub struct ProviderClient {
    pub id: &'static str,
    pub secret: &'static str,
    /// How it must prove who it is.
    pub authentication: &'static str,
}

/// The issuer of every provider.
pub const ISSUER: &str = "https://id.example";
/// A resource whose tokens are JWTs for the tenant `acme`, with the scopes `read` and `write`.
pub const JWT_RESOURCE: &str = "urn:example:readable";
/// A resource whose tokens only the provider can read, with the scope `read`.
pub const OPAQUE_RESOURCE: &str = "https://api.example/v1?kind=a%20b&part=1+1";

impl OpenIdProvider {
    /// Starts one that exchanges tokens of callers by the keys of `callers`.
    pub fn start(clients: &[ProviderClient], callers: &IdentityProvider) -> Self {
        let clients = clients.iter().map(|client| {
            json!({
                "client_id": client.id, "client_secret": client.secret,
                "token_endpoint_auth_method": client.authentication,
            })
        });
        Self::start_with(json!({"clients": clients.collect::<Vec<_>>()}), callers)
    }

    /// The same with the settings of `tests/openid_provider/provider.mjs`.
    pub fn start_with(settings: Value, callers: &IdentityProvider) -> Self {
        let program = variable("OPENID_PROVIDER").expect(
            "`OPENID_PROVIDER` does not name the provider: run the end-to-end tests with `make e2e`",
        );
        let is_secure = settings.get("tls").is_some();
        let mut setting = json!({
            "issuer": ISSUER, "tenant": "acme",
            "callers": format!("http://{}/token_keys", callers.address()),
            "resources": {
                JWT_RESOURCE: {"scope": "read write", "format": "jwt"},
                OPAQUE_RESOURCE: {"scope": "read", "format": "opaque"},
            },
        });
        setting.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let mut process = Command::new("node")
            .args([program, setting.to_string()])
            // It ends when this end of its input is closed, however this process ends.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node runs the provider");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let ports = lines.map_while(Result::ok).filter_map(|line| line.parse::<u16>().ok());
        let mut addresses = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let address = addresses.next().expect("the provider says where it listens");
        let secure = if is_secure { addresses.next() } else { None };
        Self { process, address, secure }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Of the server that asks for a certificate.
    pub fn secure(&self) -> SocketAddr {
        self.secure.expect("a server with TLS")
    }

    /// Adds it to a scenario's Envoy as the cluster `openid`.
    pub fn join(&self, setup: &mut Setup) {
        let cluster = bootstrap::cluster("openid", self.address);
        setup.edit = Some(Box::new(move |document, _| {
            let clusters = document["static_resources"]["clusters"].as_array_mut().unwrap();
            clusters.push(cluster.clone());
        }));
    }

    /// What the provider says of a token that only it can read (RFC 7662), to a client that
    /// proves itself by its form.
    pub fn introspect(&self, token: &str, client: ProviderClient) -> Value {
        let form = [("token", token), ("client_id", client.id), ("client_secret", client.secret)];
        let form = form.map(|(name, value)| url_encoded(name, value)).join("&");
        let fields = [("content-type", "application/x-www-form-urlencoded")];
        let answer =
            exchange(self.address, &request("POST", "/token/introspection", &fields, &form));
        answer.expect("an answer").json()
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// `name=value`, with every byte of the value escaped.
fn url_encoded(name: &str, value: &str) -> String {
    let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("{name}={escaped}")
}
