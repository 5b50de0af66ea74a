use std::net::Ipv6Addr;

use super::*;
use crate::config::Limits;

const START: Timestamp = Timestamp::from_seconds(1_000_000);
const PER_SOURCE: usize = 200;
const WORKER_TIME: Duration = Duration::from_millis(250);
const CEILING: Duration = Duration::from_millis(500);
/// So little that the worker's own budget takes no part.
const CHEAP: Duration = Duration::from_micros(1);

fn abuse() -> Abuse {
    Abuse::new(Limits::default().bad_signatures)
}

fn v4(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn v6(text: &str) -> IpAddr {
    IpAddr::V6(text.parse::<Ipv6Addr>().unwrap())
}

fn fail(abuse: &mut Abuse, source: IpAddr, times: usize, now: Timestamp) {
    (0..times).for_each(|_| abuse.failed(Some(source), CHEAP, now));
}

fn is_throttled(abuse: &mut Abuse, source: IpAddr, now: Timestamp) -> bool {
    abuse.throttled(|| Some(source), now).is_some()
}

#[test]
fn a_source_is_throttled_after_its_last_bad_signature_and_others_are_not() {
    let mut abuse = abuse();
    fail(&mut abuse, v4(1), PER_SOURCE - 1, START);
    assert!(!is_throttled(&mut abuse, v4(1), START));
    fail(&mut abuse, v4(1), 1, START);
    assert_eq!(abuse.throttled(|| Some(v4(1)), START), Some(SOURCE_WINDOW));
    assert!(!is_throttled(&mut abuse, v4(2), START));
}

#[test]
fn a_source_recovers_when_its_window_ends_to_the_millisecond() {
    let mut abuse = abuse();
    fail(&mut abuse, v4(1), 1, START);
    let later = START + Duration::from_secs(9);
    fail(&mut abuse, v4(1), PER_SOURCE - 1, later);
    let last = (START + SOURCE_WINDOW).before(Duration::from_millis(1));
    assert_eq!(abuse.throttled(|| Some(v4(1)), last), Some(Duration::from_millis(1)));
    let end = START + SOURCE_WINDOW;
    assert!(!is_throttled(&mut abuse, v4(1), end));
    fail(&mut abuse, v4(1), PER_SOURCE - 1, end);
    assert!(!is_throttled(&mut abuse, v4(1), end), "a new window begins");
}

#[test]
fn the_time_of_the_worker_throttles_those_that_failed_and_nobody_else() {
    let mut abuse = abuse();
    abuse.failed(Some(v4(1)), WORKER_TIME - CHEAP, START);
    assert!(!is_throttled(&mut abuse, v4(1), START));
    abuse.failed(Some(v4(2)), CHEAP, START);
    assert_eq!(abuse.throttled(|| Some(v4(1)), START), Some(WORKER_WINDOW));
    assert!(is_throttled(&mut abuse, v4(2), START));
    assert!(!is_throttled(&mut abuse, v4(3), START), "it never failed");
    let last = (START + WORKER_WINDOW).before(Duration::from_millis(1));
    assert!(is_throttled(&mut abuse, v4(1), last));
    assert!(!is_throttled(&mut abuse, v4(1), START + WORKER_WINDOW));
}

#[test]
fn a_network_of_ipv6_is_one_source_and_a_mapped_address_is_ipv4() {
    let mut abuse = abuse();
    fail(&mut abuse, v6("2001:db8:0:1::1"), PER_SOURCE, START);
    assert!(is_throttled(&mut abuse, v6("2001:db8:0:1:ffff::2"), START));
    assert!(!is_throttled(&mut abuse, v6("2001:db8:0:2::1"), START));
    fail(&mut abuse, v6("::ffff:192.0.2.1"), PER_SOURCE, START);
    assert!(is_throttled(&mut abuse, v4(1), START));
    assert!(!is_throttled(&mut abuse, v4(2), START));
}

#[test]
fn nobody_is_asked_for_an_address_while_nobody_has_failed() {
    let mut abuse = abuse();
    let unasked = || -> Option<IpAddr> { panic!("asked") };
    assert_eq!(abuse.throttled(unasked, START), None);
    fail(&mut abuse, v4(1), PER_SOURCE, START);
    assert_eq!(abuse.throttled(unasked, START + SOURCE_WINDOW), None);
}

#[test]
fn a_source_without_an_address_is_not_throttled_for_others() {
    let mut abuse = abuse();
    fail(&mut abuse, v4(1), PER_SOURCE, START);
    abuse.failed(Some(v4(1)), CEILING, START);
    assert_eq!(abuse.throttled(|| None, START), None);
}

#[test]
fn failures_without_an_address_are_bounded_by_the_ceiling() {
    let mut abuse = abuse();
    abuse.failed(None, CEILING - CHEAP, START);
    assert_eq!(abuse.throttled(|| None, START), None);
    abuse.failed(None, CHEAP, START);
    assert_eq!(abuse.throttled(|| None, START), Some(WORKER_WINDOW));
    assert_eq!(abuse.throttled(|| None, START + WORKER_WINDOW), None);
}

#[test]
fn a_clock_that_is_put_back_throttles_nobody() {
    let mut abuse = abuse();
    fail(&mut abuse, v4(1), PER_SOURCE, START);
    assert!(!is_throttled(&mut abuse, v4(1), START.before(Duration::from_millis(1))));
}

#[test]
fn a_flood_from_many_sources_is_held_in_bounded_room_and_the_latest_stay() {
    let mut abuse = abuse();
    for number in 0..10_000_u32 {
        abuse.failed(Some(IpAddr::from(number.to_be_bytes())), CHEAP, START);
        assert!(abuse.sources.len() <= 1024);
    }
    fail(&mut abuse, IpAddr::from(9_999_u32.to_be_bytes()), PER_SOURCE - 1, START);
    assert!(is_throttled(&mut abuse, IpAddr::from(9_999_u32.to_be_bytes()), START));
}

/// As many sources as are held, each with one bad signature.
fn fill(abuse: &mut Abuse, sources: u32, now: Timestamp) {
    let source = |number: u32| IpAddr::from((number | 1 << 31).to_be_bytes());
    (0..sources).for_each(|number| fail(abuse, source(number), 1, now));
}

#[test]
fn a_source_without_failures_is_throttled_by_nothing_while_all_that_failed_are_held() {
    let mut abuse = abuse();
    fill(&mut abuse, 1023, START);
    abuse.failed(Some(v4(1)), Duration::from_secs(1), START);
    assert!(is_throttled(&mut abuse, v4(1), START));
    assert!(!is_throttled(&mut abuse, v4(2), START), "1,024 sources are held");
}

#[test]
fn a_flood_from_more_sources_than_are_held_is_bounded_by_the_ceiling() {
    let mut abuse = abuse();
    fill(&mut abuse, 1025, START);
    abuse.failed(Some(v4(1)), WORKER_TIME, START);
    assert!(is_throttled(&mut abuse, v4(1), START), "it is held");
    assert!(!is_throttled(&mut abuse, v4(2), START), "between the budget and the ceiling");
    let spent = CHEAP * 1025 + WORKER_TIME;
    abuse.failed(Some(v4(1)), CEILING - spent - CHEAP, START);
    assert!(!is_throttled(&mut abuse, v4(2), START));
    abuse.failed(Some(v4(1)), CHEAP, START);
    assert_eq!(abuse.throttled(|| Some(v4(2)), START), Some(WORKER_WINDOW));
    assert_eq!(abuse.throttled(|| None, START), Some(WORKER_WINDOW), "nor without an address");
    assert!(!is_throttled(&mut abuse, v4(2), START + WORKER_WINDOW));
}

#[test]
fn whoever_was_forgotten_no_longer_counts_when_its_window_has_ended() {
    let mut abuse = abuse();
    fill(&mut abuse, 1025, START);
    let last = (START + SOURCE_WINDOW).before(Duration::from_millis(1));
    abuse.failed(Some(v4(1)), CEILING, last);
    assert!(is_throttled(&mut abuse, v4(2), last));
    assert!(!is_throttled(&mut abuse, v4(2), START + SOURCE_WINDOW));
}

#[test]
fn a_source_whose_window_has_ended_is_forgotten_without_harm() {
    let mut abuse = abuse();
    fill(&mut abuse, 512, START);
    // Somebody fails all the time, so that the table is never emptied at once.
    fail(&mut abuse, v4(1), 1, (START + SOURCE_WINDOW).before(Duration::from_millis(1)));
    let later = START + SOURCE_WINDOW;
    (0..512).for_each(|number: u32| {
        fail(&mut abuse, IpAddr::from((number | 3 << 30).to_be_bytes()), 1, later);
    });
    assert_eq!(abuse.sources.len(), 513, "the first ones are forgotten");
    abuse.failed(Some(v4(1)), CEILING, later);
    assert!(is_throttled(&mut abuse, v4(1), later));
    assert!(!is_throttled(&mut abuse, v4(2), later));
}
