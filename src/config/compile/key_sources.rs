//! `issuers[].jwks`: where the keys of an issuer come from.

use std::sync::Arc;
use std::time::Duration;

use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::client::Secrets;
use super::issuer_problem::IssuerProblem;
use super::issuer_template::{Speaker, VARIABLE, unfit};
use super::key_discovery::{discovery, metadata_address};
use super::key_source::{KeyAddress, KeyLocation, KeyOwner, KeySource, Upkeep};
use super::shared_secret::shared_secret;
use super::values::endpoint;
use crate::crypto::Algorithm;
use crate::json;
use crate::jwt::{JwkSet, JwksError, KeySetId};
use crate::message::Endpoint;
use crate::presets::IssuerPreset;
use crate::table::Table;

/// The key sources found so far.
#[derive(Default)]
pub(super) struct KeySources {
    sources: Vec<KeySource>,
    /// The source of an entry (by its path) and an address.
    known: Table<(String, String), Option<KeySetId>>,
    /// The entries of which something has been said: what holds for several speakers is said once.
    heard: Table<(String, Heard), ()>,
}

/// What has been said of an entry.
#[derive(Eq, Hash, PartialEq)]
enum Heard {
    Errors,
    Warnings,
}

impl KeySources {
    /// The source of a speaker's keys. `None` when it cannot be made, which has been reported.
    pub(super) fn of(
        &mut self,
        section: &Section<'_>,
        preset: Option<&IssuerPreset>,
        speaker: &Speaker,
        (algorithms, secrets): (&[Algorithm], &Secrets<'_>),
        report: &mut Report,
    ) -> Option<KeySetId> {
        if section.states("secret_env") {
            let key = (section.place().path().to_owned(), String::new());
            return self.made(key, section, report, |report| {
                shared_secret(section, algorithms, secrets, report)
            });
        }
        let jwks = section.section("jwks")?;
        let variable = speaker.variable.as_deref();
        let address = match (jwks.text("discovery"), jwks.text("uri")) {
            (Some(kind), _) => metadata_address(kind, &speaker.issuer).unwrap_or_default(),
            (None, Some(uri)) => {
                variable.map_or(uri.to_owned(), |value| uri.replace(VARIABLE, value))
            }
            (None, None) if jwks.states("inline") => String::new(),
            (None, None) => derived(preset, &speaker.issuer).unwrap_or_default(),
        };
        let key = (section.place().path().to_owned(), address.clone());
        self.made(key, section, report, |report| {
            location(&jwks, (preset, &address), (speaker, algorithms), report)
        })
    }

    /// The source of that entry and address, which `make` makes if there is none.
    fn made(
        &mut self,
        key: (String, String),
        section: &Section<'_>,
        report: &mut Report,
        make: impl FnOnce(&mut Report) -> Option<KeyLocation>,
    ) -> Option<KeySetId> {
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = KeySetId(u32::try_from(self.sources.len()).ok()?);
        let mut found = Report::default();
        let location = make(&mut found);
        let kind = if found.has_errors() { Heard::Errors } else { Heard::Warnings };
        if !found.is_empty() && self.heard.insert((key.0.clone(), kind), ()).is_none() {
            report.append(found);
        }
        let name = Arc::from(section.text("name").unwrap_or_default());
        let source =
            location.map(|location| KeySource { id, owner: KeyOwner::Issuer, name, location });
        let made = source.map(|source| self.sources.push(source)).map(|()| id);
        self.known.insert(key, made);
        made
    }

    /// All sources; each stands at the position that its number says.
    pub(super) fn finish(self) -> Vec<KeySource> {
        self.sources
    }
}

fn location(
    jwks: &Section<'_>,
    (preset, address): (Option<&IssuerPreset>, &str),
    (speaker, algorithms): (&Speaker, &[Algorithm]),
    report: &mut Report,
) -> Option<KeyLocation> {
    let is_fetched = FETCHED.iter().any(|key| jwks.states(key));
    match (jwks.states("inline"), is_fetched) {
        (true, true) => {
            report.error(jwks.place(), IssuerProblem::JwksTwice);
            None
        }
        (true, false) => inline(jwks, algorithms, report),
        (false, true) => remote(jwks, (preset, address), speaker, report),
        (false, false) => {
            report.error(jwks.place(), IssuerProblem::JwksUnstated);
            None
        }
    }
}

fn inline(
    jwks: &Section<'_>,
    algorithms: &[Algorithm],
    report: &mut Report,
) -> Option<KeyLocation> {
    let entry = jwks.entry("inline")?;
    entry.section()?;
    let set = json::read(entry.node()).map_err(JwksError::Json);
    let set = set.and_then(|document| JwkSet::from_value(&document)).map_err(IssuerProblem::Jwks);
    let set = report.ok(entry.place(), set)?;
    if !set.skipped().is_empty() {
        report.warn(entry.place(), Notice::KeysSkipped(set.skipped().into()));
    }
    let fits = |algorithm: &Algorithm| set.keys().iter().any(|key| key.fits(*algorithm));
    // Without algorithms, why there are none has been reported.
    if !algorithms.is_empty() && !algorithms.iter().any(fits) {
        report.warn(entry.place(), Notice::KeysUnfit);
    }
    Some(KeyLocation::Inline(Arc::new(set)))
}

fn remote(
    jwks: &Section<'_>,
    (preset, address): (Option<&IssuerPreset>, &str),
    speaker: &Speaker,
    report: &mut Report,
) -> Option<KeyLocation> {
    if !jwks.states("cluster") {
        report.error(&jwks.place_of("cluster"), IssuerProblem::KeysClusterUnstated);
    }
    let upkeep = upkeep(jwks, preset, report);
    let address = if jwks.states("discovery") {
        if jwks.states("uri") {
            report.error(&jwks.place_of("uri"), IssuerProblem::DiscoveryWithUri);
        }
        KeyAddress::Discovered(discovery(jwks, &speaker.issuer, address, report)?)
    } else {
        if jwks.states("hosts") {
            report.error(&jwks.place_of("hosts"), IssuerProblem::HostsWithoutDiscovery);
        }
        KeyAddress::Stated(stated(jwks, address, speaker.variable.as_deref(), report)?)
    };
    Some(KeyLocation::Remote { address, upkeep })
}

fn stated(
    jwks: &Section<'_>,
    address: &str,
    variable: Option<&str>,
    report: &mut Report,
) -> Option<Endpoint> {
    let uri = jwks.place_of("uri");
    if address.is_empty() {
        // A `uri` of a wrong type has been reported.
        if !jwks.states("uri") {
            report.error(&uri, IssuerProblem::KeysUriUnstated);
        }
        return None;
    }
    if variable.is_none() && address.contains(VARIABLE) {
        report.error(&uri, IssuerProblem::VariableUnbound);
        return None;
    }
    if let Some(problem) = variable.and_then(|value| unfit(jwks.text("uri")?, value)) {
        report.error(&uri, problem);
        return None;
    }
    endpoint(jwks, &uri, address, report)
}

/// When and how the keys of a `jwks` object are fetched.
pub(super) fn upkeep(
    jwks: &Section<'_>,
    preset: Option<&IssuerPreset>,
    report: &mut Report,
) -> Upkeep {
    let refresh = jwks.duration("refresh").unwrap_or(REFRESH);
    let usual = preset.map_or(MIN_REFRESH, |preset| preset.min_key_refresh.value);
    let min_refresh = jwks.duration("min_refresh").unwrap_or(usual.min(refresh));
    let twice = refresh.saturating_mul(2);
    let max_stale = jwks.duration("max_stale").unwrap_or(MAX_STALE.max(twice));
    if jwks.states("min_refresh") && min_refresh > refresh {
        report.error(&jwks.place_of("min_refresh"), IssuerProblem::MinRefreshTooLong);
    }
    if max_stale < twice {
        report.error(&jwks.place_of("max_stale"), IssuerProblem::MaxStaleTooShort);
    }
    let timeout = jwks.duration("timeout").unwrap_or(TIMEOUT);
    Upkeep { max_stale, min_refresh, refresh, timeout }
}

/// The address of the keys that follows from the issuer by the preset's rule.
pub(super) fn derived(preset: Option<&IssuerPreset>, issuer: &str) -> Option<String> {
    let preset = preset?;
    let host = issuer.strip_suffix(preset.issuer_path.value)?;
    Some(format!("{host}{}", preset.keys_path.value))
}

/// The keys of `jwks` that mean that it is fetched.
const FETCHED: [&str; 9] = [
    "allow_plaintext",
    "cluster",
    "discovery",
    "hosts",
    "max_stale",
    "min_refresh",
    "refresh",
    "timeout",
    "uri",
];

/// How often fetched keys are fetched again.
const REFRESH: Duration = Duration::from_secs(600);

/// How often they are fetched again at most, whatever their cache headers say, without a preset.
const MIN_REFRESH: Duration = Duration::from_secs(10);

/// How long they are used at most after their last fetch.
const MAX_STALE: Duration = Duration::from_secs(24 * 3600);

/// How long a call for keys may take.
const TIMEOUT: Duration = Duration::from_secs(5);
