//! A bounded table that forgets what has not been used for a while.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// A table from bytes to values, bounded in entries and bytes.
///
/// It keeps two generations. New entries go into the young one; when that is full, it becomes the
/// old one, and what was old is forgotten. An entry that is used moves to the young one. So each
/// generation has half of each bound, an entry in use stays, and forgetting costs no search. An odd
/// bound of entries is rounded up to the next even one, so that a bound of one keeps something.
///
/// The hash is seeded for each table and taken of the last [`TAIL`] bytes, where a token has its signature; all bytes
/// are compared. So nobody is taken for another. Two keys with equal hashes displace each other: those that a
/// stranger makes end alike, which no two valid tokens do.
pub(super) struct Generations<V> {
    seed: RandomState,
    young: HashMap<u64, Entry<V>, BuildHasherDefault<Hashed>>,
    old: HashMap<u64, Entry<V>, BuildHasherDefault<Hashed>>,
    young_size: usize,
    old_size: usize,
    forgotten: usize,
    half: Bounds,
}

/// How much a table may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Entries.
    pub entries: usize,
    /// Bytes, keys and values together.
    pub bytes: usize,
}

struct Entry<V> {
    key: Box<[u8]>,
    value: V,
    size: usize,
}

impl<V> Generations<V> {
    /// An empty table.
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            seed: RandomState::new(),
            young: HashMap::default(),
            old: HashMap::default(),
            young_size: 0,
            old_size: 0,
            forgotten: 0,
            half: Bounds { entries: bounds.entries.div_ceil(2), bytes: bounds.bytes / 2 },
        }
    }

    /// The value of a key. It counts as used.
    pub(super) fn get(&mut self, key: &[u8]) -> Option<&mut V> {
        let hash = self.hash(key);
        let is_old = self.young.get(&hash).is_none_or(|entry| !is_same(&entry.key, key));
        if is_old {
            if self.old.get(&hash).is_none_or(|entry| !is_same(&entry.key, key)) {
                return None;
            }
            let entry = self.old.remove(&hash)?;
            self.old_size = self.old_size.saturating_sub(entry.size);
            self.remove_hash(hash);
            self.keep(hash, entry);
        }
        self.young.get_mut(&hash).map(|entry| &mut entry.value)
    }

    /// Remembers a value of `size` bytes, the key not counted. One that is over half of the bounds
    /// is not remembered.
    pub(super) fn insert(&mut self, key: &[u8], value: V, size: usize) {
        let hash = self.hash(key);
        let size = size.saturating_add(key.len()).saturating_add(size_of::<Entry<V>>());
        self.remove_hash(hash);
        if size <= self.half.bytes && self.half.entries > 0 {
            self.keep(hash, Entry { key: key.into(), value, size });
        }
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &[u8]) {
        let hash = self.hash(key);
        self.remove_hash(hash);
    }

    /// What it holds now.
    pub(super) fn held(&self) -> Bounds {
        Bounds {
            entries: self.young.len() + self.old.len(),
            bytes: self.young_size + self.old_size,
        }
    }

    /// How many entries have given way to newer ones since this was asked last.
    pub(super) fn take_forgotten(&mut self) -> usize {
        std::mem::take(&mut self.forgotten)
    }

    fn keep(&mut self, hash: u64, entry: Entry<V>) {
        let is_full = self.young.len() >= self.half.entries
            || self.young_size.saturating_add(entry.size) > self.half.bytes;
        if is_full {
            self.forgotten = self.forgotten.saturating_add(self.old.len());
            self.old = std::mem::take(&mut self.young);
            self.old_size = std::mem::take(&mut self.young_size);
        }
        self.young_size += entry.size;
        self.young.insert(hash, entry);
    }

    fn hash(&self, key: &[u8]) -> u64 {
        let tail = key.len().saturating_sub(TAIL);
        self.seed.hash_one(key.get(tail..).unwrap_or(key))
    }

    fn remove_hash(&mut self, hash: u64) {
        if let Some(entry) = self.young.remove(&hash) {
            self.young_size = self.young_size.saturating_sub(entry.size);
        }
        if let Some(entry) = self.old.remove(&hash) {
            self.old_size = self.old_size.saturating_sub(entry.size);
        }
    }
}

/// 48 bytes of a signature, in base64url.
const TAIL: usize = 64;

/// Whether both are the same bytes. Eight at a time: in Wasm the library compares one by one.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let ((ones, one_rest), (others, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let mut pairs = ones.iter().zip(others);
    one.len() == other.len()
        && pairs.all(|(one, other)| u64::from_le_bytes(*one) == u64::from_le_bytes(*other))
        && one_rest == other_rest
}

/// Passes on a hash that has been computed already.
#[derive(Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERHEAD: usize = size_of::<Entry<u32>>();

    fn table(entries: usize, bytes: usize) -> Generations<u32> {
        Generations::new(Bounds { entries, bytes })
    }

    #[test]
    fn an_entry_in_use_outlives_any_number_of_others() {
        let mut table = table(8, 1 << 20);
        table.insert(b"used", 1, 0);
        for number in 0..100_u32 {
            table.insert(&number.to_be_bytes(), number, 0);
            assert_eq!(table.get(b"used").copied(), Some(1), "{number}");
            assert!(table.held().entries <= 8);
        }
        assert_eq!(table.get(&0_u32.to_be_bytes()), None);
        assert_eq!(table.get(&99_u32.to_be_bytes()).copied(), Some(99));
    }

    #[test]
    fn keys_are_the_same_if_all_bytes_are() {
        let key: Vec<u8> = (0..=40).collect();
        for length in 0..key.len() {
            let (one, mut other) = (&key[..length], key[..length].to_vec());
            assert!(is_same(one, &other), "{length}");
            assert!(!is_same(one, &key[..=length]) && !is_same(&key[..=length], one), "{length}");
            for at in 0..length {
                other[at] ^= 0x80;
                assert!(!is_same(one, &other), "{length} {at}");
                other[at] ^= 0x80;
            }
        }
    }

    #[test]
    fn what_gives_way_is_counted_and_what_is_removed_is_not() {
        let mut table = table(4, 1 << 20);
        for number in 0..4_u32 {
            table.insert(&number.to_be_bytes(), number, 0);
        }
        table.remove(&0_u32.to_be_bytes());
        assert_eq!(table.take_forgotten(), 0);
        table.insert(b"more", 4, 0);
        assert_eq!((table.take_forgotten(), table.take_forgotten()), (1, 0));
        for number in 0..1000_u32 {
            table.insert(&number.to_be_bytes(), number, 0);
        }
        assert_eq!(table.take_forgotten(), 1003 - table.held().entries);
    }

    #[test]
    fn bytes_are_bounded_and_counted_exactly() {
        let mut table = table(1000, 10_000);
        for number in 0..1000_u32 {
            table.insert(&number.to_be_bytes(), number, 100);
            assert!(table.held().bytes <= 10_000, "{:?}", table.held());
        }
        let held = table.held();
        assert_eq!(held.bytes, held.entries * (4 + 100 + OVERHEAD));
        for number in 0..1000_u32 {
            table.remove(&number.to_be_bytes());
        }
        assert_eq!(table.held(), Bounds { entries: 0, bytes: 0 });
    }

    #[test]
    fn an_entry_over_half_of_the_bytes_is_not_kept() {
        let mut table = table(10, 2000);
        let largest = 1000 - OVERHEAD - 1;
        table.insert(b"a", 1, largest);
        assert_eq!(table.get(b"a").copied(), Some(1));
        table.insert(b"a", 2, largest + 1);
        assert_eq!(table.get(b"a"), None, "nor is the value it was to replace");
    }

    #[test]
    fn a_key_has_one_value_in_whichever_generation() {
        let mut table = table(4, 1 << 20);
        for key in [b"a", b"b", b"c"] {
            table.insert(key, 1, 0);
        }
        table.insert(b"a", 2, 0);
        assert_eq!(table.get(b"a").copied(), Some(2));
        assert_eq!(table.held().entries, 3);
        table.remove(b"a");
        assert_eq!(table.get(b"a"), None);
    }

    #[test]
    fn keys_that_end_alike_are_told_apart_and_displace_each_other() {
        let key = |first: u8| [&[first][..], &[7; TAIL]].concat();
        let mut table = table(8, 1 << 20);
        table.insert(&key(1), 1, 0);
        assert_eq!(table.get(&key(2)), None);
        assert_eq!(table.get(&key(1)).copied(), Some(1));
        table.insert(&key(2), 2, 0);
        assert_eq!((table.get(&key(1)).copied(), table.held().entries), (None, 1));
        assert_eq!(table.get(&key(2)).copied(), Some(2));
    }

    #[test]
    fn a_bound_of_one_entry_keeps_the_last_one() {
        let mut table = table(1, 1 << 20);
        for number in 1..4_u32 {
            table.insert(&number.to_be_bytes(), number, 0);
            assert_eq!(table.get(&number.to_be_bytes()).copied(), Some(number));
            assert!(table.held().entries <= 2);
        }
        assert_eq!(table.get(&1_u32.to_be_bytes()), None);
    }

    #[test]
    fn a_table_without_room_keeps_nothing() {
        for mut table in [table(0, 1 << 20), table(100, 0)] {
            table.insert(b"a", 1, 0);
            assert_eq!(table.get(b"a"), None);
        }
    }
}
