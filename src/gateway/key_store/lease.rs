//! Who polls: the lease on the board, and what else stands there.

use std::time::Duration;

use super::Turn;
use super::polled::{Polled, Role};
use super::slots::Slot;
use crate::shared::{KeyBoard, KeyBoards, Lease, Spot, WriteError};

impl Polled {
    /// Reads the board, and takes the lease where nobody has it.
    pub(super) fn attend(&mut self, turn: &mut Turn<'_>) {
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
                let is_led = board.lease.nonce != self.nonce && board.lease.is_live(turn.now);
                match (self.role, is_led) {
                    // What this worker found alone is newer than what nobody renews.
                    (Role::Alone, false) if self.slots.are_full() => self.begin(&spot, turn),
                    (Role::Alone | Role::Follows | Role::Leads, false) => {
                        self.follow(board);
                        self.lead(&spot, turn);
                    }
                    (Role::Alone | Role::Follows | Role::Leads, true) => self.follow(board),
                }
            }
            // What is held was never there, or is there no more.
            None => self.begin(&spot, turn),
        }
    }

    /// Leads with a board on which nothing stands yet: all that is held is posted.
    fn begin(&mut self, spot: &Spot, turn: &mut Turn<'_>) {
        self.board.shards.clear();
        self.slots.0.iter_mut().for_each(|slot| slot.version = 0);
        self.lead(spot, turn);
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
        self.restore();
        if self.write(spot, turn) == Err(WriteError::CasMismatch) {
            self.role = Role::Follows;
        }
    }

    /// What the board has no version of is posted anew if it is what stood there, and read anew if it may be older.
    fn restore(&mut self) {
        if self.slots.0.len() != self.board.shards.len() {
            return;
        }
        for (slot, posted) in self.slots.0.iter_mut().zip(&self.board.shards) {
            if posted.version == 0 && slot.version != 0 {
                match slot.tag == posted.tag && slot.tag != [0; 16] {
                    true => slot.version = 0,
                    false => *slot = Slot::default(),
                }
            }
        }
    }

    /// Others say of which shards they can make nothing: those are posted anew.
    fn heed(&mut self, board: &KeyBoard) {
        let is_same = self.slots.0.len() == self.board.shards.len();
        for (at, (own, read)) in self.board.shards.iter_mut().zip(&board.shards).enumerate() {
            if read.is_struck() && read.version == own.version {
                let posted = std::mem::take(own);
                let slot = self.slots.0.get_mut(at).filter(|_| is_same);
                if let Some(slot) = slot.filter(|slot| slot.version == posted.version) {
                    slot.version = 0;
                    own.tag = slot.tag;
                }
            }
        }
        self.restore();
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
}

/// How long a lease lasts. Its holder renews it at each tick; when it dies, another one polls after this.
const TERM: Duration = Duration::from_secs(3);

/// How often a lease is renewed, and the board with it.
const RENEWAL: Duration = Duration::from_millis(900);

/// How often a change of the board is tried when another worker wrote it in between.
const TRIES: usize = 4;
