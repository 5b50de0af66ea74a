//! Everything on one machine: identity provider, upstream, Envoy with `envoy/ingress.yaml`, beside it
//! one with `envoy/egress.yaml`, and what stands for application keys.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::development::envoy::{Envoy, Launch, MODULE, example};
use crate::development::identity_provider::IdentityProvider;
use crate::development::signing_key::random_hex;
use crate::development::token_endpoint::Client;
use crate::development::upstream::Upstream;
use crate::error::DemoError;
use crate::key_stage::KeyStage;
use crate::place::Place;

/// The running demo; dropping it stops all of it, Envoy first.
pub struct Stage {
    place: Place,
    keys: KeyStage,
    _ingress: Envoy,
    _egress: Envoy,
    _upstream: Upstream,
    _identity_provider: IdentityProvider,
}

impl Stage {
    /// Starts everything on the ports that the files name.
    ///
    /// # Errors
    /// [`DemoError`] if the module is missing, a port is taken, or Envoy gives up.
    pub fn start() -> Result<Self, DemoError> {
        let module = variable("WASM").unwrap_or_else(|| MODULE.to_owned());
        if !Path::new(&module).is_file() {
            return Err(DemoError::ModuleMissing { path: module });
        }
        let client = Client {
            tenant: TENANT.to_owned(),
            id: "acme-service".to_owned(),
            secret: random_hex(),
        };
        let environment = [
            (CLIENT_ID.to_owned(), client.id.clone()),
            (CLIENT_SECRET.to_owned(), client.secret.clone()),
            ("MINDSPHERE_TENANT".to_owned(), client.tenant.clone()),
        ];
        let identity_provider = IdentityProvider::start(IDENTITY_PROVIDER, vec![client])
            .map_err(|error| DemoError::IdentityProvider { listen: IDENTITY_PROVIDER, error })?;
        let upstream = Upstream::start(UPSTREAM)
            .map_err(|error| DemoError::Listen { listen: UPSTREAM, error })?;

        let module = Path::new(&module);
        let ingress = serving("ingress", INGRESS, module, &environment, |text| text)?;
        let egress = serving("egress", EGRESS, module, &environment, |text| text)?;
        let gateway = ingress.listener("ingress").map_err(DemoError::Envoy)?;
        let way_out = egress.listener("egress").map_err(DemoError::Envoy)?;
        Ok(Self {
            keys: KeyStage::start(module)?,
            place: Place {
                gateway,
                egress: Some(way_out),
                identity_provider: identity_provider.address(),
            },
            _ingress: ingress,
            _egress: egress,
            _upstream: upstream,
            _identity_provider: identity_provider,
        })
    }

    pub fn place(&self) -> Place {
        self.place
    }

    pub fn keys(&self) -> &KeyStage {
        &self.keys
    }
}

/// An Envoy with `envoy/{name}.yaml` as `edit` leaves it, which leaves its files in `directory`.
///
/// # Errors
/// [`DemoError`] if a file cannot be read or written, or Envoy gives up.
pub fn serving(
    name: &str,
    directory: &str,
    module: &Path,
    environment: &[(String, String)],
    edit: impl Fn(String) -> String,
) -> Result<Envoy, DemoError> {
    let directory = Path::new(directory);
    let config = directory.join(format!("{name}.yaml"));
    fs::create_dir_all(directory).map_err(DemoError::Files)?;
    let shipped = PathBuf::from(format!("envoy/{name}.yaml"));
    let text = example(&shipped, module).map_err(DemoError::Files)?;
    fs::write(&config, edit(text)).map_err(DemoError::Files)?;
    let launch = Launch {
        binary: &PathBuf::from(variable("ENVOY").unwrap_or_else(|| "envoy".to_owned())),
        config: &config,
        directory,
        workers: 2,
        environment,
    };
    Envoy::start(&launch).map_err(DemoError::Envoy)
}

/// The client of an identity provider that runs alone, in a container.
///
/// # Errors
/// [`DemoError::VariableMissing`].
pub fn client_from_environment() -> Result<Client, DemoError> {
    let required = |name| variable(name).ok_or(DemoError::VariableMissing { name });
    Ok(Client {
        tenant: TENANT.to_owned(),
        id: required(CLIENT_ID)?,
        secret: required(CLIENT_SECRET)?,
    })
}

/// A variable that is set and not empty.
#[allow(
    clippy::disallowed_methods,
    reason = "the rule is about the core; this is a program of its own"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the gateway's log and access log go.
pub const LOG: &str = "target/demo/envoy.log";
const INGRESS: &str = "target/demo";
const EGRESS: &str = "target/demo/egress";
const TENANT: &str = "acme";
const CLIENT_ID: &str = "MINDSPHERE_CLIENT_ID";
const CLIENT_SECRET: &str = "MINDSPHERE_CLIENT_SECRET";
const IDENTITY_PROVIDER: SocketAddr = loopback(18001);
const UPSTREAM: SocketAddr = loopback(18002);

/// This port of the machine itself.
pub const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port)
}
