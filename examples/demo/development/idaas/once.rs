//! Ids that may be used once.

use std::collections::BTreeMap;

/// The ids that were used, for as long as somebody could use them again.
#[derive(Default)]
pub struct Once {
    until: BTreeMap<String, u64>,
}

impl Once {
    /// Takes an id, to be remembered until the time `until`; false if it was taken before.
    pub fn take(&mut self, id: &str, until: u64, now: u64) -> bool {
        self.until.retain(|_, until| *until > now);
        if self.until.contains_key(id) {
            return false;
        }
        self.until.insert(id.to_owned(), until);
        true
    }
}
