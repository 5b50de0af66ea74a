//! Where a tour goes.

use std::net::SocketAddr;

/// A gateway, the way out for a program beside it if there is one, and the identity provider that
/// callers' tokens come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    pub gateway: SocketAddr,
    pub egress: Option<SocketAddr>,
    pub identity_provider: SocketAddr,
}
