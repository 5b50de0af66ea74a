//! Checking the bytes of a block once, so that look-ups need not.

use super::super::bytes::Input;
use super::super::compact::Compact;
use super::super::digest::KeyDigest;
use super::super::record::Record;
use super::{Block, BlockError, ROW, Sharding, directory, unpack};

impl Block {
    /// Reads a block that [`Block::of`] has made, here or in another worker.
    ///
    /// # Errors
    /// [`BlockError::TooLarge`] above [`Block::LIMIT`], [`BlockError::Malformed`] for all in which a look-up could read what
    /// [`Block::of`] would not have written.
    pub fn read(bytes: Vec<u8>) -> Result<Self, BlockError> {
        if bytes.len() > Self::LIMIT {
            return Err(BlockError::TooLarge);
        }
        let mut block = header(&bytes).ok_or(BlockError::Malformed)?;
        check(&block, &bytes).ok_or(BlockError::Malformed)?;
        block.bytes = bytes.into();
        Ok(block)
    }
}

/// The block of these bytes, still without them.
fn header(bytes: &[u8]) -> Option<Block> {
    let mut input = Input(bytes);
    if input.byte()? != Block::FORMAT {
        return None;
    }
    let sharding = Sharding { bits: input.byte().filter(|bits| *bits <= 8)? };
    let shard = sharding.shard(usize::from(input.byte()?))?;
    let (serial, valid, invalid) = (input.u64()?, input.u32()?, input.u32()?);
    let digests = usize::try_from(input.u32()?).ok().filter(|n| *n <= Block::DIGESTS_LIMIT)?;
    Some(Block { bytes: Box::default(), shard, serial, valid, invalid, digests })
}

fn check(block: &Block, bytes: &[u8]) -> Option<()> {
    let mut input = Input(bytes.get(super::HEADER..)?);
    let stated = input.take(2 * (2 * block.digests + 1))?;
    let table = input.take(ROW * block.digests)?;
    let secrets = records(input)?;

    let rows: Vec<_> = table.chunks_exact(ROW).map(row).collect::<Option<_>>()?;
    let are_ascending = rows.windows(2).all(|pair| match pair {
        [(one, _), (next, _)] => one.as_bytes() < next.as_bytes(),
        _ => false,
    });
    let place = usize::from(block.shard.index);
    let are_of_shard =
        rows.iter().all(|(digest, _)| block.shard.sharding.place(digest.mark()) == place);
    let are_in_records = rows.iter().all(|(_, packed)| {
        let (start, secret) = unpack(*packed);
        let at = secrets.binary_search_by_key(&start, |(start, _)| *start);
        let record = at.ok().and_then(|at| secrets.get(at));
        record.is_some_and(|(_, secrets)| secret < *secrets)
    });
    let marks = rows.iter().map(|(digest, _)| digest.mark());
    let directory = directory(block.shard.sharding, marks);
    let is_indexed = directory.into_iter().flat_map(u16::to_le_bytes).eq(stated.iter().copied());
    (are_ascending && are_of_shard && are_in_records && is_indexed).then_some(())
}

/// Where each record begins, and how many secrets it has.
fn records(mut input: Input<'_>) -> Option<Vec<(usize, usize)>> {
    let length = input.0.len();
    let mut records = Vec::new();
    while !input.0.is_empty() {
        let start = length - input.0.len();
        let record = Compact::read(&mut input)?;
        if !record.is_sound() {
            return None;
        }
        let secrets = match record.body {
            None => Record::SECRETS_LIMIT,
            Some(body) => (0..).take_while(|place| body.window(*place).is_some()).count(),
        };
        records.push((start, secrets));
    }
    Some(records)
}

fn row(bytes: &[u8]) -> Option<(KeyDigest, u32)> {
    let mut input = Input(bytes);
    Some((KeyDigest::from_bytes(input.array()?), input.u32()?))
}
