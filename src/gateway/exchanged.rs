//! Tokens that are exchanged for callers' own (RFC 8693): one for each caller's token and credential.
//!
//! They belong to one user and one worker: each worker holds its own, in a table of its own, so that
//! no number of users takes the place of what serves everybody. An entry is found by the digest of the
//! caller's token, its issuer and the credential, which decides scope, audience and resource.
//!
//! ```text
//!          want                    turn
//!  [Idle] ──────> [Wanted: token] ──────> [Running: token, call]
//!     ^                                       │ answer, failure, or the call is lost
//!     └───────────────────────────────────────┘
//! ```
//!
//! The caller's token is kept from the wish to the end of the call, no longer.

mod calls;
mod setbacks;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use self::calls::Running;
pub(super) use self::calls::Turned;
use self::setbacks::Setbacks;
use super::effect::CallId;
use super::preparing::{Means, Readings};
use super::random::Sequence;
use super::slot::{Found, Held};
use crate::config::Config;
use crate::crypto::Digest;
use crate::jwt::VerifiedToken;
use crate::message::HeaderValue;
use crate::order::ascending;
use crate::policy::Injection;
use crate::secret::Secret;
use crate::shared::{Doubt, Failure};
use crate::table::Table;
use crate::technical_token::exchange::Subject;
use crate::technical_token::{SourceId, TechnicalToken};
use crate::tenancy::TenantId;
use crate::time::Timestamp;

/// An exchange: the digest of a caller's token, its issuer, and the credential.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct ExchangeId([u8; 32]);

/// A caller, whichever tokens they present: the digest of issuer, tenant, user, client and subject.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct CallerId([u8; 32]);

/// What goes on a request.
#[derive(Debug)]
pub(super) struct Lent {
    /// The value of the header.
    pub(super) value: HeaderValue,
    /// The token in it, if the answer to the request is to be looked at.
    pub(super) watched: Option<(ExchangeId, Arc<TechnicalToken>)>,
}

/// What a request lacks.
#[derive(Debug)]
pub(super) enum Lack {
    /// A token in exchange for the caller's.
    Exchange(Wish),
    /// Time: the caller's token ends too soon for another one to be had for it.
    Time,
}

/// An exchange that a request waits for.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) id: ExchangeId,
    caller: CallerId,
    source: SourceId,
    subject: Arc<Subject>,
}

/// The exchanged tokens of this worker.
#[derive(Debug)]
pub(super) struct Exchanges {
    config: Arc<Config>,
    entries: Table<ExchangeId, Entry>,
    wanted: VecDeque<ExchangeId>,
    calls: Vec<Running>,
    last_call: u64,
    setbacks: Setbacks,
    readings: Readings,
    means: Means,
    sequence: Sequence,
    forgotten: usize,
    swept_at: Timestamp,
    #[cfg(not(target_arch = "wasm32"))]
    supposed: std::collections::HashSet<SourceId>,
}

/// What this worker knows of one exchange.
#[derive(Debug)]
struct Entry {
    caller: CallerId,
    source: SourceId,
    held: Option<Held>,
    setback: Option<Failure>,
    stage: Stage,
    used_at: Timestamp,
    /// Whether an upstream refused what is held.
    is_refused: bool,
    /// When it was exchanged anew last because of that.
    doubt: Option<Doubt>,
}

#[derive(Debug)]
enum Stage {
    Idle,
    Running(Arc<Subject>, CallId),
    Wanted(Arc<Subject>),
}

impl CallerId {
    fn of(caller: &VerifiedToken) -> Self {
        let who = [
            Some(caller.issuer().name()),
            caller.tenancy().tenant().map(TenantId::as_str),
            caller.user(),
            caller.client(),
            caller.subject(),
        ];
        Self(*Digest::of(&who.map(|part| part.unwrap_or_default().as_bytes())).as_bytes())
    }
}

impl Exchanges {
    /// A worker that has exchanged nothing.
    pub(super) fn new(config: Arc<Config>, seed: u64, means: Means) -> Self {
        Self {
            config,
            entries: Table::new(),
            wanted: VecDeque::new(),
            calls: Vec::new(),
            last_call: 0,
            setbacks: Setbacks::default(),
            readings: Readings::default(),
            means,
            sequence: Sequence::new(seed.rotate_left(32)),
            forgotten: 0,
            swept_at: Timestamp::default(),
            #[cfg(not(target_arch = "wasm32"))]
            supposed: std::collections::HashSet::new(),
        }
    }

    /// The header value of an injection for the caller with this token, or what to wait for. A token
    /// that is due to be exchanged anew serves meanwhile. No token is exchanged in its last 10 s, nor in
    /// the time after its end that is granted to clocks. `is_watched` where each answer is looked at.
    pub(super) fn find(
        &mut self,
        injection: &Injection,
        (caller, token): (&VerifiedToken, &[u8]),
        is_watched: bool,
        now: Timestamp,
    ) -> Result<Found<Lent>, Lack> {
        let source = injection.source;
        #[cfg(not(target_arch = "wasm32"))]
        if self.supposed.contains(&source)
            && let Some(value) = injection.value(TechnicalToken::supposed(now).value().expose())
        {
            return Ok(Found::Ready(Lent { value, watched: None }));
        }
        let issuer = caller.issuer().name().as_bytes();
        let parts: [&[u8]; 3] = [&source.0.to_le_bytes(), issuer, token];
        let id = ExchangeId(*Digest::of(&parts).as_bytes());
        let wish = || {
            let (token, tenancy) = (Secret::new(token.to_vec()), caller.tenancy().clone());
            let subject = Subject { token, tenancy, expires_at: caller.expires_at() };
            Wish { id, caller: CallerId::of(caller), source, subject: Arc::new(subject) }
        };
        let is_ending = is_ending(caller.expires_at(), now);
        let lack = |setback: Option<Failure>| match setback {
            _ if is_ending => Err(Lack::Time),
            Some(failure) => Ok(Found::Failed { retry_after: failure.retry_at.since(now) }),
            None => Err(Lack::Exchange(wish())),
        };
        let of_all = self.setbacks.live(source, now);
        let Some(entry) = self.entries.get_mut(&id) else { return lack(of_all) };
        entry.used_at = now;
        let setback = of_all.or(entry.setback.filter(|failure| failure.is_live(now)));
        let is_usable = |held: &&mut Held| {
            held.token.as_ref().is_some_and(|token: &Arc<TechnicalToken>| token.is_usable(now))
        };
        let Some(held) = entry.held.as_mut().filter(is_usable) else {
            return lack(setback);
        };
        let doubt = if entry.is_refused { Doubt::after(entry.doubt, now) } else { None };
        let is_due = held.refresh_at <= now || doubt.is_some();
        let watched = held.watch(is_watched, now).map(|token| (id, token));
        // A value that no header can have is none.
        let found = held.value(injection);
        let found = found.map_or(Found::Missing, |value| Found::Ready(Lent { value, watched }));
        if is_due && setback.is_none() && !is_ending {
            entry.is_refused &= doubt.is_none();
            entry.doubt = doubt.or(entry.doubt);
            self.want(wish(), now);
        }
        Ok(found)
    }

    /// Whether one more token can be wanted.
    pub(super) fn admits(&mut self, wish: &Wish) -> bool {
        let limit = self.config.limits().exchanged_tokens;
        if self.entries.contains_key(&wish.id) || self.entries.len() < limit {
            return true;
        }
        self.make_room();
        self.entries.len() < limit
    }

    /// Has a token exchanged at its turn, unless there is no room; `admits` tells before.
    pub(super) fn want(&mut self, wish: Wish, now: Timestamp) {
        let Wish { id, caller, source, subject } = wish;
        if !self.entries.contains_key(&id)
            && self.entries.len() >= self.config.limits().exchanged_tokens
        {
            return;
        }
        let entry = self.entries.get_or_insert_with(id, || Entry {
            caller,
            source,
            held: None,
            setback: None,
            stage: Stage::Idle,
            used_at: now,
            is_refused: false,
            doubt: None,
        });
        if let Some(entry) = entry
            && matches!(entry.stage, Stage::Idle)
        {
            entry.stage = Stage::Wanted(subject);
            self.wanted.push_back(id);
        }
    }

    /// An upstream refused these tokens. Each serves until its caller's next request has had another one
    /// exchanged, as often as that may be: whoever gets a 401 must not be able to call without end.
    pub(super) fn doubt(&mut self, tokens: &[(ExchangeId, Arc<TechnicalToken>)]) {
        for (id, token) in tokens {
            let Some(entry) = self.entries.get_mut(id) else { continue };
            let held = entry.held.as_ref().and_then(|held| held.token.as_ref());
            entry.is_refused |= held.is_some_and(|held| Arc::ptr_eq(held, token));
        }
    }

    /// How many tokens are held or wanted.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many gave way to others since the last question.
    pub(super) const fn take_forgotten(&mut self) -> usize {
        std::mem::replace(&mut self.forgotten, 0)
    }

    /// Goes on as if every caller's token had been exchanged by this credential.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn suppose(&mut self, source: SourceId) {
        self.supposed.insert(source);
    }

    /// Drops what can no longer be used.
    fn sweep(&mut self, now: Timestamp) {
        self.swept_at = now;
        self.entries.retain(|_, entry| {
            let is_usable = |held: &Held| {
                held.token.as_ref().is_some_and(|token: &Arc<TechnicalToken>| token.is_usable(now))
            };
            !matches!(entry.stage, Stage::Idle)
                || entry.held.as_ref().is_some_and(is_usable)
                || entry.setback.is_some_and(|failure| failure.is_live(now))
        });
    }

    /// Drops an eighth of those at rest, the ones used least lately: looking for them costs a look at
    /// all, so that it must not be done for each new caller.
    fn make_room(&mut self) {
        let at_rest = self.entries.iter().filter(|(_, entry)| matches!(entry.stage, Stage::Idle));
        let at_rest: Vec<_> = at_rest.map(|(id, entry)| (entry.used_at.as_millis(), *id)).collect();
        let used_at = |at: usize| at_rest.get(at).map(|(used_at, _)| *used_at);
        let turns = ascending(at_rest.len(), &|one, other| used_at(one).cmp(&used_at(other)));
        let excess = turns.len().div_ceil(8);
        for at in turns.into_iter().take(excess) {
            if let Some((_, id)) = at_rest.get(at) {
                self.entries.remove(id);
            }
        }
        self.forgotten += excess;
    }
}

/// Whether a caller's token that expires then is too old to be exchanged.
fn is_ending(expires_at: Timestamp, now: Timestamp) -> bool {
    now + ENDING >= expires_at
}

/// What a token endpoint would give for a token with so little left could hardly be used.
const ENDING: Duration = Duration::from_secs(10);

/// How often what can no longer be used is dropped.
const SWEEP: Duration = Duration::from_secs(60);
