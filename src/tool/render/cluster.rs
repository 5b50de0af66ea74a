//! The clusters that a configuration names, and where they are.

use std::collections::{BTreeMap, BTreeSet};

use super::address::Destination;
use super::{Order, RenderError};
use crate::config::{Config, Quoted};
use crate::message::HttpCall;
use crate::tool::named;
use crate::tool::tree::Tree;

/// A cluster, by the name that the configuration has for it.
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) destination: Destination,
}

/// All clusters of a configuration: where the order says, else where its calls go.
pub(super) fn all(
    order: &Order<'_>,
    tree: &Tree,
    config: &Config,
) -> Result<Vec<Cluster>, RenderError> {
    let names = named::clusters(tree);
    if let Some((name, _)) = order.clusters.iter().find(|(name, _)| !names.contains(name.as_str()))
    {
        return Err(RenderError::ClusterUnknown(Quoted::from(name.as_str())));
    }
    let called = called(tree, config);
    let mut clusters = Vec::new();
    for name in names {
        let stated = order.clusters.iter().find(|(own, _)| own == name);
        let destination = match (stated, called.get(name)) {
            (Some((_, destination)), _) => destination.clone(),
            (None, None) => return Err(RenderError::ClusterUnstated(Quoted::from(name))),
            (None, Some(places)) => single(name, places)?,
        };
        clusters.push(Cluster { name: name.to_owned(), destination });
    }
    Ok(clusters)
}

fn single(name: &str, places: &BTreeSet<Destination>) -> Result<Destination, RenderError> {
    let mut all = places.iter();
    match (all.next(), all.next()) {
        (Some(place), None) => Ok(place.clone()),
        (None, _) => Err(RenderError::ClusterUnstated(Quoted::from(name))),
        (Some(_), Some(_)) => {
            let hosts = places.iter().map(|place| Quoted::from(place.host.as_str()).to_string());
            Err(RenderError::ClusterAmbiguous(Quoted::from(name), hosts.collect()))
        }
    }
}

/// Where the calls by each cluster go.
fn called(tree: &Tree, config: &Config) -> BTreeMap<String, BTreeSet<Destination>> {
    let mut called: BTreeMap<String, BTreeSet<Destination>> = BTreeMap::new();
    let mut add = |cluster: &str, place: Option<Destination>| {
        called.entry(cluster.to_owned()).or_default().extend(place);
    };
    let keys = config.key_sources().iter().filter_map(|source| source.call());
    let tokens = config.sources().iter().filter_map(|source| source.call(None));
    for HttpCall { endpoint, .. } in keys.chain(tokens) {
        let place = Destination::of_authority(endpoint.scheme, &endpoint.authority);
        add(&endpoint.cluster, place);
    }
    for (host, cluster) in named::hosts(tree) {
        add(cluster, Destination::of_authority("https", host));
    }
    called
}
