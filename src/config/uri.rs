//! Where a call goes: an absolute `http` or `https` URI (RFC 3986), as in Envoy's `HttpUri`.

use std::fmt;
use std::sync::Arc;

/// An absolute URI without user information and fragment.
///
/// Its scheme and host are in lower case as written; its path and query are sent as they stand.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Uri {
    scheme: Scheme,
    authority: Arc<str>,
    path: Arc<str>,
}

/// The scheme of a [`Uri`]. The transport itself is the cluster's.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// `http`: what is sent can be read and changed on the way.
    Http,
    /// `https`.
    Https,
}

/// A text that cannot say where a call goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UriError {
    /// It holds a byte outside 0x21-0x7E, or one of `"<>\^`{|}`.
    Character,
    /// It has a fragment (`#`), which is never sent.
    Fragment,
    /// The host is no name of lower-case letters, digits, hyphens and dots, no IPv4 address and no
    /// IPv6 address in brackets.
    Host,
    /// It is longer than 2,048 bytes.
    Length,
    /// The port is not a number from 1 to 65535.
    Port,
    /// It begins with neither `https://` nor `http://`.
    Scheme,
    /// It has user information (`user@`), which would be a credential in plain sight.
    UserInfo,
}

impl Uri {
    /// The longest URI, in bytes.
    pub const LIMIT: usize = 2048;

    /// The URI that `text` states. An empty path becomes `/`.
    ///
    /// # Errors
    /// [`UriError`] names the first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > Self::LIMIT {
            return Err(UriError::Length);
        }
        if !text.bytes().all(is_allowed) {
            return Err(UriError::Character);
        }
        if text.contains('#') {
            return Err(UriError::Fragment);
        }
        let (scheme, rest) = Scheme::split(text).ok_or(UriError::Scheme)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(UriError::Host)?;
        check_authority(authority)?;
        let path = match path.strip_prefix('?') {
            Some(_) => format!("/{path}"),
            None if path.is_empty() => "/".to_owned(),
            None => path.to_owned(),
        };
        Ok(Self { scheme, authority: Arc::from(authority), path: Arc::from(path) })
    }

    /// The scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host and port as written: the `:authority` of a call.
    pub const fn authority(&self) -> &Arc<str> {
        &self.authority
    }

    /// Path and query: the `:path` of a call. It begins with `/`.
    pub const fn path(&self) -> &Arc<str> {
        &self.path
    }
}

impl Scheme {
    /// The scheme's name: the `:scheme` of a call.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn split(text: &str) -> Option<(Self, &str)> {
        let https = text.strip_prefix("https://").map(|rest| (Self::Https, rest));
        https.or_else(|| text.strip_prefix("http://").map(|rest| (Self::Http, rest)))
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}{}", self.scheme.as_str(), self.authority, self.path)
    }
}

impl fmt::Display for UriError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character => formatter.write_str(
                "holds a character that a URI must percent-encode (a space, a non-ASCII letter, a brace …)",
            ),
            Self::Fragment => formatter.write_str("has a fragment; leave `#` and what follows out"),
            Self::Host => formatter.write_str(
                "has no valid host; write a name in lower case, an IPv4 address, or an IPv6 address in brackets",
            ),
            Self::Length => write!(formatter, "is longer than {} bytes", Uri::LIMIT),
            Self::Port => formatter.write_str("has a port that is not a number from 1 to 65535"),
            Self::Scheme => formatter.write_str("is no absolute URI; begin it with `https://`"),
            Self::UserInfo => formatter.write_str(
                "holds user information before `@`; leave it out and state the client's id and secret by their own keys",
            ),
        }
    }
}

/// Whether `host` is a name of dot-separated labels (1 to 63 lower-case letters, digits and inner
/// hyphens each, 253 bytes in all). An IPv4 address is one as well.
pub fn is_host_name(host: &str) -> bool {
    host.len() <= 253 && host.split('.').all(is_label)
}

/// Whether `label` is one label of a host name: 1 to 63 lower-case letters, digits and inner hyphens.
pub fn is_label(label: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)
}

fn check_authority(authority: &str) -> Result<(), UriError> {
    if authority.contains('@') {
        return Err(UriError::UserInfo);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or(UriError::Host)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| UriError::Host)?;
            match after.strip_prefix(':') {
                Some(port) => (None, Some(port)),
                None if after.is_empty() => (None, None),
                None => return Err(UriError::Host),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(authority), None),
        },
    };
    if host.is_some_and(|host| !is_host_name(host)) {
        return Err(UriError::Host);
    }
    if port.is_some_and(|port| !is_port(port)) {
        return Err(UriError::Port);
    }
    Ok(())
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|digit| digit.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_split_into_what_a_call_needs() {
        let rows = [
            ("https://a.example/keys?x=1", "https", "a.example", "/keys?x=1"),
            ("https://a.example", "https", "a.example", "/"),
            ("https://a.example?x", "https", "a.example", "/?x"),
            ("http://127.0.0.1:8080/k", "http", "127.0.0.1:8080", "/k"),
            ("https://[::1]:8443/k", "https", "[::1]:8443", "/k"),
        ];
        for (text, scheme, authority, path) in rows {
            let uri = Uri::parse(text).unwrap();
            assert_eq!(uri.scheme().as_str(), scheme, "{text}");
            assert_eq!(&**uri.authority(), authority, "{text}");
            assert_eq!(&**uri.path(), path, "{text}");
        }
    }

    #[test]
    fn a_text_that_could_mislead_is_no_uri() {
        let rows = [
            ("https://user:pw@a.example/", UriError::UserInfo),
            ("https://piam.example@evil.example/", UriError::UserInfo),
            ("https://a.example/#x", UriError::Fragment),
            ("ftp://a.example/", UriError::Scheme),
            ("HTTPS://a.example/", UriError::Scheme),
            ("/keys", UriError::Scheme),
            ("https:///keys", UriError::Host),
            ("https://A.example/", UriError::Host),
            ("https://-a.example/", UriError::Host),
            ("https://a..example/", UriError::Host),
            ("https://[::1/", UriError::Host),
            ("https://[::1]x/", UriError::Host),
            ("https://a.example:/", UriError::Port),
            ("https://a.example:0/", UriError::Port),
            ("https://a.example:65536/", UriError::Port),
            ("https://a.example:+1/", UriError::Port),
            ("https://{tenant}.example/", UriError::Character),
            ("https://a.example/ü", UriError::Character),
            ("https://a.example/a b", UriError::Character),
        ];
        for (text, error) in rows {
            assert_eq!(Uri::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn ports_and_lengths_are_bounded_exactly() {
        assert!(Uri::parse("https://a.example:65535/").is_ok());
        assert!(Uri::parse("https://a.example:1/").is_ok());
        let path = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        assert!(Uri::parse(&path(Uri::LIMIT)).is_ok());
        assert_eq!(Uri::parse(&path(Uri::LIMIT + 1)), Err(UriError::Length));
    }
}
