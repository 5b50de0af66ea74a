//! From the document to a [`Config`]: all defaults, all cross references, all errors at once.
//!
//! Every section is read whatever became of the others. A part that cannot be made reports why
//! and is `None`; so a configuration without errors is one that is complete.

mod api_key;
mod application_keys;
mod catalogue;
mod catalogue_problem;
mod catalogue_rules;
mod certificate;
mod claims;
mod client;
mod conditions;
mod credential_keys;
mod credential_problem;
mod credentials;
mod headers;
mod idaas;
mod inject;
mod issuer_problem;
mod issuer_template;
mod issuers;
mod kept_claims;
mod key_discovery;
mod key_source;
mod key_sources;
mod limits;
mod mindsphere_app;
mod mindsphere_auto;
mod mindsphere_hosts;
mod mindsphere_tenant;
mod mindsphere_user;
mod mode;
mod names;
mod oauth2;
mod oauth2_client;
mod policy;
mod problem;
mod route_problem;
mod routes;
mod shared_secret;
mod signing_key;
mod subtenant;
mod token_places;
mod unserved;
mod values;
mod variables;

pub use application_keys::ApplicationKeyProblem;
pub use catalogue_problem::CatalogueProblem;
pub use client::{is_variable, looks_like_variable};
pub use conditions::ConditionProblem;
pub use credential_problem::CredentialProblem;
pub use headers::HeaderProblem;
pub use idaas::{CHAIN_VARIABLES, IdaasProblem};
pub use issuer_problem::IssuerProblem;
pub use key_discovery::KeyDiscovery;
pub use key_source::{Demand, KeyAddress, KeyLocation, KeyOwner, KeySource, Upkeep};
pub use limits::{BadSignatures, Limits};
pub use mindsphere_auto::{platform_sets, platform_variables, subtenant_variable};
pub use problem::{AddressProblem, ListProblem, NameProblem};
pub use route_problem::RouteProblem;
pub use token_places::PlaceProblem;

use self::client::Secrets;
use self::credentials::Credentials;
use self::policy::Surroundings;
use self::routes::PlacedRoute;
use super::error::Quoted;
use super::raw::Section;
use super::report::Report;
use super::warning::Notice;
use super::{Config, Environment, Noting};
use crate::message::{LetterCase, PathSpelling, TrailingSlash};
use crate::policy::{Deployment, NoMatch};
use crate::table::Table;
use crate::technical_token::idaas::ClientConfig;

/// The configuration of a document. `None` when something is wrong, which has been reported.
pub(super) fn compile(
    root: &Section<'_>,
    environment: Environment<'_>,
    report: &mut Report,
) -> Option<Config> {
    let is_inline_allowed = root.boolean("allow_inline_secrets") == Some(true);
    let secrets = Secrets { environment, is_inline_allowed };
    let mut credentials = credentials::credentials(root, &secrets, report);
    let kept = kept_claims::kept_claims(root, report);
    let mut issuers = issuers::issuers(root, &secrets, (&credentials.clients, &kept), report);
    if let Some(issuers) = &mut issuers {
        credentials.bind_keys(issuers, report);
    }
    let identity = headers::identity(root, report);
    let deployment = match root.text("deployment") {
        Some("egress") => Some(Deployment::Egress),
        Some("ingress") => Some(Deployment::Ingress),
        Some(_) | None => None,
    };
    let places = token_places::token_places(root, deployment, report);
    let spelling = spelling(root);
    let keys = (deployment, spelling);
    let keys = application_keys::application_keys(root, keys, &places, &secrets, report);
    let catalogue = catalogue::catalogue(root, spelling.trailing_slash, report);
    let mode = mode::document_mode(root, report);
    // Routes are read in any case; what depends on the deployment has no meaning without it.
    let setting = (deployment.unwrap_or(Deployment::Ingress), mode);
    let routes = routes::routes(root, setting, &credentials, report);
    let is_complete = routes.len() == root.sections("routes").len();
    warn_of_unused(root, &credentials, &routes, report);
    catalogue::warn_of_unused(root, catalogue.as_deref(), &routes, report);
    if is_complete {
        unserved::warn_of_unasked(root, &routes, report);
    }
    if let Some(issuers) = &issuers {
        unserved::warn_of_unserved(root, (&issuers.issuers, &keys.tenants), &routes, report);
        if let Some(deployment) = deployment {
            let used = (&credentials, &*routes);
            mindsphere_user::check(root, deployment, &issuers.issuers, used, report);
        }
    }
    let surroundings = Surroundings {
        deployment: deployment?,
        catalogue,
        sources: credentials.list.iter().flatten().map(|one| one.policy.clone()).collect(),
        identity,
        places,
        keys: keys.places,
        mode,
        no_match: match root.text("no_match") {
            Some("not_found") => NoMatch::NotFound,
            Some(_) | None => NoMatch::Forbidden,
        },
        spelling,
        authenticates: root.states("issuers") || root.states("application_keys"),
    };
    let policy = policy::policy(root, routes, surroundings, report);
    let sources: Option<Vec<_>> =
        credentials.list.into_iter().map(|one| one.and_then(|one| one.source)).collect();
    let issuers = issuers?;
    let is_complete = is_complete && (keys.settings.is_some() || !root.states("application_keys"));
    is_complete.then_some(())?;
    Some(Config {
        deployment: deployment?,
        issuers: issuers.issuers,
        key_sources: issuers.key_sources,
        sources: sources?,
        policy: policy?,
        application_keys: keys.settings,
        trusts_client_address: application_keys::trusts_client_address(root),
        limits: limits::limits(root),
        noting: match root.text("filter_state") {
            Some("always") => Noting::Always,
            Some("never") => Noting::Never,
            Some(_) | None => Noting::Refusals,
        },
    })
}

/// The client of an `idaas` credential. `None` when something is wrong, which has been reported.
pub(super) fn idaas(
    credential: &Section<'_>,
    environment: Environment<'_>,
    report: &mut Report,
) -> Option<ClientConfig> {
    let secrets = Secrets { environment, is_inline_allowed: false };
    idaas::client_config(credential, &secrets, report)
}

fn spelling(root: &Section<'_>) -> PathSpelling {
    let is_on = |key| root.boolean(key) == Some(true);
    PathSpelling {
        letter_case: match is_on("case_insensitive_paths") {
            true => LetterCase::Folded,
            false => LetterCase::Kept,
        },
        trailing_slash: match is_on("ignore_trailing_slash") {
            true => TrailingSlash::Dropped,
            false => TrailingSlash::Kept,
        },
    }
}

fn warn_of_unused(
    root: &Section<'_>,
    credentials: &Credentials<'_>,
    routes: &[PlacedRoute<'_>],
    report: &mut Report,
) {
    let inject = routes.iter().flat_map(|placed| &placed.route.upstream.inject);
    let mut used = Table::new();
    for injection in inject {
        used.insert(injection.source, ());
    }
    let sections = root.sections("credentials");
    for (section, one) in sections.iter().zip(&credentials.list) {
        let Some(one) = one else { continue };
        if !used.contains_key(&one.policy.id) {
            let name = Quoted::from(one.policy.name.as_ref());
            report.warn(section.place(), Notice::CredentialUnused(name));
        }
    }
}
