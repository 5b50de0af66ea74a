//! Reading and changing one entry by compare-and-swap: claim a fetch, complete it, look it up.

use std::sync::Arc;
use std::time::Duration;

use super::{Bucket, Cas, Entry, Failure, Lease, Record, SharedData};
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
    /// The caller holds the lease and must fetch.
    Granted,
    /// A fetch failed lately; nobody may try before `retry_at`.
    Held(Failure),
    /// Another worker is fetching; look again soon.
    Taken,
}

impl SharedEntries {
    /// The entries of `kind` (a fixed word), spread over `buckets` keys.
    pub fn new(kind: &str, buckets: u16) -> Self {
        Self { prefix: Arc::from(format!("tenantgate/1/{kind}")), buckets: buckets.max(1) }
    }

    /// What is known of a meaning.
    pub fn look_up(&self, meaning: &[u8; 32], shared: &mut dyn SharedData) -> Option<Entry> {
        let (bytes, _) = shared.read(&self.key(meaning))?;
        Bucket::decode(&bytes).entry(meaning).cloned()
    }

    /// Asks for the right to fetch until `now + term`.
    ///
    /// An expired lease is taken over with the counter that was read, so of several contenders one
    /// wins. When the bucket is full of running fetches the claim is `Taken`: the thing waits for
    /// a place.
    pub fn claim(
        &self,
        meaning: &[u8; 32],
        nonce: u64,
        term: Duration,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Claim {
        let claimed = self.change(meaning, now, shared, |entry| {
            if entry.live_lease(now).is_some() {
                return Err(Claim::Taken);
            }
            if let Some(failure) = entry.failure.filter(|failure| failure.retry_at > now) {
                return Err(Claim::Held(failure));
            }
            entry.lease = Some(Lease { nonce, deadline: now + term });
            Ok(())
        });
        match claimed {
            Ok(Some(())) => Claim::Granted,
            Ok(None) => Claim::Taken,
            Err(answer) => answer,
        }
    }

    /// Stores what was fetched and gives the lease back if `nonce` still holds it.
    ///
    /// A record is stored even by a worker whose lease ran out, unless one that lives longer is
    /// there: the token is good whoever fetched it. Returns the generation of what is stored now.
    pub fn complete(
        &self,
        meaning: &[u8; 32],
        nonce: u64,
        fetched: &Record,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Option<u32> {
        let stored = self.change(meaning, now, shared, |entry| -> Result<u32, ()> {
            let held = release(entry, nonce);
            if let Some(other) = entry.record.as_ref().filter(|_| !held)
                && other.expires_at >= fetched.expires_at
            {
                return Ok(other.generation);
            }
            let generation = entry.record.as_ref().map_or(0, |record| record.generation);
            let record = Record { generation: generation.saturating_add(1), ..fetched.clone() };
            let generation = record.generation;
            entry.record = Some(record);
            entry.failure = None;
            Ok(generation)
        });
        stored.ok().flatten()
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

    /// Reads the bucket, lets `edit` change the entry, and writes it if nobody else did meanwhile;
    /// else tries again. `Ok(None)`: no place, or too many tries.
    fn change<T, E>(
        &self,
        meaning: &[u8; 32],
        now: Timestamp,
        shared: &mut dyn SharedData,
        mut edit: impl FnMut(&mut Entry) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let key = self.key(meaning);
        for _ in 0..TRIES {
            let (mut bucket, cas) = match shared.read(&key) {
                Some((bytes, cas)) => (Bucket::decode(&bytes), cas),
                None => (Bucket::default(), Cas::CREATE),
            };
            let Some(entry) = bucket.entry_or_evict(meaning, now) else {
                return Ok(None);
            };
            let done = edit(entry)?;
            if shared.write(&key, &bucket.encode(), cas).is_ok() {
                return Ok(Some(done));
            }
        }
        Ok(None)
    }

    fn key(&self, meaning: &[u8; 32]) -> String {
        let [a, b, ..] = *meaning;
        format!("{}/{}", self.prefix, u16::from_le_bytes([a, b]) % self.buckets)
    }
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

    use super::super::{CasMismatch, RecordKind};
    use super::*;

    /// The host's rules, as measured: zero overwrites, a missing key ignores the counter.
    #[derive(Default)]
    struct Map {
        values: HashMap<String, (Vec<u8>, u32)>,
        counter: u32,
        /// How many writes somebody else slips in before ours.
        contended: u32,
    }

    impl SharedData for Map {
        fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)> {
            self.values.get(key).map(|(value, cas)| (value.clone(), Cas::from_host(*cas)))
        }

        fn write(&mut self, key: &str, value: &[u8], expected: Cas) -> Result<(), CasMismatch> {
            self.counter += 1;
            if self.contended > 0 {
                self.contended -= 1;
                let other =
                    self.values.get(key).map_or_else(|| vec![1], |(value, _)| value.clone());
                self.values.insert(key.to_owned(), (other, self.counter));
                self.counter += 1;
            }
            match self.values.get(key) {
                Some((_, cas)) if *cas != expected.to_host() => Err(CasMismatch),
                Some(_) | None => {
                    self.values.insert(key.to_owned(), (value.to_vec(), self.counter));
                    Ok(())
                }
            }
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1000);
    const TERM: Duration = Duration::from_secs(7);
    const THING: [u8; 32] = [5; 32];

    fn entries() -> SharedEntries {
        SharedEntries::new("test", 8)
    }

    fn record() -> Record {
        Record {
            kind: RecordKind::Opaque,
            generation: 0,
            fetched_at: NOW,
            expires_at: NOW + Duration::from_secs(1800),
            body: b"token".to_vec(),
        }
    }

    #[test]
    fn one_of_two_claims_is_granted() {
        let mut map = Map::default();
        assert_eq!(entries().claim(&THING, 1, TERM, NOW, &mut map), Claim::Granted);
        assert_eq!(entries().claim(&THING, 2, TERM, NOW, &mut map), Claim::Taken);
    }

    #[test]
    fn a_lease_is_taken_over_exactly_at_its_deadline() {
        let mut map = Map::default();
        entries().claim(&THING, 1, TERM, NOW, &mut map);
        let end = NOW + TERM;
        let early = end.before(Duration::from_millis(1));
        assert_eq!(entries().claim(&THING, 2, TERM, early, &mut map), Claim::Taken);
        assert_eq!(entries().claim(&THING, 2, TERM, end, &mut map), Claim::Granted);
    }

    #[test]
    fn a_claim_that_loses_the_race_to_create_the_key_tries_again() {
        let mut map = Map { contended: 3, ..Map::default() };
        assert_eq!(entries().claim(&THING, 1, TERM, NOW, &mut map), Claim::Granted);
        let mut hopeless = Map { contended: u32::MAX, ..Map::default() };
        assert_eq!(entries().claim(&THING, 1, TERM, NOW, &mut hopeless), Claim::Taken);
    }

    #[test]
    fn a_completed_fetch_ends_the_lease_and_is_found_by_all() {
        let mut map = Map::default();
        entries().claim(&THING, 1, TERM, NOW, &mut map);
        assert_eq!(entries().complete(&THING, 1, &record(), NOW, &mut map), Some(1));
        let entry = entries().look_up(&THING, &mut map).unwrap();
        assert_eq!(entry.lease, None);
        assert_eq!(entry.record, Some(Record { generation: 1, ..record() }));
        let longer = Record { expires_at: Timestamp::MAX, ..record() };
        assert_eq!(entries().complete(&THING, 1, &longer, NOW, &mut map), Some(2));
        assert_eq!(entries().complete(&THING, 1, &record(), NOW, &mut map), Some(2));
        let entry = entries().look_up(&THING, &mut map).unwrap();
        assert_eq!(entry.record.map(|record| record.expires_at), Some(Timestamp::MAX));
    }

    #[test]
    fn a_failure_holds_everybody_off_until_its_time() {
        let mut map = Map::default();
        let retry_at = NOW + Duration::from_secs(5);
        let failure = Failure { failed_at: NOW, retry_at, attempts: 1 };
        entries().claim(&THING, 1, TERM, NOW, &mut map);
        entries().fail(&THING, 1, failure, NOW, &mut map);
        let early = retry_at.before(Duration::from_millis(1));
        assert_eq!(entries().claim(&THING, 2, TERM, early, &mut map), Claim::Held(failure));
        assert_eq!(entries().claim(&THING, 2, TERM, retry_at, &mut map), Claim::Granted);
    }

    #[test]
    fn a_worker_whose_lease_passed_on_cannot_end_the_new_one_or_report_a_failure() {
        let mut map = Map::default();
        entries().claim(&THING, 1, TERM, NOW, &mut map);
        let later = NOW + TERM;
        entries().claim(&THING, 2, TERM, later, &mut map);
        let failure = Failure { failed_at: later, retry_at: Timestamp::MAX, attempts: 1 };
        entries().fail(&THING, 1, failure, later, &mut map);
        let entry = entries().look_up(&THING, &mut map).unwrap();
        assert_eq!((entry.lease.map(|lease| lease.nonce), entry.failure), (Some(2), None));
    }

    #[test]
    fn two_meanings_in_one_bucket_never_mix() {
        let mut map = Map::default();
        let one_bucket = SharedEntries::new("test", 1);
        one_bucket.complete(&[1; 32], 0, &record(), NOW, &mut map);
        assert_eq!(one_bucket.look_up(&[2; 32], &mut map), None);
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
