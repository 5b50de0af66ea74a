//! Compiling configurations, which every worker does at start and at each update.

use serde_json::{Value, json};
use tenantgate::config;

use crate::measure::Row;
use crate::token;

/// A small configuration, one with many routes, and one with many issuers.
pub fn rows() -> Vec<Row> {
    vec![
        row("config_2_routes", document(0)),
        row("config_1000_routes", document(998)),
        row("config_10000_issuers", with_issuers(9999)),
    ]
}

/// The configuration of all rows: one issuer, one credential, two routes and `more` others.
pub fn document(more: usize) -> Value {
    let mut routes = vec![
        route("profile", "/api/profile/**", json!({"caller_token": "forward"})),
        route(
            "reports",
            "/api/reports/**",
            json!({"caller_token": "remove", "inject": [
                {"credential": "acme-service", "header": "authorization", "prefix": "Bearer ", "when": "always"},
            ]}),
        ),
    ];
    routes.extend((0..more).map(|number| {
        let path = format!("/api/service-{number}/v1/*/items/**");
        route(&format!("service-{number}"), &path, json!({"caller_token": "forward"}))
    }));
    json!({
        "deployment": "ingress",
        "issuers": [{
            "name": "mindsphere-eu1", "preset": "mindsphere",
            "issuer": "https://{tenant}.piam.eu1.mindsphere.io/oauth/token",
            "tenants": {"acme": ["acme"]},
            "clients": ["portal-acme"],
            "jwks": {"inline": token::key_set()},
        }],
        "credentials": [{"name": "acme-service", "mindsphere_tenant": {
            "region": "eu1", "tenant": "acme", "cluster": "piam",
            "client_id_env": "CLIENT_ID", "client_secret_env": "CLIENT_SECRET",
        }}],
        "identity_headers": {"tenant": "x-tenant", "user": "x-user", "client": "x-client"},
        // So few that a handful of tokens in turn are all first-seen.
        "limits": {"verified_tokens": 2},
        "routes": routes,
    })
}

/// The smallest of them with `more` other issuers, each with a key of its own.
fn with_issuers(more: usize) -> Value {
    let mut document = document(0);
    let keys = token::key_set();
    let issuers = document["issuers"].as_array_mut().expect("a list");
    issuers.extend((0..more).map(|number| {
        json!({
            "name": format!("issuer-{number}"),
            "issuer": format!("https://id-{number}.partner.example"),
            "tenants": [format!("tenant-{number}")],
            "audiences": ["our-api"],
            "algorithms": ["RS256"],
            "claims": {"tenant": "org_id", "subtenant": "sub_org", "scopes": "scope", "user": "email"},
            "jwks": {"inline": keys},
        })
    }));
    document
}

/// The client's credentials.
pub fn environment(name: &str) -> Option<String> {
    match name {
        "CLIENT_ID" => Some("acme-service".to_owned()),
        "CLIENT_SECRET" => Some("not-a-secret".to_owned()),
        _ => None,
    }
}

fn row(name: &'static str, document: Value) -> Row {
    let text = document.to_string();
    Row::new(name, move || {
        config::compile(text.as_bytes(), &environment).expect("a valid configuration");
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
