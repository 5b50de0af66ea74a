//! Upstreams that refuse our tokens, in the simulated world.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::time::Duration;

use support::tokens::tenant_token;
use support::{Answer, Asked, CONFIGURATION, Fate, Request, SharedMap, World};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn world(workers: usize) -> World {
    let mut world = World::new(workers);
    world.pass(SECOND);
    world
}

fn ask(world: &mut World, worker: usize, path: &str) -> Request {
    let token = world.mint.token("acme", Some("north").filter(|_| path == "/sub/x"), world.now);
    world.request(worker, path, Some(&token))
}

/// The technical token on a request that is forwarded at once or after a while.
fn sent(world: &mut World, worker: usize, path: &str) -> (Request, String) {
    let request = ask(world, worker, path);
    if world.fate(request) == Fate::Waiting {
        world.settle();
    }
    let token =
        world.fate(request).header("authorization").expect("a forwarded request").to_owned();
    (request, token)
}

fn metric(world: &World, name: &str) -> i64 {
    world.metrics.get(&format!("tenantgate.{name}")).copied().unwrap_or(0)
}

#[test]
fn a_token_that_an_upstream_refuses_is_fetched_anew_for_all_workers() {
    let mut world = world(3);
    let first = [0, 1, 2].map(|worker| sent(&mut world, worker, "/tenant/x"));
    assert!(first.iter().all(|(_, token)| *token == first[0].1));
    assert_eq!(world.respond(first[0].0, 401), Some((401, "")), "it is passed on");
    world.settle();
    assert_eq!(world.provider.token_calls(), 2, "fetched ahead of the next request");
    let (_, anew) = sent(&mut world, 0, "/tenant/x");
    assert_ne!(anew, first[0].1);
    // The others learn it by their own answers, and find the new one without a call.
    for (at, worker) in [(1, 1), (2, 2)] {
        world.respond(first[at].0, 401);
        world.settle();
        let (_, token) = sent(&mut world, worker, "/tenant/x");
        assert_eq!(token, anew);
    }
    assert_eq!(world.provider.token_calls(), 2);
    world.pass(2 * SECOND);
    assert_eq!(metric(&world, "tokens.purged"), 1);
    assert_eq!(metric(&world, "upstream.refused_our_token"), 3);
    assert_eq!(
        world.log().iter().filter(|line| line.contains("refused by an upstream")).count(),
        1
    );
}

#[test]
fn other_answers_purge_nothing() {
    let mut world = world(1);
    let (_, token) = sent(&mut world, 0, "/tenant/x");
    for status in [200, 302, 400, 403, 404, 407, 429, 500, 502, 503, 0] {
        world.pass(SECOND);
        let (request, same) = sent(&mut world, 0, "/tenant/x");
        assert_eq!(same, token);
        assert_eq!(world.respond(request, status), Some((status, "")));
    }
    world.pass(2 * SECOND);
    assert_eq!((world.provider.token_calls(), metric(&world, "tokens.purged")), (1, 0));
}

#[test]
fn answers_are_looked_at_once_in_100_ms_and_token() {
    let mut world = world(1);
    sent(&mut world, 0, "/tenant/x");
    sent(&mut world, 0, "/sub/x");
    world.pass(SECOND);
    let looked = |world: &mut World, path: &str| {
        let (request, _) = sent(world, 0, path);
        world.respond(request, 200).is_some()
    };
    assert!(looked(&mut world, "/tenant/x"));
    assert!(!looked(&mut world, "/tenant/x"));
    assert!(looked(&mut world, "/sub/x"), "another token");
    world.pass(Duration::from_millis(99));
    assert!(!looked(&mut world, "/tenant/x"));
    world.pass(Duration::from_millis(1));
    assert!(looked(&mut world, "/tenant/x"));
    assert!(!looked(&mut world, "/tenant/x"));
}

#[test]
fn routes_without_our_tokens_are_never_looked_at() {
    let mut world = world(1);
    let request = ask(&mut world, 0, "/own/x");
    assert_eq!(world.respond(request, 401), None);
}

#[test]
fn a_service_that_refuses_every_token_costs_ever_fewer_fetches() {
    let mut world = world(2);
    let mut purges = vec![0];
    let start = world.now;
    for _ in 0..20 * 60 {
        for worker in 0..2 {
            let (request, _) = sent(&mut world, worker, "/tenant/x");
            world.respond(request, 401);
        }
        let before = world.provider.token_calls();
        world.pass(SECOND);
        if world.provider.token_calls() > before {
            purges.push(world.now.since(start).as_secs());
        }
    }
    let gaps: Vec<_> = purges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let expected = [30, 60, 120, 240, 480];
    assert_eq!(gaps.len(), expected.len(), "{purges:?}");
    for (gap, expected) in gaps.iter().zip(expected) {
        assert!((expected..=expected + 4).contains(gap), "{purges:?}");
    }
    world.pass(2 * SECOND);
    assert_eq!(metric(&world, "tokens.purged"), 6);
}

#[test]
fn the_limit_outlives_its_place_in_the_shared_data() {
    let mut world = world(1);
    let (mut request, _) = sent(&mut world, 0, "/tenant/x");
    for (wait, calls) in [(0, 2), (28, 2), (1, 3), (57, 3), (2, 4)] {
        world.pass(Duration::from_secs(wait));
        request = match wait {
            0 => request,
            _ => sent(&mut world, 0, "/tenant/x").0,
        };
        world.shared = SharedMap::default();
        world.respond(request, 401);
        world.settle();
        assert_eq!(world.provider.token_calls(), calls, "after {wait} s more");
    }
}

#[test]
fn a_refused_token_whose_slot_gave_way_or_was_made_again_is_replaced_all_the_same() {
    for is_made_again in [false, true] {
        let slots = CONFIGURATION.replacen('{', r#"{"limits": { "token_slots": 16 },"#, 1);
        let mut world = World::of(1, &slots);
        world.pass(SECOND);
        let (north, token) = sent(&mut world, 0, "/sub/x");
        for n in 0..20 {
            let other = world.mint.token("acme", Some(&format!("other-{n}")), world.now);
            world.request(0, "/sub/x", Some(&other));
            world.settle();
        }
        world.pass(2 * SECOND);
        assert!(metric(&world, "slots.evicted") >= 2);
        let asked = Asked::Token(Some("north".to_owned()));
        if is_made_again {
            assert_eq!(sent(&mut world, 0, "/sub/x").1, token, "from the shared data");
        }
        assert_eq!(world.provider.count(&asked), 1);
        world.respond(north, 401);
        world.settle();
        assert_eq!(world.provider.count(&asked), 2, "{is_made_again}");
        assert_ne!(sent(&mut world, 0, "/sub/x").1, token);
        assert_eq!(world.provider.count(&asked), 2);
    }
}

#[test]
fn the_limit_is_by_token_and_one_subtenants_purge_leaves_the_others_alone() {
    let mut world = world(1);
    let (tenant, tenant_before) = sent(&mut world, 0, "/tenant/x");
    let (north, north_before) = sent(&mut world, 0, "/sub/x");
    world.respond(north, 401);
    world.settle();
    assert_eq!(sent(&mut world, 0, "/tenant/x").1, tenant_before);
    assert_ne!(sent(&mut world, 0, "/sub/x").1, north_before);
    world.respond(tenant, 401);
    world.settle();
    assert_ne!(sent(&mut world, 0, "/tenant/x").1, tenant_before);
}

/// The issuer gives these tokens from now on, one after the other, the last one again and again.
fn give(world: &mut World, tokens: &[&str]) {
    let tokens: Vec<_> = tokens.iter().map(|token| (*token).to_owned()).collect();
    let mut given = 0;
    world.provider.script(move |asked, _| {
        matches!(asked, Asked::Token(_)).then(|| {
            let token = tokens.get(given).or(tokens.last()).expect("a token to give");
            given += 1;
            Answer::grant_without_lifetime(token)
        })
    });
}

#[test]
fn a_401_takes_the_token_from_nobody_while_its_issuer_is_down() {
    let mut world = world(2);
    let (mut refused, token) = sent(&mut world, 0, "/tenant/x");
    sent(&mut world, 1, "/tenant/x");
    world.provider.script(|asked, _| matches!(asked, Asked::Token(_)).then(|| Answer::status(503)));
    for _ in 0..22 * 2 {
        world.respond(refused, 401);
        world.pass(30 * SECOND);
        for worker in [1, 0] {
            refused = ask(&mut world, worker, "/tenant/x");
            assert_eq!(world.fate(refused).header("authorization"), Some(&*token));
        }
    }
    let calls = world.provider.token_calls();
    assert!((20..60).contains(&calls), "it is tried with back-off: {calls}");
    assert_eq!(metric(&world, "tokens.purged"), 0);
    world.provider.recover();
    world.pass(90 * SECOND);
    let (_, anew) = sent(&mut world, 0, "/tenant/x");
    assert_ne!(anew, token);
    // The other has had no 401 of its own so far.
    let (request, same) = sent(&mut world, 1, "/tenant/x");
    assert_eq!(same, token);
    world.respond(request, 401);
    world.settle();
    assert_eq!(sent(&mut world, 1, "/tenant/x").1, anew);
    world.pass(2 * SECOND);
    assert_eq!(metric(&world, "tokens.purged"), 1);
}

#[test]
fn nobody_waits_for_the_token_that_takes_the_place_of_a_refused_one() {
    let mut world = world(2);
    let first = [0, 1].map(|worker| sent(&mut world, worker, "/tenant/x"));
    world.provider.latency = Duration::from_millis(1500);
    for (request, _) in &first {
        world.respond(*request, 401);
        world.settle();
    }
    for worker in [0, 1] {
        let request = ask(&mut world, worker, "/tenant/x");
        assert_eq!(world.fate(request).header("authorization"), Some(&*first[0].1));
    }
    world.pass(3 * SECOND);
    assert_eq!(world.provider.token_calls(), 2, "one worker fetches, the other follows it");
    let anew = [0, 1].map(|worker| sent(&mut world, worker, "/tenant/x").1);
    assert_ne!(anew[0], first[0].1);
    assert_eq!(anew[0], anew[1]);
}

#[test]
fn a_refused_token_that_its_issuer_repeats_goes_on_serving_and_is_asked_for_ever_less_often() {
    let mut world = world(2);
    let repeated = tenant_token("acme", None, world.now, 3600, 1);
    give(&mut world, &[&repeated]);
    let value = format!("Bearer {repeated}");
    let start = world.now;
    let mut calls = vec![0];
    for _ in 0..10 * 60 {
        for worker in 0..2 {
            let (request, token) = sent(&mut world, worker, "/tenant/x");
            assert_eq!(token, value);
            world.respond(request, 401);
        }
        let before = world.provider.token_calls();
        world.pass(2 * SECOND);
        if world.provider.token_calls() > before {
            calls.push(world.now.since(start).as_secs());
        }
    }
    let gaps: Vec<_> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps.len(), 5, "{calls:?}");
    for (gap, expected) in gaps.iter().zip([30, 60, 120, 240, 480]) {
        assert!((expected..=expected + 4).contains(gap), "{calls:?}");
    }
    assert_eq!(world.provider.token_calls(), 7);
    let lines = world.log();
    let said = lines.iter().filter(|line| line.contains("it stays in use")).count();
    assert_eq!(said, 6, "each time once: {lines:?}");
    // Once it gives another one, that one serves, and the old one does not return.
    world.provider.recover();
    world.pass(16 * MINUTE);
    for worker in 0..2 {
        let (request, _) = sent(&mut world, worker, "/tenant/x");
        world.respond(request, 401);
        world.settle();
        assert_ne!(sent(&mut world, worker, "/tenant/x").1, value);
    }
    world.pass(2 * SECOND);
    assert_eq!(metric(&world, "tokens.purged"), 1);
}

#[test]
fn a_refused_token_that_was_replaced_never_returns_though_its_issuer_gives_it_again() {
    let mut world = world(2);
    let [old, new, last] = [(7200, 1), (1800, 2), (9000, 3)]
        .map(|(lifetime, number)| tenant_token("acme", None, world.now, lifetime, number));
    give(&mut world, &[&old, &new, &old]);
    let first = [0, 1].map(|worker| sent(&mut world, worker, "/tenant/x"));
    for (worker, (request, token)) in first.into_iter().enumerate() {
        assert_eq!(token, format!("Bearer {old}"));
        world.respond(request, 401);
        world.settle();
        assert_eq!(sent(&mut world, worker, "/tenant/x").1, format!("Bearer {new}"));
    }
    assert_eq!(world.provider.token_calls(), 2);
    // The refresh brings the old one: the new one serves until it ends.
    for _ in 0..29 {
        world.pass(MINUTE);
        for worker in 0..2 {
            assert_eq!(sent(&mut world, worker, "/tenant/x").1, format!("Bearer {new}"));
        }
    }
    assert!(world.log().iter().any(|line| line.contains("token_purged")), "{:?}", world.log());
    for _ in 0..20 {
        world.pass(MINUTE);
        for worker in 0..2 {
            let request = ask(&mut world, worker, "/tenant/x");
            world.settle();
            assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
        }
    }
    assert!(world.provider.token_calls() < 20, "{}", world.provider.token_calls());
    give(&mut world, &[&last]);
    world.pass(5 * MINUTE);
    for worker in 0..2 {
        assert_eq!(sent(&mut world, worker, "/tenant/x").1, format!("Bearer {last}"));
    }
}

#[test]
fn a_fetch_that_brings_a_replaced_token_late_gives_its_worker_the_new_one() {
    let mut world = world(2);
    let [old, new] = [(1800, 1), (1750, 2)]
        .map(|(lifetime, number)| tenant_token("acme", None, world.now, lifetime, number));
    give(&mut world, &[&old, &old, &new]);
    sent(&mut world, 0, "/slow/x");
    // Worker 1 is the one that uses the token, and so the one that refreshes it.
    world.provider.latency = 8 * SECOND;
    let mut seconds = 0;
    while world.provider.token_calls() < 2 {
        assert_eq!(sent(&mut world, 1, "/slow/x").1, format!("Bearer {old}"));
        world.pass(SECOND);
        seconds += 1;
        assert!(seconds < 26 * 60);
    }
    // It is held up while its call runs, so that its lease runs out and worker 0 fetches.
    world.stall(1, 20 * SECOND);
    world.provider.latency = Duration::from_millis(30);
    let (request, token) = sent(&mut world, 0, "/slow/x");
    assert_eq!(token, format!("Bearer {old}"));
    world.respond(request, 401);
    world.pass(5 * SECOND);
    assert_eq!(world.provider.token_calls(), 3);
    assert_eq!(sent(&mut world, 0, "/slow/x").1, format!("Bearer {new}"));
    assert_eq!(sent(&mut world, 1, "/slow/x").1, format!("Bearer {old}"), "it has not heard yet");
    world.pass(4 * SECOND);
    assert_eq!(sent(&mut world, 1, "/slow/x").1, format!("Bearer {new}"));
    world.pass(20 * SECOND);
    for worker in 0..2 {
        assert_eq!(sent(&mut world, worker, "/slow/x").1, format!("Bearer {new}"));
    }
    assert_eq!((world.provider.token_calls(), metric(&world, "fetch.token.failed")), (3, 0));
    // Another worker comes up, without a token of its own.
    let worker = world.start_worker(CONFIGURATION);
    world.pass(SECOND);
    assert_eq!(sent(&mut world, worker, "/slow/x").1, format!("Bearer {new}"));
}

#[test]
fn where_the_route_says_so_the_caller_gets_502_each_time() {
    let replaced = CONFIGURATION.replace(
        r#""caller_token": "remove","#,
        r#""caller_token": "remove", "on_upstream_401": "replace","#,
    );
    let mut world = World::of(1, &replaced);
    world.pass(SECOND);
    sent(&mut world, 0, "/tenant/x");
    for _ in 0..3 {
        let (request, _) = sent(&mut world, 0, "/tenant/x");
        assert_eq!(world.respond(request, 401), Some((502, "upstream_refused_our_token")));
    }
    let (request, _) = sent(&mut world, 0, "/tenant/x");
    assert_eq!(world.respond(request, 403), Some((403, "")));
    world.pass(2 * SECOND);
    assert_eq!(world.provider.token_calls(), 2);
    assert_eq!(metric(&world, "request.refused.upstream_refused_our_token"), 3);
    let reports = replaced.replacen('{', r#"{ "mode": "report_only","#, 1);
    let mut world = World::of(1, &reports);
    world.pass(SECOND);
    ask(&mut world, 0, "/tenant/x");
    world.settle();
    let (request, _) = sent(&mut world, 0, "/tenant/x");
    assert_eq!(world.respond(request, 401), Some((401, "")), "nothing is stopped");
}

#[test]
fn a_client_that_goes_before_its_answer_leaves_nothing_behind() {
    let mut world = world(1);
    let (request, token) = sent(&mut world, 0, "/tenant/x");
    world.disconnect(request);
    world.settle();
    assert_eq!(sent(&mut world, 0, "/tenant/x").1, token);
    assert_eq!(world.watched(0), 1, "the last one alone");
}
