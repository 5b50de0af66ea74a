//! `credentials[].mindsphere_app`: credentials of one version of an application.

use std::sync::Arc;

use super::super::raw::Section;
use super::super::report::Report;
use super::claims::of_preset;
use super::client::{Secrets, basic_client};
use super::credential_keys::{Signed, wanted};
use super::credentials::{KindParts, Traits};
use super::mindsphere_hosts::{Hosts, issuers, tenant};
use super::mindsphere_tenant::TIMEOUT;
use super::values::endpoint;
use crate::policy::Subtenants;
use crate::presets::{MINDSPHERE, TOKEN_MANAGEMENT};
use crate::technical_token::Source;
use crate::technical_token::mindsphere::{MindsphereApp, MindsphereAppParts};
use crate::tenancy::TenantId;

/// Reads one.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    let host_tenant = tenant(section, "host_tenant", report);
    let user_tenant = tenant(section, "user_tenant", report);
    let client = basic_client(section, secrets, report);
    let hosts = Hosts::read(section, report);
    let url = match section.states("token_url") {
        true => section.text("token_url").map(str::to_owned),
        false => hosts.as_ref().map(Hosts::token_management_url),
    };
    let place = section.place_of(if section.states("token_url") { "token_url" } else { "region" });
    let endpoint = url.and_then(|url| endpoint(section, &place, &url, report));
    let issuers = match section.states("issuers") {
        true => Some(issuers(section, "issuers", report)),
        false => expected_issuers(hosts.as_ref(), [&host_tenant, &user_tenant]),
    };
    let cluster = None;
    let token_urls = issuers.iter().flatten().map(|issuer| (issuer.clone(), issuer.clone()));
    let issuers_and_urls = token_urls.collect();
    let proof = wanted(Signed { section, name, cluster, issuers: issuers_and_urls }, report);
    let client_id = client.as_ref().map(|client| Arc::from(client.id()));
    let source = (|| {
        let parts = MindsphereAppParts {
            endpoint: endpoint?,
            issuers: issuers?,
            app_name: section.text("app_name")?.to_owned(),
            app_version: section.text("app_version")?.to_owned(),
            host_tenant: host_tenant?,
            user_tenant: user_tenant.clone()?,
            client: client?,
            claims: of_preset(&MINDSPHERE)?,
            timeout: section.duration("timeout").unwrap_or(TIMEOUT),
        };
        Some(Source::new(name, MindsphereApp::new(parts)))
    })();
    let traits = Traits { has_tenant: true, subtenants: Subtenants::None };
    KindParts { source, proof, tenant: user_tenant, client_id, traits }
}

/// The issuers of both tenants, and that of the platform's own.
pub(super) fn expected_issuers(
    hosts: Option<&Hosts>,
    tenants: [&Option<TenantId>; 2],
) -> Option<Vec<String>> {
    let hosts = hosts?;
    let [host_tenant, user_tenant] = tenants;
    let platform = TOKEN_MANAGEMENT.platform_tenant.value;
    let tenants = [host_tenant.as_ref()?.as_str(), user_tenant.as_ref()?.as_str(), platform];
    Some(tenants.map(|tenant| hosts.token_url(tenant)).to_vec())
}
