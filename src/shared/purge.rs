//! Records that were thrown away before their time, and how often that may be.

use std::time::Duration;

use super::SharedData;
use super::exchange::{Changed, SharedEntries};
use crate::crypto::digest::Digest;
use crate::time::Timestamp;

/// The last purges of one thing: a tombstone for each record, so that it does not come back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Purge {
    at: Timestamp,
    /// How many purges followed each other as closely as they may.
    count: u32,
    /// The digests of the last ones, the newest last; at most [`Purge::TOMBSTONES`].
    tombstones: Vec<[u8; 32]>,
}

/// What became of a purge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purged {
    /// Another worker has done it already.
    Already,
    /// The record is gone, for all.
    Now,
    /// The last purge is too recent: the record stays.
    TooSoon,
}

impl Purge {
    /// How many tombstones are kept.
    pub const TOMBSTONES: usize = 4;

    /// The least time between two purges; it doubles with each that follows at once.
    const SPACING: Duration = Duration::from_secs(30);

    /// The longest that it becomes.
    const LONGEST: Duration = Duration::from_secs(3600);

    pub(super) const fn new(at: Timestamp, count: u32, tombstones: Vec<[u8; 32]>) -> Self {
        Self { at, count, tombstones }
    }

    pub(super) const fn parts(&self) -> (Timestamp, u32, &Vec<[u8; 32]>) {
        (self.at, self.count, &self.tombstones)
    }

    /// When the last one was.
    pub(super) const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether this record was thrown away.
    pub(super) fn buries(&self, body: &[u8]) -> bool {
        self.tombstones.contains(Digest::of(&[body]).as_bytes())
    }

    /// How long after the last one no other may be.
    fn spacing(&self) -> Duration {
        let doublings = self.count.saturating_sub(1).min(16);
        Self::SPACING.saturating_mul(1 << doublings).min(Self::LONGEST)
    }

    /// Whether another one may be at `now`; the tombstone is added if so.
    fn bury(last: Option<Self>, digest: [u8; 32], now: Timestamp) -> Option<Self> {
        let Some(last) = last else { return Some(Self::new(now, 1, vec![digest])) };
        let spacing = last.spacing();
        // A time ahead of now was written under another clock.
        if last.at <= now && now.since(last.at) < spacing {
            return None;
        }
        let is_close = last.at <= now && now.since(last.at) < spacing.saturating_mul(2);
        let count = if is_close { last.count.saturating_add(1) } else { 1 };
        let mut tombstones = last.tombstones;
        if tombstones.len() >= Self::TOMBSTONES {
            tombstones.remove(0);
        }
        tombstones.push(digest);
        Some(Self::new(now, count, tombstones))
    }
}

impl SharedEntries {
    /// Throws a record away for all workers, whether it lies here or in one of them alone: no fetch
    /// and no worker brings it back. At most once in 30 s, which doubles up to an hour while each purge
    /// follows the one before within twice its time.
    pub fn purge(
        &self,
        meaning: &[u8; 32],
        body: &[u8],
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Purged {
        let digest = *Digest::of(&[body]).as_bytes();
        let changed = self.change(meaning, now, shared, |entry| {
            if entry.purge.as_ref().is_some_and(|purge| purge.tombstones.contains(&digest)) {
                return Err(Purged::Already);
            }
            // Something newer is there: the worker that asks has not seen it yet.
            if entry.record.as_ref().is_some_and(|record| record.body.expose() != body) {
                return Err(Purged::Already);
            }
            let purge = Purge::bury(entry.purge.clone(), digest, now).ok_or(Purged::TooSoon)?;
            entry.purge = Some(purge);
            entry.record = None;
            Ok(())
        });
        match changed {
            Ok(Changed::Written(())) => Purged::Now,
            // Where nothing can be written nothing limits it either, so it is not done.
            Ok(Changed::Crowded | Changed::Refused) => Purged::TooSoon,
            Err(purged) => purged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1000);

    fn bury(last: Option<Purge>, number: u8, after: u64) -> Option<Purge> {
        let now = last.as_ref().map_or(START, |last| last.at + Duration::from_secs(after));
        Purge::bury(last, [number; 32], now)
    }

    #[test]
    fn purges_that_follow_each_other_are_ever_further_apart() {
        let mut last = bury(None, 0, 0);
        for spacing in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert_eq!(bury(last.clone(), 9, spacing - 1), None, "{spacing}");
            last = bury(last, 1, spacing);
            assert!(last.is_some(), "{spacing}");
        }
        let rested = bury(last, 2, 7200);
        assert_eq!(bury(rested.clone(), 3, 29), None);
        assert!(bury(rested, 3, 30).is_some());
    }

    #[test]
    fn a_purge_of_another_clock_holds_nothing_off() {
        let ahead = Purge::new(START + Duration::from_secs(99), 5, vec![[1; 32]]);
        let purge = Purge::bury(Some(ahead), [2; 32], START);
        assert_eq!(purge, Some(Purge::new(START, 1, vec![[1; 32], [2; 32]])));
    }

    #[test]
    fn the_oldest_tombstone_gives_way() {
        let mut last = bury(None, 0, 0);
        for number in 1..6 {
            last = bury(last, number, 4000);
        }
        let numbers: Vec<_> = last.unwrap().tombstones.iter().map(|digest| digest[0]).collect();
        assert_eq!(numbers, [2, 3, 4, 5]);
    }
}
