//! The hosts of the MindSphere platform, by region, base domain and tenant.

use super::super::raw::Section;
use super::super::report::Report;
use super::super::uri::{Uri, is_host_name, is_label};
use super::credential_problem::CredentialProblem;
use super::problem::AddressProblem;
use super::values::texts;
use crate::presets::{MINDSPHERE, TOKEN_MANAGEMENT};
use crate::tenancy::TenantId;

/// A region of the platform.
pub(super) struct Hosts {
    region: String,
    domain: String,
}

impl Hosts {
    /// A region, and the domain below which it lives.
    ///
    /// # Errors
    /// [`CredentialProblem::Region`] and [`CredentialProblem::Domain`].
    pub(super) fn new(region: &str, domain: Option<&str>) -> Result<Self, CredentialProblem> {
        let domain = domain.unwrap_or(MINDSPHERE.domain.value);
        if !is_label(region) {
            return Err(CredentialProblem::Region);
        }
        if !is_host_name(domain) {
            return Err(CredentialProblem::Domain);
        }
        Ok(Self { region: region.to_owned(), domain: domain.to_owned() })
    }

    /// The stated `region` and `domain`. `None` when one is no name, which has been reported.
    pub(super) fn read(section: &Section<'_>, report: &mut Report) -> Option<Self> {
        let region = section.text("region");
        let domain = match section.states("domain") {
            true => section.text("domain"),
            false => Some(MINDSPHERE.domain.value),
        };
        if region.is_some_and(|region| !is_label(region)) {
            report.error(&section.place_of("region"), CredentialProblem::Region);
        }
        if domain.is_some_and(|domain| !is_host_name(domain)) {
            report.error(&section.place_of("domain"), CredentialProblem::Domain);
        }
        Self::new(region?, Some(domain?)).ok()
    }

    /// The token URL of a tenant, which is also the issuer of its tokens.
    pub(super) fn token_url(&self, tenant: &str) -> String {
        let Self { region, domain } = self;
        format!("https://{tenant}.piam.{region}.{domain}{}", MINDSPHERE.issuer_path.value)
    }

    /// The URL of the Token Management Service.
    pub(super) fn token_management_url(&self) -> String {
        let Self { region, domain } = self;
        format!("https://gateway.{region}.{domain}{}", TOKEN_MANAGEMENT.path.value)
    }
}

/// The tenant that a key states. `None` when it is none, which has been reported.
pub(super) fn tenant(section: &Section<'_>, key: &str, report: &mut Report) -> Option<TenantId> {
    let tenant = section.text(key)?;
    let place = section.place_of(key);
    if is_label(tenant) {
        report.ok(&place, TenantId::parse(tenant).map_err(CredentialProblem::Tenant))
    } else {
        report.error(&place, CredentialProblem::TenantLabel);
        None
    }
}

/// The issuers that a key states. What is no URI is reported.
pub(super) fn issuers(section: &Section<'_>, key: &str, report: &mut Report) -> Vec<String> {
    let mut issuers = Vec::new();
    for (place, issuer) in texts(&section.list(key), report) {
        let uri = Uri::parse(issuer).map_err(AddressProblem::Uri);
        issuers.extend(report.ok(&place, uri).map(|_| issuer.to_owned()));
    }
    issuers
}
