//! The plugin: its VM, what becomes of a trap, what it is handed, whom it may call.

use std::collections::BTreeSet;

use super::clusters;
use super::problem::EnvoyProblem;
use super::spot::Spot;
use crate::config::{
    self, Environment, Quoted, looks_like_variable, platform_sets, subtenant_variable,
};
use crate::message::HeaderName;
use crate::policy::{OwnedHeaders, is_credential};
use crate::tool::finding::Finding;
use crate::tool::made_up::Supposed;
use crate::tool::tree::Tree;
use crate::tool::{embedded, named};

/// A Wasm plugin that is ours.
pub(super) struct Plugin<'t> {
    spot: Spot<'t>,
    /// Its own configuration, and those of other files.
    configurations: Vec<Tree>,
    /// The headers that they set or remove.
    owned: Vec<OwnedHeaders>,
}

impl<'t> Plugin<'t> {
    /// The plugin at this place, if there is one and it is ours.
    pub(super) fn of(
        spot: &Spot<'t>,
        others: &[Tree],
        environment: Environment<'_>,
    ) -> Option<Self> {
        let own = embedded::unwrapped(embedded::plugin(spot.tree())?);
        let configurations: Vec<_> = own.into_iter().chain(others.iter().cloned()).collect();
        let owned = configurations.iter().filter_map(|tree| owned_headers(tree, environment));
        let owned = owned.collect();
        Some(Self { spot: spot.clone(), configurations, owned })
    }

    /// Whether it sets or removes this header, in any spelling.
    pub(super) fn owns(&self, header: &str) -> bool {
        let is_credential = HeaderName::parse(header).is_ok_and(|name| is_credential(&name));
        is_credential || self.owned.iter().any(|owned| owned.cover(header.as_bytes()))
    }

    /// The clusters to which `https` goes.
    pub(super) fn secure_clusters(&self) -> BTreeSet<&str> {
        self.configurations.iter().flat_map(named::secure_clusters).collect()
    }

    /// The clusters whose certificate proves a client.
    pub(super) fn certified_clusters(&self) -> BTreeSet<&str> {
        self.configurations.iter().flat_map(named::certified_clusters).collect()
    }

    /// Whether it stands in that part of the file.
    pub(super) fn is_inside(&self, part: &Spot<'_>) -> bool {
        part.all().iter().any(|inner| std::ptr::eq(inner.tree(), self.spot.tree()))
    }

    /// Whether it is what a filter of a chain runs, under no condition.
    pub(super) fn is_filter(&self, filter: &Spot<'_>) -> bool {
        let Some(typed) = filter.field("typed_config") else { return false };
        // A TypedStruct has the message in `value`.
        let messages = [typed.field("value"), Some(typed)];
        let configs = messages.into_iter().flatten().filter_map(|message| message.field("config"));
        configs.into_iter().any(|config| std::ptr::eq(config.tree(), self.spot.tree()))
    }

    /// The texts of a key, wherever in the configurations it stands.
    pub(super) fn texts(&self, key: &str) -> BTreeSet<&str> {
        self.configurations.iter().flat_map(|tree| named::texts(tree, key)).collect()
    }

    fn variables(&self) -> BTreeSet<&str> {
        self.configurations.iter().flat_map(named::variables).collect()
    }

    /// Whether one of its credentials finds the variables of the platform by itself.
    fn is_automatic(&self) -> bool {
        self.configurations.iter().any(|tree| !named::variables_looked_for(tree).is_empty())
    }

    /// What is wrong if the VM is not handed the variable of a subtenant.
    fn subtenant(&self, handed: &BTreeSet<&str>) -> Option<EnvoyProblem> {
        if !self.is_automatic() || handed.contains(subtenant_variable()) {
            return None;
        }
        if self.configurations.iter().any(named::requires_subtenant) {
            return Some(EnvoyProblem::SubtenantUnavailable);
        }
        // An application's credential is never of one subtenant.
        let [_, of_tenant] = platform_sets();
        let has_tenant = of_tenant.iter().all(|name| handed.contains(name));
        has_tenant.then_some(EnvoyProblem::SubtenantHidden)
    }

    fn clusters(&self) -> BTreeSet<&str> {
        self.configurations.iter().flat_map(named::clusters).collect()
    }
}

/// The headers that a configuration sets or removes; unknown as long as it has errors.
fn owned_headers(configuration: &Tree, environment: Environment<'_>) -> Option<OwnedHeaders> {
    let supposed = Supposed::new(configuration, environment);
    let environment = |name: &str| supposed.value(name);
    let compiled = config::compile(configuration.hand_over().json.as_bytes(), &environment);
    compiled.ok().map(|compiled| compiled.config.owned_headers().clone())
}

/// What is wrong with the plugins of a file.
pub(super) fn lint(
    plugins: &[Plugin<'_>],
    roots: &[Spot<'_>],
    all: &[Spot<'_>],
    findings: &mut Vec<Finding>,
) {
    let known = known_clusters(roots);
    // Those of other filters count too: they could read and overwrite what is shared.
    let ids = all.iter().filter_map(|spot| spot.field("vm_config")?.text("vm_id"));
    let ids: Vec<_> = ids.collect();
    for plugin in plugins {
        let spot = &plugin.spot;
        let mut note = |at: &Spot<'_>, problem| findings.push(at.finding(&problem));
        match spot.text("failure_policy") {
            Some("FAIL_RELOAD") => {}
            Some("FAIL_OPEN") => note(spot, EnvoyProblem::FailOpen),
            Some(_) | None if spot.is_true("fail_open") => note(spot, EnvoyProblem::FailOpen),
            Some(_) | None => note(spot, EnvoyProblem::FailClosed),
        }
        let Some(vm) = spot.field("vm_config") else { continue };
        match vm.text("vm_id").unwrap_or_default() {
            "" => note(&vm, EnvoyProblem::VmIdEmpty),
            id if ids.iter().filter(|other| **other == id).count() > 1 => {
                note(&vm, EnvoyProblem::VmIdShared(Quoted::from(id)))
            }
            _ => {}
        }
        let handed = handed(&vm);
        for name in plugin.variables().into_iter().filter(|name| !handed.contains(name)) {
            note(&vm, EnvoyProblem::VariableHidden(shown(name)));
        }
        let is_handed = |set: &[&str]| set.iter().all(|name| handed.contains(name));
        if plugin.is_automatic() && !platform_sets().into_iter().any(is_handed) {
            note(&vm, EnvoyProblem::VariableSetHidden);
        }
        if let Some(problem) = plugin.subtenant(&handed) {
            note(&vm, problem);
        }
        for name in plugin.clusters() {
            if known.as_ref().is_some_and(|known| !known.contains(name)) {
                note(spot, EnvoyProblem::ClusterUnknown(Quoted::from(name)));
            }
        }
    }
}

/// The name of a variable, unless it could be a secret in the wrong place.
fn shown(name: &str) -> Option<Quoted> {
    looks_like_variable(name).then(|| Quoted::from(name))
}

/// The variables that a VM is handed.
fn handed<'t>(vm: &Spot<'t>) -> BTreeSet<&'t str> {
    let Some(variables) = vm.field("environment_variables") else { return BTreeSet::new() };
    let keys = variables.list("host_env_keys");
    let keys = keys.iter().filter_map(|key| key.tree().text());
    let stated = variables.field("key_values");
    let stated = stated.iter().flat_map(|values| values.tree().members());
    keys.chain(stated.map(|(name, _)| name.as_str())).collect()
}

/// The clusters of the proxy; `None` if it could get others from elsewhere.
fn known_clusters<'t>(roots: &[Spot<'t>]) -> Option<BTreeSet<&'t str>> {
    let mut known = BTreeSet::new();
    let mut is_static = false;
    for root in roots {
        if root.field("dynamic_resources").is_some() {
            return None;
        }
        is_static |= root.field("static_resources").is_some();
        let clusters = clusters::clusters(root);
        known.extend(clusters.iter().filter_map(|cluster| cluster.text("name")));
    }
    is_static.then_some(known)
}
