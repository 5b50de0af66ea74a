//! An application key, as it stands in its header or in the query. Whether anybody knows it is not asked here.

use std::fmt;

use super::authorization::Authorization;
use super::key_places::KeyPlaces;
use crate::message::{RequestHead, decode_parameter, parameter_values};
use crate::secret::Secret;

/// A well-formed but unproven application key: 1 to 256 bytes from `!` to `~`, no `,`.
#[derive(Clone)]
pub struct PresentedKey<'a> {
    value: Value<'a>,
    from: KeyFrom,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyFrom {
    /// In its header, or where bearer tokens stand.
    Header,
    /// In its header and in the query.
    HeaderAndQuery,
    /// In the query.
    Query,
}

/// Why what is presented is no application key. It is refused, never taken as absent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyError {
    /// It has a length or a byte that no key has.
    Format,
    /// It stands in the query, where none may. If it is known, it counts as exposed: see
    /// [`PresentedKey::exposed`].
    InUrl,
    /// Two different keys.
    KeysDiffer,
    /// Two different session cookies.
    SessionsDiffer,
}

impl<'a> PresentedKey<'a> {
    /// The key that `head` presents, if it may stand where it does.
    pub(super) fn extract(
        head: &RequestHead<'a>,
        places: &KeyPlaces,
        authorization: Authorization<'a>,
    ) -> Result<Option<Self>, KeyError> {
        let key = Self::find(head, places, authorization)?;
        match key {
            Some(key) if key.from.is_query() && !places.parts().allows_query => {
                Err(KeyError::InUrl)
            }
            key => Ok(key),
        }
    }

    /// The key behind [`KeyError::InUrl`], so that the log can name it: it must be replaced. Nobody
    /// is let in by it.
    pub fn exposed(head: &RequestHead<'a>, places: &KeyPlaces) -> Option<Self> {
        let key = Self::find(head, places, Authorization::read(head, places));
        key.ok().flatten().filter(|key| key.from.is_query())
    }

    /// Whether a key stands anywhere, in whatever form.
    pub(super) fn stands(
        head: &RequestHead<'a>,
        places: &KeyPlaces,
        authorization: Authorization<'a>,
    ) -> bool {
        in_headers(head, places, authorization).next().is_some()
            || in_query(head, places).next().is_some()
    }

    fn find(
        head: &RequestHead<'a>,
        places: &KeyPlaces,
        authorization: Authorization<'a>,
    ) -> Result<Option<Self>, KeyError> {
        let mut found: Option<Self> = None;
        let headers = in_headers(head, places, authorization).map(Value::Stated);
        let headers = headers.map(|value| Self { value, from: KeyFrom::Header });
        let query = in_query(head, places).map(Value::of_parameter);
        let query = query.map(|value| Self { value, from: KeyFrom::Query });
        for key in headers.chain(query) {
            match &mut found {
                None => found = Some(key),
                Some(first) if first.value.is_same(&key.value) => {
                    first.from = first.from.and(key.from)
                }
                Some(_) => return Err(KeyError::KeysDiffer),
            }
        }
        match found {
            Some(key) if !key.value.is_key() => Err(KeyError::Format),
            found => Ok(found),
        }
    }

    /// Where it stands.
    pub const fn from(&self) -> KeyFrom {
        self.from
    }

    /// The key, for the one place that looks it up.
    pub fn expose(&self) -> &[u8] {
        self.value.bytes()
    }
}

/// The values of the header of keys, and the key in `authorization`; empty ones count as absent.
fn in_headers<'h, 'a: 'h>(
    head: &'h RequestHead<'a>,
    places: &'h KeyPlaces,
    authorization: Authorization<'a>,
) -> impl Iterator<Item = &'a [u8]> + 'h {
    let bearer = match authorization {
        Authorization::Key(key) => Some(key),
        Authorization::Basic | Authorization::Other => None,
    };
    let values = head.values(places.parts().header.as_str().as_bytes());
    values.map(<[u8]>::trim_ascii).filter(|value| !value.is_empty()).chain(bearer)
}

/// The values of the parameter of keys, as received; empty ones count as absent.
fn in_query<'h, 'a: 'h>(
    head: &'h RequestHead<'a>,
    places: &'h KeyPlaces,
) -> impl Iterator<Item = &'a [u8]> + 'h {
    let values = |target| parameter_values(target, &places.parts().parameter);
    head.path().into_iter().flat_map(values).filter(|value| !value.is_empty())
}

/// One value of a place.
#[derive(Clone)]
enum Value<'a> {
    /// As it is meant, after decoding.
    Decoded(Secret<Vec<u8>>),
    /// As it stands there.
    Stated(&'a [u8]),
    /// With an escape that is none.
    Undecodable(&'a [u8]),
}

impl<'a> Value<'a> {
    fn of_parameter(raw: &'a [u8]) -> Self {
        if !raw.iter().any(|b| matches!(b, b'%' | b'+')) {
            return Self::Stated(raw);
        }
        decode_parameter(raw).map_or(Self::Undecodable(raw), Self::Decoded)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Decoded(value) => value.expose(),
            Self::Stated(value) | Self::Undecodable(value) => value,
        }
    }

    /// Both are the caller's own: there is nothing to learn from how long it takes.
    fn is_same(&self, other: &Self) -> bool {
        self.is_decodable() == other.is_decodable() && self.bytes() == other.bytes()
    }

    fn is_key(&self) -> bool {
        let is_key = |b: &u8| (b'!'..=b'~').contains(b) && *b != b',';
        let bytes = self.bytes();
        self.is_decodable() && (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(is_key)
    }

    const fn is_decodable(&self) -> bool {
        match self {
            Self::Decoded(_) | Self::Stated(_) => true,
            Self::Undecodable(_) => false,
        }
    }
}

/// In bytes.
const LONGEST: usize = 256;

impl KeyFrom {
    /// Whether it stands in the query, alone or besides.
    pub const fn is_query(self) -> bool {
        match self {
            Self::Header => false,
            Self::HeaderAndQuery | Self::Query => true,
        }
    }

    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Header, Self::Header) => Self::Header,
            (Self::Query, Self::Query) => Self::Query,
            (Self::HeaderAndQuery, _)
            | (_, Self::HeaderAndQuery)
            | (Self::Header, Self::Query)
            | (Self::Query, Self::Header) => Self::HeaderAndQuery,
        }
    }
}

impl KeyError {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Format => "appkey_format",
            Self::InUrl => "appkey_in_url",
            Self::KeysDiffer => "appkey_ambiguous",
            Self::SessionsDiffer => "session_ambiguous",
        }
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<application key>")
    }
}

#[cfg(test)]
mod tests;
