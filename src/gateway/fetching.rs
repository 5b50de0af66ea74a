//! Fetching what many requests need: once per process, by the root context alone.
//!
//! Whoever wants something marks its slot. On the next wake-up or tick the root *pursues* every
//! wanted thing: it looks at the shared entry (another worker may have it), claims the lease, and
//! calls. The end of the call releases the waiters of this worker; the others find the record when
//! they look again.
//!
//! No failure here lets a request pass, and none takes away what still works: a key set stays when
//! its refresh fails, and a token serves until it expires.

use std::collections::{BTreeSet, HashMap};
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
use crate::shared::{Claim, Failure, Record, SharedData, SharedEntries};
use crate::telemetry::{Fetch, Metric, Notice};
use crate::time::Timestamp;

/// Everything this worker fetches or has fetched.
#[derive(Debug)]
pub(super) struct Fetching {
    config: Arc<Config>,
    origins: Origins,
    pub(super) keys: KeyRing,
    slots: HashMap<Resource, Slot>,
    /// Slots of which something newer is wanted, in the order in which they are pursued.
    wanted: BTreeSet<Resource>,
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
            wanted: BTreeSet::new(),
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
        self.slot(&resource).want_newer(than);
        self.wanted.insert(resource);
    }

    /// Marks all key sets whose time has come, and gives up calls that the host lost.
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
        let lost = |slot: &Slot| match slot.stage() {
            Stage::Leading { call, deadline, .. } if deadline <= now => Some(call),
            Stage::Leading { .. } | Stage::Following | Stage::Idle => None,
        };
        let lost: Vec<_> = self.slots.values().filter_map(lost).collect();
        for call in lost {
            self.end(call, Err(CallFailure::Interrupted), now, shared, &mut progress);
        }
        progress
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
                self.wanted.insert(resource);
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
        let Some(meaning) = self.origins.meaning(resource) else { return false };
        let entries = self.entries(resource).clone();
        let (record, failure) = entries
            .look_up(&meaning, shared)
            .map_or((None, None), |entry| (entry.record, entry.failure));
        let newer = |record: &Record| record.fetched_at > than && record.expires_at > now;
        if let Some(record) = record.filter(newer) {
            let version = (record.generation, record.fetched_at);
            match self.adopt(resource, record, now) {
                Ok(()) => {
                    progress.settled.push(resource.clone());
                    return false;
                }
                Err(reason) => {
                    if self.slot(resource).is_first_rejection(version) {
                        let what = self.origins.what(resource);
                        progress.effects.push(Effect::Log(Notice::RecordRejected { what, reason }));
                    }
                }
            }
        }
        let Some(call) = self.origins.call(resource) else { return false };
        if let Some(failure) = failure {
            self.slot(resource).learn(failure);
        }
        let nonce = self.random.next();
        let term = call.timeout.saturating_add(LEASE_MARGIN);
        match entries.claim(&meaning, nonce, term, now, shared) {
            Claim::Granted => {
                self.last_call += 1;
                let id = CallId(self.last_call);
                self.calls.insert(id, resource.clone());
                self.slot(resource).lead(id, nonce, now + term);
                progress.effects.push(Effect::Call(id, call));
                false
            }
            Claim::Taken => {
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
                let notice = Notice::FetchFailed { what, reason, attempts, retry_after: delay };
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
        let fetched_at = record.fetched_at;
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

    /// Keeps the number of token slots within its limit: what is at rest and was used least
    /// lately goes. Key sets are as many as the configuration names.
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

/// A lease outlives its call by this, so that the call's own timeout ends first.
const LEASE_MARGIN: Duration = Duration::from_secs(2);
