//! `application_keys.session`: sessions that keys open.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::application_keys::SessionSettings;
use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::super::warning::Notice;
use super::super::client::Secrets;
use super::ApplicationKeyProblem;
use super::secrets::session_keys;
use crate::application_key::SessionLimits;
use crate::message::{CanonicalPath, PathRules, PathSpelling};

/// How sessions are made. `None` when something is wrong, which has been reported.
pub(super) fn session(
    section: &Section<'_>,
    (spelling, trusts_address): (PathSpelling, bool),
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<SessionSettings> {
    let keys = session_keys(section, secrets, report);
    let limits = SessionLimits {
        idle: section.duration("idle").unwrap_or(IDLE),
        absolute: section.duration("absolute").unwrap_or(ABSOLUTE),
    };
    if limits.idle > limits.absolute {
        report.error(&section.place_of("absolute"), ApplicationKeyProblem::IdleTooLong);
    }
    let binds_address = section.boolean("bind_address") == Some(true);
    if binds_address && !trusts_address {
        report.error(&section.place_of("bind_address"), ApplicationKeyProblem::AddressUntrusted);
    }
    let is_insecure = is_insecure(section);
    if is_insecure {
        report.warn(&section.place_of("insecure"), Notice::SessionsInsecure);
    }
    let logout_path = logout_path(section, spelling, report);
    Some(SessionSettings {
        keys: keys?,
        limits,
        is_insecure,
        binds_address,
        logout_path: logout_path?,
    })
}

/// Whether sessions are made on plain HTTP.
pub(super) fn is_insecure(section: &Section<'_>) -> bool {
    section.boolean("insecure") == Some(true)
}

/// As it is stated, it is in its canonical form but for what is one path for this gateway alone.
fn logout_path(
    section: &Section<'_>,
    spelling: PathSpelling,
    report: &mut Report,
) -> Option<Arc<str>> {
    let text = match section.states("logout_path") {
        false => LOGOUT_PATH,
        true => section.text("logout_path")?,
    };
    let canonical = |spelling| {
        let rules = PathRules { spelling, ..PathRules::default() };
        CanonicalPath::parse(text.as_bytes(), rules).ok()
    };
    let stated = canonical(PathSpelling::default()).filter(|path| path.as_str() == text);
    let path = stated.and_then(|_| canonical(spelling)).ok_or(ApplicationKeyProblem::LogoutPath);
    let path = report.ok(&section.place_of("logout_path"), path)?;
    Some(Arc::from(path.as_str()))
}

/// How long a session is good without a request.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// How long it is good at all.
const ABSOLUTE: Duration = Duration::from_secs(8 * 3600);

/// Where it ends.
const LOGOUT_PATH: &str = "/.gateway/logout";
