//! Envoy's own configuration: a bootstrap document with one listener.

use std::net::SocketAddr;
use std::time::Duration;

use super::Parts;
use super::address::{Transport, is_address, is_loopback};
use super::cluster::{Cluster, ServerName};
use super::yaml::{block, text, word};

/// The document.
pub(super) fn document(parts: &Parts<'_>) -> String {
    let order = parts.order;
    let name = word(&order.gateway);
    let vm_id = word(&format!("tenantgate-{}", order.gateway));
    // A program's way out is for that program alone.
    let everywhere = if parts.is_egress { [127, 0, 0, 1] } else { [0, 0, 0, 0] };
    let listen = order.listen.unwrap_or_else(|| SocketAddr::from((everywhere, 8080)));
    let client = if parts.is_egress {
        ""
    } else {
        "          # The client's address is that of its connection. Behind another proxy that can be trusted, add\n          # `xff_num_trusted_hops: 1`.\n          use_remote_address: true\n"
    };
    let within = |one| cluster(one, CONNECT_TIMEOUT);
    let clusters: String = parts.clusters.iter().map(within).collect();
    let upstream = upstream(parts);
    format!(
        r#"# Envoy with tenantgate, made by `tenantgate render envoy`.
static_resources:
  listeners:
  - name: {name}
    address: {listen}
{reach}    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: {name}
{client}          # tenantgate judges the path as the client sent it, and that is what goes on.
          normalize_path: false
          merge_slashes: false
          path_with_escaped_slashes_action: KEEP_UNCHANGED
          # tenantgate takes these spellings of a host for one.
          strip_any_host_port: true
          strip_trailing_host_dot: true
          # Longer than tenantgate lets requests wait.
          stream_idle_timeout: {idle}s
          request_headers_timeout: 10s
          access_log:
          - name: envoy.access_loggers.stdout
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog
              log_format:
                text_format_source:
                  # Without the query, which may hold what does not belong in a log.
                  inline_string: "[%START_TIME%] %REQ(:METHOD)% %PATH(NQ)% %RESPONSE_CODE% %DURATION%ms decision=%FILTER_STATE(wasm.tenantgate.decision:PLAIN)% reason=%FILTER_STATE(wasm.tenantgate.reason:PLAIN)%\n"
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{ prefix: / }}
                route: {{ cluster: {upstream_name} }}
          http_filters:
          # Filters that change path, header or route go before tenantgate.
          - name: tenantgate
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                name: tenantgate
                root_id: tenantgate
                # After a trap a worker starts a new VM, and lets nobody in meanwhile.
                failure_policy: FAIL_RELOAD
                reload_config: {{ backoff: {{ base_interval: 0.1s }} }}
                vm_config:
                  # One for each plugin: tokens and keys are cached in a space of this name.
                  vm_id: {vm_id}
                  runtime: envoy.wasm.runtime.v8
                  code: {{ local: {{ filename: {module} }} }}
{variables}                configuration:
                  "@type": type.googleapis.com/google.protobuf.Struct
                  value:
{configuration}          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
{upstream}{clusters}{admin_reach}admin:
  address: {admin}
"#,
        listen = address(&listen.ip().to_string(), listen.port()),
        reach = reach(listen, parts.is_egress),
        idle = parts.idle_timeout.as_secs(),
        upstream_name = text(&upstream.name),
        module = text(&order.module),
        variables = variables(parts),
        configuration = block(&parts.tree, 20),
        upstream = cluster(&upstream, CONNECT_TIMEOUT),
        admin_reach = match order.admin.ip().is_loopback() {
            true => "",
            false =>
                "# Whoever reaches this port can stop Envoy and read its configuration. Best keep it on 127.0.0.1.\n",
        },
        admin = address(&order.admin.ip().to_string(), order.admin.port()),
    )
}

/// What a listener means that others than this machine reach.
fn reach(listen: SocketAddr, is_egress: bool) -> &'static str {
    match (listen.ip().is_loopback(), is_egress) {
        (true, _) => "",
        (false, false) => {
            "    # Plain HTTP on every network that reaches it: tokens can be read on the way. Let TLS end in front of it, or
    # give the filter chain a `transport_socket` of TLS.\n"
        }
        (false, true) => {
            "    # Whoever reaches this port has the technical tokens at work. Best keep it on 127.0.0.1.\n"
        }
    }
}

/// Where requests go that pass, under a name that the configuration does not use.
fn upstream(parts: &Parts<'_>) -> Cluster {
    let to = &parts.order.upstream;
    let mut name = "upstream".to_owned();
    while parts.clusters.iter().any(|cluster| cluster.name == name) {
        name.push('_');
    }
    let proof = match to.transport {
        Some(Transport::Tls) => Some(ServerName::One(to.host.clone())),
        // Technical tokens in the clear must not come of a word that was left out.
        None if parts.is_egress && !is_loopback(&to.host) => Some(ServerName::One(to.host.clone())),
        Some(Transport::Plaintext) | None => None,
    };
    Cluster { name, host: to.host.clone(), port: to.port, proof }
}

fn variables(parts: &Parts<'_>) -> String {
    if parts.variables.is_empty() {
        return String::new();
    }
    let names: Vec<_> = parts.variables.iter().map(|name| word(name)).collect();
    format!(
        "                  environment_variables: {{ host_env_keys: [{}] }}\n",
        names.join(", ")
    )
}

fn address(host: &str, port: u16) -> String {
    format!("{{ socket_address: {{ address: {}, port_value: {port} }} }}", text(host))
}

/// A cluster, to which connecting may take so long, as an item of a list.
pub(in crate::tool) fn cluster(cluster: &Cluster, connect_timeout: Duration) -> String {
    let name = text(&cluster.name);
    let kind = match is_address(&cluster.host) {
        true => "STATIC",
        // Where both kinds of address exist and only one has a way out, it is this one.
        false => "STRICT_DNS\n    dns_lookup_family: V4_PREFERRED",
    };
    let endpoint = address(&cluster.host, cluster.port);
    let proof = cluster.proof.as_ref().map(tls).unwrap_or_default();
    format!(
        r#"  - name: {name}
    type: {kind}
    connect_timeout: {}
    load_assignment:
      cluster_name: {name}
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {endpoint} }}
{proof}"#,
        span(connect_timeout)
    )
}

/// A duration as Envoy reads it in YAML.
fn span(span: Duration) -> String {
    match span.subsec_millis() {
        0 => format!("{}s", span.as_secs()),
        millis => format!("{}.{millis:03}s", span.as_secs()),
    }
}

/// TLS to a server that must prove its name.
fn tls(server: &ServerName) -> String {
    let (options, sni, names) = match server {
        ServerName::OfEachCall => (OF_EACH_CALL, String::new(), String::new()),
        ServerName::One(host) => {
            let (sni, kind) = match is_address(host) {
                true => (String::new(), "IP_ADDRESS"),
                false => (format!("        sni: {}\n", text(host)), "DNS"),
            };
            let names = format!(
                "            match_typed_subject_alt_names:\n            - {{ san_type: {kind}, matcher: {{ exact: {} }} }}\n",
                text(host)
            );
            ("", sni, names)
        }
    };
    format!(
        r#"{options}    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
{sni}        common_tls_context:
          validation_context:
            # The authorities that the system trusts; the file has another name outside Debian and Alpine.
            trusted_ca: {{ filename: /etc/ssl/certs/ca-certificates.crt }}
{names}"#
    )
}

/// How long connecting may take where nobody says it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const OF_EACH_CALL: &str = r#"    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        # The server must prove the host of each call, for there are several.
        upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true }
        explicit_http_config: { http_protocol_options: {} }
"#;
