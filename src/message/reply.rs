//! A complete answer to a client, made by us instead of an upstream.

/// A local reply. Only `problem` makes them.
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
}
