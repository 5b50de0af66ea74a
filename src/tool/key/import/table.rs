//! The rows of one or several files, joined by the names of keys.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::exposed::shown;
use super::row::{Column, Row};
use super::{csv, infotable, xml};
use crate::json::Value;
use crate::secret::Secret;

/// How a file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImportFormat {
    /// Text with commas (RFC 4180) and names of columns in its first line.
    Csv,
    /// What a service of the platform answers, in JSON.
    Infotable,
    /// An export of entities. No sample of one is public: what is not found is not imported.
    Xml,
}

/// Why a file is not imported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ImportError {
    /// No table in JSON with `rows` that are objects.
    NotATable,
    /// Not text with commas: the line that is wrong.
    NotCsv(usize),
    /// Not XML.
    NotXml,
    /// XML with more than 64 elements in one another.
    TooDeep,
    /// It has no column for names.
    NoNames,
    /// A column of text with commas that nobody knows, perhaps a misspelt restriction: its number.
    UnknownColumn(usize),
}

/// The rows of all files that were read.
#[derive(Default)]
pub struct Tables {
    rows: BTreeMap<String, Row>,
    nameless: usize,
    ignored: BTreeSet<String>,
}

/// One row of a file: names of columns, and what stands there.
pub(super) type Cells<'t> = Vec<(String, Value<'t>)>;

impl ImportFormat {
    /// All, by the names that they have as arguments.
    pub const ALL: [(&str, Self); 3] =
        [("infotable", Self::Infotable), ("csv", Self::Csv), ("xml", Self::Xml)];
}

impl Tables {
    /// Adds the rows of a file. What two files say of one key belongs together; what they say differently makes the row
    /// one that is not imported.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn read(&mut self, format: ImportFormat, content: &[u8]) -> Result<(), ImportError> {
        let table = match format {
            ImportFormat::Csv => csv::read(content)?,
            ImportFormat::Infotable => infotable::read(content)?,
            ImportFormat::Xml => xml::read(content)?,
        };
        let mut has_names = table.is_empty();
        for cells in table {
            let mut row = Row::default();
            for (column, value) in cells {
                match Column::named(&column) {
                    Some(column) => row.set(column, &value),
                    None if !says_something(&value) => {}
                    None => {
                        if may_hold_addresses(&column, &value) {
                            row.spoil(Column::Addresses);
                        }
                        self.ignored.insert(shown(&column));
                    }
                }
                wipe(value);
            }
            has_names |= !row.name().is_empty();
            self.add(row);
        }
        if has_names { Ok(()) } else { Err(ImportError::NoNames) }
    }

    fn add(&mut self, row: Row) {
        if row.name().is_empty() {
            self.nameless += 1;
            return;
        }
        match self.rows.get_mut(row.name()) {
            Some(known) => known.join(row),
            None => drop(self.rows.insert(row.name().to_owned(), row)),
        }
    }

    /// The rows, one for each name.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// How many rows had no name.
    pub const fn nameless(&self) -> usize {
        self.nameless
    }

    /// The columns in which something stands, and of which nothing was imported: their names, escaped, and cut if they may be keys.
    pub fn ignored(&self) -> impl ExactSizeIterator<Item = &str> {
        self.ignored.iter().map(String::as_str)
    }
}

fn says_something(value: &Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(members) => members.iter().any(|(_, value)| says_something(value)),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Whether a column that nobody knows, or something within it, may be the addresses of a key.
fn may_hold_addresses(column: &str, value: &Value<'_>) -> bool {
    Column::resembles_addresses(column)
        || match value {
            Value::Array(items) => items.iter().any(|item| may_hold_addresses("", item)),
            Value::Object(members) => {
                members.iter().any(|(name, value)| may_hold_addresses(name, value))
            }
            Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => false,
        }
}

/// Overwrites the copies that were made of a value: it may be a key.
fn wipe(value: Value<'_>) {
    match value {
        Value::String(Cow::Owned(text)) => drop(Secret::new(text)),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(members) => members.into_iter().for_each(|(_, value)| wipe(value)),
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(Cow::Borrowed(_)) => {}
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATable => formatter.write_str("no table in JSON: `{\"rows\": [{…}, …]}`"),
            Self::NotCsv(line) => {
                write!(formatter, "line {line}: no text with commas, or as many values as columns")
            }
            Self::NotXml => formatter.write_str("no XML, or with entities that are not XML's own"),
            Self::TooDeep => formatter.write_str("more than 64 elements of XML in one another"),
            Self::NoNames => formatter.write_str("no `name` in any row"),
            Self::UnknownColumn(number) => write!(formatter, "column {number} is unknown"),
        }
    }
}

impl std::error::Error for ImportError {}
