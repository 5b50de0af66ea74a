//! Peppers, and the keys that sign sessions: secrets that go by an id.

use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::client::Secrets;
use super::super::shared_secret::secret_bytes;
use super::ApplicationKeyProblem;
use crate::application_key::{
    Pepper, PepperError, Peppers, SessionKey, SessionKeyError, SessionKeys,
};

/// `application_keys.peppers`. `None` when something is wrong, which has been reported.
pub(super) fn peppers(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<Peppers> {
    let stated = section.sections("peppers");
    let mut peppers = Vec::new();
    for one in &stated {
        let Some((id, bytes)) = named(one, secrets, report) else { continue };
        match Pepper::new(id, bytes) {
            Ok(pepper) => peppers.push(pepper),
            Err(error) => {
                let key = if error == PepperError::Id { "id" } else { "secret_env" };
                report.error(&one.place_of(key), ApplicationKeyProblem::Pepper(error));
            }
        }
    }
    let is_complete = peppers.len() == stated.len();
    let peppers = Peppers::new(peppers).map_err(ApplicationKeyProblem::Pepper);
    report.ok(&section.place_of("peppers"), peppers).filter(|_| is_complete)
}

/// `application_keys.session.keys`. `None` when something is wrong, which has been reported.
pub(super) fn session_keys(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<SessionKeys> {
    let stated = section.sections("keys");
    let mut keys = Vec::new();
    for one in &stated {
        let Some((id, bytes)) = named(one, secrets, report) else { continue };
        match SessionKey::new(id, bytes) {
            Ok(key) => keys.push(key),
            Err(error) => {
                let key = if error == SessionKeyError::Id { "id" } else { "secret_env" };
                report.error(&one.place_of(key), ApplicationKeyProblem::SessionKey(error));
            }
        }
    }
    // Why there is none, or not all of them, has been reported.
    let is_complete = !keys.is_empty() && keys.len() == stated.len();
    is_complete.then_some(())?;
    let keys = SessionKeys::new(keys).map_err(ApplicationKeyProblem::SessionKey);
    report.ok(&section.place_of("keys"), keys)
}

fn named<'d>(
    section: &Section<'d>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<(&'d str, Vec<u8>)> {
    let bytes = secret_bytes(section, ApplicationKeyProblem::SecretEncoding, secrets, report);
    Some((section.text("id")?, bytes?))
}
