//! Fetching what many requests need: once per process, by the root context alone.
//!
//! Whoever wants something marks its slot. On the next wake-up or tick the root *pursues* every
//! wanted thing: it looks at the shared entry (another worker may have it), claims the lease, and
//! calls. The end of the call releases the waiters of this worker; the others find the record when
//! they look again.
//!
//! No failure here lets a request pass, and none takes away what still works: a key set stays when
//! its refresh fails, and a token serves until it expires.

mod arrival;
mod capacity;
mod cession;
mod doubt;
mod failure;
mod group;
mod needs;
mod proof;
#[cfg(not(target_arch = "wasm32"))]
mod supposed;
mod tending;
mod upkeep;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use self::cession::Duty;
use self::failure::common_to_all;
use self::group::Groups;
use self::proof::Unproven;
use super::effect::{CallId, Effect};
use super::fault::Aside;
use super::origin::{Origins, Step};
use super::preparing::{Chain, Means};
use super::queue::Queue;
use super::random::Sequence;
use super::slot::{Need, Resource, Slot, Stage};
use crate::config::{Config, KeyLocation};
use crate::jwt::KeyRing;
use crate::message::{CallFailure, HttpCall};
use crate::shared::{Claim, Failure, Gate, Lease, SharedData, SharedEntries};
use crate::table::Table;
use crate::technical_token::TechnicalToken;
use crate::telemetry::{Metric, Notice};
use crate::time::Timestamp;

/// Everything this worker fetches or has fetched.
#[derive(Debug)]
pub(super) struct Fetching {
    config: Arc<Config>,
    origins: Origins,
    pub(super) keys: KeyRing,
    slots: HashMap<Resource, Slot>,
    wanted: Queue,
    /// Whether more is wanted than the last pursuit could look at.
    is_behind: bool,
    calls: Table<CallId, Running>,
    key_sets: SharedEntries,
    tokens: SharedEntries,
    /// What holds all tokens of a credential off.
    bars: SharedEntries,
    groups: Groups,
    duty: Duty,
    /// Tokens that an upstream refused.
    doubted: Vec<(Resource, Arc<TechnicalToken>)>,
    random: Sequence,
    last_call: u64,
    kept_up_at: Timestamp,
    /// How many slots are for key sets.
    key_slots: usize,
    /// How many slots gave way to others since that was asked last.
    evicted: usize,
}

/// A call that runs, or one that has ended and whose answer is not proven yet.
#[derive(Clone, Debug)]
struct Running {
    resource: Resource,
    step: Step,
    /// What its fetch has to go on.
    chain: Chain,
    /// Where it went, for the log.
    cluster: Arc<str>,
    /// What it brought, where that is of no use before its signature has been checked.
    unproven: Option<Unproven>,
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
    pub(super) fn new(config: Arc<Config>, seed: u64, means: Means) -> Self {
        let mut fetching = Self {
            keys: KeyRing::default(),
            slots: HashMap::new(),
            wanted: Queue::default(),
            is_behind: false,
            calls: Table::new(),
            key_sets: SharedEntries::new("keys", needs::key_set_buckets(&config)),
            tokens: SharedEntries::new("token", 1024),
            bars: SharedEntries::new("credential", 64),
            groups: Groups::default(),
            duty: Duty::new(config.sources(), &*means.signer),
            doubted: Vec::new(),
            random: Sequence::new(seed),
            last_call: 0,
            kept_up_at: Timestamp::default(),
            key_slots: 0,
            evicted: 0,
            origins: Origins::new(Arc::clone(&config), means),
            config: Arc::clone(&config),
        };
        for source in config.key_sources() {
            match source.location() {
                KeyLocation::Inline(set) => fetching.keys.set(source.id(), Arc::clone(set)),
                KeyLocation::Secret(secret) => {
                    fetching.keys.set_secret(source.id(), Arc::clone(secret));
                }
                KeyLocation::Remote { .. } if needs::is_on_demand(source) => {}
                KeyLocation::Remote { .. } => {
                    let resource = Resource::Keys(source.id());
                    fetching.want(resource, Timestamp::default(), Need::Ahead);
                }
            }
        }
        for resource in fetching.origins.all_stated() {
            fetching.want(resource, Timestamp::default(), Need::Ahead);
        }
        fetching
    }

    /// The slot of a thing, made if need be.
    pub(super) fn slot(&mut self, resource: &Resource) -> &mut Slot {
        if !self.slots.contains_key(resource) {
            match resource {
                Resource::Keys(_) => self.key_slots = self.key_slots.saturating_add(1),
                Resource::Token(..) => {
                    self.make_room();
                }
            }
        }
        self.slots.entry(resource.clone()).or_default()
    }

    /// The slot of a token that a request asks for; `None` when there is none and no room for one.
    pub(super) fn token_slot(&mut self, resource: &Resource) -> Option<&mut Slot> {
        let has_room = self.has_room() || self.slots.contains_key(resource) || self.make_room();
        has_room.then(|| self.slots.entry(resource.clone()).or_default())
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Marks that something newer than `than` is wanted.
    pub(super) fn want(&mut self, resource: Resource, than: Timestamp, need: Need) {
        let before = self.slot(&resource).want_newer(than, need);
        self.wanted.add(resource, need, before);
    }

    /// Whether more is wanted than the last pursuit could look at, while calls could be made.
    pub(super) const fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Marks everything whose time has come, renews the leases of running calls, and gives up calls
    /// that the host lost.
    pub(super) fn look_around(&mut self, now: Timestamp, shared: &mut dyn SharedData) -> Progress {
        let mut progress = Progress::default();
        self.keep_up(now, shared, &mut progress);
        let running: Vec<_> =
            self.calls.iter().map(|(id, call)| (*id, call.resource.clone())).collect();
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
            if self.groups.barred(resource).is_some()
                && let Some(credential) = self.origins.credential(resource)
            {
                self.bars.renew(&credential, lease, now, shared);
            }
        }
    }

    /// Pursues everything that is wanted, as far as it can be now. Of the key sets that no request
    /// waits for, which may be thousands, only some at a time.
    pub(super) fn pursue(
        &mut self,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        for resource in self.wanted.take() {
            match self.pursue_one(&resource, now, shared, progress) {
                Pursuit::Over => {}
                Pursuit::NoPlace(need) | Pursuit::Later(need) => {
                    self.wanted.put_back(resource, need)
                }
            }
        }
        let mut left = KEY_SETS_AT_A_TIME.min(self.wanted.keys());
        let mut has_place = true;
        while has_place
            && left > 0
            && let Some(resource) = self.wanted.next_keys()
        {
            left -= 1;
            match self.pursue_one(&resource, now, shared, progress) {
                Pursuit::Over => {}
                Pursuit::NoPlace(_) => {
                    has_place = false;
                    self.wanted.give_back(resource);
                }
                Pursuit::Later(need) => self.wanted.put_back(resource, need),
            }
        }
        self.is_behind = has_place && self.wanted.keys() > KEY_SETS_AT_A_TIME;
    }

    /// Takes one step towards a wanted thing.
    fn pursue_one(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) -> Pursuit {
        let Some(slot) = self.slots.get(resource) else { return Pursuit::Over };
        let Some((than, need)) = slot.wanted() else { return Pursuit::Over };
        if matches!(slot.stage(), Stage::Leading { .. }) {
            return Pursuit::Over;
        }
        if self.take_stated(resource, now, progress) {
            return Pursuit::Over;
        }
        if self.is_at_capacity(resource, need) {
            return Pursuit::NoPlace(need);
        }
        let Some(meaning) = self.origins.meaning(resource) else { return Pursuit::Over };
        let entries = self.entries(resource).clone();
        let nonce = self.random.next();
        let lease = Lease { nonce, deadline: now + LEASE_TERM };
        let gate = self.gate(resource, now, shared);
        let lease_here = (!self.is_left(resource, now, shared)).then_some(lease);
        let attempt = |than, shared: &mut dyn SharedData| match gate {
            Gate::Due(_) | Gate::Free => entries.claim(&meaning, than, lease_here, now, shared),
            Gate::Barred(failure) => entries
                .find(&meaning, than, now, shared)
                .map_or(Claim::Held(common_to_all(failure)), Claim::Found),
            Gate::Taken(_) => {
                entries.find(&meaning, than, now, shared).map_or(Claim::Taken, Claim::Found)
            }
        };
        let mut claim = attempt(than, shared);
        if let Claim::Found(record) = claim {
            let version = (record.generation, record.fetched_at);
            let Err(reason) = self.adopt(resource, record, now) else {
                progress.settled.push(resource.clone());
                return Pursuit::Over;
            };
            if self.slot(resource).is_first_rejection(version) {
                let what = self.origins.what(resource);
                progress.effects.push(Effect::Log(Notice::RecordRejected { what, reason }));
            }
            claim = attempt(Timestamp::MAX, shared);
        }
        match claim {
            Claim::Granted(_)
                if matches!(gate, Gate::Due(_)) && !self.probe(resource, lease, now, shared) =>
            {
                entries.release(&meaning, nonce, now, shared);
                self.slot(resource).follow();
                Pursuit::Later(need)
            }
            Claim::Granted(failure) => {
                self.lead(resource, (nonce, failure), now, shared, progress);
                Pursuit::Over
            }
            Claim::Free => self.leave(resource, (than, need), now, shared, progress),
            // A record newer than the end of time is not found.
            Claim::Found(_) | Claim::Taken => {
                self.slot(resource).follow();
                Pursuit::Later(need)
            }
            Claim::Held(failure) => {
                self.slot(resource).set_back(failure);
                progress.settled.push(resource.clone());
                Pursuit::Over
            }
        }
    }

    /// Sends the call for a thing whose lease this worker holds.
    fn lead(
        &mut self,
        resource: &Resource,
        (nonce, failure): (u64, Option<Failure>),
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        match self.origins.begin(resource, now) {
            Ok((chain, step, call)) => {
                let (id, deadline) = self.send(resource, (step, chain), call, now, progress);
                self.slot(resource).lead(id, nonce, deadline, now, failure);
            }
            Err(fault) => {
                let id = self.next_call();
                self.slot(resource).lead(id, nonce, now, now, failure);
                let (resource, cluster) = (resource.clone(), Arc::default());
                let (step, chain) = (Step::Last, Chain::default());
                let running = Running { resource, step, chain, cluster, unproven: None };
                self.conclude(&running, Err(fault), Aside::default(), now, shared, progress);
            }
        }
    }

    /// Sends a call of a fetch; its number, and when it counts as lost.
    fn send(
        &mut self,
        resource: &Resource,
        (step, chain): (Step, Chain),
        call: HttpCall,
        now: Timestamp,
        progress: &mut Progress,
    ) -> (CallId, Timestamp) {
        let id = self.next_call();
        let cluster = Arc::clone(&call.endpoint.cluster);
        let running = Running { resource: resource.clone(), step, chain, cluster, unproven: None };
        self.calls.insert(id, running);
        let deadline = now + call.timeout.saturating_add(CALL_MARGIN);
        progress.effects.push(Effect::Call(id, call));
        (id, deadline)
    }

    const fn next_call(&mut self) -> CallId {
        self.last_call += 1;
        CallId(self.last_call)
    }

    const fn entries(&self, resource: &Resource) -> &SharedEntries {
        match resource {
            Resource::Token(..) => &self.tokens,
            Resource::Keys(_) => &self.key_sets,
        }
    }
}

/// What a step towards a wanted thing led to.
enum Pursuit {
    /// It must be looked at again: another worker fetches it.
    Later(Need),
    /// It must be looked at again: as many calls run as may.
    NoPlace(Need),
    /// It was found, is being fetched by this worker, or cannot be had now.
    Over,
}

/// How long a lease lasts. Its holder renews it on its timer as long as the call runs; when the
/// holder dies, others wait for no more than this, which is less than a request may wait.
const LEASE_TERM: Duration = Duration::from_secs(3);

/// A call counts as lost this long after its timeout, which the host should have kept.
const CALL_MARGIN: Duration = Duration::from_secs(2);

/// How many key sets that no request waits for are looked at in one callback.
const KEY_SETS_AT_A_TIME: usize = 256;
