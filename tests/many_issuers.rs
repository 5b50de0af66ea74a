//! Thousands of issuers in one configuration, in the simulated world: whose keys are fetched first.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test stops by panicking")]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use support::{Answer, Asked, CONFIGURATION, Fate, START, World};

#[test]
fn a_request_is_served_before_thousands_of_key_sets_that_nobody_waits_for() {
    let mut world = World::of(2, &with_issuers(ISSUERS));
    // More providers than calls may run at once say nothing, in the midst of all the others.
    world.provider.script(|asked, _| match asked {
        Asked::KeysOf(host) if host.ends_with("7.example") => Some(Answer::Silence),
        Asked::Keys | Asked::KeysOf(_) | Asked::Metadata | Asked::Token(_) => None,
    });
    world.pass(Duration::from_secs(1));
    for number in [ISSUERS - 2, ISSUERS / 2] {
        let token = world.mint.token_by(&issuer(number), world.now);
        let request = world.request(0, "/own/x", Some(&token));
        world.settle();
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "{:?}", world.fate(request));
        assert!(world.waited(request) < Duration::from_millis(50), "{:?}", world.waited(request));
    }
    // Nobody can have the keys of a provider that says nothing, and nobody else is harmed by asking.
    let token = world.mint.token_by(&issuer(ISSUERS - 3), world.now);
    let request = world.request(0, "/own/x", Some(&token));
    world.pass(Duration::from_secs(6));
    assert_eq!(world.fate(request), Fate::Refused(503, "keys_unavailable"));
}

#[test]
fn thousands_of_key_sets_are_fetched_once_for_all_workers_a_few_at_a_time() {
    let workers = 2;
    let mut world = World::of(workers, &with_issuers(ISSUERS));
    world.pass(Duration::from_secs(30));
    let calls = &world.provider.asked;
    assert_eq!(calls.len(), ISSUERS + 1, "all of them, and the usual issuer");
    // Where more of them share a bucket of the shared data than it has places, some are fetched by
    // every worker.
    let repeated: Vec<_> = calls.iter().filter(|(_, count)| **count != 1).collect();
    assert!(repeated.len() <= ISSUERS / 100, "{repeated:?}");
    assert!(repeated.iter().all(|(_, count)| **count <= workers + 1), "{repeated:?}");
    assert_eq!(world.metrics["tenantgate.key_sets.missing"], 0, "every worker has every set");
    let mut at_once: BTreeMap<_, usize> = BTreeMap::new();
    for (time, _) in &world.provider.times {
        // An answer takes 30 ms: calls that began in one such span may have run together.
        *at_once.entry(time.since(START).as_millis() / 30).or_default() += 1;
    }
    let most = at_once.values().copied().max().unwrap();
    assert!((32..=2 * 32 * (workers + 1)).contains(&most), "{most} calls in 30 ms");
}

#[test]
fn a_key_set_that_was_fetched_ahead_is_not_fetched_again_for_the_request_that_came_meanwhile() {
    let mut world = World::of(1, &with_issuers(8));
    world.provider.latency = Duration::from_millis(300);
    world.pass(Duration::from_millis(100));
    let token = world.mint.token_by(&issuer(3), world.now);
    let request = world.request(0, "/own/x", Some(&token));
    assert_eq!(world.fate(request), Fate::Waiting);
    world.settle();
    assert!(matches!(world.fate(request), Fate::Forwarded(_)), "{:?}", world.fate(request));
    assert!(world.provider.asked.values().all(|count| *count == 1), "{:?}", world.provider.asked);
}

/// The usual configuration with `count` more issuers, each with its own provider.
fn with_issuers(count: usize) -> String {
    let mut document: serde_json::Value = serde_json::from_str(CONFIGURATION).unwrap();
    let first = document["issuers"][0].clone();
    let more = (0..count).map(|number| {
        let mut one = first.clone();
        one["name"] = format!("issuer-{number}").into();
        one["issuer"] = issuer(number).into();
        one["jwks"]["uri"] = format!("{}/keys", issuer(number)).into();
        one
    });
    document["issuers"].as_array_mut().unwrap().extend(more);
    document.to_string()
}

fn issuer(number: usize) -> String {
    format!("https://id-{number}.example")
}

const ISSUERS: usize = 2000;
