//! A program without a caller's token that acts for one subtenant: a fixed one, or the one that its
//! request names in a header. Egress only; the program owns the credential.

use super::decision::Denial;
use super::reserved::folded;
use super::route::SubtenantMode;
use crate::message::{HeaderName, RequestHead};
use crate::principal::{Principal, PrincipalKind};
use crate::tenancy::SubtenantId;

/// The header by which a program says for which subtenant it acts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActingHeader {
    /// Its name. It is removed from every request, on every route.
    pub name: HeaderName,
    /// The subtenants that it may name.
    pub values: ActingValues,
}

/// The subtenants that a program may act for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ActingValues {
    /// Each; the operator wrote it out.
    Any,
    /// These; never empty.
    Only(Vec<SubtenantId>),
}

/// Why a request may not act for a subtenant.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ActingError {
    /// It names one, or its route fixes one, and it presents a caller's token.
    BesideToken,
    /// The header is there more than once, or what it says is no id of a subtenant.
    Malformed,
    /// The header is missing.
    Missing,
    /// The subtenant is not in the list.
    Unlisted,
}

impl ActingError {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::BesideToken => "subtenant_named_beside_token",
            Self::Malformed => "subtenant_header_malformed",
            Self::Missing => "subtenant_header_missing",
            Self::Unlisted => "subtenant_header_unlisted",
        }
    }
}

/// A caller's token and a header that names a subtenant exclude each other, whatever goes upstream.
pub(super) fn test(
    mode: &SubtenantMode,
    principal: &Principal,
    head: &RequestHead<'_>,
) -> Result<(), Denial> {
    match (mode, principal.kind()) {
        (
            SubtenantMode::Header(header),
            PrincipalKind::ApplicationKey | PrincipalKind::Bearer | PrincipalKind::Session,
        ) if header.is_in(head) => Err(Denial::Acting(ActingError::BesideToken)),
        (
            SubtenantMode::Header(_)
            | SubtenantMode::Impersonate
            | SubtenantMode::One(_)
            | SubtenantMode::Refuse
            | SubtenantMode::TenantWide,
            PrincipalKind::Anonymous
            | PrincipalKind::ApplicationKey
            | PrincipalKind::Bearer
            | PrincipalKind::Session,
        ) => Ok(()),
    }
}

/// The subtenant that a request without a caller's token acts for, by its route.
pub(super) fn subtenant(
    mode: &SubtenantMode,
    principal: &Principal,
    head: &RequestHead<'_>,
) -> Result<Option<SubtenantId>, Denial> {
    match (mode, principal.kind()) {
        (
            SubtenantMode::Header(_) | SubtenantMode::One(_),
            PrincipalKind::ApplicationKey | PrincipalKind::Bearer | PrincipalKind::Session,
        ) => Err(Denial::Acting(ActingError::BesideToken)),
        (SubtenantMode::Header(header), PrincipalKind::Anonymous) => {
            header.read(head).map(Some).map_err(Denial::Acting)
        }
        (SubtenantMode::One(id), PrincipalKind::Anonymous) => Ok(Some(id.clone())),
        (
            SubtenantMode::Impersonate | SubtenantMode::Refuse | SubtenantMode::TenantWide,
            PrincipalKind::Anonymous
            | PrincipalKind::ApplicationKey
            | PrincipalKind::Bearer
            | PrincipalKind::Session,
        ) => Ok(None),
    }
}

impl ActingHeader {
    fn is_in(&self, head: &RequestHead<'_>) -> bool {
        self.values_in(head).next().is_some()
    }

    /// What it says, in every spelling of its name that some server could take for it.
    fn values_in<'h>(&'h self, head: &'h RequestHead<'_>) -> impl Iterator<Item = &'h [u8]> {
        head.fields().filter(|(name, _)| self.name.is_alike(name)).map(|(_, value)| value)
    }

    fn read(&self, head: &RequestHead<'_>) -> Result<SubtenantId, ActingError> {
        let mut values = self.values_in(head);
        let value = values.next().ok_or(ActingError::Missing)?;
        if values.next().is_some() {
            return Err(ActingError::Malformed);
        }
        let text = std::str::from_utf8(value).map_err(|_| ActingError::Malformed)?;
        let id = SubtenantId::parse(text.trim_matches([' ', '\t']));
        let id = id.map_err(|_| ActingError::Malformed)?;
        match &self.values {
            ActingValues::Any => Ok(id),
            ActingValues::Only(listed) if listed.contains(&id) => Ok(id),
            ActingValues::Only(_) => Err(ActingError::Unlisted),
        }
    }

    /// Its name as those of two headers are compared.
    pub(super) fn folded(&self) -> String {
        folded(&self.name)
    }
}
