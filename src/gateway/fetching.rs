//! Fetching what many requests need: once per process, by the root context alone.
//!
//! Whoever wants something marks its slot. On the next wake-up or tick the root *pursues* every
//! wanted thing: it looks at the shared entry (another worker may have it), claims the lease, and
//! calls. The end of the call releases the waiters of this worker; the others find the record when
//! they look again.
//!
//! No failure here lets a request pass, and none takes away what still works: a key set stays when
//! its refresh fails, and a token serves until it expires.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::backoff;
use super::effect::{CallId, Effect};
use super::origin::{Fault, Fetched, Origins};
use super::random::Sequence;
use super::slot::{Held, Resource, Slot, Stage};
use crate::config::{Config, KeyLocation};
use crate::jwt::KeyRing;
use crate::message::{CallFailure, CallResponse};
use crate::shared::{Claim, Failure, Lease, Record, SharedData, SharedEntries};
use crate::telemetry::{Fetch, Metric, Notice};
use crate::time::Timestamp;

/// Everything this worker fetches or has fetched.
#[derive(Debug)]
pub(super) struct Fetching {
    config: Arc<Config>,
    origins: Origins,
    pub(super) keys: KeyRing,
    slots: HashMap<Resource, Slot>,
    /// Things of which something newer is wanted, first come, first served. Each is there once: its
    /// slot knows that it is wanted.
    wanted: VecDeque<Resource>,
    calls: HashMap<CallId, Resource>,
    key_sets: SharedEntries,
    tokens: SharedEntries,
    random: Sequence,
    last_call: u64,
}

/// What a pursuit or the end of a call brings about.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Calls to send and lines to log.
    pub(super) effects: Vec<Effect>,
    /// Things whose waiters have their turn: they were fetched, or cannot be.
    pub(super) settled: Vec<Resource>,
    /// What to count.
    pub(super) outcomes: Vec<Metric>,
}

impl Fetching {
    /// A worker that has fetched nothing. Inline key sets are there at once, remote ones wanted.
    pub(super) fn new(config: Arc<Config>, seed: u64) -> Self {
        let mut fetching = Self {
            keys: KeyRing::default(),
            slots: HashMap::new(),
            wanted: VecDeque::new(),
            calls: HashMap::new(),
            key_sets: SharedEntries::new("keys", 1024),
            tokens: SharedEntries::new("token", 1024),
            random: Sequence::new(seed),
            last_call: 0,
            origins: Origins::new(Arc::clone(&config)),
            config: Arc::clone(&config),
        };
        for source in config.key_sources() {
            match source.location() {
                KeyLocation::Inline(set) => fetching.keys.set(source.id(), Arc::clone(set)),
                KeyLocation::Secret(secret) => {
                    fetching.keys.set_secret(source.id(), Arc::clone(secret));
                }
                KeyLocation::Remote { .. } => {
                    fetching.want(Resource::Keys(source.id()), Timestamp::default());
                }
            }
        }
        fetching
    }

    /// The slot of a thing, made if need be.
    pub(super) fn slot(&mut self, resource: &Resource) -> &mut Slot {
        if !self.slots.contains_key(resource) {
            self.make_room();
        }
        self.slots.entry(resource.clone()).or_default()
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Marks that something newer than `than` is wanted.
    pub(super) fn want(&mut self, resource: Resource, than: Timestamp) {
        if self.slot(&resource).want_newer(than) {
            self.wanted.push_back(resource);
        }
    }

    /// Marks all key sets whose time has come, renews the leases of running calls, and gives up calls
    /// that the host lost.
    pub(super) fn look_around(&mut self, now: Timestamp, shared: &mut dyn SharedData) -> Progress {
        let mut progress = Progress::default();
        let config = Arc::clone(&self.config);
        for source in config.key_sources() {
            let resource = Resource::Keys(source.id());
            if let Some(slot) = self.slots.get(&resource).filter(|slot| slot.is_refresh_due(now)) {
                let than = slot.fetched_at();
                self.want(resource, than);
            } else if self.keys.get(source.id()).is_none()
                && self.slots.get(&resource).is_some_and(|slot| slot.holding_back(now).is_none())
            {
                self.want(resource, Timestamp::default());
            }
        }
        let running: Vec<_> = self.calls.iter().map(|(id, what)| (*id, what.clone())).collect();
        for (call, resource) in running {
            match self.slots.get(&resource).map(Slot::stage) {
                Some(Stage::Leading { deadline, .. }) if deadline <= now => {
                    self.end(call, Err(CallFailure::Interrupted), now, shared, &mut progress);
                }
                Some(Stage::Leading { nonce, .. }) => self.renew(&resource, nonce, now, shared),
                Some(Stage::Following | Stage::Idle) | None => {}
            }
        }
        progress
    }

    /// Keeps the lease of a running call; at most once a second, for this worker ticks fast while
    /// requests wait.
    fn renew(
        &mut self,
        resource: &Resource,
        nonce: u64,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) {
        let Some(meaning) = self.origins.meaning(resource) else { return };
        if self.slot(resource).is_renewal_due(now) {
            let lease = Lease { nonce, deadline: now + LEASE_TERM };
            self.entries(resource).clone().renew(&meaning, lease, now, shared);
        }
    }

    /// Pursues everything that is wanted, as far as it can be now.
    pub(super) fn pursue(
        &mut self,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        for resource in std::mem::take(&mut self.wanted) {
            if self.pursue_one(&resource, now, shared, progress) {
                self.wanted.push_back(resource);
            }
        }
    }

    /// Takes one step towards a wanted thing; true if it must be looked at again.
    fn pursue_one(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) -> bool {
        let Some(slot) = self.slots.get(resource) else { return false };
        let Some(than) = slot.wanted() else { return false };
        if matches!(slot.stage(), Stage::Leading { .. }) {
            return false;
        }
        if self.is_at_capacity(resource) {
            return true;
        }
        let Some(meaning) = self.origins.meaning(resource) else { return false };
        let entries = self.entries(resource).clone();
        let nonce = self.random.next();
        let lease = Lease { nonce, deadline: now + LEASE_TERM };
        let mut claim = entries.claim(&meaning, than, lease, now, shared);
        if let Claim::Found(record) = claim {
            let version = (record.generation, record.fetched_at);
            let Err(reason) = self.adopt(resource, record, now) else {
                progress.settled.push(resource.clone());
                return false;
            };
            if self.slot(resource).is_first_rejection(version) {
                let what = self.origins.what(resource);
                progress.effects.push(Effect::Log(Notice::RecordRejected { what, reason }));
            }
            claim = entries.claim(&meaning, Timestamp::MAX, lease, now, shared);
        }
        match claim {
            Claim::Granted(failure) => {
                self.lead(resource, nonce, failure, now, progress);
                false
            }
            // A record newer than the end of time is not found.
            Claim::Found(_) | Claim::Taken => {
                self.slot(resource).follow();
                true
            }
            Claim::Held(failure) => {
                self.slot(resource).set_back(failure);
                progress.settled.push(resource.clone());
                false
            }
        }
    }

    /// Sends the call for a thing whose lease this worker holds.
    fn lead(
        &mut self,
        resource: &Resource,
        nonce: u64,
        failure: Option<Failure>,
        now: Timestamp,
        progress: &mut Progress,
    ) {
        let Some(call) = self.origins.call(resource) else { return };
        self.last_call += 1;
        let id = CallId(self.last_call);
        self.calls.insert(id, resource.clone());
        let deadline = now + call.timeout.saturating_add(CALL_MARGIN);
        self.slot(resource).lead(id, nonce, deadline, now, failure);
        progress.effects.push(Effect::Call(id, call));
    }

    /// Whether this worker runs as many calls as it may for the credential, or for key sets. What
    /// waits for a place keeps its turn, so that no subtenant starves another.
    fn is_at_capacity(&self, resource: &Resource) -> bool {
        let is_alike = |other: &&Resource| match (resource, other) {
            (Resource::Keys(_), Resource::Keys(_)) => true,
            (Resource::Token(one, _), Resource::Token(other, _)) => one == other,
            (Resource::Keys(_), Resource::Token(..)) | (Resource::Token(..), Resource::Keys(_)) => {
                false
            }
        };
        self.calls.len() >= CALLS_AT_ONCE
            && self.calls.values().filter(is_alike).count() >= CALLS_AT_ONCE
    }

    /// The end of a call: what it brought is checked, stored for all workers, and held; or the
    /// failure is noted for all.
    pub(super) fn end(
        &mut self,
        id: CallId,
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        let Some(resource) = self.calls.remove(&id) else { return };
        let Some(slot) = self.slots.get(&resource) else { return };
        let Stage::Leading { call, nonce, .. } = slot.stage() else { return };
        if call != id {
            return;
        }
        let attempts = slot.attempts();
        let Some(meaning) = self.origins.meaning(&resource) else { return };
        let entries = self.entries(&resource).clone();
        let what = self.origins.what(&resource);
        let fetch = match &resource {
            Resource::Keys(_) => Fetch::Keys,
            Resource::Token(..) => Fetch::Token,
        };
        let retry_after = result.as_ref().ok().and_then(|response| response.retry_after);
        match self.origins.accept(&resource, result, now) {
            Ok((fetched, record)) => {
                progress.outcomes.push(Metric::FetchSucceeded(fetch));
                entries.complete(&meaning, nonce, &record, now, shared);
                if let Fetched::Keys(set) = &fetched
                    && !set.skipped().is_empty()
                {
                    let skipped = set.skipped().len();
                    let what = what.clone();
                    progress.effects.push(Effect::Log(Notice::KeysSkipped { what, skipped }));
                }
                self.hold(&resource, fetched, record.fetched_at);
                if attempts > 0 {
                    progress.effects.push(Effect::Log(Notice::FetchRecovered { what, attempts }));
                }
            }
            Err(Fault { reason, prospect }) => {
                progress.outcomes.push(Metric::FetchFailed(fetch));
                let attempts = attempts.saturating_add(1);
                let jitter = self.random.jitter();
                let delay = backoff::delay(attempts, prospect, retry_after, jitter);
                let failure = Failure { failed_at: now, retry_at: now + delay, attempts };
                entries.fail(&meaning, nonce, failure, now, shared);
                self.slot(&resource).set_back(failure);
                let cluster = self.origins.cluster(&resource);
                let retry_after = delay;
                let notice = Notice::FetchFailed { what, cluster, reason, attempts, retry_after };
                progress.effects.push(Effect::Log(notice));
            }
        }
        progress.settled.push(resource);
    }

    /// Takes over what another worker fetched, after the same checks.
    fn adopt(
        &mut self,
        resource: &Resource,
        record: Record,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        // Workers read the clock at different moments; what one has just stored is not from the future.
        let fetched_at = record.fetched_at.min(now);
        let fetched = self.origins.restore(resource, record, now)?;
        self.hold(resource, fetched, fetched_at);
        Ok(())
    }

    fn hold(&mut self, resource: &Resource, fetched: Fetched, fetched_at: Timestamp) {
        let jitter = self.random.jitter();
        let held = match (fetched, resource) {
            (Fetched::Keys(set), Resource::Keys(id)) => {
                self.keys.set(*id, Arc::new(set));
                let interval = self.origins.refresh(*id);
                let early = interval / 10 * u32::from(jitter) / 1000;
                let refresh_at = fetched_at + interval.saturating_sub(early);
                Held::new(None, fetched_at, refresh_at)
            }
            (Fetched::Token(token), Resource::Token(..)) => {
                let window = self.config.limits().refresh_ahead;
                let refresh_at = token.refresh_at(window, jitter);
                Held::new(Some(Arc::new(token)), fetched_at, refresh_at)
            }
            (Fetched::Keys(_), Resource::Token(..)) | (Fetched::Token(_), Resource::Keys(_)) => {
                return;
            }
        };
        self.slot(resource).hold(held);
    }

    /// Keeps the number of token slots within its limit: what is at rest and was used least lately
    /// goes. What is wanted or fetched stays, and is bounded by the number of waiting requests. Key
    /// sets are as many as the configuration names.
    fn make_room(&mut self) {
        let key_sets = self.config.key_sources().len();
        if self.slots.len().saturating_sub(key_sets) < self.config.limits().token_slots {
            return;
        }
        let at_rest = |(resource, slot): (&Resource, &Slot)| {
            let is_token = matches!(resource, Resource::Token(..));
            (is_token && slot.is_at_rest()).then(|| (slot.used_at(), resource.clone()))
        };
        let mut candidates: Vec<_> = self.slots.iter().filter_map(at_rest).collect();
        candidates.sort_by_key(|(used_at, _)| *used_at);
        let excess = candidates.len().div_ceil(8);
        for (_, resource) in candidates.into_iter().take(excess) {
            self.slots.remove(&resource);
        }
    }

    const fn entries(&self, resource: &Resource) -> &SharedEntries {
        match resource {
            Resource::Token(..) => &self.tokens,
            Resource::Keys(_) => &self.key_sets,
        }
    }
}

/// How long a lease lasts. Its holder renews it on its timer as long as the call runs; when the
/// holder dies, others wait for no more than this, which is less than a request may wait.
const LEASE_TERM: Duration = Duration::from_secs(3);

/// A call counts as lost this long after its timeout, which the host should have kept.
const CALL_MARGIN: Duration = Duration::from_secs(2);

/// How many calls of one worker run at once for one credential, and for all key sets together.
const CALLS_AT_ONCE: usize = 64;
