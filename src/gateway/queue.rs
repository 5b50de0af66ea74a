//! What a worker wants, in the order in which it looks for it.

use std::collections::VecDeque;

use super::slot::{Need, Resource};

/// Everything that is wanted, first come, first served; what requests wait for comes before what is
/// fetched ahead of them. Each thing is there once at most: its slot knows what it is wanted for.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// What requests wait for.
    now: VecDeque<Resource>,
    /// Key sets that no request waits for: at start as many as the configuration names.
    keys: VecDeque<Resource>,
    /// Tokens that no request waits for.
    tokens: VecDeque<Resource>,
}

impl Queue {
    /// Adds a thing that is wanted now and was wanted for `before`.
    pub(super) fn add(&mut self, resource: Resource, need: Need, before: Option<Need>) {
        match (need, before) {
            (Need::Ahead, Some(_)) | (Need::Now, Some(Need::Now)) => {}
            (Need::Ahead, None) => self.put_back(resource, need),
            (Need::Now, None) => self.now.push_back(resource),
            (Need::Now, Some(Need::Ahead)) => {
                self.ahead(&resource).retain(|other| *other != resource);
                self.now.push_back(resource);
            }
        }
    }

    /// Puts a thing that was taken out behind all others of its need.
    pub(super) fn put_back(&mut self, resource: Resource, need: Need) {
        match need {
            Need::Ahead => self.ahead(&resource).push_back(resource),
            Need::Now => self.now.push_back(resource),
        }
    }

    /// Puts a key set that nobody waits for, and that was taken out, before all others of that kind.
    pub(super) fn give_back(&mut self, resource: Resource) {
        self.keys.push_front(resource);
    }

    /// Takes out all but the key sets that no request waits for.
    pub(super) fn take(&mut self) -> VecDeque<Resource> {
        let mut taken = std::mem::take(&mut self.now);
        taken.append(&mut self.tokens);
        taken
    }

    /// Takes out the next key set that no request waits for.
    pub(super) fn next_keys(&mut self) -> Option<Resource> {
        self.keys.pop_front()
    }

    /// How many key sets are wanted that no request waits for.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    const fn ahead(&mut self, resource: &Resource) -> &mut VecDeque<Resource> {
        match resource {
            Resource::Keys(_) => &mut self.keys,
            Resource::Token(..) => &mut self.tokens,
        }
    }
}
