//! New keys, and the digests of keys.

use std::borrow::Cow;

use super::error::KeyError;
use super::store::{Members, text, time};
use crate::application_key::{Form, KeyDigest, KeyPrefix, Pepper, StatedDigest};
use crate::json::Value;
use crate::secret::Secret;
use crate::time::{Timestamp, utc};

/// How new keys are made and digested.
#[derive(Default)]
pub struct Mint {
    /// What they begin with.
    pub prefix: KeyPrefix,
    /// By what they are digested, if not by SHA-256 alone.
    pub pepper: Option<Pepper>,
}

/// A key and the end of it. Whoever gets it shows it once.
pub struct NewSecret {
    /// The key itself.
    pub key: Secret<String>,
    /// From then on it is not good.
    pub expires_at: Timestamp,
}

impl NewSecret {
    /// Its end as a text of RFC 3339.
    pub fn ends(&self) -> String {
        utc::written(self.expires_at)
    }
}

impl Mint {
    /// A pepper that stands in a file of its own; a line break at the end is none of it.
    ///
    /// # Errors
    /// [`KeyError::Pepper`].
    pub fn pepper(id: &str, content: &[u8]) -> Result<Pepper, KeyError> {
        Pepper::new(id, without_line_break(content).to_vec()).map_err(KeyError::Pepper)
    }

    /// The digest of a key as a record states it.
    pub fn digest(&self, key: &Secret<Vec<u8>>) -> StatedDigest {
        match &self.pepper {
            None => StatedDigest::Sha256(KeyDigest::of(key.expose())),
            Some(pepper) => StatedDigest::HmacSha256(
                pepper.id().clone(),
                KeyDigest::with_pepper(key.expose(), pepper),
            ),
        }
    }

    /// A key of 32 bytes from the operating system's generator, and its secret for a record.
    pub(super) fn make<'t>(
        &self,
        random: &[u8; 32],
        not_before: Option<Timestamp>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> (NewSecret, Value<'t>) {
        let key = self.prefix.generate(random);
        let digest = self.digest(&Secret::new(key.expose().clone().into_bytes()));
        let hint = key.expose().get(key.expose().len().saturating_sub(HINT)..).unwrap_or_default();
        let mut members: Members<'t> = vec![
            (Cow::Borrowed("digest"), text(digest.text())),
            (Cow::Borrowed("hint"), text(hint)),
            (Cow::Borrowed("state"), text("current")),
            (Cow::Borrowed("created_at"), time(now)),
        ];
        members.extend(not_before.map(|start| (Cow::Borrowed("not_before"), time(start))));
        members.push((Cow::Borrowed("expires_at"), time(expires_at)));
        (NewSecret { key, expires_at }, Value::Object(members))
    }
}

/// The key that an input or a file holds in its one line.
///
/// # Errors
/// [`KeyError::NoKey`].
pub fn key_of(content: Vec<u8>) -> Result<Secret<Vec<u8>>, KeyError> {
    let content = Secret::new(content);
    let key = Secret::new(without_line_break(content.expose()).to_vec());
    match KeyPrefix::default().check_form(key.expose()) {
        Form::Malformed => Err(KeyError::NoKey),
        Form::BadChecksum | Form::Foreign | Form::Ours => Ok(key),
    }
}

fn without_line_break(content: &[u8]) -> &[u8] {
    let line = content.strip_suffix(b"\n").unwrap_or(content);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// How many of the last characters a record keeps for people.
const HINT: usize = 4;
