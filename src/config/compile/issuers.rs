//! `issuers`: whose tokens are accepted.

use std::sync::Arc;
use std::time::Duration;

use super::super::error::Quoted;
use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::claims;
use super::client::Secrets;
use super::issuer_problem::IssuerProblem;
use super::issuer_template::{Speaker, speakers};
use super::key_source::KeySource;
use super::key_sources::KeySources;
use super::names::Names;
use super::values::{AnyOr, any_or, shared_texts};
use crate::crypto::Algorithm;
use crate::jwt::{
    AccessTokenRules, Expected, IssuerParts, IssuerRules, Issuers, KeptNames, OwnTokens, Tenants,
};
use crate::presets::{IssuerPreset, issuer_preset};
use crate::sorted::Sorted;
use crate::table::Table;
use crate::tenancy::TenantId;
use crate::time::Leeway;

/// All issuers with their keys.
pub(super) struct CompiledIssuers {
    pub(super) issuers: Issuers,
    pub(super) key_sources: Vec<KeySource>,
}

/// Reads `issuers`. `own_clients` are the OAuth clients of the configured credentials, `kept` the
/// claims that the rest of the document asks about.
pub(super) fn issuers(
    root: &Section<'_>,
    secrets: &Secrets<'_>,
    (own_clients, kept): (&Arc<Sorted<Arc<str>>>, &KeptNames),
    report: &mut Report,
) -> Option<CompiledIssuers> {
    let sections = root.sections("issuers");
    Names::collect(&sections, report);
    let mut places: Table<String, String> = Table::new();
    let mut keys = KeySources::default();
    let mut rules = Vec::new();
    let mut speaking = 0;
    let mut spoken_for = Table::new();
    for section in &sections {
        let preset = section.text("preset").and_then(issuer_preset);
        if section.states("preset") && preset.is_none() {
            // It has been reported; whatever else is missing may be what the preset would state.
            continue;
        }
        let speakers = speakers(section, preset, report);
        let common = common(section, preset, own_clients, report);
        check_keys(section, &speakers, report);
        let algorithms = common.as_ref().map_or(&[][..], |common| &common.algorithms);
        speaking += speakers.len();
        let mut shared = Vec::new();
        for speaker in speakers {
            let place = section.place_of("issuer");
            if let Some(first) = places.get(&speaker.issuer) {
                let issuer = Quoted::from(speaker.issuer.as_str());
                report.error(&place, IssuerProblem::Repeated { issuer, first: first.clone() });
                continue;
            }
            places.insert(speaker.issuer.clone(), place.path().into());
            if let Tenants::Only(tenants) = &speaker.tenants {
                let known =
                    |tenant: &&TenantId| spoken_for.insert(TenantId::clone(tenant), ()).is_some();
                shared.extend(tenants.iter().filter(known).cloned());
            }
            let id = keys.of(section, preset, &speaker, (algorithms, secrets), report);
            let Some((common, keys)) = common.as_ref().zip(id) else { continue };
            let parts = common.for_speaker(speaker, keys, kept);
            let built = IssuerRules::new(parts).map_err(IssuerProblem::Rules);
            rules.extend(report.ok(section.place(), built).map(Arc::new));
        }
        let shared = Sorted::from_iter(shared);
        if let Some(tenant) = shared.first() {
            let tenant = Quoted::from(tenant.as_str());
            let notice = Notice::TenantsShared { tenant, more: shared.len().saturating_sub(1) };
            report.warn(&section.place_of("tenants"), notice);
        }
    }
    // Whoever was left out has been reported. Should one not have been, it still makes no
    // configuration: an issuer must never vanish.
    (rules.len() == speaking).then_some(())?;
    // Each `iss` occurs once here: a repeated one was reported above and left out.
    let issuers = Issuers::new(rules).ok()?;
    Some(CompiledIssuers { issuers, key_sources: keys.finish() })
}

/// What all expansions of one entry share.
struct Common {
    name: Arc<str>,
    algorithms: Arc<[Algorithm]>,
    audiences: Option<Expected>,
    clients: Option<Expected>,
    claims: Arc<crate::jwt::ClaimNames>,
    leeway: Leeway,
    max_lifetime: Option<Duration>,
    token_types: Option<Arc<[Box<str>]>>,
    access_tokens: AccessTokenRules,
    own_clients: Arc<Sorted<Arc<str>>>,
    own_tokens: OwnTokens,
}

impl Common {
    fn for_speaker(
        &self,
        speaker: Speaker,
        keys: crate::jwt::KeySetId,
        kept: &KeptNames,
    ) -> IssuerParts {
        IssuerParts {
            name: Arc::clone(&self.name),
            issuer: Arc::from(speaker.issuer),
            algorithms: Arc::clone(&self.algorithms),
            keys,
            tenants: speaker.tenants,
            audiences: self.audiences.clone(),
            clients: self.clients.clone(),
            claims: Arc::clone(&self.claims),
            kept: kept.clone(),
            leeway: self.leeway,
            max_lifetime: self.max_lifetime,
            token_types: self.token_types.clone(),
            access_tokens: self.access_tokens,
            own_clients: Arc::clone(&self.own_clients),
            own_tokens: self.own_tokens,
        }
    }
}

fn common(
    section: &Section<'_>,
    preset: Option<&IssuerPreset>,
    own_clients: &Arc<Sorted<Arc<str>>>,
    report: &mut Report,
) -> Option<Common> {
    let algorithms = algorithms(section, preset, report);
    let audiences = expected(section, "audiences", report);
    let clients = expected(section, "clients", report);
    check_profile(section, preset, audiences.as_ref(), report);
    let has_recipients = check_recipients(section, audiences.as_ref(), clients.as_ref(), report);
    let claims = claims::names(section, preset, report);
    let leeway = section.duration("clock_skew").map_or(Some(Leeway::DEFAULT), Leeway::new);
    let own_tokens = match section.boolean("accept_own_tokens") {
        Some(true) => {
            report.warn(&section.place_of("accept_own_tokens"), Notice::OwnTokensAccepted);
            OwnTokens::Accepted
        }
        Some(false) | None => OwnTokens::Refused,
    };
    has_recipients.then_some(())?;
    Some(Common {
        name: Arc::from(section.text("name")?),
        algorithms: algorithms?,
        audiences,
        clients,
        claims: Arc::new(claims?),
        leeway: leeway?,
        max_lifetime: section.duration("max_lifetime"),
        token_types: token_types(section, report),
        access_tokens: access_tokens(section, preset, report),
        own_clients: Arc::clone(own_clients),
        own_tokens,
    })
}

/// How access tokens are told from others: by the preset or by a profile.
fn access_tokens(
    section: &Section<'_>,
    preset: Option<&IssuerPreset>,
    report: &mut Report,
) -> AccessTokenRules {
    let is_profile = section.states("profile");
    if is_profile && (preset.is_some() || section.states("token_types")) {
        report.error(&section.place_of("profile"), IssuerProblem::ProfileTwice);
    }
    match preset {
        Some(preset) => preset.access_tokens.value,
        None if is_profile => AccessTokenRules::Rfc9068,
        None => AccessTokenRules::Plain,
    }
}

/// The values of `typ` without `application/`, in lower case: media types ignore it.
fn token_types(section: &Section<'_>, report: &mut Report) -> Option<Arc<[Box<str>]>> {
    section.states("token_types").then_some(())?;
    let texts = super::values::texts(&section.list("token_types"), report);
    let short = |text: &str| {
        let text = text.to_ascii_lowercase();
        Box::from(text.strip_prefix("application/").unwrap_or(&text))
    };
    Some(texts.into_iter().map(|(_, text)| short(text)).collect())
}

fn algorithms(
    section: &Section<'_>,
    preset: Option<&IssuerPreset>,
    report: &mut Report,
) -> Option<Arc<[Algorithm]>> {
    let place = section.place_of("algorithms");
    let algorithms: Arc<[Algorithm]> = match (section.states("algorithms"), preset) {
        (false, None) => {
            report.error(&place, IssuerProblem::AlgorithmsUnstated);
            return None;
        }
        (false, Some(preset)) => Arc::from(preset.algorithms.value),
        (true, _) => {
            let texts = super::values::texts(&section.list("algorithms"), report);
            texts.iter().filter_map(|(_, name)| Algorithm::from_name(name)).collect()
        }
    };
    let has_secret = section.states("secret_env");
    if algorithms.iter().any(|algorithm| algorithm.is_symmetric() != has_secret) {
        let of_keys = IssuerProblem::AlgorithmsOfKeys;
        report.error(&place, if has_secret { of_keys } else { IssuerProblem::AlgorithmsOfSecret });
        return None;
    }
    Some(algorithms)
}

/// Public keys or a secret, never both: else a public key could pass for a secret (RFC 8725 §2.1).
///
/// A secret is for one `iss` of a template: other than a public key, it signs wherever it verifies.
fn check_keys(section: &Section<'_>, speakers: &[Speaker], report: &mut Report) {
    let problem = match (section.states("jwks"), section.states("secret_env")) {
        (true, true) => Some(("secret_env", IssuerProblem::KeysAndSecret)),
        (false, false) => Some(("jwks", IssuerProblem::KeysUnstated)),
        (false, true) | (true, false) => None,
    };
    if let Some((key, problem)) = problem {
        report.error(&section.place_of(key), problem);
    }
    if section.states("secret_env") && speakers.len() > 1 {
        report.error(&section.place_of("secret_env"), IssuerProblem::SecretShared);
    }
    if section.states("secret_encoding") && !section.states("secret_env") {
        report.error(&section.place_of("secret_encoding"), IssuerProblem::SecretUnstated);
    }
}

fn expected(section: &Section<'_>, key: &str, report: &mut Report) -> Option<Expected> {
    Some(match any_or(section, key)? {
        AnyOr::Any => Expected::Any,
        AnyOr::Only(items) => Expected::OneOf(Arc::new(shared_texts(&items, report))),
    })
}

/// RFC 9068 §4: the audience is compared, whatever else tells for whom a token is. A list that is
/// stated wrongly has been reported.
fn check_profile(
    section: &Section<'_>,
    preset: Option<&IssuerPreset>,
    audiences: Option<&Expected>,
    report: &mut Report,
) {
    let is_open = !section.states("audiences") || matches!(audiences, Some(Expected::Any));
    if section.text("profile").is_some() && preset.is_none() && is_open {
        report.error(&section.place_of("audiences"), IssuerProblem::ProfileRecipient);
    }
}

/// Whether it is stated for whom tokens must be. What is stated wrongly has been reported.
fn check_recipients(
    section: &Section<'_>,
    audiences: Option<&Expected>,
    clients: Option<&Expected>,
    report: &mut Report,
) -> bool {
    if !section.states("audiences") && !section.states("clients") {
        report.error(section.place(), IssuerProblem::RecipientUnstated);
    }
    let is_open = |expected: Option<&Expected>| !matches!(expected, Some(Expected::OneOf(_)));
    if is_open(audiences) && is_open(clients) && (audiences.is_some() || clients.is_some()) {
        let key = if audiences.is_some() { "audiences" } else { "clients" };
        report.warn(&section.place_of(key), Notice::AnyRecipient);
    }
    // A list that is empty, or whose items are all wrong, has been reported as well.
    let is_empty =
        |expected: &Expected| matches!(expected, Expected::OneOf(values) if values.is_empty());
    let mut stated = audiences.into_iter().chain(clients).peekable();
    stated.peek().is_some() && !stated.any(is_empty)
}
