//! The cookies of a request, byte by byte as received (RFC 6265 §4.2.1).

use std::fmt;
use std::sync::Arc;

use super::edits::HeaderValue;
use super::head::RequestHead;

/// The name of a cookie: 1 to 64 characters of an RFC 9110 token. Its case matters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CookieName(Arc<str>);

/// A text that cannot be the name of a cookie that we handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CookieNameError;

impl CookieName {
    /// A name.
    ///
    /// # Errors
    /// [`CookieNameError`] when it is no token of 1 to 64 bytes.
    pub fn parse(text: &str) -> Result<Self, CookieNameError> {
        let is_tchar = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        let is_name = (1..=64).contains(&text.len()) && text.bytes().all(is_tchar);
        is_name.then(|| Self(Arc::from(text))).ok_or(CookieNameError)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of this cookie in one piece of a `cookie` field (the text between two `;`),
    /// without blanks around it; empty without `=`. `None` when the piece has another name.
    pub(super) fn value_in<'a>(&self, piece: &'a [u8]) -> Option<&'a [u8]> {
        let mut parts = piece.splitn(2, |&b| b == b'=');
        let name = without_blanks(parts.next().unwrap_or_default());
        (name == self.0.as_bytes()).then(|| without_blanks(parts.next().unwrap_or_default()))
    }
}

/// The values of a cookie, as received and in order. HTTP/2 may spread cookies over several
/// fields (RFC 9113 §8.2.3).
pub fn cookie_values<'h, 'a: 'h>(
    head: &'h RequestHead<'a>,
    name: &'h CookieName,
) -> impl Iterator<Item = &'a [u8]> + 'h {
    head.values(COOKIE).flat_map(pieces).filter_map(|piece| name.value_in(piece))
}

/// A `set-cookie` (RFC 6265 §4.1) for the whole of this host and no other one, which no script reads, and
/// which pages of other sites send along only where they lead to us. It ends after `max_age` seconds;
/// zero ends one that is there. `None` for a value of other bytes than visible ASCII.
pub fn set_cookie(
    name: &CookieName,
    value: &str,
    max_age: u64,
    is_secure: bool,
) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    let (name, max_age) = (name.as_str(), max_age.to_string());
    let attributes = "; HttpOnly; SameSite=Lax; Max-Age=";
    let text = [name, "=", value, "; Path=/", secure, attributes, &max_age].concat();
    HeaderValue::from_visible_ascii(text.into_bytes())
}

/// The field that carries cookies.
pub(super) const COOKIE: &[u8] = b"cookie";

/// What stands between the `;` of a field. Quotes do not protect a `;`: browsers split there.
pub(super) fn pieces(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(|&b| b == b';')
}

/// The text without blanks and tabs at its beginning and end.
pub(super) fn without_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

impl fmt::Display for CookieNameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("is no name of a cookie; use an RFC 9110 token of 1 to 64 characters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_cookie_is_found_as_received() {
        let name = CookieName::parse("session").unwrap();
        let rows: [(&[&str], &[&str]); 10] = [
            (&[], &[]),
            (&[""], &[]),
            (&["session=x"], &["x"]),
            (&["a=1; session=x; b=2"], &["x"]),
            (&["a=1;session=x;b=2"], &["x"]),
            (&["session=x; session=y"], &["x", "y"]),
            (&["a=1", "session=x; b=2", "session=y"], &["x", "y"]),
            (&["\tsession = x \t;session"], &["x", ""]),
            (&["Session=x; session2=y; xsession=z; a=session=w"], &[]),
            (&["a=\"; session=x\"; session=a=b"], &["x\"", "a=b"]),
        ];
        for (fields, expected) in rows {
            let fields = fields.iter().map(|value| (b"Cookie".as_slice(), value.as_bytes()));
            let head = RequestHead::new(fields.collect());
            let values: Vec<_> = cookie_values(&head, &name).collect();
            let expected: Vec<_> = expected.iter().map(|value| value.as_bytes()).collect();
            assert_eq!(values, expected, "{head:?}");
        }
    }

    #[test]
    fn a_cookie_of_ours_is_for_this_host_alone_and_for_no_script() {
        let name = CookieName::parse("__Host-gwsession").unwrap();
        let shown = |value, max_age, is_secure| {
            let value = set_cookie(&name, value, max_age, is_secure);
            value.map(|value| String::from_utf8(value.expose().to_vec()).unwrap())
        };
        let secure = "__Host-gwsession=v1.a; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1800";
        assert_eq!(shown("v1.a", 1800, true).as_deref(), Some(secure));
        let ended = "__Host-gwsession=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
        assert_eq!(shown("", 0, false).as_deref(), Some(ended));
        assert_eq!(shown("a\r\nb", 1, true), None);
    }

    #[test]
    fn names_are_tokens() {
        assert!(CookieName::parse("__Host-session").is_ok());
        assert!(CookieName::parse(&"x".repeat(64)).is_ok());
        for bad in ["", "a b", "a=b", "a;b", "ä", "a\"", &"x".repeat(65)] {
            assert_eq!(CookieName::parse(bad), Err(CookieNameError), "{bad}");
        }
    }
}
