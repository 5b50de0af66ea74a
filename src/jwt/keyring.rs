//! The keys that are there at the moment.

use std::sync::Arc;

use super::jwks::JwkSet;
use crate::crypto::{SharedSecret, Thumbprint};

/// Which keys: the place of their source in the configuration. Issuers may share one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeySetId(pub u32);

/// What a source gives: public keys or a secret, never both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Keys {
    /// A secret that the issuer shares with us.
    Secret(Arc<SharedSecret>),
    /// Its public keys.
    Set(Arc<JwkSet>),
}

/// The last good keys of each source. A failed refresh changes nothing here.
#[derive(Debug, Default)]
pub struct KeyRing {
    /// By the numbers of the sources, which are their positions in the configuration.
    slots: Vec<Slot>,
    changes: u64,
}

#[derive(Debug, Default)]
struct Slot {
    /// Nothing before the first set, and once the set was dropped.
    keys: Option<Keys>,
    generation: u64,
}

impl Keys {
    /// Whether the key of this thumbprint is among them. A secret has none: [`Keys::UNNAMED`].
    pub fn contains(&self, thumbprint: &Thumbprint) -> bool {
        match self {
            Self::Secret(_) => *thumbprint == Self::UNNAMED,
            Self::Set(set) => set.contains(thumbprint),
        }
    }

    /// What stands for the thumbprint of a secret. A digest of it would let whoever sees that test
    /// guesses of the secret, and a source has no other secret as long as its configuration lives.
    pub const UNNAMED: Thumbprint = Thumbprint([0; 32]);
}

impl KeyRing {
    /// The keys of a source, if they have arrived.
    pub fn get(&self, id: KeySetId) -> Option<&Keys> {
        self.slot(id)?.keys.as_ref()
    }

    /// Puts a key set in the place of the last one. A set with equal content changes nothing.
    pub fn set(&mut self, id: KeySetId, set: Arc<JwkSet>) {
        self.put(id, Keys::Set(set));
    }

    /// Puts a secret in the place of what was there.
    pub fn set_secret(&mut self, id: KeySetId, secret: Arc<SharedSecret>) {
        self.put(id, Keys::Secret(secret));
    }

    fn put(&mut self, id: KeySetId, keys: Keys) {
        if self.get(id) == Some(&keys) {
            return;
        }
        self.change(id, Some(keys));
    }

    /// Drops the key set of a source: it is too old to be used. What it verified is to be verified
    /// anew by the next one.
    pub fn drop_set(&mut self, id: KeySetId) {
        if self.get(id).is_some() {
            self.change(id, None);
        }
    }

    fn change(&mut self, id: KeySetId, keys: Option<Keys>) {
        let Ok(at) = usize::try_from(id.0) else { return };
        if self.slots.len() <= at {
            self.slots.resize_with(at.saturating_add(1), Slot::default);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            slot.keys = keys;
            slot.generation = slot.generation.saturating_add(1);
        }
        self.changes = self.changes.saturating_add(1);
    }

    /// How often the key set of this source has changed; zero before the first one.
    pub fn generation(&self, id: KeySetId) -> u64 {
        self.slot(id).map_or(0, |slot| slot.generation)
    }

    fn slot(&self, id: KeySetId) -> Option<&Slot> {
        self.slots.get(usize::try_from(id.0).ok()?)
    }

    /// How often any key set has changed.
    pub const fn changes(&self) -> u64 {
        self.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::testing::{KEYS, key_set, public_ec};

    #[test]
    fn only_different_keys_are_a_new_generation() {
        let mut ring = KeyRing::default();
        assert_eq!((ring.generation(KEYS), ring.changes()), (0, 0));
        for _ in 0..2 {
            ring.set(KEYS, Arc::new(key_set()));
            assert_eq!((ring.generation(KEYS), ring.changes()), (1, 1));
        }
        let document = serde_json::json!({ "keys": [public_ec()] }).to_string();
        let other = Arc::new(JwkSet::parse(document.as_bytes()).unwrap());
        ring.set(KEYS, Arc::clone(&other));
        ring.set(KeySetId(9), Arc::clone(&other));
        assert_eq!((ring.generation(KEYS), ring.generation(KeySetId(9))), (2, 1));
        assert_eq!(ring.changes(), 3);
        assert_eq!(ring.get(KEYS), Some(&Keys::Set(other)));
        assert_eq!(ring.get(KeySetId(0)), None);
    }

    #[test]
    fn a_dropped_set_never_shares_its_generation_with_the_next_one() {
        let mut ring = KeyRing::default();
        ring.drop_set(KEYS);
        assert_eq!((ring.generation(KEYS), ring.changes()), (0, 0));
        ring.set(KEYS, Arc::new(key_set()));
        for _ in 0..2 {
            ring.drop_set(KEYS);
            assert_eq!((ring.get(KEYS), ring.generation(KEYS), ring.changes()), (None, 2, 2));
        }
        ring.set(KEYS, Arc::new(key_set()));
        assert_eq!((ring.generation(KEYS), ring.changes()), (3, 3));
    }
}
