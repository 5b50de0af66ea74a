//! What workers share of one store of application keys: who polls it, and the documents as it found them.
//!
//! ```text
//! tenantgate/2/appkeys/<place>/board    the board: lease, times, and which version of each shard counts
//! tenantgate/2/appkeys/<place>/<shard>  the bytes of a shard, behind a digest
//! ```
//!
//! There are [`KeyBoards::PLACES`] places. A store has the first one, counted from a number that its meaning gives, that is its own or
//! that nobody renews; a store without a place is polled by each worker for itself. The digest of a shard covers the meaning of
//! the store, the number of the shard and its version, so that what another store, another version or another shard has left
//! there is never taken for it. The board is behind a digest too. These digests prove no origin: whoever may write here
//! could make them.

use super::{Cas, Lease, SharedData, WriteError};
use crate::crypto::Digest;
use crate::time::Timestamp;

/// What all workers know of a store.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeyBoard {
    /// The digest of everything that decides what the store's answers mean.
    pub meaning: [u8; 32],
    /// Who polls.
    pub lease: Lease,
    /// When the next look is due.
    pub next_look: Timestamp,
    /// When that was set. If it is later than now, the clock was set back since.
    pub looked_at: Timestamp,
    /// How many looks have failed in a row.
    pub attempts: u32,
    /// When the last look began that found everything in order; zero for never.
    pub good_at: Timestamp,
    /// The highest serial so far.
    pub serial: u64,
    /// The `ETag` of what all shards stand for; empty for none.
    pub tag: Box<[u8]>,
    /// The shards, in order; without any, nothing is there yet.
    pub shards: Vec<PostedShard>,
}

/// A shard on the board.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PostedShard {
    /// A random number for each content; zero if there is none.
    pub version: u64,
    /// A digest of its `ETag`.
    pub tag: [u8; 16],
}

/// Where a board is, or may be written.
#[derive(Debug)]
pub struct Spot {
    /// Which place it is.
    pub place: u8,
    /// The counter of what was there.
    pub cas: Cas,
    /// The board of this meaning, if there is one.
    pub board: Option<KeyBoard>,
}

impl PostedShard {
    /// Says that somebody cannot read it. Whoever polls posts it anew, in another version.
    pub const fn strike(&mut self) {
        self.tag = STRUCK;
    }

    /// Whether somebody could not read it.
    pub fn is_struck(&self) -> bool {
        self.tag == STRUCK
    }
}

impl KeyBoard {
    /// The longest `ETag` that is kept.
    pub const TAG_LIMIT: usize = 255;

    /// Reads a board; `None` unless these bytes are what [`KeyBoard::encode`] has written.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (check, rest) = bytes.split_first_chunk::<CHECK>()?;
        let ([format], mut rest) = rest.split_first_chunk::<1>()?;
        if *format != FORMAT || digest(&[rest]) != *check {
            return None;
        }
        let mut board = Self { meaning: array(&mut rest)?, ..Self::default() };
        let mut number = || array(&mut rest).map(u64::from_le_bytes);
        board.lease.nonce = number()?;
        board.lease.deadline = Timestamp::from_millis(number()?);
        board.next_look = Timestamp::from_millis(number()?);
        board.looked_at = Timestamp::from_millis(number()?);
        board.good_at = Timestamp::from_millis(number()?);
        board.serial = number()?;
        board.attempts = u32::from_le_bytes(array(&mut rest)?);
        let [length] = array(&mut rest)?;
        let (tag, shards) = rest.split_at_checked(usize::from(length))?;
        board.tag = Box::from(tag);
        let (shards, rest) = shards.as_chunks::<SHARD>();
        if !rest.is_empty() || !matches!(shards.len(), 0..=256) {
            return None;
        }
        board.shards.reserve_exact(shards.len());
        for shard in shards {
            let mut shard = shard.as_slice();
            let version = u64::from_le_bytes(array(&mut shard)?);
            board.shards.push(PostedShard { version, tag: array(&mut shard)? });
        }
        Some(board)
    }

    /// The bytes for the host. An `ETag` that is too long is left out.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + SHARD * self.shards.len());
        out.extend([0; CHECK]);
        out.push(FORMAT);
        out.extend(self.meaning);
        for number in [
            self.lease.nonce,
            self.lease.deadline.as_millis(),
            self.next_look.as_millis(),
            self.looked_at.as_millis(),
            self.good_at.as_millis(),
            self.serial,
        ] {
            out.extend(number.to_le_bytes());
        }
        out.extend(self.attempts.to_le_bytes());
        let length = u8::try_from(self.tag.len()).unwrap_or(0);
        out.push(length);
        out.extend(self.tag.get(..usize::from(length)).unwrap_or_default());
        for shard in &self.shards {
            out.extend(shard.version.to_le_bytes());
            out.extend(shard.tag);
        }
        let check = digest(&[out.get(CHECK + 1..).unwrap_or_default()]);
        if let Some(start) = out.first_chunk_mut::<CHECK>() {
            *start = check;
        }
        out
    }
}

/// The boards of all stores.
#[derive(Clone, Copy, Debug)]
pub struct KeyBoards;

impl KeyBoards {
    /// How many stores share what they find; others poll in each worker.
    pub const PLACES: u8 = 4;

    /// The board of this meaning, or else where one may be written; `None` if all places are others'.
    pub fn find(
        self,
        meaning: &[u8; 32],
        now: Timestamp,
        shared: &mut dyn SharedData,
    ) -> Option<Spot> {
        let [first, ..] = *meaning;
        let mut free = None;
        for place in (0..Self::PLACES).map(|n| first.wrapping_add(n) % Self::PLACES) {
            let (bytes, cas) = shared.read(&key(place, None)).unwrap_or((Vec::new(), Cas::CREATE));
            let board = KeyBoard::decode(&bytes);
            if board.as_ref().is_some_and(|board| board.meaning == *meaning) {
                return Some(Spot { place, cas, board });
            }
            let is_live = board.is_some_and(|board| board.lease.is_live(now));
            if free.is_none() && !is_live {
                free = Some(Spot { place, cas, board: None });
            }
        }
        free
    }

    /// Writes a board where none was written since it was looked for.
    ///
    /// # Errors
    /// [`WriteError`] of the host.
    pub fn write(
        self,
        spot: &Spot,
        board: &KeyBoard,
        shared: &mut dyn SharedData,
    ) -> Result<(), WriteError> {
        shared.write(&key(spot.place, None), &board.encode(), spot.cas)
    }

    /// The bytes of a shard in this version; `None` if other ones are there.
    pub fn shard(
        self,
        place: u8,
        meaning: &[u8; 32],
        (index, version): (u8, u64),
        shared: &mut dyn SharedData,
    ) -> Option<Vec<u8>> {
        let (mut bytes, _) = shared.read(&key(place, Some(index)))?;
        let (check, rest) = bytes.split_first_chunk::<CHECK>()?;
        if *check != digest(&[meaning, &[index], &version.to_le_bytes(), rest]) {
            return None;
        }
        bytes.drain(..CHECK);
        Some(bytes)
    }

    /// Writes the bytes of a shard. Whoever writes holds the lease.
    ///
    /// # Errors
    /// [`WriteError`] of the host.
    pub fn write_shard(
        self,
        place: u8,
        meaning: &[u8; 32],
        (index, version): (u8, u64),
        bytes: &[u8],
        shared: &mut dyn SharedData,
    ) -> Result<(), WriteError> {
        let key = key(place, Some(index));
        let cas = shared.read(&key).map_or(Cas::CREATE, |(_, cas)| cas);
        let mut value = digest(&[meaning, &[index], &version.to_le_bytes(), bytes]).to_vec();
        value.extend(bytes);
        shared.write(&key, &value, cas)
    }
}

fn key(place: u8, shard: Option<u8>) -> String {
    match shard {
        Some(shard) => format!("tenantgate/2/appkeys/{place}/{shard}"),
        None => format!("tenantgate/2/appkeys/{place}/board"),
    }
}

fn digest(parts: &[&[u8]]) -> [u8; CHECK] {
    let digest = Digest::of(parts);
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

fn array<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

/// The tag of a shard that somebody cannot read; no digest is so.
const STRUCK: [u8; 16] = [0xFF; 16];

const FORMAT: u8 = 2;

/// The bytes of a digest: it finds what went wrong by chance.
const CHECK: usize = 16;

/// The bytes of a shard on the board.
const SHARD: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn board(shards: usize, tag: usize) -> KeyBoard {
        let shard = |n| PostedShard { version: n as u64, tag: [n as u8; 16] };
        KeyBoard {
            meaning: [7; 32],
            lease: Lease { nonce: 1, deadline: Timestamp::from_millis(2) },
            next_look: Timestamp::from_millis(3),
            looked_at: Timestamp::from_millis(7),
            attempts: 4,
            good_at: Timestamp::from_millis(5),
            serial: 6,
            tag: vec![b'x'; tag].into(),
            shards: (0..shards).map(shard).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (shards, tag) in [(0, 0), (1, 1), (32, 20), (256, KeyBoard::TAG_LIMIT)] {
            let board = board(shards, tag);
            assert_eq!(KeyBoard::decode(&board.encode()), Some(board));
        }
        let mut long = board(1, KeyBoard::TAG_LIMIT + 1);
        let read = KeyBoard::decode(&long.encode()).unwrap();
        long.tag = Box::default();
        assert_eq!(read, long, "a tag that is too long is left out");
    }

    #[test]
    fn a_board_with_a_flipped_bit_or_another_length_is_none() {
        let bytes = board(3, 5).encode();
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(KeyBoard::decode(&flipped), None, "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(KeyBoard::decode(&bytes[..length]), None, "{length} bytes");
        }
        assert_eq!(KeyBoard::decode(&[bytes.as_slice(), &[0]].concat()), None);
        assert_eq!(KeyBoard::decode(&board(257, 0).encode()), None, "too many shards");
    }
}
