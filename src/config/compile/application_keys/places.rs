//! Where application keys may stand, and what has the same name.

use std::sync::Arc;

use super::super::super::error::Place;
use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::super::warning::Notice;
use super::super::headers::header;
use super::ApplicationKeyProblem;
use super::session::is_insecure;
use crate::application_key::KeyPrefix;
use crate::credential::{Decisive, KeyPlacesParts, TokenPlaces};
use crate::message::{CookieName, HeaderName, ParameterName};
use crate::policy::is_credential;

/// Where application keys may stand besides the places of `tokens`. `None` when something is wrong, which
/// has been reported.
pub(super) fn places(
    section: &Section<'_>,
    (prefix, decisive): (Option<&KeyPrefix>, Decisive),
    tokens: &TokenPlaces,
    report: &mut Report,
) -> Option<KeyPlacesParts> {
    let session = section.section("session");
    let header = key_header(section, report);
    let parameter = name(Some(section), "parameter", PARAMETER)
        .and_then(|text| parameter(&section.place_of("parameter"), text, report));
    let allows_query = section.boolean("allow_query") == Some(true);
    if allows_query {
        report.warn(&section.place_of("allow_query"), Notice::KeysInUrls);
    }
    let accepts_bearer = section.boolean("accept_bearer") == Some(true);
    let bearer_prefix = |prefix: &KeyPrefix| Arc::from([prefix.as_str(), "_"].concat());
    let (flag_header, flag_parameter) = flag(session.as_ref(), report)?;
    let parts = KeyPlacesParts {
        header: header?,
        parameter: parameter?,
        allows_query,
        bearer_prefix: prefix.map(bearer_prefix).filter(|_| accepts_bearer),
        flag_header,
        flag_parameter,
        forwards_flag: session
            .as_ref()
            .is_some_and(|one| one.boolean("forward_flag") == Some(true)),
        session_cookie: session.as_ref().and_then(cookie),
        forwards_basic: section.text("basic_with_key") == Some("forward"),
        decisive,
    };
    check_tokens(section, &parts, tokens, report);
    if let Some(session) = &session {
        check_session(session, &parts, tokens, report);
    }
    Some(parts)
}

/// The header of a key. `appkey` carries credentials, and these are the ones.
fn key_header(section: &Section<'_>, report: &mut Report) -> Option<HeaderName> {
    let place = section.place_of("header");
    let name = header(&place, name(Some(section), "header", HEADER)?, report)?;
    if is_credential(&name) && !name.is_alike(HEADER.as_bytes()) {
        report.error(&place, ApplicationKeyProblem::Credential);
        return None;
    }
    Some(name)
}

/// The header and the parameter that ask for a session.
fn flag(session: Option<&Section<'_>>, report: &mut Report) -> Option<(HeaderName, ParameterName)> {
    let text = name(session, "flag", FLAG)?;
    let place = session.map_or_else(Place::root, |session| session.place_of("flag"));
    let name = header(&place, text, report)?;
    if is_credential(&name) {
        report.error(&place, ApplicationKeyProblem::Credential);
        return None;
    }
    Some((name, parameter(&place, text, report)?))
}

fn parameter(place: &Place, text: &str, report: &mut Report) -> Option<ParameterName> {
    let name = ParameterName::parse(text).map_err(ApplicationKeyProblem::Parameter);
    report.ok(place, name)
}

/// The stated name, or the usual one. `None` when it has a wrong shape, which has been reported.
fn name<'d>(section: Option<&Section<'d>>, key: &str, usual: &'static str) -> Option<&'d str> {
    match section {
        Some(section) if section.states(key) => section.text(key),
        Some(_) | None => Some(usual),
    }
}

/// The cookie of sessions: browsers keep `__Host-` to HTTPS, this host and all of its paths (RFC 6265bis §4.1.3).
fn cookie(session: &Section<'_>) -> Option<CookieName> {
    CookieName::parse(if is_insecure(session) { INSECURE_COOKIE } else { COOKIE }).ok()
}

fn check_tokens(
    section: &Section<'_>,
    parts: &KeyPlacesParts,
    tokens: &TokenPlaces,
    report: &mut Report,
) {
    if is_header(tokens, &parts.header) {
        report.error(&section.place_of("header"), ApplicationKeyProblem::TokenPlace);
    }
    if is_parameter(tokens, &parts.parameter) {
        report.error(&section.place_of("parameter"), ApplicationKeyProblem::TokenPlace);
    }
}

fn check_session(
    session: &Section<'_>,
    parts: &KeyPlacesParts,
    tokens: &TokenPlaces,
    report: &mut Report,
) {
    let (header, parameter) = (&parts.flag_header, &parts.flag_parameter);
    let flag = session.place_of("flag");
    if header.is_alike(parts.header.as_str().as_bytes()) || is_same(parameter, &parts.parameter) {
        report.error(&flag, ApplicationKeyProblem::FlagIsKey);
    }
    if is_header(tokens, header) || is_parameter(tokens, parameter) {
        report.error(&flag, ApplicationKeyProblem::TokenPlace);
    }
    if parts.session_cookie.as_ref().is_some_and(|cookie| tokens.cookies().contains(cookie)) {
        report.error(session.place(), ApplicationKeyProblem::CookieTaken);
    }
}

fn is_header(tokens: &TokenPlaces, name: &HeaderName) -> bool {
    tokens.headers().iter().any(|(header, _)| header.is_alike(name.as_str().as_bytes()))
}

fn is_parameter(tokens: &TokenPlaces, name: &ParameterName) -> bool {
    tokens.parameters().iter().any(|parameter| is_same(parameter, name))
}

/// Both are cut out in any case of letters.
fn is_same(one: &ParameterName, other: &ParameterName) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// The header of a key.
const HEADER: &str = "appkey";

/// The query parameter of a key.
const PARAMETER: &str = "appKey";

/// The header and the query parameter that ask for a session.
const FLAG: &str = "x-thingworx-session";

/// The cookie of sessions.
const COOKIE: &str = "__Host-gwsession";

/// The same on plain HTTP, where no browser takes `__Host-`.
const INSECURE_COOKIE: &str = "gwsession";
