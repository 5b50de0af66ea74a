//! The parameters of a query, byte by byte as received.

use std::sync::Arc;
use std::{fmt, mem};

use zeroize::Zeroizing;

use crate::secret::Secret;

/// The name of a query parameter: 1 to 64 of the characters that need no percent-encoding
/// (RFC 3986 §2.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParameterName {
    text: Arc<str>,
    ignores_case: bool,
}

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
        let name = || Self { text: Arc::from(text), ignores_case: false };
        is_name.then(name).ok_or(ParameterNameError)
    }

    /// The same name in any case of ASCII letters.
    #[must_use]
    pub fn in_any_case(&self) -> Self {
        Self { ignores_case: true, ..self.clone() }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.text
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
        for expected in self.text.bytes() {
            let byte = match next_byte(&mut raw) {
                Some(Ok(byte)) => byte,
                Some(Err(BadEscape)) | None => return false,
            };
            if byte != expected && !(self.ignores_case && byte.eq_ignore_ascii_case(&expected)) {
                return false;
            }
        }
        raw.is_empty()
    }
}

/// The value of a parameter as it is meant: `%XX` is decoded, and `+` is a blank. `None` when an
/// escape is no escape, which servers read in different ways. It may be a credential.
pub fn decode_parameter(mut raw: &[u8]) -> Option<Secret<Vec<u8>>> {
    // Of the length that it has at most, so that no copy stays behind where it outgrows its memory.
    let mut value = Zeroizing::new(Vec::with_capacity(raw.len()));
    while let Some(byte) = next_byte(&mut raw) {
        value.push(byte.ok()?);
    }
    Some(Secret::new(mem::take(&mut *value)))
}

/// Takes one byte as it is meant off `raw`. A `+` stays a `+` where it was escaped.
fn next_byte(raw: &mut &[u8]) -> Option<Result<u8, BadEscape>> {
    let (byte, rest) = match *raw {
        [] => return None,
        [b'%', high, low, rest @ ..] => match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => (high << 4 | low, rest),
            _ => return Some(Err(BadEscape)),
        },
        [b'%', ..] => return Some(Err(BadEscape)),
        [b'+', rest @ ..] => (b' ', rest),
        [byte, rest @ ..] => (*byte, rest),
    };
    *raw = rest;
    Some(Ok(byte))
}

/// A `%` without two hexadecimal digits behind it.
struct BadEscape;

/// The values of a parameter in the query of a `:path`, as received and in order.
pub fn parameter_values<'n, 'a: 'n>(
    target: &'a [u8],
    name: &'n ParameterName,
) -> impl Iterator<Item = &'a [u8]> + 'n {
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
    fn a_name_in_any_case_is_found_in_any_spelling() {
        let name = ParameterName::parse("appKey").unwrap();
        let any = name.in_any_case();
        assert_eq!(any.as_str(), "appKey");
        for (piece, is_exact, is_alike) in [
            ("appKey=x", true, true),
            ("app%4Bey=x", true, true),
            ("%61%70%70%4b%65%79", true, true),
            ("appkey=x", false, true),
            ("APPKEY=x", false, true),
            ("app%6Bey=x", false, true),
            ("appKe=x", false, false),
            ("appKeys=x", false, false),
            ("app+Key=x", false, false),
            ("appKey+=x", false, false),
            ("app%254Bey=x", false, false),
            ("app%4=x", false, false),
            ("app%E2%84%AAey=x", false, false),
            ("", false, false),
        ] {
            assert_eq!(name.value_in(piece.as_bytes()).is_some(), is_exact, "{piece}");
            assert_eq!(any.value_in(piece.as_bytes()).is_some(), is_alike, "{piece}");
        }
    }

    #[test]
    fn values_are_decoded_once_and_bad_escapes_are_no_values() {
        for (raw, expected) in [
            ("", Some("")),
            ("abc", Some("abc")),
            ("a%62c%2525", Some("abc%25")),
            ("a+b%2Bc%2b", Some("a b+c+")),
            ("%", None),
            ("%4", None),
            ("%4g", None),
            ("a%", None),
            ("%zz", None),
        ] {
            let value = decode_parameter(raw.as_bytes());
            let value = value.as_ref().map(|value| value.expose().as_slice());
            assert_eq!(value, expected.map(str::as_bytes), "{raw}");
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
