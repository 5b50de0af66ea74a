//! Which application keys are used: counted by each worker, and reported to a server now and then.
//!
//! A report takes nothing from requests: it goes out by the timer, and what becomes of it changes nothing but the time of
//! the next one. What a server has taken is subtracted; what it has not stays, with what has come since.
//!
//! ```text
//!            due: call                    taken, more is left: next tick
//!  [at rest] ──────────> [reporting] ───────────────────────────────────> [at rest]
//!                             │           taken, nothing is left: `interval`
//!                             └─ refused, failed, lost: back-off ────────> [at rest]
//! ```

mod counts;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use self::counts::Counts;
use super::backoff::{self, Prospect};
use super::effect::{CallId, Effect};
use super::key_store::{Told, Trouble};
use super::random::Sequence;
use super::said::Said;
use crate::config::{Config, UsageReports};
use crate::message::{CallFailure, CallResponse, HttpCall, MediaType};
use crate::secret::Secret;
use crate::telemetry::{Metric, Notice, What};
use crate::time::Timestamp;

/// The use of keys in this worker; of nothing where nobody wants to know.
#[derive(Debug)]
pub(super) struct KeyUsage {
    config: Arc<Config>,
    reporting: Option<Box<Reporting>>,
}

#[derive(Debug)]
struct Reporting {
    random: Sequence,
    counts: Counts,
    /// The report that is under way, and when it counts as lost.
    running: Option<(CallId, Timestamp)>,
    last_call: u64,
    /// When the next report may begin; `None` until the first tick.
    next_at: Option<Timestamp>,
    /// When the first report of these counts began.
    began_at: Timestamp,
    /// How many have failed in a row.
    attempts: u32,
    said: Said,
}

impl KeyUsage {
    /// Nothing counted yet. `seed` spreads the reports of workers over the interval.
    pub(super) fn new(config: Arc<Config>, seed: u64) -> Self {
        let reporting = settings(&config).map(|_| {
            Box::new(Reporting {
                random: Sequence::new(seed ^ SEED),
                counts: Counts::default(),
                running: None,
                last_call: 0,
                next_at: None,
                began_at: Timestamp::default(),
                attempts: 0,
                said: Said::default(),
            })
        });
        Self { config, reporting }
    }

    /// Counts a use of the key of this name by the client at `address`. False if there is no room for it.
    pub(super) fn count(
        &mut self,
        name: &str,
        address: &dyn Fn() -> Option<IpAddr>,
        now: Timestamp,
    ) -> bool {
        self.reporting.as_mut().is_none_or(|one| one.counts.count(name, address, now))
    }

    /// Whether a call is one of these. They are told apart from other calls by their numbers.
    pub(super) const fn owns(id: CallId) -> bool {
        id.0 & OWN != 0
    }

    /// The end of a call.
    pub(super) fn end(
        &mut self,
        call: CallId,
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
        told: &mut Told,
    ) {
        if let (Some(settings), Some(reporting)) = (settings(&self.config), &mut self.reporting) {
            reporting.end(settings, call, result, now, told);
        }
    }

    /// Sends a report that is due, and ends one that the host lost.
    pub(super) fn look_around(&mut self, now: Timestamp, told: &mut Told) {
        if let (Some(settings), Some(reporting)) = (settings(&self.config), &mut self.reporting) {
            reporting.look_around(settings, now, told);
        }
    }
}

impl Reporting {
    fn look_around(&mut self, settings: &UsageReports, now: Timestamp, told: &mut Told) {
        if let Some((call, deadline)) = self.running {
            if deadline <= now {
                self.end(settings, call, Err(CallFailure::Interrupted), now, told);
            }
            return;
        }
        let interval = settings.interval;
        let Some(next_at) = self.next_at else {
            // Workers begin at the same time, and are not to report at the same time for ever.
            self.next_at = Some(now + interval * u32::from(self.random.jitter()) / 1000);
            return;
        };
        // What lies further ahead than can be was set under another clock.
        if next_at > now && next_at <= now + interval.max(LONGEST_DELAY) {
            return;
        }
        if self.counts.is_round_over() {
            self.began_at = now;
            self.counts.begin_round();
        }
        match self.counts.report() {
            Some(report) => self.send(settings, report, now, told),
            None => self.finish_round(settings, now),
        }
    }

    fn send(&mut self, settings: &UsageReports, report: String, now: Timestamp, told: &mut Told) {
        let proof = settings.authorization.as_ref().map(|authorization| {
            ("authorization", Secret::new(authorization.expose().as_bytes().to_vec()))
        });
        let body = (MediaType::Json, report.into_bytes());
        let call = HttpCall::post(&settings.endpoint, proof, body, settings.timeout);
        self.last_call += 1;
        let id = CallId(self.last_call | OWN);
        self.running = Some((id, now + settings.timeout.saturating_add(CALL_MARGIN)));
        told.effects.push(Effect::Call(id, call));
    }

    fn end(
        &mut self,
        settings: &UsageReports,
        call: CallId,
        result: Result<CallResponse, CallFailure>,
        now: Timestamp,
        told: &mut Told,
    ) {
        if self.running.take_if(|(running, _)| *running == call).is_none() {
            return;
        }
        let trouble = match result {
            Ok(response) if (200..300).contains(&response.status) => {
                return self.succeed(settings, now, told);
            }
            Ok(response) => Trouble::of_status(&response),
            Err(failure) => failure.into(),
        };
        self.counts.give_back();
        self.attempts = self.attempts.saturating_add(1);
        let jitter = self.random.jitter();
        let delay = backoff::delay(self.attempts, Prospect::Passing, trouble.retry_after, jitter);
        self.next_at = Some(now + delay);
        told.outcomes.push(Metric::KeyUsage("failed"));
        self.say(settings, &trouble, delay, now, told);
    }

    fn succeed(&mut self, settings: &UsageReports, now: Timestamp, told: &mut Told) {
        self.counts.subtract();
        told.outcomes.push(Metric::KeyUsage("reported"));
        let attempts = std::mem::take(&mut self.attempts);
        if attempts > 0 {
            self.said.forget();
            let notice = Notice::FetchRecovered { what: What::KeyUsage, attempts };
            told.effects.push(Effect::Log(notice));
        }
        if self.counts.is_round_over() {
            self.finish_round(settings, now);
        } else {
            self.next_at = Some(now);
        }
    }

    fn finish_round(&mut self, settings: &UsageReports, now: Timestamp) {
        self.counts.end_round(now);
        self.next_at = Some(self.began_at.min(now) + settings.interval);
    }

    fn say(
        &mut self,
        settings: &UsageReports,
        trouble: &Trouble,
        retry_after: Duration,
        now: Timestamp,
        told: &mut Told,
    ) {
        let Trouble { reason, refusal, .. } = *trouble;
        if self.said.is_due(reason, now) {
            told.effects.push(Effect::Log(Notice::FetchFailed {
                what: What::KeyUsage,
                cluster: Arc::clone(&settings.endpoint.cluster),
                reason,
                refusal,
                attempts: self.attempts,
                retry_after,
            }));
        }
    }
}

fn settings(config: &Config) -> Option<&UsageReports> {
    config.application_keys()?.usage.as_ref()
}

/// The bit that marks these calls.
const OWN: u64 = 1 << 61;

/// Keeps the numbers of reports apart from those of other things with the same seed.
const SEED: u64 = 0x7573_6564;

/// A call counts as lost this long after its timeout, which the host should have kept.
const CALL_MARGIN: Duration = Duration::from_secs(2);

/// The longest that is waited after a failure: the longest `Retry-After` that is obeyed.
const LONGEST_DELAY: Duration = Duration::from_secs(300);
