//! Failures that concern every exchange of a credential.

use crate::shared::Failure;
use crate::technical_token::SourceId;
use crate::time::Timestamp;

/// Failures that concern every exchange of a credential, and when one was said last.
#[derive(Debug, Default)]
pub(super) struct Setbacks(pub(super) Vec<Setback>);

/// What is known of one credential.
#[derive(Debug)]
pub(super) struct Setback {
    pub(super) source: SourceId,
    pub(super) failure: Option<Failure>,
    pub(super) said_at: Option<Timestamp>,
}

impl Setbacks {
    /// The failure that forbids every exchange of this credential at `now`.
    pub(super) fn live(&self, source: SourceId, now: Timestamp) -> Option<Failure> {
        self.0
            .iter()
            .find(|one| one.source == source)?
            .failure
            .filter(|failure| failure.is_live(now))
    }

    /// Takes out what is known of a credential.
    pub(super) fn take(&mut self, source: SourceId) -> Setback {
        let at = self.0.iter().position(|one| one.source == source);
        let known = at.map(|at| self.0.swap_remove(at));
        known.unwrap_or(Setback { source, failure: None, said_at: None })
    }
}
