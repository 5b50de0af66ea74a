//! What was verified and what was refused, for the assertions of a test.

use super::endpoint::Endpoint;
use super::method::{Method, Source};
use super::refusal::Refusal;

/// One request and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// `None` for a host that is none of ours.
    pub endpoint: Option<Endpoint>,
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It was answered as the test wanted it, whatever it was.
    Faulty,
    Refused(Refusal),
    Verified(Verified),
}

/// What a request was given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verified {
    /// A credential with this access key id.
    AccessKey(String),
    ApiKey,
    Document,
    MetadataToken,
    Role,
    ServiceAccountToken,
    /// A service was called by a request that an access key of this origin signed.
    SignedCall(Source),
    Token(Grant),
}

/// A machine token and how it was obtained.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    pub method: Method,
    /// What proved who asks: the name of a registered key, the id of an access key or of a service
    /// account token. Never a secret.
    pub proof: String,
    /// The token that was exchanged for it (RFC 8693), if it was.
    pub subject_token: Option<String>,
    /// With single blanks.
    pub scope: String,
    pub token: String,
    /// Seconds since 1970.
    pub expires: u64,
}
