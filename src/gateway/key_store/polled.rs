//! A store that is polled, as one worker sees it: who leads, what is on the board, what is held.

use std::sync::Arc;
use std::time::Duration;

use super::ending::Ending;
use super::look::Look;
use super::slots::{Slot, Slots};
use super::trouble::Unfit;
use super::{KeysFound, Turn};
use crate::application_key::{Block, KeySet, ReadRules};
use crate::config::RemoteStore;
use crate::crypto::Digest;
use crate::gateway::effect::Effect;
use crate::gateway::random::Sequence;
use crate::gateway::said::Said;
use crate::message::{LetterCase, PathSpelling, TrailingSlash};
use crate::shared::{KeyBoard, PostedShard};
use crate::telemetry::{Notice, What};
use crate::time::Timestamp;

/// The state of one worker.
#[derive(Debug)]
pub(super) struct Polled {
    pub(super) random: Sequence,
    pub(super) role: Role,
    /// Who this worker is on the board.
    pub(super) nonce: u64,
    pub(super) place: u8,
    pub(super) renewed_at: Timestamp,
    // As it was read or written last; what this worker alone knows, if it shares nothing.
    pub(super) board: KeyBoard,
    pub(super) slots: Slots,
    set: Option<Arc<KeySet>>,
    /// Why `slots` are no set.
    pub(super) misfit: Option<Unfit>,
    /// When the look began that all of `set` is as good as.
    good_at: Timestamp,
    pub(super) look: Option<Look>,
    pub(super) last_call: u64,
    /// What was said last, and when.
    pub(super) said: Said,
    is_stale: bool,
    ending: Ending,
}

/// The part of this worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// It polls for itself: there is no board.
    Alone,
    /// Another one polls.
    Follows,
    /// It polls for all.
    Leads,
}

impl Polled {
    pub(super) fn new(store: &RemoteStore, seed: u64) -> Self {
        let mut random = Sequence::new(seed ^ SEED);
        Self {
            role: Role::Follows,
            nonce: random.next().max(1),
            place: 0,
            renewed_at: Timestamp::default(),
            board: KeyBoard { meaning: meaning(store), ..KeyBoard::default() },
            slots: Slots::default(),
            set: None,
            misfit: None,
            good_at: Timestamp::default(),
            look: None,
            last_call: 0,
            said: Said::default(),
            is_stale: false,
            ending: Ending::default(),
            random,
        }
    }

    pub(super) fn find(&self, store: &RemoteStore, now: Timestamp) -> KeysFound {
        let KeyBoard { next_look, attempts, .. } = self.board;
        let retry_after = next_look.since(now);
        match (self.usable(), &store.initial) {
            (Some(set), _) if !self.left(store, now).is_zero() => KeysFound::Ready(Arc::clone(set)),
            (Some(_), _) => KeysFound::Failed { retry_after },
            (None, Some(initial)) => KeysFound::Ready(Arc::clone(initial)),
            (None, None) if attempts > 0 && !retry_after.is_zero() => {
                KeysFound::Failed { retry_after }
            }
            (None, None) => KeysFound::Missing,
        }
    }

    /// The set, once it is known how good it is: until then it counts as not there yet.
    fn usable(&self) -> Option<&Arc<KeySet>> {
        self.set.as_ref().filter(|_| self.good_at > Timestamp::default())
    }

    /// How long the set may be used; zero if there is none.
    pub(super) fn left(&self, store: &RemoteStore, now: Timestamp) -> Duration {
        match self.usable() {
            Some(_) if store.keeps_stale => Duration::MAX,
            Some(_) => store.max_stale.saturating_sub(now.since(self.good_at)),
            None => Duration::ZERO,
        }
    }

    pub(super) fn look_around(&mut self, turn: &mut Turn<'_>) {
        self.attend(turn);
        self.settle(turn);
        if self.role != Role::Follows && self.to_take().next().is_none() {
            self.look_if_due(turn);
        }
        if self.role != Role::Follows
            && let Some(keys) = self.usable().map(Arc::clone)
        {
            let notice = self.ending.look_through(&keys, turn.now);
            turn.told.effects.extend(notice.map(Effect::Log));
        }
    }

    pub(super) fn pursue(&mut self, turn: &mut Turn<'_>) {
        self.take(turn);
        if self.role != Role::Follows {
            self.post(turn);
            self.go_on(turn);
            self.post(turn);
            if !self.is_posting() {
                self.finish(turn);
            }
        }
        self.settle(turn);
    }

    pub(super) fn is_busy(&self) -> bool {
        let can_take = self.to_take().any(|at| !self.is_missed(at));
        can_take || self.is_posting() || self.look.as_ref().is_some_and(Look::is_busy)
    }

    /// Good keys, others, the seconds since the last good look, and keys that end soon, if this worker polls.
    pub(super) fn gauges(&self, now: Timestamp) -> [usize; 4] {
        match self.usable() {
            Some(set) if self.role != Role::Follows => {
                let age = usize::try_from(now.since(self.good_at).as_secs()).unwrap_or(usize::MAX);
                [set.valid(), set.invalid(), age, self.ending.count()]
            }
            Some(_) | None => [0; 4],
        }
    }

    /// Whether this worker polls for all.
    #[cfg(test)]
    pub(super) fn leads(&self) -> bool {
        self.role == Role::Leads
    }

    /// Uses what is held, as soon as there is something of every shard.
    pub(super) fn assemble(&mut self) {
        match self.slots.set() {
            Some(Ok(set)) => {
                self.set = Some(Arc::new(set));
                self.ending.outdate();
                self.misfit = None;
            }
            Some(Err(error)) => self.misfit = Some(error.into()),
            None => {}
        }
    }

    /// Whether this worker uses all that the board says, or all there is.
    pub(super) fn is_whole(&self) -> bool {
        let is_posted = |(slot, posted): (&Slot, &PostedShard)| {
            slot.version == posted.version && slot.version != 0
        };
        let (slots, posted) = (&self.slots.0, &self.board.shards);
        let are_posted = self.role == Role::Alone
            || slots.len() == posted.len() && slots.iter().zip(posted).all(is_posted);
        self.slots.are_full() && self.misfit.is_none() && are_posted
    }

    /// Notes on the board how good the set is: each shard was what the server says when some look began, if not in the same
    /// look. What is not posted yet counts for nobody.
    pub(super) fn vouch(&mut self) {
        if self.slots.are_full() && self.misfit.is_none() && !self.is_posting() {
            self.board.good_at = self.board.good_at.max(self.slots.good_at());
        }
    }

    /// Notes how good the keys are now, and says when they are too old.
    fn settle(&mut self, turn: &mut Turn<'_>) {
        if self.role != Role::Follows {
            self.board.good_at = self.board.good_at.min(turn.now);
        }
        for slot in &mut self.slots.0 {
            slot.good_at = slot.good_at.min(turn.now);
        }
        if self.is_whole() {
            self.good_at = self.board.good_at;
        }
        self.good_at = self.good_at.min(turn.now);
        let is_stale = self.usable().is_some() && self.left(turn.store, turn.now).is_zero();
        if is_stale && !std::mem::replace(&mut self.is_stale, is_stale) {
            let max_stale = turn.store.max_stale;
            let notice = Notice::KeysDropped { what: What::KeyStore, max_stale };
            turn.told.effects.push(Effect::Log(notice));
        }
        self.is_stale = is_stale;
    }
}

/// The digest of all that decides what the answers of a store mean, and how often it is asked.
pub(super) fn meaning(store: &RemoteStore) -> [u8; 32] {
    let ReadRules { tenants, spelling, largest, most } = &store.rules;
    let PathSpelling { letter_case, trailing_slash } = spelling;
    let authorization = store.authorization.as_ref().map_or("", |secret| secret.expose());
    let words = [
        tenants.is_some(),
        *letter_case == LetterCase::Folded,
        *trailing_slash == TrailingSlash::Dropped,
        store.allows_rollback,
    ];
    let (digest, words) = (store.endpoint.digest(), words.map(u8::from));
    // What one version of this code posts is for workers that can read it.
    let format = [Block::FORMAT];
    let numbers = [largest.to_le_bytes(), most.to_le_bytes()].concat();
    let refresh = store.refresh.as_nanos().to_le_bytes();
    let mut parts: Vec<&[u8]> =
        vec![&format, &digest, authorization.as_bytes(), &words, &numbers, &refresh];
    parts.extend(tenants.iter().flatten().map(|tenant| tenant.as_str().as_bytes()));
    *Digest::of(&parts).as_bytes()
}

/// Keeps the numbers of the store apart from those of other things with the same seed.
const SEED: u64 = 0x6B65_7973;
