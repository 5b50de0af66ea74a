//! The key sets that are there at the moment.

use std::collections::HashMap;
use std::sync::Arc;

use super::jwks::JwkSet;

/// Which key set: the place of its source in the configuration. Issuers may share one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeySetId(pub u32);

/// The last good key set of each source. A failed refresh changes nothing here.
#[derive(Debug, Default)]
pub struct KeyRing(HashMap<KeySetId, Slot>);

#[derive(Debug)]
struct Slot {
    set: Arc<JwkSet>,
    generation: u64,
}

impl KeyRing {
    /// The key set of a source, if one has arrived.
    pub fn get(&self, id: KeySetId) -> Option<&Arc<JwkSet>> {
        self.0.get(&id).map(|slot| &slot.set)
    }

    /// Puts a key set in the place of the last one. The generation moves on only if the keys differ.
    pub fn set(&mut self, id: KeySetId, set: Arc<JwkSet>) {
        let generation = match self.0.get(&id) {
            Some(slot) if slot.set == set => slot.generation,
            Some(slot) => slot.generation.saturating_add(1),
            None => 1,
        };
        self.0.insert(id, Slot { set, generation });
    }

    /// How many different key sets this source has given; zero before the first one.
    pub fn generation(&self, id: KeySetId) -> u64 {
        self.0.get(&id).map_or(0, |slot| slot.generation)
    }
}
