//! Istio's documents: `WasmPlugin` for the filter, `EnvoyFilter` for what stands around it, and those of
//! each cluster.

use super::Parts;
use super::mesh;
use super::yaml::{block, text, word};
use crate::tool::named;

/// The documents.
pub(super) fn documents(parts: &Parts<'_>, namespace: &str) -> String {
    let order = parts.order;
    let name = &order.gateway;
    let namespace = word(namespace);
    let context = if parts.is_egress { "SIDECAR_OUTBOUND" } else { "GATEWAY" };
    let selector = if parts.is_egress {
        format!("app: {}", word(name))
    } else {
        "istio: ingressgateway".to_owned()
    };
    let client = if parts.is_egress {
        ""
    } else {
        "          # The client's address is that of its connection; behind another proxy see `numTrustedProxies`.\n          use_remote_address: true\n"
    };
    // Without it the plugin would stand before what comes in, too: a stranger would be taken for the program.
    let traffic = if parts.is_egress {
        "  # What the program sends, not what it is sent.\n  match:\n  - mode: CLIENT\n"
    } else {
        ""
    };
    let services = mesh::services(parts);
    let mut configuration = parts.tree.clone();
    named::rename_clusters(&mut configuration, &|name| {
        let service = services.iter().find(|service| service.cluster.name == name)?;
        Some(service.outbound())
    });
    let entries: String =
        services.iter().map(|service| service.documents(name, &namespace)).collect();
    format!(
        r#"# Istio with tenantgate, made by `tenantgate render istio`.
#
# What these documents cannot state:
# - Istio gives a plugin no `vm_id`, so each worker fetches keys and tokens for itself.
# - Istio changes paths before its filters see them. Let the mesh leave them alone, and tenantgate refuses
#   what has two readings: `meshConfig: {{ pathNormalization: {{ normalization: NONE }} }}`.
# - `failStrategy: FAIL_RELOAD` needs a recent Istio (1.27 has it, 1.23 does not). With FAIL_CLOSE one trap closes a worker until it gets a new
#   configuration; FAIL_OPEN would let everybody in.
# - Clusters have the names of the mesh here, `outbound|PORT||HOST`, each of a ServiceEntry below. A service of the mesh
#   itself is best named so in the configuration. A `Sidecar`, or PILOT_FILTER_GATEWAY_CLUSTER_CONFIG, must not keep
#   these clusters from the proxy: no route names them.
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata:
  name: tenantgate-{name}
  namespace: {namespace}
spec:
  # The proxies that it is for.
  selector:
    matchLabels:
      {selector}
{traffic}  url: {module}
  failStrategy: FAIL_RELOAD
  # After all filters of Istio's own, so that none changes what was judged.
  phase: UNSPECIFIED_PHASE
{variables}  pluginConfig:
{configuration}---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: tenantgate-{name}
  namespace: {namespace}
spec:
  workloadSelector:
    labels:
      {selector}
  configPatches:
  - applyTo: NETWORK_FILTER
    match:
      context: {context}
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
    patch:
      operation: MERGE
      value:
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
{client}          # tenantgate takes these spellings of a host for one.
          strip_any_host_port: true
          strip_trailing_host_dot: true
          # Longer than tenantgate lets requests wait.
          stream_idle_timeout: {idle}s
{entries}"#,
        module = text(&order.module),
        variables = variables(parts),
        configuration = block(&configuration, 4),
        idle = parts.idle_timeout.as_secs(),
    )
}

fn variables(parts: &Parts<'_>) -> String {
    if parts.variables.is_empty() {
        return String::new();
    }
    let names: String = parts
        .variables
        .iter()
        .map(|name| format!("    - {{ name: {}, valueFrom: HOST }}\n", word(name)))
        .collect();
    format!(
        "  # From the environment of the proxy, where a secret puts them.\n  vmConfig:\n    env:\n{names}"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::SocketAddr;

    use crate::tool::render::{Destination, Order, istio};
    use crate::tool::source;
    use crate::tool::tree::Tree;

    /// The names of Istio's published definitions: `extensions/v1alpha1/wasm.proto` and
    /// `networking/v1alpha3/envoy_filter.proto` of istio/api, in the JSON form that Kubernetes has.
    const DOCUMENT: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];
    const PLUGIN: [&str; 15] = [
        "failStrategy",
        "imagePullPolicy",
        "imagePullSecret",
        "match",
        "phase",
        "pluginConfig",
        "pluginName",
        "priority",
        "selector",
        "sha256",
        "targetRefs",
        "type",
        "url",
        "verificationKey",
        "vmConfig",
    ];
    const FILTER: [&str; 4] = ["configPatches", "priority", "targetRefs", "workloadSelector"];

    fn rendered(deployment: &str) -> Vec<Tree> {
        let document = format!(
            r#"{{"deployment":"{deployment}","credentials":[{{"name":"a","callers":"any","oauth2":{{"token_endpoint":"https://id.example/t","cluster":"id","client_auth":"client_secret_basic","client_id_env":"ID","client_secret_env":"SECRET"}}}}],"routes":[{{"name":"r","match":{{"hosts":["*"],"path":"/**","methods":"any"}},"authentication":"none","upstream":{{"caller_token":"remove"}}}}]}}"#
        );
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let order = Order {
            name: "x.json",
            document: document.as_bytes(),
            environment: &|_| None,
            gateway: "edge".into(),
            listen: None,
            admin: loopback,
            upstream: Destination { host: "h".into(), port: 1, transport: None },
            clusters: Vec::new(),
            module: "oci://r.example/tenantgate:1".into(),
            namespace: Some("edge".into()),
        };
        let text = istio(&order).unwrap_or_else(|error| panic!("{error}"));
        source::read("x.yaml", text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// `networking/v1alpha3/service_entry.proto`, `workload_entry.proto` and `destination_rule.proto`.
    const ENTRY: [&str; 9] = [
        "addresses",
        "endpoints",
        "exportTo",
        "hosts",
        "location",
        "ports",
        "resolution",
        "subjectAltNames",
        "workloadSelector",
    ];
    const RULE: [&str; 5] = ["exportTo", "host", "subsets", "trafficPolicy", "workloadSelector"];
    const TLS: [&str; 9] = [
        "caCertificates",
        "caCrl",
        "clientCertificate",
        "credentialName",
        "insecureSkipVerify",
        "mode",
        "privateKey",
        "sni",
        "subjectAltNames",
    ];

    fn assert_known(tree: &Tree, known: &[&str]) {
        let names: BTreeSet<_> = tree.members().iter().map(|(name, _)| name.as_str()).collect();
        assert!(!names.is_empty(), "{known:?}");
        let unknown: Vec<_> = names.iter().filter(|name| !known.contains(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    fn at<'t>(tree: &'t Tree, path: &[&str]) -> &'t Tree {
        path.iter().fold(tree, |tree, name| match tree.items().first() {
            Some(item) => item.get(name).unwrap(),
            None => tree.get(name).unwrap(),
        })
    }

    #[test]
    fn every_field_is_one_that_istio_has_published() {
        for (deployment, context) in [("ingress", "GATEWAY"), ("egress", "SIDECAR_OUTBOUND")] {
            let [plugin, filter, entry, rule] = &rendered(deployment)[..] else {
                panic!("four documents")
            };
            assert_known(plugin, &DOCUMENT);
            assert_known(at(plugin, &["metadata"]), &["name", "namespace"]);
            let spec = at(plugin, &["spec"]);
            assert_known(spec, &PLUGIN);
            assert_known(at(spec, &["selector"]), &["matchLabels"]);
            assert_known(at(spec, &["vmConfig"]), &["env"]);
            for variable in at(spec, &["vmConfig", "env"]).items() {
                assert_known(variable, &["name", "value", "valueFrom"]);
                assert_eq!(at(variable, &["valueFrom"]).text(), Some("HOST"));
            }
            assert_eq!(at(spec, &["failStrategy"]).text(), Some("FAIL_RELOAD"));
            assert_eq!(at(spec, &["phase"]).text(), Some("UNSPECIFIED_PHASE"));
            let traffic: Vec<_> = spec.get("match").into_iter().flat_map(Tree::items).collect();
            let modes: Vec<_> = traffic.iter().map(|one| at(one, &["mode"]).text()).collect();
            let expected = if deployment == "egress" { vec![Some("CLIENT")] } else { Vec::new() };
            assert_eq!(modes, expected);
            for selector in traffic {
                assert_known(selector, &["mode", "ports"]);
            }
            assert_eq!(at(spec, &["pluginConfig", "deployment"]).text(), Some(deployment));

            let host = "id.edge.tenantgate.internal";
            for document in [entry, rule] {
                assert_known(document, &DOCUMENT);
                assert_known(at(document, &["metadata"]), &["name", "namespace"]);
            }
            let spec = at(entry, &["spec"]);
            assert_known(spec, &ENTRY);
            assert_eq!(at(spec, &["hosts"]).items()[0].text(), Some(host));
            assert_known(
                at(spec, &["ports"]).items().first().unwrap(),
                &["name", "number", "protocol", "targetPort"],
            );
            assert_eq!(at(spec, &["endpoints", "address"]).text(), Some("id.example"));
            let spec = at(rule, &["spec"]);
            assert_known(spec, &RULE);
            assert_eq!(at(spec, &["host"]).text(), Some(host));
            assert_known(at(spec, &["trafficPolicy", "tls"]), &TLS);
            assert_eq!(at(spec, &["trafficPolicy", "tls", "sni"]).text(), Some("id.example"));
            let credentials = at(plugin, &["spec", "pluginConfig", "credentials"]);
            let cluster = at(credentials, &["oauth2", "cluster"]);
            assert_eq!(cluster.text(), Some("outbound|443||id.edge.tenantgate.internal"));

            assert_known(filter, &DOCUMENT);
            let spec = at(filter, &["spec"]);
            assert_known(spec, &FILTER);
            assert_known(at(spec, &["workloadSelector"]), &["labels"]);
            for patch in at(spec, &["configPatches"]).items() {
                assert_known(patch, &["applyTo", "match", "patch"]);
                assert_eq!(at(patch, &["applyTo"]).text(), Some("NETWORK_FILTER"));
                assert_eq!(at(patch, &["match", "context"]).text(), Some(context));
                assert_known(
                    at(patch, &["match", "listener"]),
                    &["filterChain", "name", "portName", "portNumber"],
                );
                assert_known(at(patch, &["patch"]), &["filterClass", "operation", "value"]);
            }
        }
    }
}
