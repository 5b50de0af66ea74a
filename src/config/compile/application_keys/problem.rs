//! What is wrong with `application_keys`.

use std::fmt;

use super::super::super::error::Quoted;
use crate::application_key::{DocumentError, PepperError, RecordError, SessionKeyError};
use crate::message::ParameterNameError;

/// What is wrong with `application_keys`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ApplicationKeyProblem {
    /// Addresses are compared, and nobody states that they are the clients'.
    AddressUntrusted,
    /// `any` among the tenants, who are listed.
    AnyTenant,
    /// `authorization` of the store has other bytes than visible ASCII and blanks.
    Authorization,
    /// A place for tokens is the cookie of sessions.
    CookieTaken,
    /// A header that carries another credential.
    Credential,
    /// Inline records are no document.
    Document(DocumentError),
    /// The flag for sessions has the name of the key's own header or parameter.
    FlagIsKey,
    /// A session ends later without a request than at all.
    IdleTooLong,
    /// The path at which sessions end is none, or has several spellings.
    LogoutPath,
    /// `max_stale` is less than twice `refresh`.
    MaxStaleTooShort,
    /// On egress no caller brings a key.
    OnEgress,
    /// No name of a query parameter.
    Parameter(ParameterNameError),
    /// A pepper.
    Pepper(PepperError),
    /// An inline record has a digest by a pepper that is not there.
    PepperUnknown {
        /// The name of the record.
        name: Quoted,
        /// The id of the pepper.
        pepper: Quoted,
    },
    /// No prefix of keys.
    Prefix,
    /// An inline record that lets nobody in.
    Record {
        /// Its name, if that can be read.
        name: Option<Quoted>,
        /// Why.
        error: RecordError,
    },
    /// An inline record is for some addresses, and nobody states that they are the clients'.
    RecordAddressUntrusted(Quoted),
    /// A secret that is said to be base64url and is not.
    SecretEncoding,
    /// A key that signs sessions.
    SessionKey(SessionKeyError),
    /// Neither `inline` nor `store`.
    SourceUnstated,
    /// A place for tokens has the same name.
    TokenPlace,
}

impl fmt::Display for ApplicationKeyProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AddressUntrusted => {
                "needs `client_address: use_remote_address`: who does not know clients' addresses cannot compare them"
            }
            Self::AnyTenant => "cannot be `any`: list the tenants that keys may act for",
            Self::Authorization => {
                "names a variable whose value is not visible ASCII and blanks alone"
            }
            Self::CookieTaken => "has a cookie that is also one of `token_places`; rename that one",
            Self::Credential => "carries another credential; choose another header for keys",
            Self::Document(error) => return write!(formatter, "is no document of keys: {error}"),
            Self::FlagIsKey => {
                "is also where the key itself stands; choose another name for one of them"
            }
            Self::IdleTooLong => "must be at least `idle`",
            Self::LogoutPath => {
                "is no path in its one canonical form; write it like `/.gateway/logout`, without a query"
            }
            Self::MaxStaleTooShort => "must be at least twice `refresh`",
            Self::OnEgress => {
                "is for clients that call in; on egress leave it out, and inject keys of upstreams by `api_key`"
            }
            Self::Parameter(error) => return error.fmt(formatter),
            Self::Pepper(error) => return error.fmt(formatter),
            Self::PepperUnknown { name, pepper } => {
                return write!(
                    formatter,
                    "record {name} has a digest by {pepper}, which is none of `peppers`"
                );
            }
            Self::Prefix => "is no prefix of keys; use 2 to 8 letters from `a` to `z`",
            Self::Record { name: Some(name), error } => {
                return write!(formatter, "record {name} lets nobody in: {error}");
            }
            Self::Record { name: None, error } => {
                return write!(formatter, "lets nobody in: {error}");
            }
            Self::RecordAddressUntrusted(name) => {
                return write!(
                    formatter,
                    "record {name} is for some addresses, which needs `client_address: use_remote_address`"
                );
            }
            Self::SecretEncoding => "names a variable whose value is not unpadded base64url",
            Self::SessionKey(error) => return error.fmt(formatter),
            Self::SourceUnstated => "must state `inline`, `store`, or both",
            Self::TokenPlace => {
                "is also one of `token_places`; choose another name for one of them"
            }
        })
    }
}
