//! The document of a key file, to be changed.

use std::borrow::Cow;

use super::error::KeyError;
use super::written::written;
use crate::application_key::lint::{LintRules, Warning, lint};
use crate::application_key::{Document, Entry, ReadRules, Record};
use crate::json::{self, Number, Value};
use crate::message::PathSpelling;
use crate::time::{Timestamp, utc};

/// The largest key file that the tool reads, in bytes: 128 MiB, well above 100,000 records.
pub const SIZE_LIMIT: u64 = 128 * 1024 * 1024;

/// The document of a key file. What a change does not mean stays as it is, `extensions` included, in its order.
pub struct Store<'t> {
    tree: Value<'t>,
    // INVARIANT: read from what `tree` was read from, so both have the same keys at the same places.
    document: Document,
}

/// A store after a change, ready to be written.
pub struct Changed {
    /// The new content of the file.
    pub text: String,
    /// What it says.
    pub document: Document,
}

/// The members of a record or of a secret.
pub(super) type Members<'t> = Vec<(Cow<'t, str>, Value<'t>)>;

impl<'t> Store<'t> {
    /// The store that a file holds, or an empty one if there is no file.
    ///
    /// # Errors
    /// [`KeyError::Document`] and [`KeyError::Json`].
    pub fn read(text: Option<&'t [u8]>) -> Result<Self, KeyError> {
        let text = text.unwrap_or(EMPTY);
        Ok(Self { document: document(text)?, tree: json::parse(text).map_err(KeyError::Json)? })
    }

    /// What it said before any change.
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The good record of this name, as it was before any change.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] and [`KeyError::Record`].
    pub fn record(&self, name: &str) -> Result<&Record, KeyError> {
        let found = self.document.entries().iter().find(|entry| entry.name() == Some(name));
        match found {
            None => Err(KeyError::Unknown),
            Some(Entry::Invalid(invalid)) => Err(KeyError::Record(invalid.error.clone())),
            Some(Entry::Valid(record)) => Ok(record),
        }
    }

    /// The trees of the records, in the order of [`Document::entries`].
    pub(super) fn trees(&self) -> &[Value<'t>] {
        self.tree.get("keys").and_then(Value::as_array).unwrap_or_default()
    }

    /// What holds for records that do not say it, as it is stated.
    pub(super) fn defaults(&self) -> Option<&Value<'t>> {
        self.tree.get("defaults")
    }

    /// The records, good or not.
    pub(super) fn records(&mut self) -> Option<&mut Vec<Value<'t>>> {
        let Value::Object(members) = &mut self.tree else { return None };
        match members.iter_mut().find(|(name, _)| name == "keys") {
            Some((_, Value::Array(records))) => Some(records),
            Some(_) | None => None,
        }
    }

    /// The members of the record of this name.
    pub(super) fn members(&mut self, name: &str) -> Result<&mut Members<'t>, KeyError> {
        let mut records = self.records().into_iter().flatten();
        let found = records.find(|record| is_named(record, name));
        match found {
            Some(Value::Object(members)) => Ok(members),
            Some(_) | None => Err(KeyError::Unknown),
        }
    }

    /// The secrets of the record of this name.
    pub(super) fn secrets(&mut self, name: &str) -> Result<&mut Vec<Value<'t>>, KeyError> {
        let mut members = self.members(name)?.iter_mut();
        match members.find(|(name, _)| name == "secrets") {
            Some((_, Value::Array(secrets))) => Ok(secrets),
            Some(_) | None => Err(KeyError::NoSecret),
        }
    }

    /// The tree of the record of this name.
    pub(super) fn tree(&self, name: &str) -> Result<&Value<'t>, KeyError> {
        self.trees().iter().find(|record| is_named(record, name)).ok_or(KeyError::Unknown)
    }

    /// The text to be written: the serial is higher by one, and `generated_at` is now. `name` is the key that was
    /// changed, if it is still there: it must be good.
    ///
    /// # Errors
    /// [`KeyError::Record`], [`KeyError::Document`] and [`KeyError::SerialExhausted`].
    pub fn changed(mut self, name: Option<&str>, now: Timestamp) -> Result<Changed, KeyError> {
        let serial = self.document.header().serial + 1;
        if serial > SERIAL_LIMIT {
            return Err(KeyError::SerialExhausted);
        }
        if let Some(name) = name {
            set(self.members(name)?, "updated_at", time(now));
        }
        if let Value::Object(members) = &mut self.tree {
            set(members, "serial", Value::Number(Number::Whole(serial)));
            set(members, "generated_at", time(now));
        }
        let text = written(&self.tree);
        let changed = Self { document: document(text.as_bytes())?, tree: Value::Null };
        if let Some(name) = name {
            changed.record(name)?;
        }
        Ok(Changed { document: changed.document, text })
    }
}

impl Changed {
    /// The warnings about one key.
    pub fn warnings(&self, name: &str, now: Timestamp) -> Vec<Warning> {
        let mut warnings = lint(&self.document, &LintRules::default(), None, now);
        warnings.retain(|warning| &*warning.key == name);
        warnings
    }
}

/// Sets a member: in its place, or at the end.
pub(super) fn set<'t>(members: &mut Members<'t>, name: &'static str, value: Value<'t>) {
    match members.iter_mut().find(|(member, _)| member == name) {
        Some((_, old)) => *old = value,
        None => members.push((Cow::Borrowed(name), value)),
    }
}

/// A time as it is written.
pub(super) fn time<'t>(time: Timestamp) -> Value<'t> {
    Value::String(Cow::Owned(utc::written(time)))
}

/// A text of our own.
pub(super) fn text<'t>(text: impl Into<String>) -> Value<'t> {
    Value::String(Cow::Owned(text.into()))
}

fn is_named(record: &Value<'_>, name: &str) -> bool {
    record.get("name").and_then(Value::as_str) == Some(name)
}

/// A document as the filter reads it, of any tenants.
pub(super) fn document(text: &[u8]) -> Result<Document, KeyError> {
    Document::read(text.to_vec(), rules()).map_err(KeyError::Document)
}

/// What the tool expects of documents and records.
pub(super) fn rules() -> ReadRules {
    ReadRules {
        tenants: None,
        spelling: PathSpelling::default(),
        largest: usize::try_from(SIZE_LIMIT).unwrap_or(usize::MAX),
        most: Document::RECORDS_LIMIT,
    }
}

const EMPTY: &[u8] = br#"{"version":1,"serial":0,"generated_at":"1970-01-01T00:00:00Z","keys":[]}"#;
/// What [`Document::read`] takes at most.
const SERIAL_LIMIT: u64 = 9_007_199_254_740_991;
