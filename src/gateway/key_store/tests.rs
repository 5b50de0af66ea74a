//! Workers of one process, a store that answers as it is told, and a clock that is turned by hand.

mod ending;
mod faults;
mod shards;
mod sharing;
mod world;

use std::sync::Arc;
use std::time::Duration;

use self::world::{REFRESH, World, store};
use super::KeysFound;
use crate::message::Endpoint;
use crate::telemetry::{Fetch, Metric};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn one_worker_asks_at_once_and_all_know_the_keys_a_second_later() {
    for shards in [None, Some(1), Some(4), Some(32)] {
        let mut world = World::new(4);
        world.server.publish(&["a", "b", "c"], shards);
        assert!(matches!(world.found(0), KeysFound::Missing));
        world.pass(SECOND + Duration::from_millis(500));
        for worker in 0..4 {
            assert!(["a", "b", "c"].iter().all(|key| world.knows(worker, key)), "{shards:?}");
            assert!(!world.knows(worker, "d"));
        }
        let indexes = world.server.asked.iter().filter(|asked| asked.path == "/keys?x=1").count();
        assert_eq!(indexes, 1, "one worker asks");
    }
}

#[test]
fn a_store_that_says_304_is_asked_again_and_again_by_one_worker_and_keeps_its_keys_fresh() {
    let mut world = World::new(4);
    world.server.publish(&["a"], Some(4));
    world.pass(2 * SECOND);
    world.server.asked.clear();
    world.pass(Duration::from_secs(3600));
    let asked = &world.server.asked;
    assert!((360..=450).contains(&asked.len()), "{} in an hour", asked.len());
    assert!(asked.iter().all(|asked| asked.path == "/keys?x=1" && asked.tag.is_some()));
    for pair in asked.windows(2) {
        let between = pair[1].at.since(pair[0].at);
        let range = Duration::from_millis(7990)..=REFRESH;
        assert!(range.contains(&between), "{between:?} between two looks");
    }
    assert_eq!(world.count(Metric::KeyStoreUnchanged), asked.len());
    assert!((0..4).all(|worker| world.knows(worker, "a")));
    assert_eq!(world.log, Vec::<String>::new());
}

#[test]
fn an_end_of_a_key_is_known_to_all_workers_two_seconds_after_a_refresh_at_the_latest() {
    let within = REFRESH + 2 * SECOND;
    let mut worst = Duration::ZERO;
    for shards in [None, Some(32)] {
        let mut world = World::new(4);
        world.server.publish(&["a", "b"], shards);
        world.pass(2 * SECOND);
        for round in 0..40 {
            // Each time at another moment between two looks.
            world.pass(REFRESH + 2 * SECOND + Duration::from_millis(257 * round));
            assert!((0..4).all(|worker| world.knows(worker, "a")));
            world.server.publish(&["b"], shards);
            let ended_at = world.now;
            while (0..4).any(|worker| world.knows(worker, "a")) {
                world.pass(Duration::from_millis(10));
                let took = world.now.since(ended_at);
                worst = worst.max(took);
                assert!(took <= within, "{took:?}");
            }
            assert!((0..4).all(|worker| world.knows(worker, "b")));
            world.server.publish(&["a", "b"], shards);
        }
    }
    assert!(worst > REFRESH - 2 * SECOND, "the test met no bad moment: {worst:?}");
}

#[test]
fn twenty_thousand_keys_in_32_shards_are_read_and_of_a_change_one_shard() {
    let keys: Vec<_> = (0..20_000).map(|n| format!("key {n}")).collect();
    let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut world = World::new(2);
    world.server.publish(&keys, Some(32));
    let end = world.now + 8 * SECOND;
    while world.now < end {
        world.pass(Duration::from_millis(5));
        for worker in 0..2 {
            let found = world.found(worker);
            assert!(!matches!(found, KeysFound::Failed { .. }), "nothing has failed");
        }
    }
    assert_eq!(world.log, Vec::<String>::new());
    for worker in 0..2 {
        let KeysFound::Ready(set) = world.found(worker) else { panic!("no keys") };
        assert_eq!((set.valid(), set.invalid(), set.blocks().len()), (20_000, 0, 32));
        assert!(keys.iter().step_by(97).all(|key| world.knows(worker, key)));
    }
    assert_eq!(world.server.asked.len(), 33);
    assert!(world.most_calls <= 3, "{} calls at once", world.most_calls);
    world.pass(REFRESH);
    world.server.asked.clear();
    let gone = keys.remove(77);
    world.server.publish(&keys, Some(32));
    world.pass(REFRESH + 2 * SECOND);
    assert!((0..2).all(|worker| !world.knows(worker, gone)));
    let asked = world.server.asked.iter().filter(|asked| asked.path != "/keys?x=1").count();
    assert_eq!(asked, 1, "one shard has changed");
}

#[test]
fn a_store_may_spread_its_keys_in_another_way() {
    let mut world = World::new(3);
    let keys = ["a", "b", "c", "d"];
    for shards in [None, Some(4), Some(32), Some(1), None, Some(256), Some(2)] {
        world.server.publish(&keys, shards);
        world.pass(REFRESH + 4 * SECOND);
        for worker in 0..3 {
            assert!(keys.iter().all(|key| world.knows(worker, key)), "{shards:?}");
            let KeysFound::Ready(set) = world.found(worker) else { panic!("no keys") };
            assert_eq!(set.blocks().len(), shards.unwrap_or(1));
        }
    }
    assert_eq!(world.log, Vec::<String>::new());
}

#[test]
fn calls_carry_what_the_store_expects_and_shards_stand_behind_the_path() {
    let mut world = World::new(1);
    world.server.publish(&["a"], Some(256));
    world.pass(7 * SECOND);
    let asked = &world.server.asked;
    assert!(asked.iter().all(|asked| asked.authorization.as_deref() == Some("Bearer store")));
    for path in ["/keys/00?x=1", "/keys/0a?x=1", "/keys/ff?x=1"] {
        assert_eq!(asked.iter().filter(|asked| asked.path == path).count(), 1, "{path}");
    }
    assert_eq!(asked.iter().filter(|asked| asked.tag.is_some()).count(), 0, "nothing was held");
}

#[test]
fn keys_of_the_configuration_are_used_until_the_store_has_answered() {
    let with = |world: &mut World| {
        let KeysFound::Ready(set) = world.found(0) else { panic!("no keys") };
        for worker in &mut world.workers {
            worker.store.initial = Some(set.clone());
        }
    };
    let mut other = World::new(1);
    other.server.publish(&["first"], None);
    other.pass(2 * SECOND);
    with(&mut other);
    let initial = other.workers.remove(0).store.initial;
    let mut world = World::new(1);
    world.workers[0].store.initial = initial;
    world.server.fail(503);
    world.pass(2 * SECOND);
    assert!(world.knows(0, "first"));
    world.server.recover();
    world.server.publish(&["second"], None);
    world.pass(REFRESH);
    assert!(!world.knows(0, "first") && world.knows(0, "second"));
}

#[test]
fn keys_of_the_configuration_are_used_until_all_shards_are_there() {
    let mut other = World::new(1);
    other.server.publish(&["first"], None);
    other.pass(2 * SECOND);
    let KeysFound::Ready(initial) = other.found(0) else { panic!("no keys") };
    let keys: Vec<_> = (0..2_000).map(|n| format!("key {n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for workers in [1, 2] {
        let mut world = World::new(workers);
        for worker in &mut world.workers {
            worker.store.initial = Some(Arc::clone(&initial));
        }
        world.server.publish(&keys, Some(16));
        for _ in 0..1_000 {
            world.pass(Duration::from_millis(5));
            for worker in 0..workers {
                let knows = [world.knows(worker, "first"), world.knows(worker, "key 7")];
                assert!(knows[0] != knows[1], "those of the configuration, or those of the store");
            }
        }
        assert!((0..workers).all(|worker| world.knows(worker, "key 7")));
        assert_eq!(world.log, Vec::<String>::new());
    }
}

#[test]
fn the_worker_that_polls_alone_moves_the_gauges() {
    let mut world = World::new(4);
    world.server.publish_text(
        r#"{"version":1,"serial":1,"keys":[{"name":"a","user":"u","secrets":[]},{"name":"b"}]}"#,
    );
    world.pass(2 * SECOND);
    let gauges: Vec<_> =
        world.workers.iter().map(|worker| worker.polled.gauges(world.now)).collect();
    assert_eq!(gauges.iter().map(|[valid, ..]| valid).sum::<usize>(), 1);
    assert_eq!(gauges.iter().map(|[_, invalid, ..]| invalid).sum::<usize>(), 1);
    world.server.fail(500);
    world.pass(30 * SECOND);
    let ages = world.workers.iter().map(|worker| worker.polled.gauges(world.now)[2]);
    assert!((20..=32).contains(&ages.sum::<usize>()));
    assert!(world.count(Metric::FetchFailed(Fetch::KeyStore)) > 2);
}

#[test]
fn two_stores_have_two_meanings() {
    let base = super::polled::meaning(&store());
    let changed: [fn(&mut crate::config::RemoteStore); 7] = [
        |store| store.endpoint = Endpoint { path: "/other".into(), ..store.endpoint.clone() },
        |store| store.endpoint = Endpoint { cluster: "o".into(), ..store.endpoint.clone() },
        |store| store.authorization = None,
        |store| store.rules.tenants = None,
        |store| store.rules.most = 7,
        |store| store.refresh = 2 * REFRESH,
        |store| store.allows_rollback = true,
    ];
    for change in changed {
        let mut other = store();
        change(&mut other);
        assert_ne!(super::polled::meaning(&other), base);
    }
    let mut same = store();
    (same.max_stale, same.keeps_stale, same.timeout) = (SECOND, true, SECOND);
    assert_eq!(super::polled::meaning(&same), base, "what each worker decides for itself");
}
