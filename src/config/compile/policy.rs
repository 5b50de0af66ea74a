//! All routes together: settings without effect, and what `policy` finds wrong, each at its place.

use std::sync::Arc;

use super::super::error::Place;
use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::route_problem::RouteProblem;
use super::routes::PlacedRoute;
use crate::credential::{KeyPlacesParts, TokenPlaces};
use crate::message::PathSpelling;
use crate::policy::{
    Authentication, Catalogue, CombinationError, Culprit, Deployment, IdentityHeaders, Mode,
    NoMatch, Policy, PolicyError, PolicyParts, PolicyProblem, Route, Source, Subtenancy,
    SubtenantMode, When,
};

/// What the routes are checked against.
pub(super) struct Surroundings {
    pub(super) deployment: Deployment,
    pub(super) catalogue: Option<Arc<Catalogue>>,
    pub(super) sources: Vec<Source>,
    pub(super) identity: IdentityHeaders,
    pub(super) places: TokenPlaces,
    pub(super) keys: Option<KeyPlacesParts>,
    pub(super) no_match: NoMatch,
    pub(super) spelling: PathSpelling,
    pub(super) mode: Mode,
    /// Whether anybody could authenticate.
    pub(super) authenticates: bool,
}

/// The policy of all routes. `None` when something is wrong, which has been reported.
pub(super) fn policy(
    root: &Section<'_>,
    routes: Vec<PlacedRoute<'_>>,
    surroundings: Surroundings,
    report: &mut Report,
) -> Option<Policy> {
    let mut sections = Vec::new();
    let mut list = Vec::new();
    for PlacedRoute { route, section } in routes {
        check_effect(&route, &section, surroundings.authenticates, report);
        sections.push(section);
        list.push(route);
    }
    let headers: Vec<Vec<String>> = list.iter().map(injected_headers).collect();
    let Surroundings {
        deployment,
        catalogue,
        sources,
        identity,
        places,
        keys,
        no_match,
        mode,
        spelling,
        ..
    } = surroundings;
    let parts = PolicyParts {
        deployment,
        routes: list,
        catalogue,
        sources,
        identity,
        places,
        keys,
        no_match,
        spelling,
        mode,
    };
    let errors = match Policy::new(parts) {
        Ok(policy) => {
            warn_of_findings(&policy, &sections, report);
            return Some(policy);
        }
        Err(errors) => errors,
    };
    for PolicyError { culprit, problem } in errors {
        let place = match culprit {
            Culprit::Identity => identity_place(root, &problem),
            Culprit::Route(index) => sections
                .get(index)
                .zip(headers.get(index))
                .and_then(|(section, headers)| route_place(root, section, headers, &problem)),
            // What policy knows of credentials was checked when they were read.
            Culprit::Source(_) => None,
            Culprit::Routes => Some(root.place_of("routes")),
        };
        if let Some(place) = place {
            report.error(&place, RouteProblem::Policy(problem));
        }
    }
    None
}

fn warn_of_findings(policy: &Policy, sections: &[Section<'_>], report: &mut Report) {
    let findings = policy.findings();
    for section in sections {
        let found = section.text("name").and_then(|name| findings.get(name));
        for finding in found.into_iter().flatten() {
            report.warn(&section.place_of("match"), Notice::Route(finding.clone()));
        }
    }
}

/// Settings that can never have an effect, or leave nobody to serve.
fn check_effect(route: &Route, section: &Section<'_>, authenticates: bool, report: &mut Report) {
    let subtenancy = section.place_of("subtenancy");
    let subtenant = section.place_of("subtenant");
    if route.authentication == Authentication::Required && !authenticates {
        report.error(section.place(), RouteProblem::NobodyAuthenticates);
    }
    if route.authentication == Authentication::NotLookedAt && section.states("subtenancy") {
        report.error(&subtenancy, RouteProblem::SubtenancyUnused);
    }
    let inject = &route.upstream.inject;
    if inject.is_empty() {
        if section.states("subtenant") {
            report.error(&subtenant, RouteProblem::SubtenantUnused);
        }
        if let Some(entry) = section.section("upstream").and_then(|u| u.entry("on_upstream_401")) {
            report.error(entry.place(), RouteProblem::Upstream401Unused);
        }
        return;
    }
    if let (SubtenantMode::Header(_), Authentication::NotLookedAt) =
        (&route.subtenant, route.authentication)
    {
        report.error(&subtenant, RouteProblem::SubtenantBesideToken);
    }
    let is_always = inject.iter().any(|injection| injection.when == When::Always);
    match (route.subtenancy, &route.subtenant) {
        (Subtenancy::Refused, SubtenantMode::Impersonate) => {
            report.error(&subtenant, RouteProblem::ImpersonationOnUnawareRoute);
        }
        (Subtenancy::Aware | Subtenancy::Catalogue, SubtenantMode::Refuse) if is_always => {
            report.error(&subtenancy, RouteProblem::SubtenantUnserved);
        }
        (Subtenancy::Only, SubtenantMode::Header(_) | SubtenantMode::One(_)) => {
            report.error(&subtenancy, RouteProblem::ProgramsUnserved);
        }
        (Subtenancy::Only, SubtenantMode::Refuse) if is_always => {
            report.error(&subtenancy, RouteProblem::NobodyServed);
        }
        (Subtenancy::Aware | Subtenancy::Catalogue | Subtenancy::Only | Subtenancy::Refused, _) => {
        }
    }
}

fn injected_headers(route: &Route) -> Vec<String> {
    let inject = route.upstream.inject.iter();
    inject.map(|injection| injection.header.as_str().to_owned()).collect()
}

/// Where a problem of a route belongs; `None` when it has been reported at its own place.
fn route_place(
    root: &Section<'_>,
    section: &Section<'_>,
    headers: &[String],
    problem: &PolicyProblem,
) -> Option<Place> {
    match problem {
        PolicyProblem::ActingElsewhere(_)
        | PolicyProblem::ActingOnIngress
        | PolicyProblem::ActingWithoutRequests
        | PolicyProblem::CallersWithImpersonation(_)
        | PolicyProblem::ImpersonationUnsupported(_)
        | PolicyProblem::TenantWideOnUnawareRoute
        | PolicyProblem::TenantWideWithoutIdentity => Some(section.place_of("subtenant")),
        PolicyProblem::CaptureFolded { condition }
        | PolicyProblem::CaptureUnknown { condition, .. } => {
            let condition = section.sections("claims").into_iter().nth(*condition)?;
            Some(condition.place_of("equals_path"))
        }
        PolicyProblem::CatalogueNotPlain(_) => Some(section.place_of("subtenancy")),
        // A catalogue that is there and has errors of its own is not missing.
        PolicyProblem::CatalogueMissing => {
            (!root.states("subtenancy")).then(|| section.place_of("subtenancy"))
        }
        PolicyProblem::CatalogueScopesUnknown(_) | PolicyProblem::CatalogueTokenCut(_) => {
            Some(section.place_of("subtenancy"))
        }
        PolicyProblem::Combination(CombinationError::PassUnverifiedMisplaced) => {
            Some(section.place_of("pass_unverified"))
        }
        PolicyProblem::Combination(_) | PolicyProblem::ExchangeWithoutCaller(_) => {
            Some(section.place_of("upstream"))
        }
        PolicyProblem::EqualRank { .. } => Some(section.place_of("match")),
        PolicyProblem::ManyConditions => Some(in_match(section, "headers")?),
        PolicyProblem::HeaderNotClients(header) => {
            let conditions = section.section("match")?.section("headers")?;
            let own = |name: &str| name.eq_ignore_ascii_case(header.as_str());
            conditions.entries().find(|(name, _)| own(name)).map(|(_, entry)| entry.place().clone())
        }
        PolicyProblem::OpaqueWithoutTail | PolicyProblem::Path(_) => in_match(section, "path"),
        PolicyProblem::HeaderTaken(header) => {
            // Of two with one name the later one is at fault.
            let index = headers.iter().rposition(|name| header.is_alike(name.as_bytes()));
            let Some(index) = index else {
                return Some(section.section("subtenant")?.place_of("header"));
            };
            let item = section.section("upstream")?.sections("inject").into_iter().nth(index)?;
            Some(item.place_of("header"))
        }
        PolicyProblem::RequirementOnUnreadToken(key)
        | PolicyProblem::RequirementWithoutAuthentication(key) => Some(section.place_of(key)),
        PolicyProblem::ScopesUnstated => Some(section.place_of("scopes")),
        PolicyProblem::CallersMissing
        | PolicyProblem::EmptyList(_)
        | PolicyProblem::NameTaken(_)
        | PolicyProblem::NoHosts
        | PolicyProblem::SourceUnknown(_)
        | PolicyProblem::Width(_) => None,
    }
}

fn in_match(section: &Section<'_>, key: &str) -> Option<Place> {
    Some(section.section("match")?.place_of(key))
}

fn identity_place(root: &Section<'_>, problem: &PolicyProblem) -> Option<Place> {
    let section = root.section("identity_headers")?;
    let PolicyProblem::HeaderTaken(header) = problem else {
        return Some(section.place().clone());
    };
    let is_alike = |name: &str| header.is_alike(name.as_bytes());
    let facts = section.entries().filter(|(_, entry)| entry.text().is_some_and(is_alike));
    let last = facts.last().map(|(_, entry)| entry.place().clone());
    let claims = section.section("claims");
    let claim = claims.and_then(|claims| {
        claims.entries().filter(|(name, _)| is_alike(name)).last().map(|(_, e)| e.place().clone())
    });
    // Of two with one name the later one is at fault.
    [last, claim].into_iter().flatten().max_by_key(Place::order)
}
