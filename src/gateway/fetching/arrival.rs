//! The end of a call: what arrived is checked and held, here and for the other workers.

use std::sync::Arc;
use std::time::Duration;

use super::super::effect::{CallId, Effect};
use super::super::fault::{Aside, Fault, PURGED};
use super::super::origin::{Advance, Fetched};
use super::super::slot::{Held, Resource, Stage};
use super::failure::fetch;
use super::{Fetching, Progress, Running};
use crate::jwt::{Keys, SkippedKey, SkippedKeys};
use crate::message::{CallFailure, CallResponse};
use crate::shared::{Record, SharedData, Stored};
use crate::technical_token::{TechnicalToken, TokenRejected};
use crate::telemetry::{Metric, Notice};
use crate::time::Timestamp;

impl Fetching {
    /// The end of a call: what it brought is checked, stored for all workers, and held; or it leads to
    /// the next call, or to a check of its signature, under the same lease; or the failure is noted for
    /// all.
    pub(in super::super) fn end(
        &mut self,
        id: CallId,
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        let Some(mut running) = self.calls.remove(&id) else { return };
        let Some(slot) = self.slots.get(&running.resource) else { return };
        let Stage::Leading { call, .. } = slot.stage() else { return };
        if call != id {
            return;
        }
        if running.unproven.is_some() {
            // It waited for its issuer's keys for as long as it may.
            let outcome = Err(TokenRejected::KeysUnavailable.into());
            self.conclude(&running, outcome, Aside::default(), now, shared, progress);
            return;
        }
        let aside = result.as_ref().map_or(Aside::default(), Aside::of);
        let step = (running.step, &mut running.chain);
        let outcome = match self.origins.accept(&running.resource, step, result, now) {
            Ok(Advance::Next(step, call)) => {
                let step = (step, running.chain);
                let (id, deadline) = self.send(&running.resource, step, call, now, progress);
                self.slot(&running.resource).go_on(id, deadline);
                return;
            }
            Ok(Advance::Unproven(token)) => {
                self.put_to_proof(id, running, token, now);
                return;
            }
            Ok(Advance::Arrived(fetched, record)) => Ok((fetched, record)),
            Err(fault) => Err(fault),
        };
        self.conclude(&running, outcome, aside, now, shared, progress);
    }

    /// The end of a fetch: what arrived is stored and held, or the failure is noted.
    pub(super) fn conclude(
        &mut self,
        running: &Running,
        outcome: Result<(Fetched, Record), Fault>,
        aside: Aside,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        let resource = &running.resource;
        let Some(slot) = self.slots.get(resource) else { return };
        let Stage::Leading { nonce, .. } = slot.stage() else { return };
        let attempts = slot.setback().map_or(0, |setback| setback.attempts);
        // What is stated is not shared.
        let meaning = self.origins.meaning(resource);
        let is_stated = self.origins.is_stated(resource);
        let entries = self.entries(resource).clone();
        let what = self.origins.what(resource);
        match outcome {
            Ok((fetched, record)) => {
                if let Some(meaning) = meaning {
                    match entries.complete(&meaning, nonce, &record, now, shared) {
                        Stored::Buried => {
                            self.take_successor(running, nonce, now, shared, progress);
                            return;
                        }
                        Stored::Repeated if self.groups.may_tell_repetition(resource, now) => {
                            let notice = Notice::TokenRepeated { what: what.clone() };
                            progress.effects.push(Effect::Log(notice));
                        }
                        Stored::Replaced => progress.outcomes.push(Metric::TokensPurged),
                        Stored::Repeated | Stored::Unopposed => {}
                    }
                    progress.outcomes.push(Metric::FetchSucceeded(fetch(resource)));
                }
                if let Some(skipped) = self.newly_skipped(resource, &fetched) {
                    let what = what.clone();
                    progress.effects.push(Effect::Log(Notice::KeysSkipped { what, skipped }));
                }
                let Record { fetched_at, fresh_until, .. } = record;
                self.hold(resource, fetched, Times { fetched_at, fresh_until });
                if is_stated {
                    let notice = Notice::StatedTokenAccepted { what };
                    progress.effects.extend((attempts > 0).then_some(Effect::Log(notice)));
                } else {
                    let lifted = self.lift(resource, nonce, now, shared);
                    let attempts =
                        lifted.map_or(attempts, |failure| failure.attempts.max(attempts));
                    if attempts > 0 && self.groups.may_tell_recovery(resource, now) {
                        let notice = Notice::FetchRecovered { what, attempts };
                        progress.effects.push(Effect::Log(notice));
                    }
                }
            }
            Err(fault) if is_stated => self.refuse_stated(resource, &fault, now, progress),
            Err(fault) => {
                self.note_failure(running, nonce, (fault, aside), now, shared, progress);
            }
        }
        progress.settled.push(resource.clone());
    }

    /// What arrived was refused by an upstream, and another one has come in its place: that one is
    /// taken. Where it is not newer than what was asked for, the issuer has gone back to the refused
    /// one, which counts as a failure.
    fn take_successor(
        &mut self,
        running: &Running,
        nonce: u64,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        let resource = &running.resource;
        let Some(meaning) = self.origins.meaning(resource) else { return };
        let wanted = self.slot(resource).wanted();
        let than = wanted.map_or(Timestamp::MAX, |(than, _)| than);
        let entries = self.tokens.clone();
        let successor = entries.find(&meaning, than, now, shared);
        if successor.is_some_and(|record| self.adopt(resource, record, now).is_ok()) {
            entries.release(&meaning, nonce, now, shared);
            self.lift(resource, nonce, now, shared);
        } else {
            let fault = (PURGED, Aside::default());
            self.note_failure(running, nonce, fault, now, shared, progress);
        }
        progress.settled.push(resource.clone());
    }

    /// Takes over what another worker fetched, after the same checks.
    pub(super) fn adopt(
        &mut self,
        resource: &Resource,
        record: Record,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        // Workers read the clock at different moments; what one has just stored is not from the future.
        let times =
            Times { fetched_at: record.fetched_at.min(now), fresh_until: record.fresh_until };
        let fetched = self.origins.restore(resource, record, now)?;
        self.hold(resource, fetched, times);
        Ok(())
    }

    /// The keys that cannot be used, if the last set that this worker held did not have all of them:
    /// each is said once, by whichever worker meets it first.
    fn newly_skipped(&self, resource: &Resource, fetched: &Fetched) -> Option<SkippedKeys> {
        let (Resource::Keys(id), Fetched::Keys(set)) = (resource, fetched) else { return None };
        let known = match self.keys.get(*id) {
            Some(Keys::Set(last)) => last.skipped(),
            Some(Keys::Secret(_)) | None => &[],
        };
        let is_known = |key: &SkippedKey| known.iter().any(|last| last.is_same(key));
        (!set.skipped().iter().all(is_known)).then(|| set.skipped().into())
    }

    /// Holds the key that a credential states: there is no call, no lease and no proof.
    pub(super) fn hold_key(&mut self, resource: &Resource, key: TechnicalToken, now: Timestamp) {
        let times = Times { fetched_at: now, fresh_until: Timestamp::MAX };
        self.hold(resource, Fetched::Token(key), times);
    }

    fn hold(&mut self, resource: &Resource, fetched: Fetched, times: Times) {
        let Times { fetched_at, fresh_until } = times;
        let jitter = self.random.jitter();
        let held = match (fetched, resource) {
            (Fetched::Keys(set), Resource::Keys(id)) => {
                self.keys.set(*id, Arc::new(set));
                let Some(upkeep) = self.origins.upkeep(*id) else { return };
                let after = upkeep.refresh_after(fresh_until.since(fetched_at), jitter);
                Held::new(None, fetched_at, fetched_at + after)
            }
            (Fetched::Token(token), Resource::Token(..)) => {
                let window = self.config.limits().refresh_ahead;
                let refresh_at = match self.origins.is_stated(resource) {
                    true => fetched_at + PROVE_ANEW,
                    false => token.refresh_at(window, jitter),
                };
                Held::new(Some(Arc::new(token)), fetched_at, refresh_at)
            }
            (Fetched::Keys(_), Resource::Token(..)) | (Fetched::Token(_), Resource::Keys(_)) => {
                return;
            }
        };
        self.slot(resource).hold(held);
    }
}

/// The times of something fetched.
#[derive(Clone, Copy)]
struct Times {
    fetched_at: Timestamp,
    /// When its origin holds it for outdated.
    fresh_until: Timestamp,
}

/// How often a stated token that is in use is taken, and verified, anew: a key that its issuer has withdrawn stops
/// working, as it does for callers.
const PROVE_ANEW: Duration = Duration::from_secs(60);
