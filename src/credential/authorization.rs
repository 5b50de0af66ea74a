//! What stands in `authorization` where application keys are known.

use super::key_places::KeyPlaces;
use crate::message::RequestHead;

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
        let mut values = head.values(b"authorization");
        let (Some(value), None) = (values.next(), values.next()) else { return Self::Other };
        let mut words = value.splitn(2, |&b| b == b' ');
        let scheme = words.next().unwrap_or_default();
        let rest = words.next().unwrap_or_default().trim_ascii();
        if scheme.eq_ignore_ascii_case(b"basic") {
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
