//! Where a tour goes.

use std::net::SocketAddr;

/// A gateway, and the identity provider that its callers' tokens come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    pub gateway: SocketAddr,
    pub identity_provider: SocketAddr,
}
