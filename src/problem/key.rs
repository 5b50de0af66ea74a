//! What is wrong with an application key, with a session of one, or with what stands beside it.

use super::row::{self, Row};
use crate::application_key::{KeyCode, KeyRefused};
use crate::credential::KeyError;

/// Why an application key, or a session of one, lets nobody in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyProblem {
    /// It stands beside a user and a password, which is not configured.
    BesideBasic,
    /// It stands beside a bearer token, which is not configured.
    BesideToken,
    /// What is presented is no one key, or no one session.
    Malformed(KeyError),
    /// It belongs to another user, tenant or subtenant than the token beside it.
    Mismatch,
    /// A credential is required, and none is presented.
    Missing,
    /// It grants nothing.
    Refused {
        /// Why.
        refused: KeyRefused,
        /// What the caller is told of it.
        code: KeyCode,
    },
    /// It was to open a session for the client's address, which cannot be read.
    SessionAddress,
    /// It was to open a session, and may open none.
    SessionNotAllowed,
    /// It was to open a session where one of another user is open.
    SessionOfAnother,
    /// It was to open a session, and did not come by HTTPS.
    SessionPlain,
}

impl KeyProblem {
    /// The exact reason, stable, for logs and filter state.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::BesideBasic | Self::BesideToken => "multi_credentials",
            Self::Malformed(error) => error.reason(),
            Self::Mismatch => "identity_mismatch",
            Self::Missing => "appkey_missing",
            Self::Refused { refused, .. } => refused.reason(),
            Self::SessionAddress => "session_address_unknown",
            Self::SessionNotAllowed => "appkey_session",
            Self::SessionOfAnother => "session_of_another_user",
            Self::SessionPlain => "session_plain_http",
        }
    }

    pub(super) const fn row(self) -> Row {
        match self {
            Self::BesideBasic | Self::BesideToken => row::MULTIPLE_CREDENTIALS,
            Self::Malformed(KeyError::Format) => row::APP_KEY_INVALID,
            Self::Malformed(KeyError::InUrl) => row::APP_KEY_IN_URL,
            Self::Malformed(KeyError::KeysDiffer | KeyError::SessionsDiffer) => {
                row::AMBIGUOUS_CREDENTIALS
            }
            Self::Mismatch => row::IDENTITY_MISMATCH,
            Self::Missing => row::APP_KEY_MISSING,
            Self::Refused { code, .. } => match code {
                KeyCode::Expired => row::APP_KEY_EXPIRED,
                KeyCode::InUrl => row::APP_KEY_IN_URL,
                KeyCode::Invalid => row::APP_KEY_INVALID,
                KeyCode::NotAllowed => row::APP_KEY_NOT_ALLOWED,
            },
            Self::SessionAddress | Self::SessionNotAllowed => row::SESSION_NOT_ALLOWED,
            Self::SessionOfAnother => row::SESSION_OF_ANOTHER_USER,
            Self::SessionPlain => row::SESSION_NEEDS_HTTPS,
        }
    }
}
