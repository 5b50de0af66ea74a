//! The life of technical tokens: refreshed while they are in use, let go when they are not, and never
//! more of them than the limits say.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::time::Duration;

use support::{Answer, Asked, CONFIGURATION, Fate, Mint, Request, World};
use tenantgate::time::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A world in which all keys are there.
fn world(workers: usize) -> World {
    world_of(workers, CONFIGURATION)
}

fn world_of(workers: usize, configuration: &str) -> World {
    let mut world = World::of(workers, configuration);
    world.pass(SECOND);
    world
}

fn ask(world: &mut World, worker: usize, path: &str, subtenant: Option<&str>) -> Request {
    let token = world.mint.token("acme", subtenant, world.now);
    world.request(worker, path, Some(&token))
}

fn is_forwarded(world: &World, request: Request) -> bool {
    matches!(world.fate(request), Fate::Forwarded(_))
}

/// When tokens were asked for.
fn token_calls(world: &World) -> Vec<Timestamp> {
    let tokens = world.provider.times.iter().filter(|(_, asked)| *asked != Asked::Keys);
    tokens.map(|(time, _)| *time).collect()
}

/// A value of a metric of ours.
fn metric(world: &World, name: &str) -> i64 {
    world.metrics.get(&format!("tenantgate.{name}")).copied().unwrap_or(0)
}

#[test]
fn twelve_hours_of_steady_traffic_meet_refreshes_at_five_minutes_and_no_outage_of_24_minutes() {
    const WORKERS: usize = 3;
    let mut world = world(WORKERS);
    for worker in 0..WORKERS {
        ask(&mut world, worker, "/tenant/x", None);
        world.settle();
    }
    // Four outages of 24 minutes, each at another moment of a token's life.
    let start = world.now;
    let outages = [(61, 0), (181, 2), (300, 4), (420, 5)].map(|(hour_minute, into_life)| {
        let begin = start + MINUTE * hour_minute;
        (begin, begin + MINUTE * into_life)
    });
    let fetched_at = std::rc::Rc::new(std::cell::Cell::new(Timestamp::default()));
    let last = std::rc::Rc::clone(&fetched_at);
    // An outage begins so long after the first fetch that follows its hour, and lasts 24 minutes.
    let begins = std::rc::Rc::new(std::cell::RefCell::new(Vec::<Timestamp>::new()));
    let known = std::rc::Rc::clone(&begins);
    let mut pending: Vec<_> = outages.to_vec();
    world.provider.script(move |asked, now| {
        if *asked == Asked::Keys {
            return None;
        }
        let is_out = known.borrow().iter().any(|begin| *begin < now && now < *begin + MINUTE * 24);
        if is_out {
            return Some(Answer::status(503));
        }
        last.set(now);
        if pending.first().is_some_and(|(hour, _)| *hour <= now) {
            let (hour, delayed) = pending.remove(0);
            known.borrow_mut().push(now + delayed.since(hour));
        }
        None
    });
    let mut token = String::new();
    for round in 0..12 * 3600 / 5 {
        if round % 360 == 0 {
            token = world.mint.token("acme", None, world.now);
        }
        for worker in 0..WORKERS {
            let request = world.request(worker, "/tenant/x", Some(&token));
            assert!(is_forwarded(&world, request), "at once, {} s", round * 5);
            assert_eq!(world.waited(request), Duration::ZERO);
        }
        world.forget_settled();
        world.pass(5 * SECOND);
    }
    assert_eq!(begins.borrow().len(), outages.len());
    let calls = token_calls(&world);
    let is_out = |at: Timestamp| {
        begins.borrow().iter().any(|begin| *begin < at && at < *begin + MINUTE * 24)
    };
    let succeeded: Vec<_> = calls.iter().copied().filter(|at| !is_out(*at)).collect();
    let mut undisturbed = 0;
    for pair in succeeded.windows(2) {
        let was_out = calls.iter().any(|at| pair[0] < *at && *at < pair[1]);
        let gap = pair[1].since(pair[0]).as_millis();
        if was_out {
            assert!(gap < 29 * 60_000 + 50_000, "a token after {gap} ms");
        } else {
            // 5 min before the end and up to a tenth of that earlier; a tick may come a second late.
            assert!((1_470_000..=1_501_100).contains(&gap), "a refresh after {gap} ms");
            undisturbed += 1;
        }
    }
    assert!(undisturbed > 20, "{undisturbed}");
    assert!(calls.len() < 29 + 4 * 20, "{} calls", calls.len());
}

#[test]
fn a_token_in_use_is_refreshed_without_a_request_and_an_idle_one_is_let_go() {
    let mut world = world(2);
    ask(&mut world, 0, "/tenant/x", None);
    world.pass(10 * MINUTE);
    let used = ask(&mut world, 0, "/tenant/x", None);
    assert!(is_forwarded(&world, used));
    world.pass(16 * MINUTE);
    assert_eq!(world.provider.token_calls(), 2, "refreshed: it was used since its fetch");
    let late = ask(&mut world, 0, "/tenant/x", None);
    assert_eq!((is_forwarded(&world, late), world.waited(late)), (true, Duration::ZERO));
    world.pass(24 * 60 * MINUTE);
    assert_eq!(world.provider.token_calls(), 3, "used once more, then a day of silence");
    assert_eq!(metric(&world, "slots"), 3, "the key set of each worker");
    assert_eq!(metric(&world, "slots.evicted"), 0);
}

#[test]
fn a_token_that_one_request_used_is_not_refreshed() {
    let mut world = world(2);
    ask(&mut world, 0, "/sub/x", Some("once"));
    world.pass(60 * MINUTE);
    assert_eq!(world.provider.token_calls(), 1);
    assert_eq!(metric(&world, "slots"), 3, "the key set of each worker");
}

#[test]
fn a_refresh_that_fails_is_tried_again_without_a_request_while_the_token_is_in_use() {
    let mut world = world(1);
    ask(&mut world, 0, "/tenant/x", None);
    world.pass(MINUTE);
    ask(&mut world, 0, "/tenant/x", None);
    world.pass(22 * MINUTE);
    world.provider.script(|asked, _| (*asked != Asked::Keys).then(|| Answer::status(503)));
    world.pass(6 * MINUTE);
    let calls = world.provider.token_calls();
    assert!((6..=20).contains(&calls), "{calls} calls in about 4 minutes of back-off");
    world.provider.recover();
    world.pass(45 * SECOND);
    let request = ask(&mut world, 0, "/tenant/x", None);
    assert_eq!((is_forwarded(&world, request), world.waited(request)), (true, Duration::ZERO));
}

#[test]
fn a_token_whose_refresh_fails_until_it_ends_is_let_go_once_nobody_asks_for_it() {
    let mut world = world(2);
    ask(&mut world, 0, "/sub/x", Some("gone"));
    world.pass(MINUTE);
    ask(&mut world, 0, "/sub/x", Some("gone"));
    world.provider.script(|asked, _| (*asked != Asked::Keys).then(|| Answer::status(403)));
    world.pass(29 * MINUTE);
    let calls = world.provider.token_calls();
    assert!(calls > 3, "{calls} calls while it could be sent");
    world.pass(120 * MINUTE);
    assert_eq!(world.provider.token_calls(), calls);
    assert_eq!(metric(&world, "slots"), 3, "the key set of each worker");
    let asked = ask(&mut world, 0, "/sub/x", Some("gone"));
    world.pass(SECOND);
    assert_eq!(world.fate(asked), Fate::Refused(503, "token_unavailable"));
    assert_eq!(world.provider.token_calls(), calls + 1, "for the request alone");
}

#[test]
fn two_workers_that_use_one_token_refresh_it_once() {
    let mut world = world(2);
    for _ in 0..120 {
        for worker in 0..2 {
            ask(&mut world, worker, "/tenant/x", None);
        }
        world.pass(MINUTE);
    }
    let calls = world.provider.token_calls();
    assert!((4..=6).contains(&calls), "{calls} calls in two hours");
}

#[test]
fn a_hundred_thousand_subtenants_over_time_take_no_more_than_the_limits() {
    const ROUNDS: usize = 5_000;
    let mut world = World::of(2, ACTING);
    world.pass(SECOND);
    let mut most_slots = 0;
    let mut bytes_before = 0;
    for round in 0..ROUNDS {
        for number in 0..20 {
            let name = format!("sub-{round:04}-{number:02}");
            world.request_with(number % 2, "/x", &[("x-act-for-subtenant", &name)]);
        }
        world.pass(Duration::from_millis(500));
        world.forget_settled();
        most_slots = most_slots.max(metric(&world, "slots"));
        if round == ROUNDS / 2 {
            bytes_before = world.shared.bytes();
        }
    }
    assert_eq!(world.provider.token_calls(), ROUNDS * 20);
    assert!(most_slots <= 2 * 256, "{most_slots} slots");
    let evicted = metric(&world, "slots.evicted");
    assert!(evicted > 90_000, "{evicted} of {}", ROUNDS * 20);
    assert!(world.shared.keys() <= 1024 + 64, "{} keys", world.shared.keys());
    let bytes = world.shared.bytes();
    assert!(bytes < bytes_before + bytes_before / 20, "{bytes_before} bytes, then {bytes}");
    world.pass(60 * MINUTE);
    assert_eq!(metric(&world, "slots"), 0, "an hour later nothing is left");
}

#[test]
fn more_subtenants_at_once_than_slots_are_refused_and_not_remembered() {
    let configuration = CONFIGURATION.replacen('{', r#"{"limits": { "token_slots": 16 },"#, 1);
    // Keys that are not fetched take no slot, and leave none to tokens.
    let inline = format!(
        r#""issuers": [{{ "name": "inline", "issuer": "https://inline.example", "algorithms": ["ES256"],
            "tenants": ["acme"], "audiences": ["a"], "claims": {{ "tenant": "ten", "subtenant": "none" }},
            "jwks": {{ "inline": {} }} }},"#,
        Mint::new().jwks(1)
    );
    let configuration = configuration.replacen(r#""issuers": ["#, &inline, 1);
    let mut world = world_of(1, &configuration);
    world.provider.latency = SECOND;
    let requests: Vec<_> =
        (0..40).map(|n| ask(&mut world, 0, "/sub/x", Some(&format!("s{n}")))).collect();
    let refused =
        requests.iter().filter(|r| world.fate(**r) == Fate::Refused(503, "overloaded")).count();
    assert_eq!(refused, 24);
    world.pass(3 * SECOND);
    assert_eq!(requests.iter().filter(|r| is_forwarded(&world, **r)).count(), 16);
    assert_eq!(world.provider.token_calls(), 16);
}

/// A program that names its subtenants, and 256 slots.
const ACTING: &str = r#"{
  "deployment": "egress",
  "limits": { "token_slots": 256 },
  "credentials": [{ "name": "acme-svc", "mindsphere_tenant": {
    "region": "eu1", "tenant": "acme", "cluster": "piam", "timeout": "2s",
    "client_id_env": "CLIENT_ID", "client_secret_env": "CLIENT_SECRET",
    "signature": "not_checked" } }],
  "routes": [{ "name": "platform", "match": { "hosts": ["*"], "path": "/**", "methods": "any" },
    "subtenant": { "header": "x-act-for-subtenant", "values": "any" },
    "upstream": { "caller_token": "remove", "inject": [{ "credential": "acme-svc" }] } }]
}"#;
