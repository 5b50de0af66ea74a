//! What the upstream is told about the caller, and by whom.

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::request;
use crate::development::upstream::seen;
use crate::lab::Lab;

#[test]
fn the_upstream_sees_verified_identity_and_nothing_the_client_made_up() {
    let lab = Lab::start();
    let caller = Caller::of_tenant("acme").in_subtenant("north");
    let authorization = format!("Bearer {}", lab.idp.sign(&caller));
    let fields = [
        ("x-tenant", "beta"),
        ("X-Tenant", "gamma"),
        ("x_tenant", "delta"),
        ("x-subtenant", "south"),
        ("X-SUBTENANT", "west"),
        ("x-user", "root"),
        ("x_user", "root"),
        ("authorization", authorization.as_str()),
    ];
    let answer = lab.send(&request("GET", "/api/assets/1", &fields, ""));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let echo = answer.json();
    assert_eq!(seen(&echo, "x-tenant"), ["acme"]);
    assert_eq!(seen(&echo, "x-subtenant"), ["north"]);
    assert_eq!(seen(&echo, "x-user").len(), 1);
    assert_ne!(seen(&echo, "x-user"), ["root"]);
    assert_eq!(seen(&echo, "x_tenant"), [""; 0]);
    assert_eq!(seen(&echo, "x_user"), [""; 0]);
}

#[test]
fn identity_headers_are_removed_even_where_nobody_is_known() {
    let lab = Lab::start();
    let fields = [
        ("x-tenant", "acme"),
        ("x-subtenant", "north"),
        ("x-user", "root"),
        ("x_subtenant", "north"),
    ];
    let answer = lab.send(&request("GET", "/public/page", &fields, ""));
    assert_eq!(answer.status, 200, "{}", answer.text());
    for (name, _) in fields {
        assert_eq!(seen(&answer.json(), name), [""; 0], "{name}");
    }
    let without_subtenant = lab.send(&request(
        "GET",
        "/api/profile/me",
        &[
            ("x-subtenant", "north"),
            ("authorization", &format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme")))),
        ],
        "",
    ));
    assert_eq!(without_subtenant.status, 200, "{}", without_subtenant.text());
    assert_eq!(seen(&without_subtenant.json(), "x-subtenant"), [""; 0]);
    assert_eq!(seen(&without_subtenant.json(), "x-tenant"), ["acme"]);
}

#[test]
fn a_user_name_cannot_break_out_of_its_header() {
    let lab = Lab::start();
    let named = |name: &str| {
        lab.idp.sign_as_partner(&Caller::of_partner("beta").with("email", json!(name)))
    };
    let odd = lab.get_with_token("/api/profile/me", &named("Zo\u{eb}, 100%"));
    assert_eq!(odd.status, 200, "{}", odd.text());
    assert_eq!(seen(&odd.json(), "x-user"), ["Zo%C3%AB%2C%20100%25"]);
    assert_eq!(seen(&odd.json(), "x-tenant"), ["beta"]);

    for hostile in ["jo\r\nx-tenant: acme", "jo\0", "jo\u{7f}"] {
        let answer = lab.get_with_token("/api/profile/me", &named(hostile));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, codes::TOKEN_INVALID),
            "{hostile:?}"
        );
    }
    assert_eq!(lab.upstream.requests(), 1);
}

#[test]
fn headers_that_rename_the_request_do_not_reach_the_upstream() {
    let lab = Lab::start();
    let authorization = format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme")));
    let overrides = [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
    ];
    let mut fields: Vec<_> = overrides.iter().map(|name| (*name, "DELETE")).collect();
    fields.push(("authorization", &authorization));
    fields.push(("proxy-authorization", "Basic dXNlcjpzZWNyZXQ="));
    let answer = lab.send(&request("GET", "/api/profile/me", &fields, ""));
    assert_eq!(answer.status, 200, "{}", answer.text());
    for name in overrides.into_iter().chain(["proxy-authorization"]) {
        assert_eq!(seen(&answer.json(), name), [""; 0], "{name}");
    }
}
