//! Why a look at the store brought nothing, or not all.

use std::time::Duration;

use super::super::fault::Fault;
use crate::application_key::{BlockError, DocumentError, SetError};
use crate::message::{CallFailure, CallResponse};
use crate::technical_token::Refusal;
use crate::telemetry::Cause;

/// Why something of the store could not be had or read.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// The exact reason.
    pub(super) reason: &'static str,
    /// What went wrong, for metrics.
    pub(super) cause: Cause,
    /// What the server said.
    pub(super) refusal: Option<Refusal>,
    /// How long it wants no other call.
    pub(super) retry_after: Option<Duration>,
}

impl Trouble {
    /// A document or an index that is refused; the server is there.
    pub(super) const fn refused(reason: &'static str) -> Self {
        Self { reason, cause: Cause::AnswerUnusable, refusal: None, retry_after: None }
    }

    /// Whether the server answered, and calls need not become fewer.
    pub(super) fn is_of_document(&self) -> bool {
        self.cause == Cause::AnswerUnusable
    }

    /// What an answer says that brings no document.
    pub(super) fn of_status(response: &CallResponse) -> Self {
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

impl From<DocumentError> for Trouble {
    fn from(error: DocumentError) -> Self {
        Self::refused(match error {
            DocumentError::Invalid(_) | DocumentError::Missing(_) => "document_malformed",
            DocumentError::Json(_) => "document_not_json",
            DocumentError::TooLarge => "document_too_large",
            DocumentError::TooManyRecords => "document_too_many_records",
            DocumentError::UnknownMember => "document_member_unknown",
            DocumentError::Version => "document_version",
        })
    }
}

impl From<BlockError> for Trouble {
    fn from(error: BlockError) -> Self {
        Self::refused(match error {
            BlockError::Malformed => "document_malformed",
            BlockError::TooLarge => "document_too_large",
        })
    }
}

impl From<SetError> for Trouble {
    fn from(error: SetError) -> Self {
        Self::refused(match error {
            SetError::Misplaced => "document_malformed",
            SetError::TooManyRecords => "document_too_many_records",
        })
    }
}

/// The store gives what it gave before some change.
pub(super) const ROLLED_BACK: Trouble = Trouble::refused("serial_went_back");

/// The document is older than the index that names it.
pub(super) const OUTDATED: Trouble = Trouble::refused("document_outdated");
