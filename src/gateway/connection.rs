//! What a request's connection can tell besides the header.

use std::net::IpAddr;

/// The connection of one request. Every answer costs a host call, so it is asked for only where a
/// decision needs it.
pub trait Connection {
    /// The address of the client as the proxy trusts it; `None` where the proxy knows none, for
    /// instance on a Unix socket.
    fn source(&self) -> Option<IpAddr>;
}

/// A connection that nothing is known of.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnknownConnection;

impl Connection for UnknownConnection {
    fn source(&self) -> Option<IpAddr> {
        None
    }
}
