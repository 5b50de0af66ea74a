//! A complete answer to a client, made by us instead of an upstream.

use super::pairs::write_pairs;

/// A local reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The HTTP status: 4xx when the caller is at fault, 5xx when we are.
    pub status: u16,
    /// Header fields besides `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for gRPC.
    pub body: Vec<u8>,
    /// The gRPC status, set when the caller speaks gRPC.
    pub grpc_status: Option<u32>,
    pairs: Vec<u8>,
}

impl Reply {
    /// A reply of this HTTP status, and for gRPC of that status, with these fields.
    pub fn new(
        (status, grpc_status): (u16, Option<u32>),
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Self {
        let pairs = write_pairs(headers.iter().map(|(name, value)| (*name, value.as_str())));
        Self { status, headers, body, grpc_status, pairs }
    }

    /// The fields as [`write_pairs`] writes them.
    pub fn pairs(&self) -> &[u8] {
        &self.pairs
    }
}
