//! The parameters of a query, byte by byte as received.

use std::fmt;
use std::sync::Arc;

/// The name of a query parameter: 1 to 64 of the characters that need no percent-encoding
/// (RFC 3986 §2.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParameterName(Arc<str>);

/// A text that cannot be the name of a query parameter that we handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ParameterNameError;

impl ParameterName {
    /// A name as it is decoded.
    ///
    /// # Errors
    /// [`ParameterNameError`] when it is empty, over 64 bytes, or has a reserved character.
    pub fn parse(text: &str) -> Result<Self, ParameterNameError> {
        let is_unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        let is_name = (1..=64).contains(&text.len()) && text.bytes().all(is_unreserved);
        is_name.then(|| Self(Arc::from(text))).ok_or(ParameterNameError)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of this parameter in one piece of a query (the text between two `&`), as
    /// received; empty without `=`. `None` when the piece has another name. A name that is
    /// percent-encoded is the same name: whoever reads the query decodes it.
    pub(super) fn value_in<'a>(&self, piece: &'a [u8]) -> Option<&'a [u8]> {
        let mut parts = piece.splitn(2, |&b| b == b'=');
        let name = parts.next().unwrap_or_default();
        self.is_spelt(name).then(|| parts.next().unwrap_or_default())
    }

    fn is_spelt(&self, mut raw: &[u8]) -> bool {
        for expected in self.0.bytes() {
            let (byte, rest) = match raw {
                [b'%', high, low, rest @ ..] => match (hex(*high), hex(*low)) {
                    (Some(high), Some(low)) => (high << 4 | low, rest),
                    _ => return false,
                },
                [byte, rest @ ..] => (*byte, rest),
                [] => return false,
            };
            if byte != expected {
                return false;
            }
            raw = rest;
        }
        raw.is_empty()
    }
}

/// The values of a parameter in the query of a `:path`, as received and in order.
pub fn parameter_values<'a>(
    target: &'a [u8],
    name: &'a ParameterName,
) -> impl Iterator<Item = &'a [u8]> {
    let (_, query) = split_query(target);
    query.into_iter().flat_map(pieces).filter_map(|piece| name.value_in(piece))
}

/// The path of a `:path`, and its query without the `?`, if there is one.
pub(super) fn split_query(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    let end = target.iter().position(|&b| b == b'?').unwrap_or(target.len());
    let (path, rest) = target.split_at_checked(end).unwrap_or((target, &[]));
    (path, rest.strip_prefix(b"?"))
}

/// What stands between the `&` of a query.
pub(super) fn pieces(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|&b| b == b'&')
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for ParameterNameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "is no name of a query parameter; use 1 to 64 letters, digits, `-`, `.`, `_` and `~`",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_parameter_is_found_as_received() {
        let name = ParameterName::parse("access_token").unwrap();
        let rows: [(&str, &[&str]); 14] = [
            ("/a", &[]),
            ("/a?", &[]),
            ("/access_token=x", &[]),
            ("/a?access_token=x", &["x"]),
            ("/a?b=1&access_token=x&c", &["x"]),
            ("/a?access_token=x&access_token=y", &["x", "y"]),
            ("/a?access_token", &[""]),
            ("/a?access_token=", &[""]),
            ("/a?access_token=a=b", &["a=b"]),
            ("/a?access%5Ftoken=x&%61ccess_toke%6e=y", &["x", "y"]),
            ("/a?access%255Ftoken=x&access_token%=y&access_token%5=z", &[]),
            ("/a?Access_Token=x&access_token2=y&xaccess_token=z&access_token[]=w", &[]),
            ("/a?b?access_token=x&c=access_token=y;access_token=z", &[]),
            ("/a?&&access_token=x#access_token=y&", &["x#access_token=y"]),
        ];
        for (target, expected) in rows {
            let values: Vec<_> = parameter_values(target.as_bytes(), &name).collect();
            let expected: Vec<_> = expected.iter().map(|value| value.as_bytes()).collect();
            assert_eq!(values, expected, "{target}");
        }
    }

    #[test]
    fn names_need_no_percent_encoding() {
        assert!(ParameterName::parse(&"x".repeat(64)).is_ok());
        for bad in ["", "a b", "a%20", "a=b", "a&b", "a+b", "ä", "a[]", &"x".repeat(65)] {
            assert_eq!(ParameterName::parse(bad), Err(ParameterNameError), "{bad}");
        }
    }
}
