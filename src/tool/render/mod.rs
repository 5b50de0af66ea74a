//! `tenantgate render`: the files that a proxy needs to run a configuration.
//!
//! They state what `tenantgate check --envoy` asks for: `FAIL_RELOAD`, a `vm_id` of its own, a timeout for
//! idle streams, paths and hosts as they came, the client's address by the connection, the clusters and
//! the environment variables that the configuration names.

mod address;
mod cluster;
mod envoy;
mod istio;
mod mesh;
mod yaml;

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub use self::address::{AddressError, Destination, Transport};
pub(super) use self::address::{is_loopback, of_authority};
pub(super) use self::cluster::{Cluster, ServerName};
pub(super) use self::envoy::cluster as envoy_cluster;
pub(super) use self::yaml::{block, text, word};

use super::check::Missing;
use super::made_up::{MadeUp, Supposed};
use super::source::SourceError;
use super::tree::Tree;
use super::{embedded, named, source};
use crate::config::{self, Config, ConfigErrors, Environment, Quoted};
use crate::policy::Deployment;

/// What is rendered, and what the configuration cannot say.
pub struct Order<'o> {
    /// The name of the file that holds the configuration.
    pub name: &'o str,
    /// What the file holds.
    pub document: &'o [u8],
    /// The environment that the filter would see; what is not set there does not matter.
    pub environment: Environment<'o>,
    /// What the gateway is called: its plugin, listener and `vm_id`. Letters, digits and hyphens; for
    /// Istio at most 52 in lower case.
    pub gateway: String,
    /// Where the gateway listens; by default port 8080 of all addresses, on egress of loopback.
    pub listen: Option<SocketAddr>,
    /// Where Envoy's administration interface listens.
    pub admin: SocketAddr,
    /// Where requests go that pass.
    pub upstream: Destination,
    /// Where calls by each cluster go, if the configuration's own URLs do not say so.
    pub clusters: Vec<(String, Destination)>,
    /// Where the module is: a file for Envoy, a URL for Istio.
    pub module: String,
    /// The namespace of Istio's documents; on ingress by default that of Istio's own gateways. In the
    /// mesh's root namespace they are for the pods of every other one too.
    pub namespace: Option<String>,
}

/// Why nothing can be rendered.
#[derive(Debug)]
pub enum RenderError {
    /// Calls by this cluster go to several hosts.
    ClusterAmbiguous(Quoted, Vec<String>),
    /// It is said twice where this cluster is.
    ClusterRepeated(Quoted),
    /// The configuration names no such cluster.
    ClusterUnknown(Quoted),
    /// Nothing says where calls by this cluster go.
    ClusterUnstated(Quoted),
    /// The configuration has errors.
    Configuration(ConfigErrors),
    /// The file holds no configuration.
    ConfigurationMissing(Missing),
    /// The file holds several configurations.
    ConfigurationsSeveral(usize),
    /// The name of the gateway cannot be part of the names of Kubernetes (RFC 1123 §2.1).
    GatewayLabel,
    /// The name of the gateway is not made of letters, digits and hyphens.
    Name,
    /// The namespace is none that Kubernetes can have (RFC 1123 §2.1).
    Namespace,
    /// On egress nothing says which namespace the documents are for.
    NamespaceUnstated,
    /// The file cannot be read.
    Source(SourceError),
}

/// Envoy's own configuration.
///
/// # Errors
/// [`RenderError`].
pub fn envoy(order: &Order<'_>) -> Result<String, RenderError> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if order.gateway.is_empty() || !order.gateway.bytes().all(is_plain) {
        return Err(RenderError::Name);
    }
    Ok(envoy::document(&Parts::new(order, |_| false)?))
}

/// Istio's `WasmPlugin` and `EnvoyFilter`, and for each cluster a `ServiceEntry` and perhaps a
/// `DestinationRule`. In the configuration clusters have the names that the mesh has for them.
///
/// # Errors
/// [`RenderError`].
pub fn istio(order: &Order<'_>) -> Result<String, RenderError> {
    if !mesh::is_label(&order.gateway, mesh::GATEWAY_LIMIT) {
        return Err(RenderError::GatewayLabel);
    }
    let is_label = |namespace: &String| mesh::is_label(namespace, mesh::LABEL_LIMIT);
    if !order.namespace.as_ref().is_none_or(is_label) {
        return Err(RenderError::Namespace);
    }
    let parts = Parts::new(order, mesh::is_outbound)?;
    let namespace = match (&order.namespace, parts.is_egress) {
        (Some(namespace), _) => namespace,
        (None, false) => "istio-system",
        (None, true) => return Err(RenderError::NamespaceUnstated),
    };
    Ok(istio::documents(&parts, namespace))
}

/// Everything that documents are made of.
struct Parts<'o> {
    order: &'o Order<'o>,
    tree: Tree,
    is_egress: bool,
    clusters: Vec<Cluster>,
    variables: BTreeSet<String>,
    /// Longer than the filter itself lets requests wait.
    idle_timeout: Duration,
}

impl<'o> Parts<'o> {
    /// Of the clusters, those that `is_there` need no place.
    fn new(order: &'o Order<'o>, is_there: fn(&str) -> bool) -> Result<Self, RenderError> {
        let documents = source::read(order.name, order.document).map_err(RenderError::Source)?;
        let mut found = embedded::configurations(&documents).map_err(RenderError::Source)?;
        let tree = match (found.len(), found.pop()) {
            (1, Some(tree)) => tree,
            (_, None) => {
                let missing = Missing { documents: documents.len() };
                return Err(RenderError::ConfigurationMissing(missing));
            }
            (count, Some(_)) => return Err(RenderError::ConfigurationsSeveral(count)),
        };
        let supposed = Supposed::new(&tree, order.environment);
        let environment = |name: &str| supposed.value(name);
        let json = tree.hand_over().json;
        let compiled = config::compile(json.as_bytes(), &environment);
        let config = compiled.map_err(RenderError::Configuration)?.config;
        let mut variables = named::variables(&tree);
        variables.extend(named::variables_looked_for(&tree));
        variables.extend(named::chain_variables(&tree));
        let variables = variables.into_iter().map(str::to_owned).collect();
        let made_up = MadeUp::find(&tree, &json, &supposed);
        let clusters = cluster::all(order, &tree, &config, (&made_up, is_there))?;
        let idle_timeout = idle_timeout(&config);
        let is_egress = config.deployment() == Deployment::Egress;
        Ok(Self { order, tree, is_egress, clusters, variables, idle_timeout })
    }
}

/// A stream that nobody can answer any more ends after this; requests that wait end much earlier.
fn idle_timeout(config: &Config) -> Duration {
    let twice = config.limits().waiting_deadline.saturating_mul(2);
    Duration::from_secs(twice.as_secs().saturating_add(1).max(30))
}

impl fmt::Display for RenderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClusterAmbiguous(name, hosts) => write!(
                formatter,
                "calls by cluster {name} go to {}; say where it is by `--cluster NAME=HOST:PORT`, or name a cluster for each",
                hosts.join(", ")
            ),
            Self::ClusterRepeated(name) => {
                write!(formatter, "`--cluster` says twice where {name} is")
            }
            Self::ClusterUnknown(name) => {
                write!(formatter, "the configuration names no cluster {name}")
            }
            Self::ClusterUnstated(name) => write!(
                formatter,
                "nothing says where cluster {name} is; say it by `--cluster NAME=HOST:PORT`"
            ),
            Self::Configuration(errors) => write!(
                formatter,
                "the configuration cannot be used; `tenantgate check` shows where: {errors}"
            ),
            Self::ConfigurationMissing(missing) => write!(formatter, "the file {missing}"),
            Self::ConfigurationsSeveral(count) => {
                write!(formatter, "the file holds {count} configurations; give one of them alone")
            }
            Self::GatewayLabel => write!(
                formatter,
                "the name of a gateway has lower-case letters, digits and, between them, hyphens only, at most {}; state one by `--name`",
                mesh::GATEWAY_LIMIT
            ),
            Self::Namespace => write!(
                formatter,
                "a namespace has lower-case letters, digits and, between them, hyphens only, at most {}",
                mesh::LABEL_LIMIT
            ),
            Self::Name => {
                formatter.write_str("the name of a gateway has letters, digits and hyphens only")
            }
            Self::NamespaceUnstated => formatter.write_str(
                "the namespace of the program must be stated (`--namespace`): in the mesh's root namespace the documents would be for the pods of every other one too",
            ),
            Self::Source(error) => write!(
                formatter,
                "line {} column {}: {}",
                error.at.line, error.at.column, error.problem
            ),
        }
    }
}
