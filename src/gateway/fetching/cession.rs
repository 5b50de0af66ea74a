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
//! (a host with one VM or without queues, workers that share nothing), a worker signs at once.

use std::time::Duration;

use super::super::effect::Effect;
use super::super::slot::{Need, Resource, Slot};
use super::{Fetching, Progress};
use crate::shared::{IdleRoots, SharedData};
use crate::technical_token::{Source, SourceId};
use crate::time::Timestamp;

/// Who makes signatures that take long.
#[derive(Debug)]
pub(super) struct Duty {
    /// The credentials that need them, with what their tokens mean.
    concerned: Vec<(SourceId, [u8; 32])>,
    /// What wakes this root, if the host can wake one for another.
    queue: Option<u32>,
    /// Whether this root has had a request.
    has_served: bool,
    is_listed: bool,
}

impl Duty {
    /// That of a root which has had no request. `is_slow` tells of a credential whether its calls need such a
    /// signature.
    pub(super) fn new(sources: &[Source], is_slow: impl Fn(&Source) -> bool) -> Self {
        let slow = (0..).map(SourceId).zip(sources).filter(|(_, source)| is_slow(source));
        let concerned = slow.map(|(id, source)| (id, source.meaning(None))).collect();
        Self { concerned, queue: None, has_served: false, is_listed: false }
    }

    fn concerns(&self, resource: &Resource) -> Option<&[u8; 32]> {
        let Resource::Token(id, None) = resource else { return None };
        let found = self.concerned.iter().find(|(concerned, _)| concerned == id);
        found.map(|(_, meaning)| meaning)
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
        let Duty { concerned, queue: Some(queue), has_served, is_listed } = &mut self.duty else {
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
        &self,
        resource: &Resource,
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> bool {
        if self.is_idle() || self.duty.concerns(resource).is_none() {
            return false;
        }
        match self.slots.get(resource).and_then(Slot::asked_at) {
            Some(asked_at) => asked_at <= now && now.since(asked_at) < self.patience(),
            None => IdleRoots.others(self.duty.queue, now, shared).next().is_some(),
        }
    }

    /// Asks all idle roots for a thing that is left to them, once.
    pub(super) fn ask(
        &mut self,
        resource: &Resource,
        than: Timestamp,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        let Some(meaning) = self.duty.concerns(resource) else { return };
        let Some(slot) = self.slots.get_mut(resource).filter(|slot| slot.asked_at().is_none())
        else {
            return;
        };
        let mut wish = [0; WISH];
        let (own, time) = wish.split_at_mut(meaning.len());
        own.copy_from_slice(meaning);
        time.copy_from_slice(&than.as_millis().to_le_bytes());
        let idle = IdleRoots.others(self.duty.queue, now, shared);
        progress.effects.extend(idle.map(|queue| Effect::Ask { queue, wish }));
        slot.ask(now);
    }

    /// Another root asks this one, as it has had no request. One that meanwhile has leaves it to the others.
    pub(in super::super) fn asked(&mut self, wish: &[u8], now: Timestamp) {
        let Some((meaning, [a, b, c, d, e, f, g, h])) = wish.split_first_chunk::<32>() else {
            return;
        };
        let concerned = self.duty.concerned.iter().find(|(_, own)| own == meaning);
        if let (Some((id, _)), true) = (concerned, self.is_idle()) {
            let than = u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            let resource = Resource::Token(*id, None);
            self.want(resource, Timestamp::from_millis(than).min(now), Need::Now);
        }
    }

    /// How long idle roots are waited for: no longer than a waiting request has left for the call itself.
    fn patience(&self) -> Duration {
        PATIENCE.min(self.config.limits().waiting_deadline / 2)
    }
}

/// The bytes of a wish: what a token means, and the time than which it must be newer.
pub(in super::super) const WISH: usize = 40;

/// How long idle roots are waited for at most.
const PATIENCE: Duration = Duration::from_millis(500);
