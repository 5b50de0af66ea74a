//! The application keys of this worker: those of the configuration, or those of a server that is polled.
//!
//! One worker polls, by a lease on the board that all share ([`crate::shared::KeyBoard`]), and puts what it reads there; the
//! others look at the board at each tick and take the shards that have changed. What a look finds takes effect shard by
//! shard, in the order in which shards come: all secrets of a digest stand in one shard, so that a key is always taken from one
//! document, and an end of a key waits for no other shard, and for no document that is broken. The first set, and one whose keys
//! are spread in another way, is used once it is complete: a key of a shard that is not there yet would count as unknown.
//!
//! ```text
//!            lease free: claim                  due: call
//!  [Follows] ──────────────────> [Leads: idle] ──────────> [Leads: looking] ── shards, one after the other: read, post
//!      ^                              ^  │                        │
//!      │   lease lost                 │  └── nothing stored       │ 304, all read, or something failed
//!      └──────────────────────────────┴───────> [Alone]           v
//!                                                              [Leads: idle]
//! ```
//!
//! What cannot be had or read changes nothing but the time of the next look; the keys stay, until the last good look is older than
//! is allowed. A good look is one after which every shard is what the server says.

mod ending;
mod lease;
mod look;
mod polled;
mod sharing;
mod slots;
#[cfg(test)]
mod tests;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use self::polled::Polled;
pub(super) use self::trouble::Trouble;
use super::effect::{CallId, Effect};
use crate::application_key::KeySet;
use crate::config::{Config, KeyStore as Stated, RemoteStore};
use crate::message::{CallFailure, CallResponse};
use crate::shared::SharedData;
use crate::telemetry::Metric;
use crate::time::Timestamp;

/// The application keys that this worker knows.
#[derive(Debug)]
pub(super) struct KeyStore {
    config: Arc<Config>,
    polled: Option<Box<Polled>>,
}

/// What the store says when keys are needed.
#[derive(Debug)]
pub(super) enum KeysFound {
    /// None can be had for so long.
    #[allow(dead_code, reason = "until keys are fetched")]
    Failed { retry_after: Duration },
    /// None have come yet: the request waits.
    Missing,
    /// These. A request goes on with the set that it began with.
    Ready(Arc<KeySet>),
}

/// What a callback brings about.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Calls to send and lines to log.
    pub(super) effects: Vec<Effect>,
    /// What to count.
    pub(super) outcomes: Vec<Metric>,
}

/// What there is in a callback.
struct Turn<'t> {
    store: &'t RemoteStore,
    now: Timestamp,
    shared: &'t mut dyn SharedData,
    told: &'t mut Told,
}

impl KeyStore {
    /// The keys of a configuration: those that stand in it are there at once.
    pub(super) fn new(config: Arc<Config>, seed: u64) -> Self {
        let polled = remote(&config).map(|store| Box::new(Polled::new(store, seed)));
        Self { config, polled }
    }

    /// The keys, as they are now.
    pub(super) fn find(&self, now: Timestamp) -> KeysFound {
        match (self.config.application_keys().map(|keys| &keys.store), &self.polled) {
            (Some(Stated::Inline(set)), _) => KeysFound::Ready(Arc::clone(set)),
            (Some(Stated::Remote(store)), Some(polled)) => polled.find(store, now),
            (Some(Stated::Remote(_)) | None, _) => KeysFound::Missing,
        }
    }

    /// Whether requests wait for keys.
    pub(super) fn is_missing(&self, now: Timestamp) -> bool {
        matches!(self.find(now), KeysFound::Missing)
    }

    /// Whether a call is one of these. They are told apart from other calls by their numbers.
    pub(super) const fn owns(id: CallId) -> bool {
        id.0 & OWN != 0
    }

    /// The end of a call.
    pub(super) fn end(
        &mut self,
        call: CallId,
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
        told: &mut Told,
    ) {
        if let (Some(store), Some(polled)) = (remote(&self.config), &mut self.polled) {
            polled.end(store, call, result, now, told);
        }
    }

    /// Sees who polls and what is new, renews the lease, and begins a look that is due.
    pub(super) fn look_around(
        &mut self,
        now: Timestamp,
        shared: &mut dyn SharedData,
        told: &mut Told,
    ) {
        if let (Some(store), Some(polled)) = (remote(&self.config), &mut self.polled) {
            polled.look_around(&mut Turn { store, now, shared, told });
        }
    }

    /// Does a part of the work that is there, which blocks the worker for some milliseconds at most.
    pub(super) fn pursue(&mut self, now: Timestamp, shared: &mut dyn SharedData, told: &mut Told) {
        if let (Some(store), Some(polled)) = (remote(&self.config), &mut self.polled) {
            polled.pursue(&mut Turn { store, now, shared, told });
        }
    }

    /// Whether there is work for the next turn.
    pub(super) fn is_busy(&self) -> bool {
        self.polled.as_ref().is_some_and(|polled| polled.is_busy())
    }

    /// What the worker that polls says in the metrics; nothing in the others, so that each key counts once.
    pub(super) fn gauges(&self, now: Timestamp) -> [(Metric, usize); 4] {
        let [valid, invalid, age, ending] =
            self.polled.as_ref().map_or([0; 4], |polled| polled.gauges(now));
        [
            (Metric::ApplicationKeysValid, valid),
            (Metric::ApplicationKeysInvalid, invalid),
            (Metric::ApplicationKeysAge, age),
            (Metric::ApplicationKeysExpiring, ending),
        ]
    }
}

fn remote(config: &Config) -> Option<&RemoteStore> {
    match &config.application_keys()?.store {
        Stated::Inline(_) => None,
        Stated::Remote(store) => Some(store),
    }
}

/// The bit that marks the calls of the store. Those of exchanges have another one.
const OWN: u64 = 1 << 62;
