//! What happens to single application keys, for the log: by their names, and a few lines a minute.
//!
//! Who refuses a key that somebody holds, or lets one in for the first time, has something to tell that no count of
//! reasons tells: which device it is. A flood of the same is told by its number.

use std::net::IpAddr;
use std::time::Duration;

use crate::application_key::DigestMark;
use crate::telemetry::Notice;
use crate::time::Timestamp;

/// The events of this worker that the log does not have yet.
#[derive(Debug, Default)]
pub(super) struct KeyEvents {
    /// The first bytes of the digests of all secrets that were used, ascending.
    used: Vec<u64>,
    /// When the minute began.
    began_at: Timestamp,
    /// How many first uses this minute told.
    first_uses: usize,
    /// What this minute told of refusals.
    refusals: Vec<(Box<str>, &'static str)>,
    told: Vec<Notice>,
    left_out: [u64; 2],
}

impl KeyEvents {
    /// Notes the use of the secret whose digest begins so. Only the first one is an event.
    pub(super) fn used(
        &mut self,
        name: &str,
        mark: DigestMark,
        address: &dyn Fn() -> Option<IpAddr>,
        now: Timestamp,
    ) {
        let mark = mark.bits();
        let Err(place) = self.used.binary_search(&mark) else { return };
        self.turn(now);
        if self.used.len() >= SECRETS {
            // Whether it was used before is not known any more.
            return;
        }
        self.used.insert(place, mark);
        if self.first_uses >= LINES {
            let [left_out, _] = &mut self.left_out;
            *left_out += 1;
            return;
        }
        self.first_uses += 1;
        self.tell(name, None, address);
    }

    /// Notes that a known key lets nobody in.
    pub(super) fn refused(
        &mut self,
        name: &str,
        reason: &'static str,
        address: &dyn Fn() -> Option<IpAddr>,
        now: Timestamp,
    ) {
        self.turn(now);
        let is_told = self.refusals.iter().any(|(told, why)| **told == *name && *why == reason);
        if is_told || self.refusals.len() >= LINES {
            let [_, left_out] = &mut self.left_out;
            *left_out += 1;
            return;
        }
        self.refusals.push((name.into(), reason));
        self.tell(name, Some(reason), address);
    }

    /// The lines since the last report.
    pub(super) fn lines(&mut self, now: Timestamp) -> Vec<Notice> {
        self.turn(now);
        std::mem::take(&mut self.told)
    }

    fn tell(
        &mut self,
        name: &str,
        refused: Option<&'static str>,
        address: &dyn Fn() -> Option<IpAddr>,
    ) {
        self.told.push(Notice::KeyUsed { name: name.into(), refused, address: address() });
    }

    /// Begins another minute when one is over, and tells how much the old one left out.
    fn turn(&mut self, now: Timestamp) {
        if self.began_at <= now && now.since(self.began_at) < MINUTE {
            return;
        }
        self.began_at = now;
        self.first_uses = 0;
        self.refusals.clear();
        let [first_uses, refusals] = std::mem::take(&mut self.left_out);
        if first_uses + refusals > 0 {
            self.told.push(Notice::KeyUsesUntold { first_uses, refusals });
        }
    }
}

/// How many first uses, and how many refusals, have a line of their own in a minute.
const LINES: usize = 30;

/// How many secrets are remembered: as many as records are held.
const SECRETS: usize = 100_000;

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application_key::KeyDigest;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn mark(number: usize) -> DigestMark {
        KeyDigest::of(number.to_string().as_bytes()).mark()
    }

    fn home() -> Option<IpAddr> {
        "10.1.2.3".parse().ok()
    }

    fn after(seconds: u64) -> Timestamp {
        START + Duration::from_secs(seconds)
    }

    fn told(events: &mut KeyEvents, now: Timestamp) -> Vec<String> {
        events.lines(now).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_use_of_each_secret_is_told_once() {
        let mut events = KeyEvents::default();
        for number in [1, 2, 1, 2, 1] {
            events.used(&format!("k-{number}"), mark(number), &home, START);
        }
        assert_eq!(
            told(&mut events, START),
            [
                "application key `k-1` is used for the first time in this worker, from 10.1.2.3",
                "application key `k-2` is used for the first time in this worker, from 10.1.2.3",
            ]
        );
        events.used("k-1", mark(1), &home, after(3600));
        // Another secret of the same key: its device has changed over.
        events.used("k-1", mark(3), &|| None, after(3600));
        let expected = ["application key `k-1` is used for the first time in this worker"];
        assert_eq!(told(&mut events, after(3600)), expected);
    }

    #[test]
    fn a_refusal_is_told_once_a_minute_and_repetitions_by_their_number() {
        let mut events = KeyEvents::default();
        for second in 0..60 {
            events.refused("k", "appkey_disabled", &home, after(second));
        }
        events.refused("k", "appkey_expired", &|| None, after(59));
        let line = "application key `k` was refused: appkey_disabled, from 10.1.2.3";
        assert_eq!(
            told(&mut events, after(59)),
            [line, "application key `k` was refused: appkey_expired"]
        );
        assert!(told(&mut events, Timestamp::from_millis(after(60).as_millis() - 1)).is_empty());
        let number = "application keys: 0 first uses and 59 refusals of the last minute have no line of their own";
        assert_eq!(told(&mut events, after(60)), [number]);
        events.refused("k", "appkey_disabled", &home, after(60));
        assert_eq!(told(&mut events, after(60)), [line]);
        assert!(told(&mut events, after(1000)).is_empty());
    }

    #[test]
    fn of_each_kind_a_minute_has_thirty_lines_at_most() {
        let mut events = KeyEvents::default();
        for number in 0..LINES + 5 {
            events.used(&format!("k-{number}"), mark(number), &home, START);
            events.refused(&format!("k-{number}"), "appkey_ip", &home, START);
        }
        assert_eq!(told(&mut events, START).len(), 2 * LINES);
        let number = "application keys: 5 first uses and 5 refusals of the last minute have no line of their own";
        assert_eq!(told(&mut events, after(60)), [number]);
        // What was left out was a first use all the same.
        events.used("k-34", mark(34), &home, after(60));
        assert!(told(&mut events, after(60)).is_empty());
        // A clock that goes back begins another minute.
        events.refused("k-0", "appkey_ip", &home, after(60));
        events.refused("k-0", "appkey_ip", &home, START);
        assert_eq!(told(&mut events, START).len(), 2);
    }

    #[test]
    fn as_many_secrets_are_remembered_as_records_are_held() {
        let mut events = KeyEvents { used: (0..SECRETS as u64).collect(), ..KeyEvents::default() };
        events.used("k", mark(1), &home, START);
        assert!(told(&mut events, START).is_empty() && events.used.len() == SECRETS);
        events.used.pop();
        events.used("k", mark(1), &home, START);
        assert_eq!((told(&mut events, START).len(), events.used.len()), (1, SECRETS));
    }
}
