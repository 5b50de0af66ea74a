//! `issuers[].jwks`: where the keys of an issuer come from.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::client::Secrets;
use super::issuer_problem::IssuerProblem;
use super::issuer_template::{Speaker, VARIABLE, unfit};
use super::shared_secret::shared_secret;
use super::values::endpoint;
use crate::crypto::digest::Digest;
use crate::crypto::{Algorithm, SharedSecret};
use crate::jwt::{JwkSet, KeySetId};
use crate::message::{Endpoint, HttpCall};
use crate::presets::IssuerPreset;

/// Where the keys of an issuer come from. Issuers of one entry with one address share a source.
#[derive(Clone, Debug)]
pub struct KeySource {
    id: KeySetId,
    name: Arc<str>,
    location: KeyLocation,
}

/// The keys of a source, or the way to them.
#[derive(Clone, Debug)]
pub enum KeyLocation {
    /// The keys themselves, from the configuration.
    Inline(Arc<JwkSet>),
    /// Keys that are fetched, again and again.
    Remote {
        /// Where they are.
        endpoint: Endpoint,
        /// How long a fetched set counts as fresh: 10 s to 24 h.
        refresh: Duration,
        /// How long one call may take: 100 ms to 60 s.
        timeout: Duration,
    },
    /// A secret from the environment, in place of keys.
    Secret(Arc<SharedSecret>),
}

impl KeySource {
    /// Its number, which is also its position among all sources.
    pub const fn id(&self) -> KeySetId {
        self.id
    }

    /// The name of the issuer's entry in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The keys, or the way to them.
    pub const fn location(&self) -> &KeyLocation {
        &self.location
    }

    /// How long a key set counts as fresh; for ever when it is not fetched.
    pub const fn refresh(&self) -> Duration {
        match &self.location {
            KeyLocation::Inline(_) | KeyLocation::Secret(_) => Duration::MAX,
            KeyLocation::Remote { refresh, .. } => *refresh,
        }
    }

    /// The call that fetches the keys; `None` when they are not fetched.
    pub fn call(&self) -> Option<HttpCall> {
        match &self.location {
            KeyLocation::Inline(_) | KeyLocation::Secret(_) => None,
            KeyLocation::Remote { endpoint, timeout, .. } => {
                Some(HttpCall::get_json(endpoint, *timeout, HttpCall::KEY_SET_LIMIT))
            }
        }
    }

    /// The digest of what decides which keys a call brings: cluster and address. `None` when they
    /// are not fetched.
    pub fn meaning(&self) -> Option<[u8; 32]> {
        match &self.location {
            KeyLocation::Inline(_) | KeyLocation::Secret(_) => None,
            KeyLocation::Remote { endpoint, .. } => {
                let parts = [
                    "jwks",
                    &endpoint.cluster,
                    endpoint.scheme,
                    &endpoint.authority,
                    &endpoint.path,
                ];
                Some(*Digest::of(&parts.map(str::as_bytes)).as_bytes())
            }
        }
    }
}

/// The key sources found so far.
#[derive(Default)]
pub(super) struct KeySources {
    sources: Vec<KeySource>,
    /// The source of an entry (by its path) and an address.
    known: HashMap<(String, String), Option<KeySetId>>,
    /// The entries of which something has been said: what holds for several speakers is said once.
    heard: HashSet<(String, Heard)>,
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
        let address = match jwks.text("uri") {
            Some(uri) => variable.map_or(uri.to_owned(), |value| uri.replace(VARIABLE, value)),
            None if jwks.states("inline") => String::new(),
            None => derived(preset, &speaker.issuer).unwrap_or_default(),
        };
        let key = (section.place().path().to_owned(), address.clone());
        self.made(key, section, report, |report| location(&jwks, &address, variable, report))
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
        if !found.is_empty() && self.heard.insert((key.0.clone(), kind)) {
            report.append(found);
        }
        let name = Arc::from(section.text("name").unwrap_or_default());
        let source = location.map(|location| KeySource { id, name, location });
        let made = source.map(|source| self.sources.push(source)).map(|()| id);
        self.known.insert(key, made);
        made
    }

    /// All sources; each stands at the position that its number says.
    pub(super) fn finish(self) -> Vec<KeySource> {
        self.sources
    }
}

/// How often fetched keys are fetched again.
const REFRESH: Duration = Duration::from_secs(600);

/// How long a call for keys may take.
const TIMEOUT: Duration = Duration::from_secs(5);

fn location(
    jwks: &Section<'_>,
    address: &str,
    variable: Option<&str>,
    report: &mut Report,
) -> Option<KeyLocation> {
    let is_fetched = ["cluster", "uri", "refresh", "timeout", "allow_plaintext"]
        .iter()
        .any(|key| jwks.states(key));
    match (jwks.states("inline"), is_fetched) {
        (true, true) => {
            report.error(jwks.place(), IssuerProblem::JwksTwice);
            None
        }
        (true, false) => inline(jwks, report),
        (false, true) => fetched(jwks, address, variable, report),
        (false, false) => {
            report.error(jwks.place(), IssuerProblem::JwksUnstated);
            None
        }
    }
}

fn inline(jwks: &Section<'_>, report: &mut Report) -> Option<KeyLocation> {
    let entry = jwks.entry("inline")?;
    let document = entry.section().map(|_| entry.node().to_json())?;
    let set = JwkSet::parse(&document).map_err(IssuerProblem::Jwks);
    let set = report.ok(entry.place(), set)?;
    if !set.skipped().is_empty() {
        report.warn(entry.place(), Notice::KeysSkipped(set.skipped().len()));
    }
    Some(KeyLocation::Inline(Arc::new(set)))
}

fn fetched(
    jwks: &Section<'_>,
    address: &str,
    variable: Option<&str>,
    report: &mut Report,
) -> Option<KeyLocation> {
    let uri = jwks.place_of("uri");
    if !jwks.states("cluster") {
        report.error(&jwks.place_of("cluster"), IssuerProblem::KeysClusterUnstated);
    }
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
    let endpoint = endpoint(jwks, &uri, address, report)?;
    let timeout = jwks.duration("timeout").unwrap_or(TIMEOUT);
    let refresh = jwks.duration("refresh").unwrap_or(REFRESH);
    Some(KeyLocation::Remote { endpoint, refresh, timeout })
}

/// The address of the keys that follows from the issuer by the preset's rule.
fn derived(preset: Option<&IssuerPreset>, issuer: &str) -> Option<String> {
    let preset = preset?;
    let host = issuer.strip_suffix(preset.issuer_path.value)?;
    Some(format!("{host}{}", preset.keys_path.value))
}
