//! Where connections go.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host and a port, with or without TLS: `host:port` or `host:port,tls`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Destination {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether it speaks TLS.
    pub is_tls: bool,
}

/// A text that is no [`Destination`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AddressError;

impl Destination {
    /// The destination of a call's `:authority`.
    pub(super) fn of_authority(scheme: &str, authority: &str) -> Option<Self> {
        let is_tls = scheme == "https";
        let port = if is_tls { 443 } else { 80 };
        let has_port = authority.rsplit_once(':').is_some_and(|(host, port)| {
            port.parse::<u16>().is_ok() && (!host.contains(':') || host.ends_with(']'))
        });
        let text = if has_port { authority.to_owned() } else { format!("{authority}:{port}") };
        let plain: Self = text.parse().ok()?;
        Some(Self { is_tls, ..plain })
    }

    /// Whether the host is an address and not a name.
    pub(super) fn is_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }
}

impl FromStr for Destination {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (place, is_tls) = match text.split_once(',') {
            Some((place, "tls")) => (place, true),
            Some(_) => return Err(AddressError),
            None => (text, false),
        };
        let (host, port) = place.rsplit_once(':').ok_or(AddressError)?;
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let host = inner.unwrap_or(host);
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_';
        let is_host = host.parse::<IpAddr>().is_ok() || host.bytes().all(is_name);
        if host.is_empty() || !is_host {
            return Err(AddressError);
        }
        let port = port.parse().map_err(|_| AddressError)?;
        Ok(Self { host: host.to_owned(), port, is_tls })
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("is neither `host:port` nor `host:port,tls`")
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, u16, bool)> {
        let found: Destination = text.parse().ok()?;
        Some((found.host, found.port, found.is_tls))
    }

    #[test]
    fn a_destination_is_host_and_port_with_or_without_tls() {
        assert_eq!(parts("a.example:443,tls"), Some(("a.example".into(), 443, true)));
        assert_eq!(parts("127.0.0.1:80"), Some(("127.0.0.1".into(), 80, false)));
        assert_eq!(parts("[::1]:8080"), Some(("::1".into(), 8080, false)));
        for text in ["", "a", "a:", ":1", "a:70000", "a:1,TLS", "a b:1", "a/b:1", "a\n:1"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn an_authority_has_the_port_of_its_scheme_unless_it_says_another() {
        let of = |scheme, authority| {
            Destination::of_authority(scheme, authority).map(|d| (d.host, d.port, d.is_tls))
        };
        assert_eq!(of("https", "a.example"), Some(("a.example".into(), 443, true)));
        assert_eq!(of("http", "a.example"), Some(("a.example".into(), 80, false)));
        assert_eq!(of("https", "a.example:8443"), Some(("a.example".into(), 8443, true)));
        assert_eq!(of("https", "[::1]"), Some(("::1".into(), 443, true)));
        assert_eq!(of("https", "[::1]:9"), Some(("::1".into(), 9, true)));
    }
}
