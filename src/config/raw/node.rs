//! A JSON document as a tree that keeps duplicate members and the order of everything.

use std::cell::Cell;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

/// A JSON value with its position among all values of the document.
///
/// It may hold secrets, so it has no `Debug`.
pub struct Node {
    /// How many values begin before this one: errors are sorted by it.
    pub(super) order: u32,
    pub(super) value: Value,
}

/// What a [`Node`] is. Numbers are doubles, as Envoy hands them over.
pub(super) enum Value {
    Boolean(bool),
    List(Vec<Node>),
    Null,
    Number(f64),
    /// Its members as written, duplicates included.
    Object(Vec<(String, Node)>),
    Text(String),
}

/// Why bytes are no document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentError {
    /// They are not one JSON value in UTF-8; where that shows, both counted from 1.
    Syntax {
        /// The line.
        line: usize,
        /// The byte in that line.
        column: usize,
    },
    /// They are more than 8 MiB.
    TooLarge,
}

impl Node {
    /// The tree of a document.
    pub(super) fn parse(document: &[u8]) -> Result<Self, DocumentError> {
        if document.len() > super::DOCUMENT_LIMIT {
            return Err(DocumentError::TooLarge);
        }
        let syntax = |error: serde_json::Error| DocumentError::Syntax {
            line: error.line(),
            column: error.column(),
        };
        let count = Cell::new(0);
        let text = std::str::from_utf8(document).map_err(|error| {
            let valid = document.get(..error.valid_up_to()).unwrap_or_default();
            let line = valid.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
            DocumentError::Syntax {
                line: valid.iter().filter(|&&byte| byte == b'\n').count() + 1,
                column: line.len() + 1,
            }
        })?;
        let mut source = serde_json::Deserializer::from_str(text);
        let node = Seed(&count).deserialize(&mut source).map_err(syntax)?;
        source.end().map_err(syntax)?;
        Ok(node)
    }

    /// Numbers this value and all within it, in their order, from `next` on.
    pub(super) fn number(&mut self, next: &mut u32) {
        self.order = *next;
        *next = next.saturating_add(1);
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.number(next)),
            Value::Object(members) => members.iter_mut().for_each(|(_, node)| node.number(next)),
            Value::Boolean(_) | Value::Null | Value::Number(_) | Value::Text(_) => {}
        }
    }

    /// The members of an object.
    pub(super) const fn members(&self) -> Option<&Vec<(String, Self)>> {
        match &self.value {
            Value::Object(members) => Some(members),
            Value::Boolean(_)
            | Value::List(_)
            | Value::Null
            | Value::Number(_)
            | Value::Text(_) => None,
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, column } => {
                write!(formatter, "is not JSON from line {line}, column {column} on")
            }
            Self::TooLarge => formatter.write_str("is larger than 8 MiB"),
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'c>(&'c Cell<u32>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Node, D::Error> {
        let order = self.0.get();
        self.0.set(order.saturating_add(1));
        let value = source.deserialize_any(self)?;
        Ok(Node { order, value })
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = source.next_key::<String>()? {
            members.push((name, source.next_value_seed(self)?));
        }
        Ok(Value::Object(members))
    }
}

/// A part of the document can be read as a document of its own (a JWK Set), texts borrowed.
impl<'de> Deserializer<'de> for &'de Node {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match &self.value {
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Value::Null => visitor.visit_unit(),
            Value::Number(value) => visitor.visit_f64(*value),
            Value::Object(members) => {
                let members =
                    members.iter().map(|(name, node)| (BorrowedStrDeserializer::new(name), node));
                visitor.visit_map(MapDeserializer::new(members))
            }
            Value::Text(text) => visitor.visit_borrowed_str(text),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn bytes_that_are_not_utf_8_are_told_by_line_and_column() {
        let rows: [(&[u8], usize, usize); 3] =
            [(b"\xff{}", 1, 1), (b"{\n\"a\":\"\xff\"}", 2, 6), (b"{}\n\n\xc3", 3, 1)];
        for (document, line, column) in rows {
            match Node::parse(document) {
                Err(DocumentError::Syntax { line: at, column: on }) => {
                    assert_eq!((at, on), (line, column), "{}", document.escape_ascii());
                }
                _ => panic!("{} was read", document.escape_ascii()),
            }
        }
    }

    #[test]
    fn a_tree_keeps_order_and_duplicates() {
        let document = br#"{"b":[1,true,null],"a":"x","b":300.0}"#;
        let node = Node::parse(document).ok().unwrap();
        let members: Vec<_> =
            node.members().unwrap().iter().map(|(name, n)| (name.as_str(), n.order)).collect();
        assert_eq!(members, [("b", 1), ("a", 5), ("b", 6)]);
    }

    #[test]
    fn a_part_of_a_document_is_read_as_strictly_as_a_document() {
        for text in [
            r#"{"keys":[{"kid":"a","n":1.5,"use":null,"ok":true,"x":"\u00e9"}]}"#,
            r#"{"a":1.0,"a":2.0}"#,
            r#"{"a":{"b":{"c":"","c":""}}}"#,
            &format!("{}{}", "[".repeat(16), "]".repeat(16)),
            &format!("{}{}", "[".repeat(17), "]".repeat(17)),
        ] {
            let node = Node::parse(text.as_bytes()).ok().unwrap();
            assert_eq!(json::read(&node), json::parse(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_json_value_is_refused_with_its_place() {
        let rows: [(&[u8], usize, usize); 5] = [
            (b"", 1, 0),
            (b"{\n\"a\": x}", 2, 6),
            (b"{} {}", 1, 4),
            (b"\"\xff\"", 1, 2),
            (b"[1,]", 1, 4),
        ];
        for (document, line, column) in rows {
            let error = Node::parse(document).err();
            assert_eq!(error, Some(DocumentError::Syntax { line, column }), "{document:?}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(Node::parse(deep.as_bytes()).err(), Some(DocumentError::Syntax { .. })));
    }

    #[test]
    fn a_document_may_be_as_long_as_the_limit() {
        let padded = |length: usize| format!("{}1", " ".repeat(length - 1));
        let longest = padded(super::super::DOCUMENT_LIMIT);
        assert!(Node::parse(longest.as_bytes()).is_ok());
        let too_long = padded(super::super::DOCUMENT_LIMIT + 1);
        assert_eq!(Node::parse(too_long.as_bytes()).err(), Some(DocumentError::TooLarge));
    }
}
