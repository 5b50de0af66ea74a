//! The shards on the board: taking those of others, and posting one's own.

use std::sync::Arc;
use std::time::Duration;

use super::Turn;
use super::polled::{Polled, Role};
use super::slots::Slot;
use crate::application_key::Block;
use crate::shared::{KeyBoards, PostedShard, Spot, WriteError};

impl Polled {
    /// Whether the board has another version of a shard than this worker.
    fn lacks(&self, (slot, posted): (&Slot, &PostedShard)) -> bool {
        let is_own = self.role == Role::Leads && slot.version == 0 && slot.block.is_some();
        let is_there = posted.version != 0 && !posted.is_struck();
        is_there && posted.version != slot.version && !is_own
    }

    /// The shards of which the board has another version, in order.
    pub(super) fn to_take(&self) -> impl Iterator<Item = usize> {
        let is_shared = self.role != Role::Alone && self.slots.0.len() == self.board.shards.len();
        let pairs = self.slots.0.iter().zip(&self.board.shards).enumerate();
        pairs.filter(move |(_, pair)| is_shared && self.lacks(*pair)).map(|(at, _)| at)
    }

    /// Whether the version that the board has was looked for, and was not there.
    pub(super) fn is_missed(&self, at: usize) -> bool {
        let missed = self.slots.0.get(at).and_then(|slot| slot.missed);
        let posted = self.board.shards.get(at).map(|posted| posted.version);
        missed.is_some_and(|(version, _)| Some(version) == posted)
    }

    /// Takes shards from the board, as many as may be checked in one turn.
    pub(super) fn take(&mut self, turn: &mut Turn<'_>) {
        let mut left = BYTES_AT_A_TIME;
        let mut has_taken = false;
        let (missed, others): (Vec<_>, Vec<_>) = self.to_take().partition(|at| self.is_missed(*at));
        for at in others.into_iter().chain(missed) {
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
                    let PostedShard { version, tag } = posted;
                    *slot = Slot { block, version, tag, good_at: self.board.good_at, missed: None };
                    has_taken = true;
                }
                (None, Some(_)) => {
                    left = left.saturating_sub(BYTES_OF_A_MISS);
                    self.miss(at, posted.version, turn);
                }
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

    /// Whether what this worker has read is to be posted.
    pub(super) fn is_posting(&self) -> bool {
        self.role == Role::Leads
            && self.misfit.is_none()
            && (self.slots.are_full() || self.slots.0.len() == self.board.shards.len())
            && self.slots.0.iter().any(|slot| slot.version == 0 && slot.block.is_some())
    }

    /// Posts shards, as many as may be in one turn.
    pub(super) fn post(&mut self, turn: &mut Turn<'_>) {
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
        self.vouch();
        self.publish(turn);
    }
}

/// How long a shard may be different from what the board says.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many bytes of shards are checked or posted in one turn; of larger shards one.
const BYTES_AT_A_TIME: usize = 128 * 1024;

/// How many bytes a shard counts for that is not what the board says.
const BYTES_OF_A_MISS: usize = 8 * 1024;
