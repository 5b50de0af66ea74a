//! Reading a checked document: values with their places.

use std::time::Duration;

use super::super::duration;
use super::super::error::Place;
use super::check::TEXT_LIMIT;
use super::node::{Node, Value};

/// An object of the document.
#[derive(Clone)]
pub struct Section<'d> {
    place: Place,
    order: u32,
    members: &'d [(String, Node)],
}

/// A value of the document.
#[derive(Clone)]
pub struct Entry<'d> {
    place: Place,
    node: &'d Node,
}

impl<'d> Section<'d> {
    /// The document itself; `None` when it is no object.
    pub fn root(node: &'d Node) -> Option<Self> {
        Some(Self { place: Place::root(), order: node.order, members: node.members()? })
    }

    /// Where the object stands.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The place of a key, be it stated or not.
    pub fn place_of(&self, key: &str) -> Place {
        match self.entry(key) {
            Some(entry) => entry.place,
            None => self.place.member(key, self.order),
        }
    }

    /// Whether the key is stated, with whatever value.
    pub fn states(&self, key: &str) -> bool {
        self.members.iter().any(|(name, _)| name == key)
    }

    /// The value of a key.
    pub fn entry(&self, key: &str) -> Option<Entry<'d>> {
        let node = self.node(key)?;
        Some(Entry { place: self.place.member(key, node.order), node })
    }

    /// The value of a key without its place, which costs most of the time where there are thousands.
    fn node(&self, key: &str) -> Option<&'d Node> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// All keys with their values.
    pub fn entries(&self) -> impl Iterator<Item = (&'d str, Entry<'d>)> + '_ {
        self.members.iter().map(|(name, node)| {
            (name.as_str(), Entry { place: self.place.member(name, node.order), node })
        })
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&'d str> {
        self.node(key)?.text()
    }

    /// The boolean of a key.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        self.node(key)?.boolean()
    }

    /// The duration of a key.
    pub fn duration(&self, key: &str) -> Option<Duration> {
        duration::parse(self.text(key)?).ok()
    }

    /// The whole number of a key.
    pub fn whole(&self, key: &str) -> Option<usize> {
        match self.node(key)?.value {
            // The range was checked; what was reported as outside of it is never used.
            Value::Number(number) => Some(number as usize),
            Value::Boolean(_)
            | Value::List(_)
            | Value::Null
            | Value::Object(_)
            | Value::Text(_) => None,
        }
    }

    /// The object of a key.
    pub fn section(&self, key: &str) -> Option<Self> {
        self.entry(key)?.section()
    }

    /// The items of a key's list; none when it is absent.
    pub fn list(&self, key: &str) -> Vec<Entry<'d>> {
        self.entry(key).and_then(|entry| entry.list()).unwrap_or_default()
    }

    /// The objects of a key's list; none when it is absent.
    pub fn sections(&self, key: &str) -> Vec<Self> {
        self.list(key).iter().filter_map(Entry::section).collect()
    }
}

impl<'d> Entry<'d> {
    /// Where the value stands.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The value itself.
    pub const fn node(&self) -> &'d Node {
        self.node
    }

    /// The value as a text that has passed the checks on every text.
    pub fn text(&self) -> Option<&'d str> {
        self.node.text()
    }

    /// The value as a boolean.
    pub const fn boolean(&self) -> Option<bool> {
        self.node.boolean()
    }

    /// The value as a whole number, whose range was checked.
    pub const fn whole(&self) -> Option<u64> {
        match self.node.value {
            Value::Number(number) => Some(number as u64),
            Value::Boolean(_)
            | Value::List(_)
            | Value::Null
            | Value::Object(_)
            | Value::Text(_) => None,
        }
    }

    /// The value as an object.
    pub fn section(&self) -> Option<Section<'d>> {
        let members = self.node.members()?;
        Some(Section { place: self.place.clone(), order: self.node.order, members })
    }

    /// The items of a list.
    pub fn list(&self) -> Option<Vec<Self>> {
        match &self.node.value {
            Value::List(nodes) => Some(
                nodes
                    .iter()
                    .enumerate()
                    .map(|(index, node)| Self { place: self.place.item(index, node.order), node })
                    .collect(),
            ),
            Value::Boolean(_)
            | Value::Null
            | Value::Number(_)
            | Value::Object(_)
            | Value::Text(_) => None,
        }
    }
}

impl Node {
    /// The value as a text that has passed the checks on every text.
    fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) if !text.is_empty() && text.len() <= TEXT_LIMIT => Some(text),
            Value::Text(_)
            | Value::Boolean(_)
            | Value::List(_)
            | Value::Null
            | Value::Number(_)
            | Value::Object(_) => None,
        }
    }

    /// The value as a boolean.
    const fn boolean(&self) -> Option<bool> {
        match self.value {
            Value::Boolean(value) => Some(value),
            Value::List(_) | Value::Null | Value::Number(_) | Value::Object(_) | Value::Text(_) => {
                None
            }
        }
    }
}
