//! What scenarios start from.

use serde_json::{Value, json};

use crate::host::Host;
use crate::requests::{Fields, get};
use crate::vm::Vm;

/// One issuer with its keys at hand, one credential, a route of each kind.
pub fn configuration() -> Value {
    json!({
        "deployment": "ingress",
        "issuers": [{
            "name": "partner", "issuer": "https://id.example", "tenants": ["acme"],
            "audiences": ["our-api"], "algorithms": ["ES256", "RS256"],
            "claims": {"tenant": "org", "subtenant": "sub_org", "scopes": "scope", "user": "email"},
            "jwks": {"inline": crate::provider::key_set()},
        }],
        "credentials": [{"name": "exchange", "callers": ["acme"], "oauth2": {
            "token_endpoint": "https://id.example/token", "cluster": "identity", "timeout": "2s",
            "client_id_env": "CLIENT_ID", "client_secret_env": "CLIENT_SECRET",
        }}],
        "identity_headers": {"tenant": "x-tenant", "user": "x-user", "client": "x-client"},
        "limits": {"waiting_deadline": "4s"},
        "routes": [
            {
                "name": "profile", "match": {"hosts": ["*"], "path": "/profile", "methods": ["GET"]},
                "upstream": {"caller_token": "forward"},
            },
            {
                "name": "reports", "match": {"hosts": ["*"], "path": "/reports", "methods": ["GET"]},
                "scopes": "not_needed",
                "upstream": {"caller_token": "remove", "inject": [{"credential": "exchange", "when": "always"}]},
            },
        ],
    })
}

/// The same with keys that are fetched.
pub fn with_remote_keys() -> Value {
    let mut document = configuration();
    document["issuers"][0]["jwks"] = json!({
        "cluster": "identity", "uri": "https://id.example/keys", "timeout": "2s", "refresh": "10m",
    });
    document
}

/// The same with one application key, [`KEY`], which `/profile` takes and removes.
pub fn with_keys() -> Value {
    let mut document = configuration();
    document["application_keys"] = json!({
        "tenants": ["acme"],
        "inline": { "version": 1, "serial": 1, "keys": [{
            "name": "ann", "user": "ann", "tenant": "acme",
            "secrets": [{
                "digest": "sha256:a807efa1c8197adac3404e3933895599e0f7066660adba8470e7888125fb7800",
                "expires_at": "2030-01-01T00:00:00Z",
            }],
        }] },
    });
    document["routes"][0]["upstream"] = json!({ "caller_token": "remove" });
    document
}

/// The module at work in this host with this configuration.
pub fn configured(host: Host, document: &Value) -> Vm {
    let mut vm = Vm::start(host);
    let is_valid = vm.configure(document.to_string().as_bytes());
    assert!(is_valid, "{:?}", vm.host().log);
    vm
}

/// The module at work in a host that has everything.
pub fn ready() -> Vm {
    configured(Host::default(), &configuration())
}

/// `GET /profile`, which needs a token and keeps it.
pub fn profile(token: &str) -> Fields {
    get("/profile", &[("authorization", &format!("Bearer {token}"))])
}

/// `GET /reports`, on which a technical token takes the place of the caller's.
pub fn reports(token: &str) -> Fields {
    get("/reports", &[("authorization", &format!("Bearer {token}"))])
}

/// `GET /profile` with an application key.
pub fn profile_by_key(key: &str) -> Fields {
    get("/profile", &[("appkey", key)])
}

/// The application key of [`with_keys`].
pub const KEY: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
/// One of the same form that nobody knows.
pub const UNKNOWN_KEY: &str = "gwk_1u4qI0Nb1txh4SNOBj2isW90uaUNPVTEj3FGxXbZ2HA0Be0Jn";
