//! `limits`: how much is held, and for how long anything waits. The one place of these defaults.

use std::time::Duration;

use super::super::raw::Section;
use crate::jwt::{Bounds, VerifiedTokens};

/// Bounds of one worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The budget for bad signatures that are dear to compute.
    pub bad_signatures: BadSignatures,
    /// How many tokens exchanged for callers' own are held or exchanged at once.
    pub exchanged_tokens: usize,
    /// How long before its expiry a technical token is fetched anew, at most half its lifetime.
    pub refresh_ahead: Duration,
    /// How many technical tokens and key sets are held or fetched at once.
    pub token_slots: usize,
    /// The time between two fetches of a key set because of a token with an unknown `kid`.
    pub unknown_key_interval: Duration,
    /// How many requests wait for one key set because of unknown `kid`s; more are refused at once.
    pub unknown_key_waiters: usize,
    /// How many verified tokens are remembered, and how many bytes they may take.
    pub verified_tokens: Bounds,
    /// How many requests wait for anything at all; more are refused at once.
    pub waiters: usize,
    /// How long one request waits.
    pub waiting_deadline: Duration,
}

/// What bad signatures may cost where they are dear: all that Rust code computes, and the dearest ones
/// of the host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadSignatures {
    /// How many one source may have computed in 10 s: 1 to 10,000.
    pub per_source: usize,
    /// How many sources that failed are remembered: 64 to 65,536.
    pub sources: usize,
    /// How much of a second all sources that failed may take together: 10 ms to 500 ms. Twice that is the
    /// ceiling for all, so it is a second at most.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bad_signatures: BadSignatures {
                per_source: 200,
                sources: 1024,
                time: Duration::from_millis(250),
            },
            exchanged_tokens: 1024,
            refresh_ahead: Duration::from_secs(300),
            token_slots: 4096,
            unknown_key_interval: Duration::from_secs(10),
            unknown_key_waiters: 64,
            verified_tokens: VerifiedTokens::DEFAULT,
            waiters: 1000,
            waiting_deadline: Duration::from_secs(5),
        }
    }
}

/// Reads `limits`.
pub(super) fn limits(root: &Section<'_>) -> Limits {
    let default = Limits::default();
    let Some(section) = root.section("limits") else { return default };
    let whole = |key, otherwise| section.whole(key).unwrap_or(otherwise);
    let span = |key, otherwise| section.duration(key).unwrap_or(otherwise);
    Limits {
        bad_signatures: BadSignatures {
            per_source: whole("bad_signatures", default.bad_signatures.per_source),
            sources: whole("bad_signature_sources", default.bad_signatures.sources),
            time: span("bad_signature_time", default.bad_signatures.time),
        },
        exchanged_tokens: whole("exchanged_tokens", default.exchanged_tokens),
        refresh_ahead: span("refresh_ahead", default.refresh_ahead),
        token_slots: whole("token_slots", default.token_slots),
        unknown_key_interval: span("unknown_key_interval", default.unknown_key_interval),
        unknown_key_waiters: whole("unknown_key_waiters", default.unknown_key_waiters),
        verified_tokens: Bounds {
            entries: whole("verified_tokens", default.verified_tokens.entries),
            bytes: whole("verified_tokens_bytes", default.verified_tokens.bytes),
        },
        waiters: whole("waiters", default.waiters),
        waiting_deadline: span("waiting_deadline", default.waiting_deadline),
    }
}
