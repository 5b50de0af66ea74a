//! What the host tells of a request's connection.

use std::net::{IpAddr, SocketAddr};

use super::abi;
use crate::gateway::Connection;

/// The connection of the selected stream.
pub(super) struct SelectedConnection;

impl Connection for SelectedConnection {
    /// Envoy's trusted client address: the downstream connection's, or the one in `x-forwarded-for`
    /// where the listener is configured to trust that.
    fn source(&self) -> Option<IpAddr> {
        let address = abi::property("source\0address").ok()?;
        let address: SocketAddr = std::str::from_utf8(&address).ok()?.parse().ok()?;
        Some(address.ip())
    }
}
