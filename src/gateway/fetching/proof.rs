//! The check of a fetched token's signature, between its answer and its use.
//!
//! It runs in the root context, once for each fetch, and costs no request anything. Its keys come from a
//! key source like those of issuers, shared by all workers, so that most often they are there. Where
//! they are not, lack the token's `kid`, or may have had another key under it for some time, they are
//! wanted like for a request that waits, and the fetch goes on under its lease until they are there,
//! cannot be had, or [`PROOF_TERM`] has passed:
//!
//! ```text
//!   answer ──> unproven ──> signed ──────────────────> record, waiters go on
//!                 │ ^  └──> signature wrong, or ─────> failure
//!    keys missing,│ │       no key of that `kid`, by
//!   `kid` unknown,│ │keys   a set just fetched
//!   or wrong by an│ │new
//!       older set v │
//!              waiting ───> keys cannot be had, or ──> failure
//!                           the time is over
//! ```
//!
//! A token that is not proven is neither stored nor shared nor sent; a failure holds the next fetch
//! back like any other. What is held meanwhile stays in use.

use std::sync::Arc;
use std::time::Duration;

use super::super::effect::CallId;
use super::super::fault::{Aside, Fault};
use super::super::origin::{Fetched, Step};
use super::super::preparing::Chain;
use super::super::slot::{Need, Resource};
use super::{Fetching, Progress, Running};
use crate::crypto::{Algorithm, PublicKey, SignatureVerifier, SoftwareVerifier, Verdict};
use crate::jwt::{KeySetId, TokenError, Unverified};
use crate::shared::SharedData;
use crate::technical_token::{TechnicalToken, TokenRejected};
use crate::time::Timestamp;

/// A token whose signature has not been checked.
#[derive(Clone, Debug)]
pub(super) struct Unproven {
    subject: Subject,
    /// The keys that it waits for, newer than that.
    lacks: Option<(KeySetId, Timestamp)>,
}

/// What is to be proven.
#[derive(Clone, Debug)]
enum Subject {
    /// That a token which was fetched, and whose claims were checked, is signed.
    Fetched(TechnicalToken),
    /// That the token which a credential states is good in all that its issuer's rules ask for.
    Stated,
}

/// What comes of a try to prove a token.
enum Proof {
    /// It is as it must be.
    Given(TechnicalToken),
    /// It cannot be known before there are newer keys.
    Lacks(Subject, KeySetId, Timestamp),
    /// It is not, or nobody can know in time.
    Refused(TokenRejected),
}

impl Fetching {
    /// Keeps a token, under the lease of its fetch, until [`Fetching::prove`] has looked at it.
    pub(super) fn put_to_proof(
        &mut self,
        id: CallId,
        running: Running,
        token: TechnicalToken,
        now: Timestamp,
    ) {
        self.slot(&running.resource).go_on(id, now + PROOF_TERM);
        let unproven = Some(Unproven { subject: Subject::Fetched(token), lacks: None });
        self.calls.insert(id, Running { unproven, ..running });
    }

    /// Takes what a credential states, if it states something: a key as it stands, a token once it is
    /// proven. There is no lease: each worker does so for itself, and a call is not made.
    pub(super) fn take_stated(
        &mut self,
        resource: &Resource,
        now: Timestamp,
        progress: &mut Progress,
    ) -> bool {
        if let Some(key) = self.origins.stated_key(resource, now) {
            self.hold_key(resource, key, now);
            progress.settled.push(resource.clone());
            return true;
        }
        let is_stated = self.origins.is_stated(resource);
        if is_stated {
            self.prove_stated(resource, now);
        }
        is_stated
    }

    fn prove_stated(&mut self, resource: &Resource, now: Timestamp) {
        let id = self.next_call();
        self.slot(resource).lead(id, 0, now + PROOF_TERM, now, None);
        let unproven = Some(Unproven { subject: Subject::Stated, lacks: None });
        let (resource, cluster) = (resource.clone(), Arc::default());
        let (step, chain) = (Step::Last, Chain::default());
        self.calls.insert(id, Running { resource, step, chain, cluster, unproven });
    }

    /// Checks the signatures of all tokens that wait for it and can be checked now. What the host does
    /// not compute, Rust code does.
    pub(in super::super) fn prove(
        &mut self,
        now: Timestamp,
        shared: &mut dyn SharedData,
        signatures: &dyn SignatureVerifier,
        progress: &mut Progress,
    ) {
        let is_ready = |(_, running): &(&CallId, &Running)| {
            running.unproven.as_ref().is_some_and(|unproven| self.has_news(unproven, now))
        };
        let ready: Vec<_> = self.calls.iter().filter(is_ready).map(|(id, _)| *id).collect();
        for id in ready {
            let Some(mut running) = self.calls.remove(&id) else { continue };
            let Some(unproven) = running.unproven.take() else { continue };
            let subject = unproven.subject;
            let outcome = match self.look_at(&running.resource, subject, signatures, now) {
                Proof::Lacks(subject, keys, than) => {
                    self.want(Resource::Keys(keys), than, Need::Now);
                    running.unproven = Some(Unproven { subject, lacks: Some((keys, than)) });
                    self.calls.insert(id, running);
                    continue;
                }
                Proof::Given(token) => {
                    let record = token.to_record();
                    Ok((Fetched::Token(token), record))
                }
                Proof::Refused(rejected) => Err(Fault::from(rejected)),
            };
            self.conclude(&running, outcome, Aside::default(), now, shared, progress);
        }
    }

    /// Whether there is something new about the keys that a token waits for.
    fn has_news(&self, unproven: &Unproven, now: Timestamp) -> bool {
        let Some((keys, than)) = unproven.lacks else { return true };
        let Some(slot) = self.slots.get(&Resource::Keys(keys)) else { return true };
        slot.fetched_at() > than || slot.holding_back(now).is_some()
    }

    fn look_at(
        &mut self,
        resource: &Resource,
        subject: Subject,
        signatures: &dyn SignatureVerifier,
        now: Timestamp,
    ) -> Proof {
        let verifier = Either(signatures);
        let (subject, unverified) = match subject {
            Subject::Fetched(token) => {
                match self.origins.prove(resource, &token, &self.keys, &verifier) {
                    Ok(()) => return Proof::Given(token),
                    Err(Unverified::Refused(wrong @ TokenError::SignatureInvalid)) => {
                        return self.doubt_keys(resource, token, wrong, now);
                    }
                    Err(unverified) => (Subject::Fetched(token), unverified),
                }
            }
            Subject::Stated => {
                match self.origins.verify_stated(resource, &self.keys, &verifier, now) {
                    Ok(Ok(token)) => return Proof::Given(token),
                    Ok(Err(rejected)) => return Proof::Refused(rejected),
                    Err(unverified) => (Subject::Stated, unverified),
                }
            }
        };
        let awaited = match unverified {
            Unverified::Refused(error) => return Proof::Refused(TokenRejected::Form(error)),
            Unverified::KeysMissing(keys) => self.await_keys(keys, now),
            Unverified::KeyUnknown(keys) => self.await_newer_keys(keys, now),
        };
        match awaited {
            Ok((keys, than)) => Proof::Lacks(subject, keys, than),
            Err(rejected) => Proof::Refused(rejected),
        }
    }

    /// The signature is wrong by the key that is known. Its issuer may have replaced that one under the
    /// same `kid`: then the token waits for one refetch, as for a `kid` that is unknown.
    fn doubt_keys(
        &mut self,
        resource: &Resource,
        token: TechnicalToken,
        wrong: TokenError,
        now: Timestamp,
    ) -> Proof {
        let keys = self.origins.keys_of(resource, &token);
        match keys.map(|keys| self.await_newer_keys(keys, now)) {
            Some(Ok((keys, than))) => Proof::Lacks(Subject::Fetched(token), keys, than),
            Some(Err(_)) | None => Proof::Refused(TokenRejected::Form(wrong)),
        }
    }

    /// No key set has arrived yet: the token waits for the first one, unless fetching it failed just
    /// now.
    fn await_keys(
        &mut self,
        keys: KeySetId,
        now: Timestamp,
    ) -> Result<(KeySetId, Timestamp), TokenRejected> {
        match self.slot(&Resource::Keys(keys)).holding_back(now) {
            Some(_) => Err(TokenRejected::KeysUnavailable),
            None => Ok((keys, Timestamp::default())),
        }
    }

    /// The issuer may have a new key: the token waits for one refetch, if none was made lately.
    fn await_newer_keys(
        &mut self,
        keys: KeySetId,
        now: Timestamp,
    ) -> Result<(KeySetId, Timestamp), TokenRejected> {
        let interval = self.config.limits().unknown_key_interval;
        let slot = self.slot(&Resource::Keys(keys));
        let fetched_at = slot.fetched_at();
        let is_fresh = fetched_at <= now && now.since(fetched_at) < interval;
        let is_inline = fetched_at == Timestamp::default();
        if slot.holding_back(now).is_some() {
            Err(TokenRejected::KeysUnavailable)
        } else if is_fresh || is_inline {
            Err(TokenRejected::KeyUnknown)
        } else {
            Ok((keys, fetched_at))
        }
    }
}

/// The host where it can compute a signature, else the Rust code. There is no budget: what is computed
/// here follows on a call of our own.
struct Either<'a>(&'a dyn SignatureVerifier);

impl SignatureVerifier for Either<'_> {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        match self.0.verify(algorithm, key, message, signature) {
            Verdict::Unsupported => SoftwareVerifier.verify(algorithm, key, message, signature),
            verdict @ (Verdict::Invalid | Verdict::Valid) => verdict,
        }
    }
}

/// How long a fetched token waits for the keys that it is checked by.
const PROOF_TERM: Duration = Duration::from_secs(10);
