//! Where each fetched thing comes from, and how to tell that it is what was asked for.

use std::sync::Arc;

use super::fault::{Fault, UNKNOWN, lasting};
use super::preparing::{Asking, Chain, Means, Readings};
use super::slot::Resource;
use crate::config::{Config, KeyOwner, KeySource, Upkeep};
use crate::crypto::{Digest, SignatureVerifier};
use crate::jwt::{self, JwkSet, KeyRing, KeySetId, TokenError, Unverified};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::secret::Secret;
use crate::shared::{Record, RecordKind};
use crate::technical_token::{AnswerError, Source, SourceId, TechnicalToken, TokenRejected};
use crate::telemetry::What;
use crate::time::Timestamp;

/// The configured origins of all key sets and tokens, and what this worker has read to ask them.
#[derive(Debug)]
pub(super) struct Origins {
    config: Arc<Config>,
    readings: Readings,
    means: Means,
}

/// What the running call of a fetch is for. A fetch is a chain of calls, one after the other, under
/// one lease: each step has what the next call needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// The thing itself.
    Last,
    /// The metadata that names the address of the keys.
    Metadata,
    /// Something that is read before a token can be asked for.
    Reading,
}

/// What an answer brings.
#[derive(Debug)]
pub(super) enum Advance {
    /// The thing itself, and the record for the other workers.
    Arrived(Fetched, Record),
    /// The next call.
    Next(Step, HttpCall),
    /// A token that is the one asked for, if its signature is good.
    Unproven(TechnicalToken),
}

/// Something fetched and checked.
#[derive(Debug)]
pub(super) enum Fetched {
    /// A key set with at least one usable key.
    Keys(JwkSet),
    /// A token that is the one asked for.
    Token(TechnicalToken),
}

impl Origins {
    /// The origins that a configuration names.
    pub(super) fn new(config: Arc<Config>, means: Means) -> Self {
        Self { config, readings: Readings::default(), means }
    }

    /// The call that a fetch begins with.
    pub(super) fn begin(
        &mut self,
        resource: &Resource,
        now: Timestamp,
    ) -> Result<(Chain, Step, HttpCall), Fault> {
        match resource {
            Resource::Keys(id) => {
                let source = self.key_source(*id).ok_or(UNKNOWN)?;
                let step = if source.is_discovered() { Step::Metadata } else { Step::Last };
                Ok((Chain::default(), step, source.call().ok_or(UNKNOWN)?))
            }
            Resource::Token(id, subtenant) => {
                let source = source(&self.config, *id).ok_or(UNKNOWN)?;
                self.readings.begin(&Asking {
                    id: *id,
                    preparation: source.preparation(),
                    call: &|read, moment| source.call(subtenant.as_ref(), read, moment),
                    random: &*self.means.random,
                    signer: &*self.means.signer,
                    now,
                })
            }
        }
    }

    /// The digest of what decides the meaning of a thing, by which workers share it; `None` for what is not
    /// shared.
    pub(super) fn meaning(&self, resource: &Resource) -> Option<[u8; 32]> {
        match resource {
            Resource::Keys(id) => self.key_source(*id)?.meaning(),
            Resource::Token(..) if self.is_stated(resource) => None,
            Resource::Token(id, subtenant) => Some(self.source(*id)?.meaning(subtenant.as_ref())),
        }
    }

    /// Whether a credential states its token, so that nothing is fetched.
    pub(super) fn is_stated(&self, resource: &Resource) -> bool {
        self.stated(resource).is_some()
    }

    fn stated(&self, resource: &Resource) -> Option<&Secret<Vec<u8>>> {
        match resource {
            Resource::Keys(_) => None,
            Resource::Token(id, _) => self.source(*id)?.stated(),
        }
    }

    /// The key that a credential states, which is good as it stands.
    pub(super) fn stated_key(&self, resource: &Resource, now: Timestamp) -> Option<TechnicalToken> {
        match resource {
            Resource::Keys(_) | Resource::Token(_, Some(_)) => None,
            Resource::Token(id, None) => self.source(*id)?.stated_key(now),
        }
    }

    /// Whether what an upstream refused may come back after something else.
    pub(super) fn may_come_back(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Keys(_) => false,
            Resource::Token(id, _) => self.source(*id).is_some_and(Source::is_key),
        }
    }

    /// All tokens that credentials state.
    pub(super) fn all_stated(&self) -> Vec<Resource> {
        let ids = (0..).map(SourceId).zip(self.config.sources());
        let stated = ids.filter(|(_, source)| source.stated().is_some());
        stated.map(|(id, _)| Resource::Token(id, None)).collect()
    }

    /// Judges a stated token by all rules of its issuer, as if a caller presented it.
    pub(super) fn verify_stated(
        &self,
        resource: &Resource,
        keys: &KeyRing,
        signatures: &dyn SignatureVerifier,
        now: Timestamp,
    ) -> Result<Result<TechnicalToken, TokenRejected>, Unverified> {
        let token = self.stated(resource).ok_or(TokenError::Malformed)?;
        let verified = jwt::verify(token.expose(), self.config.issuers(), keys, signatures, now)?;
        Ok(TechnicalToken::verified(token.clone(), verified.expires_at(), now))
    }

    /// When and how a key set is fetched; `None` for an inline one.
    pub(super) fn upkeep(&self, id: KeySetId) -> Option<&Upkeep> {
        self.key_source(id)?.upkeep()
    }

    /// The configured name of a thing, for the log.
    pub(super) fn what(&self, resource: &Resource) -> What {
        match resource {
            Resource::Keys(id) => {
                let name = self.owner(*id);
                match self.key_source(*id).map_or(KeyOwner::Issuer, KeySource::owner) {
                    KeyOwner::Credential(_) => What::KeysOfCredential(name),
                    KeyOwner::Issuer => What::Keys(name),
                }
            }
            Resource::Token(id, _) => {
                let name = self.credential_name(*id);
                match self.is_stated(resource) {
                    true => What::UserToken(name),
                    false => What::Credential(name),
                }
            }
        }
    }

    /// The digest by which workers share what is wrong with a whole credential; `None` for key sets.
    pub(super) fn credential(&self, resource: &Resource) -> Option<[u8; 32]> {
        match resource {
            Resource::Keys(_) => None,
            Resource::Token(id, _) => {
                let own = self.source(*id)?.meaning(None);
                Some(*Digest::of(&[b"credential".as_slice(), &own]).as_bytes())
            }
        }
    }

    /// What a call asks for, for the log.
    pub(super) fn asked(&self, resource: &Resource, step: Step, fault: &Fault) -> What {
        match (resource, step, fault.reading) {
            (Resource::Keys(id), Step::Metadata, _) => What::Metadata(self.owner(*id)),
            (Resource::Token(id, _), _, Some(what)) => {
                What::Reading(what, self.credential_name(*id))
            }
            (Resource::Keys(_) | Resource::Token(..), _, _) => self.what(resource),
        }
    }

    /// Reads the answer to the call of a step: it leads to the next call, or is what was asked for,
    /// which is checked.
    pub(super) fn accept(
        &mut self,
        resource: &Resource,
        (step, chain): (Step, &mut Chain),
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Advance, Fault> {
        match resource {
            Resource::Keys(id) => {
                let response = result?;
                let source = self.key_source(*id).ok_or(UNKNOWN)?;
                check_status(&response)?;
                match step {
                    Step::Last => keys(source, &response, now),
                    Step::Metadata => keys_after(source, &response),
                    Step::Reading => Err(UNKNOWN),
                }
            }
            Resource::Token(id, subtenant) => {
                let source = source(&self.config, *id).ok_or(UNKNOWN)?;
                let asking = Asking {
                    id: *id,
                    preparation: source.preparation(),
                    call: &|read, moment| source.call(subtenant.as_ref(), read, moment),
                    random: &*self.means.random,
                    signer: &*self.means.signer,
                    now,
                };
                let next = |(step, call)| Advance::Next(step, call);
                if step == Step::Reading {
                    let answer = result.as_ref().map_err(|failure| *failure);
                    return self.readings.read(chain, &asking, answer).map(next);
                }
                match source.accept(&result?, subtenant.as_ref(), now) {
                    Ok(token) if source.needs_proof() => Ok(Advance::Unproven(token)),
                    Ok(token) => {
                        let record = token.to_record();
                        Ok(Advance::Arrived(Fetched::Token(token), record))
                    }
                    Err(error) => {
                        let fault = Fault::of(error, subtenant.is_some());
                        self.readings.doubt(chain, &asking, (error, fault)).map(next)
                    }
                }
            }
        }
    }

    /// Checks the signature of a fetched token.
    pub(super) fn prove(
        &self,
        resource: &Resource,
        token: &TechnicalToken,
        keys: &KeyRing,
        signatures: &dyn SignatureVerifier,
    ) -> Result<(), Unverified> {
        match resource {
            // Nothing else is ever unproven.
            Resource::Keys(_) => Err(TokenError::SignatureInvalid.into()),
            Resource::Token(id, _) => {
                let source = self.source(*id).ok_or(TokenError::SignatureInvalid)?;
                source.prove(token, keys, signatures)
            }
        }
    }

    /// The keys that a fetched token's signature is checked by.
    pub(super) fn keys_of(&self, resource: &Resource, token: &TechnicalToken) -> Option<KeySetId> {
        match resource {
            Resource::Keys(_) => None,
            Resource::Token(id, _) => self.source(*id)?.keys_of(token),
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
            Resource::Keys(id) => {
                if record.kind != RecordKind::KeySet {
                    return Err("shared_record_mismatch");
                }
                // It may have been stored under a configuration that keeps keys for longer.
                let upkeep = self.upkeep(*id).ok_or(UNKNOWN.reason)?;
                if upkeep.is_too_old(record.fetched_at, now) {
                    return Err("shared_record_too_old");
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

    fn owner(&self, id: KeySetId) -> Arc<str> {
        Arc::from(self.key_source(id).map_or("", KeySource::name))
    }

    fn credential_name(&self, id: SourceId) -> Arc<str> {
        Arc::from(self.source(id).map_or("", Source::name))
    }

    fn source(&self, id: SourceId) -> Option<&Source> {
        source(&self.config, id)
    }

    fn key_source(&self, id: KeySetId) -> Option<&KeySource> {
        self.config.key_sources().get(usize::try_from(id.0).ok()?)
    }
}

fn source(config: &Config, id: SourceId) -> Option<&Source> {
    config.sources().get(usize::try_from(id.0).ok()?)
}

fn check_status(response: &CallResponse) -> Result<(), Fault> {
    match response.status {
        200 => Ok(()),
        status => Err(AnswerError::Status { status, error: None }.into()),
    }
}

fn keys(source: &KeySource, response: &CallResponse, now: Timestamp) -> Result<Advance, Fault> {
    let upkeep = source.upkeep().ok_or(UNKNOWN)?;
    let set = JwkSet::parse(response.body.expose()).map_err(|error| lasting(error.reason()))?;
    let record = Record {
        kind: RecordKind::KeySet,
        generation: 0,
        fetched_at: now,
        fresh_until: response.fresh_for.map_or(Timestamp::MAX, |span| now + span),
        expires_at: now + upkeep.max_stale,
        body: response.body.clone(),
    };
    Ok(Advance::Arrived(Fetched::Keys(set), record))
}

fn keys_after(source: &KeySource, response: &CallResponse) -> Result<Advance, Fault> {
    let call = source.call_after(response.body.expose()).ok_or(UNKNOWN)?;
    let call = call.map_err(|error| lasting(error.reason()))?;
    Ok(Advance::Next(Step::Last, call))
}
