//! The access key that a server of the user's own gives (`ALIBABA_CLOUD_CREDENTIALS_URI`).

use std::time::Duration;

use super::ecs_role::document_key;
use super::readings::{Mark, bare_call, body_of};
use crate::message::{CallFailure, CallResponse, Endpoint, HttpCall};
use crate::technical_token::preparation::{Moment, Preparation, PreparationError, Reading};
use crate::time::Timestamp;

const WHAT: &str = "credentials_uri";

/// Where the key is read.
#[derive(Clone, Debug)]
pub struct CredentialsUri {
    /// The server, path and query.
    pub endpoint: Endpoint,
    /// How long the call may take.
    pub timeout: Duration,
}

impl Preparation for CredentialsUri {
    fn next(&self, read: &[Reading], _: &Moment<'_>) -> Option<HttpCall> {
        let call = || bare_call("GET", self.endpoint.clone(), Vec::new(), self.timeout);
        Mark::Key.among(read).is_none().then(call)
    }

    fn read(
        &self,
        _: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        _: Timestamp,
    ) -> Result<Reading, PreparationError> {
        document_key(WHAT, body_of(WHAT, answer)?)
    }
}
