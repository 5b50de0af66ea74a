//! How often each key was used since it was reported last: bounded, however many keys there are.

use std::net::IpAddr;
use std::time::Duration;

use crate::table::Table;
use crate::time::Timestamp;

/// The keys that were used, by their names.
#[derive(Debug, Default)]
pub(super) struct Counts {
    keys: Table<Box<str>, Counted>,
    /// How many uses were of keys for which there was no room.
    dropped: u64,
    /// How many of those are in the report that is under way.
    dropped_sent: u64,
    /// Which round this is: each key stands in one report of a round at most.
    round: u32,
    is_round_open: bool,
}

#[derive(Debug)]
struct Counted {
    last_used: Timestamp,
    /// Uses that no server has taken.
    uses: u64,
    /// How many of those are in the report that is under way.
    sent: u64,
    /// In which round it was reported last.
    round: u32,
    addresses: Addresses,
}

/// The addresses of one hour of the clock, as far as they were looked at.
#[derive(Debug, Default)]
struct Addresses {
    hour: u64,
    looked_at: Timestamp,
    seen: [u64; ADDRESSES],
    count: usize,
    /// The most in one hour so far.
    most: usize,
}

impl Counts {
    /// Counts a use of a key. False if there is no room for another name.
    pub(super) fn count(
        &mut self,
        name: &str,
        address: &dyn Fn() -> Option<IpAddr>,
        now: Timestamp,
    ) -> bool {
        if let Some(key) = self.keys.get_mut(name) {
            key.count(address, now);
            return true;
        }
        if self.keys.len() >= NAMES {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        }
        let mut key = Counted {
            last_used: now,
            uses: 0,
            sent: 0,
            round: self.round.wrapping_sub(1),
            addresses: Addresses::default(),
        };
        key.count(address, now);
        self.keys.insert(name.into(), key);
        true
    }

    /// Begins to report what was counted until now.
    pub(super) const fn begin_round(&mut self) {
        self.round = self.round.wrapping_add(1);
        self.is_round_open = true;
    }

    /// Whether everything of this round was reported.
    pub(super) fn is_round_over(&self) -> bool {
        let is_left = |key: &Counted| key.uses > 0 && key.round != self.round;
        !self.is_round_open || !self.keys.values().any(is_left)
    }

    /// Ends a round, and forgets keys that are not used any more.
    pub(super) fn end_round(&mut self, now: Timestamp) {
        self.is_round_open = false;
        let is_crowded = self.keys.len() > NAMES / 2;
        self.keys.retain(|_, key| {
            let is_idle = key.last_used > now || now.since(key.last_used) >= IDLE;
            key.uses > 0 || !(is_crowded || is_idle)
        });
    }

    /// The next report of this round: JSON. `None` if nothing is left.
    pub(super) fn report(&mut self) -> Option<String> {
        let mut text = String::from("{\"version\":1,\"dropped\":");
        self.dropped_sent = self.dropped;
        text.push_str(&self.dropped.to_string());
        text.push_str(",\"keys\":[");
        let mut names = 0;
        let round = self.round;
        for (name, key) in self.keys.entries_mut() {
            if key.uses == 0 || key.round == round {
                continue;
            }
            if names >= NAMES_AT_ONCE || text.len() >= BYTES_AT_ONCE {
                break;
            }
            if names > 0 {
                text.push(',');
            }
            names += 1;
            key.sent = key.uses;
            key.round = round;
            // A name is made of letters, digits and `._-`.
            text.push_str("{\"name\":\"");
            text.push_str(name);
            for (member, number) in [
                ("\",\"last_used_at\":", key.last_used.as_seconds()),
                (",\"uses\":", key.uses),
                (",\"addresses_an_hour\":", key.addresses.most as u64),
            ] {
                text.push_str(member);
                text.push_str(&number.to_string());
            }
            text.push('}');
        }
        text.push_str("]}");
        (names > 0 || self.dropped > 0).then_some(text)
    }

    /// The server has taken the report.
    pub(super) fn subtract(&mut self) {
        self.dropped = self.dropped.saturating_sub(std::mem::take(&mut self.dropped_sent));
        for (_, key) in self.keys.entries_mut() {
            key.uses = key.uses.saturating_sub(std::mem::take(&mut key.sent));
        }
    }

    /// It has not: all of it is reported again, in a new round.
    pub(super) fn give_back(&mut self) {
        self.is_round_open = false;
        self.dropped_sent = 0;
        for (_, key) in self.keys.entries_mut() {
            key.sent = 0;
        }
    }
}

impl Counted {
    fn count(&mut self, address: &dyn Fn() -> Option<IpAddr>, now: Timestamp) {
        self.uses = self.uses.saturating_add(1);
        self.last_used = self.last_used.max(now);
        self.addresses.look(address, now);
    }
}

impl Addresses {
    /// Asking the host for an address costs more than all the rest, so it is asked rarely.
    fn look(&mut self, address: &dyn Fn() -> Option<IpAddr>, now: Timestamp) {
        let hour = now.as_seconds() / 3600;
        if self.hour != hour {
            *self = Self { hour, most: self.most, ..Self::default() };
        }
        let is_soon = self.looked_at <= now && now.since(self.looked_at) < LOOK_EVERY;
        if is_soon || self.count >= ADDRESSES {
            return;
        }
        self.looked_at = now;
        let Some(network) = address().map(network) else { return };
        let is_known = self.seen.iter().take(self.count).any(|one| *one == network);
        if !is_known && let Some(place) = self.seen.get_mut(self.count) {
            *place = network;
            self.count += 1;
            self.most = self.most.max(self.count);
        }
    }
}

/// An IPv4 address, or the 64 bits of an IPv6 address that name a network: a device has many of those.
const fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_bits() as u64,
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

/// The most names that are held.
const NAMES: usize = 10_000;

/// The most names of one report.
const NAMES_AT_ONCE: usize = 1_000;

/// How long a report may be before the last name is added: with it, it stays below 64 KiB.
const BYTES_AT_ONCE: usize = 60_000;

/// The most addresses of an hour that are told apart.
const ADDRESSES: usize = 8;

/// How often the address of a key's client is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long a key is held that is not used, so that the next use allocates nothing.
const IDLE: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;

    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn nowhere() -> Option<IpAddr> {
        None
    }

    /// The uses of a report by name.
    fn uses(report: &str) -> BTreeMap<String, u64> {
        let report: serde_json::Value = serde_json::from_str(report).unwrap();
        let keys = report["keys"].as_array().unwrap().iter();
        keys.map(|key| (key["name"].as_str().unwrap().to_owned(), key["uses"].as_u64().unwrap()))
            .collect()
    }

    #[test]
    fn a_report_says_when_and_how_often_and_is_of_one_form() {
        let mut counts = Counts::default();
        let later = START + Duration::from_millis(1_500);
        assert!(counts.count("pump-17", &nowhere, START));
        assert!(counts.count("pump-17", &nowhere, later));
        counts.begin_round();
        let expected = r#"{"version":1,"dropped":0,"keys":[{"name":"pump-17","last_used_at":1800000001,"uses":2,"addresses_an_hour":0}]}"#;
        assert_eq!(counts.report().as_deref(), Some(expected));
        assert!(counts.is_round_over());
        assert_eq!(counts.report(), None);
    }

    #[test]
    fn what_was_taken_is_gone_and_what_was_not_comes_again_with_what_came_since() {
        let mut counts = Counts::default();
        counts.count("a", &nowhere, START);
        counts.begin_round();
        counts.report().unwrap();
        counts.count("a", &nowhere, START);
        counts.give_back();
        counts.begin_round();
        assert_eq!(uses(&counts.report().unwrap())["a"], 2);
        counts.count("a", &nowhere, START);
        counts.subtract();
        counts.end_round(START);
        counts.begin_round();
        assert_eq!(uses(&counts.report().unwrap())["a"], 1);
        counts.subtract();
        counts.end_round(START);
        counts.begin_round();
        assert_eq!(counts.report(), None);
    }

    #[test]
    fn more_names_than_there_is_room_for_are_counted_as_dropped() {
        let mut counts = Counts::default();
        for number in 0..NAMES {
            assert!(counts.count(&number.to_string(), &nowhere, START), "{number}");
        }
        assert!(!counts.count("one more", &nowhere, START));
        assert!(!counts.count("one more", &nowhere, START));
        assert!(counts.count("0", &nowhere, START));
        counts.begin_round();
        let first = counts.report().unwrap();
        assert!(first.starts_with(r#"{"version":1,"dropped":2,"#));
        counts.count("one more", &nowhere, START);
        counts.subtract();
        let second = counts.report().unwrap();
        assert!(second.starts_with(r#"{"version":1,"dropped":1,"#));
    }

    #[test]
    fn reports_are_bounded_and_each_name_has_its_turn_though_all_are_used_all_the_time() {
        for (length, most) in [(8, NAMES_AT_ONCE), (128, 310)] {
            let mut counts = Counts::default();
            let name = |number: usize| format!("{number:0length$}");
            let use_all = |counts: &mut Counts| {
                (0..2_500).for_each(|number| assert!(counts.count(&name(number), &nowhere, START)));
            };
            use_all(&mut counts);
            counts.begin_round();
            let mut seen = BTreeMap::new();
            let mut reports = 0;
            while !counts.is_round_over() {
                let report = counts.report().unwrap();
                let uses = uses(&report);
                assert!(
                    report.len() < 64 * 1024 && uses.len() <= most,
                    "{} {}",
                    report.len(),
                    uses.len()
                );
                for (name, uses) in uses {
                    assert_eq!(seen.insert(name, uses), None, "once a round");
                }
                use_all(&mut counts);
                counts.subtract();
                reports += 1;
                assert!(reports < 20);
            }
            assert_eq!(seen.len(), 2_500);
        }
    }

    #[test]
    fn keys_that_are_not_used_are_forgotten_after_an_hour_and_at_once_where_room_is_scarce() {
        let mut counts = Counts::default();
        let report = |counts: &mut Counts, now| {
            counts.begin_round();
            while !counts.is_round_over() {
                counts.report().unwrap();
                counts.subtract();
            }
            counts.end_round(now);
        };
        counts.count("a", &nowhere, START);
        report(&mut counts, START + IDLE.saturating_sub(Duration::from_millis(1)));
        assert_eq!(counts.keys.len(), 1);
        report(&mut counts, START + IDLE);
        assert_eq!(counts.keys.len(), 0);
        for number in 0..=NAMES / 2 {
            counts.count(&number.to_string(), &nowhere, START);
        }
        counts.begin_round();
        counts.end_round(START);
        assert_eq!(counts.keys.len(), NAMES / 2 + 1, "what is not reported stays");
        report(&mut counts, START);
        assert_eq!(counts.keys.len(), 0);
    }

    #[test]
    fn addresses_of_an_hour_are_told_apart_and_rarely_asked_for() {
        let asked = Cell::new(0);
        let mut counts = Counts::default();
        let mut use_from = |address: &str, after: u64| {
            let address = || {
                asked.set(asked.get() + 1);
                address.parse().ok()
            };
            counts.count("a", &address, START + Duration::from_secs(after));
            counts.keys.get("a").unwrap().addresses.most
        };
        // The start is the beginning of an hour of the clock.
        assert_eq!(use_from("10.0.0.1", 0), 1);
        assert_eq!(use_from("10.0.0.2", 9), 1, "not looked at so soon");
        assert_eq!(use_from("10.0.0.2", 10), 2);
        assert_eq!(use_from("::ffff:10.0.0.1", 20), 2, "the same as before");
        assert_eq!(use_from("2001:db8::1", 30), 3);
        assert_eq!(use_from("2001:db8::2", 40), 3, "the same network");
        assert_eq!(use_from("?", 50), 3);
        assert_eq!(asked.get(), 6);
        assert_eq!(use_from("10.0.0.3", 3_599), 4);
        assert_eq!(use_from("10.0.0.4", 3_600), 4, "another hour");
        for number in 5..20_u64 {
            use_from(&format!("10.0.0.{number}"), 3_600 + 10 * number);
        }
        assert_eq!(use_from("10.0.1.1", 7_000), ADDRESSES);
        let before = asked.get();
        assert_eq!(use_from("10.0.1.2", 7_010), ADDRESSES);
        assert_eq!(asked.get(), before, "more are not told apart");
    }
}
