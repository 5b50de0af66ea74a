//! The connection of the current stream.

use super::abi;
use crate::message::{Connection, parse_digest};

/// The connection of the stream that is selected.
pub(super) struct HostConnection;

impl Connection for HostConnection {
    fn certificate_digest(&self) -> Option<[u8; 32]> {
        // The host hands over the text of hex digits, or nothing where no certificate was shown.
        parse_digest(&abi::property(DIGEST).ok()?)
    }
}

/// A path of two names; a zero byte stands between them.
const DIGEST: &str = "connection\0sha256_peer_certificate_digest";
