//! The keys that sign sessions.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::pepper::is_id;
use super::{Session, SessionRefused};
use crate::crypto::{Algorithm, SharedSecret, Verdict};
use crate::time::Timestamp;

/// A key that signs sessions: at least [`SessionKey::SHORTEST`] random bytes.
#[derive(Clone, Debug)]
pub struct SessionKey {
    id: Arc<str>,
    secret: SharedSecret,
}

/// The keys of sessions: the first one signs, all verify.
#[derive(Clone, Debug)]
pub struct SessionKeys(Vec<SessionKey>);

/// What cannot be the keys of sessions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionKeyError {
    /// There are none.
    Empty,
    /// An id is not 1 to 32 letters, digits, `_` and `-`.
    Id,
    /// Two keys have the same id.
    IdRepeated,
    /// More than [`SessionKeys::LIMIT`].
    TooMany,
    /// Fewer than [`SessionKey::SHORTEST`] bytes.
    TooShort,
}

impl SessionKey {
    /// The fewest bytes.
    pub const SHORTEST: usize = 32;

    /// A key. The caller gives up its own copy of the secret.
    ///
    /// # Errors
    /// [`SessionKeyError::Id`] and [`SessionKeyError::TooShort`].
    pub fn new(id: &str, secret: Vec<u8>) -> Result<Self, SessionKeyError> {
        let (length, secret) = (secret.len(), SharedSecret::new(secret));
        if !is_id(id) {
            return Err(SessionKeyError::Id);
        }
        if length < Self::SHORTEST {
            return Err(SessionKeyError::TooShort);
        }
        Ok(Self { id: Arc::from(id), secret })
    }

    /// What is signed: the kind of thing, the key's id, and the payload.
    fn message(&self, payload: &str) -> String {
        ["appkey-session.v1.", &self.id, ".", payload].concat()
    }
}

impl SessionKeys {
    /// The most keys.
    pub const LIMIT: usize = 4;

    /// The keys of sessions, the one that signs first.
    ///
    /// # Errors
    /// [`SessionKeyError`].
    pub fn new(keys: Vec<SessionKey>) -> Result<Self, SessionKeyError> {
        if keys.is_empty() {
            return Err(SessionKeyError::Empty);
        }
        if keys.len() > Self::LIMIT {
            return Err(SessionKeyError::TooMany);
        }
        let is_repeated = |(at, one): (usize, &SessionKey)| {
            keys.iter().skip(at + 1).any(|other| other.id == one.id)
        };
        if keys.iter().enumerate().any(is_repeated) {
            return Err(SessionKeyError::IdRepeated);
        }
        Ok(Self(keys))
    }

    /// The cookie of a session: `v1.<key>.<payload>.<mac>`. `None` only if there is no key.
    pub fn sign(&self, session: &Session) -> Option<String> {
        let key = self.0.first()?;
        let payload = URL_SAFE_NO_PAD.encode(session.payload());
        let mac = URL_SAFE_NO_PAD.encode(key.secret.hmac_sha256(key.message(&payload).as_bytes()));
        Some(["v1.", &key.id, ".", &payload, ".", &mac].concat())
    }

    /// The session of a cookie. In this order: form, signing key, signature, idle limit, absolute limit. Then it is to be
    /// [checked](Session::check).
    ///
    /// # Errors
    /// [`SessionRefused`] for the first thing wrong.
    pub fn verify(&self, cookie: &[u8], now: Timestamp) -> Result<Session, SessionRefused> {
        let (id, payload, mac) = parts(cookie).ok_or(SessionRefused::Shape)?;
        let key = self.0.iter().find(|key| *key.id == *id).ok_or(SessionRefused::SigningKey)?;
        let message = key.message(payload);
        match key.secret.verify(Algorithm::Hs256, message.as_bytes(), &mac) {
            Verdict::Valid => {}
            Verdict::Invalid | Verdict::Unsupported => return Err(SessionRefused::Mac),
        }
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| SessionRefused::Shape)?;
        let session = Session::of_payload(&payload).ok_or(SessionRefused::Shape)?;
        if now >= session.idle_end {
            return Err(SessionRefused::IdleEnd);
        }
        if now >= session.absolute_end {
            return Err(SessionRefused::AbsoluteEnd);
        }
        Ok(session)
    }
}

/// The id of the signing key, the payload as it is signed, and the signature.
fn parts(cookie: &[u8]) -> Option<(&str, &str, Vec<u8>)> {
    if cookie.len() > Session::LIMIT {
        return None;
    }
    let mut parts = std::str::from_utf8(cookie).ok()?.strip_prefix("v1.")?.split('.');
    let (id, payload, mac) = (parts.next()?, parts.next()?, parts.next()?);
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    parts.next().is_none().then_some((id, payload, mac))
}

impl fmt::Display for SessionKeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "sessions need a key that signs them",
            Self::Id => "the id of a session key has 1 to 32 letters, digits, `_` and `-`",
            Self::IdRepeated => "two session keys have the same id",
            Self::TooMany => "at most 4 session keys can be active",
            Self::TooShort => "a session key has at least 32 bytes",
        })
    }
}
