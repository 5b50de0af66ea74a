//! A document with the position of everything in it.

/// A value of a document. It may hold secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct Tree {
    /// Where it begins: at its key if it has one.
    pub at: Position,
    /// What it is.
    pub value: Value,
    /// Whether it is a number that Envoy, if it reads the file as YAML, hands to the filter as a text.
    pub(super) is_text_for_envoy: bool,
}

/// What a [`Tree`] is.
#[derive(Clone)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<Tree>),
    /// Nothing.
    Null,
    /// A number, as a double.
    Number(f64),
    /// Its members as written, duplicates included.
    Object(Vec<(String, Tree)>),
    /// A text.
    Text(String),
}

/// A position in a file; both numbers count from 1.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in that line.
    pub column: usize,
}

/// A document as the filter is handed it.
pub(super) struct Handed {
    pub(super) json: String,
    /// Where each value begins, in their order; never empty.
    positions: Vec<Position>,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl Tree {
    /// The member of an object; the first, if there are several.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The field of a message of Envoy's, named as in its definition (`vm_config`); the names of
    /// proto3's JSON form (`vmConfig`) stand for the same.
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.get(name).or_else(|| self.get(&json_name(name)))
    }

    /// The members of an object, none of anything else.
    pub fn members(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Object(members) => members,
            Value::Boolean(_)
            | Value::List(_)
            | Value::Null
            | Value::Number(_)
            | Value::Text(_) => &[],
        }
    }

    /// The items of a list, none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Boolean(_)
            | Value::Null
            | Value::Number(_)
            | Value::Object(_)
            | Value::Text(_) => &[],
        }
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Boolean(_)
            | Value::List(_)
            | Value::Null
            | Value::Number(_)
            | Value::Object(_) => None,
        }
    }

    /// How many values it has, itself included.
    pub fn count(&self) -> usize {
        let items = self.items().iter().map(Self::count).sum::<usize>();
        let members = self.members().iter().map(|(_, value)| value.count()).sum::<usize>();
        1 + items + members
    }

    /// The document of which this is the outermost value.
    pub(super) fn hand_over(&self) -> Handed {
        let mut handed = Handed { json: String::new(), positions: Vec::new() };
        handed.write(self);
        handed
    }
}

/// A number as JSON; a whole one without a fraction, for Envoy would take it for a text in YAML.
fn written(number: f64) -> String {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= WHOLE {
        return (number as i64).to_string();
    }
    // No reader makes numbers that are not finite, the only ones that JSON lacks.
    let number = serde_json::Number::from_f64(number);
    number.map_or_else(|| "null".into(), |number| number.to_string())
}

/// `vm_config` as `vmConfig`.
pub(super) fn json_name(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default();
    let others = parts.flat_map(|part| {
        let (head, tail) = part.split_at_checked(1).unwrap_or((part, ""));
        [head.to_ascii_uppercase(), tail.to_owned()]
    });
    std::iter::once(first.to_owned()).chain(others).collect()
}

impl Handed {
    /// Where the value begins before which `order` others do.
    pub(super) fn position(&self, order: u32) -> Position {
        let index = usize::try_from(order).unwrap_or(usize::MAX);
        self.positions.get(index).copied().unwrap_or(Position::START)
    }

    fn write(&mut self, tree: &Tree) {
        self.positions.push(tree.at);
        match &tree.value {
            Value::Boolean(value) => self.json.push_str(if *value { "true" } else { "false" }),
            Value::List(items) => {
                self.json.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.json.push_str(if index == 0 { "" } else { "," });
                    self.write(item);
                }
                self.json.push(']');
            }
            Value::Null => self.json.push_str("null"),
            Value::Number(number) => self.json.push_str(&written(*number)),
            Value::Object(members) => {
                self.json.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    self.json.push_str(if index == 0 { "" } else { "," });
                    self.write_text(name);
                    self.json.push(':');
                    self.write(value);
                }
                self.json.push('}');
            }
            Value::Text(text) => self.write_text(text),
        }
    }

    fn write_text(&mut self, text: &str) {
        self.json.push_str(&serde_json::Value::from(text).to_string());
    }
}
