//! What goes wrong with some shards, or with the index, takes nothing away from the others.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::KeysFound;
use super::world::{Answer, MAX_STALE, REFRESH, World, answer, store};
use crate::application_key::{Document, KeyDigest};
use crate::message::CallFailure;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn one_shard_that_fails_makes_looks_at_the_others_no_rarer() {
    let failures: [Answer; 3] =
        [answer(404, ""), Ok((503, Some(300), String::new())), Err(CallFailure::Interrupted)];
    for failure in failures {
        let mut with = store();
        with.max_stale = Duration::from_secs(86_400);
        let mut world = World::of(vec![with]);
        let keys: Vec<_> = (0..64).map(|n| format!("key {n}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        world.server.publish(&keys, Some(16));
        world.pass(2 * SECOND);
        world.server.publish(&[], Some(16));
        world.server.publish(&keys, Some(16));
        world.server.fail_at("/keys/03", failure);
        world.pass(Duration::from_secs(300));
        world.server.asked.clear();
        world.pass(Duration::from_secs(300));
        let looks = world.server.asked.iter().filter(|asked| asked.path == "/keys?x=1").count();
        assert!((25..=45).contains(&looks), "{looks} in five minutes");
    }
}

#[test]
fn a_shard_that_cannot_be_read_keeps_no_end_of_another_key_from_taking_effect() {
    let keys: Vec<_> = (0..64).map(|n| format!("key {n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let bad: [Answer; 4] = [
        answer(200, "<html>"),
        answer(404, ""),
        answer(200, r#"{"version":1,"serial":0,"keys":[]}"#),
        Err(CallFailure::Interrupted),
    ];
    for bad in bad {
        let mut world = World::new(3);
        world.server.publish(&keys, Some(16));
        world.pass(3 * SECOND);
        world.server.publish(&[], Some(16));
        world.server.fail_at("/keys/03", bad);
        world.pass(REFRESH + 2 * SECOND);
        for worker in 0..3 {
            let left = keys.iter().filter(|key| world.knows(worker, key)).count();
            assert!((1..=12).contains(&left), "{left} of 64 are left, those of one shard");
        }
        world.pass(MAX_STALE);
        assert!(keys.iter().all(|key| !world.knows(0, key)), "in the end all are too old");
        assert!(matches!(world.found(0), KeysFound::Failed { .. }));
        world.server.recover();
        world.pass(Duration::from_secs(32));
        assert!(matches!(world.found(0), KeysFound::Ready(_)));
    }
}

#[test]
fn shards_that_were_each_read_in_another_look_are_a_set() {
    let keys: Vec<_> = (0..64).map(|n| format!("key {n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for workers in [1, 3] {
        let mut world = World::new(workers);
        world.server.publish(&keys, Some(16));
        world.server.fail_at("/keys/03", answer(503, ""));
        world.pass(MAX_STALE + 30 * SECOND);
        assert!(!matches!(world.found(0), KeysFound::Ready(_)), "a shard has never come");
        world.server.recover();
        world.server.publish(&keys[1..], Some(16));
        let changed = KeyDigest::of(keys[0].as_bytes()).as_bytes()[0] >> 4;
        assert_ne!(changed, 3, "another shard than the one that comes");
        world.server.fail_at(&format!("/keys/{changed:02x}"), answer(503, ""));
        world.pass(32 * SECOND);
        for worker in 0..workers {
            let known = keys.iter().filter(|key| world.knows(worker, key)).count();
            assert_eq!(known, 64, "the last that was read of each shard");
        }
        // What was not confirmed for so long makes all too old.
        world.pass(MAX_STALE);
        for worker in 0..workers {
            assert!(matches!(world.found(worker), KeysFound::Failed { .. }));
        }
    }
}

#[test]
fn an_index_of_which_nothing_can_be_had_keeps_no_later_one_away() {
    for shards in [1, 4, 16] {
        let mut world = World::new(2);
        world.server.publish(&["a"], Some(4));
        world.pass(2 * SECOND);
        let stray = vec![json!({ "etag": "\"stray\"", "serial": 7 }); shards];
        let stray = json!({ "version": 1, "serial": 1_000_000, "shards": stray });
        let good = world.server.documents.clone();
        world.server.publish_text(&stray.to_string());
        world.server.fail_at("/keys/", answer(404, ""));
        world.pass(REFRESH + 2 * SECOND);
        world.server.recover();
        world.server.documents = good;
        world.server.publish(&["b"], Some(4));
        world.pass(REFRESH + 4 * SECOND);
        for worker in 0..2 {
            assert!(!world.knows(worker, "a") && world.knows(worker, "b"), "{shards} shards");
        }
    }
}

#[test]
fn an_index_of_which_something_was_had_keeps_earlier_ones_away() {
    let mut world = World::new(1);
    world.server.serial = 10;
    world.server.publish(&["a"], Some(4));
    world.pass(2 * SECOND);
    let old = world.server.documents.clone();
    // `b` is in shard 0, `h` in 2, and the others in 3.
    world.server.publish(&["a", "b", "g", "h", "i"], Some(4));
    world.server.fail_at("/keys/00", answer(404, ""));
    let known = |world: &World| ["b", "g", "h", "i"].map(|key| world.knows(0, key));
    world.pass(REFRESH + 2 * SECOND);
    assert_eq!(known(&world), [false, true, true, true]);
    world.server.recover();
    world.server.documents = old;
    world.pass(REFRESH + 2 * SECOND);
    assert_eq!(known(&world), [false, true, true, true], "{:?}", world.log);
}

#[test]
fn another_server_of_the_same_keys_may_count_the_changes_of_its_shards_otherwise() {
    for shards in [1, 4] {
        let mut world = World::new(2);
        world.server.serial = 50;
        world.server.publish(&["a", "b", "c"], Some(shards));
        world.pass(2 * SECOND);
        // It began to count later: lower serials of shards, and other tags.
        world.server.documents.clear();
        world.server.serial = 3;
        world.server.publish(&["b", "c"], Some(shards));
        let (_, index) = world.server.documents["/keys?x=1"].clone();
        let mut index: Value = serde_json::from_str(&index).unwrap();
        index["serial"] = json!(52);
        world.server.publish_text(&index.to_string());
        world.pass(REFRESH + 4 * SECOND);
        for worker in 0..2 {
            assert!(!world.knows(worker, "a") && world.knows(worker, "b"), "{shards} shards");
        }
        assert_eq!(world.log, Vec::<String>::new());
    }
}

#[test]
fn a_shard_older_than_its_index_says_is_read_later() {
    let mut world = World::new(1);
    world.server.publish(&["a"], Some(1));
    world.pass(2 * SECOND);
    let old = world.server.documents["/keys/00?x=1"].clone();
    world.server.publish(&["b"], Some(1));
    let new = world.server.documents.insert("/keys/00?x=1".to_owned(), old).unwrap();
    world.pass(REFRESH + 2 * SECOND);
    assert!(world.knows(0, "a") && !world.knows(0, "b"));
    world.server.documents.insert("/keys/00?x=1".to_owned(), new);
    world.pass(REFRESH + 2 * SECOND);
    assert!(!world.knows(0, "a") && world.knows(0, "b"));
}

#[test]
fn a_shard_of_more_records_than_a_server_should_make_is_taken_up_to_its_bytes() {
    let keys: Vec<_> = (0..1_500).map(|n| format!("key {n}")).collect();
    let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut world = World::new(2);
    world.server.publish(&keys, Some(1));
    world.pass(5 * SECOND);
    assert!((0..2).all(|worker| world.knows(worker, "key 0") && world.knows(worker, "key 1499")));
    // So an end takes effect in it, too.
    keys.pop();
    world.server.publish(&keys, Some(1));
    world.pass(REFRESH + 2 * SECOND);
    for worker in 0..2 {
        assert!(world.knows(worker, "key 0") && !world.knows(worker, "key 1499"));
    }
    // One byte too many, and what was read before stays.
    let (tag, good) = world.server.documents["/keys/00?x=1"].clone();
    let versions = |world: &World| -> Vec<_> {
        world.workers.iter().map(|worker| worker.polled.slots.0[0].version).collect()
    };
    let padded = |length: usize| format!("{}{good}", " ".repeat(length - good.len()));
    for (length, taken) in [(Document::SHARD_LIMIT + 1, false), (Document::SHARD_LIMIT, true)] {
        let before = versions(&world);
        let mut index: Value =
            serde_json::from_str(&world.server.documents["/keys?x=1"].1).unwrap();
        let changed = format!("{}-{taken}\"", tag.trim_end_matches('"'));
        index["shards"][0]["etag"] = json!(changed);
        world.server.publish_text(&index.to_string());
        world.server.documents.insert("/keys/00?x=1".to_owned(), (changed, padded(length)));
        world.pass(REFRESH + 4 * SECOND);
        assert_eq!(versions(&world) != before, taken, "{length} bytes: {:?}", world.log);
        assert!(world.knows(0, "key 0"));
    }
}
