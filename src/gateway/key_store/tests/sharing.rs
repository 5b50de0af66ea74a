//! Workers that share what they find, and what else lies in the shared data.

use std::time::Duration;

use super::super::KeysFound;
use super::world::{MAX_STALE, REFRESH, World, store};
use crate::message::Endpoint;
use crate::shared::{KeyBoard, KeyBoards};

const SECOND: Duration = Duration::from_secs(1);
const ALL: [&str; 4] = ["a", "b", "c", "d"];

/// Who polls, by whose call came last.
fn kill_leader(world: &mut World) -> usize {
    let leads = |worker: &super::world::Worker| !worker.is_dead && worker.polled.leads();
    let leader = world.workers.iter().position(leads).unwrap();
    world.workers[leader].is_dead = true;
    leader
}

#[test]
fn when_the_worker_that_polls_dies_another_one_goes_on_with_what_is_known() {
    for shards in [None, Some(8)] {
        let mut world = World::new(4);
        world.server.publish(&ALL, shards);
        world.pass(5 * SECOND);
        let dead = kill_leader(&mut world);
        world.server.asked.clear();
        world.pass(REFRESH + 5 * SECOND);
        let asked = &world.server.asked;
        assert!(!asked.is_empty() && asked.iter().all(|asked| asked.tag.is_some()), "{asked:?}");
        let dead_too = kill_leader(&mut world);
        world.server.publish(&["b"], shards);
        world.pass(REFRESH + 5 * SECOND);
        for worker in (0..4).filter(|worker| ![dead, dead_too].contains(worker)) {
            assert!(!world.knows(worker, "a") && world.knows(worker, "b"));
        }
    }
}

#[test]
fn when_the_worker_that_polls_dies_at_any_moment_of_a_change_nothing_is_lost() {
    for millis in (0..1500).step_by(25) {
        let mut world = World::new(3);
        world.server.publish(&ALL, Some(8));
        world.pass(Duration::from_millis(millis));
        if world.workers.iter().any(|worker| worker.polled.leads()) {
            kill_leader(&mut world);
        }
        world.server.publish(&["b", "c"], Some(8));
        world.pass(REFRESH + 8 * SECOND);
        for worker in (0..3).filter(|worker| !world.workers[*worker].is_dead) {
            let known: Vec<_> = ALL.iter().filter(|key| world.knows(worker, key)).collect();
            assert_eq!(known, [&"b", &"c"], "after {millis} ms");
        }
    }
}

#[test]
fn a_worker_that_starts_takes_what_is_there_and_asks_nobody() {
    let mut world = World::new(2);
    world.server.publish(&ALL, Some(16));
    world.pass(5 * SECOND);
    world.server.fail(500);
    world.start(store());
    world.pass(2 * SECOND);
    assert!(world.knows(2, "a") && world.knows(2, "d"));
}

#[test]
fn where_nothing_can_be_shared_each_worker_asks_for_itself() {
    let mut world = World::new(3);
    world.shared.is_full = true;
    world.server.publish(&ALL, Some(4));
    world.pass(2 * SECOND);
    assert!((0..3).all(|worker| world.knows(worker, "a")));
    let count =
        |world: &World| world.server.asked.iter().filter(|asked| asked.path == "/keys?x=1").count();
    assert_eq!(count(&world), 3);
    world.pass(6 * REFRESH);
    assert!((18..=27).contains(&(count(&world) - 3)), "{}", count(&world));
    world.server.publish(&["b"], Some(4));
    world.pass(REFRESH + SECOND);
    assert!((0..3).all(|worker| !world.knows(worker, "a") && world.knows(worker, "b")));
    // Room is found: they come together.
    world.shared.is_full = false;
    world.pass(REFRESH);
    world.server.asked.clear();
    world.pass(6 * REFRESH);
    assert!((6..=9).contains(&count(&world)), "{}", count(&world));
}

#[test]
fn two_configurations_in_one_process_do_not_meet() {
    // More than there are places.
    for count in [2, 6] {
        let stores = (0..2 * count).map(|n| {
            let mut store = store();
            let path = format!("/keys-{}", n % count);
            store.endpoint = Endpoint { path: path.into(), ..store.endpoint };
            store
        });
        let mut world = World::of(stores.collect());
        for n in 0..count {
            world.server.publish(&[&format!("of {n}"), "all"], None);
            let document = world.server.documents["/keys?x=1"].clone();
            world.server.documents.insert(format!("/keys-{n}"), document);
        }
        for _ in 0..20 {
            world.pass(3 * SECOND);
            for worker in 0..2 * count {
                assert!(world.knows(worker, "all"));
                for n in 0..count {
                    assert_eq!(world.knows(worker, &format!("of {n}")), n == worker % count);
                }
            }
        }
        let boards = world.shared.values.keys().filter(|key| key.ends_with("/board")).count();
        assert_eq!(boards, count.min(4));
        assert!(world.log.is_empty(), "{:?}", world.log);
        // One configuration goes: another one has its place.
        for (n, worker) in world.workers.iter_mut().enumerate() {
            worker.is_dead = n % count == 0;
        }
        world.pass(5 * SECOND);
        world.server.asked.clear();
        world.pass(10 * REFRESH);
        let asked = world.server.asked.iter().filter(|asked| asked.path == "/keys-1").count();
        assert!((10..=14).contains(&asked), "one of two workers asks: {asked}");
    }
}

#[test]
fn a_new_configuration_of_the_same_meaning_goes_on_with_the_keys() {
    let mut world = World::new(2);
    world.server.publish(&ALL, None);
    world.pass(5 * SECOND);
    let mut longer = store();
    longer.max_stale = 2 * longer.max_stale;
    world.start(longer);
    world.workers[0].is_dead = true;
    world.workers[1].is_dead = true;
    world.server.fail(500);
    world.pass(2 * SECOND);
    assert!(world.knows(2, "a"));
}

#[test]
fn a_flipped_bit_in_the_shared_data_is_never_taken_for_keys_and_heals() {
    let mut world = World::new(2);
    world.server.publish(&["a", "b"], Some(2));
    world.pass(3 * SECOND);
    let values = world.shared.values.clone();
    let KeysFound::Ready(good) = world.found(0) else { panic!("no keys") };
    let good: Vec<_> = good.blocks().iter().map(|block| block.bytes().to_vec()).collect();
    let mut taken = 0;
    for (key, (value, _)) in &values {
        for bit in (0..8 * value.len()).step_by(7) {
            let mut world = World::new(1);
            world.now = world.now + 3 * SECOND;
            for (key, (value, _)) in &values {
                world.shared.tamper(key, value.clone());
            }
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            world.shared.tamper(key, flipped);
            world.server.fail(500);
            world.pass(SECOND);
            if let KeysFound::Ready(set) = world.found(0) {
                let blocks = set.blocks().iter().map(|block| block.bytes());
                assert!(blocks.eq(good.iter().map(Vec::as_slice)), "{key} bit {bit}");
                taken += 1;
            }
        }
    }
    assert_eq!(taken, 0, "whatever is flipped, the set is not whole");
    // In a process that runs, the worker that polls writes anew what the other cannot read.
    for (key, (value, _)) in &values {
        let mut world = World::new(2);
        world.server.publish(&["a", "b"], Some(2));
        world.pass(3 * SECOND);
        let mut flipped = value.clone();
        flipped[40] ^= 1;
        world.shared.tamper(key, flipped);
        world.start(store());
        world.pass(8 * SECOND);
        assert!((0..3).all(|worker| world.knows(worker, "a") && world.knows(worker, "b")), "{key}");
        world.server.publish(&["b"], Some(2));
        world.pass(REFRESH + 2 * SECOND);
        assert!((0..3).all(|worker| !world.knows(worker, "a")), "{key}");
    }
}

/// Changes the board as another worker could.
fn change_board(world: &mut World, change: impl Fn(&mut KeyBoard)) {
    let meaning = super::super::polled::meaning(&store());
    let spot = KeyBoards.find(&meaning, world.now, &mut world.shared).unwrap();
    let mut board = spot.board.clone().unwrap();
    change(&mut board);
    KeyBoards.write(&spot, &board, &mut world.shared).unwrap();
}

#[test]
fn a_shard_that_was_taken_off_the_board_comes_back_when_another_worker_polls() {
    // What is held is what stood there, and the store cannot be asked; or it may be older, and the store is.
    for is_same in [true, false] {
        let mut world = World::new(2);
        world.server.publish(&ALL, Some(4));
        world.pass(5 * SECOND);
        kill_leader(&mut world);
        change_board(&mut world, |board| {
            for posted in &mut board.shards {
                posted.version = 0;
                posted.tag = if is_same { posted.tag } else { [9; 16] };
            }
        });
        world.server.asked.clear();
        if is_same {
            world.server.fail(500);
        }
        world.start(store());
        world.pass(6 * SECOND);
        assert!(ALL.iter().all(|key| world.knows(2, key)), "{is_same}");
        let asked = world.server.asked.iter().filter(|asked| asked.path != "/keys?x=1").count();
        assert_eq!(asked, if is_same { 0 } else { 4 });
    }
}

#[test]
fn a_shard_in_which_nothing_could_be_read_is_looked_for_at_once_in_another_version() {
    let mut world = World::new(2);
    world.server.publish(&ALL, Some(4));
    world.pass(5 * SECOND);
    let now = world.now;
    let polled = &mut world.workers[1].polled;
    assert!(!polled.is_busy());
    polled.board.shards[2].version = 99;
    for (missed, is_busy) in [(None, true), (Some((7, now)), true), (Some((99, now)), false)] {
        polled.slots.0[2].missed = missed;
        assert_eq!(polled.is_busy(), is_busy, "{missed:?}");
    }
}

#[test]
fn shards_that_are_not_there_hold_no_others_up_and_come_in_the_end() {
    let mut world = World::new(1);
    world.server.publish(&ALL, Some(64));
    world.pass(5 * SECOND);
    for shard in 0..48 {
        let key = world.shared.values.keys().find(|key| key.ends_with(&format!("/{shard}")));
        let key = key.unwrap().clone();
        world.shared.tamper(&key, Vec::new());
    }
    world.start(store());
    world.pass(SECOND);
    let slots = &world.workers[1].polled.slots.0;
    let held: Vec<_> = slots.iter().map(|slot| slot.block.is_some()).collect();
    assert_eq!(held, [vec![false; 48], vec![true; 16]].concat());
    world.pass(20 * SECOND);
    assert!(ALL.iter().all(|key| world.knows(1, key)));
}

#[test]
fn a_worker_that_can_write_nothing_ends_looks_that_last_longer_than_a_tick() {
    let mut world = World::new(3);
    world.server.publish(&ALL, Some(2));
    world.pass(5 * SECOND);
    kill_leader(&mut world);
    world.shared.is_full = true;
    world.server.latency = Duration::from_millis(1500);
    world.server.publish(&["b"], Some(2));
    world.pass(REFRESH + 12 * SECOND);
    let alive: Vec<_> = (0..3).filter(|worker| !world.workers[*worker].is_dead).collect();
    let know = |world: &World, key| alive.iter().filter(|at| world.knows(**at, key)).count();
    assert_eq!((know(&world, "a"), know(&world, "b")), (0, 2));
    // What each finds alone counts for it: keys are as good as its last look, long after the last one that was shared.
    world.pass(2 * MAX_STALE);
    assert_eq!((know(&world, "a"), know(&world, "b")), (0, 2));
    // Room is found: they come together, with what is new.
    world.shared.is_full = false;
    world.server.latency = Duration::from_millis(30);
    world.server.publish(&["c"], Some(2));
    world.pass(REFRESH + 5 * SECOND);
    assert_eq!((know(&world, "b"), know(&world, "c")), (0, 2));
    assert_eq!(alive.iter().filter(|worker| world.workers[**worker].polled.leads()).count(), 1);
    assert_eq!(world.log, Vec::<String>::new());
}

#[test]
fn a_key_that_ended_while_nothing_could_be_written_stays_ended_when_room_is_found() {
    for (fails, shards) in [(false, Some(2)), (false, None), (true, Some(2)), (true, None)] {
        let mut world = World::new(3);
        world.server.publish(&ALL, shards);
        world.pass(5 * SECOND);
        kill_leader(&mut world);
        world.shared.is_full = true;
        world.server.publish(&["b"], shards);
        world.pass(REFRESH + 5 * SECOND);
        if fails {
            world.server.fail(500);
        }
        // The board still says what was good before.
        world.shared.is_full = false;
        for step in 0..500 {
            world.pass(Duration::from_millis(20));
            for worker in (0..3).filter(|worker| !world.workers[*worker].is_dead) {
                assert!(!world.knows(worker, "a"), "{fails} {shards:?} step {step}");
                assert!(world.knows(worker, "b"), "{fails} {shards:?} step {step}");
            }
        }
        let leads = world.workers.iter().filter(|worker| !worker.is_dead && worker.polled.leads());
        assert_eq!(leads.count(), 1);
        // Who comes later takes what was found alone.
        world.start(store());
        world.pass(2 * SECOND);
        assert!(!world.knows(3, "a") && world.knows(3, "b"), "{fails} {shards:?}");
    }
}

#[test]
fn the_keys_of_the_shared_data_are_a_fixed_set() {
    let mut world = World::new(2);
    for shards in [256, 2, 64, 256] {
        world.server.publish(&ALL, Some(shards));
        world.pass(REFRESH + 5 * SECOND);
    }
    assert_eq!(world.shared.values.len(), 257);
    assert!(world.shared.values.keys().all(|key| key.starts_with("tenantgate/2/appkeys/")));
}

#[test]
fn a_new_worker_that_could_write_nothing_at_first_takes_what_a_dead_one_has_posted() {
    for shards in [Some(2), None] {
        let mut world = World::new(1);
        world.server.publish(&ALL, shards);
        world.pass(5 * SECOND);
        kill_leader(&mut world);
        world.server.fail(500);
        world.shared.is_full = true;
        world.start(store());
        // The lease of the dead one ends meanwhile.
        world.pass(REFRESH + 5 * SECOND);
        world.shared.is_full = false;
        world.pass(5 * SECOND);
        assert!(ALL.iter().all(|key| world.knows(1, key)), "{shards:?} {:?}", world.log);
        assert!(world.workers[1].polled.leads());
    }
}
