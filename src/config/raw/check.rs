//! Compares a document with the shape of the language and reports every difference.

use std::fmt;

use super::super::duration::{self, DurationError};
use super::super::error::Quoted;
use super::super::nearest::nearest;
use super::super::report::Report;
use super::node::{Node, Value};
use super::path::Path;
use super::shape::{Key, Shape};
use crate::table::Table;

/// Up to so many members are compared with each other rather than hashed.
const FEW: usize = 16;

/// The longest text anywhere in a document, in bytes.
pub(in crate::config) const TEXT_LIMIT: usize = 4096;

/// A value that departs from the shape of the language.
#[derive(Clone, Debug)]
pub enum ShapeProblem {
    /// A text that is no duration.
    Duration(DurationError),
    /// A list, map or text that must have a member, or a character, has none.
    Empty,
    /// An object has the key twice.
    KeyRepeated,
    /// The object must have this key.
    Missing {
        /// What its value would look like.
        shape: Shape,
    },
    /// A number or duration outside its range.
    OutOfRange {
        /// The range.
        shape: Shape,
    },
    /// A text with a control character.
    TextControl,
    /// A text of more than 4,096 bytes.
    TextTooLong,
    /// The object has no key of that name.
    UnknownKey {
        /// The key that was probably meant.
        meant: Option<&'static str>,
        /// All keys that the object may have.
        known: &'static [Key],
    },
    /// A word that is not one of those expected.
    UnknownWord {
        /// The word.
        word: Quoted,
        /// What is expected.
        shape: Shape,
    },
    /// A value of another JSON type.
    WrongType {
        /// The type found, in words.
        found: &'static str,
        /// What is expected.
        shape: Shape,
    },
}

/// Reports every place in `node` that departs from `shape`.
pub(super) fn check(node: &Node, shape: &Shape, place: &Path<'_>, report: &mut Report) {
    let problem = match (shape, &node.value) {
        (Shape::AnyObject, Value::Object(_)) | (Shape::Boolean, Value::Boolean(_)) => None,
        (Shape::Duration(from, to), Value::Text(text)) => match duration::parse(text) {
            Ok(span) if (from..=to).contains(&&span) => None,
            Ok(_) => Some(ShapeProblem::OutOfRange { shape: *shape }),
            Err(error) => Some(ShapeProblem::Duration(error)),
        },
        (Shape::Either(shapes), value) => match shapes.iter().find(|shape| shape.fits(value)) {
            // Another word may be meant as the only item of a list: the whole choice is shown.
            Some(Shape::OneOf(words)) => unknown_word(node, words, shape),
            Some(shape) => {
                check(node, shape, place, report);
                None
            }
            None => Some(wrong_type(node, shape)),
        },
        (Shape::List(item), Value::List(nodes)) => {
            for (index, node) in nodes.iter().enumerate() {
                check(node, item, &place.item(index, node.order), report);
            }
            nodes.is_empty().then_some(ShapeProblem::Empty)
        }
        (Shape::Map(value), Value::Object(members)) => {
            check_repeated(members, place, report);
            for (name, node) in members {
                check(node, value, &place.member(name, node.order), report);
            }
            members.is_empty().then_some(ShapeProblem::Empty)
        }
        (Shape::Object(keys), Value::Object(members)) => {
            check_repeated(members, place, report);
            check_keys(node, members, keys, place, report);
            None
        }
        (Shape::OneOf(words), Value::Text(_)) => unknown_word(node, words, shape),
        (Shape::TextOrNothing, Value::Text(text)) if text.is_empty() => None,
        (Shape::Text | Shape::TextOrNothing, Value::Text(text)) => check_text(text),
        (Shape::Whole(from, to), Value::Number(number)) => {
            // Every whole number up to 2^53 is a double exactly; all ranges lie far below.
            let is_within = number.fract() == 0.0 && (*from as f64..=*to as f64).contains(number);
            (!is_within).then_some(ShapeProblem::OutOfRange { shape: *shape })
        }
        (_, _) => Some(wrong_type(node, shape)),
    };
    if let Some(problem) = problem {
        report.error(&place.to_place(), problem);
    }
}

fn check_keys(
    node: &Node,
    members: &[(String, Node)],
    keys: &'static [Key],
    place: &Path<'_>,
    report: &mut Report,
) {
    // A required key that was mistyped is one error, not two.
    let mut mistyped = Vec::new();
    for (name, member) in members {
        let place = place.member(name, member.order);
        if let Some(key) = keys.iter().find(|key| key.name == name) {
            check(member, &key.shape, &place, report);
            continue;
        }
        let unused = keys.iter().map(|key| key.name);
        let unused = unused.filter(|key| members.iter().all(|(name, _)| name != key));
        let meant = nearest(name, unused);
        mistyped.extend(meant);
        report.error(&place.to_place(), ShapeProblem::UnknownKey { meant, known: keys });
    }
    for key in keys.iter().filter(|key| key.is_required) {
        let is_stated = members.iter().any(|(name, _)| name == key.name);
        if !is_stated && !mistyped.contains(&key.name) {
            let problem = ShapeProblem::Missing { shape: key.shape };
            report.error(&place.member(key.name, node.order).to_place(), problem);
        }
    }
}

fn check_repeated(members: &[(String, Node)], place: &Path<'_>, report: &mut Report) {
    // Objects with the language's own keys are small; maps with names of people's choosing are not.
    let mut names = Table::new();
    for (index, (name, node)) in members.iter().enumerate() {
        let is_repeated = if members.len() <= FEW {
            members.iter().take(index).any(|(earlier, _)| earlier == name)
        } else {
            names.insert(name, ()).is_some()
        };
        if is_repeated {
            report.error(&place.member(name, node.order).to_place(), ShapeProblem::KeyRepeated);
        }
    }
}

fn check_text(text: &str) -> Option<ShapeProblem> {
    if text.is_empty() {
        Some(ShapeProblem::Empty)
    } else if text.len() > TEXT_LIMIT {
        Some(ShapeProblem::TextTooLong)
    } else if text.chars().any(char::is_control) {
        Some(ShapeProblem::TextControl)
    } else {
        None
    }
}

fn unknown_word(node: &Node, words: &[&str], shape: &Shape) -> Option<ShapeProblem> {
    match &node.value {
        Value::Text(text) if !words.contains(&text.as_str()) => {
            Some(ShapeProblem::UnknownWord { word: Quoted::from(text.as_str()), shape: *shape })
        }
        Value::Boolean(_)
        | Value::List(_)
        | Value::Null
        | Value::Number(_)
        | Value::Object(_)
        | Value::Text(_) => None,
    }
}

fn wrong_type(node: &Node, shape: &Shape) -> ShapeProblem {
    ShapeProblem::WrongType { found: node.value.type_name(), shape: *shape }
}

impl Shape {
    /// Whether a value of this JSON type can have this shape at all.
    fn fits(&self, value: &Value) -> bool {
        match self {
            Self::AnyObject | Self::Map(_) | Self::Object(_) => matches!(value, Value::Object(_)),
            Self::Boolean => matches!(value, Value::Boolean(_)),
            Self::Duration(..) | Self::OneOf(_) | Self::Text | Self::TextOrNothing => {
                matches!(value, Value::Text(_))
            }
            Self::Either(shapes) => shapes.iter().any(|shape| shape.fits(value)),
            Self::List(_) => matches!(value, Value::List(_)),
            Self::Whole(..) => matches!(value, Value::Number(_)),
        }
    }
}

impl Value {
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "a boolean",
            Self::List(_) => "a list",
            Self::Null => "null",
            Self::Number(_) => "a number",
            Self::Object(_) => "an object",
            Self::Text(_) => "a text",
        }
    }
}

impl fmt::Display for ShapeProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration(error) => error.fmt(formatter),
            Self::Empty => formatter
                .write_str("is empty; state a value, or leave the key out if it is optional"),
            Self::KeyRepeated => formatter.write_str("is stated twice; keep one"),
            Self::Missing { shape } => write!(formatter, "is required; it must be {shape}"),
            Self::OutOfRange { shape } => write!(formatter, "must be {shape}"),
            Self::TextControl => formatter.write_str("holds a control character"),
            Self::TextTooLong => write!(formatter, "is longer than {TEXT_LIMIT} bytes"),
            Self::UnknownKey { meant: Some(meant), .. } => {
                write!(formatter, "is not a known key; did you mean `{meant}`?")
            }
            Self::UnknownKey { meant: None, known } => {
                formatter.write_str("is not a known key; the keys here are ")?;
                for (index, key) in known.iter().enumerate() {
                    let before = if index == 0 { "" } else { ", " };
                    write!(formatter, "{before}`{}`", key.name)?;
                }
                Ok(())
            }
            Self::UnknownWord { word, shape } => write!(formatter, "{word} must be {shape}"),
            Self::WrongType { found, shape } => write!(formatter, "is {found}; it must be {shape}"),
        }
    }
}
