//! What a fetch reads before it can ask for a token.

use std::fmt;

use super::response::AnswerError;
use crate::crypto::Signer;
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::secret::Secret;
use crate::time::Timestamp;

/// Something that a fetch reads before it can ask for a token: a secret from a file, a document of a
/// metadata service.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What was read, in the form that the preparation gave it.
    pub value: Secret<Vec<u8>>,
    /// Until when it is believed; [`Timestamp::default`]: for this fetch alone.
    pub until: Timestamp,
}

/// What a call is made with: handed in.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The time.
    pub now: Timestamp,
    /// From the host's generator, new for every call; `None` while it gives none. What must not be guessed
    /// is then not made.
    pub random: Option<[u8; 16]>,
    /// Signs what the client proves itself by. It may take its time, so no request waits in its own callback.
    pub signer: &'a dyn Signer,
}

/// The calls of a fetch before the one that asks for a token.
///
/// Each reading is kept by the worker until its own time and handed in again at the next fetch. So any of
/// them may be gone while later ones are still there; a preparation tells them apart by itself.
pub trait Preparation: Send + Sync {
    /// The call that reads what comes next, after `read`; `None` when all is there.
    fn next(&self, read: &[Reading], moment: &Moment<'_>) -> Option<HttpCall>;

    /// Reads the answer to it, or makes something of its failure (a fallback).
    ///
    /// # Errors
    /// [`PreparationError`]: there is no other way to go on.
    fn read(
        &self,
        read: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError>;
}

/// As with [`super::Kind`].
impl fmt::Debug for dyn Preparation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<preparation>")
    }
}

/// How many calls a fetch may take. The longest chain there is has eleven: two to the STS, six to a
/// metadata service that gives its role and not the key, one to a URI, one for the token of a client, and the one
/// for what IDaaS holds.
pub const MOST_CALLS: u8 = 12;

/// The name of a reading that is itself the token of a token endpoint.
pub const TOKEN_READING: &str = "idaas_token";

/// Why a fetch ends before a token is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PreparationError {
    /// What was to be read, as a word for logs.
    pub what: &'static str,
    /// What is wrong with it.
    pub fault: ReadingFault,
}

/// What is wrong with an answer that was to be read. It is never quoted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadingFault {
    /// It holds nothing.
    Empty,
    /// Its status is not 200; with the error code, if it is a known one.
    Status {
        /// The HTTP status; 503 and 504 may be the proxy's own.
        status: u16,
        /// See [`super::AnswerError::Status`].
        error: Option<&'static str>,
    },
    /// It is longer than it may be.
    TooLong,
    /// There is none.
    Unanswered(CallFailure),
    /// It is not of the form that it must have.
    Unusable,
}

impl ReadingFault {
    /// The exact reason as a word, stable, for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "reading_empty",
            Self::Status { status, error } => AnswerError::Status { status, error }.reason(),
            Self::TooLong => "reading_too_long",
            Self::Unanswered(failure) => failure.reason(),
            Self::Unusable => "reading_unusable",
        }
    }
}

/// For tests of what does not depend on it.
#[cfg(test)]
pub(super) const MOMENT: Moment<'_> = Moment {
    now: Timestamp::from_millis(0),
    random: Some([0; 16]),
    signer: &crate::crypto::SoftwareSigner,
};
