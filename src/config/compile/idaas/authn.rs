//! `authnConfiguration`: how the client proves who it is.

use super::super::super::error::Quoted;
use super::super::super::raw::Foreign;
use super::super::super::report::Report;
use super::super::super::uri::Uri;
use super::super::super::warning::{Ignored, Notice};
use super::super::credential_problem::CredentialProblem;
use super::super::signing_key::signing_key;
use super::super::variables::{Content, check_name, named};
use super::certificates::certificates;
use super::plugin;
use super::problem::IdaasProblem;
use super::surroundings::Surroundings;
use super::vendor::{Found, Vendor};
use crate::message::Endpoint;
use crate::secret::Secret;
use crate::technical_token::SigningKey;
use crate::technical_token::idaas::Authn;

/// Whether the method is `PLUGIN`, whatever else is wrong.
pub(super) fn is_plugin(document: &Vendor<'_>) -> bool {
    let section = document.get("authnConfiguration").and_then(|entry| entry.section());
    let quiet = &mut Report::default();
    let method = section.and_then(|section| Vendor::read(section, KEYS, quiet).get("authnMethod"));
    method.is_some_and(|method| matches!(method.foreign(), Foreign::Text("PLUGIN")))
}

/// What the fields of a method are read from.
struct Fields<'a, 'd> {
    vendor: Vendor<'d>,
    around: &'a Surroundings<'a, 'd>,
}

/// Reads it. `None` when it cannot be used, which has been reported.
pub(super) fn authn(
    document: &Vendor<'_>,
    around: &Surroundings<'_, '_>,
    client_id: Option<&str>,
    report: &mut Report,
) -> Option<Authn> {
    let Ok(section) = document.object("authnConfiguration", report) else { return None };
    let Some(section) = section else {
        let place = document.place("authnConfiguration");
        report.error(&place, IdaasProblem::NotFound("AuthnConfigurationNotFound"));
        return None;
    };
    let fields = Fields { vendor: Vendor::read(section, KEYS, report), around };
    fields.check_identity(report);
    fields.check_names(report);
    let place = fields.vendor.place("authnMethod");
    let method = match fields.vendor.text("authnMethod", report) {
        Found::Text(method) => method,
        Found::Absent => {
            report.error(&place, IdaasProblem::Method(None));
            return None;
        }
        Found::Wrong => return None,
    };
    fields.check_unneeded(method, report);
    match method {
        "CLIENT_SECRET_BASIC" => {
            if client_id.is_some_and(|id| id.contains(':')) {
                report.error(&document.place("clientId"), CredentialProblem::IdColon);
            }
            let secret = fields.secret(FALLBACK, report)?;
            Some(Authn::ClientSecretBasic { secret })
        }
        "CLIENT_SECRET_POST" => {
            let secret = fields.secret(FALLBACK, report)?;
            Some(Authn::ClientSecretPost { secret })
        }
        "CLIENT_SECRET_JWT" => Some(Authn::ClientSecretJwt { secret: fields.secret("", report)? }),
        "PRIVATE_KEY_JWT" => Some(Authn::PrivateKeyJwt { key: fields.key(report)? }),
        "PKCS7" => fields.pkcs7(report),
        "OIDC" => fields.oidc(report),
        "PCA" => fields.pca(report),
        "PLUGIN" => fields.plugin(report),
        _ => {
            report.error(&place, IdaasProblem::Method(Some(Quoted::from(method))));
            None
        }
    }
}

impl Fields<'_, '_> {
    fn check_identity(&self, report: &mut Report) {
        let place = self.vendor.place("identityType");
        match self.vendor.text("identityType", report) {
            Found::Absent | Found::Text("CLIENT") | Found::Wrong => {}
            Found::Text("HUMAN") => report.error(&place, IdaasProblem::Human),
            Found::Text(word) => {
                let ignored = Ignored::IdentityType(Quoted::from(word));
                report.warn(&place, Notice::VendorIgnored(ignored));
            }
        }
    }

    /// Checks all that names a variable, also what another method would read: it may be a secret.
    fn check_names(&self, report: &mut Report) {
        for key in [SECRET, KEY, FILE] {
            if let Found::Text(name) = self.vendor.text(key, report)
                && !name.trim().is_empty()
            {
                check_name(&self.vendor.place(key), name, report);
            }
        }
    }

    /// Reports what stands beside the document and is not for this method.
    fn check_unneeded(&self, method: &str, report: &mut Report) {
        let has_key = matches!(method, "PRIVATE_KEY_JWT" | "PCA");
        let has_token = matches!(method, "OIDC" | "PLUGIN");
        for (key, is_of_use) in [("algorithm", has_key), ("service_account_token", has_token)] {
            if !is_of_use && self.around.states(key) {
                report.error(&self.around.place(key), IdaasProblem::Unneeded);
            }
        }
    }

    /// The client's secret; `fallback` is the variable of an empty name, if that is one for the method.
    fn secret(&self, fallback: &str, report: &mut Report) -> Option<Secret<String>> {
        let place = self.vendor.place(SECRET);
        // What is no text has been reported.
        let name = match self.vendor.text(SECRET, &mut Report::default()) {
            Found::Text("") => fallback,
            Found::Text(name) if !name.trim().is_empty() => name,
            Found::Absent | Found::Text(_) => "",
            Found::Wrong => return None,
        };
        if name.is_empty() {
            report.error(&place, IdaasProblem::NotFound("ClientSecretEnvVarNameNotFound"));
            return None;
        }
        named(&place, name, Content::Line, self.around.secrets, report)
    }

    fn key(&self, report: &mut Report) -> Option<SigningKey> {
        let place = self.vendor.place(KEY);
        // What is no text has been reported.
        let name = match self.vendor.text(KEY, &mut Report::default()) {
            Found::Text(name) if !name.trim().is_empty() => name,
            Found::Absent | Found::Text(_) => {
                report.error(&place, IdaasProblem::NotFound("PrivateKeyEnvVarNameNotFound"));
                return None;
            }
            Found::Wrong => return None,
        };
        let around = self.around;
        let algorithm = (&around.place("algorithm"), around.algorithm());
        Some(signing_key((&place, name), algorithm, around.secrets, report)?.0)
    }

    fn credential_name(&self, report: &mut Report) -> Option<String> {
        const KEY: &str = "applicationFederatedCredentialName";
        let code = "ApplicationFederatedCredentialNameNotFound";
        self.vendor.required(KEY, code, report).map(str::to_owned)
    }

    /// Checks that the client runs where the method works.
    fn check_environment(&self, needed: &'static str, report: &mut Report) -> Option<()> {
        const KEY: &str = "clientDeployEnvironment";
        let code = "ClientDeployEnvironmentNotFound";
        let place = self.vendor.place(KEY);
        let problem = match self.vendor.required(KEY, code, report)? {
            found if found == needed => return Some(()),
            "AWS_EC2" if needed == ECS => IdaasProblem::Aws,
            found if ENVIRONMENTS.contains(&found) => {
                IdaasProblem::DeployEnvironment { found: Quoted::from(found), needed }
            }
            found => IdaasProblem::DeployEnvironmentUnknown { found: Quoted::from(found), needed },
        };
        report.error(&place, problem);
        None
    }

    fn pkcs7(&self, report: &mut Report) -> Option<Authn> {
        let credential_name = self.credential_name(report);
        self.check_environment(ECS, report)?;
        let metadata = metadata(self.around, report);
        Some(Authn::Pkcs7 { credential_name: credential_name?, metadata: metadata? })
    }

    fn oidc(&self, report: &mut Report) -> Option<Authn> {
        let credential_name = self.credential_name(report);
        self.check_environment("KUBERNETES", report)?;
        // Nothing is read there; but what is no text is a mistake.
        self.vendor.text("oidcTokenFilePath", report);
        let token = self.around.service_account_token(report);
        Some(Authn::Oidc { credential_name: credential_name?, token: token? })
    }

    fn pca(&self, report: &mut Report) -> Option<Authn> {
        let vendor = &self.vendor;
        let credential_name = self.credential_name(report);
        let code = "ClientX509CertificateNotFound";
        let certificate = certificates(vendor, "clientX509Certificate", code, report);
        let chain = certificates(vendor, "x509CertChains", "X509CertChainsNotFound", report);
        let key = self.key(report);
        Some(Authn::Pca {
            credential_name: credential_name?,
            key: key?,
            certificate: certificate?.to_owned(),
            chain: chain?.to_owned(),
        })
    }

    fn plugin(&self, report: &mut Report) -> Option<Authn> {
        let place = self.vendor.place("pluginName");
        match self.vendor.text("pluginName", report) {
            Found::Text("alibabacloudPluginCredentialProvider") => {}
            Found::Text(name) if !name.trim().is_empty() => {
                report.error(&place, IdaasProblem::Plugin(Quoted::from(name)));
                return None;
            }
            Found::Absent | Found::Text(_) => {
                report.error(&place, IdaasProblem::PluginUnnamed);
                return None;
            }
            Found::Wrong => return None,
        }
        let sources = plugin::sources(self.around, report)?;
        Some(Authn::Plugin { sources })
    }
}

/// The metadata service of ECS, which speaks plain `http` on the machine's own network. `None` without a
/// cluster, which has been reported.
pub(super) fn metadata(around: &Surroundings<'_, '_>, report: &mut Report) -> Option<Endpoint> {
    around.endpoint("metadata", &Uri::parse("http://100.100.100.200").ok()?, report)
}

/// The keys that name variables: of a secret, of a private key, and of the path of a file.
const SECRET: &str = "clientSecretEnvVarName";
const KEY: &str = "privateKeyEnvVarName";
const FILE: &str = "oidcTokenFilePathEnvVarName";

/// The variable of an empty name.
const FALLBACK: &str = "ALIBABA_CLOUD_EIAM_APP_CLIENT_SECRET";

const ECS: &str = "ALIBABA_CLOUD_ECS";

/// What the vendor has for `clientDeployEnvironment`.
const ENVIRONMENTS: [&str; 11] = [
    "ALIBABA_CLOUD_ACK",
    "ALIBABA_CLOUD_ECI",
    ECS,
    "AWS_EC2",
    "AWS_ESK",
    "COMMON",
    "COMPUTER",
    "CUSTOM",
    "GOOGLE_VM",
    "HUAWEI_CLOUD_ECS",
    "KUBERNETES",
];

/// The keys of `authnConfiguration`.
const KEYS: &[&str] = &[
    "applicationFederatedCredentialName",
    "authnMethod",
    "clientDeployEnvironment",
    SECRET,
    "clientX509Certificate",
    "humanAuthenticateClientId",
    "identityType",
    "oidcTokenFilePath",
    FILE,
    "pluginName",
    KEY,
    "x509CertChains",
];
