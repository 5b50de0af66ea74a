//! What has been said lately: thousands of tokens of one credential may fail and recover at once.

use std::collections::HashMap;
use std::time::Duration;

use super::super::slot::Resource;
use crate::time::Timestamp;

/// The lines about fetches lately, by credential and key set.
#[derive(Debug, Default)]
pub(super) struct Said(HashMap<Resource, Lately>);

#[derive(Debug, Default)]
struct Lately {
    since: Timestamp,
    failures: Vec<u32>,
    recovered_at: Option<Timestamp>,
    purged_at: Option<Timestamp>,
}

impl Said {
    /// Whether a failure of this cause is to be told: not again within a while, and few of them.
    pub(super) fn may_tell_failure(
        &mut self,
        resource: &Resource,
        cause: u32,
        now: Timestamp,
    ) -> bool {
        let lately = self.0.entry(resource.group()).or_default();
        if is_over(lately.since, now) {
            lately.failures.clear();
            lately.since = now;
        }
        let may = lately.failures.len() < MOST && !lately.failures.contains(&cause);
        if may {
            lately.failures.push(cause);
        }
        may
    }

    /// Whether a recovery is to be told.
    pub(super) fn may_tell_recovery(&mut self, resource: &Resource, now: Timestamp) -> bool {
        may(&mut self.0.entry(resource.group()).or_default().recovered_at, now)
    }

    /// Whether a purge is to be told.
    pub(super) fn may_tell_purge(&mut self, resource: &Resource, now: Timestamp) -> bool {
        may(&mut self.0.entry(resource.group()).or_default().purged_at, now)
    }
}

fn may(last: &mut Option<Timestamp>, now: Timestamp) -> bool {
    let may = last.is_none_or(|at| is_over(at, now));
    if may {
        *last = Some(now);
    }
    may
}

fn is_over(since: Timestamp, now: Timestamp) -> bool {
    since > now || now.since(since) >= WHILE
}

/// For how long a line is not repeated.
const WHILE: Duration = Duration::from_secs(10);

/// How many causes are told in that time.
const MOST: usize = 4;
