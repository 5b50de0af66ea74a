//! A call to another server (token endpoint, key set) as a value: the host performs it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::crypto::Digest;
use crate::secret::Secret;

/// Where a call goes. Written in a configuration like Envoy's `HttpUri`.
#[derive(Clone, Eq, PartialEq)]
pub struct Endpoint {
    /// The cluster of the proxy's own configuration that the call goes to.
    pub cluster: Arc<str>,
    /// `https` or `http`, as the URI says. The transport itself is the cluster's.
    pub scheme: &'static str,
    /// The `:authority`.
    pub authority: Arc<str>,
    /// The `:path` with its query.
    pub path: Arc<str>,
}

impl Endpoint {
    /// A digest of all of it, for what means another thing at another place.
    pub fn digest(&self) -> [u8; 32] {
        let Self { cluster, scheme, authority, path } = self;
        let parts = [cluster.as_bytes(), scheme.as_bytes(), authority.as_bytes(), path.as_bytes()];
        *Digest::of(&parts).as_bytes()
    }
}

/// The query is not shown: some servers take credentials in it.
impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split_once('?').map_or(&*self.path, |(path, _)| path);
        formatter
            .debug_struct("Endpoint")
            .field("cluster", &self.cluster)
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("path", &path)
            .finish()
    }
}

/// An outgoing request. Header values and body may hold credentials.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The request method.
    pub method: &'static str,
    /// Further header fields.
    pub headers: Vec<(&'static str, Secret<Vec<u8>>)>,
    /// The body, empty for none.
    pub body: Secret<Vec<u8>>,
    /// The time after which the host gives up. Never zero: zero would mean "wait for ever".
    pub timeout: Duration,
    /// The largest answer body that is read; a larger one is [`CallFailure::TooLarge`].
    pub body_limit: usize,
}

/// What the body of a call is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MediaType {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

impl HttpCall {
    /// The largest answer of a token endpoint that is read: 64 KiB.
    pub const TOKEN_ANSWER_LIMIT: usize = 64 * 1024;

    /// The largest key set that is read: 256 KiB.
    pub const KEY_SET_LIMIT: usize = 256 * 1024;

    /// The largest metadata of an issuer that is read: 64 KiB.
    pub const METADATA_LIMIT: usize = 64 * 1024;

    /// A `GET` of a JSON document of at most `body_limit` bytes.
    pub fn get_json(endpoint: &Endpoint, timeout: Duration, body_limit: usize) -> Self {
        Self {
            endpoint: endpoint.clone(),
            method: "GET",
            headers: vec![("accept", Secret::new(b"application/json".to_vec()))],
            body: Secret::new(Vec::new()),
            timeout,
            body_limit,
        }
    }

    /// A `POST` to a token endpoint, with the header field that proves who asks, if there is one.
    pub fn post(
        endpoint: &Endpoint,
        proof: Option<(&'static str, Secret<Vec<u8>>)>,
        (media_type, body): (MediaType, Vec<u8>),
        timeout: Duration,
    ) -> Self {
        let media_type: &[u8] = match media_type {
            MediaType::Form => b"application/x-www-form-urlencoded",
            MediaType::Json => b"application/json",
        };
        let mut headers = Vec::from_iter(proof);
        headers.push(("content-type", Secret::new(media_type.to_vec())));
        headers.push(("accept", Secret::new(b"application/json".to_vec())));
        Self {
            endpoint: endpoint.clone(),
            method: "POST",
            headers,
            body: Secret::new(body),
            timeout,
            body_limit: Self::TOKEN_ANSWER_LIMIT,
        }
    }
}

/// The answer to an [`HttpCall`]: any status, complete.
#[derive(Clone, Debug)]
pub struct CallResponse {
    /// The HTTP status. The host makes a 503 or 504 of its own for failures before the header.
    pub status: u16,
    /// The `content-type` as received.
    pub content_type: Option<Vec<u8>>,
    /// How long it asks to wait, see [`super::retry_after`].
    pub retry_after: Option<Duration>,
    /// How long it says that it is fresh, see [`super::fresh_for`].
    pub fresh_for: Option<Duration>,
    /// The `etag` as received.
    pub etag: Option<Vec<u8>>,
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
    /// A header value of the call is no text.
    Unsendable,
}

impl CallFailure {
    /// The cause as a word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Interrupted => "answer_interrupted",
            Self::Overloaded => "no_healthy_endpoint_or_circuit_open",
            Self::TooLarge(_) => "answer_too_large",
            Self::UnknownCluster => "cluster_unknown",
            Self::Unsendable => "call_unsendable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_query() {
        let endpoint = Endpoint {
            cluster: Arc::from("sts"),
            scheme: "https",
            authority: Arc::from("sts.example"),
            path: Arc::from("/a?OIDCToken=hunter2"),
        };
        let shown = format!("{endpoint:?}");
        assert!(shown.contains("\"/a\"") && !shown.contains("hunter2"), "{shown}");
    }
}
