//! Tenants and the subtenants inside them. No claims, no headers.

use std::fmt;
use std::sync::Arc;

/// The name of a tenant, as a verified credential or the configuration states it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TenantId(Arc<str>);

/// The id of a subtenant. It means nothing without its tenant: two tenants may use the same id.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubtenantId(Arc<str>);

/// A text that cannot name a tenant or subtenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdError {
    /// It holds a control character (U+0000 to U+001F, U+007F to U+009F).
    Control,
    /// It has no characters.
    Empty,
    /// It is longer than [`ID_LIMIT`] bytes.
    TooLong,
}

/// The longest tenant or subtenant id, in bytes of UTF-8.
pub const ID_LIMIT: usize = 256;

impl TenantId {
    /// A tenant's name.
    ///
    /// # Errors
    /// [`IdError`] for an empty text, one over [`ID_LIMIT`] bytes, or one with control characters.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        checked(text).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SubtenantId {
    /// A subtenant's id.
    ///
    /// # Errors
    /// [`IdError`] for an empty text, one over [`ID_LIMIT`] bytes, or one with control characters.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        checked(text).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For whom a credential acts: nobody's tenant, a whole tenant, or one subtenant of it.
///
/// A subtenant without a tenant cannot be expressed: such a credential is malformed.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Tenancy {
    /// The credential names no tenant.
    Unstated,
    /// One subtenant of a tenant, and nothing else of that tenant.
    Subtenant(TenantId, SubtenantId),
    /// The whole tenant.
    Tenant(TenantId),
}

impl Tenancy {
    /// The tenant, if one is stated.
    pub const fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Unstated => None,
            Self::Subtenant(tenant, _) | Self::Tenant(tenant) => Some(tenant),
        }
    }

    /// The subtenant, if the credential acts for one.
    pub const fn subtenant(&self) -> Option<&SubtenantId> {
        match self {
            Self::Unstated | Self::Tenant(_) => None,
            Self::Subtenant(_, subtenant) => Some(subtenant),
        }
    }
}

impl fmt::Display for IdError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control => formatter.write_str("holds a control character"),
            Self::Empty => formatter.write_str("is empty"),
            Self::TooLong => write!(formatter, "is longer than {ID_LIMIT} bytes"),
        }
    }
}

fn checked(text: &str) -> Result<Arc<str>, IdError> {
    if text.is_empty() {
        Err(IdError::Empty)
    } else if text.len() > ID_LIMIT {
        Err(IdError::TooLong)
    } else if text.chars().any(char::is_control) {
        Err(IdError::Control)
    } else {
        Ok(Arc::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded_and_without_controls() {
        let longest = "x".repeat(ID_LIMIT);
        let too_long = "x".repeat(ID_LIMIT + 1);
        let rows: [(&str, Option<IdError>); 6] = [
            ("", Some(IdError::Empty)),
            ("a\nb", Some(IdError::Control)),
            ("a\u{85}b", Some(IdError::Control)),
            (&too_long, Some(IdError::TooLong)),
            (&longest, None),
            ("Kunde Süd/7", None),
        ];
        for (text, expected) in rows {
            assert_eq!(SubtenantId::parse(text).err(), expected, "{text:?}");
            assert_eq!(TenantId::parse(text).err(), expected, "{text:?}");
        }
    }
}
