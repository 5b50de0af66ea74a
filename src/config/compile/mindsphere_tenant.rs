//! `credentials[].mindsphere_tenant`: service credentials of one tenant.

use std::sync::Arc;
use std::time::Duration;

use super::super::raw::Section;
use super::super::report::Report;
use super::super::uri::{Uri, is_label};
use super::claims::of_preset;
use super::client::{Secrets, basic_client};
use super::credential_keys::{Signed, wanted};
use super::credentials::{KindParts, Traits};
use super::mindsphere_hosts::{Hosts, tenant};
use super::problem::AddressProblem;
use super::values::endpoint;
use crate::policy::Subtenants;
use crate::presets::MINDSPHERE;
use crate::technical_token::Source;
use crate::technical_token::mindsphere::{MindsphereTenant, MindsphereTenantParts};

/// How long a call for a token may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// Reads one.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    let tenant = tenant(section, "tenant", report);
    let client = basic_client(section, secrets, report);
    let url = token_url(section, report);
    let issuer = issuer(section, url.as_deref(), report);
    let place = section.place_of(if section.states("token_url") { "token_url" } else { "tenant" });
    let endpoint = url.as_ref().and_then(|url| endpoint(section, &place, url, report));
    let cluster = section.text("cluster");
    let issuers = issuer.clone().zip(url.clone()).into_iter().collect();
    let proof = wanted(Signed { section, name, cluster, issuers }, report);
    let client_id = client.as_ref().map(|client| Arc::from(client.id()));
    let timeout = section.duration("timeout").unwrap_or(TIMEOUT);
    let claims = of_preset(&MINDSPHERE);
    let parts = (endpoint, issuer, tenant.clone(), client, claims);
    let source = if let (Some(endpoint), Some(issuer), Some(tenant), Some(client), Some(claims)) =
        parts
    {
        let parts =
            MindsphereTenantParts { endpoint, issuer, tenant, only: None, claims, client, timeout };
        Some(Source::new(name, MindsphereTenant::new(parts)))
    } else {
        None
    };
    let traits = Traits { has_tenant: true, subtenants: Subtenants::Any };
    KindParts { source, proof, tenant, client_id, traits }
}

/// The stated token URL, or the one that follows from tenant, region and domain.
fn token_url(section: &Section<'_>, report: &mut Report) -> Option<String> {
    let hosts = Hosts::read(section, report);
    if section.states("token_url") {
        return section.text("token_url").map(str::to_owned);
    }
    let tenant = section.text("tenant").filter(|tenant| is_label(tenant))?;
    Some(hosts?.token_url(tenant))
}

/// The stated issuer, or the token URL itself: by the platform's rule they are the same.
fn issuer(section: &Section<'_>, url: Option<&str>, report: &mut Report) -> Option<String> {
    let stated = section.text("issuer");
    if let Some(stated) = stated {
        let uri = Uri::parse(stated).map_err(AddressProblem::Uri);
        report.ok(&section.place_of("issuer"), uri)?;
    }
    stated.or(url).map(str::to_owned)
}
