//! Envoy's native filters: `jwt_authn` alone, and the four that together do tenantgate's job.

use serde_json::{Value, json};

use crate::development::caller::{client_of, issuer_of};
use crate::row::REPORTS;

/// What the native filters are given.
pub struct Native {
    /// The identity provider's key set, as text.
    pub key_set: String,
}

impl Native {
    /// `jwt_authn` alone: the token is verified and goes on.
    pub fn jwt_authn(&self, cache: Cache) -> Vec<Value> {
        vec![self.authentication(cache, json!({"forward": true}))]
    }

    /// The whole job: `jwt_authn` with the payload in metadata, `rbac` that keeps subtenants off the
    /// route, `header_mutation` for the identity headers, `credential_injector` for the technical token.
    ///
    /// It does less than tenantgate in what it cannot: the technical token is a fixed text, scopes are
    /// not looked at, and identity headers are set but other spellings of them not removed.
    pub fn chain(&self, cache: Cache) -> Vec<Value> {
        let payload = json!({"forward": false, "payload_in_metadata": CALLER});
        vec![
            self.authentication(cache, payload),
            subtenancy(),
            identity_headers(),
            technical_token(),
        ]
    }

    /// `jwt_authn` with these further settings of its provider.
    pub fn authentication(&self, cache: Cache, more: Value) -> Value {
        let mut provider = json!({
            "issuer": issuer_of("acme"),
            "audiences": [client_of("acme")],
            "local_jwks": {"inline_string": self.key_set},
        });
        merge(&mut provider, more);
        if cache == Cache::On {
            // The largest token that fits by default is 4 KiB.
            merge(&mut provider, json!({"jwt_cache_config": {"jwt_cache_size": 4096}}));
        }
        filter(
            "envoy.filters.http.jwt_authn",
            "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            json!({
                "providers": {"piam": provider},
                "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "piam"}}],
            }),
        )
    }
}

/// Whether `jwt_authn` keeps verified tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cache {
    Off,
    On,
}

/// The secret that `credential_injector` takes from the bootstrap document.
pub fn secret(technical_token: &str) -> Value {
    json!({
        "name": SECRET,
        "generic_secret": {"secret": {"inline_string": format!("Bearer {technical_token}")}},
    })
}

fn subtenancy() -> Value {
    filter(
        "envoy.filters.http.rbac",
        "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
        json!({"rules": {"action": "DENY", "policies": {"subtenant": {
            "permissions": [{"url_path": {"path": {"prefix": REPORTS}}}],
            "principals": [{"metadata": {
                "filter": METADATA,
                "path": [{"key": CALLER}, {"key": "subtenant"}],
                "value": {"present_match": true},
            }}],
        }}}}),
    )
}

fn identity_headers() -> Value {
    let set = |(header, claim): (&str, &str)| {
        json!({"append": {
            "header": {"key": header, "value": format!("%DYNAMIC_METADATA({METADATA}:{CALLER}:{claim})%")},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }})
    };
    let headers = [("x-tenant", "ten"), ("x-user", "user_id"), ("x-client", "client_id")];
    filter(
        "envoy.filters.http.header_mutation",
        "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        json!({"mutations": {"request_mutations": headers.map(set)}}),
    )
}

fn technical_token() -> Value {
    filter(
        "envoy.filters.http.credential_injector",
        "type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
        json!({"overwrite": true, "credential": {
            "name": "envoy.http.injected_credentials.generic",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
                "credential": {"name": SECRET},
            },
        }}),
    )
}

/// A filter of Envoy's configuration.
pub fn filter(name: &str, kind: &str, mut config: Value) -> Value {
    merge(&mut config, json!({"@type": kind}));
    json!({"name": name, "typed_config": config})
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// Where `jwt_authn` puts the payload, and under what name.
pub const METADATA: &str = "envoy.filters.http.jwt_authn";
pub const CALLER: &str = "caller";
const SECRET: &str = "technical-token";
