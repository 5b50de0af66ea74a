//! The servers that a client talks to. One socket plays them all: the `host` of a request says which is meant.

use super::super::http_server::Request;
use super::super::incoming::first;
use super::account::{
    CREDENTIALS_PATH, DEVELOPER_API_HOST, METADATA_HOST, OPEN_API_HOST, SERVICE_HOST,
    TOKEN_FILE_HOST, TOKEN_HOST,
};

/// One server.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Endpoint {
    CredentialsUri,
    DeveloperApi,
    /// The metadata service of an ECS instance.
    Metadata,
    OpenApi,
    /// Any service that is called with a signed request, and echoes it.
    Service,
    Sts,
    Token,
    /// What serves the token of the service account to whoever cannot read files.
    TokenFile,
}

impl Endpoint {
    /// The server that a request is for; `None` if its `host` is no server's, or not exactly one.
    pub fn of(request: &Request) -> Option<Self> {
        let hosts = request.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        if hosts.count() != 1 {
            return None;
        }
        match std::str::from_utf8(first(&request.fields, "host")?).ok()? {
            DEVELOPER_API_HOST => Some(Self::DeveloperApi),
            METADATA_HOST => Some(Self::Metadata),
            OPEN_API_HOST => Some(Self::OpenApi),
            SERVICE_HOST => Some(Self::Service),
            TOKEN_FILE_HOST => Some(Self::TokenFile),
            TOKEN_HOST if path(request) == CREDENTIALS_PATH => Some(Self::CredentialsUri),
            TOKEN_HOST => Some(Self::Token),
            host => is_sts(host).then_some(Self::Sts),
        }
    }
}

/// `sts.aliyuncs.com`, `sts.<region>.aliyuncs.com` and `sts-vpc.<region>.aliyuncs.com`.
fn is_sts(host: &str) -> bool {
    let is_region = |region: &str| !region.is_empty() && !region.contains('.');
    host == "sts.aliyuncs.com"
        || host
            .strip_suffix(".aliyuncs.com")
            .and_then(|host| host.strip_prefix("sts.").or_else(|| host.strip_prefix("sts-vpc.")))
            .is_some_and(is_region)
}

/// The target of a request without its query.
pub fn path(request: &Request) -> &str {
    request.target.split_once('?').map_or(request.target.as_str(), |(path, _)| path)
}

/// The query of a request, without its question mark; empty if there is none.
pub fn query(request: &Request) -> &str {
    request.target.split_once('?').map_or("", |(_, query)| query)
}
