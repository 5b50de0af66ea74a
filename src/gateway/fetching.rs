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

use super::backoff::{self, Prospect};
use super::effect::{CallId, Effect};
use super::random::Sequence;
use super::slot::{Held, Resource, Slot, Stage};
use crate::config::{Config, KeyLocation, KeySource};
use crate::jwt::{JwkSet, KeyRing, KeySetId};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::shared::{Claim, Failure, Record, RecordKind, SharedData, SharedEntries};
use crate::technical_token::{AnswerError, Source, TechnicalToken};
use crate::telemetry::{Notice, What};
use crate::time::Timestamp;

/// Everything this worker fetches or has fetched.
#[derive(Debug)]
pub(super) struct Fetching {
    config: Arc<Config>,
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
}

/// What came of an answer.
enum Fetched {
    Keys(JwkSet),
    Token(TechnicalToken),
}

/// Why an answer is of no use.
struct Fault {
    reason: &'static str,
    prospect: Prospect,
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
        let Some(meaning) = self.meaning(resource) else { return false };
        let entries = self.entries(resource).clone();
        let entry = entries.look_up(&meaning, shared);
        if let Some(record) = entry.and_then(|entry| entry.record).filter(|r| r.fetched_at > than) {
            match self.adopt(resource, record, now) {
                Ok(()) => {
                    progress.settled.push(resource.clone());
                    return false;
                }
                Err(reason) => {
                    let what = self.what(resource);
                    progress.effects.push(Effect::Log(Notice::RecordRejected { what, reason }));
                }
            }
        }
        let Some(call) = self.call(resource) else { return false };
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
        let Some(meaning) = self.meaning(&resource) else { return };
        let entries = self.entries(&resource).clone();
        let what = self.what(&resource);
        let retry_after = result.as_ref().ok().and_then(|response| response.retry_after);
        match self.accept(&resource, result, now) {
            Ok((fetched, record)) => {
                entries.complete(&meaning, nonce, &record, now, shared);
                if let Fetched::Keys(set) = &fetched
                    && set.skipped().len() > 0
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

    /// Reads an answer and checks that it is what was asked for.
    fn accept(
        &self,
        resource: &Resource,
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<(Fetched, Record), Fault> {
        let response = result
            .map_err(|failure| Fault { reason: failure.reason(), prospect: Prospect::Passing })?;
        match resource {
            Resource::Token(id, subtenant) => {
                let source = self.source(*id).ok_or(UNKNOWN)?;
                let token = source.accept(&response, subtenant.as_ref(), now)?;
                let record = token.to_record();
                Ok((Fetched::Token(token), record))
            }
            Resource::Keys(_) => {
                if response.status != 200 {
                    let error = AnswerError::Status { status: response.status, error: None };
                    return Err(error.into());
                }
                let body = response.body.expose();
                let set = JwkSet::parse(body).map_err(|error| Fault {
                    reason: error.reason(),
                    prospect: Prospect::Lasting,
                })?;
                let record = Record {
                    kind: RecordKind::KeySet,
                    generation: 0,
                    fetched_at: now,
                    expires_at: now + KEYS_KEPT,
                    body: body.clone(),
                };
                Ok((Fetched::Keys(set), record))
            }
        }
    }

    /// Takes over what another worker fetched, after the same checks.
    fn adopt(
        &mut self,
        resource: &Resource,
        record: Record,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let fetched_at = record.fetched_at;
        let fetched = match resource {
            Resource::Token(id, subtenant) => {
                let source = self.source(*id).ok_or(UNKNOWN.reason)?;
                let token = source.restore(record, subtenant.as_ref(), now);
                Fetched::Token(token.map_err(|rejected| rejected.reason())?)
            }
            Resource::Keys(_) => {
                if record.kind != RecordKind::KeySet || fetched_at > now {
                    return Err("shared_record_mismatch");
                }
                Fetched::Keys(JwkSet::parse(&record.body).map_err(|error| error.reason())?)
            }
        };
        self.hold(resource, fetched, fetched_at);
        Ok(())
    }

    fn hold(&mut self, resource: &Resource, fetched: Fetched, fetched_at: Timestamp) {
        let jitter = self.random.jitter();
        let held = match (fetched, resource) {
            (Fetched::Keys(set), Resource::Keys(id)) => {
                self.keys.set(*id, Arc::new(set));
                let interval = self.key_source(*id).map_or(KEYS_KEPT, KeySource::refresh);
                let early = interval / 10 * u32::from(jitter) / 1000;
                let refresh_at = fetched_at + interval.saturating_sub(early);
                Held { token: None, fetched_at, refresh_at }
            }
            (Fetched::Token(token), Resource::Token(..)) => {
                let window = self.config.limits().refresh_ahead;
                let refresh_at = token.refresh_at(window, jitter);
                Held { token: Some(Arc::new(token)), fetched_at, refresh_at }
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
        if self.slots.len() < self.config.limits().token_slots {
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

    fn call(&self, resource: &Resource) -> Option<HttpCall> {
        match resource {
            Resource::Token(id, subtenant) => self.source(*id)?.call(subtenant.as_ref()),
            Resource::Keys(id) => self.key_source(*id)?.call(),
        }
    }

    fn meaning(&self, resource: &Resource) -> Option<[u8; 32]> {
        match resource {
            Resource::Token(id, subtenant) => Some(self.source(*id)?.meaning(subtenant.as_ref())),
            Resource::Keys(id) => self.key_source(*id)?.meaning(),
        }
    }

    const fn entries(&self, resource: &Resource) -> &SharedEntries {
        match resource {
            Resource::Token(..) => &self.tokens,
            Resource::Keys(_) => &self.key_sets,
        }
    }

    fn what(&self, resource: &Resource) -> What {
        match resource {
            Resource::Token(id, _) => {
                What::Credential(Arc::from(self.source(*id).map_or("", Source::name)))
            }
            Resource::Keys(id) => {
                What::Keys(Arc::from(self.key_source(*id).map_or("", KeySource::name)))
            }
        }
    }

    fn source(&self, id: crate::technical_token::SourceId) -> Option<&Source> {
        self.config.sources().get(usize::try_from(id.0).ok()?)
    }

    fn key_source(&self, id: KeySetId) -> Option<&KeySource> {
        self.config.key_sources().get(usize::try_from(id.0).ok()?)
    }
}

impl From<AnswerError> for Fault {
    fn from(error: AnswerError) -> Self {
        let prospect = if error.is_lasting() { Prospect::Lasting } else { Prospect::Passing };
        Self { reason: error.reason(), prospect }
    }
}

/// A lease outlives its call by this, so that the call's own timeout ends first.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// How long a key set is kept in shared data for workers that start later: 24 h.
const KEYS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// A resource that the configuration does not name; no code makes one.
const UNKNOWN: Fault = Fault { reason: "resource_unknown", prospect: Prospect::Lasting };
