//! The gateway: everything one root context of one worker knows and does, without I/O.
//!
//! The host gives it requests ([`Gateway::request`]) and events ([`Gateway::handle`]), always with
//! the time, and performs the outcomes and effects. It never calls out by itself. Shared data is
//! handed in where it is needed, because its answers are immediate.

mod abuse;
mod authentication;
mod backoff;
mod drive;
mod effect;
mod exchange;
mod exchanged;
mod fault;
mod fetching;
mod filter_state;
#[cfg(not(target_arch = "wasm32"))]
mod hearing;
mod holders;
mod key_events;
mod key_holding;
mod key_store;
mod key_usage;
#[cfg(not(target_arch = "wasm32"))]
mod offline;
mod origin;
mod parking;
mod preparing;
mod queue;
mod random;
mod refusing;
mod report_only;
mod room;
mod said;
mod sessions;
mod signing;
mod slot;
mod tally;
mod waiters;
mod watch;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub use drive::{Host, drive};
pub use effect::{CallId, Effect, Event, Forwarded, Outcome, Parked, Refused, StreamId};
pub use filter_state::{Decision, FilterState, StateKey, StateText};
#[cfg(not(target_arch = "wasm32"))]
pub use hearing::{Beside, Heard, SessionFate, Unheard};
pub use room::Kept;
pub use slot::Resource;
pub use watch::{PRIVATE, Verdict};

use self::abuse::Abuse;
use self::exchange::{Awaited, Case, Decided, Halt};
use self::exchanged::{Exchanges, Turned};
use self::fetching::{Fetching, Progress};
use self::filter_state::filter_state;
use self::holders::Holders;
use self::key_events::KeyEvents;
use self::key_store::{KeyStore, Told};
use self::key_usage::KeyUsage;
use self::preparing::Means;
use self::refusing::schemes;
use self::room::Room;
use self::signing::CountingSigner;
use self::tally::Tally;
use self::waiters::Waiters;
use self::watch::Watch;
use crate::config::{Config, Noting};
use crate::crypto::{Random, SignatureVerifier, Signer};
use crate::jwt::VerifiedTokens;
use crate::message::{HeaderEdits, RequestHead};
use crate::policy::Mode;
use crate::problem::{Protocol, Replies};
use crate::shared::SharedData;
use crate::table::Numbered;
use crate::telemetry::Metric;
use crate::time::Timestamp;

/// The state of one root context: one configuration in one worker.
#[derive(Debug)]
pub struct Gateway {
    config: Arc<Config>,
    abuse: Abuse,
    fetching: Fetching,
    exchanges: Exchanges,
    holders: Holders,
    key_events: KeyEvents,
    key_store: KeyStore,
    key_usage: KeyUsage,
    verified: VerifiedTokens,
    waiters: Waiters<Awaited>,
    room: Room,
    random: Rc<dyn Random>,
    watches: Numbered<Watch>,
    signer: Rc<CountingSigner>,
    tally: Tally,
    replies: Replies,
    noting: Noting,
    reported_at: Timestamp,
    /// Whether the root context was asked to wake up and has not yet.
    is_woken: bool,
    tick: Duration,
}

impl Gateway {
    /// A gateway of this configuration. `seed` is a random number of the host, different in every
    /// worker: it keeps workers apart. What must not be guessed is of `random`, what proves who we are
    /// is signed by `signer`.
    pub fn new(
        config: Arc<Config>,
        seed: u64,
        random: Rc<dyn Random>,
        signer: Rc<dyn Signer>,
    ) -> Self {
        let signer = Rc::new(CountingSigner::new(signer));
        let means =
            Means { random: Rc::clone(&random), signer: Rc::clone(&signer) as Rc<dyn Signer> };
        Self {
            abuse: Abuse::new(config.limits().bad_signatures),
            fetching: Fetching::new(Arc::clone(&config), seed, means.clone()),
            exchanges: Exchanges::new(Arc::clone(&config), seed, means),
            holders: Holders::default(),
            key_events: KeyEvents::default(),
            key_store: KeyStore::new(Arc::clone(&config), seed),
            key_usage: KeyUsage::new(Arc::clone(&config), seed),
            verified: VerifiedTokens::new(config.limits().verified_tokens),
            waiters: Waiters::new(config.limits().waiters),
            room: Room::default(),
            random,
            watches: Numbered::new(),
            signer,
            tally: Tally::default(),
            replies: Replies::new(schemes(&config)),
            noting: config.noting(),
            reported_at: Timestamp::default(),
            is_woken: false,
            tick: FIRST_TICK,
            config,
        }
    }

    /// This queue wakes the root context, for other root contexts of the process as well.
    pub const fn listen(&mut self, queue: u32) {
        self.fetching.listen(queue);
    }

    /// The period that the timer should have now; short at first.
    pub const fn tick_period(&self) -> Duration {
        self.tick
    }

    /// How many requests of this worker wait.
    pub fn waiting(&self) -> usize {
        self.waiters.len()
    }

    /// Decides a new request. What `signatures` cannot compute, Rust code does, within a budget for
    /// bad ones.
    pub fn request(
        &mut self,
        stream: StreamId,
        head: &RequestHead<'_>,
        now: Timestamp,
        signatures: &dyn SignatureVerifier,
    ) -> Outcome {
        self.fetching.serve();
        let mut case = Case::new();
        let mut outcome = match self.decide(head, now, signatures, &mut case) {
            Ok(decided) => {
                self.carry_out(decided, (stream, &|| Protocol::of(head)), &mut case, now)
            }
            Err(halt) if case.mode == Mode::ReportOnly => self.let_pass(halt, &case, head, now),
            Err(Halt::Refused(refusal)) => {
                Outcome::Refuse(self.refuse(&refusal, &case, Protocol::of(head)))
            }
            Err(Halt::Wait(wants)) => self.begin_to_wait(wants, (stream, head), &case, now),
        };
        if case.key.is_some() && !matches!(outcome, Outcome::Wait { .. }) {
            self.note_key(&case, head, now);
        }
        self.conceal(&mut outcome, head);
        outcome
    }

    /// Decides a request again whose turn has come. Its deadline stays the same.
    pub fn revisit(
        &mut self,
        parked: &Parked,
        head: &RequestHead<'_>,
        now: Timestamp,
        signatures: &dyn SignatureVerifier,
    ) -> Outcome {
        // A head that is read again does not say what follows it.
        let left = head.clone().ending(parked.is_whole);
        let head = &match &parked.kept {
            Some(kept) => kept.restore(&left),
            None => left,
        };
        let mut case = Case::new();
        let mut outcome = match self.decide(head, now, signatures, &mut case) {
            Ok(decided) => {
                self.carry_out(decided, (parked.stream, &|| parked.protocol), &mut case, now)
            }
            Err(halt) if case.mode == Mode::ReportOnly => self.let_pass(halt, &case, head, now),
            Err(Halt::Refused(refusal)) => {
                Outcome::Refuse(self.refuse(&refusal, &case, parked.protocol))
            }
            Err(Halt::Wait(wants)) => match wants.first() {
                Some(want) if parked.deadline <= now => {
                    Outcome::Refuse(self.refuse_late(parked, &want.awaited()))
                }
                Some(_) | None => self.park(wants, parked.clone(), &case, now),
            },
        };
        if case.key.is_some() && !matches!(outcome, Outcome::Wait { .. }) {
            self.note_key(&case, head, now);
        }
        self.conceal(&mut outcome, head);
        outcome
    }

    /// Forgets a waiting request whose client has gone.
    pub fn forget(&mut self, stream: StreamId) {
        self.waiters.forget(stream);
        self.unwatch(stream);
    }

    /// Handles an event of the root context.
    pub fn handle(
        &mut self,
        event: Event,
        now: Timestamp,
        shared: &mut dyn SharedData,
        signatures: &dyn SignatureVerifier,
    ) -> Vec<Effect> {
        let mut progress = Progress::default();
        let mut turned = Turned::default();
        let mut told = Told::default();
        match event {
            Event::Asked(wish) => self.fetching.asked(&wish, now),
            Event::CallEnded(id, result) if Exchanges::owns(id) => {
                self.exchanges.end(id, result, now, &mut turned);
            }
            Event::CallEnded(id, result) if KeyStore::owns(id) => {
                self.key_store.end(id, result, now, &mut told);
            }
            Event::CallEnded(id, result) if KeyUsage::owns(id) => {
                self.key_usage.end(id, result, now, &mut told);
            }
            Event::CallEnded(id, result) => {
                self.fetching.end(id, result, now, shared, &mut progress);
            }
            Event::Tick => {
                self.is_woken = false;
                progress = self.fetching.look_around(now, shared);
                self.exchanges.look_around(now, &mut turned);
                self.key_store.look_around(now, shared, &mut told);
                self.key_usage.look_around(now, &mut told);
                self.report(now, &mut progress.effects);
            }
            Event::Woken => self.is_woken = false,
        }
        self.fetching.replace_doubted(now, shared, &mut progress);
        // What arrived may need keys, and keys that are found may be what something arrived needs.
        self.fetching.prove(now, shared, signatures, &mut progress);
        self.fetching.pursue(now, shared, &mut progress);
        self.fetching.prove(now, shared, signatures, &mut progress);
        self.exchanges.pursue(now, &mut turned);
        self.key_store.pursue(now, shared, &mut told);
        if !self.key_store.is_missing(now) {
            self.waiters.release(&Awaited::KeyStore);
        }
        for resource in progress.settled {
            self.waiters.release(&Awaited::Fetch(resource));
        }
        for exchange in turned.settled {
            self.waiters.release(&Awaited::Exchange(exchange));
        }
        progress
            .outcomes
            .into_iter()
            .chain(turned.outcomes)
            .chain(told.outcomes)
            .for_each(|metric| self.tally.count(metric));
        for (metric, count) in self.signer.take(self.fetching.is_idle()) {
            if count > 0 {
                self.tally.add(metric, count);
            }
        }
        let mut effects = progress.effects;
        effects.append(&mut turned.effects);
        effects.append(&mut told.effects);
        let longest = self.config.limits().waiting_deadline;
        for (parked, cause) in self.waiters.take_expired(now, longest) {
            let refused = self.refuse_late(&parked, &cause);
            effects.push(Effect::Answer(parked.stream, refused));
        }
        effects
    }

    /// The waiting requests that have their turn in this callback.
    pub(super) fn take_turns(&mut self) -> Vec<Parked> {
        std::iter::from_fn(|| self.waiters.next_ready()).take(TURNS).collect()
    }

    fn carry_out(
        &mut self,
        decided: Decided,
        (stream, protocol): (StreamId, &dyn Fn() -> Protocol),
        case: &mut Case,
        now: Timestamp,
    ) -> Outcome {
        match decided {
            Decided::Answered(answered) => Outcome::Refuse(self.tell(answered, case)),
            Decided::Permitted(edits) => {
                let is_watched = self.watch(stream, protocol, case, now);
                self.forward(edits, case, is_watched)
            }
        }
    }

    fn forward(&mut self, edits: HeaderEdits, case: &Case, is_watched: bool) -> Outcome {
        self.tally.forward();
        let state = match self.noting {
            Noting::Always => filter_state(self.noting, Decision::Allow, None, case.into()),
            Noting::Never | Noting::Refusals => FilterState::new(),
        };
        Outcome::Forward(Forwarded { edits, state, is_watched })
    }

    /// Writes down what happened since the last report, at most once a second.
    fn report(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.reported_at <= now && now.since(self.reported_at) < SLOW_TICK {
            return;
        }
        self.reported_at = now;
        effects.extend(self.key_events.lines(now).into_iter().map(Effect::Log));
        effects.extend(self.tally.lines().map(Effect::Log));
        let (missing, failing) = self.fetching.troubled_keys();
        let (verified, refused) = self.verified.held();
        let (verified_forgotten, refused_forgotten) = self.verified.take_forgotten();
        self.tally.add(Metric::VerifiedTokensForgotten, verified_forgotten);
        self.tally.add(Metric::RefusedTokensForgotten, refused_forgotten);
        self.tally.add(Metric::SlotsEvicted, self.fetching.take_evicted());
        self.tally.add(Metric::ExchangedTokensForgotten, self.exchanges.take_forgotten());
        let gauges = [
            (Metric::BadSignatureSources, self.abuse.sources(now)),
            (Metric::ExchangedTokens, self.exchanges.len()),
            (Metric::KeySetsFailing, failing),
            (Metric::KeySetsMissing, missing),
            (Metric::ReportOnly, self.config.policy().reports_only_somewhere().into()),
            (Metric::RefusedTokens, refused.entries),
            (Metric::Slots, self.fetching.slots()),
            (Metric::VerifiedTokens, verified.entries),
            (Metric::Waiting, self.waiters.len()),
        ];
        let gauges = [&gauges[..], &self.key_store.gauges(now)].concat();
        effects.push(Effect::Measure(self.tally.steps(&gauges)));
    }

    /// The last steps of all metrics: what was not reported yet, and all gauges back to nothing.
    pub fn retire(&mut self) -> Vec<(Metric, i64)> {
        self.tally.last_steps()
    }

    /// The timer runs fast while requests wait, because nothing tells a worker that another one
    /// has stored what they wait for; and while more is wanted than one callback could look at.
    pub(super) fn next_tick(&mut self) -> Option<Duration> {
        let is_busy =
            !self.waiters.is_empty() || self.fetching.is_behind() || self.key_store.is_busy();
        let tick = if is_busy { FAST_TICK } else { SLOW_TICK };
        (std::mem::replace(&mut self.tick, tick) != tick).then_some(tick)
    }
}

/// The first tick comes soon, to fetch keys before the first request needs them.
const FIRST_TICK: Duration = Duration::from_millis(20);

/// The period while requests wait, or many key sets.
const FAST_TICK: Duration = Duration::from_millis(10);

/// The period while none waits.
const SLOW_TICK: Duration = Duration::from_secs(1);

/// How many waiting requests have their turn in one callback, so that none blocks the worker.
const TURNS: usize = 128;
