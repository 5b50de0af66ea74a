//! All keys that a gateway knows.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use super::block::{Block, Found, Sharding};
use super::compact::Compact;
use super::digest::{DigestMark, KeyDigest};
use super::document::Document;
use super::pepper::Candidates;

/// All keys that a gateway knows. It never changes: a new one takes its place as a whole, and shares the blocks of shards
/// that stayed the same.
#[derive(Clone, Debug)]
pub struct KeySet {
    sharding: Sharding,
    // INVARIANT: one block of each shard, in order.
    blocks: Vec<Arc<Block>>,
}

/// Blocks that are no set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SetError {
    /// A shard is missing, stands at another place, or is of another sharding.
    Misplaced,
    /// More than [`KeySet::SIZE_LIMIT`] bytes.
    TooLarge,
    /// More than [`Document::RECORDS_LIMIT`] records.
    TooManyRecords,
}

impl KeySet {
    /// The most bytes of all blocks: 64 MiB, six times what 100,000 small keys take.
    pub const SIZE_LIMIT: usize = 64 * 1024 * 1024;

    /// The set of these blocks: those of all shards, in order.
    ///
    /// # Errors
    /// [`SetError`].
    pub fn new(sharding: Sharding, blocks: Vec<Arc<Block>>) -> Result<Self, SetError> {
        let is_in_place =
            |(index, block): (usize, &Arc<Block>)| sharding.shard(index) == Some(block.shard());
        if blocks.len() != sharding.count() || !blocks.iter().enumerate().all(is_in_place) {
            return Err(SetError::Misplaced);
        }
        let set = Self { sharding, blocks };
        if set.valid() + set.invalid() > Document::RECORDS_LIMIT {
            return Err(SetError::TooManyRecords);
        }
        if set.size() > Self::SIZE_LIMIT {
            return Err(SetError::TooLarge);
        }
        Ok(set)
    }

    /// The set in which this block stands for its shard.
    ///
    /// # Errors
    /// [`SetError`].
    pub fn with(&self, block: Arc<Block>) -> Result<Self, SetError> {
        let mut blocks = self.blocks.clone();
        let place = blocks.get_mut(usize::from(block.shard().index));
        *place.ok_or(SetError::Misplaced)? = block;
        Self::new(self.sharding, blocks)
    }

    /// The blocks, in the order of their shards.
    pub fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// How its keys are spread.
    pub const fn sharding(&self) -> Sharding {
        self.sharding
    }

    /// How many records are good. One that has digests in several shards counts once.
    pub fn valid(&self) -> usize {
        self.blocks.iter().map(|block| block.valid()).sum()
    }

    /// How many are not.
    pub fn invalid(&self) -> usize {
        self.blocks.iter().map(|block| block.invalid()).sum()
    }

    /// Its bytes in memory, but for a few hundred.
    pub fn size(&self) -> usize {
        self.blocks.iter().map(|block| block.bytes().len()).sum()
    }

    /// The record that has this digest, by comparing all its bytes in a time that tells nothing.
    pub fn find(&self, digest: &KeyDigest) -> Option<Found<'_>> {
        self.block(digest.mark())?.find(digest)
    }

    /// The record of a presented key. If its digests lead to records of different names, it is as one that is invalid: the
    /// key would let two users in.
    pub fn find_presented(&self, candidates: &Candidates) -> Option<Found<'_>> {
        // All are looked up, so that it does not show which one it was.
        let mut found: Option<Found<'_>> = None;
        for digest in candidates.iter() {
            let Some(next) = self.find(digest) else {
                continue;
            };
            found = Some(match found {
                Some(one) if one.name() != next.name() => {
                    Found { record: Compact { body: None, ..one.record }, ..one }
                }
                Some(one) => one,
                None => next,
            });
        }
        found
    }

    /// The record of this name, one of whose secrets has a digest that begins so: what a session remembers.
    pub fn find_marked(&self, name: &str, mark: DigestMark) -> Option<Found<'_>> {
        self.block(mark)?.find_marked(mark).find(|found| found.name() == name)
    }

    /// How many digests a look-up compares: its cost, for benches and tests.
    pub fn compared(&self, digest: &KeyDigest) -> usize {
        let compared = Cell::default();
        let _found =
            self.block(digest.mark()).and_then(|block| block.find_counted(digest, &compared));
        compared.get()
    }

    fn block(&self, mark: DigestMark) -> Option<&Block> {
        self.blocks.get(self.sharding.place(mark)).map(|block| &**block)
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Misplaced => "a shard of keys is missing, or stands at another place",
            Self::TooLarge => "more than 64 MiB of keys",
            Self::TooManyRecords => "more than 100000 keys",
        })
    }
}
