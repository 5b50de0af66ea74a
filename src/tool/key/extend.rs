//! A later end for a secret: a way out for devices that cannot get a new key.

use std::time::Duration;

use super::error::KeyError;
use super::store::{Store, set, text, time};
use super::times::End;
use crate::application_key::SecretState;
use crate::json::{Number, Value};
use crate::time::{Timestamp, utc};

/// A later end, and why.
pub struct Extension<'a> {
    /// The new end; [`End::In`] counts from the old one, or from now if that has passed.
    pub end: End,
    /// Why; it is appended to the documentation of the key.
    pub reason: &'a str,
    /// Whether a secret that has ended becomes good again.
    pub revives: bool,
    /// The longest lifetime from now.
    pub longest: Duration,
}

/// Moves the end of the current secret of a key. Gives the new end.
///
/// # Errors
/// [`KeyError`].
pub fn extend(
    store: &mut Store<'_>,
    name: &str,
    extension: &Extension<'_>,
    now: Timestamp,
) -> Result<Timestamp, KeyError> {
    let record = store.record(name)?;
    let mut secrets = record.secrets.iter().enumerate();
    let current = secrets.rfind(|(_, secret)| secret.state == SecretState::Current);
    let (at, secret) = current.ok_or(KeyError::NoSecret)?;
    let old = secret.expires_at;
    let first = secret.first_expires_at.unwrap_or(old);
    let times = u64::from(secret.times_extended) + 1;
    let documentation = record.about.documentation.clone();
    if old <= now && !extension.revives {
        return Err(KeyError::Ended);
    }
    let end = match extension.end {
        End::In(span) => End::On(old.max(now) + span),
        End::ByDefault | End::On(_) => extension.end,
    };
    let lifetime = store.document().header().defaults.lifetime;
    let end = end.at(lifetime, extension.longest, now)?;
    if end <= old {
        return Err(KeyError::EndNotLater);
    }
    if let Some(Value::Object(members)) = store.secrets(name)?.get_mut(at) {
        set(members, "expires_at", time(end));
        set(members, "first_expires_at", time(first));
        set(members, "times_extended", Value::Number(Number::Whole(times)));
    }
    let before = documentation.filter(|words| !words.is_empty());
    let before = before.map(|words| format!("{words}\n\n")).unwrap_or_default();
    let words = format!(
        "{before}{}: end moved from {} to {}: {}",
        utc::written(now),
        utc::written(old),
        utc::written(end),
        extension.reason
    );
    set(store.members(name)?, "documentation", text(words));
    Ok(end)
}
