//! Reading a document in slices, so that a worker serves requests in between.

use std::ops::Range;
use std::time::Duration;

use super::super::record::{Defaults, Record, RecordError, stated_digests};
use super::super::scan::Scan;
use super::invalidate_repeated;
use super::{Document, DocumentError, Entry, Header, InvalidEntry, ReadRules};
use crate::json::{self, JsonError, Number, Value};
use crate::time::{Timestamp, utc};

/// A document that is being read.
#[derive(Debug)]
pub struct Reader {
    text: Vec<u8>,
    rules: ReadRules,
    header: Header,
    scan: Scan,
    is_done: bool,
    entries: Vec<Entry>,
}

const NOT_JSON: DocumentError = DocumentError::Json(JsonError::Syntax);

impl Reader {
    /// Looks at everything but the records.
    ///
    /// # Errors
    /// [`DocumentError`] when the document is refused as a whole.
    pub fn new(text: Vec<u8>, rules: ReadRules) -> Result<Self, DocumentError> {
        if text.len() > rules.largest {
            return Err(DocumentError::TooLarge);
        }
        let (header, keys) = outline(&text)?;
        let mut scan = Scan::from(keys.start);
        if !scan.skip(&text, b'[') {
            return Err(DocumentError::Invalid("keys"));
        }
        let is_done = scan.peek(&text) == Some(b']');
        Ok(Self { text, rules, header, scan, is_done, entries: Vec::new() })
    }

    /// What stands beside the records. It is known before they are read.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Reads up to `count` more records, and says whether there are none left.
    ///
    /// # Errors
    /// [`DocumentError`] when the document is refused as a whole: then there is nothing to finish.
    pub fn advance(&mut self, count: usize) -> Result<bool, DocumentError> {
        for _ in 0..count {
            if self.is_done {
                break;
            }
            if self.entries.len() >= self.rules.most.min(Document::RECORDS_LIMIT) {
                return Err(DocumentError::TooManyRecords);
            }
            let range = self.scan.value(&self.text).ok_or(NOT_JSON)?;
            let record = self.text.get(range).ok_or(NOT_JSON)?;
            let entry = entry(record, &self.header.defaults, &self.rules)?;
            self.entries.push(entry);
            self.is_done = !self.scan.skip(&self.text, b',');
            if self.is_done && self.scan.peek(&self.text) != Some(b']') {
                return Err(NOT_JSON);
            }
        }
        Ok(self.is_done)
    }

    /// The document, of which every record has been read: those with a name or a digest that another one has too are
    /// invalid, all of them. If some are left, there are none.
    pub fn finish(mut self) -> Document {
        if !self.is_done {
            self.entries.clear();
        }
        invalidate_repeated(&mut self.entries);
        Document { header: self.header, entries: self.entries }
    }
}

fn entry(text: &[u8], defaults: &Defaults, rules: &ReadRules) -> Result<Entry, DocumentError> {
    let invalid = |name, digests, error| Ok(Entry::Invalid(InvalidEntry { name, digests, error }));
    if text.len() > Record::LIMIT {
        return invalid(None, Vec::new(), RecordError::TooLarge);
    }
    let value = match json::parse(text) {
        Ok(value) => value,
        Err(JsonError::Syntax) => return Err(NOT_JSON),
        Err(error) => return invalid(None, Vec::new(), RecordError::Json(error)),
    };
    match Record::read(&value, defaults, rules) {
        Ok(record) => Ok(Entry::Valid(Box::new(record))),
        Err(error) => {
            let name = value.get("name").and_then(Value::as_str);
            let name = name.filter(|name| Record::is_name(name)).map(Box::from);
            invalid(name, stated_digests(&value), error)
        }
    }
}

/// The members of the document, and where its records stand.
fn outline(text: &[u8]) -> Result<(Header, Range<usize>), DocumentError> {
    let mut scan = Scan::from(0);
    if !scan.skip(text, b'{') {
        return Err(NOT_JSON);
    }
    let mut members = Members::default();
    let mut is_first = true;
    while !(is_first && scan.skip(text, b'}')) {
        is_first = false;
        let name = scan.value(text).ok_or(NOT_JSON)?;
        let has_value = scan.skip(text, b':');
        let value = scan.value(text).filter(|_| has_value).ok_or(NOT_JSON)?;
        members.add(text, name, value)?;
        if scan.skip(text, b'}') {
            break;
        }
        if !scan.skip(text, b',') {
            return Err(NOT_JSON);
        }
    }
    if scan.peek(text).is_some() {
        return Err(NOT_JSON);
    }
    members.checked()
}

/// The members of the document as far as they have been met.
#[derive(Default)]
struct Members {
    version: Option<()>,
    serial: Option<u64>,
    generated_at: Option<Timestamp>,
    defaults: Option<Defaults>,
    keys: Option<Range<usize>>,
    extensions: Option<()>,
}

impl Members {
    fn add(
        &mut self,
        text: &[u8],
        name: Range<usize>,
        at: Range<usize>,
    ) -> Result<(), DocumentError> {
        let name = text.get(name).map(json::parse).ok_or(NOT_JSON)?;
        let name = name.map_err(DocumentError::Json)?;
        let name = name.as_str().ok_or(NOT_JSON)?;
        if name == "keys" {
            return once(&mut self.keys, at);
        }
        let value = text.get(at).map(json::parse).ok_or(NOT_JSON)?;
        let value = value.map_err(DocumentError::Json)?;
        let invalid = |member| DocumentError::Invalid(member);
        match name {
            "version" => match whole(&value) {
                Some(1) => once(&mut self.version, ()),
                Some(_) | None => Err(DocumentError::Version),
            },
            "serial" => {
                let serial = whole(&value).filter(|serial| *serial <= SERIAL_LIMIT);
                once(&mut self.serial, serial.ok_or(invalid("serial"))?)
            }
            "generated_at" => {
                let time = value.as_str().and_then(utc::rfc3339);
                once(&mut self.generated_at, time.ok_or(invalid("generated_at"))?)
            }
            "defaults" => once(&mut self.defaults, defaults(&value)?),
            "extensions" if value.is_object() => once(&mut self.extensions, ()),
            "extensions" => Err(invalid("extensions")),
            _ => Err(DocumentError::UnknownMember),
        }
    }

    fn checked(self) -> Result<(Header, Range<usize>), DocumentError> {
        self.version.ok_or(DocumentError::Version)?;
        let header = Header {
            serial: self.serial.ok_or(DocumentError::Missing("serial"))?,
            generated_at: self.generated_at,
            defaults: self.defaults.unwrap_or_default(),
        };
        Ok((header, self.keys.ok_or(DocumentError::Missing("keys"))?))
    }
}

fn once<T>(member: &mut Option<T>, value: T) -> Result<(), DocumentError> {
    match member.replace(value) {
        None => Ok(()),
        Some(_) => Err(DocumentError::Json(JsonError::MemberRepeated)),
    }
}

fn defaults(value: &Value<'_>) -> Result<Defaults, DocumentError> {
    let Value::Object(members) = value else {
        return Err(DocumentError::Invalid("defaults"));
    };
    let mut defaults = Defaults::default();
    for (member, value) in members {
        match member.as_ref() {
            "lifetime_seconds" => {
                let lifetime = whole(value).map(Duration::from_secs);
                defaults.lifetime = lifetime
                    .filter(|span| !span.is_zero() && *span <= Defaults::LONGEST)
                    .ok_or(DocumentError::Invalid("lifetime_seconds"))?;
            }
            "allow_query" => defaults.allow_query = Some(boolean("allow_query", value)?),
            "allow_session" => defaults.allow_session = boolean("allow_session", value)?,
            _ => return Err(DocumentError::UnknownMember),
        }
    }
    Ok(defaults)
}

fn boolean(member: &'static str, value: &Value<'_>) -> Result<bool, DocumentError> {
    match value {
        Value::Bool(value) => Ok(*value),
        _ => Err(DocumentError::Invalid(member)),
    }
}

fn whole(value: &Value<'_>) -> Option<u64> {
    value.as_number().and_then(Number::as_u64)
}

/// 2^53 - 1: every whole number up to it is the same for every reader of JSON.
pub(in super::super) const SERIAL_LIMIT: u64 = 9_007_199_254_740_991;
