//! Filter state as Envoy's own features see it: the files in `envoy/filter-state/`, as they are shipped.

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::development::http_client::request;
use crate::lab::{Lab, Setup};

fn setup(filter_state: &str) -> Setup {
    let mut setup = Setup::new();
    setup.filter["filter_state"] = json!(filter_state);
    setup
}

fn parsed(file: &str) -> Value {
    serde_json::from_str(file).unwrap()
}

fn anonymous(lab: &Lab, path: &str) -> u16 {
    lab.send(&request("GET", path, &[], "")).status
}

#[test]
fn the_access_log_tells_decision_route_and_caller() {
    let mut setup = setup("always");
    setup.extras.log_format =
        Some(parsed(include_str!("../../envoy/filter-state/access-log.json")));
    let lab = setup.start();
    let named = Caller::of_partner("beta").with("email", json!("Zo\u{eb}, x"));
    assert_eq!(lab.get_with_token("/api/profile/me", &lab.idp.sign_as_partner(&named)).status, 200);
    let north = Caller::of_tenant("acme").in_subtenant("north");
    assert_eq!(lab.get("/api/profile/me", &north).status, 403);
    assert_eq!(anonymous(&lab, "/public/page"), 200);

    let lines = lab.second_log(3);
    let shown = |line: &Value| {
        ["decision", "code", "reason", "route", "tenant", "subtenant", "user", "credential_kind"]
            .map(|key| line[key].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(
        shown(&lines[0]),
        ["allow", "-", "-", "profile", "beta", "-", "Zo%C3%AB%2C%20x", "bearer"]
    );
    let refused = shown(&lines[1]);
    assert_eq!(
        refused[..6],
        ["deny", "subtenancy_refused", "route_not_subtenancy_aware", "profile", "acme", "north"]
    );
    assert_eq!(shown(&lines[2]), ["allow", "-", "-", "public", "-", "-", "-", "-"]);
}

#[test]
fn the_details_of_the_response_tell_the_reason_whatever_is_in_filter_state() {
    for (setting, reason) in [("refusals", "credential_missing"), ("never", "-")] {
        let mut setup = setup(setting);
        setup.extras.log_format = Some(json!({"json_format": {
            "details": "%RESPONSE_CODE_DETAILS%",
            "reason": "%FILTER_STATE(wasm.tenantgate.reason:PLAIN)%",
            "decision": "%FILTER_STATE(wasm.tenantgate.decision:PLAIN)%",
        }}));
        let lab = setup.start();
        assert_eq!(anonymous(&lab, "/api/profile/me"), 401);
        let lines = lab.second_log(1);
        let shown =
            ["details", "reason", "decision"].map(|key| lines[0][key].as_str().unwrap_or("-"));
        assert_eq!(shown, ["credential_missing", reason, "-"], "{setting}");
    }
}

#[test]
fn rbac_sees_the_verified_tenant_and_refuses_where_it_is_not_said() {
    let with = |filter_state| {
        let mut setup = setup(filter_state);
        setup.extras.filters = vec![parsed(include_str!("../../envoy/filter-state/rbac.json"))];
        setup.start()
    };
    let lab = with("always");
    assert_eq!(lab.get("/api/profile/me", &Caller::of_tenant("acme")).status, 200);
    assert_eq!(lab.get("/api/profile/me", &Caller::of_tenant("beta")).status, 403);
    assert_eq!(anonymous(&lab, "/public/page"), 403);
    assert_eq!(lab.get("/api/reports/1", &Caller::of_tenant("acme")).status, 200, "after a wait");
    assert_eq!(lab.upstream.requests(), 2);

    let lab = with("refusals");
    assert_eq!(lab.get("/api/profile/me", &Caller::of_tenant("acme")).status, 403);
    assert_eq!(lab.upstream.requests(), 0);
}

#[test]
fn each_tenant_has_a_rate_limit_of_its_own() {
    let mut setup = setup("always");
    let mut filter = parsed(include_str!("../../envoy/filter-state/rate-limit.json"));
    // One tenant by its name, besides the bucket for each.
    let descriptors = filter["typed_config"]["descriptors"].as_array_mut().unwrap();
    let mut named = descriptors[0].clone();
    named["entries"] = json!([{"key": "tenant", "value": "acme"}]);
    named["token_bucket"]["max_tokens"] = json!(4);
    descriptors.insert(0, named);
    setup.extras.filters = vec![filter];
    let lab = setup.start();
    let (acme, beta) = (Caller::of_tenant("acme"), Caller::of_tenant("beta"));
    let statuses = |caller: &Caller, count: usize| -> Vec<u16> {
        (0..count).map(|_| lab.get("/api/profile/me", caller).status).collect()
    };
    assert_eq!(statuses(&acme, 6), [200, 200, 200, 200, 429, 429]);
    assert_eq!(statuses(&beta, 4), [200, 200, 200, 429]);
    let nobody: Vec<_> = (0..6).map(|_| anonymous(&lab, "/public/page")).collect();
    assert_eq!(nobody, [200; 6], "without a tenant only the bucket of all counts");
}
