//! Clusters as a mesh has them: each becomes a service of our own, so that nothing that others say of
//! the same host applies to it, and nothing that we say applies to them.

use super::Parts;
use super::address::is_address;
use super::cluster::{Cluster, ServerName};
use super::yaml::{text, word};

/// The longest name of a namespace (RFC 1123 §2.1).
pub(super) const LABEL_LIMIT: usize = 63;

/// The longest name of a gateway: `tenantgate-` stands before it.
pub(super) const GATEWAY_LIMIT: usize = 52;

/// The longest part of a service's name that is made of the cluster's.
const OWN_LIMIT: usize = 40;

/// A service of the mesh that stands for a cluster.
pub(super) struct Service<'p> {
    pub(super) cluster: &'p Cluster,
    /// Its part of names.
    label: String,
    /// The host by which the mesh knows it; nobody else does.
    host: String,
}

/// Whether the mesh has a cluster already, by its name.
pub(super) fn is_outbound(cluster: &str) -> bool {
    cluster.starts_with("outbound|")
}

/// Whether a text is a label of at most `limit` bytes (RFC 1123 §2.1).
pub(super) fn is_label(text: &str, limit: usize) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_open = text.starts_with('-') || text.ends_with('-');
    (1..=limit).contains(&text.len()) && !is_open && text.bytes().all(is_inner)
}

/// The services for all clusters. No two have the same name.
pub(super) fn services<'p>(parts: &'p Parts<'_>) -> Vec<Service<'p>> {
    let mut services: Vec<Service<'p>> = Vec::new();
    for cluster in &parts.clusters {
        let own = own_label(&cluster.name);
        let mut label = own.clone();
        let mut number = 1;
        while services.iter().any(|service| service.label == label) {
            number += 1;
            label = format!("{own}-{number}");
        }
        let host = format!("{label}.{}.tenantgate.internal", parts.order.gateway);
        services.push(Service { cluster, label, host });
    }
    services
}

/// What of a cluster's name can stand in a label.
fn own_label(cluster: &str) -> String {
    let letters = cluster.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let label: String = letters.take(OWN_LIMIT).collect();
    let label = label.trim_matches('-').to_ascii_lowercase();
    if label.is_empty() { "cluster".to_owned() } else { label }
}

impl Service<'_> {
    /// The name that the mesh has for the cluster.
    pub(super) fn outbound(&self) -> String {
        format!("outbound|{}||{}", self.cluster.port, self.host)
    }

    /// Its documents, each after a separator.
    pub(super) fn documents(&self, gateway: &str, namespace: &str) -> String {
        let Cluster { name, host, port, proof } = self.cluster;
        let (protocol, lower) = match proof {
            Some(_) => ("HTTPS", "https"),
            None => ("HTTP", "http"),
        };
        let resolution = if is_address(host) { "STATIC" } else { "DNS" };
        let rule = proof.as_ref().map(|proof| self.rule(proof, gateway, namespace));
        format!(
            r#"---
# Cluster {own}.
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: tenantgate-{gateway}.{label}
  namespace: {namespace}
spec:
  hosts: [{service}]
  ports: [{{ number: {port}, name: {lower}, protocol: {protocol} }}]
  location: MESH_EXTERNAL
  resolution: {resolution}
  endpoints: [{{ address: {address} }}]
{rule}"#,
            own = text(name),
            label = self.label,
            service = word(&self.host),
            address = text(host),
            rule = rule.unwrap_or_default(),
        )
    }

    /// TLS to a server that must prove its name.
    fn rule(&self, server: &ServerName, gateway: &str, namespace: &str) -> String {
        let names = match server {
            ServerName::OfEachCall => {
                "      # Neither `sni` nor `subjectAltNames`: the server must prove the host of each call, for there are several.\n"
                    .to_owned()
            }
            ServerName::One(host) => {
                let host_name = text(host);
                let sni = match is_address(host) {
                    true => String::new(),
                    false => format!("      sni: {host_name}\n"),
                };
                format!("{sni}      subjectAltNames: [{host_name}]\n")
            }
        };
        format!(
            r#"---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: tenantgate-{gateway}.{label}
  namespace: {namespace}
spec:
  host: {host}
  trafficPolicy:
    tls:
      mode: SIMPLE
      # The authorities that the system of the proxy trusts.
      caCertificates: /etc/ssl/certs/ca-certificates.crt
{names}"#,
            label = self.label,
            host = word(&self.host),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_lower_case_letters_digits_and_hyphens_between_them() {
        let full = "a".repeat(63);
        for label in ["a", "0", "a-1", "a--b", &full] {
            assert!(is_label(label, LABEL_LIMIT), "{label}");
        }
        let long = "a".repeat(64);
        for other in ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a b", &long] {
            assert!(!is_label(other, LABEL_LIMIT), "{other}");
        }
        assert!(is_label(&"a".repeat(52), GATEWAY_LIMIT));
        assert!(!is_label(&"a".repeat(53), GATEWAY_LIMIT));
    }

    #[test]
    fn every_cluster_has_a_label_of_its_own() {
        for (name, label) in [
            ("piam", "piam"),
            ("Key_Store", "key-store"),
            ("_x|", "x"),
            ("ü", "cluster"),
            (&format!("{}-bcd", "a".repeat(39)), &"a".repeat(39)),
        ] {
            assert_eq!(own_label(name), label, "{name}");
        }
    }
}
