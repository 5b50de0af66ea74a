//! Problems that several parts of the document have.

use std::fmt;

use super::super::error::Quoted;
use super::super::uri::UriError;
use crate::tenancy::IdError;

/// What is wrong with a name or a reference to one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NameProblem {
    /// It is longer than 64 characters, or has others than letters, digits, `.`, `_` and `-`.
    Form,
    /// An earlier object of the list has the same name.
    Repeated {
        /// The name.
        name: Quoted,
        /// The place of the first one.
        first: String,
    },
    /// Nothing has that name.
    Unknown {
        /// The name.
        name: Quoted,
        /// The name that was probably meant.
        meant: Option<Quoted>,
    },
}

/// What is wrong with an item of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListProblem {
    /// `any` stands among the items; it takes the place of the list.
    AnyInList,
    /// It is there twice.
    Repeated(Quoted),
    /// It can name no tenant.
    Tenant(IdError),
}

/// What is wrong with the address of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressProblem {
    /// It is plain `http`, which the entry does not allow.
    Plaintext,
    /// It is no URI that can be called.
    Uri(UriError),
}

impl fmt::Display for NameProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => {
                formatter.write_str("is not a name; use 1 to 64 letters, digits, `.`, `_` and `-`")
            }
            Self::Repeated { name, first } => {
                write!(formatter, "{name} is already the name at `{first}`; choose another")
            }
            Self::Unknown { name, meant: Some(meant) } => {
                write!(formatter, "nothing is named {name}; did you mean {meant}?")
            }
            Self::Unknown { name, meant: None } => write!(formatter, "nothing is named {name}"),
        }
    }
}

impl fmt::Display for ListProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyInList => formatter
                .write_str("`any` stands in place of a list, not in one; write `any` alone"),
            Self::Repeated(text) => write!(formatter, "{text} is listed twice; keep one"),
            Self::Tenant(error) => write!(formatter, "cannot name a tenant: it {error}"),
        }
    }
}

impl fmt::Display for AddressProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plaintext => formatter.write_str(
                "is plain `http`; use `https`, or write `allow_plaintext: true` beside it",
            ),
            Self::Uri(error) => error.fmt(formatter),
        }
    }
}
