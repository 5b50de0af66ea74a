//! The credential that a vendor's document and what stands around it make.

use std::sync::Arc;

use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::client::Secrets;
use super::super::credentials::{KindParts, Proof, Traits};
use super::{IdaasProblem, client_config};
use crate::policy::Subtenants;
use crate::technical_token::Source;
use crate::technical_token::idaas::Idaas;

/// The keys that stand beside the document, and for no other kind.
pub(in super::super) const SURROUNDINGS: [&str; 4] =
    ["clusters", "service_account_token", "algorithm", "allow_plaintext"];

/// Reads one: the whole entry of `credentials`.
pub(in super::super) fn read(
    credential: &Section<'_>,
    name: &str,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> KindParts {
    if !credential.states("clusters") {
        report.error(&credential.place_of("clusters"), IdaasProblem::Clusters);
    }
    let config = client_config(credential, secrets, report);
    let idaas = config.as_ref().and_then(Idaas::new);
    KindParts {
        source: idaas.map(|idaas| Source::new(name, idaas)),
        proof: Proof::None,
        tenant: None,
        client_id: config.map(|config| Arc::from(config.client_id)),
        traits: Traits { has_tenant: false, subtenants: Subtenants::None },
    }
}
