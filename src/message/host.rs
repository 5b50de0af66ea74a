//! The host of a request in its one canonical form, or a refusal (RFC 3986 §3.2.2).

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Why an authority has no canonical host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HostError {
    /// A byte that is not a letter, digit, hyphen or dot.
    Character,
    /// A label is empty or longer than 63 bytes.
    Label,
    /// It looks like an IP address but is none in its usual spelling.
    NotAnAddress,
    /// A pattern's host has a port or a trailing dot.
    NotPlain,
    /// A pattern's IPv6 address is not in its shortest spelling (RFC 5952).
    NotShortest,
    /// A port that is not a number from 0 to 65535.
    Port,
    /// Longer than 253 bytes.
    TooLong,
}

/// The canonical host of an authority: lower case, without port and trailing dot.
///
/// Borrowed unless something has to be changed. IPv6 addresses keep their brackets.
///
/// # Errors
/// [`HostError`] when it is neither a name of letters, digits and hyphens nor an IP address.
pub fn canonical_host(authority: &[u8]) -> Result<Cow<'_, str>, HostError> {
    if authority.len() > AUTHORITY_LIMIT {
        return Err(HostError::TooLong);
    }
    let text = std::str::from_utf8(authority).map_err(|_| HostError::Character)?;
    if is_plain(authority) { Ok(Cow::Borrowed(text)) } else { examined(text) }
}

/// The same, step by step.
fn examined(text: &str) -> Result<Cow<'_, str>, HostError> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']').ok_or(HostError::NotAnAddress)?;
        if !port.is_empty() {
            check_port(port.strip_prefix(':').ok_or(HostError::Port)?)?;
        }
        let address: Ipv6Addr = address.parse().map_err(|_| HostError::NotAnAddress)?;
        return Ok(Cow::Owned(format!("[{address}]")));
    }
    let name = match text.split_once(':') {
        Some((name, port)) => {
            check_port(port)?;
            name
        }
        None => text,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    check_name(name)?;
    Ok(if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    })
}

impl HostError {
    /// The exact cause as a word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Character => "host_character",
            Self::Label => "host_label",
            Self::NotAnAddress => "host_not_an_address",
            Self::NotPlain => "host_not_plain",
            Self::NotShortest => "host_not_shortest",
            Self::Port => "host_port",
            Self::TooLong => "host_too_long",
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Character => "a host has letters, digits, hyphens and dots only",
            Self::Label => "a label of a host has 1 to 63 characters",
            Self::NotAnAddress => "the host looks like an IP address but is none",
            Self::NotPlain => "the host must be written without port and trailing dot",
            Self::NotShortest => "the IPv6 address must be written in its shortest form",
            Self::Port => "the port is not a number from 0 to 65535",
            Self::TooLong => "a host has at most 253 characters",
        })
    }
}

/// Whether it is canonical as it stands, as nearly all are: no port, no capital letter, and a last label that begins
/// with a letter, so that nobody reads an address.
fn is_plain(authority: &[u8]) -> bool {
    let (mut first, mut length) = (b'.', 0);
    for &byte in authority {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' if length < 63 => {
                if length == 0 {
                    first = byte;
                }
                length += 1;
            }
            b'.' if length > 0 => length = 0,
            _ => return false,
        }
    }
    length > 0 && first.is_ascii_lowercase() && authority.len() <= NAME_LIMIT
}

fn check_port(digits: &str) -> Result<(), HostError> {
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    if is_number && digits.parse::<u16>().is_ok() { Ok(()) } else { Err(HostError::Port) }
}

fn check_name(name: &str) -> Result<(), HostError> {
    let mut last = "";
    if name.len() > NAME_LIMIT {
        return Err(HostError::TooLong);
    }
    for label in name.split('.') {
        if label.is_empty() || label.len() > 63 {
            return Err(HostError::Label);
        }
        if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(HostError::Character);
        }
        last = label;
    }
    // Resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses (WHATWG URL §3.5).
    let is_numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .or(last.strip_prefix("0X"))
            .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_numeric && name.parse::<Ipv4Addr>().is_err() {
        return Err(HostError::NotAnAddress);
    }
    Ok(())
}

const NAME_LIMIT: usize = 253;
/// A name with trailing dot, colon and port.
const AUTHORITY_LIMIT: usize = NAME_LIMIT + 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_host_are_equal() {
        let rows = [
            ("api.acme.example", "api.acme.example"),
            ("API.Acme.Example", "api.acme.example"),
            ("api.acme.example:8443", "api.acme.example"),
            ("api.acme.example.", "api.acme.example"),
            ("api.acme.example.:80", "api.acme.example"),
            ("localhost:0", "localhost"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("[0:0::0:1]:443", "[::1]"),
            ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ];
        for (authority, host) in rows {
            assert_eq!(canonical_host(authority.as_bytes()).as_deref(), Ok(host), "{authority}");
        }
    }

    #[test]
    fn a_plain_host_is_told_from_addresses_and_what_has_to_be_changed() {
        let label = "x".repeat(63);
        for plain in ["a", "a-b.c1.example", "1.a", "-", &label].map(str::to_owned) {
            let is_letter = plain.rsplit('.').next().unwrap().starts_with(char::is_alphabetic);
            assert_eq!(is_plain(plain.as_bytes()), is_letter, "{plain}");
            assert_eq!(canonical_host(plain.as_bytes()).as_deref(), Ok(&*plain));
        }
        let mut hosts = vec![String::new()];
        for length in 0..6 {
            let longest: Vec<_> =
                hosts.iter().filter(|host| host.len() == length).cloned().collect();
            hosts.extend(
                longest
                    .iter()
                    .flat_map(|host| "a0x-.A:[_".chars().map(move |c| format!("{host}{c}"))),
            );
        }
        for host in &hosts {
            assert_eq!(canonical_host(host.as_bytes()), examined(host), "{host}");
        }
        let longer = format!("{label}x");
        let odd =
            ["", ".", "a.", ".a", "a..b", "A", "a:1", "a_b", "a.1", "a.0x7f", "[::1]", &longer];
        for odd in odd {
            assert!(!is_plain(odd.as_bytes()), "{odd}");
        }
        let name = |length: usize| format!("{}y", "x.".repeat(length / 2));
        assert!(is_plain(name(252).as_bytes()) && !is_plain(name(254).as_bytes()));
    }

    #[test]
    fn odd_authorities_are_refused() {
        let rows: [(&[u8], HostError); 19] = [
            (b"", HostError::Label),
            (b".", HostError::Label),
            (b"a..b", HostError::Label),
            (b"a.example..", HostError::Label),
            (b"user@a.example", HostError::Character),
            (b"a_b.example", HostError::Character),
            (b"a.example/x", HostError::Character),
            (b"a%2eexample", HostError::Character),
            (b"a.ex\xc3\xa4mple", HostError::Character),
            (b"\xff\xfe", HostError::Character),
            (b"a.example:", HostError::Port),
            (b"a.example:65536", HostError::Port),
            (b"a.example:+80", HostError::Port),
            (b"a.example:80:80", HostError::Port),
            (b"[::1", HostError::NotAnAddress),
            (b"[::1]80", HostError::Port),
            (b"127.1", HostError::NotAnAddress),
            (b"2130706433", HostError::NotAnAddress),
            (b"0x7f000001", HostError::NotAnAddress),
        ];
        for (authority, expected) in rows {
            assert_eq!(canonical_host(authority), Err(expected), "{authority:?}");
        }
    }

    #[test]
    fn labels_and_names_are_bounded() {
        let label = |length: usize| format!("{}.example", "x".repeat(length));
        assert!(canonical_host(label(63).as_bytes()).is_ok());
        assert_eq!(canonical_host(label(64).as_bytes()), Err(HostError::Label));
        let name = |length: usize| format!("{}{}", "x.".repeat(length / 2), "y");
        assert!(canonical_host(name(252).as_bytes()).is_ok());
        assert_eq!(canonical_host(name(254).as_bytes()), Err(HostError::TooLong));
    }
}
