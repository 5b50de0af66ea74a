//! A simulated world: several workers (one of them the main thread's, which serves nothing), one
//! clock, shared data with the host's real rules, and identity providers that do as scripted.
//!
//! Nothing here sleeps. Time moves from one thing that happens to the next, so hours pass in
//! milliseconds and every run is the same.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod host;
mod provider;
mod shared_map;
pub mod tokens;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub use provider::{Answer, Asked, Provider};
pub use shared_map::SharedMap;
use tenantgate::config;
use tenantgate::crypto::{Random, SoftwareSigner};
use tenantgate::gateway::{CallId, Event, FilterState, Gateway, Outcome, StreamId, drive};
use tenantgate::message::{HeaderEdit, RequestHead};
use tenantgate::time::Timestamp;
pub use tokens::Mint;

use host::{From, NoVerifier, WorkerHost};

/// When every world begins.
pub const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// What became of a request, as its client and upstream see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It waits.
    Waiting,
    /// It went on; the headers that we set.
    Forwarded(BTreeMap<String, String>),
    /// It was answered: status and exact reason.
    Refused(u16, &'static str),
}

impl Fate {
    /// The value of a header that we set on a forwarded request.
    pub fn header(&self, name: &str) -> Option<&str> {
        match self {
            Self::Forwarded(headers) => headers.get(name).map(String::as_str),
            Self::Waiting | Self::Refused(..) => None,
        }
    }
}

/// What a request has left in filter state: names and values in order.
type State = Vec<(&'static str, String)>;

/// One request of a worker.
struct Stream {
    fields: Vec<(String, String)>,
    fate: Fate,
    state: State,
    arrived: Timestamp,
    settled: Timestamp,
    is_gone: bool,
}

/// One worker: a gateway, its timer, its queue, its streams and its running calls.
pub struct Worker {
    gateway: Gateway,
    period: Duration,
    next_tick: Timestamp,
    is_woken: bool,
    /// What other root contexts put into its queue.
    wishes: Vec<Vec<u8>>,
    /// Whether it hears nothing of what others put into its queue.
    is_deaf: bool,
    streams: BTreeMap<StreamId, Stream>,
    calls: BTreeMap<CallId, (Timestamp, Answer)>,
    log: Vec<String>,
    is_dead: bool,
}

/// A request by its worker and number.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Request {
    worker: usize,
    stream: StreamId,
}

/// A generator that counts, and may be missing.
#[derive(Debug, Default)]
pub struct Drawn {
    /// How often it was asked.
    pub count: Cell<u128>,
    /// Whether the host has none.
    pub is_missing: Cell<bool>,
}

impl Random for Drawn {
    fn draw(&self) -> Option<[u8; 16]> {
        self.count.set(self.count.get() + 1);
        (!self.is_missing.get()).then(|| self.count.get().to_le_bytes())
    }
}

/// Everything.
pub struct World {
    pub now: Timestamp,
    pub shared: SharedMap,
    pub provider: Provider,
    pub mint: Mint,
    /// The generator of the host.
    pub random: Rc<Drawn>,
    /// Where the requests of clients come from, if the host knows.
    pub source: Option<IpAddr>,
    /// The metrics of the process.
    pub metrics: BTreeMap<String, i64>,
    /// The most waiting requests that had their turn in one callback.
    pub most_turns: usize,
    /// How often one root context asked another one.
    pub wishes: usize,
    workers: Vec<Worker>,
    variables: BTreeMap<String, String>,
    last_stream: u32,
    has_queues: bool,
}

impl World {
    /// A world of `workers` that serve requests and one, the last, that serves none.
    pub fn new(workers: usize) -> Self {
        Self::of(workers, CONFIGURATION)
    }

    /// The same with another configuration.
    pub fn of(workers: usize, configuration: &str) -> Self {
        Self::of_variables(workers, configuration, &[])
    }

    /// The same where these variables have values of their own.
    pub fn of_variables(workers: usize, configuration: &str, variables: &[(&str, &str)]) -> Self {
        Self::of_host(workers, configuration, variables, true)
    }

    /// The same on a host that has queues or none.
    pub fn of_host(
        workers: usize,
        configuration: &str,
        variables: &[(&str, &str)],
        has_queues: bool,
    ) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut world = Self {
            now: START,
            shared: SharedMap::default(),
            provider: Provider::new(),
            mint: Mint::new(),
            random: Rc::default(),
            source: None,
            metrics: BTreeMap::new(),
            most_turns: 0,
            has_queues,
            wishes: 0,
            workers: Vec::new(),
            variables: variables.iter().map(own).collect(),
            last_stream: 0,
        };
        for _ in 0..=workers {
            world.start_worker(configuration);
        }
        world
    }

    /// Adds a worker with a configuration; its number.
    pub fn start_worker(&mut self, configuration: &str) -> usize {
        let variables = self.variables.clone();
        let environment = |name: &str| match name {
            _ if variables.contains_key(name) => variables.get(name).cloned(),
            "MINDSPHERE_TENANT" => Some("acme".to_owned()),
            "MINDSPHERE_SUB_TENANT" => Some("sub-1".to_owned()),
            _ if name.starts_with("MDSP_") || name.starts_with("HOST_") => None,
            _ => Some(format!("value-of-{name}")),
        };
        let compiled = config::compile(configuration.as_bytes(), &environment)
            .unwrap_or_else(|errors| panic!("{errors}"));
        let seed = 1 + self.workers.len() as u64;
        let random = Rc::clone(&self.random);
        let mut gateway =
            Gateway::new(Arc::new(compiled.config), seed, random, Rc::new(SoftwareSigner));
        if self.has_queues {
            gateway.listen(queue_of(self.workers.len()));
        }
        let period = gateway.tick_period();
        self.workers.push(Worker {
            next_tick: self.now + period,
            gateway,
            period,
            is_woken: false,
            wishes: Vec::new(),
            is_deaf: false,
            streams: BTreeMap::new(),
            calls: BTreeMap::new(),
            log: Vec::new(),
            is_dead: false,
        });
        self.workers.len() - 1
    }

    /// A worker that never runs again: its calls and streams are gone, its lease stays.
    pub fn kill(&mut self, worker: usize) {
        let worker = &mut self.workers[worker];
        worker.is_dead = true;
        worker.calls.clear();
        worker.streams.clear();
    }

    /// A worker that other root contexts cannot wake, or can again.
    pub fn deafen(&mut self, worker: usize, is_deaf: bool) {
        self.workers[worker].is_deaf = is_deaf;
    }

    /// Puts something into the queue of a worker.
    pub fn put(&mut self, worker: usize, wish: &[u8]) {
        self.workers[worker].wishes.push(wish.to_vec());
    }

    /// How often the timer of a worker fires.
    pub fn period(&self, worker: usize) -> Duration {
        self.workers[worker].period
    }

    /// A worker whose timer does not fire for a while; its calls end all the same.
    pub fn stall(&mut self, worker: usize, span: Duration) {
        self.workers[worker].next_tick = self.now + span;
    }

    /// A request of `GET path` with a bearer token, decided at once or waiting.
    pub fn request(&mut self, worker: usize, path: &str, token: Option<&str>) -> Request {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let authorization = authorization.as_deref().map(|value| ("authorization", value));
        self.request_with(worker, path, authorization.as_slice())
    }

    /// A request of `GET path` with these fields, decided at once or waiting. A body follows it if it has
    /// a `content-length`.
    pub fn request_with(&mut self, worker: usize, path: &str, more: &[(&str, &str)]) -> Request {
        let mut fields = vec![
            (":method".to_owned(), "GET".to_owned()),
            (":authority".to_owned(), "api.acme.example".to_owned()),
            (":path".to_owned(), path.to_owned()),
            ("x-tenant".to_owned(), "spoofed".to_owned()),
        ];
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.last_stream += 1;
        let stream = StreamId(self.last_stream);
        let state = &mut self.workers[worker];
        let outcome = {
            let from = From(self.source);
            let is_whole = !fields.iter().any(|(name, _)| name == "content-length");
            let head = head(&fields).with_connection(&from).ending(is_whole);
            state.gateway.request(stream, &head, self.now, &NoVerifier)
        };
        if let Outcome::Wait { wake, edits } = &outcome {
            state.is_woken |= wake;
            take_out(&mut fields, edits);
        }
        let settled = self.now;
        let state_left = left(&outcome);
        let fate = fate(outcome);
        let record =
            Stream { fields, fate, state: state_left, arrived: self.now, settled, is_gone: false };
        state.streams.insert(stream, record);
        Request { worker, stream }
    }

    /// The client of a request goes.
    pub fn disconnect(&mut self, request: Request) {
        let worker = &mut self.workers[request.worker];
        worker.streams.get_mut(&request.stream).unwrap().is_gone = true;
        worker.gateway.forget(request.stream);
    }

    /// The client of a request goes, and the host has not told the gateway yet.
    pub fn disconnect_silently(&mut self, request: Request) {
        let worker = &mut self.workers[request.worker];
        worker.streams.get_mut(&request.stream).unwrap().is_gone = true;
    }

    /// Forgets requests that are over, so that many can be made.
    pub fn forget_settled(&mut self) {
        for worker in &mut self.workers {
            worker.streams.retain(|_, stream| stream.fate == Fate::Waiting);
        }
    }

    /// The upstream answers a forwarded request with this status; what the client gets: the same, or
    /// what takes its place. `None` when nobody looked at it.
    pub fn respond(&mut self, request: Request, status: u16) -> Option<(u16, &'static str)> {
        let worker = &mut self.workers[request.worker];
        assert!(matches!(worker.streams[&request.stream].fate, Fate::Forwarded(_)));
        if !worker.gateway.is_watched(request.stream) {
            return None;
        }
        let field = |name| (name == ":status").then(|| status.to_string().into_bytes());
        let verdict = worker.gateway.answered(request.stream, &field);
        worker.is_woken |= verdict.wake;
        Some(
            verdict.replaced.map_or((status, ""), |refused| (refused.reply.status, refused.reason)),
        )
    }

    /// What became of a request so far.
    pub fn fate(&self, request: Request) -> Fate {
        self.workers[request.worker].streams[&request.stream].fate.clone()
    }

    /// The head of a request as a proxy would log it now.
    pub fn head(&self, request: Request) -> &[(String, String)] {
        &self.workers[request.worker].streams[&request.stream].fields
    }

    /// What a request has left in filter state so far.
    pub fn state(&self, request: Request) -> &[(&'static str, String)] {
        &self.workers[request.worker].streams[&request.stream].state
    }

    /// How long a request took, or has been waiting.
    pub fn waited(&self, request: Request) -> Duration {
        let stream = &self.workers[request.worker].streams[&request.stream];
        let end = if stream.fate == Fate::Waiting { self.now } else { stream.settled };
        end.since(stream.arrived)
    }

    /// How many requests of a worker wait by its gateway's own count.
    pub fn waiting(&self, worker: usize) -> usize {
        self.workers[worker].gateway.waiting()
    }

    /// Of how many requests of a worker the answer is to be looked at.
    pub fn watched(&self, worker: usize) -> usize {
        let worker = &self.workers[worker];
        worker.streams.keys().filter(|stream| worker.gateway.is_watched(**stream)).count()
    }

    /// Every log line so far.
    pub fn log(&self) -> Vec<&str> {
        self.workers.iter().flat_map(|worker| worker.log.iter().map(String::as_str)).collect()
    }

    /// Lets `span` pass.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            self.wake_up();
            let Some((at, worker, call)) = self.next_thing().filter(|(at, ..)| *at <= end) else {
                break;
            };
            self.now = at.max(self.now);
            match call {
                Some(call) => {
                    let (_, answer) = self.workers[worker].calls.remove(&call).unwrap();
                    self.handle(worker, Event::CallEnded(call, answer.into_result()));
                }
                None => {
                    let state = &mut self.workers[worker];
                    state.next_tick = self.now + state.period;
                    self.handle(worker, Event::Tick);
                }
            }
        }
        self.now = end;
    }

    /// Sets the clock. What would have happened at its old times happens as long from now.
    pub fn set_clock(&mut self, now: Timestamp) {
        let old = std::mem::replace(&mut self.now, now);
        for worker in &mut self.workers {
            worker.next_tick = now + worker.next_tick.since(old);
            for (at, _) in worker.calls.values_mut() {
                *at = now + at.since(old);
            }
        }
    }

    /// A short while, in which everything that is under way comes to rest.
    pub fn settle(&mut self) {
        self.pass(Duration::from_millis(500));
    }

    /// Wakes every root context whose queue has an item.
    fn wake_up(&mut self) {
        loop {
            let mut is_quiet = true;
            for worker in 0..self.workers.len() {
                let wishes = std::mem::take(&mut self.workers[worker].wishes);
                let is_woken = std::mem::take(&mut self.workers[worker].is_woken);
                is_quiet &= wishes.is_empty() && !is_woken;
                for wish in wishes {
                    self.handle(worker, Event::Asked(wish));
                }
                if is_woken {
                    self.handle(worker, Event::Woken);
                }
            }
            if is_quiet {
                break;
            }
        }
    }

    /// The next tick or end of a call of any worker; calls first where both come at once.
    fn next_thing(&self) -> Option<(Timestamp, usize, Option<CallId>)> {
        let living = self.workers.iter().enumerate().filter(|(_, worker)| !worker.is_dead);
        let things = living.flat_map(|(number, worker)| {
            let calls = worker.calls.iter().map(move |(id, (at, _))| (*at, number, Some(*id)));
            calls.chain([(worker.next_tick, number, None)])
        });
        things.min_by_key(|(at, number, call)| (*at, call.is_none(), *number))
    }

    fn handle(&mut self, worker: usize, event: Event) {
        let now = self.now;
        let state = &mut self.workers[worker];
        if state.is_dead {
            return;
        }
        let (mut turns, mut asked) = (0, Vec::new());
        let mut host = WorkerHost {
            now,
            shared: &mut self.shared,
            provider: &mut self.provider,
            streams: &mut state.streams,
            calls: &mut state.calls,
            log: &mut state.log,
            metrics: &mut self.metrics,
            source: self.source,
            asked: &mut asked,
            period: None,
            turns: &mut turns,
        };
        drive(&mut state.gateway, event, now, &mut host);
        let period = host.period;
        self.wishes += asked.len();
        for (queue, wish) in asked {
            let whose = (0..self.workers.len()).find(|worker| queue_of(*worker) == queue);
            if let Some(asked) = whose.map(|worker| &mut self.workers[worker])
                && !asked.is_deaf
                && !asked.is_dead
            {
                asked.wishes.push(wish);
            }
        }
        let state = &mut self.workers[worker];
        self.most_turns = self.most_turns.max(turns);
        if let Some(period) = period {
            state.period = period;
            state.next_tick = now + period;
        }
    }
}

/// The host's number of the queue that wakes a worker.
fn queue_of(worker: usize) -> u32 {
    u32::try_from(worker).unwrap() + 100
}

fn head(fields: &[(String, String)]) -> RequestHead<'_> {
    RequestHead::new(fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect())
}

/// What the host does while a request waits: the changes can only remove and reduce.
fn take_out(fields: &mut Vec<(String, String)>, edits: &[HeaderEdit]) {
    for edit in edits {
        match edit {
            HeaderEdit::Remove(name) => fields.retain(|(field, _)| field.as_bytes() != &**name),
            HeaderEdit::Reduce(reduced) => {
                fields.retain(|(field, _)| field != reduced.name());
                let value = String::from_utf8(reduced.expose().to_vec()).unwrap();
                fields.push((reduced.name().to_owned(), value));
            }
            HeaderEdit::Add(..) | HeaderEdit::Set(..) => {
                panic!("nothing is set while a request waits")
            }
        }
    }
}

fn left(outcome: &Outcome) -> State {
    match outcome {
        Outcome::Forward(forwarded) => state(&forwarded.state),
        Outcome::Refuse(refused) => state(&refused.state),
        Outcome::Wait { .. } => State::new(),
    }
}

fn state(state: &FilterState) -> State {
    state.iter().map(|(key, value)| (key.name(), value.to_string())).collect()
}

fn fate(outcome: Outcome) -> Fate {
    match outcome {
        Outcome::Forward(forwarded) => {
            let set = forwarded.edits.iter().filter_map(|edit| match edit {
                HeaderEdit::Add(name, value) | HeaderEdit::Set(name, value) => {
                    let value = String::from_utf8(value.expose().to_vec()).unwrap();
                    Some((name.as_str().to_owned(), value))
                }
                HeaderEdit::Reduce(reduced) => {
                    let value = String::from_utf8(reduced.expose().to_vec()).unwrap();
                    Some((reduced.name().to_owned(), value))
                }
                HeaderEdit::Remove(_) => None,
            });
            Fate::Forwarded(set.collect())
        }
        Outcome::Refuse(refused) => Fate::Refused(refused.reply.status, refused.reason),
        Outcome::Wait { .. } => Fate::Waiting,
    }
}

/// The configuration of every worker: two issuers, a tenant's credential, one route that forwards
/// the caller's token, one that injects the tenant's, one that impersonates.
pub const CONFIGURATION: &str = include_str!("world.json");
