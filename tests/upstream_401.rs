//! Upstreams that refuse our tokens, in the simulated world.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::time::Duration;

use support::tokens::tenant_token;
use support::{Answer, Asked, CONFIGURATION, Fate, Request, World};

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

#[test]
fn a_token_that_was_purged_never_returns_though_its_issuer_gives_it_again() {
    let mut world = world(2);
    let repeated = tenant_token("acme", None, world.now, 1800, 1);
    let value = format!("Bearer {repeated}");
    let given = repeated.clone();
    world.provider.script(move |asked, _| {
        matches!(asked, Asked::Token(_)).then(|| Answer::grant_without_lifetime(&given))
    });
    let (first, token) = sent(&mut world, 0, "/tenant/x");
    assert_eq!(token, value);
    world.respond(first, 401);
    world.settle();
    for _ in 0..20 {
        for worker in 0..2 {
            let request = ask(&mut world, worker, "/tenant/x");
            world.settle();
            assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
        }
        world.pass(30 * SECOND);
    }
    assert!(world.log().iter().any(|line| line.contains("token_purged")), "{:?}", world.log());
    assert!(world.provider.token_calls() < 15, "{}", world.provider.token_calls());
    world.provider.recover();
    world.pass(5 * MINUTE);
    for worker in 0..2 {
        assert_ne!(sent(&mut world, worker, "/tenant/x").1, value);
    }
}

#[test]
fn a_fetch_that_brings_the_purged_token_late_is_refused_on_every_worker() {
    let mut world = world(2);
    let (first, token) = sent(&mut world, 0, "/tenant/x");
    world.respond(first, 401);
    world.settle();
    // Another worker comes up, without a token of its own.
    let worker = world.start_worker(CONFIGURATION);
    world.pass(SECOND);
    assert_ne!(sent(&mut world, worker, "/tenant/x").1, token);
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
