//! Why a run could not be finished.

use std::{fmt, io};

/// Why a run could not be finished.
pub enum Failure {
    /// An argument, or what it names, cannot be used; in words that show no secret.
    Argument(String),
    /// A file cannot be read.
    Read {
        /// Its name.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// The output cannot be written.
    Write(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(words) => formatter.write_str(words),
            Self::Read { file, error } => write!(formatter, "cannot read `{file}`: {error}"),
            Self::Write(error) => write!(formatter, "cannot write: {error}"),
        }
    }
}
