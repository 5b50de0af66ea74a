//! The HttpConnectionManager around the filter: what it does before, and which filters stand behind.

use super::plugin::Plugin;
use super::problem::EnvoyProblem;
use super::routes::{Around, Names};
use super::spot::Spot;
use super::{behind, tables};
use crate::tool::finding::Finding;

/// What is wrong with a manager, if one of the plugins is in its chain of filters.
pub(super) fn lint(manager: &Spot<'_>, plugins: &[Plugin<'_>], findings: &mut Vec<Finding>) {
    let manager = &manager.message();
    let plugins: Vec<_> = plugins.iter().filter(|plugin| plugin.is_inside(manager)).collect();
    let mut note = |at: &Spot<'_>, problem| findings.push(at.finding(&problem));
    let list = manager.list("http_filters");
    let Some(mut names) = filters(&list, &plugins, &mut note) else {
        return;
    };

    let is_ingress = plugins.iter().any(|plugin| plugin.texts("deployment").contains("ingress"));
    let is_trusted = manager.is_true("use_remote_address")
        || manager.field("original_ip_detection_extensions").is_some();
    let stated = |plugin: &&Plugin<'_>| !plugin.texts("client_address").is_empty();
    if !is_trusted && plugins.iter().any(stated) {
        note(manager, EnvoyProblem::AddressMisstated);
    } else if !is_trusted && is_ingress {
        note(manager, EnvoyProblem::AddressUntrusted);
    }
    let deadlines = plugins.iter().flat_map(|plugin| plugin.texts("waiting_deadline"));
    let longest = deadlines.filter_map(seconds_of_filter).reduce(f64::max);
    let longest_wait = longest.unwrap_or(DEFAULT_DEADLINE);
    idle_timeout(manager, longest_wait, &mut note);
    let action = "path_with_escaped_slashes_action";
    for (name, is_changing) in [
        ("merge_slashes", manager.is_true("merge_slashes")),
        (action, manager.text(action).is_some_and(|action| action.starts_with("UNESCAPE"))),
        ("path_normalization_options", true),
    ] {
        if let Some(setting) = manager.field(name).filter(|_| is_changing) {
            note(&setting, EnvoyProblem::PathChanged);
        }
    }
    for upgrade in manager.list("upgrade_configs") {
        let list = upgrade.list("filters");
        if list.is_empty() {
            continue;
        }
        match filters(&list, &plugins, &mut note) {
            Some(own) => names.append(own),
            None => note(&upgrade, EnvoyProblem::UpgradeChain),
        }
    }
    let around = Around { manager, names: &names, plugins: &plugins, longest_wait };
    for table in tables::inline(manager) {
        around.lint(&table, &mut note);
    }
    tables::lint(manager, &mut note);
}

/// The names in a list of filters, if ours is in it; notes what is wrong with it, and with those behind
/// it.
fn filters<'t>(
    list: &[Spot<'t>],
    plugins: &[&Plugin<'_>],
    note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem),
) -> Option<Names<'t>> {
    let ours = |filter: &Spot<'_>| plugins.iter().any(|plugin| plugin.is_inside(filter));
    let always = |filter: &Spot<'_>| plugins.iter().any(|plugin| plugin.is_filter(filter));
    let position = list.iter().position(always).or_else(|| list.iter().position(ours))?;
    let filter = list.get(position)?;
    if filter.is_true("disabled") {
        note(filter, EnvoyProblem::Disabled);
    }
    if !always(filter) {
        note(filter, EnvoyProblem::Conditional);
    }
    let owns = |header: &str| plugins.iter().any(|plugin| plugin.owns(header));
    let mut names = Names { ours: vec![filter.text("name").unwrap_or_default()], behind: vec![] };
    for behind in list.iter().skip(position + 1) {
        names.behind.extend(behind.text("name"));
        if !ours(behind) {
            behind::lint(behind, &owns, note);
        }
    }
    Some(names)
}

fn idle_timeout(
    manager: &Spot<'_>,
    longest_wait: f64,
    note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem),
) {
    let stated = manager.field("stream_idle_timeout");
    match stated.as_ref().and_then(Spot::seconds) {
        Some(timeout) if timeout > 0.0 => {
            if let Some(spot) = stated.filter(|_| timeout <= longest_wait) {
                note(&spot, EnvoyProblem::IdleTimeoutShort);
            }
        }
        Some(_) | None => note(manager, EnvoyProblem::IdleTimeout),
    }
}

/// For how many seconds a request waits unless the configuration says otherwise.
const DEFAULT_DEADLINE: f64 = 5.0;

/// The seconds of a duration as the filter writes it.
fn seconds_of_filter(text: &str) -> Option<f64> {
    crate::config::parse_duration(text).ok().map(|duration| duration.as_secs_f64())
}
