//! The service account token of a pod, which Kubernetes keeps in a file and replaces in time.

use super::RotatingFile;
use super::readings::{Mark, bare_call, body_of, line, unusable};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::technical_token::platform_token::believed_until;
use crate::technical_token::preparation::{Moment, Preparation, PreparationError, Reading};
use crate::time::Timestamp;

const WHAT: &str = "service_account_token";

/// A token that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceAccountToken;

impl ServiceAccountToken {
    pub(super) fn among(read: &[Reading]) -> Option<&str> {
        std::str::from_utf8(Mark::ServiceAccount.among(read)?).ok()
    }
}

impl RotatingFile {
    /// The call that reads it.
    pub(super) fn call(&self) -> HttpCall {
        bare_call("GET", self.endpoint.clone(), Vec::new(), self.timeout)
    }

    /// The token in an answer, without the line feed that may end the file.
    ///
    /// It is believed until 600 s before its end, and no longer than the file's `refresh`.
    pub(super) fn token(
        &self,
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        let token = line(body_of(WHAT, answer)?).ok_or(unusable(WHAT))?;
        let until = believed_until(token).min(now + self.refresh);
        Ok(Mark::ServiceAccount.on(token.as_bytes(), until))
    }
}

impl Preparation for RotatingFile {
    fn next(&self, read: &[Reading], _: &Moment<'_>) -> Option<HttpCall> {
        ServiceAccountToken::among(read).is_none().then(|| self.call())
    }

    fn read(
        &self,
        _: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        self.token(answer, now)
    }
}
