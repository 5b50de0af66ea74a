//! What goes on in place of a caller's key: the upstream's own one, or a technical token.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{GUID, KEY, OTHER, add_route, edit_manager, forwarded, get, record, refused, setup};
use crate::development::caller::Caller;
use crate::development::http_client::{Connection, Received, request};
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::lab::{Setup, eventually, variable};

/// Keys of tenant `acme`, of its subtenant `north`, and of tenant `beta`.
fn scene() -> Setup {
    let records = [
        record("acme", KEY, json!({})),
        record("north", OTHER, json!({"subtenant": "north"})),
        record("beta", GUID, json!({"tenant": "beta"})),
    ];
    setup(&records, &json!({"allow_query": true}))
}

/// Tenant and subtenant of the token that the upstream saw.
fn technical(answer: &Received) -> (Value, Value) {
    let echo = forwarded(answer);
    assert_eq!(seen(&echo, "appkey"), [""; 0]);
    let [authorization] = &seen(&echo, "authorization")[..] else { panic!("{echo}") };
    let claims = claims_of(authorization.strip_prefix("Bearer ").unwrap());
    (claims["ten"].clone(), claims.get("subtenant").cloned().unwrap_or_default())
}

#[test]
fn the_callers_key_is_replaced_by_the_upstreams_own() {
    let mut setup = scene();
    setup.environment.push(("PLATFORM_KEY".to_owned(), PLATFORM_KEY.to_owned()));
    setup.filter["credentials"].as_array_mut().unwrap().push(json!({
        "name": "platform", "callers": ["acme"], "api_key": {"key_env": "PLATFORM_KEY"},
    }));
    let upstream = json!({"caller_token": "remove", "inject": [{"credential": "platform", "header": "appKey"}]});
    add_route(
        &mut setup,
        "platform",
        &json!({"scopes": {"any": ["assets.read"]}, "upstream": upstream}),
    );
    let lab = setup.start();
    let token = format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme")));
    let target = format!("/platform/1?appKey={KEY}&a=%41");
    for (path, fields) in [
        ("/platform/1?a=%41", vec![("AppKey", KEY)]),
        (target.as_str(), vec![]),
        ("/platform/1?a=%41", vec![("authorization", token.as_str())]),
        (&target, vec![("appkey", KEY), ("authorization", &token)]),
    ] {
        let echo = forwarded(&get(&lab, path, &fields));
        assert_eq!(seen(&echo, "appkey"), [PLATFORM_KEY], "{fields:?}");
        assert_eq!(echo["path"], "/platform/1?a=%41");
        assert_eq!(seen(&echo, "authorization"), [""; 0]);
        assert!(!echo.to_string().contains(&KEY[8..]));
    }
    for (fields, status, code) in [
        (vec![], 401, "app_key_missing"),
        (vec![("appkey", PLATFORM_KEY)], 401, "app_key_invalid"),
        (vec![("appkey", OTHER)], 403, "subtenancy_refused"),
        (vec![("appkey", GUID)], 403, "tenant_mismatch"),
    ] {
        let answer = get(&lab, "/platform/1", &fields);
        assert_eq!(refused(&answer), (status, code.to_owned()), "{fields:?}");
    }
    assert_eq!(lab.upstream.requests(), 4);
    // On other routes nobody gets it, and nobody brings one in.
    let echo = forwarded(&get(&lab, "/public/1", &[("appkey", PLATFORM_KEY)]));
    assert_eq!(seen(&echo, "appkey"), [""; 0]);
    assert!(!lab.logs().contains(PLATFORM_KEY));
    lab.assert_unharmed();
}

#[test]
fn the_callers_key_is_replaced_by_a_technical_token_of_its_tenant() {
    let lab = scene().start();
    assert_eq!(
        technical(&get(&lab, "/api/reports/1", &[("appkey", KEY)])),
        (json!("acme"), Value::Null)
    );
    assert_eq!(
        technical(&get(&lab, "/api/assets/1", &[("appkey", KEY)])),
        (json!("acme"), Value::Null)
    );
    assert_eq!(lab.idp.calls("token"), 1, "both share one token");
    for path in ["/api/reports/1", "/api/assets/1"] {
        let answer = get(&lab, path, &[("appkey", GUID)]);
        assert_eq!(refused(&answer), (403, "tenant_mismatch".to_owned()), "{path}");
    }
    assert_eq!(lab.idp.calls("token"), 1);
    lab.assert_unharmed();
}

#[test]
fn a_key_of_a_subtenant_is_refused_where_that_is_not_known_and_impersonates_where_it_is() {
    let lab = scene().start();
    let of_north = [("appkey", OTHER)];
    for path in ["/api/reports/1", "/things/1", "/open/1"] {
        let answer = get(&lab, path, &of_north);
        assert_eq!(refused(&answer), (403, "subtenancy_refused".to_owned()), "{path}");
    }
    assert_eq!((lab.upstream.requests(), lab.idp.calls("token")), (0, 0));
    for path in ["/api/assets/1", "/api/only/1"] {
        let answer = get(&lab, path, &of_north);
        assert_eq!(technical(&answer), (json!("acme"), json!("north")), "{path}");
        assert_eq!(seen(&answer.json(), "x-subtenant"), ["north"], "{path}");
    }
    assert_eq!(refused(&get(&lab, "/api/only/1", &[("appkey", KEY)])).0, 403);
    lab.assert_unharmed();
}

#[test]
fn a_key_reaches_only_the_routes_of_its_record() {
    let routes = json!([{"methods": ["GET"], "path_prefix": "/things/17"}]);
    let lab = setup(&[record("acme", KEY, json!({"routes": routes}))], &json!({})).start();
    let key = ("appkey", KEY);
    for (path, status) in [
        ("/things/17", 200),
        ("/things/17/x", 200),
        ("/things/178", 403),
        ("/things/1", 403),
        ("/open/1", 403),
        ("/things/%31%37/x", 200),
    ] {
        assert_eq!(get(&lab, path, &[key]).status, status, "{path}");
    }
    assert_eq!(get(&lab, "/things/1", &[key]).code(), "app_key_not_allowed");
    assert_eq!(lab.send(&request("POST", "/things/17", &[key], "")).status, 403);
    lab.assert_unharmed();
}

/// Envoy chooses its route anew once the path has changed: a route for requests with the parameter is not taken.
#[test]
fn a_route_of_the_proxy_that_looks_for_the_parameter_never_sees_it() {
    let mut setup = scene();
    edit_manager(&mut setup, |manager, _| {
        let route = |by: &str, matched: Value| {
            json!({
                "match": matched, "route": {"cluster": "upstream"},
                "request_headers_to_add": [{"header": {"key": "x-route-by", "value": by}}],
            })
        };
        let parameter = |name: &str| json!({"prefix": "/", "query_parameters": [{"name": name, "present_match": true}]});
        manager["route_config"]["virtual_hosts"][0]["routes"] = json!([
            route("key", parameter("appKey")),
            route("other", parameter("kind")),
            route("path", json!({"prefix": "/"})),
        ]);
    });
    let lab = setup.start();
    for (target, by) in [
        (format!("/things/1?appKey={KEY}"), "path"),
        (format!("/things/1?appKey={KEY}&kind=a"), "other"),
        ("/things/1?kind=a".to_owned(), "other"),
    ] {
        let echo = forwarded(&get(&lab, &target, &[("appkey", KEY)]));
        assert_eq!(seen(&echo, "x-route-by"), [by], "{target}");
    }
    lab.assert_unharmed();
}

/// `failure_policy: FAIL_RELOAD`: while the filter is gone nobody gets past it, and then keys are known again.
#[test]
fn a_worker_that_trapped_knows_its_keys_again_and_let_nobody_in_meanwhile() {
    let mut setup = scene();
    setup.workers = 1;
    setup.module =
        Some(variable("FRAGILE").expect("`FRAGILE` names the filter that traps: run `make e2e`"));
    let lab = setup.start();
    let mut connection = Connection::open(lab.gateway).unwrap();
    let mut ask = |fields: &[(&str, &str)]| {
        connection.send(&request("GET", "/things/1", fields, "")).unwrap();
        connection.receive().unwrap()
    };
    assert_eq!(ask(&[("appkey", KEY)]).status, 200);
    assert_eq!(ask(&[("x-fragile", "trap"), ("appkey", KEY)]).status, 503);
    let mut served = 0;
    eventually("the key", || {
        let answer = ask(&[("appkey", KEY)]);
        assert!(matches!(answer.status, 200 | 503), "{}", answer.status);
        assert_ne!(ask(&[("appkey", PLATFORM_KEY)]).status, 200);
        assert_ne!(ask(&[]).status, 200);
        served += usize::from(answer.status == 200);
        (served > 3).then_some(())
    });
    thread::sleep(Duration::from_millis(50));
    assert_eq!(lab.upstream.requests(), 1 + served);
    assert!(!lab.logs().contains(KEY));
}

const PLATFORM_KEY: &str = "8e5b1e0c-5c0f-4b6e-9a43-6a1f0b7d2c11";
