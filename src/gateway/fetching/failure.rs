//! The failure of a fetch: for how long it holds whom off, and what is said of it.

use super::super::backoff;
use super::super::effect::Effect;
use super::super::fault::{Aside, Bearing, Fault};
use super::super::slot::Resource;
use super::{Fetching, Progress, Running};
use crate::crypto::digest::Digest;
use crate::shared::{Failure, Gate, Lease, SharedData};
use crate::telemetry::{Fetch, Metric, Notice, What};
use crate::time::Timestamp;

impl Fetching {
    /// Notes a failure for all workers: for the token or key set alone, or for all tokens of the
    /// credential where it would fail for each of them.
    pub(super) fn note_failure(
        &mut self,
        failed: &Running,
        nonce: u64,
        (fault, Aside { retry_after, refusal }): (Fault, Aside),
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        let Running { resource, step, cluster, .. } = failed;
        let Some(meaning) = self.origins.meaning(resource) else { return };
        let Fault { reason, prospect, cause, bearing, .. } = fault;
        progress.outcomes.push(Metric::FetchFailed(fetch(resource)));
        progress.outcomes.push(Metric::FetchFailedBy(fetch(resource), cause));
        let credential = self.origins.credential(resource);
        let common = credential.filter(|_| bearing == Bearing::Credential);
        let own = self.slot(resource).setback();
        let what = self.origins.asked(resource, *step, &fault);
        let digest = digest(&what, reason);
        let barred = self.groups.barred(resource).filter(|_| common.is_some());
        let before = match common {
            Some(_) => self.groups.before(resource, digest, now),
            None => own,
        };
        // Calls for a credential that ran side by side are one try of it.
        let is_beside = common.is_some() && before.is_some_and(|before| before.is_live(now));
        let attempts = before.map_or(0, |before| before.attempts);
        let attempts = attempts.saturating_add(u32::from(!is_beside)).max(1);
        // An issuer that says for how long it wants no calls is taken at its word.
        let attempts = if common.is_some() && retry_after.is_some() { 1 } else { attempts };
        let delay = backoff::delay(attempts, prospect, retry_after, self.random.jitter());
        // What holds all off is not hurried for the sake of one.
        let delay = match (self.slot(resource).remaining(now), retry_after, common) {
            (Some(left), None, None) => backoff::while_held(delay, prospect, left),
            (Some(_) | None, _, _) => delay,
        };
        let mut failure =
            Failure { failed_at: now, retry_at: now + delay, attempts, cause: digest };
        let entries = self.entries(resource).clone();
        match (common, credential) {
            (Some(common), _) => {
                entries.release(&meaning, nonce, now, shared);
                self.bars.bar(&common, nonce, failure, now, shared);
                // Of calls that ran side by side the first that failed counts, whichever worker's, until
                // the last one's time.
                if let Gate::Barred(first) = self.bars.gate(&common, now, shared) {
                    failure = first;
                }
                self.groups.bar(resource, Some(failure));
                failure = common_to_all(failure);
            }
            (None, credential) => {
                entries.fail(&meaning, nonce, failure, now, shared);
                match (bearing, credential) {
                    (Bearing::Token, _) => {
                        self.lift(resource, nonce, now, shared);
                    }
                    (Bearing::Silent | Bearing::Credential, Some(credential))
                        if self.groups.barred(resource).is_some() =>
                    {
                        self.bars.release(&credential, nonce, now, shared);
                    }
                    (Bearing::Silent | Bearing::Credential, Some(_) | None) => {}
                }
            }
        }
        self.slot(resource).set_back(failure);
        // The same failure is said once, by whichever worker meets it first.
        let is_news = [own, barred].iter().flatten().all(|before| before.cause != digest);
        if is_news && self.groups.may_tell_failure(resource, digest, now) {
            let (cluster, retry_after) = (cluster.clone(), failure.retry_at.since(now));
            let notice =
                Notice::FetchFailed { what, cluster, reason, refusal, attempts, retry_after };
            progress.effects.push(Effect::Log(notice));
        }
    }

    /// Notes that the token which a credential states is not good. Each worker says so for itself; the
    /// token is not used any more.
    pub(super) fn refuse_stated(
        &mut self,
        resource: &Resource,
        fault: &Fault,
        now: Timestamp,
        progress: &mut Progress,
    ) {
        let setback = self.slot(resource).setback();
        let attempts = setback.map_or(0, |setback| setback.attempts).saturating_add(1);
        let delay = backoff::delay(attempts, fault.prospect, None, self.random.jitter());
        let (what, reason) = (self.origins.what(resource), fault.reason);
        let cause = digest(&what, reason);
        let slot = self.slot(resource);
        slot.set_back(Failure { failed_at: now, retry_at: now + delay, attempts, cause });
        slot.drop_held();
        if setback.is_none_or(|before| before.cause != cause) {
            let notice = Notice::StatedTokenRefused { what, reason };
            progress.effects.push(Effect::Log(notice));
        }
    }

    /// The credential of a token is known to its issuer: nothing holds all its tokens off any more,
    /// unless a call that ran beside this one was told to wait. The failure that did until now, as one
    /// worker learns it.
    pub(super) fn lift(
        &mut self,
        resource: &Resource,
        nonce: u64,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Option<Failure> {
        self.groups.barred(resource)?;
        let lifted = self.bars.lift(&self.origins.credential(resource)?, nonce, now, shared)?;
        self.groups.bar(resource, None);
        Some(lifted)
    }

    /// How the credential of a token stands; key sets have none.
    pub(super) fn gate(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Gate {
        let Some(credential) = self.origins.credential(resource) else { return Gate::Free };
        let gate = self.bars.gate(&credential, now, shared);
        match gate {
            Gate::Free => self.groups.bar(resource, None),
            Gate::Barred(failure) | Gate::Due(failure) | Gate::Taken(failure) => {
                self.groups.bar(resource, Some(failure));
            }
        }
        gate
    }

    /// Takes the right to try for all tokens of a credential.
    pub(super) fn probe(
        &self,
        resource: &Resource,
        lease: Lease,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> bool {
        let credential = self.origins.credential(resource);
        credential.is_none_or(|credential| self.bars.probe(&credential, lease, now, shared))
    }
}

/// A failure of the credential as the slots of its tokens have it: their own back-off does not go on
/// from it.
pub(super) const fn common_to_all(failure: Failure) -> Failure {
    Failure { attempts: 0, ..failure }
}

/// What is fetched, for metrics.
pub(super) const fn fetch(resource: &Resource) -> Fetch {
    match resource {
        Resource::Keys(_) => Fetch::Keys,
        Resource::Token(..) => Fetch::Token,
    }
}

/// A short digest of what failed and why: the workers have no texts in common.
fn digest(what: &What, reason: &str) -> u32 {
    let digest = Digest::of(&[what.to_string().as_bytes(), reason.as_bytes()]);
    let [a, b, c, d, ..] = *digest.as_bytes();
    u32::from_le_bytes([a, b, c, d])
}
