//! The routes that Envoy chooses by after the filter has judged a request.

use super::problem::EnvoyProblem;
use super::spot::Spot;

/// What is wrong with a route table, given the name of our filter in the chain.
pub(super) fn lint(
    manager: &Spot<'_>,
    table: &Spot<'_>,
    filter: &str,
    note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem),
) {
    let hosts = table.list("virtual_hosts");
    let is_every = |host: &Spot<'_>| {
        host.list("domains").iter().all(|domain| domain.tree().text() == Some("*"))
    };
    let is_stripped =
        manager.is_true("strip_any_host_port") && manager.is_true("strip_trailing_host_dot");
    if !is_stripped && !hosts.iter().all(is_every) {
        note(table, EnvoyProblem::HostsAsWritten);
    }
    let routes: Vec<_> = hosts.iter().flat_map(|host| host.list("routes")).collect();
    let is_by_path = routes.iter().any(|route| route.field("match").is_some_and(|at| by_path(&at)));
    match manager.field("normalize_path").filter(|_| manager.is_true("normalize_path")) {
        // It resolves `..`, which the filter would have refused; routes by path are safer with it.
        Some(setting) if !is_by_path => note(&setting, EnvoyProblem::PathChanged),
        None if is_by_path => note(table, EnvoyProblem::RouteByPath),
        Some(_) | None => {}
    }
    for part in table.all() {
        for (name, spot) in part.members() {
            if let Some(problem) = problem(name, &spot, filter) {
                note(&spot, problem);
            }
        }
    }
}

/// Whether a match tells apart what is below `/`.
fn by_path(at: &Spot<'_>) -> bool {
    match at.text("prefix") {
        Some(prefix) => prefix != "/",
        None => ["path", "safe_regex", "path_separated_prefix", "path_match_policy"]
            .iter()
            .any(|name| at.field(name).is_some()),
    }
}

fn problem(name: &str, spot: &Spot<'_>, filter: &str) -> Option<EnvoyProblem> {
    match name {
        "request_mirror_policies" | "requestMirrorPolicies" => Some(EnvoyProblem::Mirror),
        "internal_redirect_policy" | "internalRedirectPolicy" => {
            Some(EnvoyProblem::InternalRedirect)
        }
        "prefix_rewrite"
        | "prefixRewrite"
        | "regex_rewrite"
        | "regexRewrite"
        | "path_rewrite_policy"
        | "pathRewritePolicy"
        | "host_rewrite_literal"
        | "hostRewriteLiteral"
        | "host_rewrite_header"
        | "hostRewriteHeader"
        | "host_rewrite_path_regex"
        | "hostRewritePathRegex" => Some(EnvoyProblem::Rewrite),
        "typed_per_filter_config" | "typedPerFilterConfig" => {
            let ours = spot.members().find(|(name, _)| *name == filter)?.1;
            ours.is_true("disabled").then_some(EnvoyProblem::Disabled)
        }
        _ => None,
    }
}
