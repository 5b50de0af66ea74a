//! Where each fetched thing comes from, and how to tell that it is what was asked for.

use std::sync::Arc;
use std::time::Duration;

use super::backoff::Prospect;
use super::slot::Resource;
use crate::config::{Config, KeySource};
use crate::jwt::{JwkSet, KeySetId};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::shared::{Record, RecordKind};
use crate::technical_token::{AnswerError, Source, SourceId, TechnicalToken};
use crate::telemetry::What;
use crate::time::Timestamp;

/// The configured origins of all key sets and tokens.
#[derive(Debug)]
pub(super) struct Origins(Arc<Config>);

/// Something fetched and checked.
#[derive(Debug)]
pub(super) enum Fetched {
    /// A key set with at least one usable key.
    Keys(JwkSet),
    /// A token that is the one asked for.
    Token(TechnicalToken),
}

/// Why an answer is of no use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// The exact reason.
    pub(super) reason: &'static str,
    /// What it promises about the next try.
    pub(super) prospect: Prospect,
}

impl Origins {
    /// The origins that a configuration names.
    pub(super) const fn new(config: Arc<Config>) -> Self {
        Self(config)
    }

    /// The call that fetches a thing; `None` when it cannot be fetched (an inline key set).
    pub(super) fn call(&self, resource: &Resource) -> Option<HttpCall> {
        match resource {
            Resource::Keys(id) => self.key_source(*id)?.call(),
            Resource::Token(id, subtenant) => self.source(*id)?.call(subtenant.as_ref()),
        }
    }

    /// The digest of what decides the meaning of a thing, by which workers share it.
    pub(super) fn meaning(&self, resource: &Resource) -> Option<[u8; 32]> {
        match resource {
            Resource::Keys(id) => self.key_source(*id)?.meaning(),
            Resource::Token(id, subtenant) => Some(self.source(*id)?.meaning(subtenant.as_ref())),
        }
    }

    /// How long a key set counts as fresh.
    pub(super) fn refresh(&self, id: KeySetId) -> Duration {
        self.key_source(id).map_or(KEYS_KEPT, KeySource::refresh)
    }

    /// The cluster that a thing is fetched from, for the log.
    pub(super) fn cluster(&self, resource: &Resource) -> Arc<str> {
        self.call(resource).map_or_else(|| Arc::from(""), |call| call.endpoint.cluster)
    }

    /// The configured name, for the log.
    pub(super) fn what(&self, resource: &Resource) -> What {
        match resource {
            Resource::Keys(id) => {
                What::Keys(Arc::from(self.key_source(*id).map_or("", KeySource::name)))
            }
            Resource::Token(id, _) => {
                What::Credential(Arc::from(self.source(*id).map_or("", Source::name)))
            }
        }
    }

    /// Reads an answer and checks that it is what was asked for; with the record for the others.
    pub(super) fn accept(
        &self,
        resource: &Resource,
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<(Fetched, Record), Fault> {
        let passing = |reason| Fault { reason, prospect: Prospect::Passing };
        let response = result.map_err(|failure| passing(failure.reason()))?;
        match resource {
            Resource::Keys(_) => keys(&response, now),
            Resource::Token(id, subtenant) => {
                let source = self.source(*id).ok_or(UNKNOWN)?;
                let token = source.accept(&response, subtenant.as_ref(), now)?;
                let record = token.to_record();
                Ok((Fetched::Token(token), record))
            }
        }
    }

    /// Reads what another worker stored, with the same checks; the reason where it fails them.
    pub(super) fn restore(
        &self,
        resource: &Resource,
        record: Record,
        now: Timestamp,
    ) -> Result<Fetched, &'static str> {
        match resource {
            Resource::Keys(_) => {
                if record.kind != RecordKind::KeySet {
                    return Err("shared_record_mismatch");
                }
                JwkSet::parse(record.body.expose())
                    .map(Fetched::Keys)
                    .map_err(|error| error.reason())
            }
            Resource::Token(id, subtenant) => {
                let source = self.source(*id).ok_or(UNKNOWN.reason)?;
                let token = source.restore(record, subtenant.as_ref(), now);
                token.map(Fetched::Token).map_err(|rejected| rejected.reason())
            }
        }
    }

    fn source(&self, id: SourceId) -> Option<&Source> {
        self.0.sources().get(usize::try_from(id.0).ok()?)
    }

    fn key_source(&self, id: KeySetId) -> Option<&KeySource> {
        self.0.key_sources().get(usize::try_from(id.0).ok()?)
    }
}

fn keys(response: &CallResponse, now: Timestamp) -> Result<(Fetched, Record), Fault> {
    if response.status != 200 {
        return Err(AnswerError::Status { status: response.status, error: None }.into());
    }
    let body = response.body.expose();
    let lasting = |reason| Fault { reason, prospect: Prospect::Lasting };
    let set = JwkSet::parse(body).map_err(|error| lasting(error.reason()))?;
    let record = Record {
        kind: RecordKind::KeySet,
        generation: 0,
        fetched_at: now,
        expires_at: now + KEYS_KEPT,
        body: response.body.clone(),
    };
    Ok((Fetched::Keys(set), record))
}

impl From<AnswerError> for Fault {
    fn from(error: AnswerError) -> Self {
        let prospect = if error.is_lasting() { Prospect::Lasting } else { Prospect::Passing };
        Self { reason: error.reason(), prospect }
    }
}

/// How long a stored key set counts data for workers that start later: 24 h. An older one is
/// not adopted: it may hold keys that were withdrawn since.
const KEYS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// A thing that the configuration does not name; no code asks for one.
const UNKNOWN: Fault = Fault { reason: "resource_unknown", prospect: Prospect::Lasting };
