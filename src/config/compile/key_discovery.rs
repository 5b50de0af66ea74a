//! `issuers[].jwks.discovery`: keys whose address the issuer's own metadata tells.

use std::sync::Arc;

use super::super::raw::Section;
use super::super::report::Report;
use super::super::uri::{Scheme, Uri};
use super::issuer_problem::IssuerProblem;
use super::values::endpoint;
use crate::jwt::{Metadata, MetadataError};
use crate::message::Endpoint;
use crate::sorted::Sorted;

/// The way to an issuer's keys by its metadata.
#[derive(Clone, Debug)]
pub struct KeyDiscovery {
    issuer: Arc<str>,
    metadata: Endpoint,
    /// The clusters of hosts other than the issuer's own.
    hosts: Arc<Sorted<(Box<str>, Arc<str>)>>,
}

impl KeyDiscovery {
    /// Where the metadata is.
    pub const fn metadata(&self) -> &Endpoint {
        &self.metadata
    }

    /// Where the keys are, as this metadata says: on the issuer's own host, or on one that the
    /// configuration names. Plain `http` only where the issuer itself is plain `http`.
    ///
    /// # Errors
    /// [`MetadataError`] says why the document leads nowhere.
    pub fn keys(&self, document: &[u8]) -> Result<Endpoint, MetadataError> {
        let metadata = Metadata::parse(document, &self.issuer)?;
        let refused = MetadataError::KeysUriRefused;
        let uri = Uri::parse(metadata.keys_uri()).map_err(|_| refused)?;
        let scheme = uri.scheme().as_str();
        if uri.scheme() != Scheme::Https && scheme != self.metadata.scheme {
            return Err(refused);
        }
        let authority = bare(&uri);
        let cluster = if authority == &*self.metadata.authority {
            &self.metadata.cluster
        } else {
            let named = self.hosts.iter().find(|(host, _)| **host == *authority);
            named.map(|(_, cluster)| cluster).ok_or(refused)?
        };
        Ok(Endpoint {
            cluster: Arc::clone(cluster),
            scheme,
            authority: Arc::clone(uri.authority()),
            path: Arc::clone(uri.path()),
        })
    }

    /// Everything that decides which keys are found.
    pub(super) fn meaning(&self) -> Vec<&str> {
        let metadata = &self.metadata;
        let of_metadata =
            [&*metadata.cluster, metadata.scheme, &metadata.authority, &metadata.path];
        let hosts = self.hosts.iter().flat_map(|(host, cluster)| [&**host, &**cluster]);
        ["discovery", &self.issuer].into_iter().chain(of_metadata).chain(hosts).collect()
    }
}

/// The address of an issuer's metadata: OpenID Connect Discovery §4.1 puts the well-known part
/// behind the issuer's path, RFC 8414 §3.1 before it. `None` if the issuer is no URL without query.
pub(super) fn metadata_address(kind: &str, issuer: &str) -> Option<String> {
    let uri = Uri::parse(issuer).ok().filter(|uri| !uri.path().contains('?'))?;
    let (scheme, authority) = (uri.scheme().as_str(), bare(&uri));
    let path = uri.path().strip_suffix('/').unwrap_or(uri.path());
    Some(match kind {
        "oauth" => format!("{scheme}://{authority}/.well-known/oauth-authorization-server{path}"),
        _ => format!("{scheme}://{authority}{path}/.well-known/openid-configuration"),
    })
}

/// Reads `discovery` and `hosts` of an issuer whose metadata is at `address`.
pub(super) fn discovery(
    jwks: &Section<'_>,
    issuer: &str,
    address: &str,
    report: &mut Report,
) -> Option<KeyDiscovery> {
    let place = jwks.place_of("discovery");
    if address.is_empty() {
        report.error(&place, IssuerProblem::DiscoveryIssuer);
        return None;
    }
    let metadata = endpoint(jwks, &place, address, report)?;
    let hosts = hosts(jwks, &metadata.authority, report);
    Some(KeyDiscovery { issuer: Arc::from(issuer), metadata, hosts: Arc::new(hosts) })
}

fn hosts(jwks: &Section<'_>, own: &str, report: &mut Report) -> Sorted<(Box<str>, Arc<str>)> {
    let mut hosts = Vec::new();
    let Some(section) = jwks.section("hosts") else { return Sorted::default() };
    for (host, cluster) in section.entries() {
        let uri = Uri::parse(&format!("https://{host}/"));
        if uri.is_ok_and(|uri| &**uri.path() == "/" && bare(&uri) == host) {
            if host == own {
                report.error(cluster.place(), IssuerProblem::DiscoveryHostOwn);
            }
            if let Some(cluster) = cluster.text() {
                hosts.push((Box::from(host), Arc::from(cluster)));
            }
        } else {
            report.error(cluster.place(), IssuerProblem::DiscoveryHost);
        }
    }
    hosts.into_iter().collect()
}

/// Host and port, without a port that the scheme has anyway.
fn bare(uri: &Uri) -> &str {
    let port = match uri.scheme() {
        Scheme::Http => ":80",
        Scheme::Https => ":443",
    };
    uri.authority().strip_suffix(port).unwrap_or(uri.authority())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_lies_where_the_two_standards_say() {
        let rows = [
            ("openid", "https://a.example", "https://a.example/.well-known/openid-configuration"),
            ("openid", "https://a.example/", "https://a.example/.well-known/openid-configuration"),
            (
                "openid",
                "https://a.example/t/1",
                "https://a.example/t/1/.well-known/openid-configuration",
            ),
            (
                "oauth",
                "https://a.example",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "oauth",
                "https://a.example:443/t/1/",
                "https://a.example/.well-known/oauth-authorization-server/t/1",
            ),
            (
                "oauth",
                "http://a.example:443/t",
                "http://a.example:443/.well-known/oauth-authorization-server/t",
            ),
        ];
        for (kind, issuer, address) in rows {
            assert_eq!(metadata_address(kind, issuer).as_deref(), Some(address), "{kind} {issuer}");
        }
        for issuer in ["https://a.example/?t=1", "https://a.example/#x", "a.example", "urn:x"] {
            assert_eq!(metadata_address("openid", issuer), None, "{issuer}");
        }
    }

    fn found(scheme: &'static str, keys_uri: &str) -> Result<String, MetadataError> {
        let discovery = KeyDiscovery {
            issuer: Arc::from("the-issuer"),
            metadata: Endpoint {
                cluster: Arc::from("own"),
                scheme,
                authority: Arc::from("a.example"),
                path: Arc::from("/"),
            },
            hosts: Arc::new(Sorted::from([("k.example:8443".into(), Arc::from("other"))])),
        };
        let document = format!(r#"{{"issuer":"the-issuer","jwks_uri":"{keys_uri}"}}"#);
        let keys = discovery.keys(document.as_bytes())?;
        Ok(format!("{} {}://{}{}", keys.cluster, keys.scheme, keys.authority, keys.path))
    }

    #[test]
    fn keys_lie_on_the_issuers_host_or_on_one_that_is_named() {
        let rows = [
            ("https://a.example/k?x=1", "own https://a.example/k?x=1"),
            ("https://a.example:443/k", "own https://a.example:443/k"),
            ("https://k.example:8443/k", "other https://k.example:8443/k"),
        ];
        for (uri, expected) in rows {
            assert_eq!(found("https", uri).as_deref(), Ok(expected), "{uri}");
        }
    }

    #[test]
    fn keys_anywhere_else_are_refused() {
        let rows = [
            "https://evil.example/k",
            "https://k.example/k",
            "https://a.example.evil.example/k",
            "https://a.example@evil.example/k",
            "https://a.example:8443/k",
            "https://A.example/k",
            "https://a.example/k#x",
            "//a.example/k",
            "/k",
            "",
        ];
        for uri in rows {
            assert_eq!(found("https", uri), Err(MetadataError::KeysUriRefused), "{uri}");
        }
    }

    #[test]
    fn plain_http_is_followed_only_from_plain_http() {
        let uri = "http://a.example/k";
        assert_eq!(found("https", uri), Err(MetadataError::KeysUriRefused));
        assert_eq!(found("http", uri).as_deref(), Ok("own http://a.example/k"));
        assert!(found("http", "https://a.example/k").is_ok());
    }
}
