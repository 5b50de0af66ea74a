//! The credential that a vendor's document and what stands around it make.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::raw::Section;
use super::super::super::report::Report;
use super::super::client::Secrets;
use super::super::credentials::{KindParts, Proof, Traits};
use super::super::oauth2::expected;
use super::super::variables::looked_for;
use super::{IdaasProblem, client_config};
use crate::policy::Subtenants;
use crate::technical_token::Source;
use crate::technical_token::exchange::{Exchanger, TokenExchange};
use crate::technical_token::idaas::{ClientConfig, Held, Idaas, What};

/// The keys that stand beside the document, and for no other kind.
pub(in super::super) const SURROUNDINGS: [&str; 7] = [
    "clusters",
    "service_account_token",
    "exchange",
    "held_api_key",
    "sts",
    "algorithm",
    "allow_plaintext",
];

/// Those that say what is obtained in place of a token of the client: one at most.
pub(super) const PURPOSES: [&str; 3] = ["exchange", "held_api_key", "sts"];

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
    let mut stated = PURPOSES.into_iter().filter(|key| credential.states(key));
    if let (Some(first), Some(other)) = (stated.next(), stated.next()) {
        report.error(&credential.place_of(other), IdaasProblem::PurposeTwice(first));
    }
    let mut subtenants = Subtenants::None;
    let source = if let Some(exchange) = credential.section("exchange") {
        subtenants = Subtenants::Own;
        exchanging(&exchange, name, config.as_ref(), report)
    } else if credential.states("held_api_key") || credential.states("sts") {
        let what = what(credential, secrets, report);
        let held = config.as_ref().zip(what).and_then(|(config, what)| Held::new(config, what));
        held.map(|held| Source::new(name, held))
    } else {
        config.as_ref().and_then(Idaas::new).map(|idaas| Source::new(name, idaas))
    };
    KindParts {
        source,
        proof: Proof::None,
        tenant: None,
        client_id: config.map(|config| Arc::from(config.client_id)),
        traits: Traits { has_tenant: false, subtenants },
    }
}

/// The credential that exchanges callers' tokens.
fn exchanging(
    exchange: &Section<'_>,
    name: &str,
    config: Option<&ClientConfig>,
    report: &mut Report,
) -> Option<Source> {
    let idaas = config.and_then(Idaas::new);
    if idaas.as_ref().is_some_and(|idaas| !idaas.exchanges()) {
        report.error(exchange.place(), IdaasProblem::ExchangeByPlugin);
    }
    let expected = expected(exchange, report);
    idaas.zip(expected).map(|(idaas, (issuer, claims))| {
        let client = Exchanger::Idaas(idaas);
        Source::new(name, TokenExchange { client, issuer, claims })
    })
}

/// What is obtained with a token of the client. `None` when that is not clear, which has been reported.
fn what(credential: &Section<'_>, secrets: &Secrets<'_>, report: &mut Report) -> Option<What> {
    if let Some(key) = credential.section("held_api_key") {
        let identifier = Arc::from(key.text("identifier")?);
        let refresh = key.duration("refresh").unwrap_or(REFRESH);
        return Some(What::ApiKey { identifier, refresh });
    }
    let sts = credential.section("sts")?;
    if sts.states("role_arn") {
        return sts.text("role_arn").map(|arn| What::Role(Arc::from(arn)));
    }
    let place = sts.place_of("role_arn");
    let arn = looked_for(ROLE_ARN, &place, secrets, report);
    if arn.is_none() {
        report.error(&place, IdaasProblem::RoleUnstated);
    }
    arn.map(|arn| What::Role(Arc::from(arn.expose().as_str())))
}

/// The vendor's variable for a role.
const ROLE_ARN: &str = "ALIBABA_CLOUD_ROLE_ARN";

/// How long a key is believed.
const REFRESH: Duration = Duration::from_secs(600);
