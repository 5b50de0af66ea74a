//! Envoy's own configuration: one listener for each set of filters, all in one process.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::floor;
use crate::lua;
use crate::modules::Modules;
use crate::native::{self, Cache, Native};
use crate::row::Listener;
use crate::signers::Signers;
use crate::tenantgate::{
    self, FEW_KEYS, FEW_ROUTES, MANY_KEYS, MANY_KEYS_POLLED, MANY_ROUTES, MANY_WAITERS,
};

/// What a bootstrap document is made of.
pub struct Parts<'a> {
    pub modules: &'a Modules,
    pub listeners: &'a [Listener],
    /// The identity provider's key set, as text.
    pub key_set: String,
    /// The key set of the second issuer.
    pub signers: &'a Signers,
    /// A token as long as the one that tenantgate fetches.
    pub technical_token: &'a str,
    pub identity_provider: SocketAddr,
    pub upstream: SocketAddr,
    /// The stores with few application keys and with many.
    pub key_stores: [SocketAddr; 2],
}

/// The bootstrap document; Envoy reads JSON as it reads YAML.
pub fn document(parts: &Parts<'_>) -> Value {
    let [few_keys, many_keys] = parts.key_stores;
    let listeners: Vec<_> = parts.listeners.iter().map(|kind| listener(*kind, parts)).collect();
    json!({
        "static_resources": {
            "listeners": listeners,
            "clusters": [
                cluster("upstream", parts.upstream),
                cluster("piam", parts.identity_provider),
                cluster(FEW_KEYS.cluster, few_keys),
                cluster(MANY_KEYS.cluster, many_keys),
            ],
            "secrets": [native::secret(parts.technical_token)],
        },
        "admin": {"address": address(ANY_PORT)},
    })
}

fn listener(kind: Listener, parts: &Parts<'_>) -> Value {
    let native = || Native { key_set: parts.key_set.clone() };
    let lua = |cache| lua::filters(&native(), cache, parts.technical_token);
    let module = &parts.modules.tenantgate;
    let mut filters = match kind {
        Listener::FloorNothing => vec![floor::filter(&parts.modules.floor, None)],
        Listener::FloorOneHeader => {
            vec![floor::filter(&parts.modules.floor, Some("authorization"))]
        }
        Listener::JwtAuthn => native().jwt_authn(Cache::Off),
        Listener::JwtAuthnCached => native().jwt_authn(Cache::On),
        Listener::Lua => lua(Cache::Off),
        Listener::LuaCached => lua(Cache::On),
        Listener::NativeChain => native().chain(Cache::Off),
        Listener::NativeChainCached => native().chain(Cache::On),
        Listener::NoFilter | Listener::NoFilterLocalReply => Vec::new(),
        Listener::Tenantgate => vec![tenantgate::filter(module)],
        Listener::TenantgateFirstSeen => vec![tenantgate::filter_again(module)],
        Listener::TenantgateAlgorithms => {
            vec![tenantgate::filter_of_algorithms(module, &parts.signers.key_set())]
        }
        Listener::TenantgateFewKeys => vec![tenantgate::filter_of_keys(module, &FEW_KEYS)],
        Listener::TenantgateFewRoutes => {
            vec![tenantgate::filter_of_routes(module, FEW_ROUTES)]
        }
        Listener::TenantgateLean => {
            vec![tenantgate::filter_of_lean_module(&parts.modules.lean)]
        }
        Listener::TenantgateManyKeys => vec![tenantgate::filter_of_keys(module, &MANY_KEYS)],
        Listener::TenantgateManyKeysPolled => {
            vec![tenantgate::filter_of_keys(module, &MANY_KEYS_POLLED)]
        }
        Listener::TenantgateManyIssuers => {
            vec![tenantgate::filter_of_many_issuers(module, &parts.key_set)]
        }
        Listener::TenantgateManyWaiters => {
            vec![tenantgate::filter_of_waiters(module, MANY_WAITERS)]
        }
        Listener::TenantgateManyRoutes => {
            vec![tenantgate::filter_of_routes(module, MANY_ROUTES)]
        }
    };
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }));
    let mut route = json!({"match": {"prefix": "/"}});
    if kind == Listener::NoFilterLocalReply {
        // As long as tenantgate's own replies.
        let body = json!({"status": 401, "body": {"inline_string": "x".repeat(120)}});
        merge(&mut route, "direct_response", body);
    } else {
        merge(&mut route, "route", json!({"cluster": "upstream"}));
    }
    json!({
        "name": kind.name(),
        "address": address(ANY_PORT),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": kind.name(),
                "use_remote_address": true,
                "stream_idle_timeout": "30s",
                "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
                "http_filters": filters,
            },
        }]}],
    })
}

fn cluster(name: &str, at: SocketAddr) -> Value {
    json!({
        "name": name, "type": "STATIC", "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(at)}}]}]},
    })
}

fn address(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}

fn merge(into: &mut Value, name: &str, value: Value) {
    if let Some(members) = into.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Loopback, and whatever port the system has.
pub const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
