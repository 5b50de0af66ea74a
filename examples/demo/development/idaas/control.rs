//! What a test can make of the servers: failing, late, with another idea of the time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::clock;
use super::super::fault::Fault;
use super::super::http_server::Answer;
use super::endpoint::Endpoint;
use super::refusal::Refusal;

/// The clock that everything is verified by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Clock {
    #[default]
    Right,
    /// So many seconds behind.
    Slow(u64),
    /// So many seconds ahead.
    Fast(u64),
    /// It stands, at this second since 1970.
    Stopped(u64),
}

impl Clock {
    pub fn now(self) -> u64 {
        match self {
            Self::Right => clock::now(),
            Self::Slow(seconds) => clock::now().saturating_sub(seconds),
            Self::Fast(seconds) => clock::now().saturating_add(seconds),
            Self::Stopped(now) => now,
        }
    }
}

/// What an answer is instead of the right one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Instead {
    Fault(Fault),
    /// The right one, after this.
    Late(Duration),
    Refusal(Refusal),
}

impl Instead {
    /// How long the answer takes, where that is what is wrong with it.
    pub fn delay(&self) -> Option<Duration> {
        match self {
            Self::Fault(_) | Self::Refusal(_) => None,
            Self::Late(delay) => Some(*delay),
        }
    }

    /// The answer; `None` for the right one, and for a fault that only other servers know.
    pub fn answer(&self, endpoint: Endpoint) -> Option<Answer> {
        match self {
            Self::Fault(fault) => fault.answer(),
            Self::Late(_) => None,
            Self::Refusal(refusal) => Some(Answer::Whole(refusal.answer(Some(endpoint)))),
        }
    }
}

/// How the servers behave.
#[derive(Default)]
pub struct Control {
    pub clock: Clock,
    always: BTreeMap<Endpoint, Fault>,
    delays: BTreeMap<Endpoint, Duration>,
    next: BTreeMap<Endpoint, VecDeque<Instead>>,
}

impl Control {
    pub fn set_fault(&mut self, endpoint: Endpoint, fault: Fault) {
        self.always.insert(endpoint, fault);
    }

    pub fn set_delay(&mut self, endpoint: Endpoint, delay: Duration) {
        self.delays.insert(endpoint, delay);
    }

    /// Lets one more answer fail, after those that were asked for before.
    pub fn fail_next(&mut self, endpoint: Endpoint, instead: Instead) {
        self.next.entry(endpoint).or_default().push_back(instead);
    }

    /// How long the next answer takes.
    pub fn delay(&self, endpoint: Endpoint) -> Duration {
        self.delays.get(&endpoint).copied().unwrap_or_default()
    }

    /// What the next answer is instead of the right one.
    pub fn take(&mut self, endpoint: Endpoint) -> Option<Instead> {
        let next = self.next.get_mut(&endpoint).and_then(VecDeque::pop_front);
        next.or_else(|| {
            let fault = self.always.get(&endpoint)?;
            (*fault != Fault::None).then(|| Instead::Fault(fault.clone()))
        })
    }
}
