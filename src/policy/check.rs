//! The rules that routes and credentials must keep together.
//!
//! They hold for every policy, however it was made. `config` finds some of the problems earlier, to
//! name their place in its document better.

use std::slice;
use std::sync::Arc;

use super::PolicyParts;
use super::acting::ActingValues;
use super::catalogue::Catalogue;
use super::claim_condition::{Condition, Test};
use super::combination::{self, Deployment, Plan, Treatment};
use super::error::{Culprit, PolicyError, PolicyProblem};
use super::gate::Gate;
use super::header_condition::CONDITION_LIMIT;
use super::identity::OwnedHeaders;
use super::pattern::PathPattern;
use super::reserved::{folded, is_credential, is_reserved};
use super::route::{Authentication, Route, ScopeRequirement, Subtenancy, SubtenantMode};
use super::source::{Callers, Injection, Source, Subtenants, When};
use crate::credential::KeyPlacesParts;
use crate::message::{HeaderName, LetterCase};
use crate::sorted::Sorted;
use crate::table::Table;

/// A route without problems of its own.
pub(super) struct Checked {
    pub(super) path: PathPattern,
    pub(super) plan: Plan,
    pub(super) gate: Gate,
    pub(super) sources: Box<[Source]>,
}

/// Checks what concerns credentials and identity headers.
pub(super) fn parts(parts: &PolicyParts, errors: &mut Vec<PolicyError>) {
    let mut names = Table::new();
    for (index, source) in parts.sources.iter().enumerate() {
        let mut report =
            |problem| errors.push(PolicyError { culprit: Culprit::Source(index), problem });
        if names.insert(&source.name, ()).is_some() {
            report(PolicyProblem::NameTaken(Arc::clone(&source.name)));
        }
        match &source.callers {
            None if source.tenant.is_none() => report(PolicyProblem::CallersMissing),
            Some(Callers::Only(tenants)) if tenants.is_empty() => {
                report(PolicyProblem::EmptyList("callers"));
            }
            None | Some(Callers::Any | Callers::Nobody | Callers::Only(_)) => {}
        }
    }
    let mut seen = Table::new();
    let signs = parts.routes.iter().any(|route| route.upstream.signs());
    for name in parts.identity.names() {
        let is_place =
            parts.places.headers().iter().any(|(place, _)| folded(place) == folded(name));
        let is_keys = parts.keys.as_ref().is_some_and(|keys| is_of_keys(keys, name));
        let is_taken = is_place || is_keys || is_credential(name) || is_reserved(name);
        if is_taken || signs && is_signed(name) || seen.insert(folded(name), ()).is_some() {
            let problem = PolicyProblem::HeaderTaken(name.clone());
            errors.push(PolicyError { culprit: Culprit::Identity, problem });
        }
    }
}

/// Whether `name` is the header of application keys, or the one that asks for a session of theirs.
fn is_of_keys(keys: &KeyPlacesParts, name: &HeaderName) -> bool {
    let is_flag = keys.session_cookie.is_some() && folded(&keys.flag_header) == folded(name);
    is_flag || folded(&keys.header) == folded(name)
}

/// Checks one route; `None` when it has problems.
pub(super) fn route(
    parts: &PolicyParts,
    owned: &OwnedHeaders,
    index: usize,
    route: &Route,
    errors: &mut Vec<PolicyError>,
) -> Option<Checked> {
    let before = errors.len();
    let mut report = |problem| errors.push(PolicyError { culprit: Culprit::Route(index), problem });
    if route.hosts.is_empty() {
        report(PolicyProblem::NoHosts);
    }
    let path = matching(parts, owned, route, &mut report);
    requirements(parts.deployment, route, &mut report);
    captures(parts, route, &mut report);
    headers(parts, route, &mut report);
    let plan = combination::plan(parts.deployment, route)
        .map_err(|error| report(PolicyProblem::Combination(error)))
        .ok();
    let sources = sources(parts, route, &mut report);
    subtenant_mode(parts, route, &sources, &mut report);
    acting(parts, route, (plan.as_ref(), &sources), &mut report);
    let gate = Gate::new(route.subtenancy, parts.catalogue.as_ref()).map_err(&mut report).ok();
    if let (Some(Gate::Catalogue(catalogue)), Some(plan), Some(path)) = (&gate, &plan, &path) {
        let route = &Route { path: path.clone(), ..route.clone() };
        let cuts_tokens = !parts.places.parameters().is_empty();
        catalogue_scopes(catalogue, route, (plan, cuts_tokens), &mut report);
    }
    (errors.len() == before).then_some(Checked { path: path?, plan: plan?, gate: gate?, sources })
}

/// A role of unknown scopes leaves the judgement to the service, which needs the caller's own token.
fn catalogue_scopes(
    catalogue: &Catalogue,
    route: &Route,
    (plan, cuts_tokens): (&Plan, bool),
    report: &mut dyn FnMut(PolicyProblem),
) {
    match (route.authentication, plan.bearer) {
        (Authentication::NotLookedAt, _) => {}
        (Authentication::Optional | Authentication::Required, Treatment::Forward) => {
            for role in catalogue.unknown(&route.path, &route.methods).filter(|_| cuts_tokens) {
                report(PolicyProblem::CatalogueTokenCut(Arc::clone(role)));
            }
        }
        (
            Authentication::Optional | Authentication::Required,
            Treatment::Nothing | Treatment::Technical,
        ) => {
            for role in catalogue.unknown(&route.path, &route.methods) {
                report(PolicyProblem::CatalogueScopesUnknown(Arc::clone(role)));
            }
        }
    }
}

/// Checks what a route matches; the path pattern as it is compared.
fn matching(
    parts: &PolicyParts,
    owned: &OwnedHeaders,
    route: &Route,
    report: &mut dyn FnMut(PolicyProblem),
) -> Option<PathPattern> {
    if route.headers.len() > CONDITION_LIMIT {
        report(PolicyProblem::ManyConditions);
    }
    for name in route.headers.names() {
        if is_reserved(name) || owned.cover(name.as_str().as_bytes()) {
            report(PolicyProblem::HeaderNotClients(name.clone()));
        }
    }
    if !route.opaque.is_nothing() && !route.path.has_rest() {
        report(PolicyProblem::OpaqueWithoutTail);
    }
    match route.subtenancy {
        Subtenancy::Catalogue => {
            if !route.opaque.is_nothing() {
                report(PolicyProblem::CatalogueNotPlain("an opaque tail"));
            }
            if parts.spelling.letter_case == LetterCase::Folded {
                report(PolicyProblem::CatalogueNotPlain("`case_insensitive_paths`"));
            }
        }
        Subtenancy::Aware | Subtenancy::Only | Subtenancy::Refused => {}
    }
    route
        .path
        .clone()
        .spelled(parts.spelling)
        .map_err(|error| report(PolicyProblem::Path(error)))
        .ok()
}

fn requirements(deployment: Deployment, route: &Route, report: &mut dyn FnMut(PolicyProblem)) {
    let has_scopes = match &route.scopes {
        ScopeRequirement::All(scopes) | ScopeRequirement::Any(scopes) => {
            if scopes.is_empty() {
                report(PolicyProblem::EmptyList("scopes"));
            }
            true
        }
        ScopeRequirement::NotNeeded | ScopeRequirement::Unstated => false,
    };
    if route.tenants.as_ref().is_some_and(Sorted::is_empty) {
        report(PolicyProblem::EmptyList("tenants"));
    }
    let unbound: Option<fn(&'static str) -> PolicyProblem> =
        match (deployment, route.authentication) {
            (Deployment::Egress, Authentication::NotLookedAt) => {
                Some(PolicyProblem::RequirementOnUnreadToken)
            }
            (Deployment::Ingress, Authentication::NotLookedAt | Authentication::Optional) => {
                Some(PolicyProblem::RequirementWithoutAuthentication)
            }
            (Deployment::Egress, Authentication::Optional | Authentication::Required)
            | (Deployment::Ingress, Authentication::Required) => None,
        };
    if let Some(problem) = unbound {
        let only = route.subtenancy == Subtenancy::Only;
        let stated = [
            ("scopes", has_scopes),
            ("tenants", route.tenants.is_some()),
            ("claims", !route.claims.is_empty()),
            ("subtenancy", only),
        ];
        for (key, _) in stated.into_iter().filter(|(_, is_stated)| *is_stated) {
            report(problem(key));
        }
    }
    let is_ingress = deployment == Deployment::Ingress;
    let is_unstated = route.scopes == ScopeRequirement::Unstated && route.claims.is_empty();
    if is_ingress && !route.upstream.inject.is_empty() && is_unstated {
        report(PolicyProblem::ScopesUnstated);
    }
}

/// A folded capture could not tell two tenants apart that differ in case.
fn captures(parts: &PolicyParts, route: &Route, report: &mut dyn FnMut(PolicyProblem)) {
    for (condition, Condition { test, .. }) in route.claims.iter().enumerate() {
        let name = match test {
            Test::EqualsCapture(name) => name,
            Test::Absent | Test::OneOf(_) | Test::Present => continue,
        };
        if route.path.captures().all(|own| *own != **name) {
            report(PolicyProblem::CaptureUnknown { condition, name: Arc::clone(name) });
        }
        match parts.spelling.letter_case {
            LetterCase::Folded => report(PolicyProblem::CaptureFolded { condition }),
            LetterCase::Kept => {}
        }
    }
}

fn headers(parts: &PolicyParts, route: &Route, report: &mut dyn FnMut(PolicyProblem)) {
    let mut seen = Table::new();
    for name in parts.identity.names() {
        seen.insert(folded(name), ());
    }
    if let SubtenantMode::Header(header) = &route.subtenant {
        let name = &header.name;
        let is_place =
            parts.places.headers().iter().any(|(place, _)| folded(place) == folded(name));
        let is_taken = is_place || is_credential(name) || is_reserved(name);
        if is_taken || seen.insert(header.folded(), ()).is_some() {
            report(PolicyProblem::HeaderTaken(name.clone()));
        }
    }
    let signs = route.upstream.signs();
    for injection in &route.upstream.inject {
        let is_taken = is_reserved(&injection.header) || signs && is_signed(&injection.header);
        if is_taken || seen.insert(folded(&injection.header), ()).is_some() {
            report(PolicyProblem::HeaderTaken(injection.header.clone()));
        }
    }
}

/// Whether a signature covers the field as the caller sends it: another one of that name would break it.
fn is_signed(name: &HeaderName) -> bool {
    folded(name).starts_with("x-acs-")
}

fn sources(
    parts: &PolicyParts,
    route: &Route,
    report: &mut dyn FnMut(PolicyProblem),
) -> Box<[Source]> {
    let mut found = Vec::with_capacity(route.upstream.inject.len());
    for injection in &route.upstream.inject {
        match parts.sources.iter().find(|source| source.id == injection.source) {
            Some(source) => found.push(source.clone()),
            None => report(PolicyProblem::SourceUnknown(injection.source)),
        }
    }
    found.into()
}

fn subtenant_mode(
    parts: &PolicyParts,
    route: &Route,
    sources: &[Source],
    report: &mut dyn FnMut(PolicyProblem),
) {
    match &route.subtenant {
        SubtenantMode::Impersonate => {
            for source in sources.iter().filter(|source| source.subtenants != Subtenants::Own) {
                if matches!(source.callers, Some(Callers::Any | Callers::Only(_))) {
                    report(PolicyProblem::CallersWithImpersonation(Arc::clone(&source.name)));
                } else if source.subtenants == Subtenants::None {
                    report(PolicyProblem::ImpersonationUnsupported(Arc::clone(&source.name)));
                }
            }
        }
        SubtenantMode::Header(_) | SubtenantMode::One(_) | SubtenantMode::Refuse => {}
        SubtenantMode::TenantWide => {
            // What the catalogue covers is aware because it reads the token, which would have none.
            if matches!(route.subtenancy, Subtenancy::Catalogue | Subtenancy::Refused) {
                report(PolicyProblem::TenantWideOnUnawareRoute);
            }
            if parts.identity.subtenant.is_none() {
                report(PolicyProblem::TenantWideWithoutIdentity);
            }
        }
    }
    // A caller's token can be exchanged only where there always is one.
    let is_always = |injection: &Injection| injection.when == When::Always;
    let needs_caller = route.authentication == Authentication::Required
        && route.upstream.inject.iter().all(is_always)
        && route.subtenant != SubtenantMode::TenantWide;
    for source in sources.iter().filter(|source| source.subtenants == Subtenants::Own) {
        if !needs_caller {
            report(PolicyProblem::ExchangeWithoutCaller(Arc::clone(&source.name)));
        }
    }
}

/// A program acts for a subtenant only as the owner of the credential: behind an egress proxy, without
/// a caller's token.
fn acting(
    parts: &PolicyParts,
    route: &Route,
    (plan, sources): (Option<&Plan>, &[Source]),
    report: &mut dyn FnMut(PolicyProblem),
) {
    let only = match &route.subtenant {
        SubtenantMode::Header(header) => match &header.values {
            ActingValues::Any => None,
            ActingValues::Only(listed) if listed.is_empty() => {
                return report(PolicyProblem::EmptyList("values"));
            }
            ActingValues::Only(listed) => Some(listed.as_slice()),
        },
        SubtenantMode::One(id) => Some(slice::from_ref(id)),
        SubtenantMode::Impersonate | SubtenantMode::Refuse | SubtenantMode::TenantWide => return,
    };
    match parts.deployment {
        Deployment::Egress => {}
        Deployment::Ingress => return report(PolicyProblem::ActingOnIngress),
    }
    if !sources.is_empty() && plan.is_some_and(|plan| plan.anonymous != Some(Treatment::Technical))
    {
        report(PolicyProblem::ActingWithoutRequests);
    }
    for source in sources {
        match &source.subtenants {
            Subtenants::Any => {}
            Subtenants::None => {
                report(PolicyProblem::ImpersonationUnsupported(Arc::clone(&source.name)));
            }
            Subtenants::One(one)
                if only.is_some_and(|only| only.iter().all(|other| other == one)) => {}
            Subtenants::One(_) => {
                report(PolicyProblem::ActingElsewhere(Arc::clone(&source.name)));
            }
            // Without a caller's token, which is reported.
            Subtenants::Own => {}
        }
    }
}
