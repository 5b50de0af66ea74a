//! A field of which something was cut out: the path or the `referer` without some query parameters,
//! the cookies without some cookies.
//!
//! What is left are bytes of the request, in their order. Nothing can be added, and nothing before
//! the `?` of a path can change: so the path that was decided on is the path that goes on.

use std::fmt;
use std::sync::Arc;

use super::cookie::{self, COOKIE, CookieName};
use super::head::RequestHead;
use super::query::{ParameterName, pieces, split_query};
use crate::secret::Secret;

/// A new value for a field, made of what is left of the old one.
#[derive(Clone, Eq, PartialEq)]
pub struct Reduced {
    name: &'static str,
    value: Arc<Secret<Vec<u8>>>,
}

/// What becomes of the cookies of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum CookiesLeft {
    /// None is left.
    None,
    /// These, in one field.
    Some(Reduced),
}

impl Reduced {
    /// The `:path` without the query parameters of these names. `None` when it has none of them.
    ///
    /// The `?` goes with the last parameter.
    pub fn without_parameters(target: &[u8], names: &[ParameterName]) -> Option<Self> {
        without_pieces(target, names).map(|value| Self::of(":path", value))
    }

    /// A `referer` without the query parameters of these names, and without a fragment, which it must
    /// not have (RFC 9110 §10.1.3). `None` when it has none of them.
    pub fn referer_without_parameters(url: &[u8], names: &[ParameterName]) -> Option<Self> {
        let end = url.iter().position(|&b| b == b'#').unwrap_or(url.len());
        let (url, fragment) = url.split_at_checked(end).unwrap_or((url, &[]));
        let left = without_pieces(url, names);
        let left = left.or_else(|| (!fragment.is_empty()).then(|| url.to_vec()));
        left.map(|value| Self::of("referer", value))
    }

    /// The cookies without those of these names. `None` when the request has none of them.
    pub(crate) fn without_cookies(
        head: &RequestHead<'_>,
        names: &[CookieName],
    ) -> Option<CookiesLeft> {
        let is_left = |piece: &&[u8]| names.iter().all(|name| name.value_in(piece).is_none());
        if head.values(COOKIE).flat_map(cookie::pieces).all(|piece| is_left(&piece)) {
            return None;
        }
        // Other cookies may be secrets: none is left behind where the value outgrows its memory.
        let lengths = head.values(COOKIE).map(|field| field.len().saturating_add(2));
        let mut value = Vec::with_capacity(lengths.sum());
        for field in head.values(COOKIE) {
            let mut is_first = true;
            for piece in cookie::pieces(field).filter(is_left) {
                match (is_first, value.is_empty()) {
                    (true, true) => value.extend(cookie::without_blanks(piece)),
                    // RFC 9113 §8.2.3 joins fields like this.
                    (true, false) => {
                        value.extend(b"; ");
                        value.extend(cookie::without_blanks(piece));
                    }
                    (false, _) => {
                        value.push(b';');
                        value.extend(piece);
                    }
                }
                is_first = false;
            }
        }
        Some(match value.is_empty() {
            true => CookiesLeft::None,
            false => CookiesLeft::Some(Self::of("cookie", value)),
        })
    }

    /// The name of the field: `:path`, `referer` or `cookie`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The bytes to send.
    pub fn expose(&self) -> &[u8] {
        self.value.expose()
    }

    fn of(name: &'static str, value: Vec<u8>) -> Self {
        Self { name, value: Arc::new(Secret::new(value)) }
    }
}

/// A URL without the query parameters of these names; `None` when it has none of them.
fn without_pieces(url: &[u8], names: &[ParameterName]) -> Option<Vec<u8>> {
    let (path, query) = split_query(url);
    let is_left = |piece: &&[u8]| names.iter().all(|name| name.value_in(piece).is_none());
    let query = query?;
    if pieces(query).all(|piece| is_left(&piece)) {
        return None;
    }
    let mut value = Vec::with_capacity(url.len());
    value.extend(path);
    for (index, piece) in pieces(query).filter(is_left).enumerate() {
        value.push(if index == 0 { b'?' } else { b'&' });
        value.extend(piece);
    }
    Some(value)
}

/// Cookies and queries may hold credentials.
impl fmt::Debug for Reduced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "<reduced {}>", self.name)
    }
}

#[cfg(test)]
mod tests;
