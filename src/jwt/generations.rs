//! A bounded table that forgets what has not been used for a while.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// A table from bytes to values, bounded in entries and bytes.
///
/// It keeps two generations. New entries go into the young one; when that is full, it becomes the
/// old one, and what was old is forgotten. An entry that is used moves to the young one. So each
/// generation has half of each bound, an entry in use stays, and forgetting costs no search.
///
/// The hash is seeded for each table, and all bytes of a key are compared: a stranger can neither
/// choose colliding keys nor be taken for another key. Two keys with equal 64-bit hashes displace
/// each other.
pub(super) struct Generations<V> {
    seed: RandomState,
    young: HashMap<u64, Entry<V>, BuildHasherDefault<Hashed>>,
    old: HashMap<u64, Entry<V>, BuildHasherDefault<Hashed>>,
    young_size: usize,
    old_size: usize,
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
            half: Bounds { entries: bounds.entries / 2, bytes: bounds.bytes / 2 },
        }
    }

    /// The value of a key. It counts as used.
    pub(super) fn get(&mut self, key: &[u8]) -> Option<&mut V> {
        let hash = self.seed.hash_one(key);
        let is_old = self.young.get(&hash).is_none_or(|entry| *entry.key != *key);
        if is_old {
            if self.old.get(&hash).is_none_or(|entry| *entry.key != *key) {
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
        let hash = self.seed.hash_one(key);
        let size = size.saturating_add(key.len()).saturating_add(size_of::<Entry<V>>());
        self.remove_hash(hash);
        if size <= self.half.bytes && self.half.entries > 0 {
            self.keep(hash, Entry { key: key.into(), value, size });
        }
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &[u8]) {
        let hash = self.seed.hash_one(key);
        self.remove_hash(hash);
    }

    /// What it holds now.
    pub(super) fn held(&self) -> Bounds {
        Bounds {
            entries: self.young.len() + self.old.len(),
            bytes: self.young_size + self.old_size,
        }
    }

    fn keep(&mut self, hash: u64, entry: Entry<V>) {
        let is_full = self.young.len() >= self.half.entries
            || self.young_size.saturating_add(entry.size) > self.half.bytes;
        if is_full {
            self.old = std::mem::take(&mut self.young);
            self.old_size = std::mem::take(&mut self.young_size);
        }
        self.young_size += entry.size;
        self.young.insert(hash, entry);
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
