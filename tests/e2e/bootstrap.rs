//! Envoy's own configuration for a scenario.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

/// What a bootstrap document is made of.
pub struct Parts<'a> {
    pub module: &'a str,
    pub filter: &'a Value,
    pub identity_provider: SocketAddr,
    pub upstream: SocketAddr,
    /// Where the access log and, if there is one, the listener file go.
    pub directory: &'a Path,
    /// Variables that the filter may read, by name and value.
    pub environment: &'a [(String, String)],
    /// What is added to Envoy's own configuration.
    pub extras: &'a Extras,
    /// Whether the listener stands in `listeners.json`, which may be replaced while Envoy runs.
    pub listener_file: bool,
}

/// What some scenarios add to Envoy's own configuration.
#[derive(Clone, Default)]
pub struct Extras {
    /// Filters after ours.
    pub filters: Vec<Value>,
    /// Further members of the virtual host.
    pub virtual_host: Value,
    /// The `log_format` of a second access log, [`SECOND_LOG`].
    pub log_format: Option<Value>,
}

/// The bootstrap document; Envoy reads JSON as it reads YAML.
pub fn document(parts: &Parts<'_>) -> Value {
    let mut document = json!({
        "static_resources": {
            "clusters": [cluster("upstream", parts.upstream), cluster("piam", parts.identity_provider)],
        },
        "admin": {"address": address(SocketAddr::from(([127, 0, 0, 1], 0)))},
    });
    if parts.listener_file {
        document["node"] = json!({"id": "e2e", "cluster": "e2e"});
        document["dynamic_resources"] = json!({"lds_config": {"resource_api_version": "V3", "path_config_source": {
            "path": parts.directory.join(LISTENER_FILE),
        }}});
    } else {
        document["static_resources"]["listeners"] = json!([listener(parts)]);
    }
    document
}

/// The content of the listener file.
pub fn listener_file(parts: &Parts<'_>) -> Value {
    let mut listener = listener(parts);
    listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
    json!({"resources": [listener]})
}

fn listener(parts: &Parts<'_>) -> Value {
    let mut listener = plain_listener(parts);
    let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
    let filters = manager["http_filters"].as_array_mut().unwrap();
    filters.splice(1..1, parts.extras.filters.iter().cloned());
    if let Some(members) = parts.extras.virtual_host.as_object() {
        let host = manager["route_config"]["virtual_hosts"][0].as_object_mut().unwrap();
        host.extend(members.clone());
    }
    if let Some(format) = &parts.extras.log_format {
        let mut log = manager["access_log"][0].clone();
        log["typed_config"]["path"] = json!(parts.directory.join(SECOND_LOG));
        log["typed_config"]["log_format"] = format.clone();
        manager["access_log"].as_array_mut().unwrap().push(log);
    }
    listener
}

fn plain_listener(parts: &Parts<'_>) -> Value {
    json!({
        "name": "ingress",
        "address": address(SocketAddr::from(([127, 0, 0, 1], 0))),
        // Both workers get the same share of the connections, however few there are.
        "connection_balance_config": {"exact_balance": {}},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "ingress",
                "stream_idle_timeout": "30s",
                // As in `envoy/`.
                "normalize_path": false,
                "merge_slashes": false,
                "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
                "strip_any_host_port": true,
                "strip_trailing_host_dot": true,
                "access_log": [{"name": "file", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                    "path": parts.directory.join(ACCESS_LOG),
                    "log_format": {"text_format_source": {"inline_string": ACCESS_LOG_FORMAT}},
                }}],
                "route_config": {"virtual_hosts": [{
                    "name": "all", "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "upstream"}}],
                }]},
                "http_filters": [filter(parts), {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
                }],
            },
        }]}],
    })
}

fn filter(parts: &Parts<'_>) -> Value {
    let names: Vec<&String> = parts.environment.iter().map(|(name, _)| name).collect();
    json!({"name": "tenantgate", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "tenantgate",
            "root_id": "tenantgate",
            "failure_policy": "FAIL_RELOAD",
            "reload_config": {"backoff": {"base_interval": "0.1s"}},
            "vm_config": {
                "vm_id": "tenantgate-e2e",
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": parts.module}},
                "environment_variables": {"host_env_keys": names},
            },
            "configuration": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": parts.filter},
        },
    }})
}

pub fn cluster(name: &str, at: SocketAddr) -> Value {
    json!({
        "name": name, "type": "STATIC", "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(at)}}]}]},
    })
}

pub fn address(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}

pub const ACCESS_LOG: &str = "access.log";
pub const SECOND_LOG: &str = "second.log";
pub const LISTENER_FILE: &str = "listeners.json";
const ACCESS_LOG_FORMAT: &str = "case=%REQ(x-case)% status=%RESPONSE_CODE% path=%REQ(:PATH)% reason=%FILTER_STATE(wasm.tenantgate.reason:PLAIN)% decision=%FILTER_STATE(wasm.tenantgate.decision:PLAIN)% code=%FILTER_STATE(wasm.tenantgate.code:PLAIN)%\n";
