//! Ways past the filter to clusters that it guards elsewhere in the same file.

use std::collections::BTreeSet;

use super::plugin::Plugin;
use super::problem::EnvoyProblem;
use super::spot::Spot;
use crate::config::Quoted;
use crate::tool::finding::Finding;

/// What gets past the filter, in a whole file.
pub(super) fn lint(all: &[Spot<'_>], plugins: &[Plugin<'_>], findings: &mut Vec<Finding>) {
    let is_guarded = |manager: &Spot<'_>| {
        let filters = manager.list("http_filters");
        filters.iter().any(|filter| plugins.iter().any(|plugin| plugin.is_inside(filter)))
    };
    let managers = all.iter().filter(|spot| spot.is_of(".HttpConnectionManager"));
    let (guarded, open): (Vec<_>, Vec<_>) = managers.partition(|manager| is_guarded(manager));
    let known: BTreeSet<_> = guarded.into_iter().flat_map(routed).collect();
    let mut note = |at: &Spot<'_>, clusters: BTreeSet<&str>| {
        for name in clusters.intersection(&known) {
            findings.push(at.finding(&EnvoyProblem::Unguarded(Quoted::from(*name))));
        }
    };
    for manager in open {
        note(manager, routed(manager));
    }
    for proxy in all.iter().filter(|spot| spot.is_of(".TcpProxy")) {
        // A TypedStruct has the message in `value`.
        let message = proxy.field("value").unwrap_or_else(|| proxy.clone());
        note(proxy, targets(&message).collect());
    }
}

/// The clusters to which a manager's own table routes.
fn routed<'t>(manager: &Spot<'t>) -> BTreeSet<&'t str> {
    let tables = [manager.field("value"), Some(manager.clone())].into_iter().flatten();
    let tables = tables.filter_map(|message| message.field("route_config"));
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
