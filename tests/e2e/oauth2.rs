//! `oauth2` credentials against a provider that is not ours.

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::request;
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::filter;
use crate::lab::{Lab, Setup};
use crate::openid_provider::{
    ISSUER, JWT_RESOURCE, OPAQUE_RESOURCE, OpenIdProvider, ProviderClient,
};

/// Ids and secrets with every visible character that some encoding stumbles over. OAuth allows no other
/// characters than visible ASCII and the blank (RFC 6749 Appendix A), and this provider enforces it.
const BASIC: ProviderClient = ProviderClient {
    id: "gate:way 100%+a&b=c",
    secret: "s:3%41+r&t= ~*\"\\/?#",
    authentication: "client_secret_basic",
};
const POST: ProviderClient = ProviderClient {
    id: "post:way 5%25 +&=\"",
    secret: "p%41:w+r&d= ~*'\\/?#",
    authentication: "client_secret_post",
};
/// A client whose secret is another one to whoever decodes it, as the RFC demands.
const RAW: ProviderClient =
    ProviderClient { id: "raw", secret: "s3cr3t-%41", authentication: "client_secret_basic" };
const CLIENTS: [(&str, ProviderClient); 2] = [("BASIC", BASIC), ("POST", POST)];

#[test]
fn a_real_provider_grants_tokens_by_basic_and_post_for_the_resource_asked_for() {
    let (provider, lab) = start(&[BASIC, POST]);
    for (name, client) in CLIENTS {
        // A token that the provider alone can read.
        let token = injected(&lab, &format!("/{name}/opaque"));
        let truth = provider.introspect(&token, POST);
        assert_eq!(
            (&truth["active"], &truth["client_id"], &truth["aud"], &truth["scope"]),
            (&json!(true), &json!(client.id), &json!(OPAQUE_RESOURCE), &json!("read")),
            "{name}"
        );

        // A JWT: an ingress route verifies its signature by the provider's own keys.
        let token = injected(&lab, &format!("/{name}/readable"));
        let claims = claims_of(&token);
        assert_eq!(
            (&claims["iss"], &claims["client_id"], &claims["aud"], &claims["scope"]),
            (&json!(ISSUER), &json!(client.id), &json!(JWT_RESOURCE), &json!("read write")),
            "{name}"
        );
        let answer = lab.get_with_token("/verified", &token);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        assert_eq!(
            seen(&answer.json(), "x-client"),
            [client.id.replace('%', "%25").replace(' ', "%20")],
            "{name}"
        );
        assert_eq!(injected(&lab, &format!("/{name}/readable")), token, "it is cached");
    }
    lab.assert_nothing_leaked(&CLIENTS.map(|(_, client)| client.secret.to_owned()));
}

#[test]
fn what_a_real_provider_refuses_is_answered_with_503_and_told_by_its_code() {
    let (_provider, lab) = start(&[BASIC, POST, RAW]);
    let rows = [
        ("/refused/raw", "invalid_client"),
        ("/refused/secret", "invalid_client"),
        ("/refused/resource", "invalid_target"),
    ];
    for (path, reason) in rows {
        let answer = lab.send(&request("GET", path, &[], ""));
        let code = answer.code();
        assert_eq!((answer.status, code.as_str()), (503, codes::TOKEN_UNAVAILABLE), "{path}");
        let credential = path.replace('/', "-");
        let line = format!("fetching token of credential `{credential}`");
        let log = lab.logs();
        let told = log.lines().any(|text| text.contains(&line) && text.contains(reason));
        assert!(told, "{path}: {reason} is not in the log:\n{log}");
    }
    assert_eq!(lab.upstream.requests(), 0);
    lab.assert_nothing_leaked(&[BASIC, POST, RAW].map(|client| client.secret.to_owned()));
}

#[test]
fn a_callers_token_is_exchanged_for_one_of_the_same_tenant_subtenant_and_user() {
    let (_provider, lab) = start(&[BASIC, POST]);
    let callers = [
        Caller::of_tenant("acme"),
        Caller::of_tenant("acme").in_subtenant("north"),
        Caller::of_tenant("beta").in_subtenant("north"),
    ];
    let mut seen_tokens = Vec::new();
    for caller in &callers {
        let token = lab.idp.sign(caller);
        let asked = claims_of(&token);
        for (name, client) in CLIENTS {
            let path = format!("/{name}/exchanged");
            let answer = lab.get_with_token(&path, &token);
            assert_eq!(answer.status, 200, "{}\n{}", answer.text(), lab.logs());
            let values = seen(&answer.json(), "authorization");
            let exchanged = values[0].strip_prefix("Bearer ").unwrap();
            let claims = claims_of(exchanged);
            assert_eq!(
                (&claims["iss"], &claims["aud"], &claims["client_id"], &claims["scope"]),
                (&json!(ISSUER), &json!(JWT_RESOURCE), &json!(client.id), &json!("read"))
            );
            assert_eq!(
                (&claims["tenant"], claims.get("subtenant"), &claims["user"]),
                (&asked["ten"], asked.get("subtenant"), &asked["user_name"])
            );
            assert_eq!(lab.get_with_token("/verified", exchanged).status, 200, "it is signed");
            seen_tokens.push(exchanged.to_owned());
        }
        seen_tokens.push(token);
    }
    let count = seen_tokens.len();
    seen_tokens.sort();
    seen_tokens.dedup();
    assert_eq!((count, seen_tokens.len()), (9, 9), "each has a token of its own");
    seen_tokens.extend(CLIENTS.map(|(_, client)| client.secret.to_owned()));
    lab.assert_nothing_leaked(&seen_tokens);

    // A token that the gateway refuses is not exchanged.
    let expired = lab.idp.sign(&Caller::of_tenant("acme").expired());
    let answer = lab.get_with_token("/BASIC/exchanged", &expired);
    assert_eq!((answer.status, answer.code().as_str()), (401, codes::TOKEN_EXPIRED));
    let answer = lab.send(&request("GET", "/BASIC/exchanged", &[], ""));
    assert_eq!((answer.status, answer.code().as_str()), (401, codes::TOKEN_MISSING));
}

/// The bearer token that the upstream sees on a request without one.
fn injected(lab: &Lab, path: &str) -> String {
    let answer = lab.send(&request("GET", path, &[], ""));
    assert_eq!(answer.status, 200, "{path}: {}\n{}", answer.text(), lab.logs());
    let values = seen(&answer.json(), "authorization");
    assert_eq!(values.len(), 1, "{path}");
    values[0].strip_prefix("Bearer ").expect("a bearer token").to_owned()
}

fn start(clients: &[ProviderClient]) -> (OpenIdProvider, Lab) {
    let mut setup = Setup::new();
    let provider = OpenIdProvider::start(clients, &setup.idp);
    provider.join(&mut setup);
    setup.environment = CLIENTS
        .into_iter()
        .chain([("RAW", RAW)])
        .flat_map(|(name, client)| {
            [(format!("{name}_ID"), client.id), (format!("{name}_SECRET"), client.secret)]
        })
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    setup.filter = filter();
    (provider, setup.start())
}

/// A program's way out with one route per credential, and one route that verifies what was granted.
fn filter() -> Value {
    let mut credentials = Vec::new();
    let mut add = |path: &str, client: &str, rest: Value| {
        let mut oauth2 = json!({
            "token_endpoint": format!("{ISSUER}/token"), "cluster": "openid",
            "client_id_env": format!("{client}_ID"), "client_secret_env": format!("{client}_SECRET"),
            "client_auth": "client_secret_basic",
        });
        oauth2.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        credentials
            .push(json!({"name": path.replace('/', "-"), "callers": "any", "oauth2": oauth2}));
    };
    for (name, client) in CLIENTS {
        let way = client.authentication;
        let opaque = json!({"client_auth": way, "scopes": ["read"], "resource": OPAQUE_RESOURCE});
        add(&format!("/{name}/opaque"), name, opaque);
        let readable =
            json!({"client_auth": way, "scopes": ["read", "write"], "resource": JWT_RESOURCE});
        add(&format!("/{name}/readable"), name, readable);
        let exchanged = json!({
            "client_auth": way, "scopes": ["read"], "resource": JWT_RESOURCE,
            "exchange": {"issuer": ISSUER, "claims": {"tenant": "tenant", "subtenant": "subtenant"}},
        });
        add(&format!("/{name}/exchanged"), name, exchanged);
    }
    add("/refused/raw", "RAW", json!({"client_auth": "client_secret_basic_raw"}));
    add("/refused/secret", "BASIC", json!({"client_secret_env": "POST_SECRET"}));
    add("/refused/resource", "BASIC", json!({"resource": "urn:example:other"}));
    let mut routes = vec![json!({
        "name": "verified", "match": {"hosts": ["*"], "path": "/verified", "methods": ["GET"]},
        "authentication": "required", "subtenancy": "aware",
        "upstream": {"caller_token": "forward"},
    })];
    for credential in &credentials {
        let name = credential["name"].as_str().unwrap();
        if name.ends_with("exchanged") {
            routes.push(json!({
                "name": name,
                "match": {"hosts": ["*"], "path": name.replace('-', "/"), "methods": ["GET"]},
                "authentication": "required", "subtenancy": "aware", "subtenant": "impersonate",
                "upstream": {"caller_token": "remove", "inject": [{"credential": name}]},
            }));
            continue;
        }
        routes.push(json!({
            "name": name,
            "match": {"hosts": ["*"], "path": name.replace('-', "/"), "methods": ["GET"]},
            "upstream": {"caller_token": "remove", "inject": [{"credential": name}]},
        }));
    }
    json!({
        "deployment": "egress",
        "issuers": [{
            "name": "provider", "issuer": ISSUER, "profile": "at+jwt", "algorithms": ["RS256"],
            "tenants": ["acme", "beta"], "audiences": [JWT_RESOURCE], "accept_own_tokens": true,
            "claims": {"tenant": "tenant", "subtenant": "subtenant", "scopes": "scope", "client": "client_id"},
            "jwks": {"cluster": "openid", "discovery": "openid"},
        }, filter::ingress()["issuers"][0]],
        "credentials": credentials,
        "identity_headers": {"client": "x-client"},
        "routes": routes,
    })
}
