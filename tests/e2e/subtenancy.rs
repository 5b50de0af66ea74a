//! Callers that act for a subtenant, and the technical tokens that follow them.

use std::thread;

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::{Connection, Received, request};
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup};

#[test]
fn a_subtenant_is_kept_on_aware_routes() {
    let lab = Lab::start();
    let north = Caller::of_tenant("acme").in_subtenant("north");
    for path in ["/api/profile/me", "/api/reports/1", "/api/exchange/1"] {
        let answer = lab.get(path, &north);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, codes::SUBTENANCY_REFUSED),
            "{path}: {}",
            answer.text()
        );
    }
    let nowhere = lab.get("/elsewhere", &north);
    assert_eq!((nowhere.status, nowhere.code().as_str()), (403, codes::ROUTE_UNKNOWN));
    assert_eq!(lab.upstream.requests(), 0);
    assert_eq!(lab.idp.calls("token"), 0, "no token is fetched for a caller that is refused");

    for path in ["/api/assets/1", "/api/only/1"] {
        let answer = lab.get(path, &north);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(technical(&answer), ("acme".to_owned(), Some("north".to_owned())), "{path}");
        assert_eq!(seen(&answer.json(), "x-subtenant"), ["north"], "{path}");
    }
}

#[test]
fn a_caller_without_a_subtenant_gets_a_token_without_one() {
    let lab = Lab::start();
    let user = Caller::of_tenant("acme");
    for path in ["/api/reports/1", "/api/assets/1"] {
        let answer = lab.get(path, &user);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(technical(&answer), ("acme".to_owned(), None), "{path}");
    }
    let only = lab.get("/api/only/1", &user);
    assert_eq!(only.status, 403, "{}", only.text());
    assert!(lab.idp.calls("token") <= 1, "both routes share one token");
}

#[test]
fn another_tenants_subtenant_of_the_same_name_is_refused_before_any_call() {
    let lab = Lab::start();
    for caller in [Caller::of_tenant("beta").in_subtenant("north"), Caller::of_tenant("beta")] {
        let answer = lab.get("/api/assets/1", &caller);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, codes::TENANT_MISMATCH),
            "{}",
            answer.text()
        );
    }
    assert_eq!(lab.idp.calls("token"), 0);
    assert_eq!(lab.upstream.requests(), 0);
}

#[test]
fn no_token_and_an_expired_one_never_become_a_technical_token() {
    let lab = Lab::start();
    let north = Caller::of_tenant("acme").in_subtenant("north");
    // The token that would be misused is in the cache.
    assert_eq!(lab.get("/api/assets/1", &north).status, 200);
    assert_eq!(lab.get("/api/reports/1", &Caller::of_tenant("acme")).status, 200);
    let (upstream, tokens) = (lab.upstream.requests(), lab.idp.calls("token"));
    for path in ["/api/assets/1", "/api/reports/1"] {
        let dropped = lab.send(&request("GET", path, &[], ""));
        assert_eq!(
            (dropped.status, dropped.code().as_str()),
            (401, codes::TOKEN_MISSING),
            "{path}"
        );
        let expired = lab.get(path, &north.clone().expired());
        assert_eq!(
            (expired.status, expired.code().as_str()),
            (401, codes::TOKEN_EXPIRED),
            "{path}"
        );
    }
    assert_eq!((lab.upstream.requests(), lab.idp.calls("token")), (upstream, tokens));
}

#[test]
fn a_subtenant_claim_of_an_odd_shape_is_refused() {
    let lab = Lab::start();
    for odd in [
        Value::Null,
        json!(""),
        json!(7),
        json!(["north"]),
        json!({"id": "north"}),
        json!("a\u{0}b"),
        json!("x".repeat(257)),
    ] {
        let caller = Caller::of_tenant("acme").with("subtenant", odd.clone());
        for path in ["/api/profile/me", "/api/assets/1"] {
            let answer = lab.get(path, &caller);
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (401, codes::TOKEN_INVALID),
                "{path} with {odd}: {}",
                answer.text()
            );
        }
    }
    assert_eq!(lab.upstream.requests(), 0);
    assert_eq!(lab.idp.calls("token"), 0);
}

#[test]
fn two_subtenants_at_once_never_see_each_others_token() {
    let lab = Lab::start();
    let tokens: Vec<_> = ["north", "south"]
        .into_iter()
        .map(|name| (name, lab.idp.sign(&Caller::of_tenant("acme").in_subtenant(name))))
        .collect();
    // Eight connections on two workers, each of which changes callers at every request: 1,000 in all.
    thread::scope(|scope| {
        for first in 0..8 {
            let (tokens, gateway) = (&tokens, lab.gateway);
            scope.spawn(move || {
                let mut connection = Connection::open(gateway).unwrap();
                for turn in 0..125 {
                    let (subtenant, token) = &tokens[(first + turn) % 2];
                    connection
                        .send(&request(
                            "GET",
                            "/api/assets/1",
                            &[("authorization", &format!("Bearer {token}"))],
                            "",
                        ))
                        .unwrap();
                    let answer = connection.receive().unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    assert_eq!(
                        technical(&answer),
                        ("acme".to_owned(), Some((*subtenant).to_owned()))
                    );
                    assert_eq!(seen(&answer.json(), "x-subtenant"), [*subtenant]);
                }
            });
        }
    });
    assert_eq!(lab.upstream.requests(), 1000);
    for subtenant in ["token/north", "token/south"] {
        assert!(lab.idp.calls(subtenant) <= 2, "{subtenant}: {} calls", lab.idp.calls(subtenant));
    }
}

#[test]
fn the_catalogue_opens_to_a_subtenant_what_its_scopes_say_and_no_more() {
    let mut setup = Setup::new();
    setup.filter["subtenancy"] = json!({"catalogue": {"preset": "mindsphere"}});
    setup.filter["routes"] = json!([
        {
            "name": "platform", "match": {"hosts": ["*"], "path": "/api/**", "methods": "any"},
            "subtenancy": "catalogue", "upstream": {"caller_token": "forward"},
        },
        {
            "name": "series", "match": {"hosts": ["*"], "path": "/api/iottimeseries/v3/**", "methods": "any"},
            "subtenancy": "catalogue", "subtenant": "impersonate", "scopes": "not_needed",
            "upstream": {"caller_token": "remove", "inject": [{"credential": "acme-service"}]},
        },
    ]);
    let lab = setup.start();
    let user = Caller::of_tenant("acme").with("scope", json!(["iot.fil.r", "iot.tim.r"]));
    let north = lab.idp.sign(&user.clone().in_subtenant("north"));
    let main = lab.idp.sign(&user);
    let ask = |method: &str, path: &str, token: &str| {
        lab.send(&request(method, path, &[("authorization", &format!("Bearer {token}"))], ""))
    };
    let file = "/api/iotfile/v3/files/a1/report.pdf";
    let rows = [
        ("GET", file, 200, ""),
        ("OPTIONS", file, 200, ""),
        ("GET", "/api/iotfile/v3/%66iles/a1", 200, ""),
        ("DELETE", file, 403, codes::SCOPE_INSUFFICIENT),
        ("PUT", file, 403, codes::SCOPE_INSUFFICIENT),
        ("POST", file, 403, codes::SUBTENANCY_REFUSED),
        ("GET", "/api/iotfile/v3/filesX", 403, codes::SUBTENANCY_REFUSED),
        ("GET", "/api/iotfile/v3/Files/a1", 403, codes::SUBTENANCY_REFUSED),
        ("GET", "/api/iotfile/v3%2Ffiles", 400, codes::PATH_AMBIGUOUS),
        ("GET", "/api/iotfile/v3/files/%2e%2e/x", 400, codes::PATH_AMBIGUOUS),
        ("GET", "/api/identitymanagement/v3/Users/me", 200, ""),
        ("GET", "/api/identitymanagement/v3/Users/123", 403, codes::SUBTENANCY_REFUSED),
        ("POST", "/api/kpicalculation/v3/x", 403, codes::SUBTENANCY_REFUSED),
        ("GET", "/api/iottimeseries/v3/timeseries/a1/x", 200, ""),
        ("PUT", "/api/iottimeseries/v3/timeseries/a1/x", 403, codes::SUBTENANCY_REFUSED),
    ];
    let (mut forwarded, mut refused) = (0, 0);
    for (method, path, status, code) in rows {
        let answer = ask(method, path, &north);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        if status == 200 {
            forwarded += 1;
            let expected = path.contains("timeseries").then_some("north");
            let token = seen(&answer.json(), "authorization")[0].to_owned();
            let claims = claims_of(token.strip_prefix("Bearer ").unwrap());
            let is_own = token == format!("Bearer {north}");
            assert_eq!(is_own, expected.is_none(), "{method} {path}");
            assert_eq!(claims["subtenant"], json!("north"), "{method} {path}");
        } else {
            refused += 1;
            assert_eq!(answer.code(), code, "{method} {path}");
        }
        // A caller without a subtenant never meets the catalogue.
        let answer = ask(method, path, &main);
        let expected = if status == 400 { 400 } else { 200 };
        assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text());
        forwarded += usize::from(expected == 200);
    }
    assert_eq!(lab.upstream.requests(), forwarded);
    assert_eq!(refused, 10);
}

/// Tenant and subtenant of the technical token that the upstream saw.
fn technical(answer: &Received) -> (String, Option<String>) {
    let values = seen(&answer.json(), "authorization");
    assert_eq!(values.len(), 1, "{values:?}");
    let claims = claims_of(values[0].strip_prefix("Bearer ").expect("a bearer token"));
    assert_eq!(claims["grant_type"], json!("client_credentials"));
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    (text("ten").expect("a tenant"), text("subtenant"))
}
