//! `api_key`: a key that an upstream knows its clients by, put into a header as it stands.
//!
//! Nobody grants it and nobody can open it. So it never serves a subtenant, and the configuration demands
//! that `callers` names the tenants it may serve. One that stands in the environment is there at once and
//! stays; one in a file is read, shared like a token, and read again before its time is over. It has no
//! issuer that could have taken it back for good: what is in the file counts, if it was there before.

use super::response::checked;
use super::secret_source::SecretSource;
use super::{AnswerError, CallError, Grant, Kind, Moment, Reading, TokenRejected, Validity};
use crate::crypto::Digest;
use crate::message::{CallResponse, HttpCall};
use crate::secret::Secret;
use crate::shared::RecordKind;
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// A configured `api_key` credential.
#[derive(Clone, Debug)]
pub struct ApiKey(Place);

/// Where the key is.
#[derive(Clone, Debug)]
enum Place {
    /// It was given with the configuration, and stays.
    Known(Secret<Vec<u8>>),
    /// It is read, because it changes.
    Read(SecretSource),
}

impl ApiKey {
    /// The credential that is this key.
    ///
    /// # Errors
    /// [`TokenRejected::Unsendable`] if no header can carry it.
    pub fn known(key: Secret<Vec<u8>>) -> Result<Self, TokenRejected> {
        checked(key).map(|key| Self(Place::Known(key)))
    }

    /// One whose key is read, and believed for the `refresh` of its source.
    pub const fn reading(source: SecretSource) -> Self {
        Self(Place::Read(source))
    }
}

impl Kind for ApiKey {
    fn record_kind(&self) -> RecordKind {
        RecordKind::Opaque
    }

    /// For a key that is read, with the time for which it is believed: others may not say for longer.
    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        let subtenant = subtenant.map_or("", |id| id.as_str()).as_bytes();
        let digest = match &self.0 {
            Place::Known(key) => Digest::of(&[b"api_key", key.expose(), subtenant]),
            Place::Read(SecretSource { endpoint, refresh, .. }) => Digest::of(&[
                b"api_key source",
                endpoint.cluster.as_bytes(),
                endpoint.scheme.as_bytes(),
                endpoint.authority.as_bytes(),
                endpoint.path.as_bytes(),
                &refresh.as_millis().to_le_bytes(),
                subtenant,
            ]),
        };
        *digest.as_bytes()
    }

    fn call(
        &self,
        subtenant: Option<&SubtenantId>,
        _: &[Reading],
        _: &Moment,
    ) -> Result<HttpCall, CallError> {
        match (&self.0, subtenant) {
            (_, Some(_)) => Err(CallError::SubtenantUnserved),
            (Place::Known(_), None) => Err(CallError::NotFetched),
            (Place::Read(source), None) => Ok(source.call()),
        }
    }

    fn grant(&self, response: &CallResponse) -> Result<Grant, AnswerError> {
        // A known key is not fetched, so nothing is granted.
        let Place::Read(source) = &self.0 else { return Err(AnswerError::NotAGrant) };
        let key = SecretSource::secret(response).map_err(AnswerError::Unread)?;
        Ok(Grant {
            token: checked(key).map_err(AnswerError::Rejected)?,
            expires_in: Some(source.refresh),
            expires_at: None,
        })
    }

    fn check(
        &self,
        _: &[u8],
        subtenant: Option<&SubtenantId>,
        _: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        if subtenant.is_some() { Err(TokenRejected::SubtenantMismatch) } else { Ok(None) }
    }

    fn stated(&self) -> Option<&Secret<Vec<u8>>> {
        match &self.0 {
            Place::Known(key) => Some(key),
            Place::Read(_) => None,
        }
    }

    fn is_key(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::message::Endpoint;
    use crate::technical_token::preparation::MOMENT;
    use crate::technical_token::{ReadingFault, SecretForm, Source};

    fn source() -> SecretSource {
        SecretSource {
            endpoint: Endpoint {
                cluster: Arc::from("files"),
                scheme: "http",
                authority: Arc::from("secrets"),
                path: Arc::from("/partner"),
            },
            timeout: Duration::from_secs(2),
            refresh: Duration::from_secs(60),
            form: SecretForm::Text,
        }
    }

    fn known(key: &[u8]) -> Result<ApiKey, TokenRejected> {
        ApiKey::known(Secret::new(key.to_vec()))
    }

    fn granted(status: u16, body: &[u8]) -> Result<Vec<u8>, AnswerError> {
        let response = CallResponse {
            status,
            content_type: None,
            retry_after: None,
            fresh_for: None,
            etag: None,
            body: Secret::new(body.to_vec()),
        };
        let now = Timestamp::from_seconds(1000);
        let source = Source::new("key", ApiKey::reading(source()));
        let token = source.accept(&response, None, now)?;
        assert_eq!(token.expires_at(), now + Duration::from_secs(60));
        Ok(token.value().expose().clone())
    }

    #[test]
    fn a_known_key_is_what_a_header_can_carry_and_is_neither_fetched_nor_shown() {
        let longest = vec![b'k'; 16 * 1024];
        for key in [&b"hunter2"[..], b"!~%,", &longest] {
            let key_alone = known(key).unwrap();
            assert_eq!(key_alone.stated().map(|key| &key.expose()[..]), Some(key));
            assert_eq!(key_alone.call(None, &[], &MOMENT).err(), Some(CallError::NotFetched));
        }
        for key in [&b""[..], b"two words", b"a\n", "\u{fc}".as_bytes(), &[b'k'; 16 * 1024 + 1]] {
            assert_eq!(known(key).err(), Some(TokenRejected::Unsendable));
        }
        assert!(!format!("{:?}", known(b"hunter2").unwrap()).contains("hunter2"));
    }

    #[test]
    fn what_a_file_holds_is_the_key_for_as_long_as_it_is_believed() {
        use AnswerError::{Rejected, Unread};
        assert_eq!(granted(200, b"k3y"), Ok(b"k3y".to_vec()));
        assert_eq!(granted(200, b"k3y\r\n"), Ok(b"k3y".to_vec()));
        let longest = [b'k'; 4096];
        assert_eq!(granted(200, &longest), Ok(longest.to_vec()));
        let rows = [
            (200, &b""[..], Unread(ReadingFault::Empty)),
            (200, b"a\nb", Unread(ReadingFault::Unusable)),
            (200, b"two words", Rejected(TokenRejected::Unsendable)),
            (200, &[b'k'; 4097], Unread(ReadingFault::TooLong)),
            (404, b"k3y", Unread(ReadingFault::Status { status: 404, error: None })),
        ];
        for (status, body, expected) in rows {
            assert_eq!(granted(status, body), Err(expected), "{status}");
        }
    }

    #[test]
    fn a_subtenant_is_never_served() {
        let cust = SubtenantId::parse("cust").unwrap();
        for key in [known(b"k3y").unwrap(), ApiKey::reading(source())] {
            let call = key.call(Some(&cust), &[], &MOMENT);
            assert_eq!(call.err(), Some(CallError::SubtenantUnserved));
            let taken = key.check(b"k3y", Some(&cust), Timestamp::default());
            assert_eq!(taken, Err(TokenRejected::SubtenantMismatch));
            assert_ne!(key.meaning(None), key.meaning(Some(&cust)));
        }
    }

    #[test]
    fn keys_of_other_places_and_other_times_are_not_shared() {
        let of = |change: &dyn Fn(&mut SecretSource)| {
            let mut source = source();
            change(&mut source);
            ApiKey::reading(source).meaning(None)
        };
        let own = of(&|_| {});
        assert_eq!(own, of(&|source| source.timeout = Duration::from_secs(9)));
        assert_ne!(own, of(&|source| source.refresh = Duration::from_secs(9)));
        assert_ne!(own, of(&|source| source.endpoint.path = Arc::from("/other")));
        assert_ne!(own, of(&|source| source.endpoint.cluster = Arc::from("other")));
        assert_ne!(known(b"a").unwrap().meaning(None), known(b"b").unwrap().meaning(None));
    }
}
