//! The servers of a client, for whoever shows or renders a configuration.

use super::{AccessKeySource, Authn, ClientConfig};
use crate::message::Endpoint;
use crate::technical_token::Destination;

/// The servers that a client may call, in the order in which it would; the developer API for this purpose.
pub(super) fn of(config: &ClientConfig, purpose: Option<&'static str>) -> Vec<Destination> {
    let mut found = Vec::new();
    let mut add = |purpose, endpoint: &Endpoint| {
        found.push(Destination { purpose, endpoint: endpoint.clone() });
    };
    match &config.authn {
        Authn::ClientSecretBasic { .. }
        | Authn::ClientSecretJwt { .. }
        | Authn::ClientSecretPost { .. }
        | Authn::Pca { .. }
        | Authn::PrivateKeyJwt { .. } => {}
        Authn::Oidc { token, .. } => add(SERVICE_ACCOUNT, &token.endpoint),
        Authn::Pkcs7 { metadata, .. } => add("reads the instance's identity document", metadata),
        Authn::Plugin { sources } => {
            for source in sources {
                match source {
                    AccessKeySource::EcsRole { metadata, .. } => {
                        add("reads the access key of the instance's role", metadata);
                    }
                    AccessKeySource::Environment(_) => {}
                    AccessKeySource::Rrsa { sts, token, .. } => {
                        add(SERVICE_ACCOUNT, &token.endpoint);
                        add("assumes a role", sts);
                    }
                    AccessKeySource::Uri(uri) => add("reads an access key", uri),
                }
            }
        }
    }
    add("asks for the token", &config.endpoint);
    if let Some(api) = &config.developer_api {
        add(purpose.unwrap_or("does not call the developer API"), api);
    }
    found
}

const SERVICE_ACCOUNT: &str = "reads the service account token";
