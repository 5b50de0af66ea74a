//! `credentials[].api_key`: a key that is put into a header as it stands.

use super::super::raw::Section;
use super::super::report::Report;
use super::client::{SecretPlace, Secrets, secret};
use super::credential_problem::CredentialProblem;
use super::credentials::{KindParts, Proof, Traits};
use crate::policy::Subtenants;
use crate::secret::Secret;
use crate::technical_token::{ApiKey, Source};

/// Reads one.
pub(super) fn read(
    section: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    let key = secret(section, ("key", "key_env"), secrets, report).and_then(|place| match place {
        SecretPlace::Known(key) => {
            let known = ApiKey::known(Secret::new(key.expose().as_bytes().to_vec()));
            let stated = if section.states("key") { "key" } else { "key_env" };
            let known = known.map_err(|_| CredentialProblem::ApiKeyUnsendable);
            report.ok(&section.place_of(stated), known)
        }
        SecretPlace::Read(source) => Some(ApiKey::reading(source)),
    });
    let source = key.map(|key| Source::new(name, key));
    let traits = Traits { has_tenant: false, subtenants: Subtenants::None };
    KindParts { source, proof: Proof::None, tenant: None, client_id: None, traits }
}
