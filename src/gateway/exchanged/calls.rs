//! The calls that exchange tokens: their turns, their answers, their failures.

use std::sync::Arc;
use std::time::Duration;

use super::super::backoff;
use super::super::effect::{CallId, Effect};
use super::super::fault::{Aside, Bearing, Fault, UNKNOWN};
use super::super::origin::Step;
use super::super::preparing::{Asking, Chain};
use super::super::slot::Held;
use super::{ExchangeId, Exchanges, SWEEP, Stage, is_ending};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::shared::Failure;
use crate::technical_token::exchange::{Subject, TokenExchange};
use crate::technical_token::{Source, SourceId, TechnicalToken};
use crate::telemetry::{Fetch, Metric, Notice, What};
use crate::time::Timestamp;

/// A call that runs.
#[derive(Debug)]
pub(super) struct Running {
    id: CallId,
    exchange: ExchangeId,
    source: SourceId,
    step: Step,
    /// What it has to go on.
    chain: Chain,
    /// Where it went, for the log.
    cluster: Arc<str>,
    /// When it counts as lost.
    deadline: Timestamp,
}

/// What turns and ends of calls bring about.
#[derive(Debug, Default)]
pub(in super::super) struct Turned {
    /// Calls to send and lines to log.
    pub(in super::super) effects: Vec<Effect>,
    /// Exchanges whose waiters have their turn.
    pub(in super::super) settled: Vec<ExchangeId>,
    /// What to count.
    pub(in super::super) outcomes: Vec<Metric>,
}

/// What an answer led to.
enum Answered {
    Arrived(TechnicalToken),
    Next(Step, HttpCall),
}

impl Exchanges {
    /// Whether a call is one of these. They are told apart from other calls by their numbers.
    pub(in super::super) const fn owns(id: CallId) -> bool {
        id.0 & OWN != 0
    }

    /// Gives up calls that the host lost, and drops what can no longer be used.
    pub(in super::super) fn look_around(&mut self, now: Timestamp, turned: &mut Turned) {
        while let Some(lost) = self.calls.iter().find(|call| call.deadline <= now) {
            self.end(lost.id, Err(CallFailure::Interrupted), now, turned);
        }
        if self.swept_at > now || now.since(self.swept_at) >= SWEEP {
            self.sweep(now);
        }
    }

    /// Begins what is wanted, as far as there are places; the others keep their turn.
    pub(in super::super) fn pursue(&mut self, now: Timestamp, turned: &mut Turned) {
        let mut has_signed = false;
        for id in std::mem::take(&mut self.wanted) {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            let Stage::Wanted(subject) = &entry.stage else { continue };
            let (source, subject) = (entry.source, Arc::clone(subject));
            if is_ending(subject.expires_at, now) || self.setbacks.live(source, now).is_some() {
                entry.stage = Stage::Idle;
                turned.settled.push(id);
                continue;
            }
            // After trouble one call finds out for all.
            let places = if self.setbacks.is_open(source, now) { 1 } else { CALLS_AT_ONCE };
            if self.calls.iter().filter(|call| call.source == source).count() >= places {
                self.wanted.push_back(id);
                continue;
            }
            let exchange = exchange(self.config.sources(), source).ok_or(UNKNOWN);
            // All requests stand still for a signature that takes long: one in a turn.
            let signs_by = exchange.as_ref().ok().and_then(|exchange| exchange.signs_by());
            let is_slow = signs_by.is_some_and(|algorithm| !self.means.signer.is_quick(algorithm));
            if is_slow && std::mem::replace(&mut has_signed, true) {
                self.wanted.push_back(id);
                continue;
            }
            let begun = exchange.and_then(|exchange| {
                self.readings.begin(&Asking {
                    id: source,
                    preparation: exchange.preparation(),
                    call: &|read, moment| exchange.call(&subject, read, moment),
                    random: &*self.means.random,
                    signer: &*self.means.signer,
                    now,
                })
            });
            match begun {
                Ok((chain, step, call)) => {
                    self.send((id, source, subject), (step, chain), call, now, turned);
                }
                Err(fault) => self.fail((id, source), (fault, Aside::default()), None, now, turned),
            }
        }
    }

    /// The end of a call: the next one of its chain, a token, or a failure.
    pub(in super::super) fn end(
        &mut self,
        call: CallId,
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
        turned: &mut Turned,
    ) {
        let Some(at) = self.calls.iter().position(|running| running.id == call) else { return };
        let Running { exchange, source, step, mut chain, cluster, .. } = self.calls.swap_remove(at);
        let Some(entry) = self.entries.get(&exchange) else { return };
        let Stage::Running(subject, running) = &entry.stage else { return };
        if *running != call {
            return;
        }
        let subject = Arc::clone(subject);
        let aside = result.as_ref().map_or(Aside::default(), Aside::of);
        match self.accept(source, (step, &mut chain), result, &subject, now) {
            Ok(Answered::Next(step, call)) => {
                self.send((exchange, source, subject), (step, chain), call, now, turned);
            }
            Ok(Answered::Arrived(token)) => {
                turned.outcomes.push(Metric::FetchSucceeded(Fetch::Token));
                self.hold(exchange, token, &subject, now);
                let mut of_all = self.setbacks.take(source);
                let over = of_all.spoke(now);
                self.setbacks.put(of_all);
                self.say_over(source, over, turned);
                turned.settled.push(exchange);
            }
            Err(fault) => {
                let whose = (exchange, source);
                self.fail(whose, (fault, aside), Some(cluster), now, turned);
            }
        }
    }

    fn send(
        &mut self,
        (exchange, source, subject): (ExchangeId, SourceId, Arc<Subject>),
        (step, chain): (Step, Chain),
        call: HttpCall,
        now: Timestamp,
        turned: &mut Turned,
    ) {
        let Some(entry) = self.entries.get_mut(&exchange) else { return };
        self.last_call += 1;
        let id = CallId(self.last_call | OWN);
        let cluster = Arc::clone(&call.endpoint.cluster);
        let deadline = now + call.timeout.saturating_add(CALL_MARGIN);
        self.calls.push(Running { id, exchange, source, step, chain, cluster, deadline });
        entry.stage = Stage::Running(subject, id);
        turned.effects.push(Effect::Call(id, call));
    }

    /// Reads the answer to the call of a step.
    fn accept(
        &mut self,
        source: SourceId,
        (step, chain): (Step, &mut Chain),
        result: Result<CallResponse, CallFailure>,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Answered, Fault> {
        let exchange = exchange(self.config.sources(), source).ok_or(UNKNOWN)?;
        let asking = Asking {
            id: source,
            preparation: exchange.preparation(),
            call: &|read, moment| exchange.call(subject, read, moment),
            random: &*self.means.random,
            signer: &*self.means.signer,
            now,
        };
        if step == Step::Reading {
            let answer = result.as_ref().map_err(|failure| *failure);
            let next = self.readings.read(chain, &asking, answer)?;
            return Ok(Answered::Next(next.0, next.1));
        }
        let response = result?;
        match exchange.accept(&response, subject, now) {
            Ok(token) => Ok(Answered::Arrived(token)),
            Err(error) => {
                // Some issuers refuse a caller's token with what others say to a wrong secret.
                let fault = Fault::of(error, true);
                let (step, call) = self.readings.doubt(chain, &asking, (error, fault))?;
                Ok(Answered::Next(step, call))
            }
        }
    }

    fn hold(
        &mut self,
        exchange: ExchangeId,
        token: TechnicalToken,
        subject: &Subject,
        now: Timestamp,
    ) {
        let jitter = self.sequence.jitter();
        // What lasts as long as the caller's token could not be had for longer.
        let refresh_at = match token.expires_at() >= subject.expires_at {
            true => Timestamp::MAX,
            false => token.refresh_at(self.config.limits().refresh_ahead, jitter),
        };
        if let Some(entry) = self.entries.get_mut(&exchange) {
            entry.held = Some(Held::new(Some(Arc::new(token)), now, refresh_at));
            entry.setback = None;
            entry.is_refused = false;
            entry.stage = Stage::Idle;
        }
    }

    /// Notes a failure, for this caller's token or for all, and says it at most once in ten seconds.
    ///
    /// What a caller's token can bring about holds that caller back, and others only once several have
    /// met it in a row.
    fn fail(
        &mut self,
        (exchange, source): (ExchangeId, SourceId),
        (fault, Aside { retry_after, refusal }): (Fault, Aside),
        cluster: Option<Arc<str>>,
        now: Timestamp,
        turned: &mut Turned,
    ) {
        turned.outcomes.push(Metric::FetchFailed(Fetch::Token));
        turned.outcomes.push(Metric::FetchFailedBy(Fetch::Token, fault.cause));
        let jitter = self.sequence.jitter();
        let what = self.what(source, fault.reading);
        let Some(entry) = self.entries.get_mut(&exchange) else { return };
        let mut of_all = self.setbacks.take(source);
        let mut over = None;
        let (is_own, concerns_all) = match fault.bearing {
            Bearing::Credential => (false, true),
            Bearing::Silent => (true, of_all.is_silent_for(entry.caller)),
            Bearing::Token => {
                // Without a call nobody has spoken.
                over = cluster.as_ref().and_then(|_| of_all.spoke(now));
                (true, false)
            }
        };
        let next = |before: Option<Failure>| {
            let attempts = before.map_or(0, |failure| failure.attempts).saturating_add(1);
            let delay = backoff::delay(attempts, fault.prospect, retry_after, jitter);
            Failure { failed_at: now, retry_at: now + delay, attempts, cause: 0 }
        };
        let mut failure = next(entry.setback);
        if is_own {
            entry.setback = Some(failure);
        }
        if concerns_all {
            // Many calls may run when trouble begins: it counts once until the next try.
            let known = of_all.failure.filter(|failure| failure.is_live(now));
            failure = known.unwrap_or_else(|| {
                next(of_all.failure.filter(|failure| failure.is_remembered(now)))
            });
            of_all.failure = Some(failure);
        }
        entry.stage = Stage::Idle;
        if of_all.may_say(now) {
            turned.effects.push(Effect::Log(Notice::FetchFailed {
                what,
                cluster: cluster.unwrap_or_else(|| Arc::from("")),
                reason: fault.reason,
                refusal,
                attempts: failure.attempts,
                retry_after: failure.retry_at.since(now),
            }));
        }
        self.setbacks.put(of_all);
        self.say_over(source, over, turned);
        turned.settled.push(exchange);
    }

    fn say_over(&self, source: SourceId, over: Option<u32>, turned: &mut Turned) {
        if let Some(attempts) = over {
            let what = self.what(source, None);
            turned.effects.push(Effect::Log(Notice::FetchRecovered { what, attempts }));
        }
    }

    fn what(&self, source: SourceId, reading: Option<&'static str>) -> What {
        let found = usize::try_from(source.0).ok().and_then(|at| self.config.sources().get(at));
        let name = Arc::from(found.map_or("", Source::name));
        match reading {
            Some(what) => What::Reading(what, name),
            None => What::Exchange(name),
        }
    }
}

fn exchange(sources: &[Source], id: SourceId) -> Option<&TokenExchange> {
    sources.get(usize::try_from(id.0).ok()?)?.exchange()
}

/// The bit that marks the calls of exchanges.
const OWN: u64 = 1 << 63;

/// How many calls of one worker run at once for one credential.
const CALLS_AT_ONCE: usize = 64;

/// A call counts as lost this long after its timeout, which the host should have kept.
const CALL_MARGIN: Duration = Duration::from_secs(2);
