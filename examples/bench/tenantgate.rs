//! tenantgate as a filter of the benchmark, with the settings that a new user would have.

use serde_json::{Value, json};

use crate::cold_start;
use crate::keys::STORE_PATH;
use crate::row::REPORTS;
use crate::signers::{self, Algorithm};

/// The filter with its configuration: one issuer, one credential, two routes, three identity headers.
pub fn filter(module: &str) -> Value {
    filter_of(module, "tenantgate-bench", configuration())
}

/// The same in a VM of its own.
pub fn filter_again(module: &str) -> Value {
    filter_of(module, "tenantgate-bench-first-seen", configuration())
}

/// The same in a module of its own.
pub fn filter_of_lean_module(module: &str) -> Value {
    filter_of(module, "tenantgate-bench-lean", configuration())
}

/// The same with [`ISSUERS`] issuers; those that are not called have inline keys.
pub fn filter_of_many_issuers(module: &str, key_set: &str) -> Value {
    let mut configuration = configuration();
    if let Some(issuers) = configuration.get_mut("issuers").and_then(Value::as_array_mut) {
        let key_set = short(key_set);
        issuers.extend((1..ISSUERS).map(|number| issuer(number, &key_set)));
    }
    filter_of(module, "tenantgate-bench-issuers", configuration)
}

/// The same with a second issuer of the same tenant, whose keys are of other algorithms.
pub fn filter_of_algorithms(module: &str, key_set: &Value) -> Value {
    let mut configuration = configuration();
    if let Some(issuers) = configuration.get_mut("issuers").and_then(Value::as_array_mut) {
        issuers.push(json!({
            "name": "algorithms", "issuer": signers::ISSUER, "tenants": ["acme"],
            "clients": ["portal-acme"],
            "algorithms": Algorithm::ALL.map(Algorithm::name),
            "claims": {"tenant": "ten", "subtenant": "subtenant", "user": "user_id"},
            "jwks": {"inline": key_set},
        }));
    }
    filter_of(module, "tenantgate-bench-algorithms", configuration)
}

/// The same with `count` routes, those of [`SERVICE`] and its like among them.
pub fn filter_of_routes(module: &str, count: usize) -> Value {
    let mut configuration = configuration();
    if let Some(routes) = configuration.get_mut("routes").and_then(Value::as_array_mut) {
        let more = (0..count.saturating_sub(routes.len())).map(|number| {
            let (name, path) =
                (format!("service-{number}"), format!("/api/service-{number}/v1/**"));
            route(&name, &path, json!({"caller_token": "forward"}))
        });
        routes.extend(more);
    }
    filter_of(module, &format!("tenantgate-bench-routes-{count}"), configuration)
}

/// The same, with room for so many requests that wait.
pub fn filter_of_waiters(module: &str, count: usize) -> Value {
    let mut configuration = configuration();
    if let Some(members) = configuration.as_object_mut() {
        members.insert("limits".to_owned(), json!({"waiters": count}));
    }
    filter_of(module, "tenantgate-bench-waiters", configuration)
}

/// Where a filter has its application keys from.
pub struct Keys {
    /// The cluster, and the VM, of these keys alone.
    pub cluster: &'static str,
    refresh: &'static str,
}

/// The same with application keys of a store. Keys have no client: in the place of its header stands one for their name.
pub fn filter_of_keys(module: &str, keys: &Keys) -> Value {
    let mut configuration = configuration();
    let uri = format!("http://key-store.internal{STORE_PATH}");
    if let Some(routes) = configuration.get_mut("routes").and_then(Value::as_array_mut) {
        routes.push(route("things", "/api/things/**", json!({"caller_token": "remove"})));
    }
    let settings = json!({
        "client_address": "use_remote_address",
        "identity_headers": {"tenant": "x-tenant", "user": "x-user", "key_name": "x-key"},
        "application_keys": {"tenants": ["acme"], "store": {
            "cluster": keys.cluster, "uri": uri, "refresh": keys.refresh, "allow_plaintext": true,
        }},
    });
    if let (Some(members), Value::Object(settings)) = (configuration.as_object_mut(), settings) {
        members.extend(settings);
    }
    filter_of(module, &format!("tenantgate-bench-{}-{}", keys.cluster, keys.refresh), configuration)
}

fn filter_of(module: &str, vm_id: &str, configuration: Value) -> Value {
    json!({"name": "tenantgate", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "tenantgate",
            "root_id": "tenantgate",
            "failure_policy": "FAIL_RELOAD",
            "vm_config": {
                "vm_id": vm_id,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": module}},
                "environment_variables": {"host_env_keys": [CLIENT_ID, CLIENT_SECRET]},
            },
            "configuration": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": configuration},
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

fn issuer(number: usize, key_set: &Value) -> Value {
    json!({
        "name": format!("issuer-{number}"),
        "issuer": format!("https://id-{number}.partner.example"),
        "tenants": [format!("tenant-{number}")],
        "audiences": ["our-api"],
        "algorithms": ["RS256"],
        "claims": {"tenant": "org_id", "subtenant": "sub_org", "scopes": "scope", "user": "email"},
        "jwks": {"inline": key_set},
    })
}

/// The key set without what a key need not have: all together must be less than 8 MiB.
fn short(key_set: &str) -> Value {
    let keys: Value = serde_json::from_str(key_set).unwrap_or_default();
    let keys = keys.get("keys").and_then(Value::as_array).into_iter().flatten();
    let short = |key: &Value| {
        let member = |name| key.get(name).cloned().unwrap_or_default();
        json!({"kty": "RSA", "kid": member("kid"), "n": member("n"), "e": member("e")})
    };
    json!({"keys": keys.map(short).collect::<Vec<_>>()})
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

/// 10 keys. What rows with keys are measured at asks its store once an hour: not while it is measured.
pub const FEW_KEYS: Keys = Keys { cluster: "keys-10", refresh: "1h" };
/// 100,000 keys.
pub const MANY_KEYS: Keys = Keys { cluster: "keys-100000", refresh: "1h" };
/// The same, and the store is asked as often as it can be.
pub const MANY_KEYS_POLLED: Keys = Keys { cluster: "keys-100000", refresh: "2s" };

/// How many issuers a large configuration has.
pub const ISSUERS: usize = 10_000;
/// How many routes a small and a large configuration have.
pub const FEW_ROUTES: usize = 10;
pub const MANY_ROUTES: usize = 10_000;
/// Twice the requests of a cold start, which all wait for the same keys: those may take half of the room.
pub const MANY_WAITERS: usize = 2 * cold_start::REQUESTS;
