//! The budget for bad signatures that are dear: those that Rust code computes, where the host does
//! not, and of the host's own those that take more than the request around them ([`gate`] has the line).
//!
//! A source has so many of them in each [`SOURCE_WINDOW`]; and once all sources together have
//! spent the time of this worker in a [`WORKER_WINDOW`], those that have failed lately wait for
//! the next one. Tokens that were verified before cost no signature, so they pass in any case.
//!
//! **Whom this spares.** As long as every failure of the last [`SOURCE_WINDOW`] is held ([`Sources`]
//! has the bound), a source without failures is never throttled.
//!
//! **Why it is bounded.** While all failures are held, each source that is not throttled by the time
//! of the worker is one whose first failure is still to come, and there are no more of these per
//! [`SOURCE_WINDOW`] than sources can be held. With one source more, one is forgotten, and from then
//! on a source that is not held proves nothing. So for as long as a forgotten failure would count, all
//! sources that are not held share a ceiling, twice the time: what is spent in a window is the
//! ceiling and one signature. A failure of a source without an address is a forgotten one. That
//! a flood from so many networks also refuses tokens that were never seen, of callers who did
//! nothing, is its price; without it nobody would be served by that worker.

mod cost;
mod gate;
mod sources;

use std::net::IpAddr;
use std::time::Duration;

pub(super) use self::gate::Gate;
use self::sources::{Source, Sources};
use crate::config::BadSignatures;
use crate::time::Timestamp;

/// The window of a source; it begins with its first bad signature.
const SOURCE_WINDOW: Duration = Duration::from_secs(10);

/// The window of the worker; it begins with the first bad signature.
const WORKER_WINDOW: Duration = Duration::from_secs(1);

/// What bad signatures have cost lately.
#[derive(Debug)]
pub(super) struct Abuse {
    budget: BadSignatures,
    sources: Sources,
    window: Window<Duration>,
}

/// What was spent since a time.
#[derive(Clone, Copy, Debug, Default)]
struct Window<T> {
    began: Timestamp,
    spent: T,
}

impl Abuse {
    /// Nothing yet.
    pub(super) fn new(budget: BadSignatures) -> Self {
        Self { budget, sources: Sources::new(budget.sources), window: Window::default() }
    }

    /// For how long no signature is computed for this source; `None` when one may be. Asks for the
    /// source only when some source has failed lately.
    pub(super) fn throttled(
        &mut self,
        source: impl FnOnce() -> Option<IpAddr>,
        now: Timestamp,
    ) -> Option<Duration> {
        if self.sources.are_quiet(now) {
            return None;
        }
        let time = match source().and_then(|source| self.sources.window(Source::of(source), now)) {
            Some(own) if own.spent >= self.budget.per_source => {
                return own.ends_in(SOURCE_WINDOW, now);
            }
            Some(_) => self.budget.time,
            None if self.sources.are_incomplete(now) => self.budget.time.saturating_mul(2),
            None => return None,
        };
        self.window.ends_in(WORKER_WINDOW, now).filter(|_| self.window.spent >= time)
    }

    /// How many sources are held, for metrics; none when all windows have ended.
    pub(super) fn sources(&mut self, now: Timestamp) -> usize {
        if self.sources.are_quiet(now) { 0 } else { self.sources.len() }
    }

    /// A bad signature was computed for this source.
    pub(super) fn failed(&mut self, source: Option<IpAddr>, cost: Duration, now: Timestamp) {
        if self.window.ends_in(WORKER_WINDOW, now).is_none() {
            self.window = Window { began: now, spent: Duration::ZERO };
        }
        self.window.spent = self.window.spent.saturating_add(cost);
        self.sources.count(source.map(Source::of), now);
    }
}

impl<T> Window<T> {
    /// The time that is left; `None` when it has ended, or the clock was put back before it.
    fn ends_in(&self, span: Duration, now: Timestamp) -> Option<Duration> {
        let end = self.began + span;
        (self.began <= now && now < end).then(|| end.since(now))
    }
}

#[cfg(test)]
mod tests;
