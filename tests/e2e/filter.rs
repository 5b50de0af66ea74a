//! The filter's configuration that scenarios start from.

use serde_json::{Value, json};

/// Two issuers, two credentials, and a route of each kind.
pub fn ingress() -> Value {
    json!({
        "deployment": "ingress",
        "issuers": [
            {
                "name": "mindsphere-eu1", "preset": "mindsphere",
                "issuer": "https://{tenant}.piam.eu1.mindsphere.io/oauth/token",
                "tenants": {"acme": ["acme"], "beta": ["beta"]},
                "clients": ["portal-acme", "portal-beta"],
                "jwks": {"cluster": "piam", "uri": "https://core.piam.eu1.mindsphere.io/token_keys", "timeout": "2s", "refresh": "10m"},
            },
            {
                "name": "partner", "issuer": "https://id.partner.example", "tenants": ["beta"],
                "audiences": ["our-api"], "algorithms": ["ES256"],
                "claims": {"tenant": "org_id", "subtenant": "sub_org", "scopes": "scope", "user": "email"},
                "jwks": {"cluster": "piam", "uri": "https://id.partner.example/partner/token_keys", "timeout": "2s", "refresh": "10m"},
            },
        ],
        "credentials": [
            {"name": "acme-service", "mindsphere_tenant": mindsphere_tenant()},
            {"name": "exchange", "callers": ["acme", "beta"], "oauth2": {
                "token_endpoint": "https://id.partner.example/generic/token", "cluster": "piam", "timeout": "2s",
                "client_auth": "client_secret_basic",
                "client_id_env": "MINDSPHERE_CLIENT_ID", "client_secret_env": "MINDSPHERE_CLIENT_SECRET",
            }},
        ],
        "identity_headers": {"tenant": "x-tenant", "subtenant": "x-subtenant", "user": "x-user"},
        "limits": {"waiting_deadline": "4s"},
        "routes": [
            route("profile", json!({"upstream": {"caller_token": "forward"}})),
            route("reports", json!({"upstream": {"caller_token": "remove", "inject": [inject("acme-service")]}})),
            route("assets", json!({
                "subtenancy": "aware", "subtenant": "impersonate",
                "upstream": {"caller_token": "remove", "inject": [inject("acme-service")]},
            })),
            route("only", json!({
                "subtenancy": "only", "subtenant": "impersonate",
                "upstream": {"caller_token": "remove", "inject": [inject("acme-service")]},
            })),
            route("exchange", json!({"upstream": {"caller_token": "remove", "inject": [inject("exchange")]}})),
            {
                "name": "public", "match": {"hosts": ["*"], "path": "/public/**", "methods": ["GET"]},
                "authentication": "none", "upstream": {"caller_token": "remove"},
            },
        ],
    })
}

/// A program's way out: technical token unless it brings a token of its own.
pub fn egress() -> Value {
    let ingress = ingress();
    json!({
        "deployment": "egress",
        "issuers": [ingress["issuers"][0]],
        "credentials": [ingress["credentials"][0]],
        "limits": ingress["limits"],
        "routes": [{
            "name": "platform", "match": {"hosts": ["*"], "path": "/api/**", "methods": "any"},
            "authentication": "optional",
            "upstream": {"caller_token": "forward", "inject": [{"credential": "acme-service", "when": "no_caller_token"}]},
        }],
    })
}

/// A route under `/api/<name>/` that needs a token with the scope `assets.read`.
fn route(name: &str, rest: Value) -> Value {
    let mut route = json!({
        "name": name,
        "match": {"hosts": ["*"], "path": format!("/api/{name}/**"), "methods": ["GET", "POST"]},
        "authentication": "required",
        "scopes": {"any": ["assets.read"]},
    });
    route.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    route
}

fn inject(credential: &str) -> Value {
    json!({"credential": credential, "header": "authorization", "prefix": "Bearer ", "when": "always"})
}

fn mindsphere_tenant() -> Value {
    json!({
        "region": "eu1", "tenant": "acme", "cluster": "piam", "timeout": "2s",
        "client_id_env": "MINDSPHERE_CLIENT_ID", "client_secret_env": "MINDSPHERE_CLIENT_SECRET",
    })
}
