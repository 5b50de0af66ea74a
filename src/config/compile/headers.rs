//! Headers that we set: those of `identity_headers`, and those that carry technical tokens.

use std::fmt;

use super::super::error::Place;
use super::super::raw::Section;
use super::super::report::Report;
use super::conditions::ConditionProblem;
use crate::jwt::ClaimName;
use crate::message::{HeaderName, HeaderNameError};
use crate::policy::{IdentityHeaders, is_credential, is_reserved};

/// What is wrong with a header that we are to set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeaderProblem {
    /// It carries credentials, so it cannot carry an identity.
    Credential,
    /// It is no name of a header.
    Name(HeaderNameError),
    /// It has a purpose of its own.
    Reserved,
}

/// Reads `identity_headers`.
pub(super) fn identity(root: &Section<'_>, report: &mut Report) -> IdentityHeaders {
    let Some(section) = root.section("identity_headers") else {
        return IdentityHeaders::default();
    };
    let claims = section.section("claims").map(|claims| identity_claims(&claims, report));
    let mut header = |key| {
        let place = section.place_of(key);
        identity_header(&place, section.text(key)?, report)
    };
    IdentityHeaders {
        tenant: header("tenant"),
        subtenant: header("subtenant"),
        user: header("user"),
        client: header("client"),
        scopes: header("scopes"),
        credential_kind: header("credential_kind"),
        key_name: header("key_name"),
        key_roles: header("key_roles"),
        key_tags: header("key_tags"),
        key_expires_at: header("key_expires_at"),
        claims: claims.unwrap_or_default(),
    }
}

/// `identity_headers.claims`: the claim that each header tells.
fn identity_claims(section: &Section<'_>, report: &mut Report) -> Vec<(HeaderName, ClaimName)> {
    let mut claims = Vec::new();
    for (name, entry) in section.entries() {
        let header = identity_header(entry.place(), name, report);
        let Some(text) = entry.text() else { continue };
        let claim = ClaimName::parse(text).map_err(ConditionProblem::Claim);
        let claim = report.ok(entry.place(), claim);
        claims.extend(header.zip(claim));
    }
    claims
}

/// The header of this name, as far as it can tell an identity.
fn identity_header(place: &Place, text: &str, report: &mut Report) -> Option<HeaderName> {
    let name = header(place, text, report)?;
    if is_credential(&name) {
        report.error(place, HeaderProblem::Credential);
        return None;
    }
    Some(name)
}

/// The header of this name, as far as it is ours to set.
pub(super) fn header(place: &Place, text: &str, report: &mut Report) -> Option<HeaderName> {
    let name = report.ok(place, HeaderName::parse(text).map_err(HeaderProblem::Name))?;
    if is_reserved(&name) {
        report.error(place, HeaderProblem::Reserved);
        return None;
    }
    Some(name)
}

impl fmt::Display for HeaderProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential => {
                formatter.write_str("carries credentials; choose another header for an identity")
            }
            Self::Name(error) => error.fmt(formatter),
            Self::Reserved => formatter.write_str(
                "has a purpose of its own (for the proxy, the connection, the body, or how a request is read); choose another header",
            ),
        }
    }
}
