//! The shards of a store as this worker has them.

use std::sync::Arc;

use crate::application_key::{Block, KeySet, SetError, Shard, Sharding};
use crate::crypto::Digest;
use crate::time::Timestamp;

/// A shard as this worker has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    /// Its records.
    pub(super) block: Option<Arc<Block>>,
    /// Its version on the board; zero if it was read from the store and is not there yet.
    pub(super) version: u64,
    /// A digest of its `ETag`.
    pub(super) tag: [u8; 16],
    /// When the last look began that found it to be what the server says; zero if that is not known.
    pub(super) good_at: Timestamp,
    /// The version that the board has and that cannot be read, and since when.
    pub(super) missed: Option<(u64, Timestamp)>,
}

/// All shards, in order.
#[derive(Debug, Default)]
pub(super) struct Slots(pub(super) Vec<Slot>);

impl Slots {
    /// Makes room for so many shards. Where there were as many, they stay.
    pub(super) fn fit(&mut self, count: usize) {
        if self.0.len() != count {
            self.0.clear();
            self.0.resize_with(count, Slot::default);
        }
    }

    /// How the keys are spread.
    pub(super) const fn sharding(&self) -> Option<Sharding> {
        Sharding::of(self.0.len())
    }

    /// What is held of a shard.
    pub(super) fn get(&self, shard: Shard) -> Option<&Slot> {
        self.0.get(shard.index()).filter(|_| self.sharding() == Some(shard.sharding()))
    }

    /// Notes that the server says this tag in a look that began then, and whether the shard is held so.
    pub(super) fn confirm(&mut self, shard: Shard, tag: [u8; 16], began_at: Timestamp) -> bool {
        let is_held = self.get(shard).is_some_and(|slot| slot.block.is_some() && slot.tag == tag);
        if is_held && let Some(slot) = self.0.get_mut(shard.index()) {
            slot.good_at = began_at;
        }
        is_held
    }

    /// When the look began that all that is held is as good as.
    pub(super) fn good_at(&self) -> Timestamp {
        self.0.iter().map(|slot| slot.good_at).min().unwrap_or_default()
    }

    /// Whether there is something of every shard.
    pub(super) fn are_full(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|slot| slot.block.is_some())
    }

    /// The set of all blocks; `None` while some are missing.
    pub(super) fn set(&self) -> Option<Result<KeySet, SetError>> {
        let blocks: Option<Vec<_>> = self.0.iter().map(|slot| slot.block.clone()).collect();
        Some(KeySet::new(self.sharding()?, blocks?))
    }
}

/// The digest of an `ETag`.
pub(super) fn tag_digest(tag: &[u8]) -> [u8; 16] {
    Digest::of(&[tag]).as_bytes().first_chunk().copied().unwrap_or_default()
}
