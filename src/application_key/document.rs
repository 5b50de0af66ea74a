//! The document of a store: version 1, read in slices.
//!
//! A document that is not JSON, or not of this form, is refused as a whole, and never replaces a good one. A record in it
//! that is wrong lets nobody in, and spoils no other.

mod read;

pub use read::Reader;
pub(super) use read::SERIAL_LIMIT;

use std::fmt;

use super::digest::StatedDigest;
use super::record::{Defaults, Record, RecordError};
use crate::json::JsonError;
use crate::message::PathSpelling;
use crate::order::ascending;
use crate::tenancy::TenantId;
use crate::time::Timestamp;

/// What is expected of a document.
#[derive(Clone, Debug)]
pub struct ReadRules {
    /// The tenants that keys may act for; `None`: any, which is for the tool alone.
    pub tenants: Option<Vec<TenantId>>,
    /// Which paths are one path.
    pub spelling: PathSpelling,
    /// The most bytes: [`Document::SHARD_LIMIT`] for what a filter fetches.
    pub largest: usize,
    /// The most records, [`Document::RECORDS_LIMIT`] at most.
    pub most: usize,
}

/// A document as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    header: Header,
    // INVARIANT: no two valid ones have a name or a digest in common.
    entries: Vec<Entry>,
}

/// What stands beside the records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// Raised at each change; below 2^53.
    pub serial: u64,
    /// When it was written.
    pub generated_at: Option<Timestamp>,
    /// What holds for records that do not say it.
    pub defaults: Defaults,
}

/// A record, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// It lets nobody in.
    Invalid(InvalidEntry),
    /// It is good.
    Valid(Box<Record>),
}

/// A record that lets nobody in.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidEntry {
    /// Its name, if that can be read.
    pub name: Option<Box<str>>,
    /// Its digests, as far as they can be read.
    pub digests: Vec<StatedDigest>,
    /// What is wrong with it.
    pub error: RecordError,
}

/// Why a document is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentError {
    /// A member of the document or of its defaults is of another type or out of its bounds.
    Invalid(&'static str),
    /// It is JSON that could be read in two ways, or not JSON at all.
    Json(JsonError),
    /// A member must be there.
    Missing(&'static str),
    /// It has more bytes than is allowed.
    TooLarge,
    /// It has more records than is allowed.
    TooManyRecords,
    /// It has a member that nobody knows.
    UnknownMember,
    /// Its version is not 1.
    Version,
}

impl Document {
    /// The most bytes of a document that a filter fetches: 2 MiB.
    pub const SHARD_LIMIT: usize = 2 * 1024 * 1024;
    /// The most records, over all shards.
    pub const RECORDS_LIMIT: usize = 100_000;

    /// Reads a whole document at once.
    ///
    /// # Errors
    /// [`DocumentError`] when it is refused as a whole.
    pub fn read(text: Vec<u8>, rules: ReadRules) -> Result<Self, DocumentError> {
        let mut reader = Reader::new(text, rules)?;
        while !reader.advance(usize::MAX)? {}
        Ok(reader.finish())
    }

    /// What stands beside the records.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The records in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The good records.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Invalid(_) => None,
            Entry::Valid(record) => Some(&**record),
        })
    }

    /// The others.
    pub fn invalid(&self) -> impl Iterator<Item = &InvalidEntry> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Invalid(invalid) => Some(invalid),
            Entry::Valid(_) => None,
        })
    }
}

impl Header {
    /// Whether it may replace a document of the serial `before`: serials never go back, so that nobody who can replay an
    /// old document brings a deleted key back.
    pub const fn may_follow(&self, before: u64) -> bool {
        self.serial >= before
    }
}

impl Entry {
    /// The name, if it can be read.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Invalid(invalid) => invalid.name.as_deref(),
            Self::Valid(record) => Some(&record.name),
        }
    }

    /// The digests, as far as they can be read.
    pub fn digests(&self) -> Vec<&StatedDigest> {
        match self {
            Self::Invalid(invalid) => invalid.digests.iter().collect(),
            Self::Valid(record) => record.secrets.iter().map(|secret| &secret.digest).collect(),
        }
    }

    /// Makes it one that lets nobody in. The first error stays.
    fn invalidate(&mut self, error: RecordError) {
        if let Self::Valid(record) = self {
            let digests = record.secrets.iter().map(|secret| secret.digest.clone()).collect();
            *self = Self::Invalid(InvalidEntry { name: Some(record.name.clone()), digests, error });
        }
    }
}

/// Makes every entry invalid whose name, or one of whose digests, another entry has too.
fn invalidate_repeated(entries: &mut [Entry]) {
    let mut names = Vec::with_capacity(entries.len());
    let mut digests = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        names.extend(entry.name().map(|name| (name.as_bytes(), at)));
        let stated = entry.digests().into_iter();
        digests.extend(stated.map(|stated| (stated.digest().as_bytes().as_slice(), at)));
    }
    let (names, digests) = (repeated(&names), repeated(&digests));
    for (places, error) in
        [(names, RecordError::NameRepeated), (digests, RecordError::DigestRepeated)]
    {
        for at in places {
            if let Some(entry) = entries.get_mut(at) {
                entry.invalidate(error.clone());
            }
        }
    }
}

/// The places of what stands at more than one place.
fn repeated(items: &[(&[u8], usize)]) -> Vec<usize> {
    let order = ascending(items.len(), &|one, other| items.get(one).cmp(&items.get(other)));
    let mut places = Vec::new();
    for pair in order.windows(2) {
        if let [one, other] = pair
            && let (Some((one, at)), Some((other, too))) = (items.get(*one), items.get(*other))
            && one == other
            && at != too
        {
            places.extend([*at, *too]);
        }
    }
    places
}

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Invalid(member) => {
                return write!(formatter, "`{member}` has another type or is out of its bounds");
            }
            Self::Json(error) => return error.fmt(formatter),
            Self::Missing(member) => return write!(formatter, "`{member}` is missing"),
            Self::TooLarge => "it has more bytes than is allowed",
            Self::TooManyRecords => "it has more records than is allowed",
            Self::UnknownMember => "it has a member that nobody knows",
            Self::Version => "its version is not 1",
        })
    }
}
