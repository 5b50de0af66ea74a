//! In what state a key is.

use std::time::Duration;

use crate::application_key::{Entry, Record};
use crate::time::Timestamp;

/// In what state a key is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It may be used, or will be.
    Active,
    /// It is switched off.
    Disabled,
    /// No secret of it is good any more.
    Expired,
    /// It may be used, and its last secret ends soon.
    Expiring,
    /// Its record lets nobody in.
    Invalid,
}

impl State {
    /// All, in the order of their names.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Disabled, Self::Expired, Self::Expiring, Self::Invalid];

    /// Within what time the last secret of an expiring key ends, unless something else is asked: 14 days.
    pub const SOON: Duration = Duration::from_secs(14 * 86_400);

    /// The state of a key, of which `soon` says how near an end is near.
    pub fn of(entry: &Entry, soon: Duration, now: Timestamp) -> Self {
        let record = match entry {
            Entry::Invalid(_) => return Self::Invalid,
            Entry::Valid(record) => record,
        };
        match last_end(record) {
            _ if !record.is_enabled => Self::Disabled,
            Some(end) if end > now + soon => Self::Active,
            Some(end) if end > now => Self::Expiring,
            Some(_) | None => Self::Expired,
        }
    }

    /// The state as a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Expiring => "expiring",
            Self::Invalid => "invalid",
        }
    }

    /// The state that a word means.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// The end of the secret that ends last.
pub(super) fn last_end(record: &Record) -> Option<Timestamp> {
    record.secrets.iter().map(|secret| secret.expires_at).max()
}
