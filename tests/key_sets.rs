//! Key sets over time, in the simulated world: rotation, floods of unknown key ids, outages.

mod support;

use std::time::Duration;

use support::{Answer, Asked, Fate, World};
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
