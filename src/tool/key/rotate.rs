//! Another secret for a key.

use std::time::Duration;

use super::error::KeyError;
use super::mint::{Mint, NewSecret};
use super::store::{Store, set, text, time};
use super::times::End;
use crate::application_key::{Record, SecretState};
use crate::json::Value;
use crate::time::Timestamp;

/// How a secret is replaced.
pub struct Rotation {
    /// For how long the old one stays good beside the new one.
    pub overlap: Overlap,
    /// Whether an older one that is still retiring ends at once; otherwise nothing is done while there is one.
    pub ends_retiring: bool,
    /// When the new one ends.
    pub end: End,
    /// The longest lifetime.
    pub longest: Duration,
}

/// For how long the old secret stays good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Overlap {
    /// This long, and not beyond its own end.
    For(Duration),
    /// Not at all: every older secret ends at once, for one has leaked.
    None,
}

impl Overlap {
    /// 24 hours.
    pub const DEFAULT: Self = Self::For(Duration::from_secs(86_400));
}

/// Adds a secret to a key, and ends the older ones.
///
/// # Errors
/// [`KeyError`].
pub fn rotate(
    store: &mut Store<'_>,
    name: &str,
    rotation: &Rotation,
    mint: &Mint,
    random: &[u8; 32],
    now: Timestamp,
) -> Result<NewSecret, KeyError> {
    let end =
        rotation.end.at(store.document().header().defaults.lifetime, rotation.longest, now)?;
    let olds = store.record(name)?.secrets.clone();
    let is_live = |end: Timestamp| end > now;
    let has_retiring =
        olds.iter().any(|old| old.state == SecretState::Retiring && is_live(old.expires_at));
    if has_retiring && !rotation.ends_retiring && rotation.overlap != Overlap::None {
        return Err(KeyError::Retiring);
    }
    let secrets = store.secrets(name)?;
    let mut ends = Vec::new();
    for (old, secret) in olds.iter().zip(secrets.iter_mut()) {
        let Value::Object(members) = secret else { continue };
        let last = match (rotation.overlap, old.state) {
            (Overlap::For(span), SecretState::Current) => now + span,
            (Overlap::For(_), SecretState::Retiring) | (Overlap::None, _) => now,
        };
        let last = old.expires_at.min(last);
        set(members, "state", text("retiring"));
        set(members, "expires_at", time(last));
        ends.push(last);
    }
    // Ended ones make room, the oldest first.
    while ends.len() >= Record::SECRETS_LIMIT {
        let Some(at) = ends.iter().position(|end| !is_live(*end)) else { break };
        ends.remove(at);
        secrets.remove(at);
    }
    let (new, value) = mint.make(random, None, end, now);
    secrets.push(value);
    Ok(new)
}
