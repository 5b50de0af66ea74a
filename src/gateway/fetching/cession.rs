//! Signatures that take long: a root context that serves requests leaves them to one that does not.
//!
//! Without the host's `sign`, an RSA signature takes 6 to 40 ms of Wasm code, in which all requests of its worker
//! stand still. One root context of a process serves none: that of the main thread. It cannot know that it
//! is the one, but it knows that it has had no request; so those that have had none write themselves down in shared data.
//!
//! ```text
//!              nobody fetches it:                its record, or its failure
//!   [Wanted] ── ask all idle roots ──> [Following] ───────────────────────> [Idle]
//!                                           │
//!                                           │ none has taken the lease within 500 ms
//!                                           v
//!                                      [Leading: this worker signs]
//! ```
//!
//! The idle root that takes the lease signs, calls and stores, as any worker would for itself. Where there is none
//! (a host with one VM or without queues, workers that share nothing), or one has just failed, a worker signs at once, but for the first time: roots
//! write themselves down on their first tick, and requests may come before.

use std::time::Duration;

use super::super::effect::Effect;
use super::super::slot::{Need, Resource, Slot};
use super::{Fetching, Progress, Pursuit};
use crate::crypto::Signer;
use crate::shared::{IdleRoots, SharedData};
use crate::technical_token::{Source, SourceId};
use crate::time::Timestamp;

/// Who makes signatures that take long.
#[derive(Debug)]
pub(super) struct Duty {
    /// The credentials that need them.
    concerned: Vec<SourceId>,
    /// What wakes this root, if the host can wake one for another.
    queue: Option<u32>,
    /// Whether this root has had a request.
    has_served: bool,
    is_listed: bool,
    /// When it first found nobody to ask.
    alone_since: Option<Timestamp>,
}

impl Duty {
    /// That of a root which has had no request.
    pub(super) fn new(sources: &[Source], signer: &dyn Signer) -> Self {
        let mut concerned = Vec::new();
        for (id, source) in (0..).map(SourceId).zip(sources) {
            if source.signs_by().is_some_and(|algorithm| !signer.is_quick(algorithm)) {
                concerned.push(id);
            }
        }
        Self { concerned, queue: None, has_served: false, is_listed: false, alone_since: None }
    }

    /// Whether others may yet write themselves down: at the start of a process requests may come before that.
    fn may_come(&mut self, now: Timestamp) -> bool {
        let since = *self.alone_since.get_or_insert(now);
        self.queue.is_some() && since <= now && now.since(since) < GRACE
    }

    fn concerns(&self, resource: &Resource) -> bool {
        matches!(resource, Resource::Token(id, None) if self.concerned.contains(id))
    }
}

impl Fetching {
    /// This queue wakes the root context, for other ones as well.
    pub(in super::super) const fn listen(&mut self, queue: u32) {
        self.duty.queue = Some(queue);
    }

    /// A request has come.
    pub(in super::super) const fn serve(&mut self) {
        self.duty.has_served = true;
    }

    /// Whether no request has come.
    pub(in super::super) const fn is_idle(&self) -> bool {
        !self.duty.has_served
    }

    /// Says to the others that this root is idle, or that it no longer is.
    pub(super) fn report_for_duty(&mut self, now: Timestamp, shared: &mut dyn SharedData) {
        let Duty { concerned, queue: Some(queue), has_served, is_listed, .. } = &mut self.duty
        else {
            return;
        };
        match (concerned.is_empty(), *has_served, *is_listed) {
            (true, ..) | (false, true, false) => {}
            (false, true, true) => {
                IdleRoots.strike(*queue, now, shared);
                *is_listed = false;
            }
            (false, false, _) => {
                IdleRoots.list(*queue, now, shared);
                *is_listed = true;
            }
        }
    }

    /// Whether a wanted thing is left to idle roots now: its call needs a signature that takes long, this root serves
    /// requests, others do not, and they have not been waited for in vain.
    pub(super) fn is_left(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> bool {
        if self.is_idle() || !self.duty.concerns(resource) {
            return false;
        }
        // Envoy's main thread, whose root is the idle one, does not reach each cluster: none behind an internal listener.
        if self.slots.get(resource).is_some_and(Slot::is_own_turn) {
            return false;
        }
        match self.slots.get(resource).and_then(Slot::asked_at) {
            Some(asked_at) => asked_at <= now && now.since(asked_at) < self.patience(),
            None => {
                let mut is_any_idle = false;
                IdleRoots.others(self.duty.queue, now, shared, &mut |_| is_any_idle = true);
                is_any_idle || self.duty.may_come(now)
            }
        }
    }

    /// Leaves a thing to the idle roots, who are asked for it once.
    pub(super) fn leave(
        &mut self,
        resource: &Resource,
        (than, need): (Timestamp, Need),
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) -> Pursuit {
        let Some(meaning) = self.origins.meaning(resource) else { return Pursuit::Over };
        let own = self.duty.queue;
        let slot = self.slot(resource);
        slot.follow();
        if slot.asked_at().is_none() {
            let wish = [meaning.as_slice(), &than.as_millis().to_le_bytes()].concat();
            IdleRoots.others(own, now, shared, &mut |queue| {
                slot.ask(now);
                progress.effects.push(Effect::Ask { queue, wish: wish.clone() });
            });
        }
        Pursuit::Later(need)
    }

    /// Another root asks this one, as it has had no request. One that meanwhile has leaves it to the others.
    pub(in super::super) fn asked(&mut self, wish: &[u8], now: Timestamp) {
        let Some((meaning, time)) = wish.split_first_chunk::<32>() else { return };
        let Ok(than) = time.try_into().map(u64::from_le_bytes) else { return };
        let mut known = self.duty.concerned.iter().map(|id| Resource::Token(*id, None));
        let known = known.find(|known| self.origins.meaning(known).as_ref() == Some(meaning));
        if let (Some(resource), true) = (known, self.is_idle()) {
            self.want(resource, Timestamp::from_millis(than).min(now), Need::Now);
        }
    }

    /// How long idle roots are waited for: no longer than a waiting request has left for the call itself.
    fn patience(&self) -> Duration {
        PATIENCE.min(self.config.limits().waiting_deadline / 2)
    }
}

/// How long a root waits for anybody to be on the list, once in its life.
const GRACE: Duration = Duration::from_millis(100);

/// How long idle roots are waited for at most.
const PATIENCE: Duration = Duration::from_millis(500);
