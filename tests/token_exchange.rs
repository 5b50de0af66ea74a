//! Tokens exchanged for callers' own (RFC 8693), in the simulated world.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::tokens::{claims_of, exchanged_token};
use support::{Answer, Asked, CONFIGURATION, Fate, Request, World};
use tenantgate::message::CallFailure;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn configuration() -> Value {
    let mut document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    document["limits"] = json!({"exchanged_tokens": 16});
    document["credentials"].as_array_mut().unwrap().push(json!({
        "name": "exchange", "callers": "any", "oauth2": {
            "token_endpoint": "https://id.example/token", "cluster": "id", "timeout": "2s",
            "client_id_env": "CLIENT_ID", "client_secret_env": "CLIENT_SECRET", "audience": "orders",
            "exchange": {"issuer": "https://id.example", "claims": {"tenant": "ten", "subtenant": "subtenant"}},
        },
    }));
    document["credentials"].as_array_mut().unwrap().push(json!({
        "name": "idaas", "callers": "any", "clusters": {"token": "id"}, "idaas": {
            "idaasInstanceId": "idaas_1", "clientId": "app_1", "issuer": "https://id.example",
            "tokenEndpoint": "https://id.example/token", "scope": "orders|read",
            "authnConfiguration": {
                "authnMethod": "CLIENT_SECRET_JWT", "clientSecretEnvVarName": "CLIENT_SECRET",
            },
        },
        "exchange": {"issuer": "https://id.example", "claims": {"tenant": "ten", "subtenant": "subtenant"}},
    }));
    document["routes"].as_array_mut().unwrap().push(json!({
        "name": "by-idaas",
        "match": {"hosts": ["*"], "path": "/idaas/**", "methods": ["GET"]},
        "authentication": "required", "subtenancy": "aware", "subtenant": "impersonate",
        "scopes": "not_needed",
        "upstream": {"caller_token": "remove", "inject": [{"credential": "idaas"}]},
    }));
    document["routes"].as_array_mut().unwrap().push(json!({
        "name": "exchanging",
        "match": {"hosts": ["*"], "path": "/exchange/**", "methods": ["GET"]},
        "authentication": "required", "subtenancy": "aware", "subtenant": "impersonate",
        "scopes": "not_needed",
        "upstream": {"caller_token": "remove", "inject": [{"credential": "exchange"}]},
    }));
    document["routes"].as_array_mut().unwrap().push(json!({
        "name": "replacing", "match": {"hosts": ["*"], "path": "/replacing/**", "methods": ["GET"]},
        "authentication": "required", "scopes": "not_needed",
        "upstream": {
            "caller_token": "remove", "inject": [{"credential": "exchange"}],
            "on_upstream_401": "replace",
        },
    }));
    document["routes"].as_array_mut().unwrap().push(json!({
        "name": "both", "match": {"hosts": ["*"], "path": "/both/**", "methods": ["GET"]},
        "authentication": "required", "scopes": "not_needed",
        "upstream": {"caller_token": "remove", "inject": [
            {"credential": "exchange"}, {"credential": "acme-svc", "header": "x-service-token"},
        ]},
    }));
    document
}

fn world(workers: usize) -> World {
    let mut world = World::of(workers, &configuration().to_string());
    world.pass(SECOND);
    world
}

/// The token of a caller for an hour.
fn caller(world: &World, email: &str, tenant: &str, subtenant: Option<&str>) -> String {
    let exp = world.now.as_seconds() + 3600;
    let mut claims = json!({
        "iss": "https://id.example", "aud": "our-api", "exp": exp, "ten": tenant, "email": email,
    });
    if let Some(subtenant) = subtenant {
        claims["subtenant"] = json!(subtenant);
    }
    world.mint.token_of(&claims.to_string())
}

fn ask(world: &mut World, worker: usize, token: &str) -> Request {
    let request = world.request(worker, "/exchange/x", Some(token));
    world.settle();
    request
}

/// The claims of the token that the upstream sees.
fn seen(world: &World, request: Request) -> Value {
    let fate = world.fate(request);
    let value =
        fate.header("authorization").unwrap_or_else(|| panic!("{fate:?} {:?}", world.log()));
    claims_of(value.strip_prefix("Bearer ").unwrap())
}

fn exchanges(world: &World) -> usize {
    let asked = world.provider.asked.iter();
    asked.filter(|(what, _)| what.is_exchange()).map(|(_, count)| count).sum()
}

#[test]
fn each_caller_gets_a_token_of_their_own_once_for_each_worker() {
    let mut world = world(2);
    let callers: Vec<_> =
        [("a", "acme", None), ("b", "acme", Some("north")), ("c", "beta", Some("north"))]
            .map(|(email, tenant, subtenant)| {
                (email, tenant, subtenant, caller(&world, email, tenant, subtenant))
            })
            .into();
    for worker in [0, 1] {
        for _ in 0..3 {
            for (email, tenant, subtenant, token) in &callers {
                let request = ask(&mut world, worker, token);
                let claims = seen(&world, request);
                let found = (
                    claims["email"].as_str(),
                    claims["ten"].as_str(),
                    claims["subtenant"].as_str(),
                );
                assert_eq!(found, (Some(*email), Some(*tenant), *subtenant));
            }
        }
    }
    assert_eq!(exchanges(&world), 6);
    assert!(world.shared.values.keys().all(|key| !key.contains("/token/")), "nothing is shared");
    assert_eq!(world.metrics["tenantgate.fetch.token.succeeded"], 6);
}

#[test]
fn a_client_of_idaas_exchanges_by_the_same_rules() {
    let mut world = world(1);
    let north = caller(&world, "a", "acme", Some("north"));
    for _ in 0..3 {
        let request = world.request(0, "/idaas/x", Some(&north));
        world.settle();
        assert_eq!(seen(&world, request)["subtenant"], "north");
    }
    assert_eq!(exchanges(&world), 1, "it is kept");
    assert!(world.shared.values.keys().all(|key| !key.contains("/token/")), "nothing is shared");

    // An opaque token, or one for another subtenant, reaches nobody.
    let of_another = |now| exchanged_token(&json!({"ten": "acme"}), &json!({}), now, 600);
    let opaque = |_| "idaas-opaque".to_owned();
    let rows: [(fn(_) -> String, _); 2] =
        [(of_another, "fetched_subtenant_mismatch"), (opaque, "malformed")];
    for (index, (token, reason)) in rows.into_iter().enumerate() {
        world
            .provider
            .script(move |asked, now| asked.is_exchange().then(|| Answer::exchange(&token(now))));
        let email = format!("b{index}");
        let other = caller(&world, &email, "acme", Some("north"));
        let request = world.request(0, "/idaas/x", Some(&other));
        world.settle();
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
        let log = world.log();
        assert!(log.iter().any(|line| line.contains(reason)), "{reason}: {log:?}");
        world.pass(11 * SECOND);
    }
}

#[test]
fn requests_of_one_caller_at_once_cost_one_call_and_a_new_token_of_theirs_another() {
    let mut world = world(1);
    let token = caller(&world, "a", "acme", None);
    let requests: Vec<_> = (0..50).map(|_| world.request(0, "/exchange/x", Some(&token))).collect();
    world.settle();
    for request in requests {
        assert_eq!(seen(&world, request)["email"], "a");
    }
    assert_eq!(exchanges(&world), 1);
    world.pass(SECOND);
    let renewed = caller(&world, "a", "acme", None);
    let request = ask(&mut world, 0, &renewed);
    assert_eq!(seen(&world, request)["email"], "a");
    assert_eq!(exchanges(&world), 2);
}

#[test]
fn a_token_for_somebody_else_is_never_sent() {
    let rows = [
        (json!({"ten": "beta"}), "fetched_tenant_mismatch"),
        (json!({"ten": null, "subtenant": null}), "fetched_tenant_mismatch"),
        (json!({"subtenant": "south"}), "fetched_subtenant_mismatch"),
        (json!({"subtenant": null}), "fetched_subtenant_mismatch"),
        (json!({"iss": "https://elsewhere.example"}), "fetched_issuer_mismatch"),
    ];
    for (changes, reason) in rows {
        let mut world = world(1);
        let token = caller(&world, "a", "acme", Some("north"));
        let claims = claims_of(&token);
        world.provider.script(move |asked, now| {
            let wrong = exchanged_token(&claims, &changes, now, 600);
            asked.is_exchange().then(|| Answer::exchange(&wrong))
        });
        let request = ask(&mut world, 0, &token);
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"), "{reason}");
        let line = format!(
            "fetching exchanged token of credential `exchange` from cluster `id` failed: {reason}"
        );
        assert!(world.log().iter().any(|text| text.contains(&line)), "{:?}", world.log());
        assert!(world.log().iter().all(|text| !text.contains("eyJ")), "no token is in the log");

        // It concerns this caller alone.
        world.provider.recover();
        let other = caller(&world, "b", "acme", None);
        let request = ask(&mut world, 0, &other);
        assert_eq!(seen(&world, request)["email"], "b");
        let request = ask(&mut world, 0, &token);
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"), "held back");
        world.pass(5 * SECOND);
        let request = ask(&mut world, 0, &token);
        assert_eq!(seen(&world, request)["subtenant"], "north");
    }
}

#[test]
fn an_exchanged_token_ends_with_the_callers_and_is_renewed_before_its_own_end() {
    let mut world = world(1);
    world.provider.lifetime = 20 * 60;
    let token = caller(&world, "a", "acme", None);
    for minute in 0..59 {
        let request = ask(&mut world, 0, &token);
        assert_eq!(seen(&world, request)["email"], "a", "minute {minute}");
        assert!(minute == 0 || world.waited(request) == Duration::ZERO, "minute {minute}");
        world.pass(MINUTE - Duration::from_millis(500));
    }
    let count = exchanges(&world);
    assert!((4..=5).contains(&count), "{count} calls for an hour with tokens of 20 minutes");
    world.pass(3 * MINUTE);
    let request = ask(&mut world, 0, &token);
    assert_eq!(world.fate(request), Fate::Refused(401, "expired"));
    assert_eq!(exchanges(&world), count);
}

/// Asks for ten callers, one after the other, none of whom is served.
fn ask_for_ten(world: &mut World) {
    for number in 0..10 {
        let token = caller(world, &format!("user-{number}"), "acme", None);
        let request = world.request(0, "/exchange/x", Some(&token));
        world.pass(Duration::from_millis(40));
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"), "{number}");
    }
}

#[test]
fn a_callers_token_about_to_end_or_within_the_skew_is_not_exchanged_but_expired() {
    let expired = Fate::Refused(401, "expired");
    for (before, is_served) in [(3589, true), (3590, false), (3595, false), (3630, false)] {
        let mut world = world(1);
        let token = caller(&world, "a", "acme", None);
        world.pass(before * SECOND);
        let request = ask(&mut world, 0, &token);
        match is_served {
            true => assert_eq!(seen(&world, request)["email"], "a", "after {before} s"),
            false => assert_eq!(world.fate(request), expired, "after {before} s"),
        }
        assert_eq!(exchanges(&world), usize::from(is_served), "after {before} s");
    }
    // The same holds for a caller whose exchanged token has served so far, in trouble or not.
    for is_down in [false, true] {
        let mut world = world(1);
        let token = caller(&world, "a", "acme", None);
        let request = ask(&mut world, 0, &token);
        assert_eq!(seen(&world, request)["email"], "a");
        if is_down {
            world.provider.script(|asked, _| asked.is_exchange().then(|| Answer::status(429)));
        }
        world.pass(3595 * SECOND);
        let other = caller(&world, "b", "acme", None);
        ask(&mut world, 0, &other);
        let calls = exchanges(&world);
        for _ in 0..2 {
            let request = ask(&mut world, 0, &token);
            assert_eq!(world.fate(request), expired);
            world.pass(35 * SECOND);
        }
        assert_eq!(exchanges(&world), calls, "no call is made for it");
        let failed = world.metrics.get("tenantgate.fetch.token.failed").copied();
        assert_eq!(failed, is_down.then_some(1), "that of the other caller");
    }
}

#[test]
fn an_endpoint_in_trouble_is_asked_once_and_not_by_every_caller() {
    let json = "application/json";
    let rows = [
        (Answer::http(401, json, r#"{"error":"invalid_client"}"#), 1),
        (Answer::status(429), 1),
        (Answer::Failed(CallFailure::UnknownCluster), 1),
        // What one caller could provoke must have befallen four.
        (Answer::status(503), 4),
        (Answer::http(401, json, r#"{"error":"unauthorized"}"#), 4),
    ];
    for (answer, calls) in rows {
        let mut world = world(1);
        world.provider.script(move |asked, _| asked.is_exchange().then(|| answer.clone()));
        ask_for_ten(&mut world);
        assert_eq!(exchanges(&world), calls);
        let lines = world.log().iter().filter(|line| line.contains("failed")).count();
        assert_eq!(lines, 1);

        // When the time has come one of many asks for all.
        let at_once = |world: &mut World| {
            world.pass(5 * SECOND);
            let tokens: Vec<_> =
                (0..10).map(|n| caller(world, &format!("late-{n}"), "acme", None)).collect();
            let requests: Vec<_> =
                tokens.iter().map(|token| world.request(0, "/exchange/x", Some(token))).collect();
            world.settle();
            requests
        };
        for request in at_once(&mut world) {
            assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
        }
        assert_eq!(exchanges(&world), calls + 1);
        world.provider.recover();
        world.pass(5 * SECOND);
        for request in at_once(&mut world) {
            assert!(matches!(world.fate(request), Fate::Forwarded(_)), "{:?}", world.fate(request));
        }
        assert_eq!(exchanges(&world), calls + 11);
        world.pass(5 * SECOND);
        let token = caller(&world, "user-0", "acme", None);
        let request = ask(&mut world, 0, &token);
        assert_eq!(seen(&world, request)["email"], "user-0");
        let said = "exchanged token of credential `exchange`";
        let told = |line: &&&str| line.contains(said) && !line.contains("failed");
        assert_eq!(world.log().iter().filter(told).count(), 1, "{:?}", world.log());
    }
}

#[test]
fn what_one_callers_token_provokes_holds_back_that_caller_alone() {
    let json = "application/json";
    let answers = [
        Answer::status(401),
        Answer::http(401, json, r#"{"error":"invalid_token"}"#),
        Answer::http(401, json, r#"{"error":"unauthorized"}"#),
        Answer::http(400, json, r#"{"error":"invalid_request"}"#),
        Answer::status(500),
        Answer::http(200, "text/html", "<html>"),
        Answer::http(200, json, "{}"),
        Answer::Failed(CallFailure::TooLarge(Some(1 << 20))),
        Answer::Failed(CallFailure::Interrupted),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let mut world = world(1);
        world.provider.script(move |asked, _| {
            let is_culprit = *asked == Asked::Token(Some("caller culprit".to_owned()));
            is_culprit.then(|| answer.clone())
        });
        // New tokens of one caller are that caller's.
        for turn in 0..6 {
            let token = caller(&world, "culprit", "acme", None);
            for _ in 0..2 {
                let request = ask(&mut world, 0, &token);
                assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
            }
            assert_eq!(exchanges(&world), 1 + turn, "{number}: the culprit is held back");
            world.pass(SECOND);
        }
        let token = caller(&world, "victim", "beta", None);
        let request = ask(&mut world, 0, &token);
        assert_eq!(seen(&world, request)["email"], "victim", "{number}");
    }
}

#[test]
fn an_answer_between_tells_that_the_endpoint_is_not_in_trouble() {
    let mut world = world(1);
    world.provider.script(|asked, _| {
        let Asked::Token(Some(whom)) = asked else { return None };
        whom.starts_with("caller bad").then(|| Answer::status(500))
    });
    let mut ask_as = |email: &str| {
        let token = caller(&world, email, "acme", None);
        let request = ask(&mut world, 0, &token);
        matches!(world.fate(request), Fate::Forwarded(_))
    };
    for bad in ["bad-1", "bad-2", "bad-3"] {
        assert!(!ask_as(bad));
    }
    assert!(ask_as("good-1"), "three are not enough");
    for bad in ["bad-4", "bad-5", "bad-6"] {
        assert!(!ask_as(bad));
    }
    assert!(ask_as("good-2"), "it begins anew");
    for bad in ["bad-7", "bad-8", "bad-9", "bad-10"] {
        assert!(!ask_as(bad));
    }
    assert!(!ask_as("good-3"), "four are");
}

#[test]
fn a_call_that_began_before_a_failure_does_not_end_it() {
    let mut world = world(1);
    world.provider.script(|asked, _| {
        let is_second = *asked == Asked::Token(Some("caller b".to_owned()));
        is_second.then(|| Answer::Http {
            status: 429,
            content_type: "text/plain",
            retry_after: Some(60),
            fresh_for: None,
            body: String::new(),
        })
    });
    let [a, b, c] = ["a", "b", "c"].map(|email| caller(&world, email, "acme", None));
    world.provider.latency = SECOND;
    let first = world.request(0, "/exchange/x", Some(&a));
    world.pass(Duration::from_millis(50));
    world.provider.latency = Duration::from_millis(30);
    ask(&mut world, 0, &b);
    world.pass(2 * SECOND);
    assert_eq!(seen(&world, first)["email"], "a");
    assert_eq!(exchanges(&world), 2);
    let request = ask(&mut world, 0, &c);
    assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
    world.pass(55 * SECOND);
    let request = ask(&mut world, 0, &c);
    assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
    assert_eq!(exchanges(&world), 2, "a minute was asked for");
    world.pass(5 * SECOND);
    let request = ask(&mut world, 0, &c);
    assert_eq!(seen(&world, request)["email"], "c");
}

#[test]
fn refused_and_served_callers_by_turns_are_told_of_once_in_ten_seconds() {
    let mut world = world(1);
    world.provider.script(|asked, _| {
        let Asked::Token(Some(whom)) = asked else { return None };
        let refusal = r#"{"error":"invalid_grant"}"#;
        whom.starts_with("caller bad").then(|| Answer::http(400, "application/json", refusal))
    });
    for number in 0..10 {
        for (email, is_served) in
            [(format!("bad-{number}"), false), (format!("good-{number}"), true)]
        {
            let token = caller(&world, &email, "acme", None);
            let request = ask(&mut world, 0, &token);
            assert_eq!(matches!(world.fate(request), Fate::Forwarded(_)), is_served, "{email}");
        }
    }
    let lines = world.log().iter().filter(|line| line.contains("exchanged token")).count();
    assert_eq!(lines, 1, "{:?}", world.log());
}

#[test]
fn a_token_that_an_upstream_refuses_is_exchanged_anew_for_its_caller_and_not_without_end() {
    let rows = [("/exchange/x", (401, "")), ("/replacing/x", (502, "upstream_refused_our_token"))];
    for (path, told) in rows {
        let mut world = world(1);
        let token = caller(&world, "a", "acme", None);
        let other = caller(&world, "b", "acme", None);
        let refused = |world: &mut World, token: &str| {
            let request = world.request(0, path, Some(token));
            world.settle();
            let seen = seen(world, request);
            let answer = world.respond(request, 401);
            world.pass(2 * SECOND);
            (seen, answer)
        };
        ask(&mut world, 0, &other);
        let (first, answer) = refused(&mut world, &token);
        assert_eq!((answer, exchanges(&world)), (Some(told), 2));

        // It serves until its caller's next request has had another one exchanged.
        world.provider.script(|asked, _| asked.is_exchange().then(|| Answer::status(500)));
        let (second, _) = refused(&mut world, &token);
        assert_eq!((&first, exchanges(&world)), (&second, 3));
        world.provider.recover();
        world.pass(31 * SECOND);
        let (third, _) = refused(&mut world, &token);
        assert_eq!((&first, exchanges(&world)), (&third, 4));
        let (fourth, answer) = refused(&mut world, &token);
        assert!(first != fourth && answer == Some(told), "{fourth}");

        // That one is refused as well: not at once again, and ever less often.
        for (wait, calls) in [(50, 4), (10, 5), (60, 5), (100, 6)] {
            world.pass(wait * SECOND);
            refused(&mut world, &token);
            assert_eq!(exchanges(&world), calls, "after {wait} s");
        }
        ask(&mut world, 0, &other);
        assert_eq!(exchanges(&world), 6, "the other caller's is not concerned");
    }
}

#[test]
fn an_endpoint_that_fails_while_many_wait_is_asked_no_more_than_runs_at_once() {
    let mut document = configuration();
    document["limits"] = json!({"exchanged_tokens": 1000});
    let mut world = World::of(1, &document.to_string());
    world.pass(SECOND);
    world.provider.script(|asked, _| asked.is_exchange().then(|| Answer::status(500)));
    let tokens: Vec<_> =
        (0..300).map(|n| caller(&world, &format!("user-{n}"), "acme", None)).collect();
    let requests: Vec<_> =
        tokens.iter().map(|token| world.request(0, "/exchange/x", Some(token))).collect();
    world.pass(Duration::from_millis(400));
    let refused = Fate::Refused(503, "token_unavailable");
    assert!(requests.iter().all(|request| world.fate(*request) == refused));
    // Three ends let the next ones begin; the fourth tells of trouble.
    assert_eq!(exchanges(&world), 64 + 3);
    assert_eq!(world.waiting(0), 0);
}

#[test]
fn a_silent_endpoint_lets_nobody_wait_beyond_the_deadline() {
    let mut world = world(1);
    world.provider.script(|asked, _| asked.is_exchange().then_some(Answer::Silence));
    let token = caller(&world, "a", "acme", None);
    let request = world.request(0, "/exchange/x", Some(&token));
    world.pass(6 * SECOND);
    assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
    assert!(world.waited(request) <= 5 * SECOND, "{:?}", world.waited(request));
    assert_eq!(world.waiting(0), 0);
}

#[test]
fn any_number_of_callers_stays_within_the_bound() {
    let mut world = world(1);
    for number in 0..200 {
        let token = caller(&world, &format!("user-{number}"), "acme", None);
        let request = world.request(0, "/exchange/x", Some(&token));
        world.pass(Duration::from_millis(50));
        assert_eq!(seen(&world, request)["email"], format!("user-{number}"));
    }
    world.pass(2 * SECOND);
    let held = world.metrics["tenantgate.exchanged_tokens"];
    assert!((1..=16).contains(&held), "{held}");
    let forgotten = world.metrics["tenantgate.exchanged_tokens.forgotten"];
    assert!(forgotten >= 184, "{forgotten}");
    world.pass(2 * 3600 * SECOND);
    assert_eq!(world.metrics["tenantgate.exchanged_tokens"], 0, "what has expired is dropped");
}

#[test]
fn at_the_limit_an_eighth_gives_way_at_once_those_unused_longest() {
    let mut world = world(1);
    let tokens: Vec<_> =
        (0..17).map(|n| caller(&world, &format!("user-{n}"), "acme", None)).collect();
    for token in tokens.iter().take(16) {
        ask(&mut world, 0, token);
        world.pass(Duration::from_millis(50));
    }
    // The first was used again.
    ask(&mut world, 0, &tokens[0]);
    ask(&mut world, 0, &tokens[16]);
    world.pass(2 * SECOND);
    assert_eq!(world.metrics["tenantgate.exchanged_tokens.forgotten"], 2);
    assert_eq!(world.metrics["tenantgate.exchanged_tokens"], 15);
    for kept in [0, 3, 16] {
        ask(&mut world, 0, &tokens[kept]);
    }
    assert_eq!(exchanges(&world), 17);
    for gone in [1, 2] {
        ask(&mut world, 0, &tokens[gone]);
    }
    assert_eq!(exchanges(&world), 19);
}

#[test]
fn too_many_callers_at_once_are_refused_and_none_is_forgotten() {
    let mut world = world(1);
    let tokens: Vec<_> =
        (0..20).map(|n| caller(&world, &format!("user-{n}"), "acme", None)).collect();
    let requests: Vec<_> =
        tokens.iter().map(|token| world.request(0, "/exchange/x", Some(token))).collect();
    world.settle();
    let refused = Fate::Refused(503, "overloaded");
    for (number, request) in requests.iter().enumerate() {
        match number < 16 {
            true => assert_eq!(seen(&world, *request)["email"], format!("user-{number}")),
            false => assert_eq!(world.fate(*request), refused),
        }
    }
}

#[test]
fn several_tokens_are_put_on_a_request_all_or_none() {
    let mut world = world(1);
    let is_down = Rc::new(Cell::new(true));
    let down = Rc::clone(&is_down);
    world.provider.script(move |asked, _| {
        (down.get() && *asked == Asked::Token(None)).then(|| Answer::status(503))
    });
    let token = caller(&world, "a", "acme", None);
    let request = world.request(0, "/both/x", Some(&token));
    world.settle();
    assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"), "one of two is there");
    is_down.set(false);
    world.pass(2 * SECOND);
    let request = world.request(0, "/both/x", Some(&token));
    world.settle();
    assert_eq!(seen(&world, request)["email"], "a");
    let fate = world.fate(request);
    let service = claims_of(fate.header("x-service-token").unwrap());
    assert_eq!((&service["ten"], &service["client_id"]), (&json!("acme"), &json!("svc")));
    assert_eq!(exchanges(&world), 1);
}

#[test]
fn a_secret_that_changes_is_read_for_an_exchange_too() {
    let mut document = configuration();
    let kind = document["credentials"][2]["oauth2"].as_object_mut().unwrap();
    kind.remove("client_secret_env");
    let secret =
        json!({"cluster": "files", "uri": "http://secrets.internal/x", "allow_plaintext": true});
    kind.insert("secret".to_owned(), secret);
    let mut world = World::of(1, &document.to_string());
    let file = Rc::new(Cell::new("old\n"));
    let content = Rc::clone(&file);
    world.provider.script(move |asked, _| {
        let is_secret = *asked == Asked::KeysOf("secrets.internal".to_owned());
        is_secret.then(|| Answer::http(200, "text/plain", content.get()))
    });
    let proof =
        |secret: &str| format!("Basic {}", STANDARD.encode(format!("value-of-CLIENT_ID:{secret}")));
    world.provider.required_proof = Some(proof("old"));
    world.pass(SECOND);
    let token = caller(&world, "a", "acme", None);
    let request = ask(&mut world, 0, &token);
    assert_eq!(seen(&world, request)["email"], "a");

    file.set("new");
    world.provider.required_proof = Some(proof("new"));
    let token = caller(&world, "b", "acme", None);
    let request = ask(&mut world, 0, &token);
    assert_eq!(seen(&world, request)["email"], "b");
    let reads = world.provider.count(&Asked::KeysOf("secrets.internal".to_owned()));
    assert_eq!((reads, exchanges(&world)), (2, 3));
}
