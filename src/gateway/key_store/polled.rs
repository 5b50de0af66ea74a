//! A store that is polled, as one worker sees it: who leads, what is on the board, what is held.

use std::sync::Arc;
use std::time::Duration;

use super::look::Look;
use super::slots::{Slot, Slots};
use super::trouble::Trouble;
use super::{KeysFound, Turn};
use crate::application_key::{Block, KeySet};
use crate::config::RemoteStore;
use crate::crypto::Digest;
use crate::gateway::effect::Effect;
use crate::gateway::random::Sequence;
use crate::shared::{KeyBoard, KeyBoards, Lease, PostedShard, Spot, WriteError};
use crate::telemetry::{Notice, What};
use crate::time::Timestamp;

/// The state of one worker.
#[derive(Debug)]
pub(super) struct Polled {
    pub(super) random: Sequence,
    role: Role,
    /// Who this worker is on the board.
    nonce: u64,
    place: u8,
    renewed_at: Timestamp,
    // As it was read or written last; what this worker alone knows, if it shares nothing.
    pub(super) board: KeyBoard,
    pub(super) slots: Slots,
    set: Option<Arc<KeySet>>,
    /// Why `slots` are no set.
    pub(super) misfit: Option<Trouble>,
    /// When the look began that all of `set` is as good as.
    good_at: Timestamp,
    pub(super) look: Option<Look>,
    pub(super) last_call: u64,
    /// What was said last, and when.
    pub(super) said: Option<(&'static str, Timestamp)>,
    is_stale: bool,
}

/// The part of this worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
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
            said: None,
            is_stale: false,
            random,
        }
    }

    pub(super) fn find(&self, store: &RemoteStore, now: Timestamp) -> KeysFound {
        let KeyBoard { next_look, attempts, .. } = self.board;
        let retry_after = next_look.since(now);
        match (&self.set, &store.initial) {
            (Some(set), _) if store.keeps_stale || !self.is_too_old(store, now) => {
                KeysFound::Ready(Arc::clone(set))
            }
            (Some(_), _) => KeysFound::Failed { retry_after },
            (None, Some(initial)) => KeysFound::Ready(Arc::clone(initial)),
            (None, None) if attempts > 0 && !retry_after.is_zero() => {
                KeysFound::Failed { retry_after }
            }
            (None, None) => KeysFound::Missing,
        }
    }

    fn is_too_old(&self, store: &RemoteStore, now: Timestamp) -> bool {
        now.since(self.good_at) >= store.max_stale
    }

    pub(super) fn look_around(&mut self, turn: &mut Turn<'_>) {
        self.attend(turn);
        self.settle(turn);
        if self.role != Role::Follows && self.to_take().next().is_none() {
            self.look_if_due(turn);
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
        let is_there = |at: usize| self.slots.0.get(at).is_some_and(|slot| slot.missed.is_none());
        let can_take = self.to_take().any(is_there);
        can_take || self.is_posting() || self.look.as_ref().is_some_and(Look::is_busy)
    }

    /// Good keys, others, and the seconds since the last good look, if this worker polls.
    pub(super) fn gauges(&self, now: Timestamp) -> [usize; 3] {
        match &self.set {
            Some(set) if self.role != Role::Follows => {
                let age = usize::try_from(now.since(self.good_at).as_secs()).unwrap_or(usize::MAX);
                [set.valid(), set.invalid(), age]
            }
            Some(_) | None => [0; 3],
        }
    }

    /// Whether this worker polls for all.
    #[cfg(test)]
    pub(super) fn leads(&self) -> bool {
        self.role == Role::Leads
    }

    /// Reads the board, and takes the lease where nobody has it.
    fn attend(&mut self, turn: &mut Turn<'_>) {
        let Some(mut spot) = KeyBoards.find(&self.board.meaning, turn.now, turn.shared) else {
            self.role = Role::Alone;
            return;
        };
        self.place = spot.place;
        match spot.board.take() {
            Some(board) if self.role == Role::Leads && board.lease.nonce == self.nonce => {
                self.heed(&board);
                let since = turn.now.since(self.renewed_at);
                if self.renewed_at > turn.now || since >= RENEWAL {
                    // Who wrote in between said what it cannot read: the next tick tells.
                    let _lost = self.write(&spot, turn);
                }
            }
            Some(board) => {
                let is_led = board.lease.is_live(turn.now);
                self.follow(board);
                if !is_led {
                    self.lead(&spot, turn);
                }
            }
            None => {
                // What is held was never there, or is there no more.
                self.board.shards.clear();
                self.slots.0.iter_mut().for_each(|slot| slot.version = 0);
                self.lead(&spot, turn);
            }
        }
    }

    fn follow(&mut self, board: KeyBoard) {
        self.role = Role::Follows;
        self.look = None;
        self.board = board;
        if !self.board.shards.is_empty() {
            self.slots.fit(self.board.shards.len());
        }
    }

    fn lead(&mut self, spot: &Spot, turn: &mut Turn<'_>) {
        self.role = Role::Leads;
        if self.write(spot, turn) == Err(WriteError::CasMismatch) {
            self.role = Role::Follows;
        }
    }

    /// Others say of which shards they can make nothing: those are posted anew.
    fn heed(&mut self, board: &KeyBoard) {
        let is_same = self.slots.0.len() == self.board.shards.len();
        for (at, (own, read)) in self.board.shards.iter_mut().zip(&board.shards).enumerate() {
            if read.is_struck() && read.version == own.version {
                *own = PostedShard::default();
                if let Some(slot) = self.slots.0.get_mut(at).filter(|_| is_same) {
                    slot.version = 0;
                }
            }
        }
    }

    /// Writes the board as the one who polls.
    fn write(&mut self, spot: &Spot, turn: &mut Turn<'_>) -> Result<(), WriteError> {
        self.board.lease = Lease { nonce: self.nonce, deadline: turn.now + TERM };
        self.board.good_at = self.board.good_at.min(turn.now);
        let written = KeyBoards.write(spot, &self.board, turn.shared);
        match written {
            Ok(()) => self.renewed_at = turn.now,
            Err(WriteError::Refused) => self.role = Role::Alone,
            Err(WriteError::CasMismatch) => {}
        }
        written
    }

    /// Makes known what has changed, if this worker still leads. What another one wrote in between is heeded;
    /// whoever writes so often that it fails, hears it at the next renewal.
    pub(super) fn publish(&mut self, turn: &mut Turn<'_>) {
        for _ in 0..TRIES {
            let spot = KeyBoards.find(&self.board.meaning, turn.now, turn.shared);
            let Some(Spot { place, cas, board: Some(board) }) = spot else { return };
            if self.role != Role::Leads || board.lease.nonce != self.nonce {
                return;
            }
            self.heed(&board);
            let spot = Spot { place, cas, board: None };
            if self.write(&spot, turn) != Err(WriteError::CasMismatch) {
                return;
            }
        }
    }

    /// Whether the board has another version of a shard than this worker.
    fn lacks(&self, (slot, posted): (&Slot, &PostedShard)) -> bool {
        let is_own = self.role == Role::Leads && slot.version == 0 && slot.block.is_some();
        let is_there = posted.version != 0 && !posted.is_struck();
        is_there && posted.version != slot.version && !is_own
    }

    /// The shards of which the board has another version, in order.
    fn to_take(&self) -> impl Iterator<Item = usize> {
        let is_shared = self.role != Role::Alone && self.slots.0.len() == self.board.shards.len();
        let pairs = self.slots.0.iter().zip(&self.board.shards).enumerate();
        pairs.filter(move |(_, pair)| is_shared && self.lacks(*pair)).map(|(at, _)| at)
    }

    /// Takes shards from the board, as many as may be checked in one turn.
    fn take(&mut self, turn: &mut Turn<'_>) {
        let mut left = BYTES_AT_A_TIME;
        let mut has_taken = false;
        for at in self.to_take().collect::<Vec<_>>() {
            let Some(posted) = self.board.shards.get(at).copied().filter(|_| left > 0) else {
                break;
            };
            let block = u8::try_from(at).ok().and_then(|index| {
                let which = (index, posted.version);
                let bytes = KeyBoards.shard(self.place, &self.board.meaning, which, turn.shared)?;
                let block = Block::read(bytes).ok()?;
                (self.slots.sharding()?.shard(at) == Some(block.shard())).then_some(block)
            });
            match (block, self.slots.0.get_mut(at)) {
                (Some(block), Some(slot)) => {
                    left = left.saturating_sub(block.bytes().len().max(1));
                    let block = Some(Arc::new(block));
                    *slot = Slot { block, version: posted.version, tag: posted.tag, missed: None };
                    has_taken = true;
                }
                (None, Some(_)) => self.miss(at, posted.version, turn),
                (_, None) => {}
            }
        }
        if has_taken {
            self.assemble();
        }
    }

    /// A shard is not what the board says. It may be about to be written; if it stays so, it is struck off the
    /// board, and who polls posts it anew.
    fn miss(&mut self, at: usize, version: u64, turn: &mut Turn<'_>) {
        let Some(slot) = self.slots.0.get_mut(at) else { return };
        let (missed, since) = *slot.missed.get_or_insert((version, turn.now));
        if missed != version || since > turn.now {
            slot.missed = Some((version, turn.now));
        } else if turn.now.since(since) >= PATIENCE {
            let spot = KeyBoards.find(&self.board.meaning, turn.now, turn.shared);
            let Some(Spot { place, cas, board: Some(mut board) }) = spot else { return };
            if let Some(posted) = board.shards.get_mut(at).filter(|now| now.version == version) {
                posted.strike();
                let spot = Spot { place, cas, board: None };
                // Who loses the race says it again.
                if KeyBoards.write(&spot, &board, turn.shared).is_ok()
                    && let Some(own) = self.board.shards.get_mut(at)
                {
                    own.strike();
                }
            }
        }
    }

    /// Uses what is held, as soon as there is something of every shard.
    pub(super) fn assemble(&mut self) {
        match self.slots.set() {
            Some(Ok(set)) => {
                self.set = Some(Arc::new(set));
                self.misfit = None;
            }
            Some(Err(error)) => self.misfit = Some(error.into()),
            None => {}
        }
    }

    /// Whether what this worker has read is to be posted.
    pub(super) fn is_posting(&self) -> bool {
        self.role == Role::Leads
            && self.misfit.is_none()
            && (self.slots.are_full() || self.slots.0.len() == self.board.shards.len())
            && self.slots.0.iter().any(|slot| slot.version == 0 && slot.block.is_some())
    }

    /// Posts shards, as many as may be in one turn.
    fn post(&mut self, turn: &mut Turn<'_>) {
        if !self.is_posting() {
            return;
        }
        let mut left = BYTES_AT_A_TIME;
        for (at, slot) in self.slots.0.iter_mut().enumerate() {
            let (Some(block), Ok(index)) = (&slot.block, u8::try_from(at)) else { continue };
            if slot.version != 0 || left == 0 {
                continue;
            }
            let which = (index, self.random.next().max(1));
            let meaning = &self.board.meaning;
            left = left.saturating_sub(block.bytes().len().max(1));
            match KeyBoards.write_shard(self.place, meaning, which, block.bytes(), turn.shared) {
                Ok(()) => slot.version = which.1,
                Err(WriteError::CasMismatch) => {}
                Err(WriteError::Refused) => {
                    self.role = Role::Alone;
                    return;
                }
            }
        }
        let posted = self.slots.0.iter();
        let posted = posted.map(|slot| PostedShard { version: slot.version, tag: slot.tag });
        if self.slots.0.len() == self.board.shards.len() {
            for (own, posted) in self.board.shards.iter_mut().zip(posted) {
                if posted.version != 0 {
                    *own = posted;
                }
            }
        } else if self.slots.0.iter().all(|slot| slot.version != 0) {
            self.board.shards = posted.collect();
        } else {
            return;
        }
        self.publish(turn);
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

    /// Notes how good the keys are now, and says when they are too old.
    fn settle(&mut self, turn: &mut Turn<'_>) {
        if self.role != Role::Follows {
            self.board.good_at = self.board.good_at.min(turn.now);
        }
        if self.is_whole() {
            self.good_at = self.board.good_at;
        }
        self.good_at = self.good_at.min(turn.now);
        let is_stale =
            self.set.is_some() && !turn.store.keeps_stale && self.is_too_old(turn.store, turn.now);
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
    let rules = format!("{:?} {:?} {}", store.rules, store.refresh, store.allows_rollback);
    let authorization = store.authorization.as_ref().map_or("", |secret| secret.expose());
    let parts = [&store.endpoint.digest(), authorization.as_bytes(), rules.as_bytes()];
    *Digest::of(&parts).as_bytes()
}

/// How long a lease lasts. Its holder renews it at each tick; when it dies, another one polls after this.
const TERM: Duration = Duration::from_secs(3);

/// How often a lease is renewed, and the board with it.
const RENEWAL: Duration = Duration::from_millis(900);

/// How long a shard may be different from what the board says.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many bytes of shards are checked or posted in one turn; of larger shards one.
const BYTES_AT_A_TIME: usize = 128 * 1024;

/// How often a change of the board is tried when another worker wrote it in between.
const TRIES: usize = 4;

/// Keeps the numbers of the store apart from those of other things with the same seed.
const SEED: u64 = 0x6B65_7973;
