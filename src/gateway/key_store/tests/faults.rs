//! What goes wrong takes nothing away that is good.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::KeysFound;
use super::world::{MAX_STALE, REFRESH, World, answer, store};
use crate::application_key::Document;
use crate::message::CallFailure;
use crate::telemetry::{Cause, Fetch, Metric};
use crate::time::Timestamp;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_is_no_good_document_never_replaces_one_and_is_said_once() {
    let document = |changes: Value| {
        let mut document = json!({ "version": 1, "serial": 100, "keys": [] });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        answer(200, &document.to_string())
    };
    let long =
        format!(r#"{{"version":1,"serial":100,"keys":[{}]}}"#, " ".repeat(Document::SHARD_LIMIT));
    let shards = json!([{ "etag": "\"a\"", "serial": 1 }]);
    let rows = [
        (answer(500, "oops"), "status_5xx", Cause::Unavailable),
        (answer(503, ""), "status_5xx", Cause::Unavailable),
        (answer(404, "{}"), "status_4xx", Cause::Refused),
        (answer(401, ""), "status_4xx", Cause::Refused),
        (answer(429, ""), "status_429", Cause::RateLimited),
        (answer(302, ""), "status_unexpected", Cause::Refused),
        (answer(204, ""), "status_unexpected", Cause::Refused),
        (Err(CallFailure::Interrupted), "answer_interrupted", Cause::Unavailable),
        (Err(CallFailure::UnknownCluster), "cluster_unknown", Cause::ClusterUnknown),
        (Err(CallFailure::TooLarge(None)), "answer_too_large", Cause::AnswerUnusable),
        (answer(200, ""), "document_not_json", Cause::AnswerUnusable),
        (answer(200, "<html>hello</html>"), "document_not_json", Cause::AnswerUnusable),
        (answer(200, "[]"), "document_malformed", Cause::AnswerUnusable),
        (
            answer(200, r#"{"version":1,"serial":100,"keys":["#),
            "document_not_json",
            Cause::AnswerUnusable,
        ),
        (answer(200, &long), "document_too_large", Cause::AnswerUnusable),
        (document(json!({ "version": 2 })), "document_version", Cause::AnswerUnusable),
        (document(json!({ "serial": 0 })), "serial_went_back", Cause::AnswerUnusable),
        (document(json!({ "serial": "7" })), "document_malformed", Cause::AnswerUnusable),
        (document(json!({ "other": 7 })), "document_member_unknown", Cause::AnswerUnusable),
        (document(json!({ "shards": shards })), "document_member_unknown", Cause::AnswerUnusable),
        (
            answer(200, &json!({ "version": 1, "serial": 0, "shards": shards }).to_string()),
            "serial_went_back",
            Cause::AnswerUnusable,
        ),
    ];
    for (bad, reason, cause) in rows {
        let mut world = World::new(2);
        world.server.publish(&["a", "b"], None);
        world.pass(2 * SECOND);
        world.server.fail_at("/keys", bad);
        world.pass(Duration::from_secs(60));
        assert!((0..2).all(|worker| world.knows(worker, "a")), "{reason}");
        assert_eq!(world.log.len(), 1, "{:?}", world.log);
        assert!(
            world.log[0].contains(&format!("cluster `key-store` failed: {reason}")),
            "{:?}",
            world.log
        );
        let failed = world.count(Metric::FetchFailed(Fetch::KeyStore));
        assert!(failed > 2, "{failed} {reason}");
        assert_eq!(world.count(Metric::FetchFailedBy(Fetch::KeyStore, cause)), failed, "{reason}");
        world.server.recover();
        world.server.publish(&["b"], None);
        world.pass(Duration::from_secs(40));
        assert!((0..2).all(|worker| !world.knows(worker, "a") && world.knows(worker, "b")));
        assert!(
            world.log[1].starts_with("fetching application keys works again"),
            "{:?}",
            world.log
        );
    }
}

#[test]
fn without_any_keys_requests_wait_for_the_first_look_and_are_refused_after_it_failed() {
    let mut world = World::new(2);
    world.server.fail(500);
    world.server.latency = Duration::from_millis(700);
    for worker in 0..2 {
        assert!(matches!(world.found(worker), KeysFound::Missing), "before the first look");
    }
    world.pass(Duration::from_millis(500));
    assert!(matches!(world.found(0), KeysFound::Missing), "during it");
    world.pass(Duration::from_millis(1100));
    // The other worker knows it from the board.
    let failed = (0..2).filter(|worker| matches!(world.found(*worker), KeysFound::Failed { .. }));
    assert!(failed.count() > 0, "after it");
    world.pass(60 * SECOND);
    for worker in 0..2 {
        let KeysFound::Failed { retry_after } = world.found(worker) else { panic!("{worker}") };
        assert!(retry_after <= Duration::from_secs(30), "{retry_after:?}");
    }
    world.server.recover();
    world.server.publish(&["a"], None);
    world.pass(32 * SECOND);
    assert!((0..2).all(|worker| world.knows(worker, "a")));
}

#[test]
fn looks_that_fail_become_fewer_and_a_store_may_ask_for_more_time() {
    let mut world = World::new(3);
    world.server.fail(500);
    world.pass(Duration::from_secs(600));
    let times: Vec<_> = world.server.asked.iter().map(|asked| asked.at).collect();
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!(gaps[0] <= 2 * SECOND, "{gaps:?}");
    assert!(gaps.iter().all(|gap| *gap <= 31 * SECOND), "{gaps:?}");
    assert!(gaps.iter().skip(5).all(|gap| *gap >= 15 * SECOND), "{gaps:?}");
    // Seconds that are asked for, `max_stale` if there are keys, and what comes of it.
    let rows = [
        (20, None, 20, 22),
        (86_400, None, 30, 32),
        (20, Some(3600), 20, 22),
        (86_400, Some(3600), 300, 302),
        (86_400, Some(400), 90, 100),
        (86_400, Some(120), 25, 30),
    ];
    for (asked, max_stale, least, most) in rows {
        let mut with = store();
        with.max_stale = Duration::from_secs(max_stale.unwrap_or(3600));
        let mut world = World::of(vec![with]);
        if max_stale.is_some() {
            world.server.publish(&["a"], Some(2));
            world.pass(2 * SECOND);
            world.server.asked.clear();
        }
        world.server.fail_at("/keys", Ok((503, Some(asked), String::new())));
        world.pass(Duration::from_secs(700));
        let gap = world.server.asked[1].at.since(world.server.asked[0].at).as_secs();
        assert!((least..=most).contains(&gap), "{gap} s for {asked} and {max_stale:?}");
    }
}

#[test]
fn keys_are_used_up_to_max_stale_after_the_last_good_look_and_no_longer() {
    for (keeps_stale, is_served) in [(false, false), (true, true)] {
        let mut stores = [store(), store()];
        stores.iter_mut().for_each(|store| store.keeps_stale = keeps_stale);
        let mut world = World::of(stores.into());
        world.server.publish(&["a"], None);
        world.pass(2 * SECOND);
        world.pass(3 * REFRESH);
        world.server.fail(500);
        let last_good = world.server.asked.last().unwrap().at;
        world.pass((last_good + MAX_STALE).since(world.now) - Duration::from_millis(1));
        assert!((0..2).all(|worker| world.knows(worker, "a")), "a moment before");
        world.pass(Duration::from_millis(1));
        for worker in 0..2 {
            assert_eq!(world.knows(worker, "a"), is_served);
            assert_eq!(matches!(world.found(worker), KeysFound::Failed { .. }), !is_served);
        }
        world.pass(2 * SECOND);
        let dropped = world.log.iter().filter(|line| line.contains("no longer used")).count();
        assert_eq!(dropped, if is_served { 0 } else { 2 }, "{:?}", world.log);
        world.server.recover();
        world.pass(32 * SECOND);
        assert!((0..2).all(|worker| world.knows(worker, "a")), "and again when the store is back");
    }
}

#[test]
fn a_clock_that_goes_back_makes_keys_no_fresher_than_they_were_once() {
    for workers in [1, 2] {
        let mut world = World::new(workers);
        world.shared.is_full = workers == 1;
        world.server.publish(&["a"], None);
        world.pass(2 * SECOND);
        world.server.fail(500);
        world.pass(10 * SECOND);
        world.set_clock(Timestamp::from_seconds(1_700_000_000));
        world.pass(MAX_STALE + 3 * SECOND);
        for worker in 0..workers {
            assert!(!world.knows(worker, "a"), "{workers}");
        }
        world.server.recover();
        world.pass(32 * SECOND);
        assert!((0..workers).all(|worker| world.knows(worker, "a")), "{workers}");
    }
}

#[test]
fn a_clock_that_goes_back_delays_no_look() {
    let mut world = World::new(3);
    world.server.publish(&["a"], Some(4));
    world.pass(5 * SECOND);
    world.set_clock(Timestamp::from_seconds(1_700_000_000));
    world.server.publish(&[], Some(4));
    world.pass(REFRESH + 2 * SECOND);
    assert!((0..3).all(|worker| !world.knows(worker, "a")));
}

#[test]
fn a_clock_that_goes_back_while_looks_fail_delays_no_look() {
    for (keeps_stale, back) in [(true, 250), (true, 100_000_000), (false, 20), (false, 250)] {
        let mut stores = vec![store(), store()];
        stores.iter_mut().for_each(|store| store.keeps_stale = keeps_stale);
        let mut world = World::of(stores);
        world.server.publish(&["a"], None);
        world.pass(2 * SECOND);
        world.server.fail_at("/keys", Ok((503, Some(86_400), String::new())));
        world.pass(REFRESH + 2 * SECOND);
        world.server.recover();
        world.server.publish(&["b"], None);
        world.set_clock(world.now.before(Duration::from_secs(back)));
        world.pass(5 * SECOND);
        for worker in 0..2 {
            assert!(!world.knows(worker, "a") && world.knows(worker, "b"), "{back} s back");
        }
    }
}

#[test]
fn one_bad_record_spoils_no_other_and_a_repeated_digest_lets_nobody_in() {
    let mut world = World::new(1);
    world.server.publish(&["a", "b", "c"], None);
    let (_, body) = world.server.documents["/keys?x=1"].clone();
    let mut body: Value = serde_json::from_str(&body).unwrap();
    body["keys"][0]["ip_alow"] = json!(["10.0.0.1"]);
    world.server.publish_text(&body.to_string());
    world.pass(2 * SECOND);
    assert!(!world.knows(0, "a") && world.knows(0, "b") && world.knows(0, "c"));
    body["serial"] = json!(2);
    body["keys"][1]["secrets"] = body["keys"][2]["secrets"].clone();
    world.server.publish_text(&body.to_string());
    world.pass(REFRESH + SECOND);
    assert!(["a", "b", "c"].iter().all(|key| !world.knows(0, key)));
    assert_eq!(world.workers[0].polled.gauges(world.now)[..2], [0, 3]);
    assert_eq!(world.log, Vec::<String>::new());
}

#[test]
fn a_serial_goes_back_only_where_that_is_allowed() {
    for (shards, allows) in [(None, false), (None, true), (Some(4), false), (Some(4), true)] {
        let mut with = store();
        with.allows_rollback = allows;
        let mut world = World::of(vec![with]);
        world.server.serial = 10;
        world.server.publish(&["a"], shards);
        world.pass(2 * SECOND);
        world.server.documents.clear();
        world.server.serial = 5;
        world.server.publish(&["a", "old"], shards);
        world.pass(REFRESH + 2 * SECOND);
        assert_eq!(world.knows(0, "old"), allows, "{shards:?}");
        assert!(world.knows(0, "a"));
    }
}

#[test]
fn calls_that_the_host_loses_are_given_up() {
    let mut world = World::new(1);
    world.server.publish(&["a"], None);
    world.server.latency = Duration::from_secs(100_000);
    world.pass(5 * SECOND);
    world.server.latency = Duration::from_millis(30);
    world.pass(5 * SECOND);
    assert!(world.knows(0, "a"));
}
