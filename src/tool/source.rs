//! A file that people write: YAML or JSON.

use std::fmt;

use super::tree::{Position, Tree};
use super::{json, yaml};
use crate::config::Quoted;

/// Why a file cannot be read, and where that shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceError {
    /// Where.
    pub at: Position,
    /// Why.
    pub problem: SourceProblem,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SourceProblem {
    /// An alias of an anchor that does not exist (yet).
    AliasUnknown,
    /// Aliases stand for more than 100,000 values.
    AliasesTooMany,
    /// A word that is a boolean for some readers of YAML and a text for others.
    Ambiguous(Quoted),
    /// Not UTF-8.
    Encoding,
    /// A key that is another one for some readers of YAML.
    KeyAmbiguous(Quoted),
    /// A key of an object that is a list or an object.
    KeyNotText,
    /// `<<`, which merges for some readers of YAML.
    Merge,
    /// A number that JSON cannot express.
    NotFinite,
    /// No document.
    Nothing,
    /// A number that has another value, or is a text, for some readers of YAML.
    NumberAmbiguous,
    /// A tag with no meaning here.
    Tag,
    /// A tag that makes a text of something for some readers of YAML only.
    TextTag,
    /// Nested more than 100 deep.
    TooDeep,
    /// More than 16 MiB.
    TooLarge,
    /// No JSON from here on.
    JsonSyntax,
    /// No YAML from here on, in the words of the parser, which show nothing of the file.
    YamlSyntax(String),
}

/// The longest file, in bytes.
pub const SIZE_LIMIT: u64 = 16 * 1024 * 1024;

/// The documents of a file, at least one. Only YAML can have several.
///
/// A file whose name ends in `.json` is JSON; any other is JSON if it can be, else YAML.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Vec<Tree>, SourceError> {
    let error = |problem| SourceError { at: Position::START, problem };
    if u64::try_from(bytes.len()).is_ok_and(|length| length > SIZE_LIMIT) {
        return Err(error(SourceProblem::TooLarge));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| error(SourceProblem::Encoding))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match json::parse(text) {
        Ok(tree) => Ok(vec![tree]),
        Err(error) if name.ends_with(".json") => Err(error),
        Err(_) => yaml::parse(text),
    }
}

impl fmt::Display for SourceProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AliasUnknown => formatter.write_str("is an alias of no anchor before it"),
            Self::AliasesTooMany => {
                write!(formatter, "aliases stand for more than {} values", yaml::COPIES_LIMIT)
            }
            Self::Ambiguous(word) => write!(
                formatter,
                "{word} is a boolean for some readers of YAML; put it in quotes, or write `true` or `false`"
            ),
            Self::Encoding => formatter.write_str("is not UTF-8"),
            Self::KeyAmbiguous(key) => {
                write!(formatter, "{key} is another key for some readers of YAML; put it in quotes")
            }
            Self::KeyNotText => formatter.write_str("is a list or an object; a key must be a text"),
            Self::Merge => formatter.write_str(
                "`<<` merges objects for some readers of YAML and not for Envoy; write the members out",
            ),
            Self::NotFinite => formatter.write_str("is no number that JSON knows"),
            Self::Nothing => formatter.write_str("holds no document"),
            Self::NumberAmbiguous => formatter.write_str(
                "is a number that has another value, or is a text, for some readers of YAML; write it with decimal digits alone and no zero before them, or in quotes",
            ),
            Self::Tag => formatter.write_str("has a tag that has no meaning here"),
            Self::TextTag => formatter.write_str(
                "is a text by its tag, which some readers of YAML ignore; remove the tag and put the text in quotes",
            ),
            Self::TooDeep => write!(formatter, "is nested more than {} deep", yaml::DEPTH_LIMIT),
            Self::TooLarge => formatter.write_str("is larger than 16 MiB"),
            Self::JsonSyntax => formatter.write_str("is not JSON from here on"),
            Self::YamlSyntax(words) => write!(formatter, "is not YAML from here on: {words}"),
        }
    }
}
