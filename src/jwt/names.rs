//! Which claim of an issuer's tokens means what.

use std::fmt;

use crate::json::{NotContainer, Value};

/// The name of a claim: a member of the claims object, or a JSON pointer (RFC 6901) into it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimName(Place);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Place {
    Member(Box<str>),
    Pointer(Box<[Box<str>]>),
}

/// A text that names no claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClaimNameError {
    /// It is empty.
    Empty,
    /// It starts with `/`, but has a `~` that is followed by neither `0` nor `1` (RFC 6901 §3).
    EscapeInvalid,
}

/// The names of the claims that an issuer's tokens carry. Names that RFC 7519 fixes (`iss`, `exp`,
/// `nbf`, `iat`, `aud`, `sub`) are not among them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimNames {
    /// The OAuth client, a text (RFC 9068: `client_id`).
    pub client: ClaimName,
    /// The scopes: an array of texts, or a text with spaces between.
    pub scopes: ClaimName,
    /// The subtenant, a text. `None`: tokens of this issuer act for no subtenant.
    pub subtenant: Option<ClaimName>,
    /// The tenant, a text. `None`: tokens of this issuer name no tenant.
    pub tenant: Option<ClaimName>,
    /// The user, a text that technical tokens lack. `None`: no token has a user.
    pub user: Option<ClaimName>,
}

impl ClaimName {
    /// A name as the configuration writes it: a pointer if it starts with `/`, else the literal key
    /// (which may hold dots).
    ///
    /// # Errors
    /// [`ClaimNameError`] for an empty name or a wrong escape.
    pub fn parse(text: &str) -> Result<Self, ClaimNameError> {
        let Some(pointer) = text.strip_prefix('/') else {
            return match text {
                "" => Err(ClaimNameError::Empty),
                _ => Ok(Self(Place::Member(text.into()))),
            };
        };
        let tokens: Option<Box<[_]>> = pointer.split('/').map(unescape).collect();
        let tokens = tokens.ok_or(ClaimNameError::EscapeInvalid)?;
        Ok(Self(Place::Pointer(tokens)))
    }

    /// The claim in these claims, if there is one.
    ///
    /// # Errors
    /// [`NotContainer`] if the way to it leads through something else than an object or array.
    pub(super) fn find<'c, 'a>(
        &self,
        claims: &'c Value<'a>,
    ) -> Result<Option<&'c Value<'a>>, NotContainer> {
        match &self.0 {
            Place::Member(name) => Ok(claims.get(name)),
            Place::Pointer(tokens) => claims.descend(tokens.iter().map(AsRef::as_ref)),
        }
    }
}

/// As the configuration writes it.
impl fmt::Display for ClaimName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Member(name) => formatter.write_str(name),
            Place::Pointer(tokens) => tokens.iter().try_for_each(|token| {
                write!(formatter, "/{}", token.replace('~', "~0").replace('/', "~1"))
            }),
        }
    }
}

impl fmt::Display for ClaimNameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "is empty",
            Self::EscapeInvalid => "has a `~` that is followed by neither `0` nor `1`",
        })
    }
}

impl std::error::Error for ClaimNameError {}

fn unescape(token: &str) -> Option<Box<str>> {
    let mut text = String::with_capacity(token.len());
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            plain => plain,
        });
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_name_is_a_literal_key_unless_it_starts_with_a_slash() {
        let claims = json::parse(br#"{"a.b":1,"a":{"b":2,"~/":[3]},"":4}"#).unwrap();
        let find = |name: &str| ClaimName::parse(name).unwrap().find(&claims);
        let rows = [("a.b", 1), ("/a/b", 2), ("/a/~0~1/0", 3), ("/", 4)];
        for (name, expected) in rows {
            let number = json::Number::Whole(expected);
            assert_eq!(find(name), Ok(Some(&Value::Number(number))), "{name}");
        }
        for absent in ["b", "/b", "a/b", "/x/c"] {
            assert_eq!(find(absent), Ok(None), "{absent}");
        }
        for odd in ["/a/b/c", "/a.b/c", "/a/~0~1/x"] {
            assert_eq!(find(odd), Err(NotContainer), "{odd}");
        }
    }

    #[test]
    fn a_name_that_names_nothing_is_refused() {
        let rows = [
            ("", ClaimNameError::Empty),
            ("/a~", ClaimNameError::EscapeInvalid),
            ("/a~2", ClaimNameError::EscapeInvalid),
        ];
        for (name, expected) in rows {
            assert_eq!(ClaimName::parse(name), Err(expected), "{name}");
        }
        assert!(ClaimName::parse("a~2").is_ok());
    }
}
