//! Which key sets a worker should have, and how many.

use super::{Fetching, Resource};
use crate::config::{Config, Demand, KeyOwner, KeySource};

impl Fetching {
    /// How many key sets this worker should have and has not, and of how many the last fetch
    /// failed.
    pub(in super::super) fn troubled_keys(&self) -> (usize, usize) {
        let remote = self.config.key_sources().iter().filter(|one| one.upkeep().is_some());
        let (mut missing, mut failing) = (0_usize, 0_usize);
        for source in remote {
            let slot = self.slots.get(&Resource::Keys(source.id()));
            if slot.is_none() && is_on_demand(source) {
                continue;
            }
            missing += usize::from(self.keys.get(source.id()).is_none());
            failing += usize::from(slot.is_some_and(|slot| slot.setback().is_some()));
        }
        (missing, failing)
    }
}

/// Whether keys are fetched only when a token needs them.
pub(super) fn is_on_demand(source: &KeySource) -> bool {
    source.owner() == KeyOwner::Credential(Demand::ByToken)
}

/// How many buckets of the shared data hold key sets: so many more than are fetched that hardly one
/// loses its place to others before all workers have seen it.
pub(super) fn key_set_buckets(config: &Config) -> u16 {
    let fetched = config.key_sources().iter().filter(|source| source.upkeep().is_some()).count();
    let buckets = fetched.saturating_mul(4).next_power_of_two().clamp(1 << 10, 1 << 15);
    u16::try_from(buckets).unwrap_or(1 << 15)
}
