//! The keys of a file as a table and as JSON, without their secrets.

use std::time::Duration;

use serde_json::{Value, json};

use super::state::{State, last_end};
use super::usage::KeyUse;
use crate::application_key::{Document, Entry, KeySecret, SecretState};
use crate::time::{Timestamp, utc};
use crate::tool::explain::words::shown;

/// Which keys are listed.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Those in this state.
    pub state: Option<State>,
    /// Those of this user.
    pub user: Option<String>,
    /// Those that may be used and of which the last secret ends within this time.
    pub expiring_within: Option<Duration>,
}

impl Listing {
    /// The keys that are meant, in the order of the document.
    pub fn of<'d>(&self, document: &'d Document, now: Timestamp) -> Vec<(&'d Entry, State)> {
        let soon = self.expiring_within.unwrap_or(State::SOON);
        let states = document.entries().iter().map(|entry| (entry, State::of(entry, soon, now)));
        states.filter(|(entry, state)| self.means(entry, *state)).collect()
    }

    fn means(&self, entry: &Entry, state: State) -> bool {
        let user = match entry {
            Entry::Invalid(_) => None,
            Entry::Valid(record) => Some(&*record.user),
        };
        self.state.is_none_or(|wanted| wanted == state)
            && self.user.as_deref().is_none_or(|wanted| user == Some(wanted))
            && (self.expiring_within.is_none() || state == State::Expiring)
    }
}

/// One key a line under a heading; with the time of its last use if there is a report of use.
pub fn list_text(keys: &[(&Entry, State)], usage: Option<&KeyUse>) -> String {
    let mut heading =
        ["NAME", "USER", "STATE", "EXPIRES", "SECRETS", "HINT"].map(str::to_owned).to_vec();
    heading.extend(usage.map(|_| "LAST USED".to_owned()));
    let rows = keys.iter().map(|(entry, state)| {
        let mut row = row((entry, state)).to_vec();
        row.extend(usage.map(|usage| last_used(entry, usage)));
        row
    });
    let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}  "));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

fn last_used(entry: &Entry, usage: &KeyUse) -> String {
    let seen = entry.name().and_then(|name| usage.keys.get(name));
    let never = if usage.dropped > 0 { "unknown" } else { "never" };
    seen.and_then(|seen| seen.last_used).map_or_else(|| never.to_owned(), utc::written)
}

fn row((entry, state): (&Entry, &State)) -> [String; 6] {
    let name = entry.name().unwrap_or("-").to_owned();
    let state = state.name().to_owned();
    match entry {
        Entry::Invalid(invalid) => {
            let count = invalid.digests.len().to_string();
            [name, "-".to_owned(), state, "-".to_owned(), count, format!("({})", invalid.error)]
        }
        Entry::Valid(record) => {
            let current = record.secrets.iter().rfind(|one| one.state == SecretState::Current);
            let hint = current.and_then(|secret| secret.hint.as_deref());
            [
                name,
                shown(record.user.as_bytes()),
                state,
                last_end(record).map_or_else(|| "-".to_owned(), utc::written),
                record.secrets.len().to_string(),
                hint.map_or_else(|| "-".to_owned(), |hint| shown(hint.as_bytes())),
            ]
        }
    }
}

/// One object for each key; with its use if there is a report of it.
pub fn list_json(keys: &[(&Entry, State)], usage: Option<&KeyUse>) -> String {
    let keys = keys.iter().map(|key| {
        let mut object = object(key);
        if let (Some(usage), Some(members)) = (usage, object.as_object_mut()) {
            let seen =
                key.0.name().and_then(|name| usage.keys.get(name)).copied().unwrap_or_default();
            members.insert("last_used_at".to_owned(), seen.last_used.map(utc::written).into());
            members.insert("uses".to_owned(), seen.uses.into());
            members.insert("is_use_certain".to_owned(), (usage.dropped == 0).into());
        }
        object
    });
    let keys: Vec<_> = keys.collect();
    format!("{:#}\n", Value::Array(keys))
}

fn object((entry, state): &(&Entry, State)) -> Value {
    match entry {
        Entry::Invalid(invalid) => json!({
            "name": invalid.name,
            "state": state.name(),
            "error": invalid.error.to_string(),
        }),
        Entry::Valid(record) => json!({
            "name": record.name,
            "user": record.user,
            "tenant": record.tenancy.tenant().map(|tenant| tenant.as_str()),
            "subtenant": record.tenancy.subtenant().map(|subtenant| subtenant.as_str()),
            "project": record.about.project,
            "device": record.about.device,
            "state": state.name(),
            "enabled": record.is_enabled,
            "expires_at": last_end(record).map(utc::written),
            "secrets": record.secrets.iter().map(secret).collect::<Vec<_>>(),
        }),
    }
}

fn secret(secret: &KeySecret) -> Value {
    json!({
        "digest": secret.digest.digest().short(),
        "hint": secret.hint,
        "state": match secret.state {
            SecretState::Current => "current",
            SecretState::Retiring => "retiring",
        },
        "expires_at": utc::written(secret.expires_at),
    })
}
