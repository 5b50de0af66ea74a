//! Performs calls without a proxy.
//!
//! By ureq: blocking, small, kept well, and with rustls. Certificates are verified by Mozilla's
//! roots or by those that are named; there is no way to leave that out.

use std::fmt;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, http};

use crate::message::{CallFailure, CallResponse, HttpCall, retry_after};
use crate::secret::Secret;
use crate::time::Timestamp;

/// The certificates that a chain may end in.
pub struct Anchors(RootCerts);

/// A file that holds no certificates in PEM.
#[derive(Clone, Copy, Debug)]
pub struct AnchorsError;

/// Why a call has no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// The answer is larger than it may be, in bytes.
    TooLarge(usize),
    /// What the transport says.
    Transport(ureq::Error),
    /// The call cannot be written as HTTP.
    Unsendable,
}

impl Anchors {
    /// Those of the web, by Mozilla.
    pub fn of_the_web() -> Self {
        Self(RootCerts::WebPki)
    }

    /// Those in a file.
    ///
    /// # Errors
    /// [`AnchorsError`] if it holds something else than certificates, or none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, AnchorsError> {
        let items: Result<Vec<_>, _> = parse_pem(pem).collect();
        let certificates: Option<Vec<Certificate<'static>>> = items
            .map_err(|_| AnchorsError)?
            .into_iter()
            .map(|item| match item {
                PemItem::Certificate(certificate) => Some(certificate),
                _ => None,
            })
            .collect();
        match certificates {
            Some(certificates) if !certificates.is_empty() => {
                Ok(Self(RootCerts::from(certificates)))
            }
            Some(_) | None => Err(AnchorsError),
        }
    }
}

/// Performs a call: one answer, no redirection followed, and nothing of the proxies that the
/// environment may name, which the filter does not use either.
///
/// # Errors
/// [`Unanswered`] if there is none in time.
pub fn perform(
    call: &HttpCall,
    anchors: &Anchors,
    now: Timestamp,
) -> Result<CallResponse, Unanswered> {
    let tls = TlsConfig::builder().root_certs(anchors.0.clone()).build();
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(call.timeout))
        .tls_config(tls)
        .user_agent(concat!("tenantgate/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let endpoint = &call.endpoint;
    let uri = format!("{}://{}{}", endpoint.scheme, endpoint.authority, endpoint.path);
    let mut request = http::Request::builder().method(call.method).uri(uri);
    for (name, value) in &call.headers {
        request = request.header(*name, value.expose().as_slice());
    }
    let body = call.body.expose().as_slice();
    let answer = match body {
        [] => agent.run(request.body(()).map_err(|_| Unanswered::Unsendable)?),
        _ => agent.run(request.body(body).map_err(|_| Unanswered::Unsendable)?),
    };
    let mut answer = answer.map_err(Unanswered::Transport)?;
    let limit = call.body_limit;
    let limited = answer.body_mut().with_config().limit(limit as u64 + 1);
    let body = Secret::new(match limited.read_to_vec() {
        Ok(body) if body.len() <= limit => body,
        Ok(_) | Err(ureq::Error::BodyExceedsLimit(_)) => return Err(Unanswered::TooLarge(limit)),
        Err(error) => return Err(Unanswered::Transport(error)),
    });
    let field = |name: http::HeaderName| answer.headers().get(name);
    let wait = field(http::header::RETRY_AFTER);
    Ok(CallResponse {
        status: answer.status().as_u16(),
        content_type: field(http::header::CONTENT_TYPE).map(|value| value.as_bytes().to_vec()),
        retry_after: wait.and_then(|value| retry_after(value.as_bytes(), || Some(now))),
        fresh_for: None,
        etag: None,
        body,
    })
}

impl fmt::Display for AnchorsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("holds no certificates in PEM, or something else too")
    }
}

impl std::error::Error for AnchorsError {}

impl Unanswered {
    /// The same as the proxy would say it.
    pub(super) const fn as_failure(&self) -> CallFailure {
        match self {
            Self::TooLarge(size) => CallFailure::TooLarge(Some(*size)),
            Self::Transport(_) => CallFailure::Interrupted,
            Self::Unsendable => CallFailure::Unsendable,
        }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(formatter, "the answer is longer than {limit} bytes"),
            Self::Transport(error) => write!(formatter, "no answer: {error}"),
            Self::Unsendable => formatter.write_str("the call cannot be written as HTTP"),
        }
    }
}

impl std::error::Error for Unanswered {}
