//! Ways past the filter to clusters that it guards elsewhere in the same file.

use std::collections::BTreeSet;

use super::plugin::Plugin;
use super::problem::EnvoyProblem;
use super::spot::Spot;
use super::tables;
use crate::config::Quoted;
use crate::tool::finding::Finding;

/// What gets past the filter, in a whole file.
pub(super) fn lint(all: &[Spot<'_>], plugins: &[Plugin<'_>], findings: &mut Vec<Finding>) {
    let known = guarded(all, plugins);
    let mut note = |at: &Spot<'_>, clusters: BTreeSet<&str>| {
        for name in clusters.intersection(&known) {
            findings.push(at.finding(&EnvoyProblem::Unguarded(Quoted::from(*name))));
        }
    };
    for manager in managers(all).filter(|manager| !is_guarded(manager, plugins)) {
        note(manager, routed(manager));
    }
    for proxy in all.iter().filter(|spot| spot.is_of(".TcpProxy")) {
        note(proxy, targets(&proxy.message()).collect());
    }
}

/// The clusters to which requests go that the filter has let pass.
pub(super) fn guarded<'t>(all: &[Spot<'t>], plugins: &[Plugin<'_>]) -> BTreeSet<&'t str> {
    managers(all).filter(|manager| is_guarded(manager, plugins)).flat_map(routed).collect()
}

fn managers<'a, 't>(all: &'a [Spot<'t>]) -> impl Iterator<Item = &'a Spot<'t>> {
    all.iter().filter(|spot| spot.is_of(".HttpConnectionManager"))
}

fn is_guarded(manager: &Spot<'_>, plugins: &[Plugin<'_>]) -> bool {
    let filters = manager.message().list("http_filters");
    filters.iter().any(|filter| plugins.iter().any(|plugin| plugin.is_inside(filter)))
}

/// The clusters to which a manager's own tables route.
fn routed<'t>(manager: &Spot<'t>) -> BTreeSet<&'t str> {
    let tables = tables::inline(&manager.message()).into_iter();
    let parts = tables.flat_map(|table| table.all());
    let actions = parts.filter_map(|part| part.field("route"));
    actions.flat_map(|action| targets(&action).collect::<Vec<_>>()).collect()
}

/// The clusters that an action names, alone or by weight.
fn targets<'t>(action: &Spot<'t>) -> impl Iterator<Item = &'t str> + use<'t> {
    let weighted = action.field("weighted_clusters").map(|weighted| weighted.list("clusters"));
    let weighted = weighted.unwrap_or_default();
    let names: Vec<_> = weighted.iter().filter_map(|cluster| cluster.text("name")).collect();
    action.text("cluster").into_iter().chain(names)
}
