//! Signatures that take long are made where no request stands still for them, in the simulated world.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Asked, Fate, World};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Two workers that serve and the main thread's root, which never does.
const MAIN: usize = 2;

/// Who has signed so far: the idle root, a worker, and whoever does it quickly.
fn signatures(world: &World) -> [i64; 3] {
    ["by_idle_root", "by_worker", "quick"]
        .map(|by| world.metrics.get(&format!("tenantgate.signatures.{by}")).copied().unwrap_or(0))
}

#[test]
fn a_worker_that_serves_has_the_root_that_does_not_sign_for_it() {
    let mut world = busy(RSA);
    let request = world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert_eq!(world.fate(request).header("authorization"), Some("Bearer token-1"));
    // The call takes 30 ms; the worker looks every 10 ms.
    assert!(world.waited(request) <= 45 * MILLISECOND, "{:?}", world.waited(request));
    assert_eq!((signatures(&world), world.wishes), ([1, 0, 0], 1));
    let other = world.request(1, "/token", None);
    world.pass(2 * SECOND);
    assert_eq!(world.fate(other).header("authorization"), Some("Bearer token-1"));
    assert_eq!((signatures(&world), world.provider.calls()), ([1, 0, 0], 1));
}

#[test]
fn tokens_in_use_are_signed_for_ahead_of_their_end_by_the_root_that_serves_nothing() {
    let mut world = busy(RSA);
    for _ in 0..5 * 1800 {
        for worker in 0..MAIN {
            let request = world.request(worker, "/token", None);
            world.pass(SECOND / 2);
            assert!(matches!(world.fate(request), Fate::Forwarded(_)));
            world.forget_settled();
        }
    }
    let calls = world.provider.calls();
    assert!((6..=8).contains(&calls), "{calls}");
    world.pass(2 * SECOND);
    assert_eq!(signatures(&world), [i64::try_from(calls).unwrap(), 0, 0]);
    assert!(world.wishes <= 2 * calls, "each worker asks once: {}", world.wishes);
    assert_eq!(world.metrics["tenantgate.request.waited"], 2, "nobody waited but for the first");
}

#[test]
fn a_signature_that_takes_a_millisecond_is_made_where_it_is_needed() {
    let mut world = busy("p256");
    let request = world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert_eq!((signatures(&world), world.wishes), ([0, 0, 1], 0));
    assert!(!world.shared.values.contains_key(LIST), "nobody offers what nobody needs");
}

#[test]
fn other_curves_take_as_long_as_rsa() {
    for key in ["p384", "p521"] {
        let mut world = busy(key);
        world.request(0, "/token", None);
        world.pass(2 * SECOND);
        assert_eq!(signatures(&world), [1, 0, 0], "{key}");
    }
}

#[test]
fn a_worker_signs_after_half_a_second_in_which_nobody_did() {
    let mut world = busy(RSA);
    world.deafen(MAIN, true);
    let request = world.request(0, "/token", None);
    world.pass(499 * MILLISECOND);
    assert_eq!(world.provider.calls(), 0);
    world.pass(11 * MILLISECOND);
    assert_eq!(world.provider.calls(), 1);
    world.pass(2 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert_eq!((signatures(&world), world.wishes), ([0, 1, 0], 1));
}

#[test]
fn it_is_asked_anew_for_the_next_token() {
    let mut world = busy(RSA);
    world.deafen(MAIN, true);
    world.request(0, "/token", None);
    world.pass(2 * SECOND);
    world.deafen(MAIN, false);
    world.pass(1800 * SECOND);
    let request = world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert_eq!((signatures(&world), world.wishes), ([1, 1, 0], 2));
}

#[test]
fn where_a_request_may_wait_for_less_than_a_second_half_of_that_is_left_for_the_call() {
    let key = key(RSA);
    let variables = [("KEY", key.as_str())];
    let mut world = World::of_variables(2, &configuration("250ms").to_string(), &variables);
    begin(&mut world, 2);
    world.deafen(MAIN, true);
    let request = world.request(0, "/token", None);
    world.pass(124 * MILLISECOND);
    assert_eq!(world.provider.calls(), 0);
    world.pass(2 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)), "{:?}", world.fate(request));
    assert_eq!(signatures(&world), [0, 1, 0]);
}

#[test]
fn a_worker_signs_at_once_where_every_root_serves_or_no_root_can_be_woken_or_nothing_is_shared() {
    let key = key(RSA);
    let variables = [("KEY", key.as_str())];
    let configuration = configuration("5s").to_string();
    let mut alone = World::of_variables(0, &configuration, &variables);
    begin(&mut alone, 1);
    let mut without_queues = World::of_host(2, &configuration, &variables, false);
    begin(&mut without_queues, 2);
    let mut unshared = World::of_variables(2, &configuration, &variables);
    unshared.shared.is_full = true;
    begin(&mut unshared, 2);
    for mut world in [alone, without_queues, unshared] {
        let request = world.request(0, "/token", None);
        // Once in its life it looks for 100 ms whether anybody comes.
        world.pass(110 * MILLISECOND);
        assert_eq!(world.provider.calls(), 1);
        world.pass(1800 * SECOND);
        assert!(matches!(world.fate(request), Fate::Forwarded(_)));
        world.request(0, "/token", None);
        world.pass(MILLISECOND);
        assert_eq!(world.provider.calls(), 2);
        world.pass(2 * SECOND);
        assert_eq!((signatures(&world), world.wishes), ([0, 2, 0], 0));
    }
}

#[test]
fn the_back_off_of_the_root_that_signs_is_that_of_all_and_the_next_try_is_anothers() {
    let mut world = busy(RSA);
    world.provider.script(|_, _| Some(Answer::status(503)));
    for _ in 0..20 {
        let request = world.request(0, "/token", None);
        world.pass(SECOND);
        assert!(matches!(world.fate(request), Fate::Refused(503, _)), "{:?}", world.fate(request));
        assert!(world.waited(request) < SECOND / 2);
    }
    let tries = world.provider.calls();
    assert!((3..=7).contains(&tries), "{tries}");
    grant(&mut world);
    world.pass(60 * SECOND);
    let request = world.request(1, "/token", None);
    world.pass(2 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    let [idle, own, quick] = signatures(&world);
    assert_eq!((idle + own, quick), (i64::try_from(tries).unwrap() + 1, 0));
    assert!(own >= 1 && idle >= 2, "{idle} {own}");
}

#[test]
fn a_root_that_dies_over_its_call_or_before_holds_nobody_up_for_long() {
    let mut world = busy(RSA);
    let request = world.request(0, "/token", None);
    world.pass(MILLISECOND);
    assert_eq!(world.provider.calls(), 1);
    world.kill(MAIN);
    world.pass(4 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert_eq!(signatures(&world), [0, 1, 0], "the dead one does not report");
    assert!(world.waited(request) <= 3100 * MILLISECOND, "its lease ran out");

    let mut world = busy(RSA);
    world.kill(MAIN);
    let request = world.request(0, "/token", None);
    world.pass(SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert!(world.waited(request) >= SECOND / 2, "it stands on the list yet");
    world.pass(1800 * SECOND);
    let request = world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert!(world.waited(request) <= 145 * MILLISECOND, "and no longer does");
    assert_eq!((signatures(&world), world.wishes), ([0, 2, 0], 1));
}

#[test]
fn requests_that_come_before_any_root_has_written_itself_down_find_one() {
    let mut world = with(RSA);
    for worker in 0..MAIN {
        world.request(worker, "/free", None);
    }
    let request = world.request(0, "/token", None);
    assert!(world.shared.values.is_empty());
    world.pass(2 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert!(world.waited(request) <= 70 * MILLISECOND, "{:?}", world.waited(request));
    assert_eq!((signatures(&world), world.wishes), ([1, 0, 0], 1));
}

#[test]
fn a_root_with_its_first_request_leaves_signing_to_the_others() {
    let mut world = with(RSA);
    world.pass(3 * SECOND);
    // Worker 1 has had no request either, so two are asked, and one of them signs.
    world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert_eq!((signatures(&world), world.wishes), ([1, 0, 0], 2));
    // It may still be on the list when it is asked.
    world.pass(1800 * SECOND);
    world.request(0, "/free", None);
    world.request(1, "/free", None);
    world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert_eq!((signatures(&world), world.wishes), ([2, 0, 0], 4));
    world.pass(1800 * SECOND);
    world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert_eq!((signatures(&world), world.wishes), ([3, 0, 0], 5));
}

#[test]
fn roots_of_another_configuration_are_asked_in_vain_and_do_nothing() {
    let mut world = busy(RSA);
    let mut other = configuration("5s");
    other["credentials"][0]["idaas"]["clientId"] = json!("app_other");
    let foreign = world.start_worker(&other.to_string());
    world.pass(3 * SECOND);
    world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert_eq!((signatures(&world), world.wishes, world.provider.calls()), ([1, 0, 0], 2, 1));
    world.kill(MAIN);
    world.pass(1800 * SECOND);
    let request = world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert!(world.waited(request) >= SECOND / 2);
    assert_eq!(signatures(&world), [1, 1, 0]);
    assert_eq!(world.waiting(foreign), 0);
}

#[test]
fn a_new_configuration_has_the_same_signed_by_whichever_root_is_idle() {
    let mut world = busy(RSA);
    let mut next = configuration("4s");
    next["routes"].as_array_mut().unwrap().swap(0, 1);
    let worker = world.start_worker(&next.to_string());
    world.kill(MAIN);
    let main = world.start_worker(&next.to_string());
    world.request(worker, "/free", None);
    world.pass(4 * SECOND);
    // A request that is still served by the old configuration.
    let request = world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert_eq!((signatures(&world), world.waiting(main)), ([1, 0, 0], 0));
}

#[test]
fn the_timers_of_all_run_slowly_while_nobody_waits() {
    let mut world = busy(RSA);
    let request = world.request(0, "/token", None);
    world.pass(2 * SECOND);
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    for _ in 0..1800 {
        world.request(0, "/token", None);
        world.pass(SECOND);
        world.forget_settled();
        assert!((0..=MAIN).all(|worker| world.period(worker) == SECOND));
    }
    assert!(world.provider.calls() > 1, "it was fetched anew meanwhile");
}

#[test]
fn a_wish_of_another_form_or_for_something_unknown_brings_nothing_about() {
    let mut world = busy(RSA);
    for wish in [&b""[..], b"x", &[0; 39], &[0; 40], &[0xff; 41], &[7; 10_000]] {
        world.put(MAIN, wish);
    }
    world.pass(5 * SECOND);
    assert_eq!((world.provider.calls(), signatures(&world)), (0, [0, 0, 0]));
}

#[test]
fn nothing_that_grows_is_left_in_the_shared_data() {
    let mut world = busy(RSA);
    world.request(0, "/token", None);
    world.pass(2 * SECOND);
    let before = (world.shared.keys(), world.shared.bytes());
    for _ in 0..10 {
        world.pass(1800 * SECOND);
        world.request(0, "/token", None);
        world.pass(2 * SECOND);
    }
    assert_eq!(signatures(&world)[0], 11);
    let grown = world.shared.bytes().abs_diff(before.1);
    assert!(world.shared.keys() == before.0 && grown < 32, "{grown}");
    let (list, _) = &world.shared.values[LIST];
    assert_eq!(list.len(), 13, "the root that is idle, once");
}

/// A world where both workers have had a request, and longer ago than anybody remembers them for idle.
fn busy(key: &str) -> World {
    let mut world = with(key);
    begin(&mut world, 2);
    world
}

/// So many workers have had a request.
fn begin(world: &mut World, workers: usize) {
    grant(world);
    world.pass(SECOND);
    for worker in 0..workers {
        let request = world.request(worker, "/free", None);
        assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    }
    world.pass(4 * SECOND);
}

fn with(name: &str) -> World {
    let mut world =
        World::of_variables(2, &configuration("5s").to_string(), &[("KEY", &key(name))]);
    grant(&mut world);
    world
}

/// Every call gets a token of its own.
fn grant(world: &mut World) {
    let count = Rc::new(Cell::new(0));
    world.provider.script(move |asked, _| {
        assert!(matches!(asked, Asked::Token(None)));
        count.set(count.get() + 1);
        Some(Answer::grant(&format!("token-{}", count.get())))
    });
}

fn key(name: &str) -> String {
    let captures: Value =
        serde_json::from_str(include_str!("fixtures/idaas/captures.json")).unwrap();
    captures["keys"][name]["pkcs8"].as_str().unwrap().to_owned()
}

fn configuration(deadline: &str) -> Value {
    let route = |name: &str, upstream: Value| {
        json!({
            "name": name, "match": {"hosts": ["*"], "path": format!("/{name}"), "methods": ["GET"]},
            "authentication": "none", "upstream": upstream,
        })
    };
    let injects = json!({"caller_token": "remove", "inject": [{"credential": "signing"}]});
    json!({
        "deployment": "egress",
        "limits": {"waiting_deadline": deadline},
        "credentials": [{
            "name": "signing", "callers": "any", "clusters": {"token": "idaas"},
            "idaas": {
                "idaasInstanceId": "idaas_made_up", "clientId": "app_made_up",
                "issuer": "https://idaas.example/oauth2",
                "tokenEndpoint": "https://idaas.example/oauth2/token", "scope": "a|b",
                "openApiEndpoint": "open.example", "developerApiEndpoint": "developer.example",
                "authnConfiguration": {
                    "identityType": "CLIENT", "authnMethod": "PRIVATE_KEY_JWT",
                    "privateKeyEnvVarName": "KEY",
                },
                "httpConfiguration": {"connectTimeout": 5000, "readTimeout": 10000},
            },
        }],
        "routes": [route("token", injects), route("free", json!({"caller_token": "remove"}))],
    })
}

/// A key that takes little time natively.
const RSA: &str = "rsa1024";

/// Where idle roots write themselves down.
const LIST: &str = "tenantgate/2/idle_roots";
