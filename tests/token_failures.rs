//! Technical tokens that cannot be had: who is held back by whose failure, for how long, and what the
//! operator is told.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::time::Duration;

use support::{Answer, Asked, Fate, Request, World};
use tenantgate::message::CallFailure;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const UNAVAILABLE: Fate = Fate::Refused(503, "token_unavailable");

/// A world in which all keys are there.
fn world(workers: usize) -> World {
    let mut world = World::new(workers);
    world.pass(SECOND);
    world
}

fn ask(world: &mut World, worker: usize, subtenant: &str) -> Request {
    let token = world.mint.token("acme", Some(subtenant), world.now);
    world.request(worker, "/sub/x", Some(&token))
}

fn is_forwarded(world: &World, request: Request) -> bool {
    matches!(world.fate(request), Fate::Forwarded(_))
}

fn error(status: u16, code: &str) -> Answer {
    Answer::http(status, "application/json", format!(r#"{{"error":"{code}"}}"#))
}

fn metric(world: &World, name: &str) -> i64 {
    world.metrics.get(&format!("tenantgate.{name}")).copied().unwrap_or(0)
}

/// Answers every call for a token so.
fn answer_tokens(world: &mut World, answer: Answer) {
    world.provider.script(move |asked, _| matches!(asked, Asked::Token(_)).then(|| answer.clone()));
}

#[test]
fn a_client_that_is_refused_holds_all_its_subtenants_back_without_a_call_each() {
    let mut world = world(3);
    let early = ask(&mut world, 0, "early");
    world.settle();
    assert!(is_forwarded(&world, early));
    answer_tokens(&mut world, error(401, "invalid_client"));
    let first = ask(&mut world, 0, "first");
    world.settle();
    assert_eq!(world.fate(first), UNAVAILABLE);
    assert_eq!(world.provider.token_calls(), 2);
    let others: Vec<_> = (0..60).map(|n| ask(&mut world, n % 3, &format!("sub-{n}"))).collect();
    world.settle();
    assert!(others.iter().all(|request| world.fate(*request) == UNAVAILABLE));
    assert_eq!(world.provider.token_calls(), 2, "not one call more");
    let held = ask(&mut world, 0, "early");
    assert!(is_forwarded(&world, held), "a token that is there still serves");

    // When the time has come one of them tries for all.
    world.pass(5 * SECOND);
    let others: Vec<_> = (0..60).map(|n| ask(&mut world, n % 3, &format!("sub-{n}"))).collect();
    world.settle();
    assert!(others.iter().all(|request| world.fate(*request) == UNAVAILABLE));
    assert_eq!(world.provider.token_calls(), 3);

    world.provider.recover();
    world.pass(11 * SECOND);
    let others: Vec<_> = (0..60).map(|n| ask(&mut world, n % 3, &format!("sub-{n}"))).collect();
    world.settle();
    assert!(others.iter().all(|request| is_forwarded(&world, *request)));
    assert_eq!(world.provider.token_calls(), 63);
    let lines = world.log();
    assert_eq!(lines.iter().filter(|line| line.contains("invalid_client")).count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.contains("works again")).count(), 1, "{lines:?}");
}

#[test]
fn a_401_that_may_be_about_the_client_alone_holds_the_whole_credential_back() {
    for (code, path, is_common) in [
        ("unauthorized", "/tenant/x", true),
        ("unauthorized_client", "/tenant/x", true),
        ("invalid_client", "/tenant/x", true),
        ("access_denied", "/tenant/x", false),
        ("unauthorized", "/sub/x", false),
        ("unauthorized_client", "/sub/x", false),
        ("invalid_client", "/sub/x", true),
    ] {
        let mut world = world(2);
        answer_tokens(&mut world, error(401, code));
        let token = world.mint.token("acme", Some("first").filter(|_| path == "/sub/x"), world.now);
        let first = world.request(0, path, Some(&token));
        world.settle();
        assert_eq!(world.fate(first), UNAVAILABLE);
        world.provider.recover();
        let other = ask(&mut world, 1, "other");
        world.settle();
        assert_eq!(is_forwarded(&world, other), !is_common, "{code} {path}");
    }
}

#[test]
fn an_answer_that_says_nothing_of_the_client_lets_no_crowd_in() {
    let html = || Answer::http(200, "text/html", "<html>");
    let rows = [
        (error(401, "unauthorized"), false),
        (Answer::status(401), false),
        (Answer::json("{}"), false),
        (html(), false),
        (Answer::Failed(CallFailure::TooLarge(None)), false),
        (Answer::status(503), false),
        (error(400, "invalid_scope"), true),
    ];
    for (at, (answer, is_known)) in rows.into_iter().enumerate() {
        let mut world = world(2);
        answer_tokens(&mut world, error(401, "invalid_client"));
        ask(&mut world, 0, "first");
        world.pass(6 * SECOND);
        answer_tokens(&mut world, answer);
        world.provider.latency = Duration::from_millis(300);
        for n in 0..20 {
            ask(&mut world, n % 2, &format!("sub-{n}"));
        }
        world.pass(Duration::from_millis(550));
        let calls = world.provider.token_calls() - 1;
        assert_eq!(calls, if is_known { 20 } else { 2 }, "answer {at}");
    }
}

#[test]
fn while_one_tries_for_all_the_others_wait_for_its_word() {
    let mut world = world(2);
    answer_tokens(&mut world, error(400, "invalid_client"));
    ask(&mut world, 0, "first");
    world.pass(6 * SECOND);
    world.provider.recover();
    world.provider.latency = SECOND;
    let requests: Vec<_> = (0..20).map(|n| ask(&mut world, n % 2, &format!("sub-{n}"))).collect();
    world.pass(Duration::from_millis(900));
    assert_eq!(world.provider.token_calls(), 2, "one for all");
    world.pass(2 * SECOND);
    assert!(requests.iter().all(|request| is_forwarded(&world, *request)));
}

#[test]
fn one_that_tries_for_all_and_dies_is_followed_by_another() {
    let mut world = world(2);
    answer_tokens(&mut world, error(401, "invalid_client"));
    ask(&mut world, 0, "first");
    world.pass(6 * SECOND);
    world.provider.recover();
    world.provider.latency = SECOND;
    ask(&mut world, 0, "doomed");
    world.pass(Duration::from_millis(100));
    let request = ask(&mut world, 1, "other");
    world.kill(0);
    world.pass(5 * SECOND);
    assert!(is_forwarded(&world, request));
}

#[test]
fn the_refusal_of_one_subtenant_holds_no_other_back() {
    let answers = [
        error(400, "invalid_request"),
        error(401, "unauthorized"),
        error(401, "access_denied"),
        error(403, "unauthorized_client"),
        error(400, "invalid_scope"),
        Answer::status(400),
        Answer::status(401),
        Answer::status(403),
        Answer::status(404),
        Answer::status(500),
        Answer::Silence,
        Answer::json("{}"),
        Answer::Failed(CallFailure::Interrupted),
    ];
    for (at, answer) in answers.into_iter().enumerate() {
        let mut world = world(2);
        world.provider.script(move |asked, _| match asked {
            Asked::Token(Some(name)) if name == "bad" => Some(answer.clone()),
            Asked::Token(_) | Asked::Keys | Asked::KeysOf(_) | Asked::Metadata => None,
        });
        let bad = ask(&mut world, 0, "bad");
        world.pass(3 * SECOND);
        assert_eq!(world.fate(bad), UNAVAILABLE, "answer {at}");
        let calls = world.provider.token_calls();
        for worker in 0..2 {
            let again = ask(&mut world, worker, "bad");
            let good = ask(&mut world, worker, "good");
            world.settle();
            assert!(is_forwarded(&world, good), "answer {at}");
            assert!(!is_forwarded(&world, again), "answer {at}");
        }
        let retries = world.provider.token_calls() - calls - 1;
        assert!(retries <= 1, "{retries} more calls for the one that is refused, answer {at}");
    }
}

#[test]
fn too_many_calls_hold_the_whole_credential_back_for_as_long_as_asked_up_to_five_minutes() {
    for (asked, held) in [(30, 30), (86_400, 300)] {
        let mut world = world(2);
        answer_tokens(
            &mut world,
            Answer::Http {
                status: 429,
                content_type: "application/json",
                retry_after: Some(asked),
                fresh_for: None,
                body: r#"{"error":"access_denied"}"#.to_owned(),
            },
        );
        let first = ask(&mut world, 0, "first");
        world.settle();
        assert_eq!(world.fate(first), UNAVAILABLE);
        world.provider.recover();
        world.pass(Duration::from_secs(held) - SECOND);
        let early = ask(&mut world, 1, "other");
        world.pass(Duration::from_millis(100));
        assert_eq!(world.fate(early), UNAVAILABLE);
        assert_eq!(world.provider.token_calls(), 1, "{asked}");
        world.pass(SECOND);
        let late = ask(&mut world, 1, "other");
        world.settle();
        assert!(is_forwarded(&world, late), "{asked}");
    }
}

#[test]
fn too_many_calls_hold_back_ever_longer_though_single_calls_get_through_in_between() {
    let mut world = world(2);
    let mut held: Vec<_> = (1..=5).map(|round| held_by_a_burst(&mut world, round, None)).collect();
    // As long as it was held back at most.
    world.pass(17 * SECOND);
    held.push(held_by_a_burst(&mut world, 6, None));
    for (tenths, seconds) in held.iter().zip([1, 2, 4, 8, 16, 1]) {
        assert!((seconds * 5 - 2..=seconds * 10 + 2).contains(tenths), "{held:?}");
    }
}

#[test]
fn an_issuer_that_says_for_how_long_it_wants_no_calls_gets_none_for_so_long_each_time() {
    let mut world = world(2);
    let held: Vec<_> = (1..=6).map(|round| held_by_a_burst(&mut world, round, Some(3))).collect();
    assert!(held.iter().all(|tenths| (28..=32).contains(tenths)), "{held:?}");
}

/// For how many tenths of a second all are held back after a 429, which is followed by nothing but grants.
fn held_by_a_burst(world: &mut World, round: u32, retry_after: Option<u64>) -> usize {
    let refusal = Answer::Http {
        status: 429,
        content_type: "application/json",
        retry_after,
        fresh_for: None,
        body: r#"{"error":"x"}"#.to_owned(),
    };
    answer_tokens(world, refusal);
    ask(world, 0, &format!("burst-{round}"));
    world.pass(Duration::from_millis(100));
    world.provider.recover();
    let held = (0_usize..).find(|tenths| {
        let single = ask(world, tenths % 2, &format!("single-{round}-{tenths}"));
        world.pass(Duration::from_millis(100));
        is_forwarded(world, single)
    });
    held.unwrap()
}

#[test]
fn a_credential_that_is_held_back_is_not_hurried_for_a_token_that_ends_soon() {
    let mut world = world(1);
    ask(&mut world, 0, "north");
    world.pass(24 * MINUTE);
    answer_tokens(&mut world, error(429, "x"));
    for _ in 0..350 {
        world.pass(SECOND);
        ask(&mut world, 0, "north");
    }
    let asked = world.provider.times.iter().filter(|(_, asked)| *asked != Asked::Keys);
    let times: Vec<_> = asked.map(|(time, _)| *time).skip(1).collect();
    assert!(times.len() >= 7, "{times:?}");
    for (at, pair) in times.windows(2).enumerate() {
        let least = Duration::from_secs(1 << at.min(6)).min(MINUTE) / 2;
        assert!(pair[1].since(pair[0]) >= least, "{at}: {times:?}");
    }
}

#[test]
fn what_was_under_way_does_not_shorten_the_time_that_too_many_calls_have_to_wait() {
    let mut world = world(2);
    let too_many = |seconds| Answer::Http {
        status: 429,
        content_type: "application/json",
        retry_after: Some(seconds),
        fresh_for: None,
        body: r#"{"error":"access_denied"}"#.to_owned(),
    };
    let answers = [("first", Some(too_many(5))), ("second", Some(too_many(8))), ("good", None)];
    world.provider.script(move |asked, _| {
        let Asked::Token(Some(name)) = asked else { return None };
        answers.iter().find(|(one, _)| one == name)?.1.clone()
    });
    // All three are asked for before the first answer comes; what was asked for first comes last.
    world.provider.latency = Duration::from_millis(900);
    let good = ask(&mut world, 0, "good");
    world.pass(Duration::from_millis(20));
    world.provider.latency = Duration::from_millis(600);
    let second = ask(&mut world, 1, "second");
    world.pass(Duration::from_millis(20));
    world.provider.latency = Duration::from_millis(30);
    let first = ask(&mut world, 0, "first");
    world.pass(SECOND);
    assert!(is_forwarded(&world, good));
    assert_eq!([first, second].map(|request| world.fate(request)), [UNAVAILABLE; 2]);
    world.provider.recover();
    for (wait, name) in [(1, "first"), (3, "first"), (2, "second"), (1, "good-too")] {
        world.pass(wait * SECOND);
        let early = ask(&mut world, 1, name);
        world.pass(Duration::from_millis(100));
        assert_eq!(world.fate(early), UNAVAILABLE, "{name}");
    }
    assert_eq!(world.provider.token_calls(), 3);
    world.pass(SECOND);
    let late = ask(&mut world, 1, "second");
    world.settle();
    assert!(is_forwarded(&world, late));
}

#[test]
fn what_went_wrong_is_told_apart_in_the_log_and_in_metrics() {
    type Prepare = fn(&mut World);
    let rows: [(&str, &str, Prepare); 6] = [
        ("cluster_unknown", "cluster_unknown", |world| {
            world.provider.refuse = Some(CallFailure::UnknownCluster);
        }),
        ("no_healthy_endpoint_or_circuit_open", "call_refused", |world| {
            world.provider.refuse = Some(CallFailure::Overloaded);
        }),
        ("status_429", "rate_limited", |world| answer_tokens(world, error(429, "x"))),
        ("invalid_client", "refused", |world| answer_tokens(world, error(401, "invalid_client"))),
        ("unavailable_or_timeout", "unavailable", |world| {
            answer_tokens(world, Answer::status(503));
        }),
        ("answer_not_json", "answer_unusable", |world| {
            answer_tokens(world, Answer::http(200, "text/html", "<html>"));
        }),
    ];
    for (reason, name, prepare) in rows {
        let mut world = world(1);
        prepare(&mut world);
        let request = ask(&mut world, 0, "north");
        world.pass(Duration::from_millis(2500));
        assert_eq!(world.fate(request), UNAVAILABLE, "{reason}");
        let lines = world.log();
        let said = lines.iter().filter(|line| line.contains(reason)).count();
        assert_eq!(said, 1, "{reason}: {lines:?}");
        let failed = metric(&world, "fetch.token.failed");
        assert_eq!(metric(&world, &format!("fetch.token.failed.{name}")), failed, "{reason}");
        assert!(failed > 0);
        let causes = world.metrics.keys().filter(|key| key.contains("fetch.token.failed."));
        assert_eq!(causes.count(), 1, "{reason}");
    }
}

#[test]
fn an_outage_that_many_subtenants_meet_is_a_few_lines_in_the_log() {
    let mut world = world(2);
    answer_tokens(&mut world, Answer::status(500));
    for n in 0..200 {
        ask(&mut world, n % 2, &format!("sub-{n}"));
        world.pass(Duration::from_millis(50));
    }
    world.provider.recover();
    for n in 0..200 {
        ask(&mut world, n % 2, &format!("sub-{n}"));
        world.pass(Duration::from_millis(50));
    }
    let lines = world.log();
    let lines: Vec<_> = lines.iter().filter(|line| line.contains("fetching")).collect();
    assert!((2..=12).contains(&lines.len()), "{lines:?}");
}
