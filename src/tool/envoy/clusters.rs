//! The clusters of the proxy: those to which it routes behind the filter, and those that the filter calls.

use std::collections::BTreeSet;

use super::plugin::Plugin;
use super::problem::EnvoyProblem;
use super::spot::Spot;
use super::{behind, tls, unguarded};
use crate::config::Quoted;
use crate::tool::finding::Finding;

/// What is wrong with the clusters that stand in a file.
pub(super) fn lint(
    roots: &[Spot<'_>],
    all: &[Spot<'_>],
    plugins: &[Plugin<'_>],
    findings: &mut Vec<Finding>,
) {
    let routed = unguarded::guarded(all, plugins);
    let called: BTreeSet<_> = plugins.iter().flat_map(Plugin::secure_clusters).collect();
    let certified: BTreeSet<_> = plugins.iter().flat_map(Plugin::certified_clusters).collect();
    let mut note = |at: &Spot<'_>, problem| findings.push(at.finding(&problem));
    for cluster in roots.iter().flat_map(clusters) {
        let Some(name) = cluster.text("name") else { continue };
        if routed.contains(name) {
            upstream(&cluster, plugins, &mut note);
        }
        if called.contains(name) {
            tls::lint(name, &cluster, roots, &mut note);
        }
        if certified.contains(name) && !tls::is_certified(&cluster) {
            note(&cluster, EnvoyProblem::CertificateAbsent(Quoted::from(name)));
        }
    }
}

/// The clusters of a document.
pub(super) fn clusters<'t>(root: &Spot<'t>) -> Vec<Spot<'t>> {
    let resources = root.field("static_resources");
    resources.map(|resources| resources.list("clusters")).unwrap_or_default()
}

/// The options of a cluster for HTTP.
pub(super) fn http_options<'t>(cluster: &Spot<'t>) -> Option<Spot<'t>> {
    let options = cluster.field("typed_extension_protocol_options")?;
    let mut options = options.members().map(|(_, options)| options);
    options.find(|options| options.is_of(".HttpProtocolOptions")).map(|options| options.message())
}

/// A cluster to which requests go that the filter has let pass.
fn upstream(
    cluster: &Spot<'_>,
    plugins: &[Plugin<'_>],
    note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem),
) {
    let filters = http_options(cluster).map(|options| options.list("http_filters"));
    let owns = |header: &str| plugins.iter().any(|plugin| plugin.owns(header));
    for filter in filters.unwrap_or_default() {
        behind::lint(&filter, &owns, note);
    }
    let Some(original) = cluster.field("original_dst_lb_config") else { return };
    let header = original.text("http_header_name").unwrap_or("x-envoy-original-dst-host");
    if original.is_true("use_http_header") && !owns(header) {
        note(&original, EnvoyProblem::UpstreamByHeader(Quoted::from(header)));
    }
}
