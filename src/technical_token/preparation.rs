//! What a fetch reads before it can ask for a token.

use std::fmt;

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

/// What a fetch is made with: handed in.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// From the host's generator, new for every call.
    pub random: [u8; 16],
}

/// The calls of a fetch before the one that asks for a token.
pub trait Preparation: fmt::Debug + Send + Sync {
    /// The call that reads what comes next, after `read`; `None` when all is there.
    fn next(&self, read: &[Reading], moment: &Moment) -> Option<HttpCall>;

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

/// Why a fetch ends before a token is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PreparationError {
    /// What was to be read, as a word for logs.
    pub what: &'static str,
    /// What is wrong with it.
    pub fault: ReadingFault,
}

/// What is wrong with an answer that was to be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadingFault {
    /// Its status is not 200; with the error code, if it is a known one.
    Status {
        /// The HTTP status; 503 and 504 may be the proxy's own.
        status: u16,
        /// See [`super::AnswerError::Status`].
        error: Option<&'static str>,
    },
    /// There is none.
    Unanswered(CallFailure),
    /// It is not of the form that it must have.
    Unusable,
}
