//! The proxy's own configuration: what would let requests past the filter, or keep it from working.
//!
//! Only what stands in the file is looked at. What a control plane hands over later is not.

mod behind;
mod chain;
mod clusters;
mod plugin;
mod problem;
mod routes;
mod spot;
mod tables;
mod tls;
mod unguarded;

use self::plugin::Plugin;
use self::problem::EnvoyProblem;
use self::spot::Spot;
use super::check::{Check, NO_CONFIGURATION, check};
use super::finding::Finding;
use super::{embedded, source};

/// Everything that is to say of a file of Envoy's: what [`check`] says of the configurations inside, and
/// what is wrong with the proxy around them, also in view of configurations in other files (name and
/// content).
pub fn check_envoy(
    name: &str,
    bytes: &[u8],
    others: &[(&str, &[u8])],
    how: &Check<'_>,
) -> Vec<Finding> {
    let mut findings = check(name, bytes, how);
    // Without a plugin the proxy is wrong; its configuration may be in another file.
    findings.retain(|finding| finding.rule != NO_CONFIGURATION);
    findings.extend(lint(name, bytes, others, how));
    findings.sort_by_key(|finding| finding.at);
    findings
}

/// What is wrong with the proxy of a file. Files that cannot be read say nothing here; [`check`] says so.
fn lint(name: &str, bytes: &[u8], others: &[(&str, &[u8])], how: &Check<'_>) -> Vec<Finding> {
    let Ok(documents) = source::read(name, bytes) else { return Vec::new() };
    let others = others.iter().filter_map(|(name, bytes)| {
        embedded::configurations(&source::read(name, bytes).ok()?).ok()
    });
    let others: Vec<_> = others.flatten().collect();
    let roots: Vec<_> = documents.iter().map(Spot::root).collect();
    let all: Vec<_> = roots.iter().flat_map(Spot::all).collect();
    let plugins = all.iter().filter_map(|spot| Plugin::of(spot, &others, how.environment));
    let plugins: Vec<_> = plugins.collect();
    let mut findings = Vec::new();
    if plugins.is_empty() {
        findings.extend(roots.first().map(|root| root.finding(&EnvoyProblem::NoPlugin)));
    }
    let is_kubernetes = documents.iter().any(|document| document.get("apiVersion").is_some());
    for root in roots.iter().skip(1).filter(|_| !is_kubernetes) {
        findings.push(root.finding(&EnvoyProblem::SecondDocument));
    }
    for dynamic in roots.iter().filter_map(|root| root.field("dynamic_resources")) {
        let parts = ["lds_config", "cds_config"].iter().filter_map(|name| dynamic.field(name));
        findings.extend(parts.map(|part| part.finding(&EnvoyProblem::NotInline)));
    }
    plugin::lint(&plugins, &roots, &all, &mut findings);
    for manager in all.iter().filter(|spot| spot.is_of(".HttpConnectionManager")) {
        chain::lint(manager, &plugins, &mut findings);
    }
    clusters::lint(&roots, &all, &plugins, &mut findings);
    unguarded::lint(&all, &plugins, &mut findings);
    findings
}
