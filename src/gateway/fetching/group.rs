//! What the tokens of one credential have in common: the failure that holds all of them off, and what
//! has been said of them lately. Thousands of them may fail and recover at once.

use std::time::Duration;

use super::super::slot::Resource;
use crate::shared::Failure;
use crate::table::Table;
use crate::time::Timestamp;

/// What is known of whole credentials, and of key sets, which are alone.
#[derive(Debug, Default)]
pub(super) struct Groups(Table<Resource, Group>);

#[derive(Debug, Default)]
struct Group {
    /// What holds all off, as this worker saw it last.
    barred: Option<Failure>,
    /// The last one, though it may have been lifted: the back-off goes on from it.
    last: Option<Failure>,
    since: Timestamp,
    failures: Vec<u32>,
    recovered_at: Option<Timestamp>,
    doubted_at: Option<Timestamp>,
    repeated_at: Option<Timestamp>,
}

impl Groups {
    /// What holds all tokens of this one's credential off, as this worker saw it last.
    pub(super) fn barred(&self, resource: &Resource) -> Option<Failure> {
        self.0.get(&resource.group()).and_then(|group| group.barred)
    }

    /// Notes what holds them off, or that nothing does.
    pub(super) fn bar(&mut self, resource: &Resource, failure: Option<Failure>) {
        self.of_group(resource, |group| {
            group.barred = failure;
            group.last = failure.or(group.last);
        });
    }

    /// The failure from which the back-off of one of this cause goes on: what holds them off, or held
    /// them off for the same cause until lately, which is no longer ago than it lasted. An issuer that
    /// takes one call between two bursts of refusals has recovered from nothing; one that refuses a call
    /// now and then has.
    pub(super) fn before(
        &self,
        resource: &Resource,
        cause: u32,
        now: Timestamp,
    ) -> Option<Failure> {
        let group = self.0.get(&resource.group())?;
        let is_late = |last: &Failure| {
            let lasted = last.retry_at.since(last.failed_at);
            last.cause == cause && now <= last.retry_at + lasted
        };
        group.barred.or_else(|| group.last.filter(is_late))
    }

    fn of_group<R: Default>(
        &mut self,
        resource: &Resource,
        act: impl FnOnce(&mut Group) -> R,
    ) -> R {
        let group = self.0.get_or_insert_with(resource.group(), Group::default);
        group.map(act).unwrap_or_default()
    }

    /// Whether a failure of this cause is to be told: not again within a while, and few of them.
    pub(super) fn may_tell_failure(
        &mut self,
        resource: &Resource,
        cause: u32,
        now: Timestamp,
    ) -> bool {
        self.of_group(resource, |lately| {
            if is_over(lately.since, now) {
                lately.failures.clear();
                lately.since = now;
            }
            let may = lately.failures.len() < MOST && !lately.failures.contains(&cause);
            if may {
                lately.failures.push(cause);
            }
            may
        })
    }

    /// Whether a recovery is to be told.
    pub(super) fn may_tell_recovery(&mut self, resource: &Resource, now: Timestamp) -> bool {
        self.of_group(resource, |group| may(&mut group.recovered_at, now))
    }

    /// Whether it is to be told that a token was refused.
    pub(super) fn may_tell_doubt(&mut self, resource: &Resource, now: Timestamp) -> bool {
        self.of_group(resource, |group| may(&mut group.doubted_at, now))
    }

    /// Whether it is to be told that a refused token came again.
    pub(super) fn may_tell_repetition(&mut self, resource: &Resource, now: Timestamp) -> bool {
        self.of_group(resource, |group| may(&mut group.repeated_at, now))
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
