//! A call to another server (token endpoint, key set) as a value: the host performs it.

use std::sync::Arc;
use std::time::Duration;

use crate::secret::Secret;

/// An outgoing request. Header values and body may hold credentials.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// The cluster of the proxy's own configuration that the call goes to.
    pub cluster: Arc<str>,
    /// The request method.
    pub method: &'static str,
    /// The `:authority`.
    pub authority: Arc<str>,
    /// The `:path` with its query.
    pub path: Arc<str>,
    /// Whether the target was written `https`; the transport itself is the cluster's.
    pub scheme: &'static str,
    /// Further header fields.
    pub headers: Vec<(&'static str, Secret<Vec<u8>>)>,
    /// The body, empty for none.
    pub body: Secret<Vec<u8>>,
    /// The time after which the host gives up. Never zero: zero would mean "wait for ever".
    pub timeout: Duration,
    /// The largest answer body that is read; a larger one is [`CallFailure::TooLarge`].
    pub body_limit: usize,
}

/// The answer to an [`HttpCall`]: any status, complete.
#[derive(Clone, Debug)]
pub struct CallResponse {
    /// The HTTP status. The host makes a 503 or 504 of its own for failures before the header.
    pub status: u16,
    /// The `content-type` as received.
    pub content_type: Option<Vec<u8>>,
    /// The `retry-after` in whole seconds, when it is a number.
    pub retry_after: Option<Duration>,
    /// The body, at most the call's `body_limit`. It may hold a token.
    pub body: Secret<Vec<u8>>,
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallFailure {
    /// The connection ended, or the time ran out, after the answer had begun.
    Interrupted,
    /// The host has no healthy endpoint or refuses more calls (circuit breaker).
    Overloaded,
    /// The answer is larger than the call's limit; its size in bytes where the host tells it.
    TooLarge(Option<usize>),
    /// The proxy has no cluster of that name (it may arrive later).
    UnknownCluster,
}

impl CallFailure {
    /// The cause as a word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Interrupted => "answer_interrupted",
            Self::Overloaded => "no_healthy_endpoint_or_circuit_open",
            Self::TooLarge(_) => "answer_too_large",
            Self::UnknownCluster => "cluster_unknown",
        }
    }
}
