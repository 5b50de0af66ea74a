//! What a document needs, found by compiling it with everything that may stand around it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::Order;
use crate::config::{CHAIN_VARIABLES, ConfigErrors, Notice, compile_idaas};
use crate::message::Endpoint;
use crate::technical_token::idaas::{AccessKeySource, Authn, ClientConfig};
use crate::tool::made_up_key::MADE_UP_KEY;
use crate::tool::tree::Tree;

/// What a document needs.
pub(super) struct Found {
    pub(super) config: ClientConfig,
    /// The variables that the filter reads or looks for.
    pub(super) variables: BTreeSet<String>,
    /// The clusters: key, and where they lead.
    pub(super) clusters: Vec<(&'static str, Endpoint)>,
    /// Whether the token of a service account is read.
    pub(super) has_service_account: bool,
    /// What has no effect in the document.
    pub(super) warnings: Vec<String>,
}

/// Compiles a document.
pub(super) fn probe(document: &Tree, order: &Order<'_>) -> Result<Found, ConfigErrors> {
    let asked = RefCell::new(BTreeSet::new());
    let environment = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        match CHAIN_VARIABLES.contains(&name) {
            true => (order.environment)(name),
            false => Some(MADE_UP_KEY.to_owned()),
        }
    };
    let credential = credential(document);
    let (config, warnings) = compile_idaas(credential.as_bytes(), &environment)?;
    // That the probe allows plain text is no matter of the document.
    let warnings = warnings.iter().filter(|warning| *warning.notice() != Notice::Plaintext);
    let warnings = warnings.map(ToString::to_string).collect();
    let (clusters, has_service_account) = clusters(&config);
    Ok(Found { config, variables: asked.into_inner(), clusters, has_service_account, warnings })
}

/// The document with everything that may stand around it.
fn credential(document: &Tree) -> String {
    let authn = document.field("authn_configuration");
    let method = authn.and_then(|authn| authn.field("authn_method")).and_then(Tree::text);
    let may_read_file = matches!(method, Some("OIDC" | "PLUGIN"));
    let token = r#","service_account_token":{"cluster":"x","uri":"https://x"}"#;
    let may_ask_developer_api = document.field("developer_api_endpoint").is_some();
    format!(
        r#"{{"name":"x","idaas":{},"allow_plaintext":true,"clusters":{{"token":"x","open_api":"x","metadata":"x","sts":"x","credentials_uri":"x"{}}}{}}}"#,
        document.hand_over().json,
        if may_ask_developer_api { r#","developer_api":"x""# } else { "" },
        if may_read_file { token } else { "" },
    )
}

/// The clusters that a client needs, and whether it reads the token of a service account.
fn clusters(config: &ClientConfig) -> (Vec<(&'static str, Endpoint)>, bool) {
    let own = if matches!(config.authn, Authn::Plugin { .. }) { "open_api" } else { "token" };
    let mut clusters = vec![(own, config.endpoint.clone())];
    let mut has_service_account = false;
    match &config.authn {
        Authn::ClientSecretBasic { .. }
        | Authn::ClientSecretJwt { .. }
        | Authn::ClientSecretPost { .. }
        | Authn::Pca { .. }
        | Authn::PrivateKeyJwt { .. } => {}
        Authn::Oidc { .. } => has_service_account = true,
        Authn::Pkcs7 { metadata, .. } => clusters.push(("metadata", metadata.clone())),
        Authn::Plugin { sources } => {
            for source in sources {
                match source {
                    AccessKeySource::EcsRole { metadata, .. } => {
                        clusters.push(("metadata", metadata.clone()));
                    }
                    AccessKeySource::Environment(_) => {}
                    AccessKeySource::Rrsa { sts, .. } => {
                        clusters.push(("sts", sts.clone()));
                        has_service_account = true;
                    }
                    AccessKeySource::Uri(endpoint) => {
                        clusters.push(("credentials_uri", endpoint.clone()));
                    }
                }
            }
        }
    }
    // Tokens for another audience are of no use there.
    if config.scope.audience() == "urn:cloud:idaas:pam" {
        clusters.extend(config.developer_api.iter().map(|api| ("developer_api", api.clone())));
    }
    (clusters, has_service_account)
}
