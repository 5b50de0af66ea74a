//! Keys of a set that are not used, and why.

use std::fmt;

use crate::crypto::KeyError;

/// A key that is not used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SkippedKey {
    /// Its place in the set, from zero.
    pub position: usize,
    /// Why.
    pub reason: Unusable,
}

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
