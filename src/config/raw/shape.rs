//! What a value must look like, as data.

use std::fmt;
use std::time::Duration;

use super::super::duration;

/// A key of an object.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// Whether the object is wrong without it.
    pub is_required: bool,
}

/// What a value must look like. Lists and maps of every shape have at least one member, texts at
/// least one character.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any object; whoever uses it reads it.
    AnyObject,
    /// `true` or `false`.
    Boolean,
    /// A duration from the first to the last, both included.
    Duration(Duration, Duration),
    /// One of these, told apart by the JSON type of the value.
    Either(&'static [Self]),
    /// A list of values of one shape.
    List(&'static Self),
    /// An object whose keys are names that the user chooses.
    Map(&'static Self),
    /// An object with these keys and no others.
    Object(&'static [Key]),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text of at most 4,096 bytes without control characters.
    Text,
    /// A text of at most 4,096 bytes without control characters, possibly empty.
    TextOrNothing,
    /// A whole number from the first to the last, both included.
    Whole(u64, u64),
}

impl Key {
    /// A key that may be left out.
    pub(super) const fn optional(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, is_required: false }
    }

    /// A key that must be there.
    pub(super) const fn required(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, is_required: true }
    }
}

/// In words that follow "must be".
impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyObject | Self::Object(_) => formatter.write_str("an object"),
            Self::Boolean => formatter.write_str("`true` or `false`"),
            Self::Duration(from, to) => {
                let (from, to) = (duration::text(*from), duration::text(*to));
                write!(formatter, "a duration from `{from}` to `{to}`")
            }
            Self::Either(shapes) => {
                for (index, shape) in shapes.iter().enumerate() {
                    let before = if index == 0 { "" } else { ", or " };
                    write!(formatter, "{before}{shape}")?;
                }
                Ok(())
            }
            Self::List(Self::OneOf(words)) => {
                formatter.write_str("a list of ")?;
                write_words(formatter, words)
            }
            Self::List(Self::Object(_)) => formatter.write_str("a list of objects"),
            Self::List(Self::Text) => formatter.write_str("a list of texts"),
            Self::List(item) => write!(formatter, "a list, each {item}"),
            Self::Map(value) => write!(formatter, "an object, each value {value}"),
            Self::OneOf(words) => write_words(formatter, words),
            Self::Text | Self::TextOrNothing => formatter.write_str("a text"),
            Self::Whole(from, to) => write!(formatter, "a whole number from {from} to {to}"),
        }
    }
}

fn write_words(formatter: &mut fmt::Formatter<'_>, words: &[&str]) -> fmt::Result {
    for (index, word) in words.iter().enumerate() {
        let before = match (index, words.len() - index) {
            (0, _) => "",
            (_, 1) => " or ",
            (_, _) => ", ",
        };
        write!(formatter, "{before}`{word}`")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_read_as_words_after_must_be() {
        const WORDS: Shape = Shape::OneOf(&["a", "b", "c"]);
        let rows = [
            (WORDS, "`a`, `b` or `c`"),
            (Shape::List(&WORDS), "a list of `a`, `b` or `c`"),
            (
                Shape::Either(&[Shape::OneOf(&["any"]), Shape::List(&Shape::Text)]),
                "`any`, or a list of texts",
            ),
            (
                Shape::Duration(Duration::from_millis(100), Duration::from_secs(60)),
                "a duration from `100ms` to `1m`",
            ),
            (Shape::Whole(1, 9), "a whole number from 1 to 9"),
        ];
        for (shape, words) in rows {
            assert_eq!(shape.to_string(), words);
        }
    }
}
