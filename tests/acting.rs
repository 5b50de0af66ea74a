//! Programs behind an egress proxy that act for a subtenant, in the simulated world.

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
use support::tokens::tenant_token;
use support::{Answer, Asked, Fate, World};

const HEADER: &str = "x-act-for-subtenant";

/// A program that may act for each subtenant on `/any/`, for `north` on `/fixed/`, and for none elsewhere.
const CONFIGURATION: &str = r#"{
  "deployment": "egress",
  "credentials": [{ "name": "acme-svc", "mindsphere_tenant": {
    "region": "eu1", "tenant": "acme", "cluster": "piam", "timeout": "2s",
    "client_id_env": "CLIENT_ID", "client_secret_env": "CLIENT_SECRET",
    "signature": "not_checked" } }],
  "routes": [
    { "name": "any", "match": { "hosts": ["*"], "path": "/any/**", "methods": "any" },
      "subtenant": { "header": "x-act-for-subtenant", "values": "any" },
      "upstream": { "caller_token": "remove", "inject": [{ "credential": "acme-svc" }] } },
    { "name": "fixed", "match": { "hosts": ["*"], "path": "/fixed/**", "methods": "any" },
      "subtenant": { "id": "north" },
      "upstream": { "caller_token": "remove", "inject": [{ "credential": "acme-svc" }] } },
    { "name": "tenant", "match": { "hosts": ["*"], "path": "/tenant/**", "methods": "any" },
      "upstream": { "caller_token": "remove", "inject": [{ "credential": "acme-svc" }] } }
  ]
}"#;

fn world() -> World {
    World::of(2, CONFIGURATION)
}

/// The subtenant of the technical token on a forwarded request.
fn subtenant(fate: &Fate) -> serde_json::Value {
    let value = fate.header("authorization").expect("a forwarded request");
    let payload = value.strip_prefix("Bearer ").unwrap().split('.').nth(1).unwrap();
    let claims: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims["subtenant"].clone()
}

#[test]
fn each_request_gets_the_token_of_the_subtenant_that_it_names() {
    let mut world = world();
    let requests = [
        ("/any/x", Some("north"), "north"),
        ("/any/x", Some("south"), "south"),
        ("/fixed/x", None, "north"),
        ("/fixed/x", Some("south"), "north"),
        ("/tenant/x", Some("south"), ""),
    ]
    .map(|(path, named, expected)| {
        let fields = named.map(|name| (HEADER, name));
        (world.request_with(0, path, fields.as_slice()), expected)
    });
    world.settle();
    for (request, expected) in requests {
        assert_eq!(subtenant(&world.fate(request)).as_str().unwrap_or(""), expected);
        assert_eq!(world.fate(request).header(HEADER), None);
    }
    assert_eq!(world.provider.token_calls(), 3, "north, south and the tenant");
}

#[test]
fn without_the_header_or_with_an_odd_one_no_token_is_asked_for() {
    let mut world = world();
    let long = "x".repeat(257);
    let rows: [(&[&str], u16, &str); 5] = [
        (&[], 403, "subtenant_header_missing"),
        (&[""], 400, "subtenant_header_malformed"),
        (&["a\r\nx: y"], 400, "subtenant_header_malformed"),
        (&["north", "north"], 400, "subtenant_header_malformed"),
        (&[&long], 400, "subtenant_header_malformed"),
    ];
    for (values, status, reason) in rows {
        let fields: Vec<_> = values.iter().map(|value| (HEADER, *value)).collect();
        let request = world.request_with(0, "/any/x", &fields);
        assert_eq!(world.fate(request), Fate::Refused(status, reason), "{values:?}");
    }
    world.settle();
    assert_eq!(world.provider.calls(), 0);
}

#[test]
fn an_id_is_data_in_the_form_and_nowhere_else() {
    let rows = [
        ("a&b=c", "a%26b%3Dc"),
        ("x&subtenant=y", "x%26subtenant%3Dy"),
        ("two words", "two+words"),
        ("süd", "s%C3%BCd"),
        ("100%25", "100%2525"),
        ("../../token", "..%2F..%2Ftoken"),
        ("a+b", "a%2Bb"),
        ("$(id)`'", "%24%28id%29%60%27"),
    ];
    for (id, encoded) in rows {
        let mut world = world();
        world.provider.script(move |asked, now| match asked {
            Asked::Token(Some(_)) => {
                Some(Answer::grant(&tenant_token("acme", Some(id), now, 1800, 1)))
            }
            Asked::Token(None) | Asked::Keys | Asked::KeysOf(_) | Asked::Metadata => None,
        });
        let request = world.request_with(0, "/any/x", &[(HEADER, id)]);
        world.settle();
        assert_eq!(subtenant(&world.fate(request)), id);
        assert_eq!(world.provider.count(&Asked::Token(Some(encoded.to_owned()))), 1, "{id}");
        assert_eq!(world.provider.calls(), 1);
        let url = "piam https://acme.piam.eu1.mindsphere.io/oauth/token";
        assert_eq!(world.provider.targets, [url], "{id}");
        let is_fixed = |key: &str| {
            let bucket = key.rsplit('/').next().and_then(|bucket| bucket.parse::<u16>().ok());
            key.starts_with("tenantgate/") && bucket.is_some_and(|bucket| bucket < 1024)
        };
        assert!(world.shared.values.keys().all(|key| is_fixed(key)), "{id}");
        let log = world.log().join("\n");
        assert!(!log.contains(id), "{log}");
    }
}

#[test]
fn a_token_for_the_whole_tenant_is_not_taken_where_a_subtenant_was_named() {
    let mut world = world();
    world.provider.script(|_, now| Some(Answer::grant(&tenant_token("acme", None, now, 1800, 1))));
    let requests =
        ["/any/x", "/fixed/x"].map(|path| world.request_with(0, path, &[(HEADER, "north")]));
    world.pass(Duration::from_secs(2));
    for request in requests {
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
    }
}
