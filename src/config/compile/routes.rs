//! `routes`: what each matches, whom it lets pass, what goes upstream.
//!
//! Each setting is read here; what they mean together is `policy`'s to say.

use std::sync::Arc;

use super::super::error::Quoted;
use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::conditions::conditions;
use super::credentials::Credentials;
use super::headers::HeaderProblem;
use super::inject::{injection, is_known};
use super::mode::route_mode;
use super::names::Names;
use super::problem::ListProblem;
use super::route_problem::RouteProblem;
use super::subtenant::subtenant;
use super::values::{AnyOr, any_or, tenants, texts};
use crate::jwt::SCOPE_LIMIT;
use crate::message::{HeaderName, Opaque};
use crate::policy::{
    Authentication, CallerToken, Deployment, HeaderConditions, HostPattern, Methods, Mode,
    PathPattern, Route, ScopeRequirement, Subtenancy, Upstream, Upstream401,
};
use crate::sorted::Sorted;

/// One route, and where it stands.
pub(super) struct PlacedRoute<'d> {
    pub(super) route: Route,
    pub(super) section: Section<'d>,
}

/// Reads `routes`. Those that cannot be made are left out, which has been reported.
pub(super) fn routes<'d>(
    root: &Section<'d>,
    (deployment, mode): (Deployment, Mode),
    credentials: &Credentials<'_>,
    report: &mut Report,
) -> Vec<PlacedRoute<'d>> {
    let sections = root.sections("routes");
    let names = Names::collect(&sections, report);
    let mut routes = Vec::new();
    for (index, section) in sections.into_iter().enumerate() {
        let route = route(&section, (deployment, mode), credentials, report);
        // A second route of a name has been reported; policy need not be told of it.
        let is_first = section.text("name").and_then(|name| names.find(name)) == Some(index);
        if let (Some(route), true) = (route, is_first) {
            routes.push(PlacedRoute { route, section });
        }
    }
    routes
}

fn route(
    section: &Section<'_>,
    (deployment, mode): (Deployment, Mode),
    credentials: &Credentials<'_>,
    report: &mut Report,
) -> Option<Route> {
    let matched = section.section("match");
    let hosts = matched.as_ref().map(|matched| hosts(matched, report));
    let path = matched.as_ref().and_then(|matched| path(matched, report));
    let methods = matched.as_ref().and_then(|matched| methods(matched, report));
    let headers = matched.as_ref().map(|matched| headers(matched, report));
    let opaque = matched.as_ref().map(opaque);
    let tenants = section.states("tenants").then(|| tenants(&section.list("tenants"), report));
    let tenants = tenants.map(Sorted::from_iter);
    let scopes = scopes(section, report);
    let claims = conditions(section, report);
    let mode = route_mode(section, mode, report);
    let upstream = section.section("upstream");
    let upstream_401 = upstream.as_ref().and_then(upstream_401);
    let upstream = upstream.and_then(|upstream| read_upstream(&upstream, credentials, report));
    let pass_unverified = section.boolean("pass_unverified").unwrap_or(false);
    if pass_unverified {
        report.warn(&section.place_of("pass_unverified"), Notice::UnverifiedPassed);
    }
    let subtenant = subtenant(section, report);
    Some(Route {
        name: Arc::from(section.text("name")?),
        hosts: hosts.filter(|hosts| !hosts.is_empty())?,
        path: path?,
        methods: methods?,
        headers: headers?,
        opaque: opaque?,
        authentication: authentication(section, deployment)?,
        subtenancy: subtenancy(section)?,
        subtenant: subtenant?,
        scopes: scopes?,
        // A list that lost items has been reported; an empty one would be reported again.
        tenants: tenants.filter(|tenants| !tenants.is_empty()),
        claims: claims?,
        upstream: upstream?,
        mode,
        upstream_401: upstream_401.unwrap_or_default(),
        passes_preflight: section.text("preflight") == Some("pass"),
        pass_unverified,
    })
}

fn hosts(matched: &Section<'_>, report: &mut Report) -> Vec<HostPattern> {
    let mut hosts = Vec::new();
    for (place, text) in texts(&matched.list("hosts"), report) {
        let host = HostPattern::parse(text).map_err(|error| {
            let host = Quoted::from(text);
            RouteProblem::Host { host, error }
        });
        hosts.extend(report.ok(&place, host));
    }
    hosts
}

fn path(matched: &Section<'_>, report: &mut Report) -> Option<PathPattern> {
    let text = matched.text("path")?;
    let path = PathPattern::parse(text).map_err(|error| {
        let path = Quoted::from(text);
        RouteProblem::Path { path, error }
    });
    report.ok(&matched.place_of("path"), path)
}

fn methods(matched: &Section<'_>, report: &mut Report) -> Option<Methods> {
    match any_or(matched, "methods")? {
        AnyOr::Any => Some(Methods::Any),
        AnyOr::Only(items) => {
            let names = texts(&items, report);
            if let Some((place, _)) = names.iter().find(|(_, name)| *name == "any") {
                report.error(place, ListProblem::AnyInList);
                return None;
            }
            // An empty list has been reported.
            names.first()?;
            let methods = Methods::only(names.iter().map(|(_, name)| *name));
            report.ok(&matched.place_of("methods"), methods.map_err(RouteProblem::Method))
        }
    }
}

/// Names that are none, or that are there twice, are reported.
fn headers(matched: &Section<'_>, report: &mut Report) -> HeaderConditions {
    let mut names: Vec<HeaderName> = Vec::new();
    let conditions = matched.section("headers");
    for (text, entry) in conditions.iter().flat_map(Section::entries) {
        let name = HeaderName::parse(text).map_err(HeaderProblem::Name);
        let Some(name) = report.ok(entry.place(), name) else { continue };
        if names.contains(&name) {
            report.error(entry.place(), ListProblem::Repeated(Quoted::from(text)));
        } else {
            names.push(name);
        }
    }
    HeaderConditions::present(names)
}

fn opaque(matched: &Section<'_>) -> Opaque {
    let is_opaque = |key| matched.text(key) == Some("opaque");
    Opaque {
        encoded_slash: is_opaque("encoded_slash"),
        path_parameters: is_opaque("path_parameters"),
    }
}

/// The `scopes` of a route, or of a role of the catalogue.
pub(super) fn scopes(section: &Section<'_>, report: &mut Report) -> Option<ScopeRequirement> {
    let Some(entry) = section.entry("scopes") else { return Some(ScopeRequirement::Unstated) };
    let Some(object) = entry.section() else {
        return (entry.text() == Some("not_needed")).then_some(ScopeRequirement::NotNeeded);
    };
    let mut scopes = |key| {
        let scopes = texts(&object.list(key), report);
        for (place, scope) in &scopes {
            if scope.contains(' ') || scope.len() > SCOPE_LIMIT {
                report.error(place, RouteProblem::Scope(Quoted::from(*scope)));
            }
        }
        scopes.into_iter().map(|(_, scope)| Arc::from(scope)).collect()
    };
    match (object.states("any"), object.states("all")) {
        (true, false) => Some(ScopeRequirement::Any(scopes("any"))),
        (false, true) => Some(ScopeRequirement::All(scopes("all"))),
        (true, true) | (false, false) => {
            report.error(entry.place(), RouteProblem::ScopesUnclear);
            None
        }
    }
}

fn read_upstream(
    section: &Section<'_>,
    credentials: &Credentials<'_>,
    report: &mut Report,
) -> Option<Upstream> {
    let mut inject = Vec::new();
    let mut is_complete = true;
    for item in section.sections("inject") {
        is_known(&item, credentials, report);
        match injection(&item, credentials, report) {
            Some(injection) => inject.push(injection),
            None => is_complete = false,
        }
    }
    let caller_token = match section.text("caller_token")? {
        "forward" => CallerToken::Forward,
        "remove" => CallerToken::Remove,
        _ => return None,
    };
    is_complete.then_some(Upstream { caller_token, inject })
}

/// Another word has been reported.
fn upstream_401(upstream: &Section<'_>) -> Option<Upstream401> {
    let words = [("purge", Upstream401::PassOn), ("replace", Upstream401::Replace)];
    word(upstream, "on_upstream_401", &words)
}

/// Required by default on ingress, optional on egress.
fn authentication(section: &Section<'_>, deployment: Deployment) -> Option<Authentication> {
    match (section.states("authentication"), deployment) {
        (false, Deployment::Egress) => Some(Authentication::Optional),
        (false, Deployment::Ingress) => Some(Authentication::Required),
        (true, Deployment::Egress | Deployment::Ingress) => word(
            section,
            "authentication",
            &[
                ("required", Authentication::Required),
                ("optional", Authentication::Optional),
                ("none", Authentication::NotLookedAt),
            ],
        ),
    }
}

fn subtenancy(section: &Section<'_>) -> Option<Subtenancy> {
    if !section.states("subtenancy") {
        return Some(Subtenancy::Refused);
    }
    word(
        section,
        "subtenancy",
        &[
            ("refused", Subtenancy::Refused),
            ("aware", Subtenancy::Aware),
            ("catalogue", Subtenancy::Catalogue),
            ("only", Subtenancy::Only),
        ],
    )
}

/// The meaning of a key's word; another word has been reported.
pub(super) fn word<T: Clone>(
    section: &Section<'_>,
    key: &str,
    meanings: &[(&str, T)],
) -> Option<T> {
    let text = section.text(key)?;
    meanings.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone())
}
