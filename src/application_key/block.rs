//! The records of one shard as one row of bytes: what a worker looks up in is what it shares with the others.
//!
//! ```text
//! format 1, shard bits 1, shard 1, serial 8, valid records 4, invalid records 4, digests 4   (23 bytes)
//! directory   2 bytes for each of 2n + 1 buckets: where the bucket's digests begin
//! table       n digests, ascending, each with the place of its record and secret: 32 + 4 bytes
//! records     see `compact.rs`
//! ```
//!
//! A bucket is a slice of the range of digests. There are twice as many as digests, whatever their number, and digests are
//! evenly spread, so a look-up compares half a digest on average besides the one it looks for: as many among ten as among
//! a thousand.

mod read;

use std::cell::Cell;
use std::fmt;

use super::bytes::Input;
use super::compact::{self, Compact};
use super::digest::{DigestMark, KeyDigest};
use super::document::{Document, Entry};
use super::record::Record;
use crate::order::ascending;
use crate::time::Timestamp;

/// The records of one shard, or of all keys if there is one shard.
#[derive(Clone)]
pub struct Block {
    // INVARIANT: checked by `Block::read`.
    bytes: Box<[u8]>,
    shard: Shard,
    serial: u64,
    valid: u32,
    invalid: u32,
    digests: usize,
}

/// How keys are spread over documents: by the first bits of their digests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sharding {
    bits: u8,
}

/// One shard of a sharding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shard {
    pub(super) sharding: Sharding,
    pub(super) index: u8,
}

/// Why bytes or a document are no block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BlockError {
    /// The bytes were not written by this version of this code.
    Malformed,
    /// More than [`Block::DIGESTS_LIMIT`] digests, or more than [`Block::LIMIT`] bytes: more shards are needed.
    TooLarge,
}

/// A record that a digest led to, and which of its secrets it was.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    pub(super) record: Compact<'a>,
    pub(super) secret: usize,
    pub(super) mark: DigestMark,
}

impl Sharding {
    /// One document for all keys.
    pub const ONE: Self = Self { bits: 0 };

    /// So many documents: 1, 2, 4 … 256; `None` for another number.
    pub const fn of(count: usize) -> Option<Self> {
        if count.is_power_of_two() && count <= 256 {
            Some(Self { bits: count.trailing_zeros() as u8 })
        } else {
            None
        }
    }

    /// The number of documents.
    pub const fn count(self) -> usize {
        1 << self.bits
    }

    /// The shard of this place, if there are so many.
    pub fn shard(self, index: usize) -> Option<Shard> {
        let index = u8::try_from(index).ok()?;
        (usize::from(index) < self.count()).then_some(Shard { sharding: self, index })
    }

    /// The place of the shard that has a digest of these first bytes.
    pub(super) fn place(self, mark: DigestMark) -> usize {
        let [first, ..] = mark.0;
        usize::from(u16::from(first) << self.bits >> 8)
    }

    /// The bucket of a digest, of so many. In ascending order, like the digests of one shard.
    fn bucket(self, mark: DigestMark, buckets: usize) -> usize {
        let spread = u64::from_be_bytes(mark.0) << self.bits >> 32;
        usize::try_from((spread * buckets as u64) >> 32).unwrap_or(0)
    }
}

impl Shard {
    /// Its place, from zero.
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// What it is a part of.
    pub const fn sharding(self) -> Sharding {
        self.sharding
    }
}

impl Block {
    /// The first byte of a block. Another one means "written by another version", which cannot be read.
    pub const FORMAT: u8 = 1;

    /// The most digests.
    pub const DIGESTS_LIMIT: usize = 65_535;
    /// The most bytes: 16 MiB.
    pub const LIMIT: usize = 16 * 1024 * 1024;

    /// The block of a document that was read. A record is held in each shard that has one of its digests; digests of other
    /// shards are left out.
    ///
    /// # Errors
    /// [`BlockError::TooLarge`].
    pub fn of(document: &Document, shard: Shard) -> Result<Self, BlockError> {
        let mut records = Vec::new();
        let mut table: Vec<([u8; KeyDigest::LENGTH], u32)> = Vec::new();
        let (mut valid, mut invalid) = (0_u32, 0_u32);
        for entry in document.entries() {
            let is_here = |digest: &KeyDigest| {
                shard.sharding.place(digest.mark()) == usize::from(shard.index)
            };
            let digests = entry.digests();
            // One that stands in several shards counts where its first digest is.
            if digests.first().is_none_or(|first| is_here(first.digest())) {
                match entry {
                    Entry::Valid(_) => valid += 1,
                    Entry::Invalid(_) => invalid += 1,
                }
            }
            let start = records.len();
            for (place, stated) in digests.into_iter().enumerate() {
                let digest = stated.digest();
                if is_here(digest) {
                    let packed = pack(start, place).ok_or(BlockError::TooLarge)?;
                    table.push((*digest.as_bytes(), packed));
                }
            }
            if table.last().is_some_and(|(_, packed)| unpack(*packed).0 == start) {
                compact::put(&mut records, entry);
            }
        }
        let order = ascending(table.len(), &|one, other| table.get(one).cmp(&table.get(other)));
        let mut table: Vec<_> = order.into_iter().filter_map(|at| table.get(at)).collect();
        // Those that stand twice are of invalid records, whichever of them is kept.
        table.dedup_by(|next, before| next.0 == before.0);
        if table.len() > Self::DIGESTS_LIMIT {
            return Err(BlockError::TooLarge);
        }
        let mut bytes = vec![Block::FORMAT, shard.sharding.bits, shard.index];
        bytes.extend(document.header().serial.to_le_bytes());
        bytes.extend(valid.to_le_bytes());
        bytes.extend(invalid.to_le_bytes());
        bytes.extend(u32::try_from(table.len()).map_err(|_| BlockError::TooLarge)?.to_le_bytes());
        let marks = table.iter().map(|(digest, _)| KeyDigest::from_bytes(*digest).mark());
        bytes.extend(directory(shard.sharding, marks).into_iter().flat_map(u16::to_le_bytes));
        for (digest, packed) in &table {
            bytes.extend(digest);
            bytes.extend(packed.to_le_bytes());
        }
        bytes.extend(records);
        Self::read(bytes)
    }

    /// The bytes, which another worker reads with [`Block::read`].
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Which shard this is.
    pub const fn shard(&self) -> Shard {
        self.shard
    }

    /// The serial of its document.
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// How many records of its document are good.
    pub const fn valid(&self) -> usize {
        self.valid as usize
    }

    /// How many are not.
    pub const fn invalid(&self) -> usize {
        self.invalid as usize
    }

    /// The record that has this digest.
    pub fn find(&self, digest: &KeyDigest) -> Option<Found<'_>> {
        self.find_counted(digest, &Cell::default())
    }

    /// As [`Block::find`], adding how many digests it compares.
    pub(super) fn find_counted(
        &self,
        digest: &KeyDigest,
        compared: &Cell<usize>,
    ) -> Option<Found<'_>> {
        let mark = digest.mark();
        let row = self.bucket(mark)?.chunks_exact(ROW).find(|row| {
            compared.set(compared.get() + 1);
            let held = row.get(..KeyDigest::LENGTH).unwrap_or_default();
            digest.is_held(held)
        });
        self.found(row?)
    }

    /// The records that have a digest which begins so; nearly always none or one.
    pub(super) fn find_marked(&self, mark: DigestMark) -> impl Iterator<Item = Found<'_>> {
        let rows = self.bucket(mark).unwrap_or_default().chunks_exact(ROW);
        rows.filter(move |row| row.starts_with(&mark.0)).filter_map(|row| self.found(row))
    }

    /// How many digests it has.
    pub const fn digests(&self) -> usize {
        self.digests
    }

    /// The names of the keys that may be used and whose last secret ends after the one time and not after the other. Each
    /// stands in one block of a set: where that secret is.
    pub fn ending(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = &str> {
        let table = HEADER + 2 * (2 * self.digests + 1);
        let rows = self.bytes.get(table..records_start(self.digests)).unwrap_or_default();
        let found = rows.chunks_exact(ROW).filter_map(|row| self.found(row));
        found.filter_map(move |found| {
            let end = found.record.body?.last_end(found.secret)?;
            (after < end && end <= until).then_some(found.record.name)
        })
    }

    /// The rows of the bucket that a digest of these first bytes stands in, if it stands anywhere.
    fn bucket(&self, mark: DigestMark) -> Option<&[u8]> {
        if self.digests == 0 {
            return None;
        }
        let buckets = 2 * self.digests;
        let bucket = self.shard.sharding.bucket(mark, buckets);
        let mut input = Input(self.bytes.get(HEADER + 2 * bucket..)?);
        let mut row = || input.array().map(u16::from_le_bytes).map(usize::from);
        let (first, end) = (row()?, row()?);
        let table = HEADER + 2 * (buckets + 1);
        self.bytes.get(table + ROW * first..table + ROW * end)
    }

    fn found(&self, row: &[u8]) -> Option<Found<'_>> {
        let mut input = Input(row);
        let digest = KeyDigest::from_bytes(input.array()?);
        let (start, secret) = unpack(input.u32()?);
        let mut input = Input(self.bytes.get(records_start(self.digests) + start..)?);
        Some(Found { record: Compact::read(&mut input)?, secret, mark: digest.mark() })
    }
}

/// Where each bucket begins, and where the last one ends.
fn directory(sharding: Sharding, marks: impl ExactSizeIterator<Item = DigestMark>) -> Vec<u16> {
    let buckets = 2 * marks.len();
    let mut directory = vec![0; buckets + 1];
    for mark in marks {
        let after = sharding.bucket(mark, buckets) + 1;
        if let Some(count) = directory.get_mut(after) {
            *count += 1;
        }
    }
    let mut sum: u16 = 0;
    for count in &mut directory {
        sum = sum.saturating_add(*count);
        *count = sum;
    }
    directory
}

/// The place of a record among the bytes of records, and of the secret in it.
fn pack(start: usize, secret: usize) -> Option<u32> {
    let start = u32::try_from(start).ok().filter(|start| *start < 1 << 30)?;
    let secret = u32::try_from(secret).ok().filter(|secret| *secret < 4)?;
    Some(start << 2 | secret)
}

const fn unpack(packed: u32) -> (usize, usize) {
    ((packed >> 2) as usize, (packed & 3) as usize)
}

const fn records_start(digests: usize) -> usize {
    HEADER + 2 * (2 * digests + 1) + ROW * digests
}

const HEADER: usize = 23;
const ROW: usize = KeyDigest::LENGTH + 4;
const _: () = assert!(Record::SECRETS_LIMIT <= 4);

impl Found<'_> {
    /// The name of the record; empty if the record is invalid and its name cannot be read.
    pub const fn name(&self) -> &str {
        self.record.name
    }

    /// Whether the record is good. One that is not lets nobody in.
    pub const fn is_valid(&self) -> bool {
        self.record.body.is_some()
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<block>")
    }
}

impl fmt::Display for BlockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "not a block of keys of this version",
            Self::TooLarge => "too many keys for one shard",
        })
    }
}
