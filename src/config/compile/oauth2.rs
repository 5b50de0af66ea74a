//! `credentials[].oauth2`: the client credentials grant of any provider (RFC 6749 §4.4).

use std::sync::Arc;

use super::super::error::Quoted;
use super::super::raw::Section;
use super::super::report::Report;
use super::claims::NONE;
use super::client::Secrets;
use super::credential_problem::CredentialProblem;
use super::credentials::{KindParts, Proof, Traits};
use super::issuer_problem::IssuerProblem;
use super::mindsphere_tenant::TIMEOUT;
use super::oauth2_client;
use super::values::{endpoint, texts};
use crate::jwt::{ClaimName, ClaimNames};
use crate::policy::Subtenants;
use crate::secret::Secret;
use crate::technical_token::Source;
use crate::technical_token::exchange::{Exchanger, TokenExchange};
use crate::technical_token::oauth2::{OAuth2, Wanted};

/// Reads one.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    let client = oauth2_client::read(section, secrets, report);
    let place = section.place_of("token_endpoint");
    let url = section.text("token_endpoint");
    let endpoint = url.and_then(|url| endpoint(section, &place, url, report));
    let wanted = Wanted {
        scope: scope(section, report),
        audience: section.text("audience").map(str::to_owned),
        resources: resources(section, report),
        parameters: parameters(section, report),
    };
    let client_id = client.as_ref().map(|client| Arc::from(client.id()));
    let timeout = section.duration("timeout").unwrap_or(TIMEOUT);
    let oauth2 =
        endpoint.zip(client).map(|(endpoint, client)| OAuth2 { endpoint, client, wanted, timeout });
    let (source, subtenants) = match section.section("exchange") {
        None => (oauth2.map(|oauth2| Source::new(name, oauth2)), Subtenants::None),
        Some(exchange) => {
            let expected = expected(&exchange, report);
            let parts = oauth2.zip(expected).map(|(oauth2, (issuer, claims))| {
                let client = Exchanger::OAuth2(oauth2);
                Source::new(name, TokenExchange { client, issuer, claims })
            });
            (parts, Subtenants::Own)
        }
    };
    let traits = Traits { has_tenant: false, subtenants };
    KindParts { source, proof: Proof::None, tenant: None, client_id, traits }
}

/// What an exchanged token must say: its issuer, and the claims that tell for whom it acts.
pub(super) fn expected(
    exchange: &Section<'_>,
    report: &mut Report,
) -> Option<(String, ClaimNames)> {
    let claims = exchange.section("claims")?;
    let mut name = |key: &str| {
        let stated = claims.text(key)?;
        let place = claims.place_of(key);
        // Whoever does not look at a claim takes another subtenant's token.
        if stated == NONE {
            report.error(&place, CredentialProblem::ClaimNone);
        }
        report.ok(&place, ClaimName::parse(stated).map_err(IssuerProblem::Claim))
    };
    let (tenant, subtenant) = (name("tenant"), name("subtenant"));
    let fixed = |name: &str| ClaimName::parse(name).ok();
    let claims = ClaimNames {
        client: fixed("client_id")?,
        scopes: fixed("scope")?,
        subtenant: Some(subtenant?),
        tenant: Some(tenant?),
        user: None,
    };
    Some((exchange.text("issuer")?.to_owned(), claims))
}

/// The scopes in one text, as the request has them.
fn scope(section: &Section<'_>, report: &mut Report) -> String {
    let mut scopes = Vec::new();
    for (place, scope) in texts(&section.list("scopes"), report) {
        if is_scope(scope) {
            scopes.push(scope);
        } else {
            report.error(&place, CredentialProblem::Scope(Quoted::from(scope)));
        }
    }
    scopes.join(" ")
}

/// Whether `scope` is a scope-token of RFC 6749 §3.3.
pub(super) fn is_scope(scope: &str) -> bool {
    scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// The resources: one, or a list.
fn resources(section: &Section<'_>, report: &mut Report) -> Vec<String> {
    let Some(entry) = section.entry("resource") else { return Vec::new() };
    let items = entry.list().unwrap_or_else(|| vec![entry]);
    let mut resources = Vec::new();
    for (place, resource) in texts(&items, report) {
        if is_resource(resource) {
            resources.push(resource.to_owned());
        } else {
            report.error(&place, CredentialProblem::Resource(Quoted::from(resource)));
        }
    }
    resources
}

/// Whether `resource` is an absolute URI without fragment (RFC 8707 §2), of any scheme.
fn is_resource(resource: &str) -> bool {
    let Some((scheme, rest)) = resource.split_once(':') else { return false };
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    let is_allowed = |b: u8| b.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&b);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(is_inner)
        && !rest.is_empty()
        && rest.bytes().all(is_allowed)
}

/// The extra parameters in the order of their names: Envoy does not keep that of the document.
fn parameters(section: &Section<'_>, report: &mut Report) -> Vec<(String, Secret<String>)> {
    let mut parameters = Vec::new();
    let stated = section.section("parameters");
    for (name, entry) in stated.iter().flat_map(Section::entries) {
        if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            report.error(entry.place(), CredentialProblem::ParameterReserved);
        } else if !(1..=128).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_graphic()) {
            report.error(entry.place(), CredentialProblem::ParameterName);
        } else if let Some(value) = entry.text() {
            let place = parameters.partition_point(|(other, _): &(String, _)| **other < *name);
            parameters.insert(place, (name.to_owned(), Secret::new(value.to_owned())));
        }
    }
    parameters
}

/// The parameters that other keys state, that prove who the client is, and those of other grants.
const RESERVED: [&str; 20] = [
    "actor_token",
    "actor_token_type",
    "assertion",
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    "requested_token_type",
    "resource",
    "scope",
    "subject_token",
    "subject_token_type",
    "username",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_an_absolute_uri_without_fragment() {
        let rows = [
            ("https://api.example/a?b=c", true),
            ("urn:example:a", true),
            ("a:b", true),
            ("api.example/a", false),
            ("/a", false),
            (":a", false),
            ("1a:b", false),
            ("a b:c", false),
            ("https:", false),
            ("https://api.example/#a", false),
            ("https://api.example/ü", false),
            ("https://api.example/a b", false),
        ];
        for (resource, expected) in rows {
            assert_eq!(is_resource(resource), expected, "{resource}");
        }
    }
}
