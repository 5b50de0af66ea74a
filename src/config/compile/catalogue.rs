//! `subtenancy.catalogue`: the roles that are on, from a preset and from the document.

use std::sync::Arc;

use super::super::error::{Place, Problem, Quoted};
use super::super::nearest::nearest;
use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::catalogue_problem::CatalogueProblem;
use super::catalogue_rules::{preset_rules, rules, scopes};
use super::problem::{ListProblem, NameProblem};
use super::routes::PlacedRoute;
use super::values::texts;
use crate::message::TrailingSlash;
use crate::policy::{Catalogue, CatalogueRole, CatalogueRule, Subtenancy};
use crate::presets::{CataloguePreset, Variant, catalogue_preset};
use crate::table::Table;

/// The catalogue of the document. `None` when there is none, or something is wrong with it, which
/// has been reported.
pub(super) fn catalogue(
    root: &Section<'_>,
    trailing_slash: TrailingSlash,
    report: &mut Report,
) -> Option<Arc<Catalogue>> {
    let section = root.section("subtenancy")?.section("catalogue")?;
    let preset = section.text("preset").and_then(catalogue_preset);
    if !section.states("preset") {
        for key in ["variant", "enable", "disable"].into_iter().filter(|key| section.states(key)) {
            report.error(&section.place_of(key), CatalogueProblem::NeedsPreset);
        }
    }
    let variant = match section.text("variant") {
        Some("lenient") => Variant::Lenient,
        Some(_) | None => Variant::Strict,
    };
    let (stated, is_complete) = stated_roles(&section, (preset, trailing_slash), report);
    let mut places = Table::new();
    for (name, stated) in &stated {
        places.insert(name.clone(), stated.place.clone());
    }
    let mut roles = Vec::new();
    if let Some(preset) = preset {
        let choice = Choice::read(&section, preset, &stated, report)?;
        is_complete.then_some(())?;
        preset_roles(preset, variant, &choice, &stated, &mut roles, report)?;
    }
    is_complete.then_some(())?;
    for (name, stated) in stated {
        if let Some(rules) = stated.rules {
            roles.push(CatalogueRole { name: Arc::from(name), rules });
        }
    }
    if roles.iter().all(|role| role.rules.is_empty()) {
        report.error(section.place(), CatalogueProblem::Empty);
        return None;
    }
    let catalogue = Catalogue::new(roles, trailing_slash);
    for void in catalogue.void_scopes() {
        let place = [&void.role, &void.by_role].into_iter().find_map(|role| places.get(&**role));
        report.warn(place.unwrap_or(section.place()), Notice::CatalogueScopesVoid(void));
    }
    Some(Arc::new(catalogue))
}

/// Warns of a catalogue that no route asks, and of routes that it can never open.
pub(super) fn warn_of_unused(
    root: &Section<'_>,
    catalogue: Option<&Catalogue>,
    routes: &[PlacedRoute<'_>],
    report: &mut Report,
) {
    let Some(catalogue) = catalogue else { return };
    let asks = |placed: &&PlacedRoute<'_>| placed.route.subtenancy == Subtenancy::Catalogue;
    let is_complete = routes.len() == root.sections("routes").len();
    if is_complete && routes.iter().find(asks).is_none() {
        report.warn(&root.place_of("subtenancy"), Notice::CatalogueUnused);
    }
    for PlacedRoute { route, section } in routes.iter().filter(asks) {
        if !catalogue.meets(&route.path, &route.methods) {
            report.warn(&section.place_of("subtenancy"), Notice::CatalogueMeetsNothing);
        }
    }
}

/// What the document says of one role.
struct Stated {
    place: Place,
    /// The role's own rules; they take the place of those of the preset.
    rules: Option<Vec<CatalogueRule>>,
    /// Otherwise the scopes for the rules of the preset.
    scopes: Option<crate::policy::RoleScopes>,
}

/// The roles of the document in its order, each by its full name, and whether all could be read.
fn stated_roles(
    section: &Section<'_>,
    world: (Option<&CataloguePreset>, TrailingSlash),
    report: &mut Report,
) -> (Vec<(String, Stated)>, bool) {
    let mut roles: Vec<(String, Stated)> = Vec::new();
    let mut is_complete = true;
    for role in section.sections("roles") {
        let stated = stated_role(&role, world, report);
        let repeated =
            stated.as_ref().is_some_and(|(name, _)| roles.iter().any(|(other, _)| other == name));
        if repeated {
            let name = Quoted::from(role.text("role").unwrap_or_default());
            report.error(&role.place_of("role"), ListProblem::Repeated(name));
        }
        is_complete &= stated.is_some() && !repeated;
        roles.extend(stated.filter(|_| !repeated));
    }
    (roles, is_complete)
}

fn stated_role(
    section: &Section<'_>,
    (preset, trailing_slash): (Option<&CataloguePreset>, TrailingSlash),
    report: &mut Report,
) -> Option<(String, Stated)> {
    let written = section.text("role")?;
    let place = section.place_of("role");
    if written.len() > ROLE_LIMIT || !written.bytes().all(|b| b.is_ascii_graphic()) {
        report.error(&place, CatalogueProblem::RoleForm);
        return None;
    }
    let row = preset.and_then(|preset| preset.row(written));
    let own = match section.states("scopes") {
        true => Some(scopes(section, report)?),
        false => None,
    };
    let stated = if section.states("rules") {
        let rules = rules(section, (own.as_ref(), trailing_slash), report)?;
        Stated { place: place.clone(), rules: Some(rules), scopes: None }
    } else if row.is_none() {
        let meant = preset.and_then(|preset| meant(preset, written));
        let problem = CatalogueProblem::RulesMissing { role: Quoted::from(written), meant };
        report.error(&place, problem);
        return None;
    } else if own.is_none() {
        report.error(&place, CatalogueProblem::NothingStated(Quoted::from(written)));
        return None;
    } else {
        Stated { place: place.clone(), rules: None, scopes: own }
    };
    Some((row.map_or(written, |row| row.role).to_owned(), stated))
}

/// Which roles of the preset are on, by their full names.
struct Choice {
    enabled: Table<&'static str, Place>,
    disabled: Table<&'static str, Place>,
}

impl Choice {
    fn read(
        section: &Section<'_>,
        preset: &CataloguePreset,
        stated: &[(String, Stated)],
        report: &mut Report,
    ) -> Option<Self> {
        let (enabled, enabled_is_sound) = named_rows(section, "enable", preset, report);
        let (disabled, disabled_is_sound) = named_rows(section, "disable", preset, report);
        let mut is_sound = enabled_is_sound && disabled_is_sound;
        let has_rules =
            |name: &str| stated.iter().any(|(role, stated)| role == name && stated.rules.is_some());
        for (&name, place) in disabled.iter() {
            if enabled.contains_key(name) {
                let problem = CatalogueProblem::BothEnabledAndDisabled(Quoted::from(name));
                report.error(place, problem);
                is_sound = false;
            } else if has_rules(name) {
                report.error(place, CatalogueProblem::DisabledWithRules(Quoted::from(name)));
                is_sound = false;
            }
        }
        for row in preset.rows {
            let is_on = row.is_on || has_rules(row.role);
            match (enabled.get(row.role), disabled.get(row.role)) {
                (Some(place), _) if is_on => {
                    report.warn(place, Notice::RoleOnAlready(Quoted::from(row.role)));
                }
                (_, Some(place)) if !is_on => {
                    report.warn(place, Notice::RoleOffAlready(Quoted::from(row.role)));
                }
                (Some(_) | None, Some(_) | None) => {}
            }
        }
        is_sound.then_some(Self { enabled, disabled })
    }
}

/// The rows that a list names, with or without the prefix of the preset, and whether it names nothing
/// else.
fn named_rows(
    section: &Section<'_>,
    key: &str,
    preset: &CataloguePreset,
    report: &mut Report,
) -> (Table<&'static str, Place>, bool) {
    let items = section.list(key);
    let mut rows = Table::new();
    let mut is_complete = true;
    for (place, text) in texts(&items, report) {
        let problem = match preset.row(text) {
            Some(row) if rows.contains_key(row.role) => {
                ListProblem::Repeated(Quoted::from(text)).into()
            }
            Some(row) => {
                rows.insert(row.role, place);
                continue;
            }
            None => {
                let meant = meant(preset, text);
                Problem::from(NameProblem::Unknown { name: Quoted::from(text), meant })
            }
        };
        report.error(&place, problem);
        is_complete = false;
    }
    (rows, is_complete)
}

/// The role of the preset that was probably meant, in the way it was written.
fn meant(preset: &CataloguePreset, written: &str) -> Option<Quoted> {
    let (before, short) = match written.strip_prefix(preset.role_prefix) {
        Some(short) => (preset.role_prefix, short),
        None => ("", written),
    };
    let nearest = nearest(short, preset.rows.iter().map(|row| preset.short(row)))?;
    Some(Quoted::from(format!("{before}{nearest}").as_str()))
}

/// Adds the roles of the preset that are on and have no rules in the document.
fn preset_roles(
    preset: &CataloguePreset,
    variant: Variant,
    choice: &Choice,
    stated: &[(String, Stated)],
    roles: &mut Vec<CatalogueRole>,
    report: &mut Report,
) -> Option<()> {
    for row in preset.rows {
        let stated = stated.iter().find(|(name, _)| name == row.role).map(|(_, stated)| stated);
        if stated.is_some_and(|stated| stated.rules.is_some()) {
            continue;
        }
        let enabled = choice.enabled.get(row.role);
        if choice.disabled.contains_key(row.role) || !(row.is_on || enabled.is_some()) {
            if let Some(stated) = stated {
                report.warn(&stated.place, Notice::RoleScopesUnused(Quoted::from(row.role)));
            }
            continue;
        }
        if let (true, Some(place)) = (row.entries(variant).next().is_none(), enabled) {
            report.warn(place, Notice::RoleWithoutPath(Quoted::from(row.role)));
        }
        let scopes = stated.and_then(|stated| stated.scopes.as_ref());
        let rules = preset_rules(row, variant, scopes)?;
        roles.push(CatalogueRole { name: Arc::from(row.role), rules });
    }
    Some(())
}

/// The longest name of a role, in bytes.
const ROLE_LIMIT: usize = 128;
