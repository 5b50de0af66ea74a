//! What a key file is to those who poll it: one document, or an index and its shards.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::super::error::KeyError;
use super::super::store::Store;
use super::super::written::in_line;
use crate::application_key::{Document, Entry, Record, Sharding};
use crate::crypto::digest::sha256;
use crate::json::{Number, Value};

/// The documents of one state of a key file. What each of them says depends on the file and on the number of shards alone, so that
/// several servers of one file say the same.
pub struct Published {
    serial: u64,
    records: usize,
    left_out: Vec<LeftOut>,
    /// Those of all records, in order.
    names: Vec<Box<str>>,
    main: Page,
    shards: Vec<Page>,
}

/// One document, as it goes out.
#[derive(Clone)]
pub struct Page {
    /// Its strong entity tag, with its quotes.
    pub etag: String,
    /// Its bytes.
    pub body: Arc<[u8]>,
}

/// A record that lets nobody in, and is not served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LeftOut {
    /// Its name, if that can be read.
    pub name: Option<String>,
    /// Why.
    pub error: String,
}

/// Why a key file is not served. The one before it is.
#[derive(Debug)]
pub enum PublishError {
    /// It cannot be read, or is no file of keys.
    File(KeyError),
    /// Its serial is lower than the one that is served: whoever polls would refuse it.
    SerialBack {
        /// That of the file.
        found: u64,
        /// That which is served.
        served: u64,
    },
    /// Not even 256 shards hold its records.
    TooLarge,
}

impl Published {
    /// The documents of a file, of which `before` was served until now. At least `shards` shards are made; 0 asks for none
    /// as long as one document will do. There are never fewer than before, so that a set at a bound does not swing.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn of(text: &[u8], shards: usize, before: Option<&Self>) -> Result<Self, PublishError> {
        let store = Store::read(Some(text)).map_err(PublishError::File)?;
        let serial = store.document().header().serial;
        if let Some(before) = before.filter(|before| before.serial > serial) {
            return Err(PublishError::SerialBack { found: serial, served: before.serial });
        }
        let defaults = store.defaults().map(in_line);
        let (rows, left_out) = rows(&store);
        let names = names(&store);
        let make =
            |rows: &[&Row], tagged| Page::document(rows, defaults.as_deref(), serial, tagged);
        let least = shards.max(before.map_or(0, |before| before.shards.len()));
        if least == 0
            && let Some(main) = make(&rows.iter().collect::<Vec<_>>(), Tagged::Whole)
        {
            let (records, shards) = (rows.len(), Vec::new());
            return Ok(Self { serial, records, left_out, names, main, shards });
        }
        let mut count = least.max(1);
        loop {
            let sharding = Sharding::of(count).ok_or(PublishError::TooLarge)?;
            let pages = spread(&rows, sharding).into_iter();
            let pages = pages.map(|rows| make(&rows, Tagged::ButSerial));
            if let Some(shards) = pages.collect::<Option<Vec<_>>>() {
                let main = Page::index(&shards, serial);
                let records = rows.len();
                return Ok(Self { serial, records, left_out, names, main, shards });
            }
            count = count.saturating_mul(2);
        }
    }

    /// The serial of the file.
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// How many records are served.
    pub const fn records(&self) -> usize {
        self.records
    }

    /// How many shards there are; 0 for one document.
    pub const fn shard_count(&self) -> usize {
        self.shards.len()
    }

    /// The records that are not served.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Whether a record of the file has this name, be it served or not.
    pub fn has_record(&self, name: &str) -> bool {
        self.names.binary_search_by(|one| (**one).cmp(name)).is_ok()
    }

    /// The document, or the index.
    pub const fn main(&self) -> &Page {
        &self.main
    }

    /// The shard of this name: two lower-case hexadecimal digits.
    pub fn shard(&self, name: &str) -> Option<&Page> {
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let is_name = name.len() == 2 && name.bytes().all(is_digit);
        let place = usize::from_str_radix(name, 16).ok().filter(|_| is_name)?;
        self.shards.get(place)
    }
}

/// A record as it goes out, and the first bytes of its digests.
struct Row {
    json: String,
    marks: Vec<u8>,
}

/// The records that let somebody in at some time, and those that are wrong.
fn rows(store: &Store<'_>) -> (Vec<Row>, Vec<LeftOut>) {
    let mut rows = Vec::new();
    let mut left_out = Vec::new();
    for (entry, tree) in store.document().entries().iter().zip(store.trees()) {
        match entry {
            Entry::Invalid(invalid) => left_out.push(LeftOut {
                name: invalid.name.as_deref().map(str::to_owned),
                error: invalid.error.to_string(),
            }),
            // Nobody can present a key that has no secret.
            Entry::Valid(record) if record.secrets.is_empty() => {}
            Entry::Valid(record) => rows.push(Row { json: served(tree), marks: marks(record) }),
        }
    }
    (rows, left_out)
}

fn names(store: &Store<'_>) -> Vec<Box<str>> {
    let names = store.document().entries().iter().filter_map(Entry::name);
    let mut names: Vec<Box<str>> = names.map(Box::from).collect();
    names.sort_unstable();
    names
}

fn marks(record: &Record) -> Vec<u8> {
    let digests = record.secrets.iter().map(|secret| secret.digest.digest());
    digests.filter_map(|digest| digest.as_bytes().first().copied()).collect()
}

/// The rows of each shard: a record with digests of two shards stands in both.
fn spread(rows: &[Row], sharding: Sharding) -> Vec<Vec<&Row>> {
    let mut shards: Vec<Vec<&Row>> = vec![Vec::new(); sharding.count()];
    let width = 256 / sharding.count();
    for row in rows {
        let mut places: Vec<_> = row.marks.iter().map(|mark| usize::from(*mark) / width).collect();
        places.sort_unstable();
        places.dedup();
        for place in places {
            if let Some(shard) = shards.get_mut(place) {
                shard.push(row);
            }
        }
    }
    shards
}

/// A record without what only people and the tool read.
fn served(record: &Value<'_>) -> String {
    let Value::Object(members) = record else { return in_line(record) };
    let kept = members.iter().filter(|(name, _)| !UNSERVED.contains(&name.as_ref()));
    let kept = kept.map(|(name, value)| {
        let value = match value {
            Value::Array(secrets) if name == "secrets" => {
                Value::Array(secrets.iter().map(served_secret).collect())
            }
            other => other.clone(),
        };
        (name.clone(), value)
    });
    in_line(&Value::Object(kept.collect()))
}

fn served_secret<'t>(secret: &Value<'t>) -> Value<'t> {
    let Value::Object(members) = secret else { return secret.clone() };
    let has_end = secret.get("expires_at").is_some();
    let is_kept = |name: &str| match name {
        // Without an end of its own, a secret ends a default lifetime after it was made.
        "created_at" => !has_end,
        name => !UNSERVED_OF_SECRETS.contains(&name),
    };
    let kept = members.iter().filter(|(name, _)| is_kept(name));
    Value::Object(kept.cloned().collect())
}

/// Members that no gateway decides by. They are checked with the rest before they are left out.
const UNSERVED: [&str; 12] = [
    "avatar",
    "client_name",
    "created_at",
    "description",
    "device",
    "documentation",
    "extensions",
    "home_mashup",
    "owner",
    "project",
    "rate",
    "updated_at",
];
const UNSERVED_OF_SECRETS: [&str; 4] = ["first_expires_at", "hint", "state", "times_extended"];

impl Page {
    /// A document of these records; `None` if they are too many, or too long, for one.
    fn document(
        rows: &[&Row],
        defaults: Option<&str>,
        serial: u64,
        tagged: Tagged,
    ) -> Option<Self> {
        if rows.len() > RECORDS_LIMIT {
            return None;
        }
        let defaults = defaults.map(|defaults| format!("\"defaults\": {defaults}, "));
        let mut rest = format!("{}\"keys\": [", defaults.unwrap_or_default());
        for (at, row) in rows.iter().enumerate() {
            rest.push_str(if at == 0 { "\n" } else { ",\n" });
            rest.push_str(&row.json);
        }
        rest.push_str("\n]}\n");
        let body = format!("{{\"version\": 1, \"serial\": {serial}, {rest}");
        let etag = match tagged {
            Tagged::ButSerial => tag(&rest),
            Tagged::Whole => tag(&body),
        };
        let body = Arc::from(body.into_bytes());
        Some(Self { etag, body }).filter(|page| page.body.len() <= Document::SHARD_LIMIT)
    }

    fn index(shards: &[Self], serial: u64) -> Self {
        let member = |name, value| (Cow::Borrowed(name), value);
        let shards = shards.iter().map(|page| {
            Value::Object(vec![
                member("etag", Value::String(Cow::Borrowed(&page.etag))),
                member("serial", Value::Number(Number::Whole(serial))),
            ])
        });
        let index = Value::Object(vec![
            member("version", Value::Number(Number::Whole(1))),
            member("serial", Value::Number(Number::Whole(serial))),
            member("shards", Value::Array(shards.collect())),
        ]);
        let body = in_line(&index);
        Self { etag: tag(&body), body: Arc::from(body.into_bytes()) }
    }
}

/// What an entity tag depends on.
#[derive(Clone, Copy)]
enum Tagged {
    /// All but the serial: a shard that stays as it is keeps its tag.
    ButSerial,
    /// All.
    Whole,
}

fn tag(content: &str) -> String {
    let digest = sha256(content.as_bytes());
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

impl fmt::Display for PublishError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(formatter),
            Self::SerialBack { found, served } => {
                write!(formatter, "its serial has gone back from `{served}` to `{found}`")
            }
            Self::TooLarge => formatter.write_str("its records do not fit 256 shards"),
        }
    }
}

/// The most records of one document that a filter fetches.
const RECORDS_LIMIT: usize = 1_000;

#[cfg(test)]
mod tests;
