//! `credentials[].oauth2`: the client credentials grant of any provider (RFC 6749 §4.4).

use std::sync::Arc;

use super::super::error::Quoted;
use super::super::raw::Section;
use super::super::report::Report;
use super::client::{Secrets, client};
use super::credential_problem::CredentialProblem;
use super::credentials::{KindParts, Traits};
use super::mindsphere_tenant::TIMEOUT;
use super::values::{endpoint, texts};
use crate::technical_token::oauth2::OAuth2;
use crate::technical_token::{BasicEncoding, Source};

/// Reads one.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    let client = client(section, secrets, report);
    let place = section.place_of("token_endpoint");
    let url = section.text("token_endpoint");
    let endpoint = url.and_then(|url| endpoint(section, &place, url, report));
    let scope = scope(section, report);
    let client_id = client.as_ref().map(|client| Arc::from(client.id()));
    let timeout = section.duration("timeout").unwrap_or(TIMEOUT);
    let encoding = BasicEncoding::FormEncoded;
    let source = endpoint.zip(client).map(|(endpoint, client)| {
        Source::new(name, OAuth2 { endpoint, client, encoding, scope, timeout })
    });
    let traits = Traits { has_tenant: false, impersonates: false };
    KindParts { source, tenant: None, client_id, traits }
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
