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

use super::backoff::Prospect;
use super::origin::{Bearing, Fault, Step, UNKNOWN};
use crate::message::{CallResponse, HttpCall};
use crate::secret::Secret;
use crate::technical_token::{AnswerError, SecretError, SecretSource, SourceId};
use crate::telemetry::Cause;
use crate::time::Timestamp;

/// The secrets that this worker has read, at most one for each credential.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<SecretRead>);

/// A secret, and when it was read.
#[derive(Debug)]
struct SecretRead {
    source: SourceId,
    secret: Secret<String>,
    at: Timestamp,
}

impl Secrets {
    /// The call that a fetch begins with: `call` makes the one for the token, with the secret if it is
    /// read from somewhere.
    pub(super) fn begin(
        &self,
        id: SourceId,
        from: Option<&SecretSource>,
        now: Timestamp,
        call: impl FnOnce(Option<&Secret<String>>) -> Option<HttpCall>,
    ) -> Option<(Step, HttpCall)> {
        let Some(from) = from else { return Some((Step::Last, call(None)?)) };
        // What was read in the future was read under another clock.
        let is_fresh = |read: &&SecretRead| {
            read.source == id && read.at <= now && now.since(read.at) < from.refresh
        };
        match self.0.iter().find(is_fresh) {
            Some(read) => Some((Step::Supposed, call(Some(&read.secret))?)),
            None => Some((Step::Secret, from.call())),
        }
    }

    /// Reads the answer to [`Step::Secret`]; the call for the token, which `call` makes with it.
    pub(super) fn read(
        &mut self,
        id: SourceId,
        response: &CallResponse,
        now: Timestamp,
        call: impl FnOnce(&Secret<String>) -> Option<HttpCall>,
    ) -> Result<HttpCall, Fault> {
        let secret = SecretSource::read(response)?;
        let call = call(&secret).ok_or(UNKNOWN)?;
        self.forget(id);
        self.0.push(SecretRead { source: id, secret, at: now });
        Ok(call)
    }

    /// Forgets a secret that an endpoint may not know any more; the call that reads it again, if it was
    /// not read in this fetch.
    pub(super) fn doubt(
        &mut self,
        id: SourceId,
        from: Option<&SecretSource>,
        step: Step,
        error: AnswerError,
    ) -> Option<HttpCall> {
        if !error.is_about_the_client() {
            return None;
        }
        self.forget(id);
        from.filter(|_| step == Step::Supposed).map(SecretSource::call)
    }

    fn forget(&mut self, id: SourceId) {
        self.0.retain(|read| read.source != id);
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
