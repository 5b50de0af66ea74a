//! What routes demand of claims, what upstreams are told of them, and CORS preflights.

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::development::http_client::{Received, request};
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup};

/// Route `profile` demands a department; `reports` lets preflights pass.
fn lab() -> Lab {
    let mut setup = Setup::new();
    setup.filter["routes"][0]["claims"] = json!([
        {"claim": "/org/department", "one_of": ["sales", "R&D, north"]},
        {"fact": "tenant", "equals": "acme"},
    ]);
    setup.filter["routes"][1]["preflight"] = json!("pass");
    let headers = &mut setup.filter["identity_headers"];
    headers["scopes"] = json!("x-scopes");
    headers["credential_kind"] = json!("x-credential-kind");
    headers["claims"] = json!({"x-department": "/org/department"});
    setup.start()
}

fn of_department(department: Value) -> Caller {
    Caller::of_tenant("acme").with("org", json!({"department": department}))
}

#[test]
fn a_claim_is_demanded_and_told() {
    let lab = lab();
    let answer = lab.get("/api/profile/me", &of_department(json!("R&D, north")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(seen(&answer.json(), "x-department"), ["R&D%2C%20north"]);
    assert_eq!(seen(&answer.json(), "x-credential-kind"), ["bearer"]);
    assert_eq!(seen(&answer.json(), "x-scopes"), ["assets.read"]);

    let refused = |caller: &Caller| {
        let answer = lab.get("/api/profile/me", caller);
        (answer.status, answer.code())
    };
    let mismatch = (403, "claim_mismatch".to_owned());
    assert_eq!(refused(&of_department(json!("marketing"))), mismatch);
    assert_eq!(refused(&of_department(json!(["sales", 1]))), mismatch);
    assert_eq!(refused(&Caller::of_tenant("acme")), mismatch);
    let beta = Caller::of_tenant("beta").with("org", json!({"department": "sales"}));
    assert_eq!(refused(&beta), mismatch);
}

#[test]
fn what_no_header_can_tell_is_refused_and_not_cut() {
    let lab = lab();
    let scopes: Vec<_> = (0..300).map(|number| format!("scope.{number:0>10}")).collect();
    let scopes = json!([&["assets.read".to_owned()], scopes.as_slice()].concat());
    let rows =
        [Caller::of_tenant("acme").with("scope", scopes), of_department(json!({"name": "sales"}))];
    for caller in rows {
        let answer = lab.get("/api/reports/1", &caller);
        assert_eq!((answer.status, answer.code().as_str()), (403, "identity_unusable"));
    }
    assert_eq!(lab.upstream.requests(), 0);
}

#[test]
fn a_preflight_reaches_the_upstream_as_a_bare_question() {
    let lab = lab();
    let ask = |method: &str, path: &str, more: &[(&str, &str)], body: &str| -> Received {
        let mut fields =
            vec![("origin", "https://app.example"), ("access-control-request-method", method)];
        fields.extend(more);
        lab.send(&request("OPTIONS", path, &fields, body))
    };
    let carried = [
        ("authorization", "Bearer stolen"),
        ("cookie", "session=1"),
        ("x-tenant", "beta"),
        ("appkey", "key"),
    ];
    let passed = ask("GET", "/api/reports/1", &carried, "");
    assert_eq!(passed.status, 200, "{}", passed.text());
    for (name, _) in carried {
        assert_eq!(seen(&passed.json(), name), [""; 0], "{name}");
    }
    assert_eq!(seen(&passed.json(), "origin"), ["https://app.example"]);
    assert_eq!(lab.idp.calls("token"), 0);

    assert_eq!(ask("GET", "/api/reports/1", &[], "body").status, 400);
    assert_eq!(
        ask("DELETE", "/api/reports/1", &[], "").status,
        405,
        "the route has no such method"
    );
    assert_eq!(
        ask("GET", "/api/profile/me", &[], "").status,
        405,
        "ordinary: no route for OPTIONS"
    );
    assert_eq!(lab.send(&request("OPTIONS", "/api/reports/1", &[], "")).status, 405);
    assert_eq!(lab.upstream.requests(), 1);
}

#[test]
fn a_caller_reaches_its_own_tenants_part_of_a_path_alone() {
    let mut setup = Setup::new();
    let route = &mut setup.filter["routes"][0];
    route["match"]["path"] = json!("/tenants/{tenant}/**");
    route["claims"] = json!([{"fact": "tenant", "equals_path": "tenant"}]);
    let lab = setup.start();
    let acme = Caller::of_tenant("acme");
    let rows = [
        ("/tenants/acme/bills", 200, ""),
        ("/tenants/%61c%6De/bills", 200, ""),
        ("/tenants/beta/bills", 403, "claim_mismatch"),
        ("/tenants/ACME/bills", 403, "claim_mismatch"),
        ("/tenants/%D0%B0cme/bills", 403, "claim_mismatch"),
        ("/tenants/acme%2F..%2Fbeta/bills", 400, "path_ambiguous"),
        ("/tenants/acme;x/bills", 400, "path_ambiguous"),
    ];
    // The token is verified once; the path is looked at each time.
    for _ in 0..2 {
        for (path, status, code) in rows {
            let answer = lab.get(path, &acme);
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
            if status != 200 {
                assert_eq!(answer.code(), code, "{path}");
            }
        }
    }
    assert_eq!(lab.get("/tenants/beta/bills", &Caller::of_tenant("beta")).status, 200);
    assert_eq!(lab.upstream.requests(), 5);
}
