//! Where connections go.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host and a port: `host:port`, `host:port,tls` or `host:port,plaintext`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Destination {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port, not 0.
    pub port: u16,
    /// What is spoken there, if it was said.
    pub transport: Option<Transport>,
}

/// What is spoken below HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// Nothing.
    Plaintext,
    /// TLS; the server must prove its name.
    Tls,
}

/// A text that says no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressError {
    /// It has another form.
    Form,
    /// It is no address of this machine with a port.
    Own,
    /// Nobody can be reached at port 0.
    PortZero,
    /// No name stands before it.
    Unnamed,
}

impl FromStr for Destination {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (place, transport) = match text.split_once(',') {
            Some((place, "plaintext")) => (place, Some(Transport::Plaintext)),
            Some((place, "tls")) => (place, Some(Transport::Tls)),
            Some(_) => return Err(AddressError::Form),
            None => (text, None),
        };
        let (host, port) = place.rsplit_once(':').ok_or(AddressError::Form)?;
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let host = inner.unwrap_or(host);
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_';
        let is_host = is_address(host) || host.bytes().all(is_name);
        if host.is_empty() || !is_host {
            return Err(AddressError::Form);
        }
        match port.parse() {
            Err(_) => Err(AddressError::Form),
            Ok(0) => Err(AddressError::PortZero),
            Ok(port) => Ok(Self { host: host.to_owned(), port, transport }),
        }
    }
}

/// The host and the port of a call's `:authority`.
pub(in crate::tool) fn of_authority(scheme: &str, authority: &str) -> Option<(String, u16)> {
    let port = if scheme == "https" { 443 } else { 80 };
    let has_port = authority.rsplit_once(':').is_some_and(|(host, port)| {
        port.parse::<u16>().is_ok() && (!host.contains(':') || host.ends_with(']'))
    });
    let text = if has_port { authority.to_owned() } else { format!("{authority}:{port}") };
    let found: Destination = text.parse().ok()?;
    Some((found.host, found.port))
}

/// Whether a host is an address and not a name.
pub(super) fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

/// Whether what is sent to a host stays on this machine.
pub(in crate::tool) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

impl fmt::Display for AddressError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Form => "is none of `host:port`, `host:port,tls` and `host:port,plaintext`",
            Self::Own => {
                "is no address with a port, as `127.0.0.1:8080` and `[::1]:8080` are; a name does not do"
            }
            Self::Unnamed => "names no cluster; write `NAME=HOST:PORT`",
            Self::PortZero => "has port 0, at which nobody can be reached",
        })
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Result<(String, u16, Option<Transport>), AddressError> {
        let found: Destination = text.parse()?;
        Ok((found.host, found.port, found.transport))
    }

    #[test]
    fn a_destination_is_host_and_port_and_perhaps_what_is_spoken_there() {
        let tls = Some(Transport::Tls);
        assert_eq!(parts("a.example:443,tls"), Ok(("a.example".into(), 443, tls)));
        let plain = Some(Transport::Plaintext);
        assert_eq!(parts("127.0.0.1:80,plaintext"), Ok(("127.0.0.1".into(), 80, plain)));
        assert_eq!(parts("[::1]:8080"), Ok(("::1".into(), 8080, None)));
        for text in ["", "a", "a:", ":1", "a:70000", "a:1,TLS", "a:1,", "a b:1", "a/b:1", "a\n:1"] {
            assert_eq!(parts(text), Err(AddressError::Form), "{text}");
        }
        assert_eq!(parts("a:0"), Err(AddressError::PortZero));
        assert_eq!(parts("a:0,tls"), Err(AddressError::PortZero));
        assert_eq!(parts("a:1"), Ok(("a".into(), 1, None)));
    }

    #[test]
    fn an_authority_has_the_port_of_its_scheme_unless_it_says_another() {
        assert_eq!(of_authority("https", "a.example"), Some(("a.example".into(), 443)));
        assert_eq!(of_authority("http", "a.example"), Some(("a.example".into(), 80)));
        assert_eq!(of_authority("https", "a.example:8443"), Some(("a.example".into(), 8443)));
        assert_eq!(of_authority("https", "[::1]"), Some(("::1".into(), 443)));
        assert_eq!(of_authority("https", "[::1]:9"), Some(("::1".into(), 9)));
    }
}
