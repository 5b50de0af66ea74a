//! `routes[].upstream.inject[]`: which credential's token goes where.

use std::sync::Arc;

use super::super::raw::Section;
use super::super::report::Report;
use super::credentials::{Credential, Credentials};
use super::headers::header;
use super::route_problem::RouteProblem;
use crate::message::{HeaderName, HeaderValue};
use crate::policy::{Form, Injection, SourceId, When};
use crate::shared::RecordKind;
use crate::technical_token::idaas::KeyPart;

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
    let index = credentials.names.find(name);
    let form = form(item, index.and_then(|index| credentials.list.get(index)), report)?;
    let index = index.and_then(|index| u32::try_from(index).ok());
    let header = match item.states("header") {
        false => HeaderName::parse(AUTHORIZATION).ok(),
        true => header(&item.place_of("header"), item.text("header")?, report),
    };
    let header = header?;
    let prefix = match form {
        Form::Signature => Arc::from(""),
        Form::Part(_) | Form::Token => prefix(item, &header, report)?,
    };
    let when = match item.text("when") {
        None if item.states("when") => return None,
        None | Some("always") => When::Always,
        Some("no_caller_token") => When::NoCallerToken,
        Some(_) => return None,
    };
    Some(Injection { source: SourceId(index.unwrap_or(u32::MAX)), header, prefix, when, form })
}

/// What of the credential's token is put on. `None` when that is not clear, which has been reported.
fn form(
    item: &Section<'_>,
    credential: Option<&Option<Credential>>,
    report: &mut Report,
) -> Option<Form> {
    let part = match item.text("part") {
        Some("access_key_id") => Some(Form::Part(KeyPart::AccessKeyId)),
        Some("access_key_secret") => Some(Form::Part(KeyPart::AccessKeySecret)),
        Some("security_token") => Some(Form::Part(KeyPart::SecurityToken)),
        Some(_) | None => None,
    };
    let sign = item.text("sign").map(|_| Form::Signature);
    // What is wrong with a credential has been reported.
    let source = credential.and_then(|credential| credential.as_ref()?.source.as_ref());
    let is_access_key = source.map(|source| source.record_kind() == RecordKind::Sts);
    for key in ["part", "sign"].into_iter().filter(|key| item.states(key)) {
        if is_access_key == Some(false) {
            report.error(&item.place_of(key), RouteProblem::KeyPartUnneeded);
        }
    }
    let misplaced = match (part, sign) {
        (Some(_), Some(_)) => Some(("sign", RouteProblem::SignedPart)),
        (Some(_), None) if !item.states("header") => {
            Some(("header", RouteProblem::KeyPartUnplaced))
        }
        (None, Some(_)) => {
            let mut stated = ["header", "prefix"].into_iter().filter(|key| item.states(key));
            stated.next().map(|key| (key, RouteProblem::SignaturePlaced))
        }
        (None, None) if is_access_key == Some(true) && !item.states("part") => {
            Some(("credential", RouteProblem::KeyPartUnstated))
        }
        (Some(_), None) | (None, None) => None,
    };
    if let Some((key, problem)) = misplaced {
        report.error(&item.place_of(key), problem);
        return None;
    }
    Some(part.or(sign).unwrap_or(Form::Token))
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
