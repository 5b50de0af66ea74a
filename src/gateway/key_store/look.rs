//! A look at the store: the document, or the index and the shards that have changed.

use std::sync::Arc;
use std::time::Duration;

use super::polled::Polled;
use super::slots::{Slot, tag_digest};
use super::trouble::{Trouble, Unfit};
use super::{OWN, Told, Turn};
use crate::application_key::{Block, Document, Reader, Shard, Sharding, StoreIndex};
use crate::config::RemoteStore;
use crate::gateway::backoff::{self, Prospect};
use crate::gateway::effect::{CallId, Effect};
use crate::message::{CallFailure, CallResponse, Endpoint, HttpCall};
use crate::secret::Secret;
use crate::shared::KeyBoard;
use crate::telemetry::{Fetch, Metric, Notice, What};
use crate::time::Timestamp;

/// A look that has begun.
#[derive(Debug)]
pub(super) struct Look {
    began_at: Timestamp,
    /// Whether the server may say that nothing has changed.
    is_conditional: bool,
    /// The `ETag` of what is looked at.
    tag: Vec<u8>,
    /// The serial of the index, if that is what is looked at.
    serial: Option<u64>,
    /// Whether the server has said what there is.
    is_answered: bool,
    /// Shards that are not asked for yet.
    wanted: Vec<Wanted>,
    calls: Vec<Running>,
    arrived: Vec<(Wanted, Vec<u8>)>,
    reading: Option<(Wanted, Reader)>,
    trouble: Option<Trouble>,
    /// How many calls have failed.
    failed_calls: usize,
}

/// A document that is to be read.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    shard: Shard,
    tag: [u8; 16],
    /// The least serial that it must have.
    serial: u64,
}

#[derive(Debug)]
struct Running {
    id: CallId,
    /// `None` for what the look begins with.
    wanted: Option<Wanted>,
    deadline: Timestamp,
}

impl Look {
    /// Whether there is something to read.
    pub(super) const fn is_busy(&self) -> bool {
        self.reading.is_some() || !self.arrived.is_empty()
    }

    /// Notes the first thing that went wrong.
    fn note(&mut self, trouble: Trouble) {
        self.trouble.get_or_insert(trouble);
    }
}

impl Polled {
    /// Begins a look whose time has come, and ends calls that the host lost.
    pub(super) fn look_if_due(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        if let Some(look) = &self.look {
            let lost = look.calls.iter().filter(|call| call.deadline <= now);
            for id in lost.map(|call| call.id).collect::<Vec<_>>() {
                self.end(turn.store, id, Err(CallFailure::Interrupted), now, turn.told);
            }
            return;
        }
        let KeyBoard { next_look, looked_at, attempts, .. } = self.board;
        let ahead = if attempts == 0 { TICK } else { Duration::ZERO };
        let is_whole = self.is_whole();
        // What was set later than now was set under another clock.
        let is_due = next_look <= now + ahead || looked_at > now || (attempts == 0 && !is_whole);
        if self.is_posting() || !is_due {
            return;
        }
        let tag = if is_whole { self.board.tag.to_vec() } else { Vec::new() };
        self.look = Some(Look {
            began_at: now,
            is_conditional: !tag.is_empty(),
            tag: Vec::new(),
            serial: None,
            is_answered: false,
            wanted: Vec::new(),
            calls: Vec::new(),
            arrived: Vec::new(),
            reading: None,
            trouble: None,
            failed_calls: 0,
        });
        self.call(None, tag, turn);
    }

    fn call(&mut self, wanted: Option<Wanted>, tag: Vec<u8>, turn: &mut Turn<'_>) {
        let store = turn.store;
        let endpoint = match &wanted {
            None => store.endpoint.clone(),
            Some(wanted) => endpoint_of(&store.endpoint, wanted.shard),
        };
        let largest = store.rules.largest.min(Document::SHARD_LIMIT);
        let mut call = HttpCall::get_json(&endpoint, store.timeout, largest);
        if let Some(authorization) = &store.authorization {
            let value = Secret::new(authorization.expose().as_bytes().to_vec());
            call.headers.push(("authorization", value));
        }
        if !tag.is_empty() {
            call.headers.push(("if-none-match", Secret::new(tag)));
        }
        self.last_call += 1;
        let id = CallId(self.last_call | OWN);
        let deadline = turn.now + store.timeout.saturating_add(CALL_MARGIN);
        if let Some(look) = &mut self.look {
            look.calls.push(Running { id, wanted, deadline });
        }
        turn.told.effects.push(Effect::Call(id, call));
    }

    /// The end of a call. What it brought is read in later turns.
    pub(super) fn end(
        &mut self,
        store: &RemoteStore,
        call: CallId,
        result: Result<CallResponse, CallFailure>,
        _now: Timestamp,
        told: &mut Told,
    ) {
        let Some(look) = &mut self.look else { return };
        let Some(at) = look.calls.iter().position(|running| running.id == call) else { return };
        let wanted = look.calls.swap_remove(at).wanted;
        let response = match result {
            Ok(response) if response.status == 304 && wanted.is_none() && look.is_conditional => {
                told.outcomes.push(Metric::KeyStoreUnchanged);
                look.is_answered = true;
                look.tag = self.board.tag.to_vec();
                return;
            }
            Ok(response) if response.status == 200 => response,
            result => {
                let trouble = match result {
                    Ok(response) => Trouble::of_status(&response),
                    Err(failure) => failure.into(),
                };
                // A server that is gone is not asked for each of its shards.
                look.failed_calls += 1;
                if look.failed_calls >= FAILED_CALLS {
                    look.wanted.clear();
                }
                look.note(trouble);
                return;
            }
        };
        let body = response.body.expose().clone();
        match wanted {
            Some(wanted) => {
                let tag = response.etag.as_deref().map_or(wanted.tag, tag_digest);
                look.arrived.push((Wanted { tag, ..wanted }, body));
            }
            None => {
                look.is_answered = true;
                let is_sendable = |tag: &Vec<u8>| tag.iter().all(u8::is_ascii_graphic);
                look.tag = response.etag.filter(is_sendable).unwrap_or_default();
                let accepted = self.open(store, body);
                if let (Err(unfit), Some(look)) = (accepted, &mut self.look) {
                    look.note(unfit.into());
                    told.outcomes.push(Metric::KeyDocumentsRefused);
                }
            }
        }
    }

    /// Sees whether an answer is an index or a document, and what of it is new.
    fn open(&mut self, store: &RemoteStore, body: Vec<u8>) -> Result<(), Unfit> {
        let Some(look) = &mut self.look else { return Ok(()) };
        let Some(index) = StoreIndex::read(&body)? else {
            let Some(shard) = Sharding::ONE.shard(0) else { return Ok(()) };
            let is_tagged = !look.tag.is_empty();
            let tag = if is_tagged { tag_digest(&look.tag) } else { [0; 16] };
            if !is_tagged || !self.slots.confirm(shard, tag, look.began_at) {
                let held = self.slots.get(shard).and_then(|slot| slot.block.as_ref());
                let least = held.map_or(0, |block| block.serial()).max(self.board.serial);
                let serial = if store.allows_rollback { 0 } else { least };
                look.arrived.push((Wanted { shard, tag, serial }, body));
            }
            return Ok(());
        };
        if index.serial < self.board.serial && !store.allows_rollback {
            return Err(Unfit::RolledBack);
        }
        // It counts once something of it is held: an index that strayed here keeps no good one away.
        look.serial = Some(index.serial);
        for (shard, stated) in index.shards() {
            let tag = tag_digest(stated.tag.as_bytes());
            if !self.slots.confirm(shard, tag, look.began_at) {
                look.wanted.push(Wanted { shard, tag, serial: stated.serial });
            }
        }
        // If some can never be had, the others have their turn before them some time.
        let first = self.random.next() % (look.wanted.len().max(1) as u64);
        look.wanted.rotate_left(usize::try_from(first).unwrap_or(0));
        Ok(())
    }

    /// Asks for further shards, and reads a slice of one that has arrived.
    pub(super) fn go_on(&mut self, turn: &mut Turn<'_>) {
        while let Some(look) = &mut self.look
            && look.calls.len() + look.arrived.len() < CALLS_AT_ONCE
            && let Some(wanted) = look.wanted.pop()
        {
            self.call(Some(wanted), Vec::new(), turn);
        }
        if let Err(unfit) = self.read(turn.store)
            && let Some(look) = &mut self.look
        {
            look.note(unfit.into());
            turn.told.outcomes.push(Metric::KeyDocumentsRefused);
        }
    }

    fn read(&mut self, store: &RemoteStore) -> Result<(), Unfit> {
        let Some(look) = &mut self.look else { return Ok(()) };
        let (wanted, mut reader) = match look.reading.take() {
            Some(reading) => reading,
            None => {
                let Some((wanted, text)) = look.arrived.pop() else { return Ok(()) };
                let reader = Reader::new(text, store.rules.clone())?;
                // Of a shard the index decides. What is held may be of another server of the same keys, which counts in its own way.
                if !reader.header().may_follow(wanted.serial) {
                    return Err(look.serial.map_or(Unfit::RolledBack, |_| Unfit::Outdated));
                }
                (wanted, reader)
            }
        };
        if !reader.advance(RECORDS_AT_A_TIME)? {
            look.reading = Some((wanted, reader));
            return Ok(());
        }
        let block = Block::of(&reader.finish(), wanted.shard)?;
        self.hold(wanted, block)
    }

    /// Uses a shard that was read, in the place of the one before.
    fn hold(&mut self, Wanted { shard, tag, .. }: Wanted, block: Block) -> Result<(), Unfit> {
        self.slots.fit(shard.sharding().count());
        let Some(slot) = self.slots.0.get_mut(shard.index()) else { return Ok(()) };
        let Some(Look { began_at: good_at, serial, .. }) = self.look else { return Ok(()) };
        let serial = serial.unwrap_or(block.serial());
        let new = Slot { block: Some(Arc::new(block)), version: 0, tag, good_at, missed: None };
        let before = std::mem::replace(slot, new);
        self.assemble();
        // What is good stays where the new is too much. Where nothing is good yet, all is kept: the next look may find less.
        if let Some(unfit) = self.misfit
            && before.block.is_some()
        {
            if let Some(slot) = self.slots.0.get_mut(shard.index()) {
                *slot = before;
            }
            self.assemble();
            return Err(unfit);
        }
        self.board.serial = self.board.serial.max(serial);
        Ok(())
    }

    /// Ends a look of which nothing is left to do.
    pub(super) fn finish(&mut self, turn: &mut Turn<'_>) {
        let is_over =
            |look: &Look| !look.is_busy() && look.calls.is_empty() && look.wanted.is_empty();
        let Some(mut look) = self.look.take_if(|look| is_over(look)) else { return };
        if let Some(misfit) = self.misfit {
            look.note(misfit.into());
        }
        let jitter = self.random.jitter();
        let attempts = self.board.attempts;
        let refresh = turn.store.refresh - turn.store.refresh * u32::from(jitter) / 10_000;
        match look.trouble {
            None => {
                self.board.attempts = 0;
                self.board.serial = self.board.serial.max(look.serial.unwrap_or(0));
                self.slots.0.iter_mut().for_each(|slot| slot.good_at = look.began_at);
                self.board.good_at = look.began_at;
                self.board.next_look = look.began_at + refresh;
                self.board.tag = look.tag.into();
                turn.told.outcomes.push(Metric::FetchSucceeded(Fetch::KeyStore));
                if attempts > 0 {
                    self.said.forget();
                    let notice = Notice::FetchRecovered { what: What::KeyStore, attempts };
                    turn.told.effects.push(Effect::Log(notice));
                }
            }
            Some(trouble) => {
                let attempts = attempts.saturating_add(1);
                let delay = backoff::delay(attempts, Prospect::Passing, None, jitter);
                let delay = delay.min(LONGEST_DELAY);
                let asked = trouble.retry_after.unwrap_or(Duration::ZERO);
                // A server that answers is asked as often as ever: what can be read of it counts.
                let delay = match trouble.is_of_document() || look.is_answered {
                    true => delay.min(refresh),
                    false => delay.max(asked.min(self.longest_pause(turn))),
                };
                self.board.attempts = attempts;
                self.board.next_look = turn.now + delay;
                // Until all is read, the server must tell all again.
                self.board.tag = Box::default();
                let outcomes = &mut turn.told.outcomes;
                outcomes.push(Metric::FetchFailed(Fetch::KeyStore));
                outcomes.push(Metric::FetchFailedBy(Fetch::KeyStore, trouble.cause));
                self.say(&trouble, delay, turn);
                self.vouch();
            }
        }
        self.board.looked_at = turn.now;
        self.publish(turn);
    }

    /// The longest `Retry-After` that is obeyed: there are some more looks before the keys are too old.
    fn longest_pause(&self, turn: &Turn<'_>) -> Duration {
        let left = self.left(turn.store, turn.now) / 4;
        if left.is_zero() { LONGEST_DELAY } else { left.min(LONGEST_RETRY_AFTER) }
    }

    fn say(&mut self, trouble: &Trouble, retry_after: Duration, turn: &mut Turn<'_>) {
        let Trouble { reason, refusal, .. } = *trouble;
        if self.said.is_due(reason, turn.now) {
            turn.told.effects.push(Effect::Log(Notice::FetchFailed {
                what: What::KeyStore,
                cluster: Arc::clone(&turn.store.endpoint.cluster),
                reason,
                refusal,
                attempts: self.board.attempts,
                retry_after,
            }));
        }
    }
}

/// Where a shard is: a segment of two hexadecimal digits behind the path of the index.
fn endpoint_of(index: &Endpoint, shard: Shard) -> Endpoint {
    let (path, query) = match index.path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (&*index.path, None),
    };
    let mut shard_path = format!("{path}/{:02x}", shard.index());
    if let Some(query) = query {
        shard_path.push('?');
        shard_path.push_str(query);
    }
    Endpoint { path: shard_path.into(), ..index.clone() }
}

/// A look is early by what the timer could make it late.
const TICK: Duration = Duration::from_secs(1);

/// How many shards are asked for at once, those that wait for being read included.
const CALLS_AT_ONCE: usize = 3;

/// After how many failed calls no more are made in this look.
const FAILED_CALLS: usize = 3;

/// How many records are read in one turn.
const RECORDS_AT_A_TIME: usize = 200;

/// A call counts as lost this long after its timeout, which the host should have kept.
const CALL_MARGIN: Duration = Duration::from_secs(2);

/// The longest time between two looks because of failures.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// The longest `Retry-After` that is ever obeyed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);
