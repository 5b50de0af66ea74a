//! The provider over a real connection, asked what the vendor's client asked, and spoilt copies of that.

mod assertions;
mod control;
mod credentials;
mod forms;
mod recorded;
mod replay;
mod signed_calls;
mod signer;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::IdaasProvider;

fn provider() -> IdaasProvider {
    IdaasProvider::start(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)).unwrap()
}
