//! How many calls run at once, and how many slots there are.

use super::super::slot::{Need, Resource, Slot};
use super::Fetching;
use crate::order::ascending;

impl Fetching {
    /// Whether this worker runs as many calls as it may for the credential, or for key sets. What
    /// waits for a place keeps its turn, so that no subtenant starves another.
    /// What no request waits for leaves places free for what one waits for.
    pub(super) fn is_at_capacity(&self, resource: &Resource, need: Need) -> bool {
        let places = match need {
            Need::Ahead => CALLS_AHEAD,
            Need::Now => CALLS_AT_ONCE,
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

    /// Whether another token may have a slot.
    pub(super) fn has_room(&self) -> bool {
        self.slots.len().saturating_sub(self.key_slots) < self.config.limits().token_slots
    }

    /// Keeps the number of token slots within its limit, and tells whether there is room for one more.
    /// What is at rest gives way: first what is of no use any more, then what was used least lately.
    /// What is wanted or fetched stays, and so do the slots of key sets: as many as the configuration names
    /// and requests have needed.
    pub(super) fn make_room(&mut self) -> bool {
        if self.has_room() {
            return true;
        }
        let now = self.kept_up_at;
        let at_rest = |(resource, slot): (&Resource, &Slot)| {
            let is_token = matches!(resource, Resource::Token(..));
            let worth = (!slot.is_spent(now), slot.used_at());
            (is_token && slot.is_at_rest()).then(|| (worth, resource.clone()))
        };
        let candidates: Vec<_> = self.slots.iter().filter_map(at_rest).collect();
        let turns = ascending(candidates.len(), &|one, other| {
            candidates.get(one).cmp(&candidates.get(other))
        });
        let excess = candidates.len().div_ceil(8);
        for at in turns.into_iter().take(excess) {
            if let Some((_, resource)) = candidates.get(at) {
                self.slots.remove(resource);
            }
        }
        self.evicted = self.evicted.saturating_add(excess);
        excess > 0
    }

    /// How many slots have given way since this was asked last.
    pub(in super::super) const fn take_evicted(&mut self) -> usize {
        std::mem::replace(&mut self.evicted, 0)
    }
}

/// How many calls of one worker run at once for one credential, and for all key sets together.
const CALLS_AT_ONCE: usize = 64;

/// How many of these run at once for what no request waits for.
const CALLS_AHEAD: usize = 32;
