//! Why a record lets nobody in.

use std::fmt;

use super::super::address::AddressError;
use super::super::digest::DigestError;
use super::super::route::RouteError;
use super::Record;
use crate::json::JsonError;

/// Why a record is invalid: it lets nobody in, and the others of its document are as they are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RecordError {
    /// Its list of addresses.
    Address(AddressError),
    /// One of its digests.
    Digest(DigestError),
    /// Another record, or another secret of this one, has the same digest: it would let two users in.
    DigestRepeated,
    /// A member is of another type than it should be, out of its bounds, or has characters it may not have.
    Invalid(&'static str),
    /// It is JSON that could be read in two ways, or too deep.
    Json(JsonError),
    /// A member must be there.
    Missing(&'static str),
    /// Another record has the same name.
    NameRepeated,
    /// A secret has neither `expires_at` nor `created_at`.
    NoExpiry,
    /// It is no object.
    NotAnObject,
    /// One of its routes.
    Route(RouteError),
    /// It names a subtenant and no tenant.
    SubtenantWithoutTenant,
    /// Its tenant is not one that keys of this gateway may act for.
    TenantNotListed,
    /// It has more than [`Record::LIMIT`] bytes.
    TooLarge,
    /// It has a member that nobody knows, perhaps a restriction that is misspelt. The name is kept if it looks like one
    /// of ours, else it is empty.
    UnknownMember(Box<str>),
}

impl RecordError {
    /// The unknown member of this name, which might hold anything.
    pub(super) fn unknown(member: &str) -> Self {
        let is_harmless =
            member.len() <= 32 && member.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        Self::UnknownMember(if is_harmless { member.into() } else { Box::default() })
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Address(error) => return write!(formatter, "`ip_allow`: {error}"),
            Self::Digest(error) => return write!(formatter, "`digest`: {error}"),
            Self::DigestRepeated => "the digest stands in two places",
            Self::Invalid(member) => {
                return write!(formatter, "`{member}` has another type or is out of its bounds");
            }
            Self::Json(error) => return error.fmt(formatter),
            Self::Missing(member) => return write!(formatter, "`{member}` is missing"),
            Self::NameRepeated => "another record has the same name",
            Self::NoExpiry => "a secret has neither `expires_at` nor `created_at`",
            Self::NotAnObject => "not an object",
            Self::Route(error) => return write!(formatter, "`routes`: {error}"),
            Self::SubtenantWithoutTenant => "`subtenant` needs `tenant` beside it",
            Self::TenantNotListed => "`tenant` is none that keys may act for",
            Self::TooLarge => return write!(formatter, "larger than {} bytes", Record::LIMIT),
            Self::UnknownMember(member) if member.is_empty() => "an unknown member",
            Self::UnknownMember(member) => return write!(formatter, "`{member}` is unknown"),
        })
    }
}
