//! Whom each kind of credential serves, from request to upstream, in the simulated world.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::tokens::tenant_token;
use support::{Answer, Asked, CONFIGURATION, Fate, World};

/// A world whose first credential is this one, and whose requests may come from subtenants.
fn world(credential: &Value, subtenant: &str) -> World {
    let mut document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    document["credentials"] = json!([credential]);
    document["routes"] = json!([{
        "name": "all",
        "match": { "hosts": ["*"], "path": "/**", "methods": ["GET"] },
        "subtenancy": "aware",
        "subtenant": subtenant,
        "scopes": "not_needed",
        "upstream": { "caller_token": "remove", "inject": [{ "credential": credential["name"] }] },
    }]);
    let mut world = World::of(1, &document.to_string());
    world.pass(Duration::from_secs(1));
    world
}

fn ask(world: &mut World, tenant: &str, subtenant: Option<&str>) -> Fate {
    let token = world.mint.token(tenant, subtenant, world.now);
    let request = world.request(0, "/x", Some(&token));
    world.settle();
    world.fate(request)
}

/// The tenant and subtenant of the token that the upstream sees.
fn sent(fate: &Fate) -> (String, Option<String>) {
    let value = fate.header("authorization").expect("a forwarded request");
    let payload = value.strip_prefix("Bearer ").unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let text = |name: &str| claims[name].as_str().map(str::to_owned);
    (text("ten").unwrap(), text("subtenant"))
}

fn app() -> Value {
    json!({ "name": "app", "mindsphere_app": {
        "region": "eu1", "app_name": "app", "app_version": "1.0.0", "host_tenant": "host",
        "user_tenant": "acme", "client_id": "x", "client_secret_env": "SECRET", "cluster": "gateway",
        "signature": "not_checked",
    }})
}

/// By the world's variables: those of tenant `acme` for its subtenant `sub-1`.
fn auto() -> Value {
    json!({ "name": "auto", "mindsphere_auto": { "cluster": "piam", "signature": "not_checked" } })
}

const MISMATCH: Fate = Fate::Refused(403, "tenant_not_served_by_credential");

#[test]
fn an_application_serves_its_user_tenant_and_subtenants_only_tenant_wide() {
    let whole = ("acme".to_owned(), None);
    let mut wide = world(&app(), "tenant_wide");
    assert_eq!(sent(&ask(&mut wide, "acme", None)), whole);
    let fate = ask(&mut wide, "acme", Some("sub-1"));
    assert_eq!(sent(&fate), whole);
    assert_eq!(fate.header("x-subtenant"), Some("sub-1"));
    assert_eq!(ask(&mut wide, "beta", None), MISMATCH);
    let targets = &wide.provider.targets;
    let service =
        "gateway https://gateway.eu1.mindsphere.io/api/technicaltokenmanager/v3/oauth/token";
    assert_eq!(targets.iter().filter(|target| *target == service).count(), 1, "{targets:?}");
}

#[test]
fn an_applications_token_for_another_tenant_reaches_nobody() {
    for tenant in ["host", "core", "beta"] {
        let mut world = world(&app(), "tenant_wide");
        world.provider.script(move |asked, now| match asked {
            Asked::Token(_) => Some(Answer::grant(&tenant_token(tenant, None, now, 1800, 1))),
            Asked::Keys | Asked::KeysOf(_) | Asked::Metadata => None,
        });
        assert_eq!(ask(&mut world, "acme", None), Fate::Refused(503, "token_unavailable"));
        assert!(world.log().iter().any(|line| line.contains("fetched_tenant_mismatch")));
    }
}

#[test]
fn a_credential_for_one_subtenant_serves_that_pair_alone_and_asks_for_nothing_else() {
    for mode in ["impersonate", "tenant_wide"] {
        let mut world = world(&auto(), mode);
        for (tenant, subtenant) in
            [("acme", Some("sub-2")), ("acme", None), ("beta", Some("sub-1"))]
        {
            assert_eq!(ask(&mut world, tenant, subtenant), MISMATCH, "{mode}: {tenant}");
        }
        assert_eq!(world.provider.token_calls(), 0, "{mode}");
        let fate = ask(&mut world, "acme", Some("sub-1"));
        assert_eq!(sent(&fate), ("acme".to_owned(), Some("sub-1".to_owned())), "{mode}");
        assert_eq!(world.provider.token_calls(), 1, "{mode}");
    }
}

#[test]
fn a_credential_for_one_subtenant_takes_no_token_of_the_whole_tenant() {
    let mut world = world(&auto(), "impersonate");
    world.provider.script(|asked, now| match asked {
        Asked::Token(_) => Some(Answer::grant(&tenant_token("acme", None, now, 1800, 1))),
        Asked::Keys | Asked::KeysOf(_) | Asked::Metadata => None,
    });
    let fate = ask(&mut world, "acme", Some("sub-1"));
    assert_eq!(fate, Fate::Refused(503, "token_unavailable"));
}
