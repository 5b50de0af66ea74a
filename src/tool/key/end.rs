//! The end of keys: by switch, by time, and by being removed.

use std::time::Duration;

use super::error::KeyError;
use super::store::{Store, set, time};
use crate::application_key::Record;
use crate::json::Value;
use crate::time::Timestamp;

/// What [`prune`] takes away.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pruned {
    /// The name of a key.
    pub name: String,
    /// How many of its secrets are removed.
    pub secrets: usize,
    /// Whether the key is, for none is left.
    pub is_whole: bool,
}

/// Enables or disables a key.
///
/// # Errors
/// [`KeyError::Unknown`] and [`KeyError::Record`].
pub fn switch(store: &mut Store<'_>, name: &str, is_enabled: bool) -> Result<(), KeyError> {
    store.record(name)?;
    set(store.members(name)?, "enabled", Value::Bool(is_enabled));
    Ok(())
}

/// Ends all secrets of a key now.
///
/// # Errors
/// [`KeyError::Unknown`] and [`KeyError::Record`].
pub fn expire(store: &mut Store<'_>, name: &str, now: Timestamp) -> Result<(), KeyError> {
    let ends: Vec<_> = store.record(name)?.secrets.iter().map(|one| one.expires_at).collect();
    for (end, secret) in ends.into_iter().zip(store.secrets(name)?) {
        if let Value::Object(members) = secret
            && end > now
        {
            set(members, "expires_at", time(now));
        }
    }
    Ok(())
}

/// Removes a key: all records of its name, good or not.
///
/// # Errors
/// [`KeyError::Unknown`].
pub fn delete(store: &mut Store<'_>, name: &str) -> Result<(), KeyError> {
    store.tree(name)?;
    let records = store.records().ok_or(KeyError::Unknown)?;
    records.retain(|record| record.get("name").and_then(Value::as_str) != Some(name));
    Ok(())
}

/// Removes the secrets of good records that ended this long ago or before, and the keys of which the last one is
/// removed. A key that never had one stays.
pub fn prune(store: &mut Store<'_>, older_than: Duration, now: Timestamp) -> Vec<Pruned> {
    let is_old = |end: Timestamp| end + older_than <= now;
    let count =
        |record: &Record| record.secrets.iter().filter(|one| is_old(one.expires_at)).count();
    let found = store.document().records().map(|record| (record, count(record)));
    let found: Vec<_> = found
        .filter(|(_, count)| *count > 0)
        .map(|(record, secrets)| {
            let ends: Vec<_> = record.secrets.iter().map(|one| one.expires_at).collect();
            let is_whole = secrets == ends.len();
            (Pruned { name: record.name.to_string(), secrets, is_whole }, ends)
        })
        .collect();
    for (pruned, ends) in &found {
        if pruned.is_whole {
            let _ = delete(store, &pruned.name);
        } else if let Ok(secrets) = store.secrets(&pruned.name) {
            let mut ends = ends.iter();
            secrets.retain(|_| ends.next().is_none_or(|end| !is_old(*end)));
            if let Ok(members) = store.members(&pruned.name) {
                set(members, "updated_at", time(now));
            }
        }
    }
    found.into_iter().map(|(pruned, _)| pruned).collect()
}
