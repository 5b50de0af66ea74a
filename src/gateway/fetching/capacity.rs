//! How many calls run at once, and how many slots there are.

use super::super::slot::{Need, Resource, Slot};
use super::Fetching;

impl Fetching {
    /// Whether this worker runs as many calls as it may for the credential, or for key sets. What
    /// waits for a place keeps its turn, so that no subtenant starves another.
    /// Key sets that no request waits for leave places free for those that one waits for.
    pub(super) fn is_at_capacity(&self, resource: &Resource, need: Need) -> bool {
        let places = match (resource, need) {
            (Resource::Keys(_), Need::Ahead) => CALLS_AHEAD,
            (Resource::Keys(_), Need::Now) | (Resource::Token(..), _) => CALLS_AT_ONCE,
        };
        let is_alike = |other: &&Resource| match (resource, other) {
            (Resource::Keys(_), Resource::Keys(_)) => true,
            (Resource::Token(one, _), Resource::Token(other, _)) => one == other,
            (Resource::Keys(_), Resource::Token(..)) | (Resource::Token(..), Resource::Keys(_)) => {
                false
            }
        };
        self.calls.len() >= places
            && self.calls.values().map(|call| &call.resource).filter(is_alike).count() >= places
    }

    /// Keeps the number of token slots within its limit: what is at rest and was used least lately
    /// goes. What is wanted or fetched stays, and is bounded by the number of waiting requests. Key
    /// sets are as many as the configuration names.
    pub(super) fn make_room(&mut self) {
        let key_sets = self.config.key_sources().len();
        if self.slots.len().saturating_sub(key_sets) < self.config.limits().token_slots {
            return;
        }
        let at_rest = |(resource, slot): (&Resource, &Slot)| {
            let is_token = matches!(resource, Resource::Token(..));
            (is_token && slot.is_at_rest()).then(|| (slot.used_at(), resource.clone()))
        };
        let mut candidates: Vec<_> = self.slots.iter().filter_map(at_rest).collect();
        candidates.sort_by_key(|(used_at, _)| *used_at);
        let excess = candidates.len().div_ceil(8);
        for (_, resource) in candidates.into_iter().take(excess) {
            self.slots.remove(&resource);
        }
    }
}

/// How many calls of one worker run at once for one credential, and for all key sets together.
const CALLS_AT_ONCE: usize = 64;

/// How many calls of one worker run at once for key sets that no request waits for.
const CALLS_AHEAD: usize = 32;
