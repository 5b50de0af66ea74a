//! Keys whose address the issuer's metadata tells, in the simulated world.
#![allow(clippy::unwrap_used, reason = "a test stops by panicking")]

mod support;

use std::time::Duration;

use support::{Answer, Asked, CONFIGURATION, Fate, World};
use tenantgate::message::CallFailure;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A world whose issuer is asked where its keys are.
fn world(workers: usize) -> World {
    let stated = r#""jwks": { "cluster": "id", "uri": "https://id.example/keys","#;
    let discovered =
        r#""jwks": { "cluster": "id", "discovery": "openid", "hosts": { "keys.example": "far" },"#;
    assert!(CONFIGURATION.contains(stated));
    World::of(workers, &CONFIGURATION.replace(stated, discovered))
}

fn fate_of_a_token(world: &mut World) -> Fate {
    let token = world.mint.token("acme", None, world.now);
    let request = world.request(0, "/own/x", Some(&token));
    world.settle();
    world.fate(request)
}

fn asked(world: &World) -> (usize, usize) {
    (world.provider.count(&Asked::Metadata), world.provider.count(&Asked::Keys))
}

#[test]
fn the_first_requests_wait_for_metadata_and_keys() {
    let mut world = world(2);
    let token = world.mint.token("acme", None, world.now);
    let requests: Vec<_> = (0..10).map(|n| world.request(n % 2, "/own/x", Some(&token))).collect();
    world.pass(SECOND);
    assert!(requests.iter().all(|request| matches!(world.fate(*request), Fate::Forwarded(_))));
    let expected =
        ["id https://id.example/.well-known/openid-configuration", "far https://keys.example/keys"];
    assert_eq!(world.provider.targets, expected);
}

#[test]
fn one_lease_covers_both_calls_however_slow_they_are() {
    let mut world = world(4);
    world.provider.latency = Duration::from_millis(1900);
    world.pass(5 * SECOND);
    assert_eq!(asked(&world), (1, 1));
    for worker in 0..4 {
        let token = world.mint.token("acme", None, world.now);
        let request = world.request(worker, "/own/x", Some(&token));
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "worker {worker}");
    }
}

#[test]
fn a_worker_that_dies_between_the_calls_is_followed_by_another() {
    let mut world = world(1);
    world.provider.latency = SECOND;
    world.pass(Duration::from_millis(1500));
    assert_eq!(asked(&world), (1, 1));
    world.kill(0);
    world.pass(10 * SECOND);
    assert_eq!(asked(&world), (2, 2));
    assert_eq!(world.log(), Vec::<&str>::new());
}

#[test]
fn metadata_is_asked_before_each_refresh_so_keys_that_move_are_found() {
    let mut world = world(1);
    world.pass(SECOND);
    world.provider.metadata = world.provider.metadata.replace("keys.example", "id.example");
    world.pass(11 * MINUTE);
    assert_eq!(asked(&world), (2, 2));
    assert_eq!(world.provider.targets.last().unwrap(), "id https://id.example/keys");
}

#[test]
fn an_unknown_key_id_is_looked_for_by_the_whole_chain() {
    let mut world = world(1);
    world.pass(MINUTE);
    world.mint.rotate();
    world.provider.jwks = world.mint.jwks(2);
    assert!(matches!(fate_of_a_token(&mut world), Fate::Forwarded(_)));
    assert_eq!(asked(&world), (2, 2));
}

#[test]
fn metadata_that_is_wrong_leads_nowhere_and_the_log_names_it() {
    let with = |from: &str, to: &str| Answer::json(METADATA.replace(from, to));
    let rows = [
        (with("https://id.example", "https://evil.example"), "metadata_issuer_mismatch"),
        (with("https://id.example", "https://id.example/"), "metadata_issuer_mismatch"),
        (with("keys.example", "evil.example"), "metadata_jwks_uri_refused"),
        (with("https://keys", "http://keys"), "metadata_jwks_uri_refused"),
        (with("jwks_uri", "jwks"), "metadata_jwks_uri_missing"),
        (Answer::http(200, "text/html", "<html>"), "metadata_malformed"),
        (Answer::json(" ".repeat((64 << 10) + 1)), "metadata_too_large"),
        (Answer::status(500), "status_5xx (status 500)"),
        (Answer::status(302), "status_unexpected (status 302)"),
        (Answer::Failed(CallFailure::UnknownCluster), "cluster_unknown"),
    ];
    for (answer, reason) in rows {
        let mut world = world(1);
        world.provider.script(move |asked, _| (*asked == Asked::Metadata).then(|| answer.clone()));
        assert_eq!(fate_of_a_token(&mut world), Fate::Refused(503, "keys_unavailable"), "{reason}");
        assert_eq!(world.provider.count(&Asked::Keys), 0, "{reason}");
        let line = format!(
            "fetching metadata of issuer `users` from cluster `id` failed: {reason}; failures in a row: 1;"
        );
        assert!(world.log().iter().any(|one| one.starts_with(&line)), "{:?}", world.log());
        world.provider.recover();
        world.pass(6 * SECOND);
        assert!(matches!(fate_of_a_token(&mut world), Fate::Forwarded(_)), "{reason}");
        assert_eq!(
            world.log().last().copied(),
            Some("fetching keys of issuer `users` works again after 1 failures")
        );
    }
}

#[test]
fn a_failure_of_the_second_call_is_one_of_the_keys() {
    let mut world = world(1);
    world.provider.script(|asked, _| (*asked == Asked::Keys).then(|| Answer::status(500)));
    world.pass(Duration::from_millis(500));
    let line = "fetching keys of issuer `users` from cluster `far` failed: ";
    assert!(world.log().iter().any(|one| one.starts_with(line)), "{:?}", world.log());
}

#[test]
fn keys_are_kept_while_discovery_is_down() {
    let mut world = world(1);
    world.pass(SECOND);
    world.provider.script(|asked, _| (*asked == Asked::Metadata).then(|| Answer::status(500)));
    world.pass(40 * MINUTE);
    assert!(matches!(fate_of_a_token(&mut world), Fate::Forwarded(_)));
    assert_eq!(world.provider.count(&Asked::Keys), 1);
}

const METADATA: &str = r#"{"issuer":"https://id.example","jwks_uri":"https://keys.example/keys"}"#;
