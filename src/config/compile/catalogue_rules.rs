//! The rules of a role: paths, methods and scopes, as the document or a preset states them.

use std::sync::Arc;

use super::super::error::Quoted;
use super::super::raw::Section;
use super::super::report::Report;
use super::catalogue_problem::CatalogueProblem;
use super::routes;
use super::values::texts;
use crate::message::TrailingSlash;
use crate::policy::{CatalogueRule, MethodSet, RoleScopes, RulePath, RuleReach, ScopeRequirement};
use crate::presets::{CatalogueRow, Variant};
use crate::table::Table;

/// The `rules` of a role. `None` when something is wrong with one, which has been reported.
pub(super) fn rules(
    section: &Section<'_>,
    (of_role, trailing_slash): (Option<&RoleScopes>, TrailingSlash),
    report: &mut Report,
) -> Option<Vec<CatalogueRule>> {
    let sections = section.sections("rules");
    let mut rules = Vec::with_capacity(sections.len());
    let mut is_sound = !sections.is_empty();
    let mut first: Table<(RulePath, String), String> = Table::new();
    for section in sections {
        let Some(rule) = rule(&section, of_role, report) else {
            is_sound = false;
            continue;
        };
        let place = section.place();
        let mut repeated = None;
        for method in rule.methods().iter() {
            let key = (rule.path().clone().spelled(trailing_slash), method.to_owned());
            if let Some(first) = first.get(&key) {
                repeated = repeated.or_else(|| Some((method.to_owned(), first.clone())));
            } else {
                first.insert(key, place.path().to_owned());
            }
        }
        if let Some((method, first)) = repeated {
            let method = Quoted::from(method.as_str());
            report.error(place, CatalogueProblem::RuleRepeated { method, first });
            is_sound = false;
        }
        rules.push(rule);
    }
    is_sound.then_some(rules)
}

/// The `scopes` of a role or rule. `None` when they are absent or wrong; the latter has been reported.
pub(super) fn scopes(section: &Section<'_>, report: &mut Report) -> Option<RoleScopes> {
    if section.text("scopes") == Some("unknown") {
        return Some(RoleScopes::Unknown);
    }
    match routes::scopes(section, report)? {
        // Lists that lost their items have been reported.
        ScopeRequirement::All(scopes) => (!scopes.is_empty()).then_some(RoleScopes::All(scopes)),
        ScopeRequirement::Any(scopes) => (!scopes.is_empty()).then_some(RoleScopes::Any(scopes)),
        ScopeRequirement::NotNeeded => Some(RoleScopes::NotNeeded),
        ScopeRequirement::Unstated => None,
    }
}

/// The rules of a row; `scopes` take the place of those that it has. `None` for a row that is no
/// rule, which a test rules out.
pub(super) fn preset_rules(
    row: &CatalogueRow,
    variant: Variant,
    scopes: Option<&RoleScopes>,
) -> Option<Vec<CatalogueRule>> {
    let rules = row.entries(variant).map(|entry| {
        let path = RulePath::parse(entry.path, entry.reach).ok()?;
        let methods = MethodSet::parse(entry.methods.iter().copied()).ok()?;
        let known = || match entry.scope {
            Some(scope) => RoleScopes::All([Arc::from(scope)].into()),
            None => RoleScopes::Unknown,
        };
        Some(CatalogueRule::new(path, methods, scopes.cloned().unwrap_or_else(known)))
    });
    rules.collect()
}

fn rule(
    section: &Section<'_>,
    of_role: Option<&RoleScopes>,
    report: &mut Report,
) -> Option<CatalogueRule> {
    let reach = match section.text("match") {
        Some("exact") => Some(RuleReach::Exact),
        Some("prefix") => Some(RuleReach::Prefix),
        Some(_) | None => None,
    };
    let path = section.text("path").zip(reach).and_then(|(text, reach)| {
        let path = RulePath::parse(text, reach).map_err(|error| {
            let path = Quoted::from(text);
            CatalogueProblem::Path { path, error }
        });
        report.ok(&section.place_of("path"), path)
    });
    let names = texts(&section.list("methods"), report);
    let methods = match names.first() {
        Some(_) => {
            let methods = MethodSet::parse(names.iter().map(|(_, name)| *name));
            report.ok(&section.place_of("methods"), methods.map_err(CatalogueProblem::Method))
        }
        // An empty list has been reported.
        None => None,
    };
    let scopes = match (section.states("scopes"), of_role) {
        (true, _) => scopes(section, report),
        (false, Some(scopes)) => Some(scopes.clone()),
        (false, None) => {
            report.error(&section.place_of("scopes"), CatalogueProblem::ScopesMissing);
            None
        }
    };
    Some(CatalogueRule::new(path?, methods?, scopes?))
}
