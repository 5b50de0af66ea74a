//! The connection of the current stream.

use std::net::{IpAddr, SocketAddr};

use super::abi;
use crate::message::{Connection, parse_digest};

/// The connection of the stream that is selected.
pub(super) struct HostConnection;

impl Connection for HostConnection {
    fn certificate_digest(&self) -> Option<[u8; 32]> {
        // The host hands over the text of hex digits, or nothing where no certificate was shown.
        parse_digest(&abi::property(DIGEST).ok()?)
    }

    /// Envoy's trusted client address: the downstream connection's, or the one in `x-forwarded-for`
    /// where the listener is configured to trust that.
    fn source(&self) -> Option<IpAddr> {
        let address = abi::property(SOURCE).ok()?;
        let address: SocketAddr = std::str::from_utf8(&address).ok()?.parse().ok()?;
        Some(address.ip())
    }
}

/// Paths of two names; a zero byte stands between them.
const DIGEST: &str = "connection\0sha256_peer_certificate_digest";
const SOURCE: &str = "source\0address";
