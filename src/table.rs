//! A table of things by keys whose searching and growing is one function for all types: the library's has a copy of
//! about 2 kB in the module for each. For what is not looked up with each request: comparing keys is a call here.

mod numbered;

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

pub(crate) use numbered::Numbered;

/// Values by keys, in the order in which they came until one is removed: the last takes its place.
#[derive(Clone, Debug)]
pub(crate) struct Table<K, V> {
    entries: Vec<(K, V)>,
    places: Places,
    secret: RandomState,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: Places::default(), secret: RandomState::new() }
    }
}

impl<K: Eq + Hash, V> Table<K, V> {
    /// A table of nothing.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// How many things there are.
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing.
    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key, hash(&self.secret, key))?;
        self.entries.get(place).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub(crate) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key, hash(&self.secret, key))?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    /// Whether the key has a value.
    pub(crate) fn contains_key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key, hash(&self.secret, key)).is_some()
    }

    /// Gives the key that value, and returns the one it had.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let hash = hash(&self.secret, &key);
        match self.find(&key, hash).and_then(|place| self.entries.get_mut(place)) {
            Some((_, before)) => Some(std::mem::replace(before, value)),
            None => {
                self.push(key, value, hash);
                None
            }
        }
    }

    /// The value of a key, which `make` makes if there is none. `None` never.
    pub(crate) fn get_or_insert_with(
        &mut self,
        key: K,
        make: impl FnOnce() -> V,
    ) -> Option<&mut V> {
        let hash = hash(&self.secret, &key);
        let place = match self.find(&key, hash) {
            Some(place) => place,
            None => {
                self.push(key, make(), hash);
                self.entries.len().saturating_sub(1)
            }
        };
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    /// Takes a key out.
    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key, hash(&self.secret, key))?;
        self.places.swap_remove(place);
        Some(self.entries.swap_remove(place).1)
    }

    /// Takes out all that `keeps` does not want.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&K, &mut V) -> bool) {
        let mut hashes = self.places.take().into_iter();
        let mut kept = Vec::new();
        self.entries.retain_mut(|(key, value)| {
            let hash = hashes.next();
            let keeps = keeps(key, value);
            kept.extend(hash.filter(|_| keeps));
            keeps
        });
        self.places = Places::of(kept);
    }

    /// Takes everything out.
    pub(crate) fn take(&mut self) -> Vec<(K, V)> {
        self.places = Places::default();
        std::mem::take(&mut self.entries)
    }

    /// Everything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// All values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// All values, to be changed.
    pub(crate) fn entries_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    fn find<Q: Eq + ?Sized>(&self, key: &Q, hash: usize) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        let is_it = |place| {
            self.entries.get(place).is_some_and(|(one, _): &(K, V)| Borrow::<Q>::borrow(one) == key)
        };
        self.places.find(hash, &is_it)
    }

    fn push(&mut self, key: K, value: V, hash: usize) {
        self.entries.push((key, value));
        self.places.push(hash);
    }
}

fn hash<K: Hash + ?Sized>(secret: &RandomState, key: &K) -> usize {
    let mut hasher = secret.build_hasher();
    let mut one_for_all: &mut dyn Hasher = &mut hasher;
    key.hash(&mut one_for_all);
    // Its low bits are as good as all.
    usize::try_from(hasher.finish() & u64::from(u32::MAX)).unwrap_or_default()
}

/// Where things stand in a list, by their hashes: open addressing, three quarters full at most.
#[derive(Clone, Debug, Default)]
struct Places {
    /// The hash of each thing, at its place.
    hashes: Vec<usize>,
    /// Places plus 1, zero for none. As many as a power of two, or none.
    slots: Vec<usize>,
}

impl Places {
    fn of(hashes: Vec<usize>) -> Self {
        let mut places = Self { hashes, slots: Vec::new() };
        places.settle_all();
        places
    }

    /// Where the thing of that hash stands that `is_it` knows.
    fn find(&self, hash: usize, is_it: &dyn Fn(usize) -> bool) -> Option<usize> {
        let mut at = hash & self.mask();
        while let Some(place) = self.place_at(at) {
            if self.hashes.get(place) == Some(&hash) && is_it(place) {
                return Some(place);
            }
            at = self.after(at);
        }
        None
    }

    /// Adds a thing at the end of the list.
    fn push(&mut self, hash: usize) {
        self.hashes.push(hash);
        if self.hashes.len().saturating_mul(4) > self.slots.len().saturating_mul(3) {
            self.settle_all();
        } else {
            self.settle(hash, self.hashes.len());
        }
    }

    /// Removes the thing at that place; the last takes it.
    fn swap_remove(&mut self, place: usize) {
        let Some(last) = self.hashes.len().checked_sub(1) else { return };
        let (gone, moved) = (self.slot_of(place), self.slot_of(last));
        if let Some(slot) = self.slots.get_mut(moved) {
            *slot = place.saturating_add(1);
        }
        if place <= last {
            self.hashes.swap_remove(place);
        }
        self.vacate(gone);
    }

    /// Frees a slot, and moves those after it that would no longer be found.
    fn vacate(&mut self, mut hole: usize) {
        let mut at = self.after(hole);
        while at != hole
            && let Some(place) = self.place_at(at)
        {
            let home = self.hashes.get(place).copied().unwrap_or_default();
            let (way, gap) = (at.wrapping_sub(home), at.wrapping_sub(hole));
            if way & self.mask() >= gap & self.mask() {
                self.slots.swap(at, hole);
                hole = at;
            }
            at = self.after(at);
        }
        if let Some(slot) = self.slots.get_mut(hole) {
            *slot = 0;
        }
    }

    fn take(&mut self) -> Vec<usize> {
        std::mem::take(self).hashes
    }

    /// Makes room for as many again, and enters all anew.
    fn settle_all(&mut self) {
        let slots = self.hashes.len().saturating_mul(2).next_power_of_two().max(FEW);
        self.slots = vec![0; slots];
        for (hash, place) in self.hashes.clone().into_iter().zip(1..) {
            self.settle(hash, place);
        }
    }

    /// Enters a place, counted from 1, at the first free slot.
    fn settle(&mut self, hash: usize, place: usize) {
        let mut at = hash & self.mask();
        while self.place_at(at).is_some() {
            at = self.after(at);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = place;
        }
    }

    /// The slot of a place that is taken.
    fn slot_of(&self, place: usize) -> usize {
        let mut at = self.hashes.get(place).copied().unwrap_or_default() & self.mask();
        while self.place_at(at).is_some_and(|other| other != place) {
            at = self.after(at);
        }
        at
    }

    fn place_at(&self, slot: usize) -> Option<usize> {
        self.slots.get(slot)?.checked_sub(1)
    }

    fn after(&self, slot: usize) -> usize {
        slot.wrapping_add(1) & self.mask()
    }

    const fn mask(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }
}

/// The fewest slots.
const FEW: usize = 8;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Places, Table};

    #[test]
    fn it_holds_what_the_library_s_table_holds() {
        let (mut table, mut expected) = (Table::new(), HashMap::new());
        let mut number: u64 = 1;
        for step in 0..20_000 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (key, act) = (number >> 33 & 0xff, number >> 60);
            match act {
                0..6 => assert_eq!(table.insert(key, step), expected.insert(key, step)),
                6 => {
                    let (one, other) = (
                        table.get_or_insert_with(key, || step).copied(),
                        *expected.entry(key).or_insert(step),
                    );
                    assert_eq!(one, Some(other));
                }
                7..15 => assert_eq!(table.remove(&key), expected.remove(&key)),
                _ if step % 64 == 0 => {
                    table.retain(|key, _| key % 3 > 0);
                    expected.retain(|key, _| key % 3 > 0);
                }
                _ => assert_eq!(table.get(&key), expected.get(&key)),
            }
            assert_eq!(table.len(), expected.len());
        }
        assert!(!table.is_empty());
        for key in 0..256 {
            assert_eq!(table.get(&key), expected.get(&key));
            assert_eq!(table.contains_key(&key), expected.contains_key(&key));
        }
        let all: HashMap<_, _> = table.take().into_iter().collect();
        assert_eq!(all, expected);
        assert!(table.is_empty() && table.get(&1).is_none());
    }

    /// All hashes are alike, or next to each other at the end of the slots.
    #[test]
    fn things_of_one_slot_are_all_found_whichever_is_removed() {
        for spread in [0, 1, 2] {
            let hash = |thing: usize| 6 + thing * spread;
            for removed in 0..5 {
                let mut places = Places::default();
                (0..5).for_each(|thing| places.push(hash(thing)));
                places.swap_remove(removed);
                let mut things: Vec<usize> = (0..5).collect();
                things.swap_remove(removed);
                for thing in 0..5 {
                    let found =
                        places.find(hash(thing), &|place| things.get(place) == Some(&thing));
                    assert_eq!(found, things.iter().position(|one| *one == thing));
                }
            }
        }
    }

    #[test]
    fn things_keep_the_order_in_which_they_came() {
        let mut table = Table::new();
        for name in ["b", "a", "c", "a"] {
            table.insert(name, ());
        }
        assert_eq!(table.iter().map(|(name, ())| *name).collect::<Vec<_>>(), ["b", "a", "c"]);
        table.remove("b");
        assert_eq!(table.iter().map(|(name, ())| *name).collect::<Vec<_>>(), ["c", "a"]);
    }
}
