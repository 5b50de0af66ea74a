//! The route tables of a HttpConnectionManager, as far as they stand in the file.

use super::problem::EnvoyProblem;
use super::spot::Spot;

/// The tables that stand in the manager: its own, or one for each scope.
pub(super) fn inline<'t>(manager: &Spot<'t>) -> Vec<Spot<'t>> {
    let scopes = scopes(manager);
    let scoped = scopes.iter().filter_map(|scope| scope.field("route_configuration"));
    manager.field("route_config").into_iter().chain(scoped).collect()
}

/// What is said of a manager's tables, or parts of them, that stand elsewhere.
pub(super) fn lint(manager: &Spot<'_>, note: &mut dyn FnMut(&Spot<'_>, EnvoyProblem)) {
    let scoped = manager.field("scoped_routes");
    let elsewhere = [manager.field("rds"), scoped.and_then(|scoped| scoped.field("scoped_rds"))];
    let names = scopes(manager).into_iter();
    let names = names.filter_map(|scope| scope.field("route_configuration_name"));
    let tables = inline(manager).into_iter();
    let hosts = tables.filter_map(|table| table.field("vhds"));
    for spot in elsewhere.into_iter().flatten().chain(names).chain(hosts) {
        note(&spot, EnvoyProblem::NotInline);
    }
}

/// The scopes that stand in the manager.
fn scopes<'t>(manager: &Spot<'t>) -> Vec<Spot<'t>> {
    let scoped = manager.field("scoped_routes");
    let list = scoped.and_then(|scoped| scoped.field("scoped_route_configurations_list"));
    list.map(|list| list.list("scoped_route_configurations")).unwrap_or_default()
}
