//! Tokens in headers, cookies and queries: who gets in, and what the upstream sees of them.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use support::{Mint, START};
use tenantgate::config;
use tenantgate::crypto::{NoRandom, SoftwareSigner, SoftwareVerifier};
use tenantgate::gateway::{Gateway, Outcome, StreamId};
use tenantgate::message::{Connection, HeaderEdit, RequestHead};
use tenantgate::time::Timestamp;

type Fields = Vec<(String, String)>;

/// What became of a request: what the upstream sees, or status and reason.
type Answer = Result<Fields, (u16, &'static str)>;

/// One of each kind.
const ALL_PLACES: [&str; 4] = [
    r#"{"header": "x-jwt"}"#,
    r#"{"header": "x-assertion", "prefix": "JWT "}"#,
    r#"{"cookie": "session"}"#,
    r#"{"query": "access_token"}"#,
];

fn gateway(mint: &Mint) -> Gateway {
    gateway_of_places(mint, &ALL_PLACES)
}

/// One that takes tokens at these places, and in `authorization`.
fn gateway_of_places(mint: &Mint, places: &[&str]) -> Gateway {
    let route = |name: &str, authentication: &str, caller_token: &str| {
        format!(
            r#"{{"name": "{name}", "match": {{"hosts": ["*"], "path": "/{name}/**", "methods": "any"}},
                "authentication": "{authentication}", "upstream": {{"caller_token": "{caller_token}"}}}}"#
        )
    };
    let routes = [
        route("forward", "required", "forward"),
        route("remove", "required", "remove"),
        route("optional", "optional", "forward"),
        route("public", "none", "remove"),
        r#"{"name": "unverified", "match": {"hosts": ["*"], "path": "/unverified/**", "methods": "any"},
            "authentication": "none", "pass_unverified": true, "upstream": {"caller_token": "forward"}}"#
            .to_owned(),
    ];
    let places = match places {
        [] => String::new(),
        places => format!(r#""token_places": [{}],"#, places.join(",")),
    };
    let document = format!(
        r#"{{"deployment": "ingress",
            "issuers": [{{
                "name": "id", "issuer": "https://id.example", "tenants": ["acme"], "audiences": ["our-api"],
                "algorithms": ["ES256"], "jwks": {{"inline": {}}},
                "claims": {{"tenant": "ten", "subtenant": "subtenant"}}
            }}],
            {places}
            "routes": [{}]}}"#,
        mint.jwks(1),
        routes.join(",")
    );
    let compiled = config::compile(document.as_bytes(), &|_| None);
    let compiled = compiled.unwrap_or_else(|errors| panic!("{errors}"));
    Gateway::new(Arc::new(compiled.config), 1, Rc::new(NoRandom), Rc::new(SoftwareSigner))
}

fn ask(gateway: &mut Gateway, now: Timestamp, fields: &[(&str, &str)]) -> Answer {
    ask_over(gateway, now, fields, &Certificate(None))
}

/// The certificate of a connection.
struct Certificate(Option<[u8; 32]>);

impl Connection for Certificate {
    fn certificate_digest(&self) -> Option<[u8; 32]> {
        self.0
    }

    fn source(&self) -> Option<IpAddr> {
        None
    }
}

fn ask_over(
    gateway: &mut Gateway,
    now: Timestamp,
    fields: &[(&str, &str)],
    connection: &dyn Connection,
) -> Answer {
    let common = [(":method", "GET"), (":scheme", "https"), (":authority", "api.example")];
    let is_stated = |name: &str| fields.iter().any(|(stated, _)| *stated == name);
    let mut all: Vec<_> = common.into_iter().filter(|(name, _)| !is_stated(name)).collect();
    all.extend(fields);
    let head = RequestHead::new(all.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect());
    let head = head.with_connection(connection);
    match gateway.request(StreamId(1), &head, now, &SoftwareVerifier) {
        Outcome::Forward(forwarded) => Ok(edited(&all, &forwarded.edits)),
        Outcome::Refuse(refused) => Err((refused.reply.status, refused.reason)),
        Outcome::Wait { .. } => panic!("inline keys need no waiting"),
    }
}

/// What the upstream sees besides method, scheme and authority.
fn edited(fields: &[(&str, &str)], edits: &[HeaderEdit]) -> Fields {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut fields: Fields = fields.iter().map(owned).collect();
    for edit in edits {
        match edit {
            HeaderEdit::Add(name, value) => {
                assert!(
                    fields.iter().all(|(field, _)| field != name.as_str()),
                    "{name:?} is there"
                );
                replace(&mut fields, name.as_str(), value.expose());
            }
            HeaderEdit::Reduce(reduced) => replace(&mut fields, reduced.name(), reduced.expose()),
            HeaderEdit::Set(name, value) => replace(&mut fields, name.as_str(), value.expose()),
            HeaderEdit::Remove(name) => fields.retain(|(field, _)| field.as_bytes() != &**name),
        }
    }
    fields.retain(|(name, _)| !matches!(name.as_str(), ":method" | ":scheme" | ":authority"));
    fields
}

/// Replaces the first field of this name, as a host may do it.
fn replace(fields: &mut Fields, name: &str, value: &[u8]) {
    let value = String::from_utf8(value.to_vec()).unwrap();
    match fields.iter_mut().find(|(field, _)| field == name) {
        Some(field) => field.1 = value,
        None => fields.push((name.to_owned(), value)),
    }
}

fn seen(fields: &[(&str, &str)]) -> Answer {
    Ok(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

#[test]
fn the_upstream_sees_a_token_where_it_stood_or_not_at_all_as_the_route_says() {
    let mint = Mint::new();
    let mut gateway = gateway(&mint);
    let token = mint.token("acme", None, START);
    let bearer = format!("Bearer {token}");
    let assertion = format!("jwt {token}");
    let cookie = format!("a=1; session={token}; b=2");
    for route in ["forward", "optional", "remove", "public", "unverified"] {
        let is_kept = !matches!(route, "remove" | "public");
        let path = format!("/{route}/x?a=%41&b");
        let headers = [("authorization", &bearer), ("x-jwt", &token), ("x-assertion", &assertion)];
        for (name, value) in headers {
            let answer = ask(&mut gateway, START, &[(":path", &path), (name, value)]);
            let kept = [(":path", path.as_str()), (name, value)];
            let expected = if is_kept { &kept[..] } else { &kept[..1] };
            assert_eq!(answer, seen(expected), "{route} {name}");
            // Another spelling of an owned header is read by nobody here, so it never goes on.
            let other = name.replace('-', "_");
            if other != name {
                let answer = ask(&mut gateway, START, &[(":path", &path), (&other, value)]);
                let is_open = !matches!(route, "forward" | "remove");
                let missing = Err((401, "credential_missing"));
                assert_eq!(answer, if is_open { seen(&kept[..1]) } else { missing }, "{other}");
            }
        }
        let answer = ask(&mut gateway, START, &[(":path", &path), ("cookie", &cookie)]);
        let left = if is_kept { cookie.as_str() } else { "a=1; b=2" };
        assert_eq!(answer, seen(&[(":path", &path), ("cookie", left)]), "{route}");
        let alone = format!("session={token}");
        let answer = ask(&mut gateway, START, &[(":path", &path), ("cookie", &alone)]);
        let kept = [(":path", path.as_str()), ("cookie", alone.as_str())];
        assert_eq!(answer, seen(if is_kept { &kept } else { &kept[..1] }), "{route}");
        let fields = [(":path", path.as_str()), ("cookie", "a=1"), ("cookie", &alone)];
        let answer = ask(&mut gateway, START, &fields);
        let joined = [(":path", path.as_str()), ("cookie", "a=1")];
        assert_eq!(answer, seen(if is_kept { &fields } else { &joined }), "{route}");
        let target = format!("/{route}/x?a=%41&access_token={token}&b");
        let answer = ask(&mut gateway, START, &[(":path", &target)]);
        assert_eq!(answer, seen(&[(":path", &path)]), "{route}");
    }
}

#[test]
fn a_token_is_verified_wherever_it_stands() {
    let mint = Mint::new();
    let mut gateway = gateway(&mint);
    let token = mint.token("acme", None, START);
    let foreign = mint.token("beta", None, START);
    let other = mint.token("acme", None, START + Duration::from_secs(1));
    let mut forged = token.clone();
    forged.replace_range(token.len() - 8..token.len() - 4, "AAAA");
    for route in ["forward", "optional"] {
        for (name, form) in [
            ("authorization", "Bearer {}"),
            ("x-jwt", "{}"),
            ("x-assertion", "JWT {}"),
            ("cookie", "session={}"),
            (":path", "/ROUTE/x?access_token={}"),
        ] {
            let ask_with = |gateway: &mut Gateway, token: &str| {
                let value = form.replace("{}", token).replace("ROUTE", route);
                let path = format!("/{route}/x");
                let path = [(":path", path.as_str())];
                let path = if name == ":path" { &path[..0] } else { &path[..] };
                ask(gateway, START, &[path, &[(name, &value)]].concat())
            };
            assert!(ask_with(&mut gateway, &token).is_ok(), "{route} {name}");
            assert_eq!(ask_with(&mut gateway, &forged), Err((401, "signature_invalid")));
            assert_eq!(ask_with(&mut gateway, &foreign), Err((401, "tenant_not_allowed")));
            assert_eq!(ask_with(&mut gateway, "a.b").unwrap_err().0, 401, "{route} {name}");
        }
        let path = format!("/{route}/x?access_token={token}");
        let answer = ask(&mut gateway, START, &[(":path", &path), ("x-jwt", &other)]);
        assert_eq!(answer, Err((400, "tokens_differ")));
        let answer = ask(&mut gateway, START, &[(":path", &path), ("x-jwt", &token)]);
        let path = format!("/{route}/x");
        assert_eq!(answer, seen(&[(":path", &path), ("x-jwt", &token)]));
    }
}

#[test]
fn an_expired_cookie_is_absent_and_every_other_expired_token_is_refused() {
    let mint = Mint::new();
    let mut gateway = gateway(&mint);
    let token = mint.token("acme", None, START);
    let cookie = format!("session={token}; a=1");
    // An hour, and a minute of clock skew.
    for (seconds, is_expired) in [(3659, false), (3660, true)] {
        let now = START + Duration::from_secs(seconds);
        let mut ask = |path: &str, name: &str, value: &str| {
            ask(&mut gateway, now, &[(":path", path), (name, value)])
        };
        let required = ask("/forward/x", "cookie", &cookie);
        let missing = Err((401, "credential_missing"));
        let kept = seen(&[(":path", "/forward/x"), ("cookie", &cookie)]);
        assert_eq!(required, if is_expired { missing } else { kept }, "{seconds}");
        let optional = ask("/optional/x", "cookie", &cookie);
        let left = if is_expired { "a=1" } else { cookie.as_str() };
        assert_eq!(optional, seen(&[(":path", "/optional/x"), ("cookie", left)]), "{seconds}");
        let header = ask("/optional/x", "x-jwt", &token);
        let expired = Err((401, "expired"));
        let kept = seen(&[(":path", "/optional/x"), ("x-jwt", &token)]);
        assert_eq!(header, if is_expired { expired } else { kept }, "{seconds}");
        let path = format!("/optional/x?access_token={token}");
        let both = ask(&path, "cookie", &cookie);
        assert_eq!(both.is_err(), is_expired, "{seconds}");
    }
}

#[test]
fn a_cookie_does_nothing_for_a_page_of_another_origin() {
    let mint = Mint::new();
    let mut gateway = gateway(&mint);
    let token = mint.token("acme", None, START);
    let (cookie, bearer) = (format!("session={token}"), format!("Bearer {token}"));
    let refused = Err((403, "origin_unproven"));
    let own = ("origin", "https://api.example");
    let foreign = ("origin", "https://evil.example");
    for route in ["/forward/x", "/remove/x", "/optional/x"] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let mut ask = |fields: &[(&str, &str)]| {
                ask(
                    &mut gateway,
                    START,
                    &[&[(":path", route), (":method", method)], fields].concat(),
                )
            };
            assert_eq!(ask(&[("cookie", &cookie)]), refused, "{route} {method}");
            assert_eq!(ask(&[("cookie", &cookie), foreign]), refused);
            assert_eq!(ask(&[("cookie", &cookie), ("sec-fetch-site", "cross-site"), own]), refused);
            assert!(ask(&[("cookie", &cookie), own]).is_ok());
            assert!(ask(&[("cookie", &cookie), ("sec-fetch-site", "same-origin")]).is_ok());
            assert!(ask(&[("authorization", &bearer), ("cookie", &cookie), foreign]).is_ok());
        }
        let mut ask = |fields: &[(&str, &str)]| {
            ask(&mut gateway, START, &[&[(":path", route), ("cookie", &cookie)], fields].concat())
        };
        assert!(ask(&[foreign]).is_ok());
        assert_eq!(ask(&[("upgrade", "websocket"), foreign]), refused);
        assert!(ask(&[("upgrade", "websocket"), own]).is_ok());
    }
    // An expired one is absent, so that a sign-in may come from the identity provider's page.
    let late = START + Duration::from_secs(3660);
    let sign_in = [(":path", "/optional/x"), (":method", "POST"), ("cookie", &cookie), foreign];
    let answer = ask(&mut gateway, late, &sign_in);
    assert_eq!(answer, seen(&[(":path", "/optional/x"), foreign]));
}

#[test]
fn a_bound_token_is_compared_with_the_certificate_of_each_request() {
    let mint = Mint::new();
    let thumbprint = URL_SAFE_NO_PAD.encode([7; 32]);
    let token = mint.token_of(&format!(
        r#"{{"iss":"https://id.example","aud":"our-api","exp":{},"ten":"acme","cnf":{{"x5t#S256":"{thumbprint}"}}}}"#,
        START.as_seconds() + 3600
    ));
    let bearer = format!("Bearer {token}");
    let forwarded = format!("Hash={};Subject=\"CN=a\"", "07".repeat(32));
    let fields = [
        (":path", "/forward/x"),
        ("authorization", bearer.as_str()),
        ("x-forwarded-client-cert", &forwarded),
    ];
    let refused = Err((401, "confirmation_mismatch"));
    // Without other places than `authorization`, a token that is known takes a way of its own.
    for places in [&[][..], &ALL_PLACES] {
        let mut gateway = gateway_of_places(&mint, places);
        // Twice each, because a verified token is remembered, and its holder is not.
        for (certificate, is_good) in [
            (None, false),
            (Some([8; 32]), false),
            (Some([7; 32]), true),
            (Some([8; 32]), false),
            (None, false),
            (Some([7; 32]), true),
        ] {
            let answer = ask_over(&mut gateway, START, &fields, &Certificate(certificate));
            let expected = if is_good { seen(&fields) } else { refused.clone() };
            assert_eq!(answer, expected, "{certificate:?}");
        }
    }
}

#[test]
fn a_known_token_hides_no_other_at_a_place_of_any_kind() {
    let mint = Mint::new();
    let known = format!("Bearer {}", mint.token("acme", None, START));
    let other = mint.token("acme", Some("north"), START);
    let cookie = format!("session={other}");
    let query = format!("/forward/x?access_token={other}");
    let prefixed = format!("JWT {other}");
    let beside =
        [("x-jwt", &other), ("x-assertion", &prefixed), ("cookie", &cookie), (":path", &query)];
    for (place, (name, value)) in ALL_PLACES.into_iter().zip(beside) {
        let mut gateway = gateway_of_places(&mint, &[place]);
        let alone = [(":path", "/forward/x"), ("authorization", known.as_str())];
        for _ in 0..2 {
            assert_eq!(ask(&mut gateway, START, &alone), seen(&alone), "{place}");
            let mut both: Vec<_> = alone.into_iter().filter(|(it, _)| *it != name).collect();
            both.push((name, value));
            assert_eq!(ask(&mut gateway, START, &both), Err((400, "tokens_differ")), "{place}");
        }
    }
}

/// A connection that must not be asked.
struct Unasked;

impl Connection for Unasked {
    fn certificate_digest(&self) -> Option<[u8; 32]> {
        panic!("the host was asked for a certificate that no token needs")
    }

    fn source(&self) -> Option<IpAddr> {
        panic!("the host was asked for an address that no decision needs")
    }
}

#[test]
fn a_token_that_is_bound_to_nothing_costs_no_call_of_the_host() {
    let mint = Mint::new();
    let bearer = format!("Bearer {}", mint.token("acme", None, START));
    let fields = [(":path", "/forward/x"), ("authorization", bearer.as_str())];
    for places in [&[][..], &ALL_PLACES] {
        let mut gateway = gateway_of_places(&mint, places);
        for _ in 0..2 {
            assert_eq!(ask_over(&mut gateway, START, &fields, &Unasked), seen(&fields));
        }
    }
}
