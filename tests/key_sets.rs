//! Key sets over time, in the simulated world: rotation, floods of unknown key ids, outages.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test stops by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Asked, CONFIGURATION, Fate, World};
use tenantgate::message::CallFailure;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn keys(world: &World) -> usize {
    world.provider.count(&Asked::Keys)
}

#[test]
fn keys_are_fetched_once_for_all_workers_before_anybody_asks() {
    let mut world = World::new(4);
    world.pass(2 * SECOND);
    assert_eq!(keys(&world), 1);
    for worker in 0..4 {
        let token = world.mint.token("acme", None, world.now);
        let request = world.request(worker, "/own/x", Some(&token));
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "worker {worker}");
    }
}

#[test]
fn the_first_requests_wait_for_the_keys() {
    let mut world = World::new(2);
    let token = world.mint.token("acme", None, world.now);
    let requests: Vec<_> = (0..100).map(|n| world.request(n % 2, "/own/x", Some(&token))).collect();
    assert!(requests.iter().all(|request| world.fate(*request) == Fate::Waiting));
    world.pass(SECOND);
    assert!(requests.iter().all(|request| matches!(world.fate(*request), Fate::Forwarded(_))));
    assert_eq!(keys(&world), 1);
}

#[test]
fn a_token_by_a_new_key_works_after_one_refetch() {
    let mut world = World::new(2);
    world.pass(MINUTE);
    world.mint.rotate();
    world.provider.jwks = world.mint.jwks(2);
    let token = world.mint.token("acme", None, world.now);
    let first = world.request(0, "/own/x", Some(&token));
    assert_eq!(world.fate(first), Fate::Waiting);
    world.settle();
    assert!(matches!(world.fate(first), Fate::Forwarded(_)));
    let elsewhere = world.request(1, "/own/x", Some(&token));
    world.settle();
    assert!(matches!(world.fate(elsewhere), Fate::Forwarded(_)));
    assert_eq!(keys(&world), 2);
}

#[test]
fn a_removed_key_stops_working_at_the_next_refresh() {
    let mut world = World::new(1);
    world.pass(SECOND);
    let old = world.mint.token("acme", None, world.now);
    let request = world.request(0, "/own/x", Some(&old));
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    world.mint.rotate();
    world.provider.jwks = world.mint.jwks(1);
    world.pass(11 * MINUTE);
    let request = world.request(0, "/own/x", Some(&old));
    world.settle();
    assert_eq!(world.fate(request), Fate::Refused(401, "key_unknown"));
}

#[test]
fn a_flood_of_unknown_key_ids_costs_one_call_in_ten_seconds() {
    let mut world = World::new(4);
    world.pass(MINUTE);
    let before = keys(&world);
    let good = world.mint.token("acme", None, world.now);
    for number in 0..3000 {
        let forged = world.mint.with_unknown_key(number, world.now);
        world.request(number % 4, "/own/x", Some(&forged));
        if number % 100 == 0 {
            let request = world.request(number / 100 % 4, "/own/x", Some(&good));
            assert!(matches!(world.fate(request), Fate::Forwarded(_)));
        }
        world.pass(Duration::from_millis(10));
    }
    let calls = keys(&world) - before;
    assert!((3..=4).contains(&calls), "{calls} calls in 30 s");
}

#[test]
fn only_a_bounded_number_waits_for_an_unknown_key_id() {
    let mut world = World::new(1);
    world.pass(MINUTE);
    let waiting = (0..100)
        .filter(|number| {
            let forged = world.mint.with_unknown_key(*number, world.now);
            let request = world.request(0, "/own/x", Some(&forged));
            world.fate(request) == Fate::Waiting
        })
        .count();
    assert_eq!(waiting, 64);
    world.settle();
    assert_eq!(world.waiting(0), 0);
}

#[test]
fn keys_that_cannot_be_fetched_mean_503_and_keys_once_held_are_kept() {
    let mut world = World::new(1);
    world.provider.script(|_, _| Some(Answer::status(500)));
    let token = world.mint.token("acme", None, world.now);
    let request = world.request(0, "/own/x", Some(&token));
    world.settle();
    assert_eq!(world.fate(request), Fate::Refused(503, "keys_unavailable"));
    world.provider.recover();
    world.pass(3 * SECOND);
    let request = world.request(0, "/own/x", Some(&token));
    assert!(matches!(world.fate(request), Fate::Forwarded(_)), "fetched without being asked");
    world.provider.script(|_, _| Some(Answer::status(500)));
    world.pass(40 * MINUTE);
    let request = world.request(0, "/own/x", Some(&token));
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
}

#[test]
fn a_document_that_is_no_usable_key_set_does_not_replace_the_last_good_one() {
    let bad = [
        Answer::json(r#"{"keys":[]}"#),
        Answer::http(200, "text/html", "<html>"),
        Answer::json(r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#),
        Answer::Failed(CallFailure::TooLarge(Some(10 << 20))),
    ];
    for answer in bad {
        let mut world = World::new(1);
        world.pass(SECOND);
        world.provider.script(move |_, _| Some(answer.clone()));
        world.pass(15 * MINUTE);
        assert!(keys(&world) > 1);
        let token = world.mint.token("acme", None, world.now);
        let request = world.request(0, "/own/x", Some(&token));
        assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    }
}

#[test]
fn a_set_that_turns_bad_is_said_once_and_so_is_its_recovery() {
    let bad = [
        (Answer::json(r#"{"keys":[]}"#), "key_set_without_usable_key"),
        (Answer::http(200, "text/html", "<html>"), "key_set_not_json"),
        (Answer::status(500), "status_5xx (status 500)"),
        (Answer::Failed(CallFailure::TooLarge(Some(10 << 20))), "answer_too_large"),
    ];
    for (answer, reason) in bad {
        let mut world = World::new(2);
        world.pass(SECOND);
        world.provider.script(move |_, _| Some(answer.clone()));
        world.pass(60 * MINUTE);
        let calls = keys(&world);
        assert!(calls > 10, "{reason}: {calls} calls");
        let log = world.log();
        assert_eq!(log.len(), 1, "{log:?}");
        let line = format!("fetching keys of issuer `users` from cluster `id` failed: {reason}; ");
        assert!(log[0].starts_with(&line), "{log:?}");
        world.provider.recover();
        world.pass(10 * MINUTE);
        let log = world.log();
        assert_eq!(log.len(), 2, "{log:?}");
        assert!(
            log.iter().any(|line| line.starts_with("fetching keys of issuer `users` works again"))
        );
    }
}

#[test]
fn one_good_key_among_nine_unusable_ones_works_and_they_are_named_once() {
    let mut world = World::new(2);
    let good: Value = serde_json::from_str(&world.mint.jwks(1)).unwrap();
    world.provider.jwks = among_unusable(&good["keys"][0]);
    world.pass(2 * SECOND);
    for worker in 0..2 {
        let token = world.mint.token("acme", None, world.now);
        let request = world.request(worker, "/own/x", Some(&token));
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "worker {worker}");
    }
    let line = "keys of issuer `users`: keys that cannot be used are left out (9): \
        `private` (it has private parts), \
        `enc` (it is not for verifying signatures), \
        `ops` (it is not for verifying signatures), \
        `alg` (its `alg` is unknown or for another type of key), \
        `kty` (its `kty` is not supported), \
        `small` (the modulus has `1024` bits, not 2048 to 8192), \
        `even` (the exponent is even, too small or too large), \
        `off` (the point is not a sound one on the curve), \
        `oct\\n\\u{60}` (it has private parts)";
    assert_eq!(world.log(), [line]);
    world.pass(60 * MINUTE);
    assert!(keys(&world) > 5);
    assert_eq!(world.log(), [line], "it is said once, whoever fetches");

    let mut more: Value = serde_json::from_str(&world.provider.jwks).unwrap();
    more["keys"].as_array_mut().unwrap().insert(0, json!({"kty": "oct"}));
    world.provider.jwks = more.to_string();
    world.pass(60 * MINUTE);
    let log = world.log();
    assert_eq!(log.len(), 2, "{log:?}");
    let start = "keys of issuer `users`: keys that cannot be used are left out (10): \
        `keys[0]` (its `kty` is not supported), `private` (";
    assert!(log.iter().any(|line| line.starts_with(start)), "{log:?}");
}

/// A set with this key in the midst of nine that cannot be used.
fn among_unusable(good: &Value) -> String {
    let with = |kid: &str, name: &str, value: Value| {
        let mut key = good.clone();
        key["kid"] = kid.into();
        key[name] = value;
        key
    };
    let rsa = |kid: &str, n: String, e: &str| json!({"kty": "RSA", "kid": kid, "n": n, "e": e});
    // Numbers of ones, in base64url: 1,024 and 2,048 bits.
    let (short, full) = ("_".repeat(170) + "8", "_".repeat(341) + "w");
    let keys = [
        with("private", "d", "AQAB".into()),
        with("enc", "use", "enc".into()),
        with("ops", "key_ops", json!(["encrypt"])),
        with("alg", "alg", "ES384".into()),
        with("kty", "kty", "XYZ".into()),
        good.clone(),
        rsa("small", short, "AQAB"),
        rsa("even", full, "AQAC"),
        with("off", "y", "A".repeat(43).into()),
        json!({"kty": "oct", "kid": "oct\n`", "k": "c2VjcmV0"}),
    ];
    json!({ "keys": keys }).to_string()
}

#[test]
fn another_reason_is_said_anew() {
    let mut world = World::new(1);
    world.provider.script(|_, now| {
        let is_early = now < support::START + 5 * MINUTE;
        Some(if is_early { Answer::status(500) } else { Answer::status(404) })
    });
    world.pass(20 * MINUTE);
    let log = world.log();
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log.iter().any(|line| line.contains("status_5xx")));
    assert!(log.iter().any(|line| line.contains("status_4xx")));
}

#[test]
fn a_set_is_used_until_it_is_too_old_and_then_nobody_enters() {
    let mut world = World::of(2, &CONFIGURATION.replace(r#""refresh": "10m""#, UPKEEP));
    world.pass(MINUTE);
    let fetched_at = world.provider.times[0].0 + world.provider.latency;
    world.provider.script(|_, _| Some(Answer::status(500)));
    let end = fetched_at + 20 * MINUTE;
    let fate = |world: &mut World, worker| {
        let token = world.mint.token("acme", None, world.now);
        let request = world.request(worker, "/own/x", Some(&token));
        world.fate(request)
    };
    let known = world.mint.token("acme", None, world.now);
    let request = world.request(0, "/own/x", Some(&known));
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));

    world.pass(end.before(Duration::from_millis(1)).since(world.now));
    for worker in 0..2 {
        assert!(matches!(fate(&mut world, worker), Fate::Forwarded(_)), "{worker}");
    }
    assert_eq!(world.metrics.get("tenantgate.key_sets.missing").copied().unwrap_or(0), 0);
    world.pass(3 * SECOND);
    for worker in 0..2 {
        assert_eq!(fate(&mut world, worker), Fate::Refused(503, "keys_unavailable"));
    }
    let request = world.request(0, "/own/x", Some(&known));
    assert_eq!(world.fate(request), Fate::Refused(503, "keys_unavailable"), "verified before");
    assert_eq!(world.metrics["tenantgate.key_sets.missing"], 3);
    let line = "keys of issuer `users`: the last set was fetched 1200 s ago and is no longer used; its callers get 503";
    assert_eq!(world.log().iter().filter(|one| **one == line).count(), 3, "one per worker");
    world.pass(20 * MINUTE);
    assert_eq!(world.log().iter().filter(|one| **one == line).count(), 3);

    world.provider.recover();
    world.pass(2 * MINUTE);
    for worker in 0..2 {
        assert!(matches!(fate(&mut world, worker), Fate::Forwarded(_)), "{worker}");
    }
    assert_eq!(world.metrics["tenantgate.key_sets.missing"], 0);
    assert_eq!(world.metrics["tenantgate.key_sets.failing"], 0);
}

#[test]
fn a_shared_set_that_is_too_old_for_a_new_configuration_is_not_adopted() {
    let mut world = World::new(1);
    world.pass(SECOND);
    world.provider.script(|_, _| Some(Answer::status(500)));
    world.pass(30 * MINUTE);
    let strict = CONFIGURATION.replace(r#""refresh": "10m""#, UPKEEP);
    let worker = world.start_worker(&strict);
    world.pass(SECOND);
    let token = world.mint.token("acme", None, world.now);
    let request = world.request(worker, "/own/x", Some(&token));
    assert_eq!(world.fate(request), Fate::Refused(503, "keys_unavailable"));
    let request = world.request(0, "/own/x", Some(&token));
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
}

#[test]
fn cache_headers_shorten_the_time_between_refreshes_for_all_workers_within_bounds() {
    let rows = [(30, 60, 18..=24), (0, 60, 50..=60), (9, 60, 50..=60), (3600, 60, 1..=2)];
    for (fresh_for, minutes, expected) in rows {
        let mut world = World::new(3);
        let jwks = world.provider.jwks.clone();
        world.provider.script(move |asked, _| {
            (*asked == Asked::Keys).then(|| Answer::json_for(fresh_for, jwks.clone()))
        });
        world.pass(SECOND);
        let before = keys(&world);
        world.pass(minutes * 10 * SECOND);
        let calls = keys(&world) - before;
        assert!(expected.contains(&calls), "max-age {fresh_for}: {calls} calls in 10 minutes");
    }
}

#[test]
fn every_worker_lets_go_of_a_withdrawn_key_when_the_cache_headers_say() {
    let mut world = World::new(3);
    let fresh = |jwks: String| move |_: &Asked, _| Some(Answer::json_for(30, jwks.clone()));
    world.provider.script(fresh(world.mint.jwks(1)));
    world.pass(SECOND);
    let old = world.mint.token("acme", None, world.now);
    world.mint.rotate();
    world.provider.script(fresh(world.mint.jwks(1)));
    world.pass(40 * SECOND);
    for worker in 0..3 {
        let request = world.request(worker, "/own/x", Some(&old));
        world.settle();
        assert_eq!(world.fate(request), Fate::Refused(401, "key_unknown"), "worker {worker}");
    }
}

#[test]
fn a_soft_rotation_is_noticed_by_nobody() {
    let mut world = World::new(2);
    world.pass(SECOND);
    let old = world.mint.token("acme", None, world.now);
    world.mint.rotate();
    world.provider.jwks = world.mint.jwks(2);
    world.pass(11 * MINUTE);
    let new = world.mint.token("acme", None, world.now);
    for worker in 0..2 {
        for token in [&old, &new] {
            let request = world.request(worker, "/own/x", Some(token));
            assert!(matches!(world.fate(request), Fate::Forwarded(_)), "worker {worker}");
        }
    }
    world.provider.jwks = world.mint.jwks(1);
    world.pass(11 * MINUTE);
    for worker in 0..2 {
        let request = world.request(worker, "/own/x", Some(&new));
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "worker {worker}");
        let request = world.request(worker, "/own/x", Some(&old));
        world.settle();
        assert_eq!(world.fate(request), Fate::Refused(401, "key_unknown"), "worker {worker}");
    }
}

#[test]
fn a_hard_rotation_makes_callers_wait_for_one_refetch() {
    let mut world = World::new(2);
    world.pass(MINUTE);
    let before = keys(&world);
    let old = world.mint.token("acme", None, world.now);
    world.mint.rotate();
    world.provider.jwks = world.mint.jwks(1);
    let new = world.mint.token("acme", None, world.now);
    let requests: Vec<_> = (0..40).map(|n| world.request(n % 2, "/own/x", Some(&new))).collect();
    assert!(requests.iter().all(|request| world.fate(*request) == Fate::Waiting));
    world.settle();
    assert!(requests.iter().all(|request| matches!(world.fate(*request), Fate::Forwarded(_))));
    let request = world.request(0, "/own/x", Some(&old));
    world.settle();
    assert_eq!(world.fate(request), Fate::Refused(401, "key_unknown"), "its key is gone");
    assert_eq!(keys(&world) - before, 1);
}

#[test]
fn an_issuer_that_hangs_never_delays_another() {
    let mut world = World::of(1, &with_a_second_issuer());
    let broken = Asked::KeysOf("hanging.example".to_owned());
    world.provider.script({
        let broken = broken.clone();
        move |asked, _| (*asked == broken).then_some(Answer::Silence)
    });
    let token = world.mint.token("acme", None, world.now);
    let foreign = world.mint.token_by("https://hanging.example", world.now);
    let stuck: Vec<_> = (0..50).map(|_| world.request(0, "/own/x", Some(&foreign))).collect();
    let request = world.request(0, "/own/x", Some(&token));
    world.settle();
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert!(world.waited(request) < Duration::from_millis(100), "{:?}", world.waited(request));
    world.pass(20 * MINUTE);
    assert!(stuck.iter().all(|one| world.fate(*one) == Fate::Refused(503, "keys_unavailable")));
    assert!(world.provider.count(&broken) > 10);
    assert!((2..=3).contains(&keys(&world)), "its refreshes are on time");
    let token = world.mint.token("acme", None, world.now);
    let request = world.request(0, "/own/x", Some(&token));
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
}

/// The usual issuer, and one whose keys lie elsewhere.
fn with_a_second_issuer() -> String {
    let mut document: serde_json::Value = serde_json::from_str(CONFIGURATION).unwrap();
    let mut second = document["issuers"][0].clone();
    second["name"] = "hanging".into();
    second["issuer"] = "https://hanging.example".into();
    second["jwks"]["uri"] = "https://hanging.example/keys".into();
    document["issuers"].as_array_mut().unwrap().push(second);
    document.to_string()
}

/// A set is used for 20 minutes.
const UPKEEP: &str = r#""refresh": "10m", "max_stale": "20m""#;

#[test]
fn a_key_set_of_long_ago_is_not_adopted_while_the_provider_is_down() {
    let mut world = World::new(1);
    world.pass(SECOND);
    let old = world.mint.token("acme", None, world.now);
    world.kill(0);
    world.kill(1);
    world.mint.rotate();
    world.provider.script(|_, _| Some(Answer::status(500)));
    world.pass(Duration::from_secs(25 * 3600));
    let token = world.mint.token("acme", None, world.now);
    let worker = world.start_worker(support::CONFIGURATION);
    world.pass(SECOND);
    for token in [old, token] {
        let request = world.request(worker, "/own/x", Some(&token));
        world.settle();
        assert!(!matches!(world.fate(request), Fate::Forwarded(_)));
    }
}
