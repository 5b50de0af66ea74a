//! Records that an upstream refused: doubted, until another one comes in their place, then gone for
//! good; and how often that may be.
//!
//! ```text
//!             doubt                    complete(another one)
//!   [in use] ───────> [doubted, in use] ─────────────────────> [tombstone: never comes back]
//!      ^                     │
//!      └─────────────────────┘
//!          complete(the same)
//! ```
//!
//! A doubted record stays, and is used, until another one has arrived: one upstream's word must not
//! take from all others what still works for them while its origin is down, or has no other. The
//! upstream itself refuses a bad token.

use std::time::Duration;

use super::exchange::{Changed, SharedEntries};
use super::{Record, SharedData};
use crate::crypto::digest::Digest;
use crate::time::Timestamp;

/// When a thing was doubted last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Doubt {
    pub(super) at: Timestamp,
    /// How many doubts followed each other as closely as they may.
    pub(super) count: u32,
}

/// The records of one thing that were refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Purge {
    pub(super) last: Doubt,
    /// The digests of the last ones, the newest last; at most [`Purge::TOMBSTONES`].
    pub(super) digests: Vec<[u8; 32]>,
    /// Whether the newest is doubted only: no other has come in its place.
    pub(super) is_open: bool,
}

/// What became of a doubt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Doubted {
    /// It is doubted already: another one is on its way, or has failed to come so far.
    Already,
    /// It is doubted from now on.
    Now(Doubt),
    /// Another one has come in its place.
    Replaced,
    /// The last doubt is too recent.
    TooSoon,
}

/// What became of a record that was fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stored {
    /// It was refused, and another one came in its place: it is not stored.
    Buried,
    /// It is the very one that is doubted; it stays.
    Repeated,
    /// It takes the place of a doubted one, which does not come back.
    Replaced,
    /// None was doubted. It is stored, unless one that lives longer is there.
    Unopposed,
}

impl Doubt {
    /// The least time between two doubts; it doubles with each that follows at once.
    const SPACING: Duration = Duration::from_secs(30);

    /// The longest that it becomes.
    const LONGEST: Duration = Duration::from_secs(3600);

    /// How long after this one no other may be.
    fn spacing(self) -> Duration {
        let doublings = self.count.saturating_sub(1).min(16);
        Self::SPACING.saturating_mul(1 << doublings).min(Self::LONGEST)
    }

    /// The one at `now`, if there may be one.
    pub fn after(last: Option<Self>, now: Timestamp) -> Option<Self> {
        // A time ahead of now was written under another clock.
        let Some(last) = last.filter(|last| last.at <= now) else {
            return Some(Self { at: now, count: 1 });
        };
        let (since, spacing) = (now.since(last.at), last.spacing());
        let is_close = since < spacing.saturating_mul(2);
        let count = if is_close { last.count.saturating_add(1) } else { 1 };
        (since >= spacing).then_some(Self { at: now, count })
    }
}

impl Purge {
    /// How many refused records are remembered.
    pub const TOMBSTONES: usize = 4;

    /// Whether it tells how soon another record may be doubted, and how often that was.
    pub(super) fn limits(&self, now: Timestamp) -> bool {
        self.last.at <= now && now.since(self.last.at) < self.last.spacing().saturating_mul(2)
    }

    /// The digests of those that are not to come back.
    fn tombstones(&self) -> &[[u8; 32]] {
        match self.digests.split_last() {
            Some((_, older)) if self.is_open => older,
            Some(_) | None => &self.digests,
        }
    }

    fn is_doubted(&self, digest: &[u8; 32]) -> bool {
        self.is_open && self.digests.last() == Some(digest)
    }

    /// The same with one doubted more; the oldest gives way.
    fn with(last: Option<&Self>, digest: [u8; 32], doubt: Doubt) -> Self {
        let known = last.map_or(&[][..], |purge| &purge.digests);
        let others = known.iter().filter(|known| **known != digest).copied();
        let mut digests: Vec<_> = others.collect();
        if digests.len() >= Self::TOMBSTONES {
            digests.remove(0);
        }
        digests.push(digest);
        Self { last: doubt, digests, is_open: true }
    }

    /// What a record that arrives means for the one that is doubted, which is settled by it.
    pub(super) fn settle(&mut self, fetched: &Record) -> Stored {
        let digest = digest(fetched.body.expose());
        if self.tombstones().contains(&digest) {
            return Stored::Buried;
        }
        match std::mem::replace(&mut self.is_open, false) {
            true if self.digests.last() == Some(&digest) => {
                self.digests.pop();
                Stored::Repeated
            }
            true => Stored::Replaced,
            false => Stored::Unopposed,
        }
    }
}

impl SharedEntries {
    /// Notes for all workers that an upstream refused a record, whether it lies here or in one of them
    /// alone. At most once in 30 s, which doubles up to an hour while each doubt follows the one before
    /// within twice its time; `last` is what the caller remembers of that.
    pub fn doubt(
        &self,
        meaning: &[u8; 32],
        body: &[u8],
        last: Option<Doubt>,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Doubted {
        let digest = digest(body);
        let changed = self.change(meaning, now, shared, |entry| {
            let purge = entry.purge.as_ref();
            let other = |record: &Record| record.expires_at > now && record.body.expose() != body;
            if entry.record.as_ref().is_some_and(other)
                || purge.is_some_and(|purge| purge.tombstones().contains(&digest))
            {
                return Err(Doubted::Replaced);
            }
            if purge.is_some_and(|purge| purge.is_doubted(&digest)) {
                return Err(Doubted::Already);
            }
            let last = purge.map(|purge| purge.last).into_iter().chain(last);
            let doubt = Doubt::after(last.max_by_key(|doubt| doubt.at), now);
            let doubt = doubt.ok_or(Doubted::TooSoon)?;
            entry.purge = Some(Purge::with(purge, digest, doubt));
            Ok(doubt)
        });
        match changed {
            Ok(Changed::Written(doubt)) => Doubted::Now(doubt),
            // Where the host stores nothing each worker is alone, and limits itself.
            Ok(Changed::Refused) => Doubt::after(last, now).map_or(Doubted::TooSoon, Doubted::Now),
            Ok(Changed::Crowded) => Doubted::TooSoon,
            Err(doubted) => doubted,
        }
    }
}

fn digest(body: &[u8]) -> [u8; 32] {
    *Digest::of(&[body]).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::RecordKind;
    use super::*;
    use crate::secret::Secret;

    const START: Timestamp = Timestamp::from_seconds(1000);

    fn record(body: u8) -> Record {
        Record {
            kind: RecordKind::Opaque,
            generation: 1,
            fetched_at: START,
            fresh_until: Timestamp::MAX,
            expires_at: Timestamp::MAX,
            body: Secret::new(vec![body]),
        }
    }

    fn after(last: Option<Doubt>, seconds: u64) -> Option<Doubt> {
        let now = last.map_or(START, |last| last.at + Duration::from_secs(seconds));
        Doubt::after(last, now)
    }

    fn doubted(last: Option<&Purge>, body: u8) -> Purge {
        Purge::with(last, digest(&[body]), Doubt { at: START, count: 1 })
    }

    #[test]
    fn doubts_that_follow_each_other_are_ever_further_apart() {
        let mut last = after(None, 0);
        for spacing in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert_eq!(after(last, spacing - 1), None, "{spacing}");
            last = after(last, spacing);
            assert!(last.is_some(), "{spacing}");
        }
        let rested = after(last, 7200);
        assert_eq!(after(rested, 29), None);
        assert!(after(rested, 30).is_some());
    }

    #[test]
    fn a_doubt_of_another_clock_holds_nothing_off() {
        let ahead = Doubt { at: START + Duration::from_secs(99), count: 5 };
        assert_eq!(Doubt::after(Some(ahead), START), Some(Doubt { at: START, count: 1 }));
    }

    #[test]
    fn a_doubted_record_is_buried_by_the_one_that_takes_its_place_and_by_none_before() {
        let mut purge = doubted(None, 1);
        assert_eq!(purge.clone().settle(&record(1)), Stored::Repeated);
        assert_eq!(purge.settle(&record(2)), Stored::Replaced);
        assert_eq!(purge.settle(&record(1)), Stored::Buried);
        assert_eq!(purge.settle(&record(2)), Stored::Unopposed);
    }

    #[test]
    fn one_that_its_origin_repeats_is_no_longer_doubted_and_may_be_again() {
        let mut purge = doubted(None, 1);
        assert_eq!(purge.settle(&record(1)), Stored::Repeated);
        assert_eq!(purge.settle(&record(1)), Stored::Unopposed);
        let mut again = doubted(Some(&purge), 1);
        assert_eq!(again.settle(&record(2)), Stored::Replaced);
        assert_eq!(again.settle(&record(1)), Stored::Buried);
    }

    #[test]
    fn what_was_doubted_before_the_one_that_is_doubted_does_not_come_back() {
        let first = doubted(None, 1);
        let mut second = doubted(Some(&first), 2);
        assert_eq!(second.settle(&record(1)), Stored::Buried);
        assert_eq!(second.settle(&record(2)), Stored::Repeated);
    }

    #[test]
    fn the_oldest_tombstone_gives_way() {
        let mut purge = doubted(None, 0);
        for body in 1..6 {
            purge = doubted(Some(&purge), body);
        }
        let expected: Vec<_> = (2..6).map(|body| digest(&[body])).collect();
        assert_eq!(purge.digests, expected);
    }
}
