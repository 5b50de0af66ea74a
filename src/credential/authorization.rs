//! What stands in `authorization` where application keys are known.

use super::key_places::KeyPlaces;
use crate::message::{RequestHead, Stated};

/// What the one `authorization` field holds.
#[derive(Clone, Copy)]
pub(super) enum Authorization<'a> {
    /// Scheme `Basic` (RFC 7617).
    Basic,
    /// A key of ours, where a bearer token is expected.
    Key(&'a [u8]),
    /// Nothing, a token, or what cannot be one.
    Other,
}

impl<'a> Authorization<'a> {
    pub(super) fn read(head: &RequestHead<'a>, places: &KeyPlaces) -> Self {
        let Stated::Once(value) = head.authorization() else { return Self::Other };
        let mut words = value.splitn(2, |&b| b == b' ');
        let scheme = words.next().unwrap_or_default();
        let rest = words.next().unwrap_or_default().trim_ascii();
        // Several fields that were made one are no one credential.
        if scheme.eq_ignore_ascii_case(b"basic") && !rest.contains(&b',') {
            return Self::Basic;
        }
        let prefix = places.parts().bearer_prefix.as_deref();
        // Tokens that are signed have dots, and keys of ours have none.
        let is_key = scheme.eq_ignore_ascii_case(b"bearer")
            && prefix.is_some_and(|prefix| rest.starts_with(prefix.as_bytes()))
            && !rest.contains(&b'.');
        if is_key { Self::Key(rest) } else { Self::Other }
    }
}

/// Whether `prefix` begins a word of `value`: not within a longer one, as it may in a token.
pub(super) fn begins_a_word(value: &[u8], prefix: &[u8]) -> bool {
    let is_inner = |b: &u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b);
    let mut before: Option<u8> = None;
    for (at, byte) in value.iter().enumerate() {
        let begins = before.is_none_or(|before| !is_inner(&before));
        if begins && value.get(at..).is_some_and(|rest| rest.starts_with(prefix)) {
            return true;
        }
        before = Some(*byte);
    }
    false
}
