//! Keys of a set that are not used, and why.

use std::fmt;

use crate::crypto::KeyError;

/// A key that is not used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SkippedKey {
    /// Its place in the set, from zero.
    pub position: usize,
    /// Its `kid`, if it has an acceptable one. It is no secret.
    pub id: Option<Box<str>>,
    /// Why.
    pub reason: Unusable,
}

/// Keys that are not used, for people: how many, and the first 16 with their reasons.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SkippedKeys(Box<[SkippedKey]>);

/// Why a key of a set is not used. The others are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unusable {
    /// `alg` names an algorithm that is unknown here, or one for another type of key.
    Algorithm,
    /// Its PEM in `value` is another key than its numbers.
    Contradiction,
    /// `crv` is not a known curve.
    Curve,
    /// A member that it needs is absent, has a wrong type, or is not canonical base64url.
    Malformed,
    /// Its numbers are unsound.
    Key(KeyError),
    /// `kid` is not a text of at most [`KEY_ID_LIMIT`](crate::jwt::KEY_ID_LIMIT) bytes.
    KeyId,
    /// Another key for the same algorithms has the same `kid`, so neither is used.
    KeyIdRepeated,
    /// `kty` is a type of key that is not used here.
    KeyType,
    /// It has private or secret parts, so whoever reads the set can sign.
    Private,
    /// `use` or `key_ops` say that it is not for verifying signatures.
    Purpose,
}

impl SkippedKey {
    /// Whether it is this one in another edition of the set: without a `kid` its place names it.
    pub fn is_same(&self, other: &Self) -> bool {
        let is_named = self.id.is_some() || self.position == other.position;
        is_named && self.id == other.id && self.reason == other.reason
    }
}

impl From<&[SkippedKey]> for SkippedKeys {
    fn from(keys: &[SkippedKey]) -> Self {
        Self(keys.into())
    }
}

/// The `kid` is the issuer's, so whatever is no visible ASCII is escaped, backticks too, and it is
/// shortened.
impl fmt::Display for SkippedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, id, reason } = self;
        let Some(id) = id else { return write!(formatter, "`keys[{position}]` ({reason})") };
        formatter.write_str("`")?;
        for character in id.chars().take(ID_SHOWN) {
            match character {
                '`' => write!(formatter, "{}", character.escape_unicode())?,
                ' '..='~' => write!(formatter, "{character}")?,
                _ => write!(formatter, "{}", character.escape_default())?,
            }
        }
        let more = if id.chars().nth(ID_SHOWN).is_some() { "…" } else { "" };
        write!(formatter, "{more}` ({reason})")
    }
}

impl fmt::Display for SkippedKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(formatter, "keys that cannot be used are left out ({count}): ")?;
        for (index, key) in self.0.iter().take(SHOWN).enumerate() {
            let before = if index == 0 { "" } else { ", " };
            write!(formatter, "{before}{key}")?;
        }
        match count.saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(formatter, " … and {more} more"),
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Algorithm => "its `alg` is unknown or for another type of key",
            Self::Contradiction => "its `value` is another key than its `n` and `e`",
            Self::Curve => "its `crv` is not supported",
            Self::Key(error) => return write!(formatter, "{error}"),
            Self::KeyId => "its `kid` is not a text of acceptable length",
            Self::KeyIdRepeated => "another key has the same `kid`",
            Self::KeyType => "its `kty` is not supported",
            Self::Malformed => "a member is absent or malformed",
            Self::Private => "it has private parts",
            Self::Purpose => "it is not for verifying signatures",
        })
    }
}

/// How many keys [`SkippedKeys`] names.
const SHOWN: usize = 16;

/// How many characters of a `kid` it shows.
const ID_SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str) -> SkippedKey {
        SkippedKey { position: 3, id: Some(id.into()), reason: Unusable::KeyType }
    }

    #[test]
    fn a_kid_can_neither_break_out_nor_fill_the_log() {
        let shown = |id: &str| named(id).to_string();
        assert_eq!(shown("k-1"), "`k-1` (its `kty` is not supported)");
        assert_eq!(
            shown("a`\nä\u{202e}"),
            "`a\\u{60}\\n\\u{e4}\\u{202e}` (its `kty` is not supported)"
        );
        assert_eq!(shown(&"k".repeat(64)).len(), shown("").len() + 64);
        assert_eq!(
            shown(&"k".repeat(256)),
            shown(&("k".repeat(64) + "…")).replace("\\u{2026}", "…")
        );
        let nameless = SkippedKey { id: None, ..named("") };
        assert_eq!(nameless.to_string(), "`keys[3]` (its `kty` is not supported)");
    }

    #[test]
    fn many_keys_are_counted_in_the_end() {
        let shown = |count: usize| SkippedKeys(vec![named("k"); count].into()).to_string();
        assert!(!shown(16).contains("more"), "{}", shown(16));
        assert!(shown(17).starts_with("keys that cannot be used are left out (17): `k` ("));
        assert!(shown(17).ends_with("), `k` (its `kty` is not supported) … and 1 more"));
    }
}
