//! `mindsphere_user`, in the simulated world: a token from the environment that is used while it is good,
//! and is nothing else's stand-in.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Asked, CONFIGURATION, Fate, Mint, Request, START, World};
use tenantgate::config::{self, Compiled, ConfigErrors};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// An egress document with the token, and a credential that could take its place.
fn document() -> Value {
    let mut document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    let tenants = document["credentials"][0].clone();
    document["deployment"] = json!("egress");
    document["credentials"] =
        json!([{"name": "me", "mindsphere_user": {"token_env": "USER_TOKEN"}}, tenants]);
    document["routes"] = json!([{
        "name": "all", "match": {"hosts": ["*"], "path": "/api/**", "methods": ["GET"]},
        "authentication": "optional",
        "upstream": {"caller_token": "forward", "inject": [{"credential": "me", "when": "no_caller_token"}]},
    }, {
        "name": "tenant", "match": {"hosts": ["*"], "path": "/tenant/**", "methods": ["GET"]},
        "authentication": "optional",
        "upstream": {"caller_token": "forward", "inject": [{"credential": "acme-svc", "when": "no_caller_token"}]},
    }]);
    document
}

fn world(token: &str) -> World {
    let mut world = World::of_variables(2, &document().to_string(), &[("USER_TOKEN", token)]);
    world.pass(2 * SECOND);
    world
}

/// An hour's token of the issuer.
fn good() -> String {
    Mint::new().token("acme", None, START)
}

fn ask(world: &mut World) -> Request {
    let request = world.request(0, "/api/x", None);
    world.settle();
    request
}

fn sent(fate: &Fate) -> Option<&str> {
    fate.header("authorization")?.strip_prefix("Bearer ")
}

fn lines(world: &World, reason: &str) -> usize {
    let line = format!("user token of credential `me`: is not used: {reason};");
    world.log().iter().filter(|one| one.starts_with(&line)).count()
}

#[test]
fn a_program_without_a_token_acts_as_the_configured_user_and_never_waits() {
    let token = good();
    let mut world = world(&token);
    for worker in 0..2 {
        let request = world.request(worker, "/api/x", None);
        assert_eq!(sent(&world.fate(request)), Some(&*token), "worker {worker}");
    }
    assert_eq!(world.provider.token_calls(), 0);
    let held = |(value, _): &(Vec<u8>, u32)| {
        value.windows(token.len()).any(|part| part == token.as_bytes())
    };
    assert!(!world.shared.values.values().any(held), "it is not shared");
}

#[test]
fn a_callers_own_token_goes_first_good_or_bad() {
    let mut world = world(&good());
    let own = world.mint.token("beta", None, world.now);
    let request = world.request(0, "/api/x", Some(&own));
    assert_eq!(
        world.fate(request),
        Fate::Forwarded(
            [("x-user".into(), "u@example".into()), ("x-tenant".into(), "beta".into())].into()
        )
    );
    let bad = world.request(0, "/api/x", Some("nonsense"));
    assert_eq!(world.fate(bad), Fate::Refused(401, "malformed"));
}

#[test]
fn it_is_sent_until_ten_seconds_before_its_expiry_and_nothing_takes_its_place() {
    let token = good();
    let mut world = world(&token);
    world.pass(3587 * SECOND + Duration::from_millis(499));
    let last = ask(&mut world);
    assert_eq!(sent(&world.fate(last)), Some(&*token));
    assert_eq!(world.waited(last), Duration::ZERO);
    world.pass(SECOND);
    for _ in 0..5 {
        let late = ask(&mut world);
        assert_eq!(world.fate(late), Fate::Refused(503, "token_unavailable"));
        world.pass(MINUTE);
    }
    assert_eq!(world.provider.token_calls(), 0, "no other identity");
    assert_eq!(lines(&world, "expired"), 1, "{:?}", world.log());
    let technical = world.request(0, "/tenant/x", None);
    world.settle();
    assert!(matches!(world.fate(technical), Fate::Forwarded(_)), "other routes go on");
}

#[test]
fn what_its_issuers_rules_refuse_is_not_used_and_the_log_says_why_once() {
    let mint = Mint::new();
    let now = START.as_seconds();
    let claims = |member: &str, value: Value| {
        let mut claims = json!({
            "iss": "https://id.example", "aud": "our-api", "exp": now + 3600, "iat": now, "ten": "acme",
        });
        claims[member] = value;
        mint.token_of(&claims.to_string())
    };
    let mut other = Mint::new();
    other.rotate();
    let another = claims("email", json!("somebody@else"));
    let (message, _) = another.rsplit_once('.').unwrap();
    let good = good();
    let (_, signature) = good.rsplit_once('.').unwrap();
    let rows = [
        ("malformed", "hunter2".to_owned()),
        ("signature_invalid", format!("{message}.{signature}")),
        ("fetched_key_unknown", other.token("acme", None, START)),
        ("issuer_unknown", mint.token_by("https://evil.example", START)),
        ("expired", claims("exp", json!(now))),
        ("issued_in_future", claims("iat", json!(now + 120))),
        ("audience_mismatch", claims("aud", json!("them"))),
        ("tenant_not_allowed", claims("ten", json!("gamma"))),
    ];
    for (reason, token) in rows {
        let mut world = world(&token);
        world.pass(10 * SECOND);
        for _ in 0..3 {
            let request = ask(&mut world);
            assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"), "{reason}");
        }
        // Each worker looks for itself.
        assert_eq!(lines(&world, reason), 3, "{reason}: {:?}", world.log());
        assert!(!world.log().iter().any(|line| line.contains(&token)), "{reason}");
        assert_eq!(world.provider.token_calls(), 0, "{reason}");
    }
}

#[test]
fn it_waits_for_its_issuers_keys_and_is_used_once_they_are_there() {
    let token = good();
    let mut world = World::of_variables(2, &document().to_string(), &[("USER_TOKEN", &token)]);
    world.provider.script(|asked, _| (*asked == Asked::Keys).then(|| Answer::status(503)));
    world.pass(SECOND);
    let request = ask(&mut world);
    assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
    assert!(lines(&world, "fetched_keys_unavailable") > 0, "{:?}", world.log());
    world.provider.recover();
    world.pass(2 * MINUTE);
    let request = ask(&mut world);
    assert_eq!(sent(&world.fate(request)), Some(&*token));
    let back = "user token of credential `me`: is used again";
    assert!(world.log().contains(&back), "{:?}", world.log());
}

#[test]
fn it_stops_working_soon_after_its_key_was_withdrawn() {
    let token = good();
    let mut world = world(&token);
    world.mint.rotate();
    world.provider.jwks = world.mint.jwks(1);
    let mut minutes = 0;
    loop {
        let request = ask(&mut world);
        if !matches!(world.fate(request), Fate::Forwarded(_)) {
            break;
        }
        world.pass(MINUTE);
        minutes += 1;
        assert!(minutes < 13, "keys are fetched again after ten minutes");
    }
    assert!(minutes > 8, "{minutes}");
    assert_eq!(world.provider.token_calls(), 0);
}

#[test]
fn that_it_is_not_used_is_said_once_however_seldom_it_is_asked_for() {
    let mut world = world("hunter2");
    let said = lines(&world, "malformed");
    assert_eq!(said, 3, "each worker says it, and the main thread: {:?}", world.log());
    for _ in 0..4 {
        world.pass(20 * MINUTE);
        let request = ask(&mut world);
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
    }
    assert_eq!(lines(&world, "malformed"), said, "{:?}", world.log());
}

#[test]
fn an_upstream_that_refuses_it_takes_it_from_nobody_for_there_is_no_other() {
    let token = good();
    let mut world = world(&token);
    let request = ask(&mut world);
    assert_eq!(world.respond(request, 401), Some((401, "")));
    world.pass(2 * SECOND);
    assert_eq!(world.metrics["tenantgate.upstream.refused_our_token"], 1);
    assert!(!world.metrics.contains_key("tenantgate.tokens.purged"), "{:?}", world.metrics);
    let next = ask(&mut world);
    assert_eq!(sent(&world.fate(next)), Some(&*token));
    assert_eq!(world.provider.token_calls(), 0);
}

fn compile(change: impl FnOnce(&mut Value), token: Option<&str>) -> Result<Compiled, ConfigErrors> {
    let mut document = document();
    change(&mut document);
    let environment = |name: &str| match name {
        "USER_TOKEN" => token.map(str::to_owned),
        _ => Some("x".to_owned()),
    };
    config::compile(document.to_string().as_bytes(), &environment)
}

fn errors(change: impl FnOnce(&mut Value), token: Option<&str>) -> Vec<String> {
    compile(change, token).err().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn it_is_a_mistake_on_ingress_in_the_place_of_a_callers_token_and_without_its_variable() {
    let unset = errors(|_| {}, None);
    assert!(
        unset[0].starts_with(
            "credentials[0].mindsphere_user.token_env: environment variable `USER_TOKEN` is not set"
        ),
        "{unset:?}"
    );
    let always = errors(
        |document| {
            document["routes"][0]["upstream"] =
                json!({"caller_token": "remove", "inject": [{"credential": "me"}]});
        },
        Some(&good()),
    );
    assert_eq!(
        always,
        [
            "routes[0].upstream: injects a user's token in the place of a caller's, which goes first; write `caller_token: forward` and `when: no_caller_token`"
        ]
    );
    let ingress = errors(
        |document| {
            document["deployment"] = json!("ingress");
            for route in document["routes"].as_array_mut().unwrap() {
                route["authentication"] = json!("required");
                route["scopes"] = json!("not_needed");
            }
        },
        Some(&good()),
    );
    assert_eq!(
        ingress,
        [
            "credentials[0].mindsphere_user: is for egress alone: here every caller would act as that user"
        ]
    );
}

#[test]
fn a_token_with_a_subtenant_is_only_for_routes_that_are_aware_of_it() {
    let token = Mint::new().token("acme", Some("sub-1"), START);
    assert_eq!(
        errors(|_| {}, Some(&token)),
        [
            "routes[0].subtenancy: does not let in users with a subtenant, and the injected user's token has one; write `subtenancy: aware`, or use another credential"
        ]
    );
    let aware = |document: &mut Value| document["routes"][0]["subtenancy"] = json!("aware");
    assert!(compile(aware, Some(&token)).is_ok());
}

#[test]
fn values_that_cannot_be_tokens_are_warned_about_and_never_shown() {
    for (token, reason) in [
        ("hunter2", "malformed"),
        (&*Mint::new().token_by("https://evil.example", START), "issuer_unknown"),
    ] {
        let warnings = compile(|_| {}, Some(token)).unwrap().warnings;
        let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        let expected = format!(
            "credentials[0].mindsphere_user.token_env: names a variable whose value is no token that can be used: {reason}; requests that need it get 503"
        );
        assert!(warnings.contains(&expected), "{warnings:?}");
        assert!(!warnings.iter().any(|warning| warning.contains(token)));
    }
    let longest = "x".repeat(16 * 1024);
    let refused = errors(|_| {}, Some(&format!("{longest}x")));
    assert_eq!(
        refused,
        [
            "credentials[0].mindsphere_user.token_env: environment variable `USER_TOKEN` holds a control character (often a line break at the end) or over 16384 bytes"
        ]
    );
    assert!(compile(|_| {}, Some(&longest)).is_ok());
}
