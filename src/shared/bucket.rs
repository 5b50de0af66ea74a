//! A bucket of at most four entries, and which one gives way to a new one.

use std::time::Duration;

use super::codec;
use super::purge::Purge;
use crate::secret::Secret;
use crate::time::Timestamp;

/// How many things fit into one bucket.
pub const WAYS: usize = 4;

/// What all workers know of one thing that is fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The digest of everything that decides what the thing means.
    pub meaning: [u8; 32],
    /// Who is fetching it.
    pub lease: Option<Lease>,
    /// What was fetched last.
    pub record: Option<Record>,
    /// Why the last fetch failed; a success clears it.
    pub failure: Option<Failure>,
    /// The records that were refused: one that is doubted, and those that must not come back.
    pub purge: Option<Purge>,
}

/// One worker's right to fetch. It ends by its deadline when the worker dies.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lease {
    /// Who holds it: a random number of the holder.
    pub nonce: u64,
    /// When it may be taken over.
    pub deadline: Timestamp,
}

/// Something fetched and checked.
#[derive(Clone, Eq, PartialEq)]
pub struct Record {
    /// What the body is.
    pub kind: RecordKind,
    /// Grows with each fetch of the same meaning.
    pub generation: u32,
    /// When the answer arrived.
    pub fetched_at: Timestamp,
    /// When its origin holds it for outdated; [`Timestamp::MAX`] where that says nothing.
    pub fresh_until: Timestamp,
    /// When it must no longer be used.
    pub expires_at: Timestamp,
    /// The token, or the key set document.
    pub body: Secret<Vec<u8>>,
}

/// The kinds of records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordKind {
    /// A JWT access token, checked claim by claim.
    Jwt,
    /// A JWK Set document.
    KeySet,
    /// An access token that only its issuer can read.
    Opaque,
    /// Temporary cloud credentials: key id, secret and security token.
    Sts,
}

/// A failed fetch, remembered for all workers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Failure {
    /// When it failed.
    pub failed_at: Timestamp,
    /// When the next try may start.
    pub retry_at: Timestamp,
    /// How many tries have failed in a row.
    pub attempts: u32,
    /// A digest of the reason, by which the same reason is told from another.
    pub cause: u32,
}

/// A body may be a token, so it is not shown.
impl std::fmt::Debug for Record {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Record({:?}, generation {}, {} bytes)",
            self.kind,
            self.generation,
            self.body.expose().len()
        )
    }
}

impl Lease {
    /// The longest term of a lease; holders renew it as long as their call runs.
    pub const LONGEST: Duration = Duration::from_secs(5);

    /// Whether it is still running. One that ends later than any lease can was written under another
    /// clock, or by somebody else: it counts as ended.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.deadline > now && self.deadline <= now + Self::LONGEST
    }
}

impl Failure {
    /// The longest time that a failure may hold everybody off.
    pub const LONGEST: Duration = Duration::from_secs(301);

    /// For how long after the next try was due it is remembered.
    const MEMORY: Duration = Duration::from_secs(60);

    /// Whether it still forbids a try. A time further ahead than a failure can set was written
    /// under another clock: it forbids nothing.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.retry_at > now && self.retry_at <= now + Self::LONGEST
    }

    /// Whether the back-off of another failure goes on from it: for a minute after the next try was due.
    pub fn is_remembered(&self, now: Timestamp) -> bool {
        now <= self.retry_at + Self::MEMORY
    }
}

/// The entries under one key of the shared data.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bucket(Vec<Entry>);

impl Bucket {
    pub(super) const fn of(entries: Vec<Entry>) -> Self {
        Self(entries)
    }

    /// Reads a bucket from the host's bytes; malformed ones count as empty.
    pub fn decode(bytes: &[u8]) -> Self {
        codec::decode(bytes).unwrap_or_default()
    }

    /// The bytes for the host.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The entry of a meaning.
    pub fn entry(&self, meaning: &[u8; 32]) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.meaning == *meaning)
    }

    /// The entry of a meaning, made if need be: in a full bucket the entry that is least worth
    /// keeping gives way. `None` when every other entry has a live lease: nothing is pushed out
    /// from under a fetch.
    pub fn entry_or_evict(&mut self, meaning: &[u8; 32], now: Timestamp) -> Option<&mut Entry> {
        let at = match self.0.iter().position(|entry| entry.meaning == *meaning) {
            Some(at) => at,
            None => {
                let fresh = Entry {
                    meaning: *meaning,
                    lease: None,
                    record: None,
                    failure: None,
                    purge: None,
                };
                if self.0.len() < WAYS {
                    self.0.push(fresh);
                    self.0.len().saturating_sub(1)
                } else {
                    let worst = (0..self.0.len())
                        .filter_map(|at| Some((self.0.get(at)?.worth(now)?, at)))
                        .min()?
                        .1;
                    *self.0.get_mut(worst)? = fresh;
                    worst
                }
            }
        };
        self.0.get_mut(at)
    }
}

impl Entry {
    /// The lease, if it is still running.
    pub fn live_lease(&self, now: Timestamp) -> Option<Lease> {
        self.lease.filter(|lease| lease.is_live(now))
    }

    /// The failure, if it still forbids a try, by the same rule as leases.
    pub fn live_failure(&self, now: Timestamp) -> Option<Failure> {
        self.failure.filter(|failure| failure.is_live(now))
    }

    /// How much is lost with this entry: the time of its fetch, zero once it is of no use. `None`
    /// while it is being fetched.
    fn worth(&self, now: Timestamp) -> Option<Duration> {
        if self.live_lease(now).is_some() {
            return None;
        }
        let record = self.record.as_ref().filter(|record| record.expires_at > now);
        let failure = self.live_failure(now);
        let since = record.map(|r| r.fetched_at).max(failure.map(|f| f.failed_at));
        let purge = self.purge.as_ref().filter(|purge| purge.limits(now));
        let since = since.max(purge.map(|purge| purge.last.at));
        Some(since.map_or(Duration::ZERO, |time| time.since(Timestamp::default())))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Doubt;
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1000);

    fn record(fetched_at: u64, expires_at: u64) -> Record {
        Record {
            kind: RecordKind::Jwt,
            generation: 1,
            fetched_at: Timestamp::from_seconds(fetched_at),
            fresh_until: Timestamp::MAX,
            expires_at: Timestamp::from_seconds(expires_at),
            body: Secret::new(b"secret-token".to_vec()),
        }
    }

    fn entry(seed: u8, record: Option<Record>, lease_until: Option<u64>) -> Entry {
        let lease = lease_until.map(|at| Lease { nonce: 1, deadline: Timestamp::from_seconds(at) });
        Entry { meaning: [seed; 32], lease, record, failure: None, purge: None }
    }

    fn evicted_from(entries: Vec<Entry>) -> Option<u8> {
        let before = Bucket::of(entries);
        let mut after = before.clone();
        after.entry_or_evict(&[99; 32], NOW)?;
        let gone = before.entries().iter().find(|e| after.entry(&e.meaning).is_none());
        gone.map(|e| e.meaning[0])
    }

    #[test]
    fn a_full_bucket_gives_up_the_expired_entry_then_the_one_fetched_first() {
        let live = |seed, at| entry(seed, Some(record(at, 2000)), None);
        assert_eq!(
            evicted_from(vec![live(1, 900), live(2, 800), live(3, 950), live(4, 990)]),
            Some(2)
        );
        let expired = entry(3, Some(record(999, 1000)), None);
        assert_eq!(evicted_from(vec![live(1, 900), live(2, 800), expired, live(4, 990)]), Some(3));
    }

    #[test]
    fn an_entry_whose_record_has_ended_gives_way_once_its_refused_records_limit_nothing() {
        let live = |seed, at| entry(seed, Some(record(at, 2000)), None);
        let refused = |at| {
            let last = Doubt { at: Timestamp::from_seconds(at), count: 1 };
            let purge = Some(Purge { last, digests: vec![[7; 32]], is_open: false });
            Entry { purge, ..entry(3, Some(record(999, 1000)), None) }
        };
        let evicted =
            |at| evicted_from(vec![live(1, 900), live(2, 800), refused(at), live(4, 990)]);
        assert_eq!(evicted(941), Some(2), "59 s ago: another one may not be doubted yet");
        assert_eq!(evicted(940), Some(3));
        assert_eq!(evicted(1001), Some(3), "under another clock");
    }

    #[test]
    fn an_entry_that_is_being_fetched_is_never_pushed_out() {
        let leased = |seed| entry(seed, None, Some(1001));
        let mut full = Bucket::of((1..=4).map(leased).collect());
        assert_eq!(full.entry_or_evict(&[99; 32], NOW), None);
        let lapsed = entry(2, None, Some(1000));
        assert_eq!(evicted_from(vec![leased(1), lapsed, leased(3), leased(4)]), Some(2));
    }

    #[test]
    fn times_that_no_worker_can_have_set_hold_nobody_off() {
        let lease = |at| entry(1, None, Some(at)).live_lease(NOW).is_some();
        assert!(lease(1005));
        assert!(!lease(1006));
        let failure = |at| {
            let retry_at = Timestamp::from_seconds(at);
            Failure { failed_at: NOW, retry_at, attempts: 1, cause: 0 }.is_live(NOW)
        };
        assert!(failure(1301));
        assert!(!failure(1302));
        assert!(!failure(1000));
    }

    #[test]
    fn debug_output_shows_no_body() {
        assert!(!format!("{:?}", record(1, 2)).contains("secret"));
    }
}
