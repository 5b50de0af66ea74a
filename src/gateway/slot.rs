//! What one worker knows of one thing that is fetched.
//!
//! ```text
//!                 want                    claim granted
//!   [Idle] ──────────────> [Idle, wanted] ─────────────> [Leading: our call runs]
//!     ^  ^                      │   ^                         │
//!     │  │  record found        │   │ look again              │ answer, or failure
//!     │  └──────────────────────┤   │ (10 ms if somebody      │
//!     │                         v   │  waits, else 1 s)       │
//!     │                    [Following: another worker fetches]│
//!     └───────────────────────────────────────────────────────┘
//! ```

use std::sync::Arc;
use std::time::Duration;

use super::effect::CallId;
use crate::jwt::KeySetId;
use crate::message::HeaderValue;
use crate::policy::{Form, Injection};
use crate::shared::{Doubt, Failure};
use crate::technical_token::{SourceId, TechnicalToken};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// A thing that is fetched once and used by many requests.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Resource {
    /// The key set of an issuer.
    Keys(KeySetId),
    /// The token of a credential, for one subtenant or none.
    Token(SourceId, Option<SubtenantId>),
}

impl Resource {
    /// What it shares its origin with: all tokens of a credential are alike here.
    pub(super) const fn group(&self) -> Self {
        match self {
            Self::Keys(id) => Self::Keys(*id),
            Self::Token(id, _) => Self::Token(*id, None),
        }
    }
}

/// A worker's view of one [`Resource`].
#[derive(Debug, Default)]
pub(super) struct Slot {
    held: Option<Held>,
    setback: Option<Failure>,
    stage: Stage,
    /// Set while something newer than this is wanted.
    wanted: Option<(Timestamp, Need)>,
    used_at: Timestamp,
    /// The shared record (generation, time of fetch) that was rejected last.
    rejected: Option<(u32, Timestamp)>,
    /// When its token was doubted last, by this worker.
    doubt: Option<Doubt>,
    /// When idle root contexts were asked for it, in this fetch.
    asked_at: Option<Timestamp>,
    /// Whether another root context failed at it last.
    is_own_turn: bool,
}

/// What requests use.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// The token; a key set lies in the key ring.
    pub(super) token: Option<Arc<TechnicalToken>>,
    /// When its answer arrived.
    pub(super) fetched_at: Timestamp,
    /// When it is to be fetched anew.
    pub(super) refresh_at: Timestamp,
    /// The token, or what was asked of it, with the prefix asked for last: made once, and gone with the token.
    value: Option<(Arc<str>, Form, HeaderValue)>,
    /// When a request took it along whose answer is looked at.
    watched_at: Timestamp,
}

impl Held {
    /// What arrived at `fetched_at`: this token, or a key set.
    pub(super) const fn new(
        token: Option<Arc<TechnicalToken>>,
        fetched_at: Timestamp,
        refresh_at: Timestamp,
    ) -> Self {
        Self { token, fetched_at, refresh_at, value: None, watched_at: Timestamp::from_millis(0) }
    }

    /// The token, if the answer to the request that takes it along is to be looked at: always, or when
    /// the last such request was long enough ago.
    pub(super) fn watch(&mut self, is_always: bool, now: Timestamp) -> Option<Arc<TechnicalToken>> {
        let is_lately = self.watched_at <= now && now.since(self.watched_at) < WATCH;
        if is_lately && !is_always {
            return None;
        }
        self.watched_at = now;
        self.token.clone()
    }

    /// The header value of an injection of this token; `None` where it cannot be one.
    ///
    /// Copying, checking and overwriting the token anew for each request would cost more than the
    /// rest of the decision.
    pub(super) fn value(&mut self, injection: &Injection) -> Option<HeaderValue> {
        if let Some((prefix, form, value)) = &self.value
            && *prefix == injection.prefix
            && *form == injection.form
        {
            return Some(value.clone());
        }
        let value = injection.value(self.token.as_ref()?.value().expose())?;
        self.value = Some((Arc::clone(&injection.prefix), injection.form, value.clone()));
        Some(value)
    }
}

/// What something is wanted for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Need {
    /// For requests that may come: at start, and before what is held is too old.
    Ahead,
    /// For a request that waits.
    Now,
}

/// Where the fetch stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Stage {
    /// Another worker of this process fetches.
    Following,
    /// Nobody fetches, as far as this worker knows.
    #[default]
    Idle,
    /// This worker's call runs.
    Leading {
        /// The call.
        call: CallId,
        /// The lease's nonce.
        nonce: u64,
        /// When the call counts as lost.
        deadline: Timestamp,
        /// When the lease was taken or renewed.
        renewed_at: Timestamp,
    },
}

/// What a request finds.
#[derive(Debug)]
pub(super) enum Found<T> {
    /// Something that may be used now.
    Ready(T),
    /// Nothing, and the last try failed: nobody tries before that time.
    Failed {
        /// The time until the next try.
        retry_after: Duration,
    },
    /// Nothing yet.
    Missing,
}

impl Slot {
    /// What a request finds at `now`. A failure counts only while nothing usable is held.
    pub(super) fn find(&mut self, now: Timestamp) -> Found<&mut Held> {
        self.used_at = now;
        let setback = self.holding_back(now);
        let usable =
            |held: &&mut Held| held.token.as_ref().is_none_or(|token| token.is_usable(now));
        match (self.held.as_mut().filter(usable), setback) {
            (Some(held), _) => Found::Ready(held),
            (None, Some(setback)) => Found::Failed { retry_after: setback.retry_at.since(now) },
            (None, None) => Found::Missing,
        }
    }

    /// The failure that forbids a new try at `now`, if there is one.
    pub(super) fn holding_back(&self, now: Timestamp) -> Option<Failure> {
        self.setback.filter(|setback| setback.is_live(now))
    }

    /// Whether what is held is due to be fetched anew, and trying is allowed.
    pub(super) fn is_refresh_due(&self, now: Timestamp) -> bool {
        // Something fetched in the future was fetched under another clock: its times say nothing.
        let is_due = |held: &Held| held.refresh_at <= now || held.fetched_at > now;
        self.held.as_ref().is_some_and(is_due) && self.holding_back(now).is_none()
    }

    /// Whether a request has used what is held after its fetch. Those that waited for the fetch do not
    /// count: they may have been the only ones.
    pub(super) fn is_in_use(&self, now: Timestamp) -> bool {
        // What was fetched under another clock cannot be told; it is fetched anew once.
        self.held
            .as_ref()
            .is_some_and(|held| self.used_at > held.fetched_at + ARRIVAL || held.fetched_at > now)
    }

    /// Whether nothing of use is held: no token that may be sent, and no failure to remember.
    pub(super) fn is_spent(&self, now: Timestamp) -> bool {
        let is_remembered = self.setback.is_some_and(|failure| failure.is_remembered(now));
        self.remaining(now).is_none() && !is_remembered
    }

    /// For how long the token that is held may still be sent.
    pub(super) fn remaining(&self, now: Timestamp) -> Option<Duration> {
        let token = self.held.as_ref()?.token.as_ref()?;
        token.is_usable(now).then(|| token.expires_at().since(now))
    }

    /// When the last answer arrived; the beginning of time before the first.
    pub(super) fn fetched_at(&self) -> Timestamp {
        self.held.as_ref().map_or(Timestamp::default(), |held| held.fetched_at)
    }

    /// The last try, if it failed.
    pub(super) const fn setback(&self) -> Option<Failure> {
        self.setback
    }

    /// Whether another token than this one is held.
    pub(super) fn holds_other_than(&self, token: &TechnicalToken) -> bool {
        let held = self.held.as_ref().and_then(|held| held.token.as_ref());
        held.is_some_and(|held| held.value() != token.value())
    }

    /// When its token was doubted last, by this worker.
    pub(super) const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// What is held is to be fetched anew as soon as that may be.
    pub(super) fn doubted(&mut self, doubt: Option<Doubt>, now: Timestamp) {
        self.doubt = doubt.or(self.doubt);
        if let Some(held) = &mut self.held {
            held.refresh_at = held.refresh_at.min(now);
        }
    }

    /// What is held is too old to be used, or was refused.
    pub(super) fn drop_held(&mut self) {
        self.held = None;
    }

    /// Asks for something newer than `than`; the need that it was wanted for before, if it was. A need
    /// never becomes less.
    pub(super) fn want_newer(&mut self, than: Timestamp, need: Need) -> Option<Need> {
        let before = self.wanted.map(|(_, need)| need);
        self.wanted = Some((than, before.map_or(need, |before| before.max(need))));
        before
    }

    /// Since when something newer is wanted, and what for.
    pub(super) const fn wanted(&self) -> Option<(Timestamp, Need)> {
        self.wanted
    }

    /// Where the fetch stands.
    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    /// Another worker fetches.
    pub(super) const fn follow(&mut self) {
        self.stage = Stage::Following;
    }

    /// When idle root contexts were asked to fetch it, if they were.
    pub(super) const fn asked_at(&self) -> Option<Timestamp> {
        self.asked_at
    }

    /// Whether another root context failed at it last, so that this one is to try by itself.
    pub(super) const fn is_own_turn(&self) -> bool {
        self.is_own_turn
    }

    /// Idle root contexts are asked to fetch it.
    pub(super) const fn ask(&mut self, now: Timestamp) {
        self.asked_at = Some(now);
    }

    /// This worker fetches; `failure` is the last one of any worker, from which the back-off goes on.
    pub(super) fn lead(
        &mut self,
        call: CallId,
        nonce: u64,
        deadline: Timestamp,
        now: Timestamp,
        failure: Option<Failure>,
    ) {
        self.setback = failure.or(self.setback);
        self.asked_at = None;
        self.stage = Stage::Leading { call, nonce, deadline, renewed_at: now };
    }

    /// The fetch goes on with its next call, under the lease that it has.
    pub(super) const fn go_on(&mut self, next: CallId, until: Timestamp) {
        if let Stage::Leading { call, deadline, .. } = &mut self.stage {
            *call = next;
            *deadline = until;
        }
    }

    /// Whether the lease of this worker's call is to be renewed; then it counts as renewed at `now`.
    pub(super) fn is_renewal_due(&mut self, now: Timestamp) -> bool {
        match &mut self.stage {
            Stage::Leading { renewed_at, .. } if now.since(*renewed_at) >= RENEWAL => {
                *renewed_at = now;
                true
            }
            Stage::Leading { .. } | Stage::Following | Stage::Idle => false,
        }
    }

    /// Something was fetched, here or elsewhere.
    pub(super) fn hold(&mut self, held: Held) {
        let Self { used_at, doubt, .. } = *self;
        *self = Self { held: Some(held), used_at, doubt, ..Self::default() };
    }

    /// Whether this shared record is rejected for the first time: a worker that follows looks at the
    /// same one again and again.
    pub(super) fn is_first_rejection(&mut self, version: (u32, Timestamp)) -> bool {
        self.rejected.replace(version) != Some(version)
    }

    /// A fetch failed, here or elsewhere. What is held stays.
    pub(super) const fn set_back(&mut self, failure: Failure) {
        self.is_own_turn = !matches!(self.stage, Stage::Leading { .. });
        self.setback = Some(failure);
        self.stage = Stage::Idle;
        self.wanted = None;
        self.asked_at = None;
    }

    /// Whether the slot may be dropped to make room: nothing runs for it.
    pub(super) fn is_at_rest(&self) -> bool {
        self.stage == Stage::Idle && self.wanted.is_none()
    }

    /// When a request looked here last.
    pub(super) const fn used_at(&self) -> Timestamp {
        self.used_at
    }
}

/// Of one token the answer to one request is looked at in this time.
const WATCH: Duration = Duration::from_millis(100);

/// Within this time after a fetch the requests that waited for it have their turn.
const ARRIVAL: Duration = Duration::from_secs(1);

/// How often a lease is renewed while its call runs; the timer fires at least as often.
const RENEWAL: Duration = Duration::from_millis(900);
