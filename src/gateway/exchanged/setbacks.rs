//! Failures that concern every exchange of a credential.

use std::time::Duration;

use super::CallerId;
use crate::shared::Failure;
use crate::technical_token::SourceId;
use crate::time::Timestamp;

/// What is known of each credential whose exchange has failed or was used.
#[derive(Debug, Default)]
pub(super) struct Setbacks(Vec<Setback>);

/// What is known of one credential.
#[derive(Debug)]
pub(super) struct Setback {
    source: SourceId,
    pub(super) failure: Option<Failure>,
    said_at: Option<Timestamp>,
    recovery_said_at: Option<Timestamp>,
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

    /// Whether all were held back until lately and no call has shown since that the endpoint is well.
    pub(super) fn is_open(&self, source: SourceId, now: Timestamp) -> bool {
        let known = self.0.iter().find(|one| one.source == source).and_then(|one| one.failure);
        known.is_some_and(|failure| !failure.is_live(now) && failure.is_remembered(now))
    }

    /// Takes out what is known of a credential, to be put back.
    pub(super) fn take(&mut self, source: SourceId) -> Setback {
        let at = self.0.iter().position(|one| one.source == source);
        let known = at.map(|at| self.0.swap_remove(at));
        known.unwrap_or(Setback {
            source,
            failure: None,
            said_at: None,
            recovery_said_at: None,
            silent: Vec::new(),
        })
    }

    /// Puts back what was taken out.
    pub(super) fn put(&mut self, known: Setback) {
        self.0.push(known);
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

    /// The endpoint dealt with a call: it gave a token, or refused that caller's. The number of failures
    /// before, if it is to be said that they are over.
    ///
    /// A failure that still holds all back stays: the call began before it.
    pub(super) fn spoke(&mut self, now: Timestamp) -> Option<u32> {
        self.silent.clear();
        let over = self.failure.take_if(|failure| !failure.is_live(now))?;
        may_say(&mut self.recovery_said_at, now).then_some(over.attempts)
    }

    /// Whether a failure may be said now; then it was.
    pub(super) fn may_say(&mut self, now: Timestamp) -> bool {
        may_say(&mut self.said_at, now)
    }
}

fn may_say(said_at: &mut Option<Timestamp>, now: Timestamp) -> bool {
    let is_quiet = |said: Timestamp| said <= now && now.since(said) < SAID_EVERY;
    let may_say = !said_at.is_some_and(is_quiet);
    if may_say {
        *said_at = Some(now);
    }
    may_say
}

/// How often a failure of one credential, or its end, is said at most: each caller could cause one.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// After how many different callers without an answer in a row all others are held back. One caller
/// may provoke what looks like an endpoint in trouble; that several do at once is less likely than
/// that it is.
const SILENT: usize = 4;
