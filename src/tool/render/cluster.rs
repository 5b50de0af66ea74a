//! The clusters that a configuration names: where they are, and what is spoken with them.

use std::collections::{BTreeMap, BTreeSet};

use super::address::{self, Destination, Transport};
use super::{Order, RenderError};
use crate::config::{Config, KeyOwner, KeySource, KeyStore, Quoted};
use crate::message::{Endpoint, HttpCall};
use crate::technical_token::Source;
use crate::tool::calls;
use crate::tool::made_up::MadeUp;
use crate::tool::named;
use crate::tool::tree::Tree;

/// A cluster, by the name that the configuration has for it.
pub(in crate::tool) struct Cluster {
    pub(in crate::tool) name: String,
    /// A name, or an address without brackets.
    pub(in crate::tool) host: String,
    pub(in crate::tool) port: u16,
    /// Whose name the server has to prove by TLS; without, nobody proves anything.
    pub(in crate::tool) proof: Option<ServerName>,
}

/// The name that a server has to prove.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::tool) enum ServerName {
    /// The host of each call: its URLs name several, or one that is not known here.
    OfEachCall,
    /// This one.
    One(String),
}

/// Where a URL leads.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Place {
    host: String,
    port: u16,
    is_https: bool,
}

/// All clusters of a configuration: where the order says, else where its calls go.
pub(super) fn all(
    order: &Order<'_>,
    tree: &Tree,
    config: &Config,
    (made_up, is_there): (&MadeUp, fn(&str) -> bool),
) -> Result<Vec<Cluster>, RenderError> {
    let names = named::clusters(tree);
    let mut stated = BTreeMap::new();
    for (name, destination) in &order.clusters {
        let quoted = || Quoted::from(name.as_str());
        if !names.contains(name.as_str()) {
            return Err(RenderError::ClusterUnknown(quoted()));
        }
        if stated.insert(name.as_str(), destination).is_some() {
            return Err(RenderError::ClusterRepeated(quoted()));
        }
    }
    let called = called(tree, config, made_up);
    let nowhere = BTreeSet::new();
    let cluster = |name| {
        let places = called.get(name).unwrap_or(&nowhere);
        match stated.get(name) {
            Some(destination) => Ok(at(name, destination, places)),
            None => single(name, places),
        }
    };
    let names = names.into_iter().filter(|name| stated.contains_key(name) || !is_there(name));
    names.map(cluster).collect()
}

/// A cluster that is there. Over TLS, unless all its URLs are plain or it is said not to be: a secret in
/// the clear must not come of a word that was left out.
fn at(name: &str, destination: &Destination, places: &BTreeSet<Place>) -> Cluster {
    let is_https = places.is_empty() || places.iter().any(|place| place.is_https);
    let proof = match destination.transport {
        Some(Transport::Plaintext) => None,
        Some(Transport::Tls) => Some(server_name(places)),
        None => is_https.then(|| server_name(places)),
    };
    let Destination { host, port, transport: _ } = destination.clone();
    Cluster { name: name.to_owned(), host, port, proof }
}

fn server_name(places: &BTreeSet<Place>) -> ServerName {
    let hosts: BTreeSet<_> = places.iter().map(|place| &place.host).collect();
    match (hosts.first(), hosts.len()) {
        (Some(host), 1) => ServerName::One((*host).clone()),
        (Some(_) | None, _) => ServerName::OfEachCall,
    }
}

fn single(name: &str, places: &BTreeSet<Place>) -> Result<Cluster, RenderError> {
    let mut all = places.iter();
    match (all.next(), all.next()) {
        (Some(Place { host, port, is_https }), None) => Ok(Cluster {
            name: name.to_owned(),
            host: host.clone(),
            port: *port,
            proof: is_https.then(|| ServerName::One(host.clone())),
        }),
        (None, _) => Err(RenderError::ClusterUnstated(Quoted::from(name))),
        (Some(_), Some(_)) => {
            let hosts = places.iter().map(|place| Quoted::from(place.host.as_str()).to_string());
            Err(RenderError::ClusterAmbiguous(Quoted::from(name), hosts.collect()))
        }
    }
}

/// Where the calls by each cluster go, as far as that does not depend on a tenant that was made up.
fn called(tree: &Tree, config: &Config, made_up: &MadeUp) -> BTreeMap<String, BTreeSet<Place>> {
    let mut called: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
    let mut add = |cluster: &str, scheme: &str, authority: &str| {
        let place = address::of_authority(scheme, authority);
        let place = place.map(|(host, port)| Place { host, port, is_https: scheme == "https" });
        called.entry(cluster.to_owned()).or_default().extend(place);
    };
    let is_known = |source: &&KeySource| match source.owner() {
        KeyOwner::Credential(_) => !made_up.has_tenant_of(source.name()),
        KeyOwner::Issuer => true,
    };
    let keys = config.key_sources().iter().filter(is_known).filter_map(KeySource::call);
    let known = config.sources().iter().filter(|source| !made_up.has_tenant_of(source.name()));
    let tokens = known.filter_map(|source| calls::token(source, None));
    let read = config.sources().iter().filter_map(calls::reading);
    let calls = keys.chain(tokens).chain(read).map(|HttpCall { endpoint, .. }| endpoint);
    let exchanges = config.sources().iter().filter_map(Source::exchange);
    let listed = config.sources().iter().flat_map(Source::destinations);
    let calls = calls.chain(listed.map(|listed| listed.endpoint.clone()));
    let calls = calls.chain(key_store(config));
    for endpoint in calls.chain(exchanges.map(|exchange| exchange.endpoint().clone())) {
        add(&endpoint.cluster, endpoint.scheme, &endpoint.authority);
    }
    for (host, cluster) in named::hosts(tree) {
        add(cluster, "https", host);
    }
    called
}

/// Where application keys are asked for.
fn key_store(config: &Config) -> Option<Endpoint> {
    match &config.application_keys()?.store {
        KeyStore::Inline(_) => None,
        KeyStore::Remote(store) => Some(store.endpoint.clone()),
    }
}
