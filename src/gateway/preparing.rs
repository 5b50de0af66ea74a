//! The chain of calls that gets a token: what its credential reads first, then the call for the token.
//!
//! ```text
//!            ┌────┐ more to read
//!            v    │
//!   ──> [Reading] ┴──> [Last: ask for the token] ──> token, or failure
//!            ^                  │ the endpoint does not know the client, and some of
//!            └──────────────────┘ what was read was read for an earlier fetch: anew, once
//! ```
//!
//! A worker keeps what it has read in its own memory alone, each reading until its time: the fetches
//! that follow go on from there. Once an endpoint has refused what they prove, all of it is forgotten.

use std::rc::Rc;

use super::backoff::Prospect;
use super::fault::{Bearing, Fault, UNKNOWN, lasting};
use super::origin::Step;
use crate::crypto::{Random, Signer};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::technical_token::{
    AnswerError, CallError, MOST_CALLS, Moment, Preparation, PreparationError, Reading,
    ReadingFault, SourceId, TOKEN_READING,
};
use crate::telemetry::Cause;
use crate::time::Timestamp;

/// What this worker has read, for each credential what its last fetch had.
#[derive(Debug, Default)]
pub(super) struct Readings(Vec<Kept>);

#[derive(Debug)]
struct Kept {
    source: SourceId,
    read: Vec<Reading>,
    at: Timestamp,
}

/// What one fetch of a token has to go on.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    read: Vec<Reading>,
    /// Whether some of it was read for an earlier fetch, and may be outdated.
    is_supposed: bool,
    calls: u8,
}

/// What calls are made with: handed in by the host at the start.
#[derive(Clone, Debug)]
pub(super) struct Means {
    pub(super) random: Rc<dyn Random>,
    pub(super) signer: Rc<dyn Signer>,
}

/// How a token is asked for.
pub(super) struct Asking<'a> {
    pub(super) id: SourceId,
    /// What is read before.
    pub(super) preparation: Option<&'a dyn Preparation>,
    /// Makes the call for the token with what was read.
    pub(super) call: &'a TokenCall<'a>,
    pub(super) random: &'a dyn Random,
    pub(super) signer: &'a dyn Signer,
    pub(super) now: Timestamp,
}

type TokenCall<'a> = dyn Fn(&[Reading], &Moment<'_>) -> Result<HttpCall, CallError> + 'a;

impl Readings {
    /// The call that a fetch begins with.
    pub(super) fn begin(&mut self, asking: &Asking<'_>) -> Result<(Chain, Step, HttpCall), Fault> {
        let now = asking.now;
        // What was read in the future was read under another clock.
        let known = self.0.iter().find(|kept| kept.source == asking.id && kept.at <= now);
        let is_good = |reading: &&Reading| now < reading.until;
        let read: Vec<_> =
            known.into_iter().flat_map(|kept| &kept.read).filter(is_good).cloned().collect();
        let mut chain = Chain { is_supposed: !read.is_empty(), read, calls: 0 };
        let (step, call) = match chain.next(asking) {
            // What was read for an earlier fetch may have been replaced since.
            Err(_) if chain.is_supposed => self.begin_anew(&mut chain, asking)?,
            next => next?,
        };
        Ok((chain, step, call))
    }

    /// Reads the answer to [`Step::Reading`]; the call that follows.
    pub(super) fn read(
        &mut self,
        chain: &mut Chain,
        asking: &Asking<'_>,
        answer: Result<&CallResponse, CallFailure>,
    ) -> Result<(Step, HttpCall), Fault> {
        let preparation = asking.preparation.ok_or(UNKNOWN)?;
        match preparation.read(&chain.read, answer, asking.now) {
            Ok(reading) => {
                chain.read.push(reading);
                self.forget(asking.id);
                let (source, at) = (asking.id, asking.now);
                let lasting = chain.read.iter().filter(|reading| at < reading.until);
                self.0.push(Kept { source, read: lasting.cloned().collect(), at });
                chain.next(asking)
            }
            Err(PreparationError { what: TOKEN_READING, fault })
                if let ReadingFault::Status { status, error } = fault =>
            {
                let answer = AnswerError::Status { status, error };
                let fault = PreparationError { what: TOKEN_READING, fault }.into();
                self.doubt(chain, asking, (answer, fault))
            }
            // It may have been asked for with something outdated.
            Err(PreparationError { fault: ReadingFault::Status { .. }, .. })
                if chain.is_supposed =>
            {
                self.begin_anew(chain, asking)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What follows when the call for the token was answered so: a fetch that is begun anew if that may
    /// help. What an endpoint may not know any more is forgotten.
    pub(super) fn doubt(
        &mut self,
        chain: &mut Chain,
        asking: &Asking<'_>,
        (error, fault): (AnswerError, Fault),
    ) -> Result<(Step, HttpCall), Fault> {
        // An endpoint has words of its own for what it does not take: whatever it refuses for good may lie
        // in what was read. Only where it surely does, a fetch is begun anew at once.
        if error.is_lasting() {
            self.forget(asking.id);
        }
        if error.is_about_the_client() && chain.is_supposed {
            return self.begin_anew(chain, asking);
        }
        Err(fault)
    }

    fn begin_anew(
        &mut self,
        chain: &mut Chain,
        asking: &Asking<'_>,
    ) -> Result<(Step, HttpCall), Fault> {
        self.forget(asking.id);
        *chain = Chain { calls: chain.calls, ..Chain::default() };
        chain.next(asking)
    }

    fn forget(&mut self, id: SourceId) {
        self.0.retain(|kept| kept.source != id);
    }
}

impl Chain {
    /// The next call.
    fn next(&mut self, asking: &Asking<'_>) -> Result<(Step, HttpCall), Fault> {
        if self.calls >= MOST_CALLS {
            return Err(TOO_MANY_CALLS);
        }
        self.calls += 1;
        let random = asking.random.draw();
        let moment = Moment { now: asking.now, random, signer: asking.signer };
        match asking.preparation.and_then(|own| own.next(&self.read, &moment)) {
            Some(call) => Ok((Step::Reading, call)),
            None => Ok((Step::Last, (asking.call)(&self.read, &moment)?)),
        }
    }
}

/// Nothing that is read first depends on the token that is asked for, so no token of the credential can be
/// had. What is read may change at any moment, and costs little.
impl From<PreparationError> for Fault {
    fn from(PreparationError { what, fault }: PreparationError) -> Self {
        let (prospect, bearing) = (Prospect::Passing, Bearing::Credential);
        let base = match fault {
            ReadingFault::Empty | ReadingFault::TooLong | ReadingFault::Unusable => Self {
                reason: fault.reason(),
                prospect,
                cause: Cause::AnswerUnusable,
                bearing,
                reading: None,
            },
            ReadingFault::Status { status, error } => AnswerError::Status { status, error }.into(),
            ReadingFault::Unanswered(failure) => failure.into(),
        };
        // But for a token: its endpoint refuses for good as the last one does.
        let prospect = if what == TOKEN_READING { base.prospect } else { prospect };
        Self { prospect, bearing, reading: Some(what), ..base }
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Randomless => NO_RANDOMNESS,
            CallError::NotFetched
            | CallError::SubjectUnusable
            | CallError::SubtenantUnserved
            | CallError::Unprepared
            | CallError::Unsigned(_) => lasting(error.reason()),
        }
    }
}

/// A chain that does not come to its end.
const TOO_MANY_CALLS: Fault = Fault {
    reason: "too_many_calls",
    prospect: Prospect::Lasting,
    cause: Cause::AnswerUnusable,
    bearing: Bearing::Credential,
    reading: None,
};

/// Without the host's randomness a proof of who asks could be guessed.
const NO_RANDOMNESS: Fault = Fault {
    reason: "randomness_unavailable",
    prospect: Prospect::Passing,
    cause: Cause::CallRefused,
    bearing: Bearing::Credential,
    reading: None,
};

#[cfg(test)]
mod tests;
