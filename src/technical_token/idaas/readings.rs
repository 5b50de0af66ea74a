//! What the preparations of these methods have read, told apart by a mark.
//!
//! A mark is the first byte of a reading's value. So it does not matter which readings were kept from an
//! earlier fetch and which are gone: what is missing is read.

use crate::message::{CallFailure, CallResponse, Endpoint, HttpCall};
use crate::secret::Secret;
use crate::technical_token::Refusal;
pub(super) use crate::technical_token::platform_token::line;
use crate::technical_token::preparation::{PreparationError, Reading, ReadingFault};
use crate::time::Timestamp;

/// What a reading is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(super) enum Mark {
    /// The instance identity document.
    Document = b'd',
    /// The token of the metadata service to read the document with.
    DocumentToken = b't',
    /// A link of the credential chain that gives none now: its number.
    Failed = b'f',
    /// An access key that is good for a while.
    Key = b'k',
    /// The token of the metadata service to read the access key with; empty: without one.
    KeyToken = b'u',
    /// The name of the machine's RAM role.
    Role = b'r',
    /// The token of the metadata service to read the role's name with; empty: without one.
    RoleToken = b'v',
    /// A Kubernetes service account token.
    ServiceAccount = b's',
    /// A token of the client.
    Token = b'i',
}

impl Mark {
    /// A reading of this kind.
    pub(super) fn on(self, value: &[u8], until: Timestamp) -> Reading {
        Reading { value: Secret::new([&[self as u8], value].concat()), until }
    }

    /// The last reading of this kind.
    pub(super) fn among(self, read: &[Reading]) -> Option<&[u8]> {
        self.all(read).last()
    }

    /// All readings of this kind.
    pub(super) fn all(self, read: &[Reading]) -> impl DoubleEndedIterator<Item = &[u8]> {
        let of_kind = move |reading: &'_ Reading| matches!(reading.value.expose().first(), Some(first) if *first == self as u8);
        read.iter()
            .filter(move |reading| of_kind(reading))
            .filter_map(|reading| reading.value.expose().get(1..))
    }
}

/// A `GET` or `PUT` without a body.
pub(super) fn bare_call(
    method: &'static str,
    endpoint: Endpoint,
    headers: Vec<(&'static str, Secret<Vec<u8>>)>,
    timeout: std::time::Duration,
) -> HttpCall {
    HttpCall {
        endpoint,
        method,
        headers,
        body: Secret::new(Vec::new()),
        timeout,
        body_limit: HttpCall::TOKEN_ANSWER_LIMIT,
    }
}

/// The same server, another path.
pub(super) fn at(endpoint: &Endpoint, path: String) -> Endpoint {
    Endpoint { path: path.into(), ..endpoint.clone() }
}

/// The body of an answer with status 200.
pub(super) fn body_of<'r>(
    what: &'static str,
    answer: Result<&'r CallResponse, CallFailure>,
) -> Result<&'r [u8], PreparationError> {
    let fault = match answer {
        Ok(response) if response.status == 200 => return Ok(response.body.expose()),
        Ok(response) => {
            let refusal = Refusal::read(response);
            ReadingFault::Status { status: refusal.status, error: refusal.known() }
        }
        Err(failure) => ReadingFault::Unanswered(failure),
    };
    Err(PreparationError { what, fault })
}

/// What is not of its form.
pub(super) const fn unusable(what: &'static str) -> PreparationError {
    PreparationError { what, fault: ReadingFault::Unusable }
}
