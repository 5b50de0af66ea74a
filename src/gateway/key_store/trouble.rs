//! Why a look at the store brought nothing, or not all.

use std::time::Duration;

use super::super::fault::Fault;
use crate::application_key::{BlockError, DocumentError, SetError};
use crate::message::{CallFailure, CallResponse};
use crate::technical_token::Refusal;
use crate::telemetry::Cause;

/// Why something of the store could not be had or read.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Trouble {
    /// The exact reason.
    pub(in crate::gateway) reason: &'static str,
    /// What went wrong, for metrics.
    pub(in crate::gateway) cause: Cause,
    /// What the server said.
    pub(in crate::gateway) refusal: Option<Refusal>,
    /// How long it wants no other call.
    pub(in crate::gateway) retry_after: Option<Duration>,
}

impl Trouble {
    /// Whether the server answered, and calls need not become fewer.
    pub(in crate::gateway) fn is_of_document(&self) -> bool {
        self.cause == Cause::AnswerUnusable
    }

    /// What an answer says that brings no document.
    pub(in crate::gateway) fn of_status(response: &CallResponse) -> Self {
        let (reason, cause) = match response.status {
            429 => ("status_429", Cause::RateLimited),
            400..=499 => ("status_4xx", Cause::Refused),
            500..=599 => ("status_5xx", Cause::Unavailable),
            _ => ("status_unexpected", Cause::Refused),
        };
        let refusal = Some(Refusal::read(response));
        Self { reason, cause, refusal, retry_after: response.retry_after }
    }
}

impl From<CallFailure> for Trouble {
    fn from(failure: CallFailure) -> Self {
        let Fault { reason, cause, .. } = failure.into();
        Self { reason, cause, refusal: None, retry_after: None }
    }
}

impl From<Unfit> for Trouble {
    fn from(unfit: Unfit) -> Self {
        let (reason, cause) = (unfit.reason(), Cause::AnswerUnusable);
        Self { reason, cause, refusal: None, retry_after: None }
    }
}

/// Why an index or a document is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unfit {
    /// Not of the form that is expected.
    Malformed,
    /// It has a member that nobody knows.
    MemberUnknown,
    /// Not JSON, or JSON that could be read in two ways.
    NotJson,
    /// Older than the index that names it.
    Outdated,
    /// The store gives what it gave before some change.
    RolledBack,
    /// Too many bytes, or too many digests for a shard.
    TooLarge,
    /// Too many records, in it or in all shards.
    TooManyRecords,
    /// Of another version.
    Version,
}

impl Unfit {
    const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "document_malformed",
            Self::MemberUnknown => "document_member_unknown",
            Self::NotJson => "document_not_json",
            Self::Outdated => "document_outdated",
            Self::RolledBack => "serial_went_back",
            Self::TooLarge => "document_too_large",
            Self::TooManyRecords => "document_too_many_records",
            Self::Version => "document_version",
        }
    }
}

impl From<DocumentError> for Unfit {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Invalid(_) | DocumentError::Missing(_) => Self::Malformed,
            DocumentError::Json(_) => Self::NotJson,
            DocumentError::TooLarge => Self::TooLarge,
            DocumentError::TooManyRecords => Self::TooManyRecords,
            DocumentError::UnknownMember => Self::MemberUnknown,
            DocumentError::Version => Self::Version,
        }
    }
}

impl From<BlockError> for Unfit {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::Malformed => Self::Malformed,
            BlockError::TooLarge => Self::TooLarge,
        }
    }
}

impl From<SetError> for Unfit {
    fn from(error: SetError) -> Self {
        match error {
            SetError::Misplaced => Self::Malformed,
            SetError::TooLarge => Self::TooLarge,
            SetError::TooManyRecords => Self::TooManyRecords,
        }
    }
}
