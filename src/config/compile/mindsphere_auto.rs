//! `credentials[].mindsphere_auto`: credentials of the platform by its environment variables alone.
//!
//! The order is that of the vendor's SDK: the variables of an application, then those of a tenant,
//! for one subtenant if that is set. A set counts if all of it is there. In one thing it is stricter
//! than the SDK, for which an empty subtenant is none.

use std::sync::Arc;

use super::super::raw::Section;
use super::super::report::Report;
use super::super::uri::is_label;
use super::super::warning::Notice;
use super::claims::of_preset;
use super::client::{Secrets, VALUE_LIMIT, Value, value};
use super::credential_keys::{Signed, wanted};
use super::credential_problem::CredentialProblem;
use super::credentials::{KindParts, Proof, Traits};
use super::mindsphere_app::expected_issuers;
use super::mindsphere_hosts::Hosts;
use super::mindsphere_tenant::TIMEOUT;
use super::values::endpoint_of;
use crate::policy::Subtenants;
use crate::presets::{MINDSPHERE, TOKEN_MANAGEMENT};
use crate::secret::Secret;
use crate::technical_token::mindsphere::{
    MindsphereApp, MindsphereAppParts, MindsphereTenant, MindsphereTenantParts,
};
use crate::technical_token::{ClientCredentials, Source};
use crate::tenancy::{SubtenantId, TenantId};

/// The variables of an application: client id, secret, name, version, host tenant, user tenant.
const APP: [&str; 6] = [
    "MDSP_KEY_STORE_CLIENT_ID",
    "MDSP_KEY_STORE_CLIENT_SECRET",
    "MDSP_OS_VM_APP_NAME",
    "MDSP_OS_VM_APP_VERSION",
    "MDSP_HOST_TENANT",
    "MDSP_USER_TENANT",
];

/// The variables of a tenant: client id, secret, tenant.
const TENANT: [&str; 3] = ["MINDSPHERE_CLIENT_ID", "MINDSPHERE_CLIENT_SECRET", "MINDSPHERE_TENANT"];

/// The one subtenant of the tenant's token.
const SUBTENANT: &str = "MINDSPHERE_SUB_TENANT";

/// The region, unless it is the usual one.
const REGION: &str = "HOST_ENVIRONMENT";

/// The base domain, unless it is the usual one.
const DOMAIN: &str = "HOST_BASEDOMAIN";

/// The variable that keeps a `mindsphere_auto` credential to one subtenant; without it its tokens are of the
/// whole tenant.
pub const fn subtenant_variable() -> &'static str {
    SUBTENANT
}

/// All variables that a `mindsphere_auto` credential looks for.
pub fn platform_variables() -> impl Iterator<Item = &'static str> {
    APP.into_iter().chain(TENANT).chain([SUBTENANT, REGION, DOMAIN])
}

/// The sets of variables of which a `mindsphere_auto` credential needs one as a whole: those of an
/// application, and those of a tenant.
pub const fn platform_sets() -> [&'static [&'static str]; 2] {
    [&APP, &TENANT]
}

/// Variables that belong together.
enum Set<const N: usize> {
    /// All are there.
    Complete([Secret<String>; N]),
    /// These are missing.
    Lacking(Vec<&'static str>),
}

/// Reads one.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    let reader = Reader { section, name, secrets };
    let app = reader.set(APP, report);
    let tenant = reader.set(TENANT, report);
    let subtenant = reader.subtenant(report);
    let hosts = reader.hosts(report);
    match (app, tenant) {
        (Set::Complete(app), _) => {
            if reader.requires_subtenant() {
                report.error(section.place(), CredentialProblem::SubtenantOfApplication);
            } else if subtenant.is_some() {
                report.warn(section.place(), Notice::SubtenantVariableUnused);
            }
            reader.app(app, hosts.as_ref(), report)
        }
        (Set::Lacking(missing), Set::Complete(tenant)) => {
            if missing.len() < APP.len() {
                report.warn(section.place(), Notice::VariablesIncomplete(missing));
            }
            if reader.requires_subtenant() && !reader.is_set(SUBTENANT) {
                report.error(section.place(), CredentialProblem::SubtenantUnset(SUBTENANT));
            }
            reader.tenant(tenant, subtenant.as_ref(), hosts.as_ref(), report)
        }
        (Set::Lacking(app), Set::Lacking(tenant)) => {
            let is_tenant_begun = tenant.len() < TENANT.len() || subtenant.is_some();
            // Of sets of which nothing is there, only both are worth naming.
            let (app, tenant) = match (app.len() < APP.len(), is_tenant_begun) {
                (true, false) => (app, Vec::new()),
                (false, true) => (Vec::new(), tenant),
                (true, true) | (false, false) => (app, tenant),
            };
            let problem = CredentialProblem::VariablesMissing { app, tenant };
            report.error(section.place(), problem);
            let traits = Traits { has_tenant: true, subtenants: Subtenants::Any };
            KindParts { source: None, proof: Proof::None, tenant: None, client_id: None, traits }
        }
    }
}

struct Reader<'r> {
    section: &'r Section<'r>,
    name: &'r str,
    secrets: &'r Secrets<'r>,
}

impl Reader<'_> {
    fn requires_subtenant(&self) -> bool {
        self.section.text("subtenant") == Some("required")
    }

    fn is_set(&self, name: &str) -> bool {
        (self.secrets.environment)(name).is_some()
    }

    /// The one subtenant. A variable that is set to nothing is an error: it would make a credential of
    /// the whole tenant of one that was meant for a subtenant.
    fn subtenant(&self, report: &mut Report) -> Option<Secret<String>> {
        if (self.secrets.environment)(SUBTENANT).is_some_and(|value| value.is_empty()) {
            self.wrong(SUBTENANT, CredentialProblem::SubtenantEmpty, report);
            return None;
        }
        self.variable(SUBTENANT, report)
    }

    /// The value of a variable. `None` when it is not set, is empty, or cannot be used, which has
    /// been reported.
    fn variable(&self, name: &'static str, report: &mut Report) -> Option<Secret<String>> {
        match value(name, self.secrets) {
            Value::Good(value) => Some(value),
            Value::None => None,
            Value::Unusable => {
                let problem = CredentialProblem::VariableValue {
                    name: Some(name.into()),
                    limit: VALUE_LIMIT,
                };
                report.error(self.section.place(), problem);
                None
            }
        }
    }

    fn set<const N: usize>(&self, names: [&'static str; N], report: &mut Report) -> Set<N> {
        let values = names.map(|name| self.variable(name, report));
        let missing: Vec<_> = names
            .iter()
            .zip(&values)
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| *name)
            .collect();
        let values: Vec<_> = values.into_iter().flatten().collect();
        values.try_into().map_or(Set::Lacking(missing), Set::Complete)
    }

    fn hosts(&self, report: &mut Report) -> Option<Hosts> {
        let region = self.variable(REGION, report);
        let domain = self.variable(DOMAIN, report);
        let region = region.as_ref().map_or(TOKEN_MANAGEMENT.region.value, |r| r.expose());
        Hosts::new(region, domain.as_ref().map(|domain| domain.expose().as_str()))
            .map_err(|problem| {
                let is_region = matches!(problem, CredentialProblem::Region);
                self.wrong(if is_region { REGION } else { DOMAIN }, problem, report);
            })
            .ok()
    }

    fn app(
        &self,
        [id, secret, app_name, app_version, host_tenant, user_tenant]: [Secret<String>; 6],
        hosts: Option<&Hosts>,
        report: &mut Report,
    ) -> KindParts {
        let [id_name, _, _, _, host_name, user_name] = APP;
        let client = self.client(id_name, &id, secret, report);
        let host_tenant = self.tenant_id(host_name, &host_tenant, report);
        let user_tenant = self.tenant_id(user_name, &user_tenant, report);
        let issuers = expected_issuers(hosts, [&host_tenant, &user_tenant]);
        let url = hosts.map(Hosts::token_management_url);
        let proof = self.proof(issuers.as_deref().unwrap_or_default(), report);
        let client_id = client.as_ref().map(|client| Arc::from(client.id()));
        let source = (|| {
            let parts = MindsphereAppParts {
                endpoint: endpoint_of(self.section.text("cluster")?, &url?)?,
                issuers: issuers?,
                app_name: app_name.expose().clone(),
                app_version: app_version.expose().clone(),
                host_tenant: host_tenant?,
                user_tenant: user_tenant.clone()?,
                client: client?,
                claims: of_preset(&MINDSPHERE)?,
                timeout: self.section.duration("timeout").unwrap_or(TIMEOUT),
            };
            Some(Source::new(self.name, MindsphereApp::new(parts)))
        })();
        let traits = Traits { has_tenant: true, subtenants: Subtenants::None };
        KindParts { source, proof, tenant: user_tenant, client_id, traits }
    }

    fn tenant(
        &self,
        [id, secret, tenant]: [Secret<String>; 3],
        subtenant: Option<&Secret<String>>,
        hosts: Option<&Hosts>,
        report: &mut Report,
    ) -> KindParts {
        let [id_name, _, tenant_name] = TENANT;
        let client = self.client(id_name, &id, secret, report);
        let tenant = self.tenant_id(tenant_name, &tenant, report);
        let only = subtenant.map(|id| {
            let id = SubtenantId::parse(id.expose()).map_err(CredentialProblem::Subtenant);
            id.map_err(|problem| self.wrong(SUBTENANT, problem, report))
        });
        let url = tenant.as_ref().zip(hosts).map(|(id, hosts)| hosts.token_url(id.as_str()));
        let cluster = self.piam_cluster();
        let proof = self.proof(url.as_slice(), report);
        let client_id = client.as_ref().map(|client| Arc::from(client.id()));
        let subtenants = match &only {
            Some(Ok(only)) => Subtenants::One(only.clone()),
            Some(Err(())) | None => Subtenants::Any,
        };
        let source = (|| {
            let parts = MindsphereTenantParts {
                endpoint: endpoint_of(cluster?, url.as_deref()?)?,
                issuer: url.clone()?,
                tenant: tenant.clone()?,
                only: only.transpose().ok()?,
                client: client?,
                claims: of_preset(&MINDSPHERE)?,
                timeout: self.section.duration("timeout").unwrap_or(TIMEOUT),
            };
            Some(Source::new(self.name, MindsphereTenant::new(parts)))
        })();
        let traits = Traits { has_tenant: true, subtenants };
        KindParts { source, proof, tenant, client_id, traits }
    }

    /// The keys of these issuers, which are token URLs.
    fn proof(&self, issuers: &[String], report: &mut Report) -> Proof {
        let issuers = issuers.iter().map(|url| (url.clone(), url.clone())).collect();
        let (section, name, cluster) = (self.section, self.name, self.piam_cluster());
        wanted(Signed { section, name, cluster, issuers }, report)
    }

    /// The cluster that reaches the tenants' hosts.
    fn piam_cluster(&self) -> Option<&str> {
        match self.section.states("piam_cluster") {
            true => self.section.text("piam_cluster"),
            false => self.section.text("cluster"),
        }
    }

    fn client(
        &self,
        name: &'static str,
        id: &Secret<String>,
        secret: Secret<String>,
        report: &mut Report,
    ) -> Option<ClientCredentials> {
        if id.expose().contains(':') {
            self.wrong(name, CredentialProblem::IdColon, report);
            return None;
        }
        Some(ClientCredentials::new(id.expose(), secret))
    }

    fn tenant_id(
        &self,
        name: &'static str,
        tenant: &Secret<String>,
        report: &mut Report,
    ) -> Option<TenantId> {
        let tenant = tenant.expose();
        let id = match is_label(tenant) {
            true => TenantId::parse(tenant).map_err(CredentialProblem::Tenant),
            false => Err(CredentialProblem::TenantLabel),
        };
        id.map_err(|problem| self.wrong(name, problem, report)).ok()
    }

    /// Reports what is wrong with the value of a variable.
    fn wrong(&self, name: &'static str, problem: CredentialProblem, report: &mut Report) {
        let problem = CredentialProblem::Variable { name, problem: Box::new(problem) };
        report.error(self.section.place(), problem);
    }
}
