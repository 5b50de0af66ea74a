//! Changes to a request's header: remove, reduce and set. No field is ever added beside another of its name.

use std::fmt;
use std::sync::Arc;

use super::head::RequestHead;
use super::reduced::Reduced;
use crate::secret::Secret;

/// The name of a header field: an RFC 9110 token in lower case, and no pseudo-header.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HeaderName(Arc<str>);

/// A text that cannot be the name of a header field that we handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeaderNameError {
    /// It has no characters, or over 128.
    Length,
    /// It holds a byte that is not an RFC 9110 `tchar`.
    NotAToken,
}

impl HeaderName {
    /// How many bytes a name has at most.
    pub const LIMIT: usize = 128;

    /// A field name; upper-case letters are folded.
    ///
    /// # Errors
    /// [`HeaderNameError`] when it is no RFC 9110 token of 1 to [`Self::LIMIT`] bytes.
    pub fn parse(text: &str) -> Result<Self, HeaderNameError> {
        if text.is_empty() || text.len() > Self::LIMIT {
            return Err(HeaderNameError::Length);
        }
        let is_tchar = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if !text.bytes().all(is_tchar) {
            return Err(HeaderNameError::NotAToken);
        }
        Ok(Self(Arc::from(text.to_ascii_lowercase())))
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `name`, as received, could be taken for this one by some server: ASCII case is
    /// ignored and `_` equals `-` (CGI-style gateways fold them).
    pub fn is_alike(&self, name: &[u8]) -> bool {
        let fold = |b: u8| {
            if b == b'_' { b'-' } else { b.to_ascii_lowercase() }
        };
        self.0.len() == name.len() && self.0.bytes().zip(name).all(|(a, &b)| fold(a) == fold(b))
    }
}

impl fmt::Display for HeaderNameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Length => "a header name has 1 to 128 characters",
            Self::NotAToken => "is not a header name (RFC 9110 token)",
        })
    }
}

/// A header value that we set. It may be a credential: no `Debug` shows it.
#[derive(Clone, Eq, PartialEq)]
pub struct HeaderValue(Arc<Secret<Vec<u8>>>);

impl HeaderValue {
    /// A value of visible ASCII that stems from us or was checked before (a token with its prefix).
    ///
    /// It takes the bytes over, so that no copy of a token stays behind. `None` when a byte lies
    /// outside 0x20-0x7E.
    pub fn from_visible_ascii(bytes: Vec<u8>) -> Option<Self> {
        let value = Self::of(bytes);
        value.expose().iter().all(|b| (0x20..=0x7E).contains(b)).then_some(value)
    }

    /// A value made of data (a subtenant id, a user name): bytes outside 0x21-0x7E, `%` and `,`
    /// are percent-encoded, so that it is at most three times as long as the data.
    pub fn percent_encoded(data: &str) -> Self {
        Self::percent_encoded_list([data])
    }

    /// Several of them with `,` between, which never stands inside one.
    pub fn percent_encoded_list<'d>(data: impl IntoIterator<Item = &'d str>) -> Self {
        let mut value = String::new();
        for (index, data) in data.into_iter().enumerate() {
            if index > 0 {
                value.push(',');
            }
            percent_encode(data, &mut value);
        }
        Self::of(value.into_bytes())
    }

    /// The bytes to send.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    fn of(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Secret::new(bytes)))
    }
}

/// Adds `data` to `text`; bytes outside 0x21-0x7E, `%` and `,` are percent-encoded.
pub fn percent_encode(data: &str, text: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let hex = |nibble: u8| HEX.get(usize::from(nibble)).map_or('0', |&digit| char::from(digit));
    text.reserve(data.len());
    for byte in data.bytes() {
        if (0x21..=0x7E).contains(&byte) && byte != b'%' && byte != b',' {
            text.push(char::from(byte));
        } else {
            text.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<header value>")
    }
}

/// One change to the request header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HeaderEdit {
    /// Adds the one field of this name: the header has none, in any case of letters. A host that replaces looks for what
    /// it replaces, and Envoy makes an index of the whole header for that.
    Add(HeaderName, HeaderValue),
    /// Replaces all fields of one name by a part of what they held.
    Reduce(Reduced),
    /// Removes every field of exactly this name, as received.
    Remove(Box<[u8]>),
    /// Replaces all fields of this name by one.
    Set(HeaderName, HeaderValue),
}

/// The changes to one request, in the order in which they are to be made: removals first.
pub type HeaderEdits = Vec<HeaderEdit>;

impl HeaderEdit {
    /// The same change, without a search for fields to replace if `head` has none. Of all changes to one header only
    /// one may set a name.
    #[must_use]
    pub(crate) fn fitted(self, head: &RequestHead<'_>) -> Self {
        let is_new = |name: &HeaderName| head.values(name.as_str().as_bytes()).next().is_none();
        match self {
            Self::Set(name, value) if is_new(&name) => Self::Add(name, value),
            edit @ (Self::Add(..) | Self::Reduce(_) | Self::Remove(_) | Self::Set(..)) => edit,
        }
    }
}

/// Whether the change removes or replaces the fields of this very name.
pub(crate) fn concerns(edit: &HeaderEdit, name: &[u8]) -> bool {
    match edit {
        HeaderEdit::Add(..) => false,
        HeaderEdit::Reduce(reduced) => reduced.name().as_bytes() == name,
        HeaderEdit::Remove(removed) => **removed == *name,
        HeaderEdit::Set(set, _) => set.as_str().as_bytes() == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tokens_in_lower_case() {
        assert_eq!(
            HeaderName::parse("X-Tenant").map(|n| n.as_str().to_owned()),
            Ok("x-tenant".into())
        );
        for bad in [":path", "a b", "ä", "a\n"] {
            assert_eq!(HeaderName::parse(bad), Err(HeaderNameError::NotAToken), "{bad:?}");
        }
        assert_eq!(HeaderName::parse(""), Err(HeaderNameError::Length));
    }

    #[test]
    fn names_are_alike_whatever_case_and_underscore() {
        let name = HeaderName::parse("x-sub-tenant").unwrap();
        for alike in ["x-sub-tenant", "X_Sub-Tenant", "x_sub_tenant"] {
            assert!(name.is_alike(alike.as_bytes()), "{alike}");
        }
        for other in ["x-sub-tenant2", "xsubtenant", "x.sub.tenant"] {
            assert!(!name.is_alike(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn data_is_percent_encoded_so_that_it_stays_one_value() {
        let rows = [
            ("customer-1", "customer-1"),
            ("a,b", "a%2Cb"),
            ("50%", "50%25"),
            ("a b\n", "a%20b%0A"),
            ("ü", "%C3%BC"),
        ];
        for (data, expected) in rows {
            assert_eq!(HeaderValue::percent_encoded(data).expose(), expected.as_bytes());
        }
    }

    #[test]
    fn visible_ascii_alone_is_taken_as_it_is() {
        assert!(HeaderValue::from_visible_ascii(b"Bearer a.b.c".to_vec()).is_some());
        for bad in [b"a\r\nb".as_slice(), b"\xff", b"\x7f"] {
            assert!(HeaderValue::from_visible_ascii(bad.to_vec()).is_none());
        }
    }
}
