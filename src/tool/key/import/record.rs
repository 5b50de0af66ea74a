//! Records made of rows.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::super::error::KeyError;
use super::super::mint::Mint;
use super::super::store::{Members, Store, rules, text, time};
use super::super::times::End;
use super::exposed::{column_with_key, shown, start_of};
use super::known::KnownKeys;
use super::row::{Fault, Row};
use crate::application_key::lint::{Lint, WeakKey, weakness};
use crate::application_key::{Form, KeyPrefix, Record, RecordError};
use crate::json::Value;
use crate::secret::Secret;
use crate::time::Timestamp;

/// How rows become records.
pub struct Import<'a> {
    /// The user of keys of which no row names one.
    pub user: Option<&'a str>,
    /// The end of keys of which no row says it.
    pub end: End,
    /// The longest lifetime: no end is later.
    pub longest: Duration,
    /// How keys are digested.
    pub mint: &'a Mint,
    /// The time.
    pub now: Timestamp,
}

/// What became of one key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Imported {
    /// Its name, if it is one; else what stands there, escaped, and cut if it may be a key.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It is a record now.
    Made {
        /// What somebody should know.
        remarks: Vec<Remark>,
    },
    /// It was left out.
    Skipped(SkipReason),
}

/// What somebody should know about a key that was imported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Remark {
    /// Its end lay further away than is allowed, and was moved to this time.
    Cut(Timestamp),
    /// It had ended, and is disabled.
    Ended,
    /// No clear key was there.
    NoSecret,
    /// Nobody said when it ends: it does at this time.
    NoEnd(Timestamp),
    /// It can be guessed.
    Weak(WeakKey),
}

/// Why a row was left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SkipReason {
    /// A key stands in this column, or may: it would be written in clear.
    KeyIn(&'static str),
    /// Another key of the import, or of the file, is the same: it would let two users in.
    KeyRepeated,
    /// A key of this name is in the file.
    Known,
    /// No key can have its name here.
    Name,
    /// No row, nor `--user`, says as whom it runs.
    NoUser,
    /// Its record would let nobody in.
    Record(RecordError),
    /// Rows of one name differ in a column.
    RowsDiffer(&'static str),
    /// The value of a column cannot be read.
    Unreadable(&'static str),
}

/// Adds a record for each row that can be one. The caller writes the store.
///
/// # Errors
/// [`KeyError`] if the store has no list of keys, or `end` is none.
pub fn import<'r>(
    store: &mut Store<'_>,
    rows: impl IntoIterator<Item = &'r Row>,
    import: &Import<'_>,
) -> Result<Vec<Imported>, KeyError> {
    let defaults = store.document().header().defaults;
    let end = import.end.at(defaults.lifetime, import.longest, import.now)?;
    let rows: Vec<_> = rows.into_iter().map(|row| (row, import.digest(row))).collect();
    let digests = store.document().entries().iter().flat_map(|entry| entry.digests());
    let mut known = KnownKeys::new(import.mint, digests.map(|digest| digest.text()));
    for (row, digest) in &rows {
        if let (Some(key), Some(digest)) = (&row.key, digest) {
            known.add(key, digest.clone());
        }
    }
    let names: BTreeSet<_> =
        store.document().entries().iter().filter_map(|entry| entry.name()).collect();
    let made: Vec<_> = rows
        .iter()
        .map(|(row, digest)| {
            let exposed = column_with_key(row, &known);
            let is_repeated = digest.as_ref().is_some_and(|digest| known.is_repeated(digest));
            let made = match exposed {
                Some(column) => Err(SkipReason::KeyIn(column)),
                None if !Record::is_name(row.name()) => Err(SkipReason::Name),
                None if names.contains(row.name()) => Err(SkipReason::Known),
                None if is_repeated => Err(SkipReason::KeyRepeated),
                None => import.record(row, digest.as_deref(), end),
            };
            let made = made.and_then(|(record, remarks)| {
                Record::read(&record, &defaults, &rules())
                    .map(|_| (record, remarks))
                    .map_err(SkipReason::Record)
            });
            let name = match exposed {
                Some("name") => start_of(row.name()),
                Some(_) | None if Record::is_name(row.name()) => row.name().to_owned(),
                Some(_) | None => shown(row.name()),
            };
            (name, made)
        })
        .collect();
    drop(names);
    let records = store.records().ok_or(KeyError::Unknown)?;
    let outcome = made.into_iter().map(|(name, made)| match made {
        Ok((record, remarks)) => {
            records.push(record);
            Imported { name, fate: Fate::Made { remarks } }
        }
        Err(reason) => Imported { name, fate: Fate::Skipped(reason) },
    });
    Ok(outcome.collect())
}

impl Import<'_> {
    /// The digest of a key that can be one.
    fn digest(&self, row: &Row) -> Option<String> {
        let key = row.key.as_ref().filter(|key| is_plausible(key.expose()))?;
        Some(self.mint.digest(key).text())
    }

    fn record<'t>(
        &self,
        row: &Row,
        digest: Option<&str>,
        end: Timestamp,
    ) -> Result<(Value<'t>, Vec<Remark>), SkipReason> {
        match row.fault {
            Some(Fault::Differs(column)) => return Err(SkipReason::RowsDiffer(column)),
            Some(Fault::Unreadable(column)) => return Err(SkipReason::Unreadable(column)),
            None => {}
        }
        let mut remarks = Vec::new();
        let user = row.texts.iter().find(|(member, _)| *member == "user");
        let user = user.map(|(_, user)| user.as_str()).or(self.user).ok_or(SkipReason::NoUser)?;
        let member = |name: &'static str, value| (Cow::Borrowed(name), value);
        let mut members: Members<'t> =
            vec![member("name", text(row.name())), member("user", text(user))];
        let texts = row.texts.iter().filter(|(name, _)| *name != "user");
        members.extend(texts.map(|(name, value)| member(name, text(value.as_str()))));
        let list = |items: Vec<Value<'t>>| Value::Array(items);
        if let Some(tags) = &row.tags {
            members.push(member("tags", list(tags.iter().map(|tag| text(tag.as_str())).collect())));
        }
        if let Some(addresses) = &row.addresses {
            members.push(member("ip_allow", list(vec![text(addresses.as_str())])));
        }
        let (end, remark) = self.end(row, end);
        // Without a secret nothing ends.
        remarks.extend(remark.filter(|remark| digest.is_some() || *remark == Remark::Ended));
        let is_enabled = remark != Some(Remark::Ended);
        members.push(member("enabled", Value::Bool(is_enabled)));
        members.push(member("created_at", time(self.now)));
        members.push(member("updated_at", time(self.now)));
        let secrets = match (digest, &row.key) {
            (Some(digest), Some(key)) => {
                let weak = weakness(key.expose());
                remarks.extend(weak.map(Remark::Weak));
                // Of a key that can be guessed nothing is shown.
                let hint = if weak.is_none() { hint(key) } else { None };
                vec![secret(digest, hint, end)]
            }
            (None, _) | (_, None) => {
                remarks.push(Remark::NoSecret);
                Vec::new()
            }
        };
        members.push(member("secrets", list(secrets)));
        Ok((Value::Object(members), remarks))
    }

    /// When a key ends, and what is to be said of it.
    fn end(&self, row: &Row, otherwise: Timestamp) -> (Timestamp, Option<Remark>) {
        let latest = self.now + self.longest;
        match row.expires_at {
            Some(end) if end <= self.now => (end, Some(Remark::Ended)),
            _ if row.is_expired => (self.now, Some(Remark::Ended)),
            Some(end) if end > latest => (latest, Some(Remark::Cut(latest))),
            Some(end) => (end, None),
            None => (otherwise, Some(Remark::NoEnd(otherwise))),
        }
    }
}

fn secret<'t>(digest: &str, hint: Option<String>, end: Timestamp) -> Value<'t> {
    let mut members: Members<'t> = vec![(Cow::Borrowed("digest"), text(digest))];
    members.extend(hint.map(|hint| (Cow::Borrowed("hint"), text(hint))));
    members.push((Cow::Borrowed("state"), text("current")));
    members.push((Cow::Borrowed("expires_at"), time(end)));
    Value::Object(members)
}

/// Whether a value may be a key as callers present it. One that is all stars, or the like, stands for a hidden one.
fn is_plausible(key: &[u8]) -> bool {
    let is_key = match KeyPrefix::default().check_form(key) {
        Form::BadChecksum | Form::Malformed => false,
        Form::Foreign | Form::Ours => true,
    };
    is_key && key.windows(2).any(|pair| matches!(pair, [a, b] if a != b))
}

fn hint(key: &Secret<Vec<u8>>) -> Option<String> {
    let last = key.expose().get(key.expose().len().checked_sub(4)?..)?;
    Some(last.iter().copied().map(char::from).collect())
}

impl fmt::Display for Remark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use super::super::times::time_text;
        match self {
            Self::Cut(end) => {
                write!(
                    formatter,
                    "ends at {}, for its end lay beyond `--max-lifetime`",
                    time_text(*end)
                )
            }
            Self::Ended => formatter.write_str("disabled, for it has ended"),
            Self::NoSecret => formatter
                .write_str("without a secret, for no clear key is there; rotate it to activate it"),
            Self::NoEnd(end) => {
                write!(formatter, "ends at {}, for no row says when", time_text(*end))
            }
            Self::Weak(why) => {
                let why = match why {
                    WeakKey::NotRandom => "a GUID of another version than 4",
                    WeakKey::Pattern => "it repeats itself",
                    WeakKey::TooShort => "fewer than 112 bits",
                };
                write!(
                    formatter,
                    "{} (high): {}: {why}; rotate it, or import it with `--pepper-file`",
                    Lint::Weak.id(),
                    Lint::Weak
                )
            }
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyIn(column) => write!(formatter, "a key stands in `{column}`, or may"),
            Self::KeyRepeated => formatter.write_str("another key is the same"),
            Self::Known => formatter.write_str("a key of this name is there already"),
            Self::Name => {
                formatter.write_str("no name: 1 to 128 letters, digits, `.`, `_` and `-`")
            }
            Self::NoUser => formatter.write_str("no user; `--user` names one"),
            Self::Record(error) => write!(formatter, "its record would let nobody in: {error}"),
            Self::RowsDiffer(column) => write!(formatter, "rows of this name differ in `{column}`"),
            Self::Unreadable(column) => write!(formatter, "`{column}` cannot be read"),
        }
    }
}
