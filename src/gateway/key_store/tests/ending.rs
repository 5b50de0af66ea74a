//! Keys that end soon are counted and told, by the worker that polls.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::polled::Role;
use super::SECOND;
use super::world::World;
use crate::application_key::KeyDigest;
use crate::time::utc;

const DAY: Duration = Duration::from_secs(86_400);

/// A record of this name whose only secret ends so long after the beginning of the world.
fn record(world: &World, name: &str, after: Duration) -> Value {
    let digest = KeyDigest::of(name.as_bytes());
    let hex: String = digest.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let secret =
        json!({ "digest": format!("sha256:{hex}"), "expires_at": utc::written(world.now + after) });
    json!({ "name": name, "user": "u", "secrets": [secret] })
}

fn publish(world: &mut World, serial: u64, keys: &[Value]) {
    let text = json!({ "version": 1, "serial": serial, "keys": keys }).to_string();
    world.server.publish_text(&text);
}

/// The keys that end soon, as all workers together say.
fn counted(world: &World) -> Vec<usize> {
    let gauges = world.workers.iter().map(|worker| worker.polled.gauges(world.now)[3]);
    let mut counts: Vec<_> = gauges.collect();
    counts.sort_unstable();
    counts
}

#[test]
fn keys_that_end_soon_are_counted_once_and_told_when_they_change() {
    let mut world = World::new(3);
    let keys = [
        record(&world, "soon", 13 * DAY),
        record(&world, "later", 14 * DAY + 2 * Duration::from_secs(3600)),
        record(&world, "far", 90 * DAY),
    ];
    publish(&mut world, 1, &keys);
    world.pass(30 * SECOND);
    assert_eq!(counted(&world), [0, 0, 1]);
    let line =
        "application keys that end within 14 days, and have no successor: 1, among them `soon`";
    assert_eq!(world.log, [line]);
    // Time passes, and the set stays the same.
    world.pass(Duration::from_secs(4 * 3600));
    assert_eq!(counted(&world), [0, 0, 2]);
    assert_eq!(world.log.len(), 2);
    assert!(world.log[1].contains("successor: 2, among them `") && world.log[1].contains("later"));
    // Somebody has looked after one of them; the other is as before, so there is one line more.
    publish(&mut world, 2, &keys[1..]);
    world.pass(30 * SECOND);
    assert_eq!(counted(&world), [0, 0, 1]);
    assert_eq!(world.log.len(), 3);
    publish(&mut world, 3, &keys[2..]);
    world.pass(30 * SECOND);
    assert_eq!((counted(&world), world.log.len()), (vec![0, 0, 0], 3));
    // Whoever takes over tells anew.
    publish(&mut world, 4, &keys[1..]);
    world.pass(30 * SECOND);
    let leader = world.workers.iter().position(|worker| worker.polled.leads()).unwrap();
    world.workers[leader].is_dead = true;
    world.workers[leader].polled.role = Role::Follows;
    world.pass(30 * SECOND);
    assert_eq!((counted(&world), world.log.len()), (vec![0, 0, 1], 5));
}

#[test]
fn of_many_keys_that_end_soon_ten_are_named_and_all_are_counted_a_little_at_each_tick() {
    let mut world = World::new(1);
    let name = |number: usize| format!("key-{number:04}");
    let keys: Vec<_> = (0..2_500).map(|number| record(&world, &name(number), DAY)).collect();
    publish(&mut world, 1, &keys);
    world.pass(30 * SECOND);
    assert_eq!(counted(&world), [2_500]);
    let [line] = &world.log[..] else { panic!("{:?}", world.log) };
    assert!(line.contains("successor: 2500, among them `key-"), "{line}");
    assert_eq!(line.matches("`, `").count(), 9, "{line}");
    // They are counted until they end.
    world.pass(DAY - 1800 * SECOND);
    assert_eq!(counted(&world), [2_500]);
    world.pass(2 * 3600 * SECOND);
    assert_eq!((counted(&world), world.log.len()), (vec![0], 1));
}
