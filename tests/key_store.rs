//! Application keys of a server, through the whole gateway: who waits, who is let in, and until when.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use support::{Answer, Asked, Fate, Request, World};
use tenantgate::application_key::{KeyDigest, StatedDigest};

const SECOND: Duration = Duration::from_secs(1);
const KEY: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";

fn configuration() -> String {
    json!({
        "deployment": "ingress",
        "application_keys": {
            "tenants": ["acme"],
            "allow_query": true,
            "store": {
                "cluster": "key-store", "uri": "https://store.example/of/acme",
                "refresh": "10s", "timeout": "2s", "max_stale": "1m",
            },
        },
        "identity_headers": { "tenant": "x-tenant", "user": "x-user" },
        "routes": [{
            "name": "things",
            "match": { "hosts": ["*"], "path": "/things/**", "methods": "any" },
            "authentication": "required", "upstream": { "caller_token": "remove" },
        }],
    })
    .to_string()
}

/// A document with these keys.
fn document(serial: u64, keys: &[&str]) -> String {
    let record = |key: &&str| {
        let digest = StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text();
        json!({
            "name": "pump-17", "user": "ann@acme.example", "tenant": "acme", "allow_query": true,
            "secrets": [{ "digest": digest, "expires_at": "2030-01-01T00:00:00Z" }],
        })
    };
    let keys: Vec<_> = keys.iter().map(record).collect();
    json!({ "version": 1, "serial": serial, "keys": keys }).to_string()
}

/// A world whose server of keys gives what the cell holds.
fn world(workers: usize, first: Answer) -> (World, Rc<RefCell<Answer>>) {
    let mut world = World::of(workers, &configuration());
    let held = Rc::new(RefCell::new(first));
    let given = Rc::clone(&held);
    world.provider.script(move |asked, _| {
        let is_store = *asked == Asked::KeysOf("store.example".to_owned());
        is_store.then(|| given.borrow().clone())
    });
    (world, held)
}

fn ask(world: &mut World, worker: usize) -> Request {
    world.request_with(worker, "/things/1", &[("appkey", KEY)])
}

fn is_let_in(fate: &Fate) -> bool {
    fate.header("x-user") == Some("ann@acme.example")
}

#[test]
fn requests_wait_for_the_first_keys_and_go_on_with_them() {
    let (mut world, _) = world(3, Answer::json(document(1, &[KEY])));
    let requests: Vec<_> = (0..3).map(|worker| ask(&mut world, worker)).collect();
    assert!(requests.iter().all(|request| world.fate(*request) == Fate::Waiting));
    world.settle();
    for request in requests {
        assert!(
            is_let_in(&world.fate(request)),
            "{:?} {:?} {:?}",
            world.fate(request),
            world.log(),
            world.provider.targets
        );
        assert!(world.waited(request) <= Duration::from_millis(100), "{:?}", world.waited(request));
    }
    assert_eq!(world.provider.calls(), 1, "one worker asks");
}

#[test]
fn a_request_that_waits_shows_no_key_to_whoever_logs_it_and_goes_on_as_if_it_had() {
    let (mut world, _) = world(1, Answer::json(document(1, &[KEY])));
    let in_query = format!("/things/1?a=1&appKey={KEY}&b=2");
    let referer = format!("https://api.acme.example/things/1?appKey={KEY}");
    let more = [("appkey", KEY), ("referer", referer.as_str()), ("x-user", "mallory")];
    let request = world.request_with(0, &in_query, &more);
    assert_eq!(world.fate(request), Fate::Waiting);
    let shown = format!("{:?}", world.head(request));
    assert!(!shown.contains(KEY), "{shown}");
    assert!(shown.contains("/things/1?a=1&b=2"), "{shown}");
    world.settle();
    assert!(is_let_in(&world.fate(request)), "{:?}", world.fate(request));
    // What would have been refused with the key in its place is refused: two that differ.
    let (mut world, _) = self::world(1, Answer::json(document(1, &[KEY])));
    let two = world.request_with(0, &in_query, &[("appkey", "gwk_other")]);
    world.settle();
    assert!(matches!(world.fate(two), Fate::Refused(400, _)), "{:?}", world.fate(two));
}

#[test]
fn what_is_kept_of_requests_that_wait_is_bounded_and_forgotten() {
    let (mut world, held) = world(1, Answer::Silence);
    let path = format!("/things/1?appKey={KEY}&long={}", "x".repeat(50_000));
    let mut requests = Vec::new();
    let refused = loop {
        let request = world.request_with(0, &path, &[]);
        if world.fate(request) != Fate::Waiting {
            break world.fate(request);
        }
        requests.push(request);
    };
    assert_eq!(refused, Fate::Refused(503, "overloaded"));
    assert_eq!(requests.len(), (8 << 20) / path.len());
    // One that goes leaves room for another.
    world.disconnect(requests.remove(0));
    let request = world.request_with(0, &path, &[]);
    assert_eq!(world.fate(request), Fate::Waiting);
    *held.borrow_mut() = Answer::json(document(1, &[KEY]));
    world.pass(Duration::from_secs(60));
    assert_eq!(world.waiting(0), 0);
    let request = world.request_with(0, &path, &[]);
    assert!(is_let_in(&world.fate(request)), "{:?}", world.fate(request));
}

#[test]
fn without_keys_requests_are_refused_once_the_first_look_failed_or_takes_too_long() {
    for (answer, longest) in [(Answer::status(500), 100), (Answer::Silence, 5_000)] {
        let (mut world, _) = world(2, answer);
        let request = ask(&mut world, 0);
        world.pass(Duration::from_millis(longest));
        let Fate::Refused(503, reason) = world.fate(request) else {
            panic!("{:?}", world.fate(request));
        };
        assert!(["key_store_unavailable", "waited_too_long"].contains(&reason), "{reason}");
        assert_eq!(world.waiting(0), 0);
    }
}

#[test]
fn a_key_that_ends_at_its_server_ends_in_all_workers_within_refresh_and_two_seconds() {
    let (mut world, held) = world(4, Answer::json(document(1, &[KEY])));
    world.pass(25 * SECOND);
    for worker in 0..4 {
        let request = ask(&mut world, worker);
        assert!(is_let_in(&world.fate(request)));
    }
    *held.borrow_mut() = Answer::json(document(2, &[]));
    world.pass(12 * SECOND);
    for worker in 0..4 {
        let request = ask(&mut world, worker);
        assert_eq!(world.fate(request), Fate::Refused(401, "appkey_unknown"));
    }
}

#[test]
fn keys_serve_while_their_server_is_gone_until_they_are_too_old() {
    let (mut world, held) = world(2, Answer::json(document(1, &[KEY])));
    world.pass(5 * SECOND);
    *held.borrow_mut() = Answer::status(503);
    world.pass(50 * SECOND);
    let request = ask(&mut world, 1);
    assert!(is_let_in(&world.fate(request)));
    world.pass(15 * SECOND);
    let request = ask(&mut world, 1);
    assert_eq!(world.fate(request), Fate::Refused(503, "key_store_unavailable"));
    *held.borrow_mut() = Answer::json(document(1, &[KEY]));
    world.pass(32 * SECOND);
    let request = ask(&mut world, 1);
    assert!(is_let_in(&world.fate(request)));
}

#[test]
fn metrics_say_what_is_held_once_for_all_workers() {
    let (mut world, held) = world(4, Answer::json(document(1, &[KEY])));
    world.pass(25 * SECOND);
    let metric = |world: &World, name: &str| {
        world.metrics.get(&format!("tenantgate.{name}")).copied().unwrap_or(0)
    };
    assert_eq!(metric(&world, "application_keys.valid"), 1);
    assert_eq!(metric(&world, "application_keys.invalid"), 0);
    let looks = metric(&world, "fetch.key_store.succeeded");
    assert!((3..=4).contains(&looks), "{looks}");
    *held.borrow_mut() = Answer::json("<html>");
    world.pass(20 * SECOND);
    assert!(metric(&world, "application_keys.age_seconds") >= 15);
    assert!(metric(&world, "application_keys.documents_refused") >= 1);
    let (failed, unusable) = (
        metric(&world, "fetch.key_store.failed"),
        metric(&world, "fetch.key_store.failed.answer_unusable"),
    );
    assert!(failed >= 1 && failed == unusable, "{failed} {unusable}");
}
