//! tenantgate as a filter of the benchmark, with the settings that a new user would have.

use serde_json::{Value, json};

use crate::row::REPORTS;

/// The filter with its configuration: one issuer, one credential, two routes, three identity headers.
pub fn filter(module: &str) -> Value {
    json!({"name": "tenantgate", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "tenantgate",
            "root_id": "tenantgate",
            "failure_policy": "FAIL_RELOAD",
            "vm_config": {
                "vm_id": "tenantgate-bench",
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": module}},
                "environment_variables": {"host_env_keys": [CLIENT_ID, CLIENT_SECRET]},
            },
            "configuration": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": configuration()},
        },
    }})
}

fn configuration() -> Value {
    json!({
        "deployment": "ingress",
        "issuers": [{
            "name": "mindsphere-eu1", "preset": "mindsphere",
            "issuer": "https://{tenant}.piam.eu1.mindsphere.io/oauth/token",
            "tenants": {"acme": ["acme"]},
            "clients": ["portal-acme"],
            "jwks": {"cluster": "piam", "uri": "https://core.piam.eu1.mindsphere.io/token_keys"},
        }],
        "credentials": [{"name": "acme-service", "mindsphere_tenant": {
            "region": "eu1", "tenant": "acme", "cluster": "piam",
            "client_id_env": CLIENT_ID, "client_secret_env": CLIENT_SECRET,
        }}],
        "identity_headers": {"tenant": "x-tenant", "user": "x-user", "client": "x-client"},
        "routes": [
            route("profile", "/api/profile/**", json!({"caller_token": "forward"})),
            route("reports", REPORTS, json!({"caller_token": "remove", "inject": [
                {"credential": "acme-service", "header": "authorization", "prefix": "Bearer ", "when": "always"},
            ]})),
        ],
    })
}

fn route(name: &str, path: &str, upstream: Value) -> Value {
    json!({
        "name": name,
        "match": {"hosts": ["*"], "path": path, "methods": ["GET"]},
        "authentication": "required",
        "scopes": {"any": ["assets.read"]},
        "upstream": upstream,
    })
}

/// The variables that hold the client's credentials.
pub const CLIENT_ID: &str = "MINDSPHERE_CLIENT_ID";
pub const CLIENT_SECRET: &str = "MINDSPHERE_CLIENT_SECRET";
