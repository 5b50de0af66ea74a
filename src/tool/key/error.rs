//! Why a key file is not changed, or not read.

use std::{fmt, io};

use crate::application_key::{DocumentError, PepperError, RecordError};
use crate::config::DurationError;
use crate::json::JsonError;

/// Why a change of keys, or a question about them, comes to nothing. Nothing was written.
#[derive(Debug)]
pub enum KeyError {
    /// Somebody else held the lock for as long as is waited.
    Busy,
    /// The file is none that a filter would take.
    Document(DocumentError),
    /// A text is no duration.
    Duration(DurationError),
    /// The secret has ended already.
    Ended,
    /// The new end would not be later than that which the secret has.
    EndNotLater,
    /// The end lies in the past, or the beginning behind it.
    EndPassed,
    /// Another key has this name.
    Exists,
    /// An address, a header or a table that cannot be read.
    Input(&'static str),
    /// The file is JSON that is not edited: a member stands twice, or it is too deep.
    Json(JsonError),
    /// The end lies further away than the longest lifetime.
    LifetimeTooLong,
    /// The file, its lock or its folder.
    Io(&'static str, io::Error),
    /// It cannot be the name of a key.
    Name,
    /// What is read from the input or a file is no key: 1 to 256 visible ASCII characters without `,` in one line.
    NoKey,
    /// The key has no current secret.
    NoSecret,
    /// A pepper that cannot be used.
    Pepper(PepperError),
    /// An older secret of the key is still good.
    Retiring,
    /// The record would let nobody in.
    Record(RecordError),
    /// A route is none of `[METHOD,…] [HOST][/path/*]`.
    Route,
    /// The serial cannot rise any more.
    SerialExhausted,
    /// A warning of the highest severity, where those are refused.
    Strict,
    /// A text is no time of RFC 3339.
    Time,
    /// The file is larger than [`super::SIZE_LIMIT`].
    TooLarge,
    /// No key has this name.
    Unknown,
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Busy => "another change of the file does not end",
            Self::Document(error) => return write!(formatter, "no file of keys: {error}"),
            Self::Duration(error) => return write!(formatter, "{error}, with days as `90d`"),
            Self::Ended => "it has ended; `--revive` makes it good again, a new secret is better",
            Self::EndNotLater => "its end is not earlier than that already",
            Self::EndPassed => "the end lies in the past or before the beginning",
            Self::Exists => "a key of this name is there already",
            Self::Input(what) => return write!(formatter, "cannot read {what}"),
            Self::Json(error) => return write!(formatter, "the file cannot be edited: {error}"),
            Self::LifetimeTooLong => "the end lies further away than `--max-lifetime`",
            Self::Io(what, error) => return write!(formatter, "cannot {what}: {error}"),
            Self::Name => "no name: 1 to 128 letters, digits, `.`, `_` and `-`",
            Self::NoKey => "no key: 1 to 256 visible ASCII characters without `,` in one line",
            Self::NoSecret => "it has no current secret; `rotate` makes one",
            Self::Pepper(error) => return error.fmt(formatter),
            Self::Retiring => {
                "an older secret is still good; `--force` ends it, `--now` ends all older ones"
            }
            Self::Record(error) => return write!(formatter, "its record lets nobody in: {error}"),
            Self::Route => "no route; write it like `GET,PUT /things/*` or `api.acme.example/`",
            Self::SerialExhausted => "its serial cannot rise any more",
            Self::Strict => "refused, for a warning is of high severity",
            Self::Time => "no time like `2026-06-15T00:00:00Z`",
            Self::TooLarge => "the file is too large",
            Self::Unknown => "no key of this name is there",
        })
    }
}

impl std::error::Error for KeyError {}
