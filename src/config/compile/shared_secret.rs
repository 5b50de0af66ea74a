//! `secret_env`: the secret of an issuer that signs with HMAC, and others of the same form.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::error::Problem;
use super::super::raw::Section;
use super::super::report::Report;
use super::client::{Secrets, variable};
use super::issuer_problem::IssuerProblem;
use super::key_source::KeyLocation;
use crate::crypto::{Algorithm, SharedSecret};
use crate::secret::Secret;

/// The secret of an issuer that may sign with these algorithms. `None` when it cannot be used, which
/// has been reported.
pub(super) fn shared_secret(
    section: &Section<'_>,
    algorithms: &[Algorithm],
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<KeyLocation> {
    let bytes = secret_bytes(section, IssuerProblem::SecretEncoding, secrets, report)?;
    let secret = SharedSecret::new(bytes);
    let needed = algorithms.iter().filter_map(|one| one.secret_length()).max()?;
    if !algorithms.iter().all(|one| secret.fits(*one)) {
        let place = section.place_of("secret_env");
        report.error(&place, IssuerProblem::SecretTooShort { needed });
        return None;
    }
    Some(KeyLocation::Secret(Arc::new(secret)))
}

/// The bytes of the secret in the variable `secret_env`, which `secret_encoding` says how to read. `None` when
/// they cannot be had, which has been reported, as `odd` where the variable is not in that encoding.
pub(super) fn secret_bytes(
    section: &Section<'_>,
    odd: impl Into<Problem>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<Vec<u8>> {
    let entry = section.entry("secret_env")?;
    let text = Secret::new(variable(&entry, secrets, report)?);
    match section.text("secret_encoding") {
        Some("base64url") => {
            let decoded = URL_SAFE_NO_PAD.decode(text.expose());
            report.ok(entry.place(), decoded.map_err(|_| odd))
        }
        Some(_) | None => Some(text.expose().clone().into_bytes()),
    }
}
