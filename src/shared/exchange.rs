//! Reading and changing one entry by compare-and-swap: claim a fetch, complete it, look it up.

use std::sync::Arc;
use zeroize::Zeroize;

use super::{Bucket, Cas, Entry, Failure, Lease, Purge, Record, SharedData, Stored, WriteError};
use crate::time::Timestamp;

/// How often a change is tried again when another worker wrote the same bucket in between.
const TRIES: u32 = 16;

/// A family of entries in the shared data: one kind of thing, a fixed number of buckets.
#[derive(Clone, Debug)]
pub struct SharedEntries {
    prefix: Arc<str>,
    buckets: u16,
}

/// The answer to a worker that wants to fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// Something newer is there already.
    Found(Record),
    /// Nobody fetches, and whoever asks has left it at that.
    Free,
    /// The caller must fetch. It holds the lease, or the host stores none and every worker fetches
    /// for itself. With the last failure of any worker, so that the back-off goes on from there.
    Granted(Option<Failure>),
    /// A fetch failed lately; nobody may try before `retry_at`.
    Held(Failure),
    /// Another worker is fetching; look again soon.
    Taken,
}

impl SharedEntries {
    /// The entries of `kind` (a fixed word), spread over `buckets` keys.
    pub fn new(kind: &str, buckets: u16) -> Self {
        Self { prefix: Arc::from(format!("tenantgate/2/{kind}")), buckets: buckets.max(1) }
    }

    /// Takes what is newer than `than` and not expired, else asks for the right to fetch until the
    /// lease's deadline (at most [`Lease::LONGEST`] away). Without a lease, only how it stands.
    ///
    /// An expired lease is taken over with the counter that was read, so of several contenders one
    /// wins. When the bucket is full of running fetches the claim is `Taken`: the thing waits for
    /// a place.
    pub fn claim(
        &self,
        meaning: &[u8; 32],
        than: Timestamp,
        lease: Option<Lease>,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Claim {
        let claimed = self.change(meaning, now, shared, |entry| {
            let newer = |record: &&Record| record.fetched_at > than && record.expires_at > now;
            if let Some(record) = entry.record.as_ref().filter(newer) {
                return Err(Claim::Found(record.clone()));
            }
            if entry.live_lease(now).is_some() {
                return Err(Claim::Taken);
            }
            if let Some(failure) = entry.live_failure(now) {
                return Err(Claim::Held(failure));
            }
            entry.lease = Some(lease.ok_or(Claim::Free)?);
            Ok(entry.failure)
        });
        match claimed {
            Ok(Changed::Written(failure)) => Claim::Granted(failure),
            Ok(Changed::Refused) => Claim::Granted(None),
            Ok(Changed::Crowded) => Claim::Taken,
            Err(answer) => answer,
        }
    }

    /// What is newer than `than` and not expired. Nothing is written.
    pub fn find(
        &self,
        meaning: &[u8; 32],
        than: Timestamp,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Option<Record> {
        let newer = |record: &Record| record.fetched_at > than && record.expires_at > now;
        self.peek(meaning, shared)?.record.filter(newer)
    }

    /// Moves the deadline of a lease that its holder still has. A holder whose call is slow renews;
    /// one that is gone does not, so that others need not wait for the call's whole timeout.
    pub fn renew(
        &self,
        meaning: &[u8; 32],
        lease: Lease,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) {
        let _unchanged = self.change(meaning, now, shared, |entry| match &mut entry.lease {
            Some(held) if held.nonce == lease.nonce => {
                *held = lease;
                Ok(())
            }
            Some(_) | None => Err(()),
        });
    }

    /// Stores what was fetched and gives the lease back if `nonce` still holds it.
    ///
    /// A record is stored even by a worker whose lease ran out, unless one that lives longer is
    /// there, and is not doubted: the token is good whoever fetched it. One that was refused, and has
    /// been replaced since, is not stored, and the lease stays.
    pub fn complete(
        &self,
        meaning: &[u8; 32],
        nonce: u64,
        fetched: &Record,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Stored {
        let mut stored = Stored::Unopposed;
        let _unchanged = self.change(meaning, now, shared, |entry| {
            let settle = |purge: &mut Purge| purge.settle(fetched);
            stored = entry.purge.as_mut().map_or(Stored::Unopposed, settle);
            if stored == Stored::Buried {
                return Err(());
            }
            let is_free = release(entry, nonce) || stored != Stored::Unopposed;
            let outlives = |other: &Record| !is_free && other.expires_at >= fetched.expires_at;
            let generation = match &entry.record {
                Some(other) if outlives(other) => return Err(()),
                Some(other) => other.generation,
                None => 0,
            };
            let generation = generation.saturating_add(1);
            entry.record = Some(Record { generation, ..fetched.clone() });
            entry.failure = None;
            Ok(())
        });
        stored
    }

    /// Notes a failed fetch and gives the lease back. Ignored when the lease has passed to
    /// another worker, whose word is newer.
    pub fn fail(
        &self,
        meaning: &[u8; 32],
        nonce: u64,
        failure: Failure,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) {
        let _unchanged = self.change(meaning, now, shared, |entry| {
            if release(entry, nonce) {
                entry.failure = Some(failure);
                Ok(())
            } else {
                Err(())
            }
        });
    }

    /// The entry as it is.
    pub(super) fn peek(&self, meaning: &[u8; 32], shared: &mut dyn SharedData) -> Option<Entry> {
        let (mut bytes, _) = shared.read(&self.key(meaning))?;
        let bucket = Bucket::decode(&bytes);
        bytes.zeroize();
        bucket.entry(meaning).cloned()
    }

    /// Reads the bucket, lets `edit` change the entry, and writes it if nobody else did meanwhile;
    /// else tries again. An error of `edit` leaves everything as it was.
    pub(super) fn change<T, E>(
        &self,
        meaning: &[u8; 32],
        now: Timestamp,
        shared: &mut dyn SharedData,
        mut edit: impl FnMut(&mut Entry) -> Result<T, E>,
    ) -> Result<Changed<T>, E> {
        let mut edited = None;
        let rewritten =
            self.rewrite(meaning, now, shared, &mut |entry| edited.insert(edit(entry)).is_ok());
        match (rewritten, edited) {
            (_, Some(Err(error))) => Err(error),
            (Changed::Written(()), Some(Ok(done))) => Ok(Changed::Written(done)),
            (Changed::Refused, _) => Ok(Changed::Refused),
            (Changed::Crowded, _) | (Changed::Written(()), None) => Ok(Changed::Crowded),
        }
    }

    /// The same where `edit` says whether there is anything to write. There are many edits, and one
    /// copy of this in the module.
    fn rewrite(
        &self,
        meaning: &[u8; 32],
        now: Timestamp,
        shared: &mut dyn SharedData,
        edit: &mut dyn FnMut(&mut Entry) -> bool,
    ) -> Changed<()> {
        let key = self.key(meaning);
        for _ in 0..TRIES {
            let (mut bucket, cas) = match shared.read(&key) {
                Some((mut bytes, cas)) => {
                    let bucket = Bucket::decode(&bytes);
                    bytes.zeroize();
                    (bucket, cas)
                }
                None => (Bucket::default(), Cas::CREATE),
            };
            let Some(entry) = bucket.entry_or_evict(meaning, now) else {
                return Changed::Crowded;
            };
            if !edit(entry) {
                return Changed::Written(());
            }
            let mut bytes = bucket.encode();
            let written = shared.write(&key, &bytes, cas);
            bytes.zeroize();
            match written {
                Ok(()) => return Changed::Written(()),
                Err(WriteError::Refused) => return Changed::Refused,
                Err(WriteError::CasMismatch) => {}
            }
        }
        Changed::Crowded
    }

    fn key(&self, meaning: &[u8; 32]) -> String {
        let [a, b, ..] = *meaning;
        format!("{}/{}", self.prefix, u16::from_le_bytes([a, b]) % self.buckets)
    }
}

/// What became of a change.
pub(super) enum Changed<T> {
    /// No place in the bucket, or too many tries.
    Crowded,
    /// The host does not store it.
    Refused,
    /// It is stored.
    Written(T),
}

/// Removes the lease if `nonce` holds it, and says whether it did.
fn release(entry: &mut Entry, nonce: u64) -> bool {
    let holds = entry.lease.is_some_and(|lease| lease.nonce == nonce);
    if holds {
        entry.lease = None;
    }
    holds
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use super::super::RecordKind;
    use super::*;
    use crate::secret::Secret;

    /// The host's rules, as measured: zero overwrites, a missing key ignores the counter.
    #[derive(Default)]
    struct Map {
        values: HashMap<String, (Vec<u8>, u32)>,
        counter: u32,
        /// How many writes somebody else slips in before ours.
        contended: u32,
        /// Stores nothing.
        is_full: bool,
    }

    impl SharedData for Map {
        fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)> {
            self.values.get(key).map(|(value, cas)| (value.clone(), Cas::from_host(*cas)))
        }

        fn write(&mut self, key: &str, value: &[u8], expected: Cas) -> Result<(), WriteError> {
            if self.is_full {
                return Err(WriteError::Refused);
            }
            self.counter += 1;
            if self.contended > 0 {
                self.contended -= 1;
                let other =
                    self.values.get(key).map_or_else(|| vec![1], |(value, _)| value.clone());
                self.values.insert(key.to_owned(), (other, self.counter));
                self.counter += 1;
            }
            match self.values.get(key) {
                Some((_, cas)) if *cas != expected.to_host() => Err(WriteError::CasMismatch),
                Some(_) | None => {
                    self.values.insert(key.to_owned(), (value.to_vec(), self.counter));
                    Ok(())
                }
            }
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1000);
    const TERM: Duration = Duration::from_secs(3);
    const THING: [u8; 32] = [5; 32];

    fn entries() -> SharedEntries {
        SharedEntries::new("test", 8)
    }

    fn claim(nonce: u64, now: Timestamp, map: &mut Map) -> Claim {
        let lease = Lease { nonce, deadline: now + TERM };
        entries().claim(&THING, Timestamp::default(), Some(lease), now, map)
    }

    fn stored(entries: &SharedEntries, meaning: &[u8; 32], map: &mut Map) -> Option<Entry> {
        let (bytes, _) = map.read(&entries.key(meaning))?;
        Bucket::decode(&bytes).entry(meaning).cloned()
    }

    fn record() -> Record {
        Record {
            kind: RecordKind::Opaque,
            generation: 0,
            fetched_at: NOW,
            fresh_until: Timestamp::MAX,
            expires_at: NOW + Duration::from_secs(1800),
            body: Secret::new(b"token".to_vec()),
        }
    }

    #[test]
    fn one_of_two_claims_is_granted() {
        let mut map = Map::default();
        assert_eq!(claim(1, NOW, &mut map), Claim::Granted(None));
        assert_eq!(claim(2, NOW, &mut map), Claim::Taken);
    }

    #[test]
    fn a_lease_is_taken_over_exactly_at_its_deadline() {
        let mut map = Map::default();
        claim(1, NOW, &mut map);
        let end = NOW + TERM;
        let early = end.before(Duration::from_millis(1));
        assert_eq!(claim(2, early, &mut map), Claim::Taken);
        assert_eq!(claim(2, end, &mut map), Claim::Granted(None));
    }

    #[test]
    fn a_claim_that_loses_the_race_to_create_the_key_tries_again() {
        let mut map = Map { contended: 3, ..Map::default() };
        assert_eq!(claim(1, NOW, &mut map), Claim::Granted(None));
        let mut hopeless = Map { contended: u32::MAX, ..Map::default() };
        assert_eq!(claim(1, NOW, &mut hopeless), Claim::Taken);
    }

    #[test]
    fn a_completed_fetch_ends_the_lease_and_is_found_by_all() {
        let mut map = Map::default();
        claim(1, NOW, &mut map);
        entries().complete(&THING, 1, &record(), NOW, &mut map);
        let entry = stored(&entries(), &THING, &mut map).unwrap();
        assert_eq!(entry.lease, None);
        assert_eq!(entry.record, Some(Record { generation: 1, ..record() }));
        let longer = Record { expires_at: Timestamp::MAX, ..record() };
        entries().complete(&THING, 1, &longer, NOW, &mut map);
        entries().complete(&THING, 1, &record(), NOW, &mut map);
        let entry = stored(&entries(), &THING, &mut map).unwrap();
        assert_eq!(entry.record.map(|record| record.expires_at), Some(Timestamp::MAX));
    }

    #[test]
    fn what_is_newer_than_asked_for_is_found_instead_of_fetched() {
        let mut map = Map::default();
        entries().complete(&THING, 1, &record(), NOW, &mut map);
        let found = Claim::Found(Record { generation: 1, ..record() });
        assert_eq!(claim(2, NOW, &mut map), found);
        let lease = Lease { nonce: 2, deadline: NOW + TERM };
        let newer = entries().claim(&THING, NOW, Some(lease), NOW, &mut map);
        assert_eq!(newer, Claim::Granted(None), "as new as asked for is not newer");
        let mut map = Map::default();
        entries().complete(&THING, 1, &record(), NOW, &mut map);
        assert_eq!(claim(2, record().expires_at, &mut map), Claim::Granted(None), "expired");
    }

    #[test]
    fn a_lease_is_renewed_by_its_holder_alone() {
        let mut map = Map::default();
        claim(1, NOW, &mut map);
        let later = NOW + Duration::from_secs(2);
        let renewed = |nonce| Lease { nonce, deadline: later + TERM };
        entries().renew(&THING, renewed(2), later, &mut map);
        assert_eq!(
            stored(&entries(), &THING, &mut map).unwrap().lease.unwrap().deadline,
            NOW + TERM
        );
        entries().renew(&THING, renewed(1), later, &mut map);
        assert_eq!(claim(2, NOW + TERM, &mut map), Claim::Taken);
        assert_eq!(claim(2, later + TERM, &mut map), Claim::Granted(None));
    }

    #[test]
    fn where_the_host_stores_nothing_every_worker_fetches_for_itself() {
        let mut map = Map { is_full: true, ..Map::default() };
        assert_eq!(claim(1, NOW, &mut map), Claim::Granted(None));
        assert_eq!(claim(2, NOW, &mut map), Claim::Granted(None));
    }

    #[test]
    fn a_failure_holds_everybody_off_until_its_time() {
        let mut map = Map::default();
        let retry_at = NOW + Duration::from_secs(5);
        let failure = Failure { failed_at: NOW, retry_at, attempts: 1, cause: 0 };
        claim(1, NOW, &mut map);
        entries().fail(&THING, 1, failure, NOW, &mut map);
        let early = retry_at.before(Duration::from_millis(1));
        assert_eq!(claim(2, early, &mut map), Claim::Held(failure));
        assert_eq!(claim(2, retry_at, &mut map), Claim::Granted(Some(failure)));
    }

    #[test]
    fn a_worker_whose_lease_passed_on_cannot_end_the_new_one_or_report_a_failure() {
        let mut map = Map::default();
        claim(1, NOW, &mut map);
        let later = NOW + TERM;
        claim(2, later, &mut map);
        let failure = Failure { failed_at: later, retry_at: Timestamp::MAX, attempts: 1, cause: 0 };
        entries().fail(&THING, 1, failure, later, &mut map);
        let entry = stored(&entries(), &THING, &mut map).unwrap();
        assert_eq!((entry.lease.map(|lease| lease.nonce), entry.failure), (Some(2), None));
    }

    #[test]
    fn two_meanings_in_one_bucket_never_mix() {
        let mut map = Map::default();
        let one_bucket = SharedEntries::new("test", 1);
        one_bucket.complete(&[1; 32], 0, &record(), NOW, &mut map);
        assert_eq!(stored(&one_bucket, &[2; 32], &mut map), None);
        assert_eq!(map.values.len(), 1);
    }

    #[test]
    fn the_number_of_keys_is_fixed() {
        let mut map = Map::default();
        for seed in 0..=255 {
            entries().complete(&[seed; 32], 0, &record(), NOW, &mut map);
        }
        assert_eq!(map.values.len(), 8);
    }
}
