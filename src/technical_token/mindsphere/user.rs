//! `mindsphere_user`: a user's token from the environment, for a program behind its own proxy.
//!
//! The vendor's SDK takes a user's token that its program hands it before any credentials. It is not
//! fetched, so it is judged like a token that a caller presents: by all rules of its issuer, its
//! signature included. When it has expired there is no other.

use crate::crypto::Digest;
use crate::message::HttpCall;
use crate::secret::Secret;
use crate::shared::RecordKind;
use crate::technical_token::{CallError, Kind, Moment, Reading, TokenRejected, Validity};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// A configured `mindsphere_user` credential.
#[derive(Clone, Debug)]
pub struct MindsphereUser {
    token: Secret<Vec<u8>>,
}

impl MindsphereUser {
    /// The credential that is this token.
    pub const fn new(token: Secret<Vec<u8>>) -> Self {
        Self { token }
    }
}

impl Kind for MindsphereUser {
    fn record_kind(&self) -> RecordKind {
        RecordKind::Jwt
    }

    fn meaning(&self, _: Option<&SubtenantId>) -> [u8; 32] {
        *Digest::of(&[b"mindsphere_user", self.token.expose()]).as_bytes()
    }

    fn call(
        &self,
        _: Option<&SubtenantId>,
        _: &[Reading],
        _: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        Err(CallError::NotFetched)
    }

    /// There is no record of it: it is not fetched, and not shared.
    fn check(
        &self,
        _: &[u8],
        _: Option<&SubtenantId>,
        _: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        Err(TokenRejected::RecordMismatch)
    }

    fn stated(&self) -> Option<&Secret<Vec<u8>>> {
        Some(&self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::technical_token::preparation::MOMENT;

    #[test]
    fn it_is_neither_fetched_nor_taken_from_others_nor_shown() {
        let user = MindsphereUser::new(Secret::new(b"hunter2".to_vec()));
        assert_eq!(user.call(None, &[], &MOMENT).err(), Some(CallError::NotFetched));
        let taken = user.check(b"hunter2", None, Timestamp::default());
        assert_eq!(taken, Err(TokenRejected::RecordMismatch));
        assert_eq!(user.stated().map(|token| &token.expose()[..]), Some(&b"hunter2"[..]));
        assert!(!format!("{user:?}").contains("hunter2"));
    }
}
