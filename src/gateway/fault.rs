//! Why something could not be fetched, and what that says of other fetches.

use std::time::Duration;

use super::backoff::Prospect;
use crate::message::{CallFailure, CallResponse};
use crate::technical_token::{AnswerError, PreparationError, Refusal, TokenRejected};
use crate::telemetry::Cause;

/// Why an answer is of no use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// The exact reason.
    pub(super) reason: &'static str,
    /// What it promises about the next try.
    pub(super) prospect: Prospect,
    /// What went wrong, for metrics.
    pub(super) cause: Cause,
    /// What it says of the credential.
    pub(super) bearing: Bearing,
    /// What was to be read, where a token could not be asked for yet.
    pub(super) reading: Option<&'static str>,
}

/// What an answer says besides, whatever becomes of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aside {
    /// How long its server wants no other call.
    pub(super) retry_after: Option<Duration>,
    /// What the operator is told of a refusal.
    pub(super) refusal: Option<Refusal>,
}

/// What the failure of one fetch says of its credential, and so of all its other tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Bearing {
    /// It would fail for each of them: the client is refused, asks too often, or cannot call.
    Credential,
    /// Nothing: there was no answer, or one that whoever stands before the issuer may have given.
    Silent,
    /// The client is known: this token alone is refused, or not what was asked for.
    Token,
}

/// What no other try will mend by itself.
pub(super) const fn lasting(reason: &'static str) -> Fault {
    let (cause, bearing) = (Cause::AnswerUnusable, Bearing::Token);
    Fault { reason, prospect: Prospect::Lasting, cause, bearing, reading: None }
}

impl Aside {
    pub(super) fn of(response: &CallResponse) -> Self {
        let is_refusal = !(200..300).contains(&response.status);
        let refusal = is_refusal.then(|| Refusal::read(response));
        Self { retry_after: response.retry_after, refusal }
    }
}

impl From<CallFailure> for Fault {
    fn from(failure: CallFailure) -> Self {
        let (cause, bearing) = match failure {
            CallFailure::Interrupted => (Cause::Unavailable, Bearing::Silent),
            CallFailure::Overloaded => (Cause::CallRefused, Bearing::Silent),
            CallFailure::TooLarge(_) => (Cause::AnswerUnusable, Bearing::Silent),
            CallFailure::UnknownCluster => (Cause::ClusterUnknown, Bearing::Credential),
            CallFailure::Unsendable => (Cause::CallRefused, Bearing::Credential),
        };
        let reason = failure.reason();
        Self { reason, prospect: Prospect::Passing, cause, bearing, reading: None }
    }
}

impl Fault {
    /// What an answer without a token says. A 401 never says that the client is known; some issuers
    /// refuse a wrong secret with `unauthorized`, and others a subtenant.
    pub(super) fn of(answer: AnswerError, is_for_subtenant: bool) -> Self {
        let prospect = if answer.is_lasting() { Prospect::Lasting } else { Prospect::Passing };
        let (cause, bearing) = match answer {
            AnswerError::NotAGrant | AnswerError::NotJson => {
                (Cause::AnswerUnusable, Bearing::Silent)
            }
            AnswerError::Rejected(_) => (Cause::AnswerUnusable, Bearing::Token),
            AnswerError::Status { .. } if answer.is_about_the_rate() => {
                (Cause::RateLimited, Bearing::Credential)
            }
            AnswerError::Status { status, error }
                if refuses_client(status, error, is_for_subtenant) =>
            {
                (Cause::Refused, Bearing::Credential)
            }
            AnswerError::Status { status: 401, .. } => (Cause::Refused, Bearing::Silent),
            AnswerError::Status { status: 400..=499, .. } => (Cause::Refused, Bearing::Token),
            AnswerError::Status { status: 500..=599, .. } => (Cause::Unavailable, Bearing::Silent),
            AnswerError::Status { .. } => (Cause::AnswerUnusable, Bearing::Silent),
            AnswerError::Unread(fault) => return PreparationError { what: "key", fault }.into(),
        };
        Self { reason: answer.reason(), prospect, cause, bearing, reading: None }
    }
}

/// Whether a token endpoint refuses the client, whatever it was asked for.
fn refuses_client(status: u16, error: Option<&str>, is_for_subtenant: bool) -> bool {
    match error {
        Some("invalid_client") => true,
        // Those of Alibaba Cloud for access keys.
        Some("InvalidAccessKeyId" | "InvalidSecurityToken" | "SignatureDoesNotMatch") => true,
        Some("unauthorized" | "unauthorized_client") => status == 401 && !is_for_subtenant,
        Some(_) | None => false,
    }
}

impl From<AnswerError> for Fault {
    fn from(error: AnswerError) -> Self {
        Self::of(error, false)
    }
}

impl From<TokenRejected> for Fault {
    fn from(rejected: TokenRejected) -> Self {
        AnswerError::Rejected(rejected).into()
    }
}

/// The issuer gives a token again that an upstream refused, after it gave another one.
pub(super) const PURGED: Fault = lasting("token_purged");

/// A thing that the configuration does not name; no code asks for one.
pub(super) const UNKNOWN: Fault = lasting("resource_unknown");
