//! Peppers: secrets that stand apart from the store, without which nobody can test a guess at a key.

use std::fmt;
use std::sync::Arc;

use super::digest::KeyDigest;
use crate::crypto::SharedSecret;
use crate::secret::Secret;

/// The id of a pepper: 1 to 32 of `A` to `Z`, `a` to `z`, `0` to `9`, `_` and `-`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PepperId(Arc<str>);

/// A pepper: an HMAC key of at least [`Pepper::SHORTEST`] bytes. Losing it makes its keys unusable.
#[derive(Clone, Debug)]
pub struct Pepper {
    id: PepperId,
    secret: SharedSecret,
}

/// The active peppers: at most [`Peppers::LIMIT`], under different ids.
#[derive(Clone, Debug, Default)]
pub struct Peppers(Vec<Pepper>);

/// What cannot be a pepper, or not one more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PepperError {
    /// The id has another form.
    Id,
    /// Two peppers have the same id.
    IdRepeated,
    /// More than [`Peppers::LIMIT`]: each costs one hash for each presented key.
    TooMany,
    /// Fewer than [`Pepper::SHORTEST`] bytes.
    TooShort,
}

/// Whether keys that are GUIDs are compared without regard to the case of their digits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum GuidCase {
    /// They are: what has the form 8-4-4-4-12 is digested in lower case. Only for imported keys of a platform
    /// that takes both.
    Folded,
    /// They are compared as they were issued.
    #[default]
    Kept,
}

/// The digests under which a presented key may be held: the plain one, then one for each pepper.
#[derive(Clone, Debug)]
pub struct Candidates(Vec<KeyDigest>);

impl PepperId {
    /// An id.
    ///
    /// # Errors
    /// [`PepperError::Id`] for a text of another form.
    pub fn parse(text: &str) -> Result<Self, PepperError> {
        is_id(text).then(|| Self(Arc::from(text))).ok_or(PepperError::Id)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The form of the ids of peppers and session keys.
pub(super) fn is_id(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    (1..=32).contains(&text.len()) && text.bytes().all(is_allowed)
}

impl Pepper {
    /// The fewest bytes.
    pub const SHORTEST: usize = 32;

    /// A pepper. The caller gives up its own copy of the secret.
    ///
    /// # Errors
    /// [`PepperError::Id`] and [`PepperError::TooShort`].
    pub fn new(id: &str, secret: Vec<u8>) -> Result<Self, PepperError> {
        let (length, secret) = (secret.len(), SharedSecret::new(secret));
        let id = PepperId::parse(id)?;
        if length < Self::SHORTEST {
            return Err(PepperError::TooShort);
        }
        Ok(Self { id, secret })
    }

    /// Its id.
    pub const fn id(&self) -> &PepperId {
        &self.id
    }

    pub(super) fn hmac_sha256(&self, key: &[u8]) -> [u8; KeyDigest::LENGTH] {
        self.secret.hmac_sha256(key)
    }
}

impl Peppers {
    /// The most that may be active at once.
    pub const LIMIT: usize = 3;

    /// The active peppers.
    ///
    /// # Errors
    /// [`PepperError::TooMany`] and [`PepperError::IdRepeated`].
    pub fn new(peppers: Vec<Pepper>) -> Result<Self, PepperError> {
        if peppers.len() > Self::LIMIT {
            return Err(PepperError::TooMany);
        }
        let is_repeated = |(at, one): (usize, &Pepper)| {
            peppers.iter().skip(at + 1).any(|other| other.id == one.id)
        };
        if peppers.iter().enumerate().any(is_repeated) {
            return Err(PepperError::IdRepeated);
        }
        Ok(Self(peppers))
    }

    /// The pepper of this id.
    pub fn get(&self, id: &PepperId) -> Option<&Pepper> {
        self.0.iter().find(|pepper| pepper.id == *id)
    }
}

impl Candidates {
    /// The digests of a presented key: one hash, and one more for each pepper, whether or not it is known.
    pub fn of(key: &[u8], peppers: &Peppers, guids: GuidCase) -> Self {
        let folded = match guids {
            GuidCase::Folded if is_guid(key) => Some(Secret::new(key.to_ascii_lowercase())),
            GuidCase::Folded | GuidCase::Kept => None,
        };
        let key = folded.as_ref().map_or(key, |folded| folded.expose());
        let peppered = peppers.0.iter().map(|pepper| KeyDigest::with_pepper(key, pepper));
        Self([KeyDigest::of(key)].into_iter().chain(peppered).collect())
    }

    /// The digests.
    pub fn iter(&self) -> impl Iterator<Item = &KeyDigest> {
        self.0.iter()
    }

    /// The plain digest, by which logs name an unknown key.
    pub fn plain(&self) -> Option<&KeyDigest> {
        self.0.first()
    }
}

/// Whether a key has the form 8-4-4-4-12 of hexadecimal digits (RFC 9562 §4).
pub fn is_guid(key: &[u8]) -> bool {
    key.len() == 36
        && key.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

impl fmt::Display for PepperError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Id => "the id of a pepper has 1 to 32 letters, digits, `_` and `-`",
            Self::IdRepeated => "two peppers have the same id",
            Self::TooMany => "at most 3 peppers can be active",
            Self::TooShort => "a pepper has at least 32 bytes",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(id: &str) -> Pepper {
        Pepper::new(id, vec![7; Pepper::SHORTEST]).unwrap()
    }

    #[test]
    fn peppers_are_long_and_few_and_of_different_ids() {
        assert_eq!(Pepper::new("p", vec![7; 31]).err(), Some(PepperError::TooShort));
        let longest = "x".repeat(32);
        assert_eq!(pepper(&longest).id().as_str(), longest);
        for id in ["", "p:1", "p.1", "é", &"x".repeat(33)] {
            assert_eq!(Pepper::new(id, vec![7; 32]).err(), Some(PepperError::Id), "{id}");
        }
        let of = |ids: &[&str]| Peppers::new(ids.iter().map(|id| pepper(id)).collect()).err();
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["a", "b", "c"]), None);
        assert_eq!(of(&["a", "b", "c", "d"]), Some(PepperError::TooMany));
        assert_eq!(of(&["a", "b", "a"]), Some(PepperError::IdRepeated));
    }

    #[test]
    fn a_key_has_one_digest_and_one_more_for_each_pepper() {
        let peppers = Peppers::new(vec![pepper("a"), pepper("b")]).unwrap();
        let of = |key: &[u8]| Candidates::of(key, &peppers, GuidCase::Kept);
        assert_eq!(of(b"k").iter().count(), 3);
        assert_eq!(of(b"k").plain(), Some(&KeyDigest::of(b"k")));
        let id = PepperId::parse("a").unwrap();
        let peppered = KeyDigest::with_pepper(b"k", peppers.get(&id).unwrap());
        assert_eq!(of(b"k").iter().nth(1), Some(&peppered));
    }

    #[test]
    fn only_guids_are_folded_and_only_where_that_is_chosen() {
        let upper = b"ABCDEF00-1111-4222-8333-444455556666";
        let lower = upper.to_ascii_lowercase();
        let plain =
            |key: &[u8], guids| *Candidates::of(key, &Peppers::default(), guids).plain().unwrap();
        assert_eq!(plain(upper, GuidCase::Folded), KeyDigest::of(&lower));
        assert_eq!(plain(upper, GuidCase::Kept), KeyDigest::of(upper));
        for other in
            [&b"ABCDEF00-1111-4222-8333-44445555666"[..], b"ABCDEF0011114222833344445555666600AB"]
        {
            assert_eq!(plain(other, GuidCase::Folded), KeyDigest::of(other));
        }
    }
}
