//! All that a file says of one key, with digests cut to what helps to recognise them.

use std::borrow::Cow;

use super::error::KeyError;
use super::state::State;
use super::store::{Members, Store, text};
use super::written::{in_line, written};
use crate::application_key::Entry;
use crate::json::Value;
use crate::time::Timestamp;

/// One member a line, the state and what is wrong first. Lists and secrets are JSON.
///
/// # Errors
/// [`KeyError::Unknown`].
pub fn show_text(store: &Store<'_>, name: &str, now: Timestamp) -> Result<String, KeyError> {
    let line = |name: &str, value: &str| format!("{name:15} {value}\n");
    let mut out = String::new();
    for (name, value) in members(store, name, now)? {
        match value {
            Value::String(text) => out.push_str(&line(&name, &visible(&text))),
            Value::Array(items) if name == "secrets" || name == "routes" => {
                let lines = items.iter().map(|item| line(&name, &in_line(item)));
                out.extend(lines);
            }
            other => out.push_str(&line(&name, &in_line(&other))),
        }
    }
    Ok(out)
}

/// The record as JSON, the state and what is wrong first.
///
/// # Errors
/// [`KeyError::Unknown`].
pub fn show_json(store: &Store<'_>, name: &str, now: Timestamp) -> Result<String, KeyError> {
    Ok(written(&Value::Object(members(store, name, now)?)))
}

fn members<'s>(store: &'s Store<'_>, name: &str, now: Timestamp) -> Result<Members<'s>, KeyError> {
    let Value::Object(stated) = store.tree(name)? else { return Err(KeyError::Unknown) };
    let mut members: Members<'s> = Vec::new();
    let mut entries = store.document().entries().iter();
    if let Some(entry) = entries.find(|entry| entry.name() == Some(name)) {
        let state = State::of(entry, State::SOON, now).name();
        members.push((Cow::Borrowed("state"), text(state)));
        if let Entry::Invalid(invalid) = entry {
            members.push((Cow::Borrowed("error"), text(invalid.error.to_string())));
        }
    }
    let stated = stated.iter().map(|(name, value)| {
        let value = if name == "secrets" { cut(value) } else { value.clone() };
        (Cow::Borrowed(&**name), value)
    });
    members.extend(stated);
    Ok(members)
}

/// `value` with every digest in it cut to its form and 8 digits.
fn cut<'s>(value: &'s Value<'_>) -> Value<'s> {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(cut).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let value = match value {
                    Value::String(digest) if name == "digest" => text(short(digest)),
                    other => other.clone(),
                };
                (Cow::Borrowed(&**name), value)
            });
            Value::Object(members.collect())
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A text without what a terminal might obey.
fn visible(text: &str) -> String {
    let escaped = |c: char| c.escape_default().collect::<String>();
    let one = |c: char| if c.is_control() { escaped(c) } else { c.to_string() };
    text.chars().map(one).collect()
}

fn short(digest: &str) -> String {
    let (form, digits) = digest.rsplit_once(':').unwrap_or(("", digest));
    format!("{form}:{}…", digits.chars().take(8).collect::<String>())
}
