//! The chain of calls that gets a token whose client's secret is read from a file that changes.
//!
//! ```text
//!   [Secret: read it] ──> [Last: ask for the token]
//!           ^
//!           │ the endpoint does not know the client
//!   [Supposed: ask for the token with what was read a while ago]
//! ```
//!
//! A worker keeps what it has read in its own memory alone, for the `refresh` of the source. Once an
//! endpoint has refused it, it is read again: in the same fetch if it was not read in that one.

use std::collections::HashMap;

use super::backoff::Prospect;
use super::origin::{Advance, Bearing, Fault, Fetched, Step, UNKNOWN};
use crate::message::{CallResponse, HttpCall};
use crate::secret::Secret;
use crate::technical_token::{AnswerError, SecretError, SecretSource, Source, SourceId};
use crate::telemetry::Cause;
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// The secrets that this worker has read, at most one for each credential.
#[derive(Debug, Default)]
pub(super) struct Secrets(HashMap<SourceId, SecretRead>);

/// A secret, and when it was read.
#[derive(Debug)]
struct SecretRead {
    secret: Secret<String>,
    at: Timestamp,
}

impl Secrets {
    /// The call that a fetch of a token begins with.
    pub(super) fn begin(
        &self,
        (id, source): (SourceId, &Source),
        subtenant: Option<&SubtenantId>,
        now: Timestamp,
    ) -> Option<(Step, HttpCall)> {
        let Some(from) = source.secret_source() else {
            return Some((Step::Last, source.call(subtenant, None)?));
        };
        // What was read in the future was read under another clock.
        let is_fresh = |read: &&SecretRead| read.at <= now && now.since(read.at) < from.refresh;
        match self.0.get(&id).filter(is_fresh) {
            Some(read) => Some((Step::Supposed, source.call(subtenant, Some(&read.secret))?)),
            None => Some((Step::Secret, from.call())),
        }
    }

    /// Reads the answer to the call of a step.
    pub(super) fn accept(
        &mut self,
        (id, source): (SourceId, &Source),
        subtenant: Option<&SubtenantId>,
        (step, response): (Step, &CallResponse),
        now: Timestamp,
    ) -> Result<Advance, Fault> {
        if step == Step::Secret {
            let secret = SecretSource::read(response)?;
            let call = source.call(subtenant, Some(&secret)).ok_or(UNKNOWN)?;
            self.0.insert(id, SecretRead { secret, at: now });
            return Ok(Advance::Next(Step::Last, call));
        }
        match source.accept(response, subtenant, now) {
            Ok(token) if source.needs_proof() => Ok(Advance::Unproven(token)),
            Ok(token) => {
                let record = token.to_record();
                Ok(Advance::Arrived(Fetched::Token(token), record))
            }
            Err(error) => {
                if error.is_about_the_client() {
                    self.0.remove(&id);
                    if let (Step::Supposed, Some(from)) = (step, source.secret_source()) {
                        return Ok(Advance::Next(Step::Secret, from.call()));
                    }
                }
                Err(Fault::of(error, subtenant.is_some()))
            }
        }
    }
}

impl From<SecretError> for Fault {
    fn from(error: SecretError) -> Self {
        let fault = match error {
            SecretError::Empty | SecretError::TooLong | SecretError::Unusable => Self {
                reason: error.reason(),
                prospect: Prospect::Passing,
                cause: Cause::AnswerUnusable,
                bearing: Bearing::Credential,
            },
            SecretError::Status(status) => AnswerError::Status { status, error: None }.into(),
        };
        unread(fault)
    }
}

/// Why a secret cannot be read: so none of the credential's tokens can be fetched. Reading a file is
/// cheap, and it may be replaced at any moment.
pub(super) fn unread(fault: impl Into<Fault>) -> Fault {
    Fault { prospect: Prospect::Passing, bearing: Bearing::Credential, ..fault.into() }
}
