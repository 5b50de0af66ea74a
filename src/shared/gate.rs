//! A failure that many entries have in common, and one of them that tries for all.
//!
//! ```text
//!              bar(failure)             its time has come             probe
//!   [Free] ─────────────────> [Barred] ───────────────────> [Due] ───────────> [Taken]
//!     ^                          ^                            ^                  │  │
//!     │                          └────────── bar ─────────────│──────────────────┘  │
//!     │                                                       └── release, deadline ┤
//!     └──────────────────────────────── lift ───────────────────────────────────────┘
//! ```

use super::exchange::{Changed, SharedEntries};
use super::{Failure, Lease, SharedData};
use crate::time::Timestamp;

/// What all that share a failure may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gate {
    /// Nobody may try before the failure's time.
    Barred(Failure),
    /// One may try for all: whoever takes the lease.
    Due(Failure),
    /// There is no failure.
    Free,
    /// One tries.
    Taken(Failure),
}

impl SharedEntries {
    /// How it stands. Nothing is written.
    pub fn gate(&self, meaning: &[u8; 32], now: Timestamp, shared: &mut dyn SharedData) -> Gate {
        let entry = self.peek(meaning, shared);
        match entry.and_then(|entry| Some((entry.failure?, entry.live_lease(now)))) {
            None => Gate::Free,
            Some((failure, _)) if failure.is_live(now) => Gate::Barred(failure),
            Some((failure, Some(_))) => Gate::Taken(failure),
            Some((failure, None)) => Gate::Due(failure),
        }
    }

    /// Takes the right to try for all; whether it was there to be taken.
    pub fn probe(
        &self,
        meaning: &[u8; 32],
        lease: Lease,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> bool {
        let taken = self.change(meaning, now, shared, |entry| {
            if entry.live_failure(now).is_some() || entry.live_lease(now).is_some() {
                return Err(());
            }
            entry.lease = Some(lease);
            Ok(())
        });
        match taken {
            Ok(Changed::Written(()) | Changed::Refused) => true,
            Ok(Changed::Crowded) | Err(()) => false,
        }
    }

    /// Notes a failure for all. One that still holds them off stays, unless `nonce` tried for all: but
    /// until the later time of both.
    pub fn bar(
        &self,
        meaning: &[u8; 32],
        nonce: u64,
        failure: Failure,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) {
        let _unchanged = self.change(meaning, now, shared, |entry| {
            let is_probe = entry.lease.is_some_and(|lease| lease.nonce == nonce);
            if let Some(first) = entry.live_failure(now).filter(|_| !is_probe) {
                let retry_at = first.retry_at.max(failure.retry_at);
                entry.failure = Some(Failure { retry_at, ..first });
                return Ok::<_, ()>(());
            }
            if is_probe {
                entry.lease = None;
            }
            entry.failure = Some(failure);
            Ok(())
        });
    }

    /// Nothing holds them off any more; the failure that did until now. One whose time has not come
    /// stays: what goes well meanwhile began before it; but `nonce` no longer tries for all.
    pub fn lift(
        &self,
        meaning: &[u8; 32],
        nonce: u64,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Option<Failure> {
        let lifted = self.change(meaning, now, shared, |entry| {
            if entry.live_failure(now).is_some() {
                let lease = entry.lease.take_if(|lease| lease.nonce == nonce);
                return lease.map(|_| None).ok_or(());
            }
            entry.lease = None;
            entry.failure.take().map(Some).ok_or(())
        });
        match lifted {
            Ok(Changed::Written(failure)) => failure,
            Ok(Changed::Crowded | Changed::Refused) | Err(()) => None,
        }
    }

    /// Gives the lease of `nonce` back and leaves all else as it is.
    pub fn release(
        &self,
        meaning: &[u8; 32],
        nonce: u64,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) {
        let _unchanged = self.change(meaning, now, shared, |entry| {
            let lease = entry.lease.take_if(|lease| lease.nonce == nonce);
            lease.map(drop).ok_or(())
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use super::super::{Cas, WriteError};
    use super::*;

    #[derive(Default)]
    struct Map(HashMap<String, Vec<u8>>);

    impl SharedData for Map {
        fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)> {
            self.0.get(key).map(|value| (value.clone(), Cas::from_host(1)))
        }

        fn write(&mut self, key: &str, value: &[u8], _: Cas) -> Result<(), WriteError> {
            self.0.insert(key.to_owned(), value.to_vec());
            Ok(())
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1000);
    const CREDENTIAL: [u8; 32] = [5; 32];

    fn at(seconds: u64) -> Timestamp {
        NOW + Duration::from_secs(seconds)
    }

    fn failure(attempts: u32, until: u64) -> Failure {
        Failure { failed_at: NOW, retry_at: at(until), attempts, cause: 0 }
    }

    fn lease(nonce: u64, until: u64) -> Lease {
        Lease { nonce, deadline: at(until) }
    }

    #[test]
    fn a_failure_bars_all_until_its_time_then_one_probes_for_all() {
        let (entries, mut map) = (SharedEntries::new("credential", 1), Map::default());
        let gate = |now, map: &mut Map| entries.gate(&CREDENTIAL, now, map);
        assert_eq!(gate(NOW, &mut map), Gate::Free);
        assert_eq!(map.0.len(), 0, "looking writes nothing");
        entries.bar(&CREDENTIAL, 1, failure(1, 5), NOW, &mut map);
        assert_eq!(gate(at(4), &mut map), Gate::Barred(failure(1, 5)));
        assert!(!entries.probe(&CREDENTIAL, lease(2, 7), at(4), &mut map));
        assert_eq!(gate(at(5), &mut map), Gate::Due(failure(1, 5)));
        assert!(entries.probe(&CREDENTIAL, lease(2, 8), at(5), &mut map));
        assert_eq!(gate(at(7), &mut map), Gate::Taken(failure(1, 5)));
        assert!(!entries.probe(&CREDENTIAL, lease(3, 9), at(7), &mut map));
        assert_eq!(gate(at(8), &mut map), Gate::Due(failure(1, 5)), "the one that probed is gone");
        assert!(entries.probe(&CREDENTIAL, lease(3, 11), at(8), &mut map));
        assert_eq!(entries.lift(&CREDENTIAL, 3, at(9), &mut map), Some(failure(1, 5)));
        assert_eq!(entries.lift(&CREDENTIAL, 3, at(9), &mut map), None);
        assert_eq!(gate(at(9), &mut map), Gate::Free);
    }

    #[test]
    fn of_failures_side_by_side_the_first_counts_until_the_last_ones_time_and_after_a_probe_the_last()
     {
        let (entries, mut map) = (SharedEntries::new("credential", 1), Map::default());
        entries.bar(&CREDENTIAL, 1, failure(1, 5), NOW, &mut map);
        entries.bar(&CREDENTIAL, 2, failure(2, 9), NOW, &mut map);
        assert_eq!(entries.gate(&CREDENTIAL, NOW, &mut map), Gate::Barred(failure(1, 9)));
        entries.bar(&CREDENTIAL, 2, failure(2, 7), NOW, &mut map);
        assert_eq!(entries.gate(&CREDENTIAL, NOW, &mut map), Gate::Barred(failure(1, 9)));
        assert!(entries.probe(&CREDENTIAL, lease(3, 12), at(9), &mut map));
        entries.bar(&CREDENTIAL, 3, failure(2, 15), at(10), &mut map);
        assert_eq!(entries.gate(&CREDENTIAL, at(10), &mut map), Gate::Barred(failure(2, 15)));
    }

    #[test]
    fn what_goes_well_lifts_a_failure_from_the_time_on_at_which_it_may_be_tried_again() {
        let (entries, mut map) = (SharedEntries::new("credential", 1), Map::default());
        entries.bar(&CREDENTIAL, 1, failure(1, 5), NOW, &mut map);
        assert_eq!(entries.lift(&CREDENTIAL, 3, at(4), &mut map), None);
        assert_eq!(entries.gate(&CREDENTIAL, at(4), &mut map), Gate::Barred(failure(1, 5)));
        assert_eq!(entries.lift(&CREDENTIAL, 3, at(5), &mut map), Some(failure(1, 5)));
        assert_eq!(entries.gate(&CREDENTIAL, at(5), &mut map), Gate::Free);
    }

    #[test]
    fn one_that_tried_well_while_another_was_told_to_wait_leaves_the_next_try_to_others() {
        let (entries, mut map) = (SharedEntries::new("credential", 1), Map::default());
        entries.bar(&CREDENTIAL, 1, failure(1, 5), NOW, &mut map);
        assert!(entries.probe(&CREDENTIAL, lease(2, 8), at(5), &mut map));
        entries.bar(&CREDENTIAL, 1, failure(2, 7), at(6), &mut map);
        assert_eq!(entries.lift(&CREDENTIAL, 1, at(6), &mut map), None, "not its own lease");
        assert_eq!(entries.gate(&CREDENTIAL, at(7), &mut map), Gate::Taken(failure(2, 7)));
        assert_eq!(entries.lift(&CREDENTIAL, 2, at(6), &mut map), None);
        assert_eq!(entries.gate(&CREDENTIAL, at(6), &mut map), Gate::Barred(failure(2, 7)));
        assert_eq!(entries.gate(&CREDENTIAL, at(7), &mut map), Gate::Due(failure(2, 7)));
    }

    #[test]
    fn a_probe_without_an_answer_lets_the_next_one_try() {
        let (entries, mut map) = (SharedEntries::new("credential", 1), Map::default());
        entries.bar(&CREDENTIAL, 1, failure(1, 5), NOW, &mut map);
        assert!(entries.probe(&CREDENTIAL, lease(2, 8), at(5), &mut map));
        entries.release(&CREDENTIAL, 7, at(6), &mut map);
        assert_eq!(entries.gate(&CREDENTIAL, at(6), &mut map), Gate::Taken(failure(1, 5)));
        entries.release(&CREDENTIAL, 2, at(6), &mut map);
        assert_eq!(entries.gate(&CREDENTIAL, at(6), &mut map), Gate::Due(failure(1, 5)));
    }
}
