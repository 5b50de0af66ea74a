//! `credentials[].mindsphere_tenant`: service credentials of one tenant.

use std::sync::Arc;
use std::time::Duration;

use super::super::raw::Section;
use super::super::report::Report;
use super::super::uri::{is_host_name, is_label};
use super::claims::of_preset;
use super::client::{Secrets, client};
use super::credential_problem::CredentialProblem;
use super::credentials::{KindParts, Traits};
use super::values::endpoint;
use crate::presets::MINDSPHERE;
use crate::technical_token::Source;
use crate::technical_token::mindsphere::{MindsphereTenant, MindsphereTenantParts};
use crate::tenancy::TenantId;

/// How long a call for a token may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// Reads one.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    let tenant = tenant(section, report);
    let client = client(section, secrets, report);
    if client.as_ref().is_some_and(|client| client.id().contains(':')) {
        let is_inline = section.states("client_id");
        let key = if is_inline { "client_id" } else { "client_id_env" };
        report.error(&section.place_of(key), CredentialProblem::IdColon);
    }
    let url = token_url(section, report);
    let place = section.place_of(if section.states("token_url") { "token_url" } else { "tenant" });
    let endpoint = url.as_ref().and_then(|url| endpoint(section, &place, url, report));
    let client_id = client.as_ref().map(|client| Arc::from(client.id()));
    let timeout = section.duration("timeout").unwrap_or(TIMEOUT);
    let claims = of_preset(&MINDSPHERE);
    let parts = (endpoint, url, tenant.clone(), client, claims);
    let source =
        if let (Some(endpoint), Some(issuer), Some(tenant), Some(client), Some(claims)) = parts {
            // By the platform's rule the issuer of a tenant's tokens is the token URL itself.
            let parts = MindsphereTenantParts { endpoint, issuer, tenant, claims, client, timeout };
            Some(Source::new(name, MindsphereTenant::new(parts)))
        } else {
            None
        };
    let traits = Traits { has_tenant: true, impersonates: true };
    KindParts { source, tenant, client_id, traits }
}

fn tenant(section: &Section<'_>, report: &mut Report) -> Option<TenantId> {
    let tenant = section.text("tenant")?;
    let place = section.place_of("tenant");
    if is_label(tenant) {
        report.ok(&place, TenantId::parse(tenant).map_err(CredentialProblem::Tenant))
    } else {
        report.error(&place, CredentialProblem::TenantLabel);
        None
    }
}

/// The stated token URL, or the one that follows from tenant, region and domain.
fn token_url(section: &Section<'_>, report: &mut Report) -> Option<String> {
    let tenant = section.text("tenant").filter(|tenant| is_label(tenant));
    let region = section.text("region");
    if region.is_some_and(|region| !is_label(region)) {
        report.error(&section.place_of("region"), CredentialProblem::Region);
    }
    let domain = match section.states("domain") {
        true => section.text("domain"),
        false => Some(MINDSPHERE.domain.value),
    };
    if domain.is_some_and(|domain| !is_host_name(domain)) {
        report.error(&section.place_of("domain"), CredentialProblem::Domain);
    }
    if section.states("token_url") {
        return section.text("token_url").map(str::to_owned);
    }
    let region = region.filter(|region| is_label(region))?;
    let domain = domain.filter(|domain| is_host_name(domain))?;
    Some(format!("https://{}.piam.{region}.{domain}{}", tenant?, MINDSPHERE.issuer_path.value))
}
