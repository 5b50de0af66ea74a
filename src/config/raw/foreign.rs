//! Values of a vendor's own document, whose shape is not that of the language.

use super::entry::{Entry, Section};
use super::node::Value;

/// A value as it stands there: nothing was checked, its length included.
pub enum Foreign<'d> {
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<Entry<'d>>),
    /// `null`.
    Null,
    /// A number.
    Number(f64),
    /// An object.
    Object(Section<'d>),
    /// A text.
    Text(&'d str),
}

impl<'d> Entry<'d> {
    /// The value of a vendor's document.
    pub fn foreign(&self) -> Foreign<'d> {
        match &self.node().value {
            Value::Boolean(value) => Foreign::Boolean(*value),
            Value::List(_) => Foreign::List(self.list().unwrap_or_default()),
            Value::Null => Foreign::Null,
            Value::Number(number) => Foreign::Number(*number),
            Value::Object(_) => self.section().map_or(Foreign::Null, Foreign::Object),
            Value::Text(text) => Foreign::Text(text),
        }
    }

    /// The JSON type of the value, in words.
    pub const fn type_name(&self) -> &'static str {
        self.node().value.type_name()
    }
}
