//! The credential that a vendor's document and what stands around it make.

use std::sync::Arc;

use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::client::Secrets;
use super::super::credentials::{KindParts, Proof, Traits};
use super::super::oauth2::expected;
use super::{IdaasProblem, client_config};
use crate::policy::Subtenants;
use crate::technical_token::Source;
use crate::technical_token::exchange::{Exchanger, TokenExchange};
use crate::technical_token::idaas::Idaas;

/// The keys that stand beside the document, and for no other kind.
pub(in super::super) const SURROUNDINGS: [&str; 5] =
    ["clusters", "service_account_token", "exchange", "algorithm", "allow_plaintext"];

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
    let (source, subtenants) = match credential.section("exchange") {
        None => (idaas.map(|idaas| Source::new(name, idaas)), Subtenants::None),
        Some(exchange) => {
            if idaas.as_ref().is_some_and(|idaas| !idaas.exchanges()) {
                report.error(exchange.place(), IdaasProblem::ExchangeByPlugin);
            }
            let expected = expected(&exchange, report);
            let source = idaas.zip(expected).map(|(idaas, (issuer, claims))| {
                let client = Exchanger::Idaas(idaas);
                Source::new(name, TokenExchange { client, issuer, claims })
            });
            (source, Subtenants::Own)
        }
    };
    KindParts {
        source,
        proof: Proof::None,
        tenant: None,
        client_id: config.map(|config| Arc::from(config.client_id)),
        traits: Traits { has_tenant: false, subtenants },
    }
}
