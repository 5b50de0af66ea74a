//! `routes[].upstream.inject[]`: which credential's token goes where.

use std::sync::Arc;

use super::super::raw::Section;
use super::super::report::Report;
use super::credentials::Credentials;
use super::headers::header;
use super::route_problem::RouteProblem;
use crate::message::{HeaderName, HeaderValue};
use crate::policy::{Injection, SourceId, When};

/// Reports a credential that does not exist.
pub(super) fn is_known(item: &Section<'_>, credentials: &Credentials<'_>, report: &mut Report) {
    if let Some(name) = item.text("credential")
        && credentials.names.find(name).is_none()
    {
        report.error(&item.place_of("credential"), credentials.names.unknown(name));
    }
}

/// Reads one. An unknown credential gets a number that no credential has, so that everything else
/// about the route is still checked.
pub(super) fn injection(
    item: &Section<'_>,
    credentials: &Credentials<'_>,
    report: &mut Report,
) -> Option<Injection> {
    let name = item.text("credential")?;
    let index = credentials.names.find(name).and_then(|index| u32::try_from(index).ok());
    let header = match item.states("header") {
        false => HeaderName::parse(AUTHORIZATION).ok(),
        true => header(&item.place_of("header"), item.text("header")?, report),
    };
    let header = header?;
    let prefix = prefix(item, &header, report)?;
    let when = match item.text("when") {
        None if item.states("when") => return None,
        None | Some("always") => When::Always,
        Some("no_caller_token") => When::NoCallerToken,
        Some(_) => return None,
    };
    Some(Injection { source: SourceId(index.unwrap_or(u32::MAX)), header, prefix, when })
}

/// The stated prefix; else `Bearer ` before a token in `authorization`, and nothing elsewhere.
fn prefix(item: &Section<'_>, header: &HeaderName, report: &mut Report) -> Option<Arc<str>> {
    let is_authorization = header.as_str() == AUTHORIZATION;
    let stated = item.entry("prefix").map(|entry| entry.text().unwrap_or_default());
    let prefix = stated.unwrap_or(if is_authorization { "Bearer " } else { "" });
    if prefix.len() > PREFIX_LIMIT
        || HeaderValue::from_visible_ascii(prefix.as_bytes().to_vec()).is_none()
    {
        report.error(&item.place_of("prefix"), RouteProblem::Prefix);
        return None;
    }
    Some(Arc::from(prefix))
}

/// The header of a bearer token (RFC 6750 §2.1).
const AUTHORIZATION: &str = "authorization";

/// The longest prefix, in bytes.
pub(super) const PREFIX_LIMIT: usize = 64;
