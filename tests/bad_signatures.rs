//! Floods of tokens with bad signatures, in the simulated world, where Rust code computes them.

#![allow(clippy::expect_used, reason = "helpers of tests")]

mod support;

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use support::{Asked, Fate, World};

const SECOND: Duration = Duration::from_secs(1);
const THROTTLED: Fate = Fate::Refused(429, "too_many_bad_tokens");
const INVALID: Fate = Fate::Refused(401, "signature_invalid");

/// A world with its keys, and one worker.
fn world() -> World {
    let mut world = World::new(1);
    world.pass(2 * SECOND);
    world
}

fn from(world: &mut World, last: u8, token: &str) -> Fate {
    from_address(world, IpAddr::from([192, 0, 2, last]), token)
}

fn from_address(world: &mut World, source: IpAddr, token: &str) -> Fate {
    world.source = Some(source);
    let request = world.request(0, "/own/x", Some(token));
    world.fate(request)
}

/// A first-seen token whose signature is bad.
fn forged(world: &World, number: u32) -> String {
    let token = world.mint.token("acme", Some(&format!("s-{number}")), world.now);
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", signature.split_at(1).1)
}

#[test]
fn a_source_may_send_two_hundred_in_ten_seconds() {
    let mut world = world();
    let known = world.mint.token("acme", None, world.now);
    assert!(matches!(from(&mut world, 1, &known), Fate::Forwarded(_)));
    for number in 0..200 {
        let token = forged(&world, number);
        assert_eq!(from(&mut world, 1, &token), INVALID, "{number}");
    }
    let token = forged(&world, 200);
    assert_eq!(from(&mut world, 1, &token), THROTTLED);
    let repeated = forged(&world, 199);
    assert_eq!(from(&mut world, 1, &repeated), INVALID, "a repeated one costs nothing");
    let fresh = world.mint.token("acme", None, world.now + SECOND);
    assert_eq!(from(&mut world, 1, &fresh), THROTTLED, "it cannot be told from a forged one");

    assert!(matches!(from(&mut world, 1, &known), Fate::Forwarded(_)), "a verified token passes");
    assert!(matches!(from(&mut world, 2, &fresh), Fate::Forwarded(_)), "another source");
    world.pass(10 * SECOND);
    assert_eq!(from(&mut world, 1, &token), INVALID);
}

#[test]
fn a_flood_from_two_sources_leaves_the_worker_to_the_others() {
    let mut world = world();
    for number in 0..278 {
        let token = forged(&world, number);
        assert_eq!(from(&mut world, 1 + u8::from(number % 2 == 1), &token), INVALID, "{number}");
    }
    let token = forged(&world, 278);
    assert_eq!(from(&mut world, 1, &token), THROTTLED);
    assert_eq!(from(&mut world, 2, &token), THROTTLED);
    assert_eq!(from(&mut world, 3, &token), INVALID, "its first failure");
    let token = forged(&world, 279);
    assert_eq!(from(&mut world, 3, &token), THROTTLED);
    let valid = world.mint.token("acme", None, world.now);
    assert!(matches!(from(&mut world, 4, &valid), Fate::Forwarded(_)));
    world.pass(SECOND);
    assert_eq!(from(&mut world, 1, &token), INVALID);
    assert_eq!(world.provider.count(&Asked::Keys), 1, "bad signatures fetch nothing");
}

#[test]
fn a_flood_from_more_sources_than_are_held_leaves_half_of_the_worker() {
    let mut world = world();
    let known = world.mint.token("acme", None, world.now);
    assert!(matches!(from(&mut world, 1, &known), Fate::Forwarded(_)));
    let token = forged(&world, 0);
    let network = |number: u32| IpAddr::from(Ipv6Addr::from(u128::from(number) << 64));
    for number in 1..=1025 {
        // Each network its own token: a repeated one would cost nothing.
        let token = forged(&world, number);
        assert_eq!(from_address(&mut world, network(number), &token), INVALID, "{number}");
    }
    assert_eq!(from_address(&mut world, network(2000), &token), THROTTLED);
    let fresh = world.mint.token("acme", None, world.now + SECOND);
    assert_eq!(from(&mut world, 1, &fresh), THROTTLED, "nobody knows who has failed");
    assert!(matches!(from(&mut world, 1, &known), Fate::Forwarded(_)), "a verified token passes");

    world.pass(SECOND);
    for number in 2001..=2556 {
        let token = forged(&world, number);
        assert_eq!(from_address(&mut world, network(number), &token), INVALID, "{number}");
    }
    assert_eq!(from_address(&mut world, network(3000), &token), THROTTLED, "500 ms of a second");
    world.pass(10 * SECOND);
    assert!(matches!(from(&mut world, 1, &fresh), Fate::Forwarded(_)));
}
