//! What a configuration says about the paths of its upstreams.

use super::PathError;

/// How paths are made canonical. The default is the strictest reading, without any folding.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PathRules {
    /// Which paths are one path, besides those that are percent-encoded differently.
    pub spelling: PathSpelling,
    /// What may stand in the tail of some route; the route itself must allow it too.
    pub opaque: Opaque,
}

/// Which paths are one path for all upstreams behind a configuration.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PathSpelling {
    /// Whether `/A` is `/a`.
    pub letter_case: LetterCase,
    /// Whether `/a/` is `/a`.
    pub trailing_slash: TrailingSlash,
}

/// Whether `/A` is `/a`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LetterCase {
    /// It is. ASCII letters are held in lower case; letters beyond ASCII that have a case are
    /// refused, for servers fold them in different ways. So are `~` and a digit: this is what servers
    /// on Windows do with letters, and they know a file by a short name as well.
    Folded,
    /// It is another path.
    #[default]
    Kept,
}

/// Whether `/a/` is `/a`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TrailingSlash {
    /// It is another path.
    #[default]
    Kept,
    /// It is: the slash is dropped, but for that of `/`.
    Dropped,
}

/// What servers read in different ways, and a tail may hold nevertheless.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Opaque {
    /// `%2F`, which is no slash there.
    pub encoded_slash: bool,
    /// Path parameters (`;v=1`), which are part of their segment there.
    pub path_parameters: bool,
}

impl LetterCase {
    /// `text` as it is compared; `None` when that is as it stands.
    ///
    /// # Errors
    /// [`PathError::LetterCase`] for a letter beyond ASCII that has a case, where case is ignored:
    /// servers differ about `ß`, `ı` and the Kelvin sign. [`PathError::ShortName`] for a `~` and a digit
    /// there.
    pub(crate) fn folded(self, text: &str) -> Result<Option<String>, PathError> {
        let has_case = |c: char| {
            !(c.is_ascii() || is_same(c, c.to_lowercase()) && is_same(c, c.to_uppercase()))
        };
        match self {
            Self::Kept => Ok(None),
            Self::Folded if text.chars().any(has_case) => Err(PathError::LetterCase),
            Self::Folded if has_short_name(text) => Err(PathError::ShortName),
            Self::Folded if text.bytes().any(|b| b.is_ascii_uppercase()) => {
                Ok(Some(text.to_ascii_lowercase()))
            }
            Self::Folded => Ok(None),
        }
    }
}

/// Whether `~`, or what a code page or NFKC makes one, stands before a digit.
fn has_short_name(text: &str) -> bool {
    let tildes = ['~', '\u{2DC}', '\u{303}', '\u{223C}', '\u{FF5E}'];
    text.split(tildes).skip(1).any(|after| after.starts_with(char::is_numeric))
}

fn is_same(letter: char, mut mapped: impl Iterator<Item = char>) -> bool {
    mapped.next() == Some(letter) && mapped.next().is_none()
}

impl Opaque {
    /// Whether there is nothing of the kind.
    pub const fn is_nothing(self) -> bool {
        !self.encoded_slash && !self.path_parameters
    }

    /// Whether all of `other` is in `self`.
    pub const fn covers(self, other: Self) -> bool {
        (self.encoded_slash || !other.encoded_slash)
            && (self.path_parameters || !other.path_parameters)
    }

    /// What is in one of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self {
            encoded_slash: self.encoded_slash || other.encoded_slash,
            path_parameters: self.path_parameters || other.path_parameters,
        }
    }
}
