//! `credentials[].idaas`: a client of Alibaba Cloud IDaaS, by the vendor's own `client-config.json`.
//!
//! The document stands inside unchanged. What the vendor's client finds by itself (a network, files)
//! stands around it, beside `name` and `callers`:
//!
//! | key | what it is |
//! | --- | --- |
//! | `idaas` | the document; its keys in camelCase or snake_case |
//! | `clusters.token` | reaches the host of `tokenEndpoint`; all methods but `PLUGIN` |
//! | `clusters.open_api` | reaches the host of `openApiEndpoint`; `PLUGIN` |
//! | `clusters.metadata` | reaches `100.100.100.200:80`; `PKCS7`, and `PLUGIN` for the role of an ECS instance |
//! | `clusters.sts` | reaches `sts.aliyuncs.com` or that of `ALIBABA_CLOUD_STS_REGION`; `PLUGIN` for RRSA |
//! | `clusters.credentials_uri` | reaches the host of `ALIBABA_CLOUD_CREDENTIALS_URI`; `PLUGIN` |
//! | `clusters.developer_api` | reaches the host of `developerApiEndpoint`; for what IDaaS holds |
//! | `service_account_token` | `{ cluster, uri, refresh, timeout, allow_plaintext }`: who serves the file that the filter cannot read; `OIDC`, and `PLUGIN` for RRSA |
//! | `exchange` | exchanges callers' tokens, in place of tokens of the client |
//! | `held_api_key` | obtains an API key that IDaaS holds, in place of a token of the client |
//! | `sts` | obtains the access key of a RAM role, in place of a token of the client |
//! | `algorithm` | how a private key signs, where not by the algorithm that follows from it |
//! | `allow_plaintext` | lets `ALIBABA_CLOUD_CREDENTIALS_URI` be plain `http` |
//!
//! Hosts and paths stand where the vendor has them (the document, the environment, constants), so
//! `clusters` has names alone; `service_account_token` stands for a path of a file, so it has a `uri`.
//!
//! Where the vendor's client is odd, this is what is done instead:
//!
//! | the client | here |
//! | --- | --- |
//! | stops at the first mistake | all are reported, with the client's code where it has one |
//! | fails on blank values, bad scopes, unset variables and missing plugin settings when it fetches | they are errors of the configuration |
//! | takes an unknown `authnMethod` for `NONE` | the word is named |
//! | takes an unknown `identityType` for `CLIENT` | so it is here, with a warning |
//! | runs the flow of a program for `HUMAN` | refused |
//! | dies of `PKCS7` outside ECS | refused |
//! | checks `httpConfiguration` and does not use it | `readTimeout` is the timeout of each call, `connectTimeout` is for the cluster |
//! | ignores `unsafeIgnoreSslCert` | `true` is refused: the cluster decides whom it trusts |
//! | sends the scope as it was typed | single blanks |
//! | takes an empty `clientSecretEnvVarName` for `ALIBABA_CLOUD_EIAM_APP_CLIENT_SECRET` with `BASIC` and `POST` | the same; with `JWT` it is missing |
//! | loses status, code or body of some refusals | status, code and request id are kept, and logged as far as they are words; the description is not logged |
//! | puts `https` before every endpoint | the same; the transport is the cluster's |
//! | refuses a slash after `openApiEndpoint` | one is accepted, a path refused |

mod authn;
mod certificates;
mod credential;
mod endpoints;
mod plugin;
mod problem;
mod surroundings;
mod vendor;

pub(super) use credential::{SURROUNDINGS, read};
pub use plugin::CHAIN_VARIABLES;
pub use problem::IdaasProblem;

use std::time::Duration;

use self::authn::authn;
use self::endpoints::{https, of_host};
use self::surroundings::Surroundings;
use self::vendor::{Found, Vendor};
use super::super::error::Quoted;
use super::super::raw::{Entry, Foreign, Section};
use super::super::report::Report;
use super::super::uri::Uri;
use super::client::Secrets;
use super::problem::AddressProblem;
use crate::technical_token::idaas::{ClientConfig, Scope, ScopeError};

/// Reads one: the whole entry of `credentials`. `None` when it cannot be used, which has been reported.
pub(in crate::config) fn client_config(
    credential: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<ClientConfig> {
    let document = credential.entry("idaas")?;
    refuse_secrets(&document, report);
    let vendor = Vendor::read(document.section()?, KEYS, report);
    let around = Surroundings::new(credential, secrets);
    let instance_id = vendor.required("idaasInstanceId", "IDaaSInstanceIdNotFound", report);
    let client_id = vendor.required("clientId", "ClientIdNotFound", report);
    let issuer = vendor.required("issuer", "IssuerEndpointNotFound", report);
    let token_endpoint = vendor.required("tokenEndpoint", "TokenEndpointNotFound", report);
    let token_endpoint = token_endpoint.map(https);
    let uri = token_endpoint.as_deref().and_then(|url| {
        let uri = Uri::parse(url).map_err(AddressProblem::Uri);
        report.ok(&vendor.place("tokenEndpoint"), uri)
    });
    let scope = scope(&vendor, report);
    let developer_api = of_host(&vendor, "developerApiEndpoint", report);
    let is_called = credential.states("held_api_key") || credential.states("sts");
    let developer_api = match is_called || around.states_cluster("developer_api") {
        true if !vendor.states("developerApiEndpoint") => {
            let place = vendor.place("developerApiEndpoint");
            report.error(&place, IdaasProblem::NotFound("DeveloperApiEndpointNotFound"));
            None
        }
        true => developer_api.and_then(|uri| around.endpoint("developer_api", &uri, report)),
        false => None,
    };
    let authn = authn(&vendor, &around, client_id, report);
    let open_api = of_host(&vendor, "openApiEndpoint", report);
    let endpoint = if authn::is_plugin(&vendor) {
        if !vendor.states("openApiEndpoint") {
            let place = vendor.place("openApiEndpoint");
            report.error(&place, IdaasProblem::NotFound("OpenApiEndpointNotFound"));
        }
        open_api.and_then(|uri| around.endpoint("open_api", &uri, report))
    } else {
        uri.and_then(|uri| around.endpoint("token", &uri, report))
    };
    let http = http(&vendor, report);
    Some(ClientConfig {
        instance_id: instance_id?.to_owned(),
        client_id: client_id?.to_owned(),
        issuer: https(issuer?),
        token_endpoint: token_endpoint?,
        endpoint: endpoint?,
        scope: scope?,
        authn: authn?,
        developer_api,
        connect_timeout: http.0?,
        timeout: http.1?,
    })
}

fn scope(vendor: &Vendor<'_>, report: &mut Report) -> Option<Scope> {
    let place = vendor.place("scope");
    let text = match vendor.any_text("scope", report) {
        Found::Text(text) => text,
        Found::Absent => ClientConfig::DEFAULT_SCOPE,
        Found::Wrong => return None,
    };
    let scope = Scope::parse(text).map_err(|error| match error {
        ScopeError::Audiences => IdaasProblem::MultipleAudience,
        ScopeError::Blank => IdaasProblem::ScopeBlank,
        ScopeError::Item(item) => IdaasProblem::ScopeItem(Quoted::from(item)),
    });
    report.ok(&place, scope)
}

/// How long connecting and a whole call may take.
fn http(vendor: &Vendor<'_>, report: &mut Report) -> (Option<Duration>, Option<Duration>) {
    let defaults = (Some(ClientConfig::CONNECT_TIMEOUT), Some(ClientConfig::TIMEOUT));
    let section = match vendor.object("httpConfiguration", report) {
        Ok(Some(section)) => section,
        Ok(None) => return defaults,
        Err(_) => return (None, None),
    };
    let http = Vendor::read(section, HTTP_KEYS, report);
    if let Some(entry) = http.get("unsafeIgnoreSslCert") {
        match entry.foreign() {
            Foreign::Boolean(false) => {}
            Foreign::Boolean(true) => report.error(entry.place(), IdaasProblem::SslCert),
            Foreign::List(_)
            | Foreign::Null
            | Foreign::Number(_)
            | Foreign::Object(_)
            | Foreign::Text(_) => vendor::wrong_type(&entry, "`true` or `false`", report),
        }
    }
    (
        timeout(&http, "connectTimeout", "ConnectTimeoutNotValid", defaults.0, report),
        timeout(&http, "readTimeout", "ReadTimeoutNotValid", defaults.1, report),
    )
}

fn timeout(
    http: &Vendor<'_>,
    key: &'static str,
    code: &'static str,
    default: Option<Duration>,
    report: &mut Report,
) -> Option<Duration> {
    let Some(entry) = http.get(key) else { return default };
    match entry.foreign() {
        Foreign::Number(millis)
            if millis.fract() == 0.0 && (2_000.0..=60_000.0).contains(&millis) =>
        {
            Some(Duration::from_millis(millis as u64))
        }
        Foreign::Boolean(_)
        | Foreign::List(_)
        | Foreign::Null
        | Foreign::Number(_)
        | Foreign::Object(_)
        | Foreign::Text(_) => {
            report.error(entry.place(), IdaasProblem::Timeout(code));
            None
        }
    }
}

/// Reports every text of the document that is a private key, or stands under a key for a secret: only
/// names of variables belong there.
fn refuse_secrets(entry: &Entry<'_>, report: &mut Report) {
    match entry.foreign() {
        Foreign::Text(text) if text.contains("PRIVATE KEY-----") => {
            report.error(entry.place(), IdaasProblem::PrivateKey);
        }
        Foreign::Object(section) => {
            for (name, entry) in section.entries() {
                if reads_like_secret(name) && matches!(entry.foreign(), Foreign::Text(_)) {
                    report.error(entry.place(), IdaasProblem::Secret);
                } else {
                    refuse_secrets(&entry, report);
                }
            }
        }
        Foreign::List(items) => items.iter().for_each(|item| refuse_secrets(item, report)),
        Foreign::Boolean(_) | Foreign::Null | Foreign::Number(_) | Foreign::Text(_) => {}
    }
}

/// Whether a key is for a secret itself. The vendor has none; its keys for names of variables are not meant.
fn reads_like_secret(key: &str) -> bool {
    let key = key.replace('_', "").to_ascii_lowercase();
    let words = ["secret", "password", "privatekey"];
    words.iter().any(|word| key.contains(word)) && !key.ends_with("envvarname")
}

/// The keys of the document.
const KEYS: &[&str] = &[
    "authnConfiguration",
    "clientId",
    "developerApiEndpoint",
    "deviceAuthorizationEndpoint",
    "httpConfiguration",
    "idaasInstanceId",
    "issuer",
    "openApiEndpoint",
    "scope",
    "tokenEndpoint",
];

/// The keys of `httpConfiguration`.
const HTTP_KEYS: &[&str] = &["connectTimeout", "readTimeout", "unsafeIgnoreSslCert"];
