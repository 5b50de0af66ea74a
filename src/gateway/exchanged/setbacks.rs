//! Failures that concern every exchange of a credential.

use super::CallerId;
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
    /// Whose calls came to nothing since the endpoint last dealt with one; at most [`SILENT`].
    silent: Vec<CallerId>,
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
        known.unwrap_or(Setback { source, failure: None, said_at: None, silent: Vec::new() })
    }
}

impl Setback {
    /// A call for this caller had no answer, or one that says nothing of the client; whether so many
    /// different callers had none in a row that it is the endpoint's fault and not theirs.
    pub(super) fn is_silent_for(&mut self, caller: CallerId) -> bool {
        if self.silent.len() < SILENT && !self.silent.contains(&caller) {
            self.silent.push(caller);
        }
        self.silent.len() >= SILENT
    }

    /// The endpoint dealt with a call: it gave a token, or refused that caller's.
    pub(super) fn spoke(&mut self) {
        self.silent.clear();
    }
}

/// After how many different callers without an answer in a row all others are held back. One caller
/// may provoke what looks like an endpoint in trouble; that several do at once is less likely than
/// that it is.
const SILENT: usize = 4;
