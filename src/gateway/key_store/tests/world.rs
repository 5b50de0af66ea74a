//! The simulated process and its store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::polled::Polled;
use super::super::{KeysFound, Told, Turn};
use crate::application_key::{Document, KeyDigest, ReadRules};
use crate::config::RemoteStore;
use crate::gateway::effect::{CallId, Effect};
use crate::message::{CallFailure, CallResponse, Endpoint, HttpCall, PathSpelling};
use crate::secret::Secret;
use crate::shared::{Cas, SharedData, WriteError};
use crate::telemetry::Metric;
use crate::time::Timestamp;

pub(super) const REFRESH: Duration = Duration::from_secs(10);
pub(super) const MAX_STALE: Duration = Duration::from_secs(120);

pub(super) fn store() -> RemoteStore {
    RemoteStore {
        endpoint: Endpoint {
            cluster: Arc::from("key-store"),
            scheme: "https",
            authority: Arc::from("keys.example"),
            path: Arc::from("/keys?x=1"),
        },
        authorization: Some(Secret::new("Bearer store".to_owned())),
        timeout: Duration::from_secs(2),
        refresh: REFRESH,
        max_stale: MAX_STALE,
        keeps_stale: false,
        allows_rollback: false,
        rules: ReadRules {
            tenants: Some(Vec::new()),
            spelling: PathSpelling::default(),
            largest: Document::SHARD_LIMIT,
            most: Document::RECORDS_LIMIT,
        },
        initial: None,
    }
}

/// The host's rules, as measured.
#[derive(Default)]
pub(super) struct Map {
    pub(super) values: BTreeMap<String, (Vec<u8>, u32)>,
    counter: u32,
    pub(super) is_full: bool,
}

impl Map {
    /// Writes as somebody else could.
    pub(super) fn tamper(&mut self, key: &str, value: Vec<u8>) {
        self.counter += 1;
        self.values.insert(key.to_owned(), (value, self.counter));
    }
}

impl SharedData for Map {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)> {
        self.values.get(key).map(|(value, cas)| (value.clone(), Cas::from_host(*cas)))
    }

    fn write(&mut self, key: &str, value: &[u8], expected: Cas) -> Result<(), WriteError> {
        if self.is_full {
            return Err(WriteError::Refused);
        }
        if self.values.get(key).is_some_and(|(_, cas)| *cas != expected.to_host()) {
            return Err(WriteError::CasMismatch);
        }
        self.counter += 1;
        self.values.insert(key.to_owned(), (value.to_vec(), self.counter));
        Ok(())
    }
}

/// A call, as the store saw it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) at: Timestamp,
    pub(super) path: String,
    pub(super) tag: Option<String>,
    pub(super) authorization: Option<String>,
}

/// The store.
pub(super) struct Server {
    /// `ETag` and body by path.
    pub(super) documents: HashMap<String, (String, String)>,
    pub(super) asked: Vec<Asked>,
    pub(super) latency: Duration,
    pub(super) serial: u64,
    /// The answer in place of documents, by a part of their path.
    failing: Vec<(String, Answer)>,
}

pub(super) type Answer = Result<(u16, Option<u64>, String), CallFailure>;

/// An answer without a `Retry-After`.
pub(super) fn answer(status: u16, body: &str) -> Answer {
    Ok((status, None, body.to_owned()))
}

impl Server {
    /// These keys from now on, in a document or in so many shards. Shards that stay the same keep their serial.
    pub(super) fn publish(&mut self, keys: &[&str], shards: Option<usize>) {
        let record = |key: &&str| {
            let digest = KeyDigest::of(key.as_bytes());
            let hex: String = digest.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
            let secret =
                json!({ "digest": format!("sha256:{hex}"), "expires_at": "2099-01-01T00:00:00Z" });
            let name = key.replace(' ', "-");
            json!({ "name": name, "user": format!("u-{name}"), "secrets": [secret] })
        };
        self.publish_records(
            keys.iter().map(|key| (KeyDigest::of(key.as_bytes()), record(key))).collect(),
            shards,
        );
    }

    fn publish_records(&mut self, records: Vec<(KeyDigest, Value)>, shards: Option<usize>) {
        self.serial += 1;
        let Some(count) = shards else {
            let keys: Vec<_> = records.into_iter().map(|(_, record)| record).collect();
            let text = json!({ "version": 1, "serial": self.serial, "keys": keys }).to_string();
            return self.publish_text(&text);
        };
        let mut spread = vec![Vec::new(); count];
        for (digest, record) in records {
            spread[usize::from(digest.as_bytes()[0]) * count / 256].push(record);
        }
        let mut index = Vec::new();
        for (at, keys) in spread.into_iter().enumerate() {
            let path = format!("/keys/{at:02x}?x=1");
            let keys = Value::from(keys);
            let before = self.documents.get(&path).map(|(tag, body)| {
                (tag.clone(), serde_json::from_str::<Value>(body).unwrap_or_default())
            });
            let (tag, serial) = match before {
                Some((tag, body)) if body["keys"] == keys => {
                    (tag, body["serial"].as_u64().unwrap())
                }
                Some(_) | None => (format!("\"{at}-{}\"", self.serial), self.serial),
            };
            index.push(json!({ "etag": tag, "serial": serial }));
            let body = json!({ "version": 1, "serial": serial, "keys": keys }).to_string();
            self.documents.insert(path, (tag, body));
        }
        let text = json!({ "version": 1, "serial": self.serial, "shards": index }).to_string();
        self.publish_text(&text);
    }

    /// This text in place of the document or index.
    pub(super) fn publish_text(&mut self, text: &str) {
        let tag = format!(
            "\"{:x}\"",
            crate::crypto::Digest::of(&[text.as_bytes()]).as_bytes()[0..8]
                .iter()
                .fold(0_u64, |sum, b| sum << 8 | u64::from(*b))
        );
        self.documents.insert("/keys?x=1".to_owned(), (tag, text.to_owned()));
    }

    pub(super) fn fail(&mut self, status: u16) {
        self.fail_at("/keys", Ok((status, None, "no".to_owned())));
    }

    pub(super) fn fail_at(&mut self, path: &str, answer: Answer) {
        self.failing.push((path.to_owned(), answer));
    }

    pub(super) fn recover(&mut self) {
        self.failing.clear();
    }

    fn answer(&mut self, call: &HttpCall, now: Timestamp) -> Result<CallResponse, CallFailure> {
        let field = |name: &str| {
            let found = call.headers.iter().find(|(field, _)| *field == name);
            found.map(|(_, value)| String::from_utf8(value.expose().clone()).unwrap())
        };
        let path = call.endpoint.path.to_string();
        let tag = field("if-none-match");
        let authorization = field("authorization");
        assert_eq!((call.method, field("accept").as_deref()), ("GET", Some("application/json")));
        self.asked.push(Asked { at: now, path: path.clone(), tag: tag.clone(), authorization });
        let answer =
            |status, retry_after: Option<u64>, etag: Option<&String>, body: &str| CallResponse {
                status,
                content_type: Some(b"application/json".to_vec()),
                retry_after: retry_after.map(Duration::from_secs),
                fresh_for: Some(Duration::from_secs(3600)),
                etag: etag.map(|tag| tag.clone().into_bytes()),
                body: Secret::new(body.as_bytes().to_vec()),
            };
        if let Some((_, failing)) = self.failing.iter().find(|(part, _)| path.starts_with(part)) {
            let (status, retry_after, body) = failing.clone()?;
            return Ok(answer(status, retry_after, None, &body));
        }
        match self.documents.get(&path) {
            None => Ok(answer(404, None, None, "no")),
            Some((etag, _)) if tag.as_ref() == Some(etag) => Ok(answer(304, None, Some(etag), "")),
            Some((_, body)) if body.len() > call.body_limit => {
                Err(CallFailure::TooLarge(Some(body.len())))
            }
            Some((etag, body)) => Ok(answer(200, None, Some(etag), body)),
        }
    }
}

pub(super) struct Worker {
    pub(super) store: RemoteStore,
    pub(super) polled: Polled,
    calls: Vec<(Timestamp, CallId, Result<CallResponse, CallFailure>)>,
    next_tick: Timestamp,
    pub(super) is_dead: bool,
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) shared: Map,
    pub(super) server: Server,
    pub(super) workers: Vec<Worker>,
    pub(super) log: Vec<String>,
    pub(super) outcomes: Vec<Metric>,
    pub(super) most_calls: usize,
}

impl World {
    pub(super) fn new(workers: usize) -> Self {
        Self::of((0..workers).map(|_| store()).collect())
    }

    /// A worker for each of these stores.
    pub(super) fn of(stores: Vec<RemoteStore>) -> Self {
        let server = Server {
            documents: HashMap::new(),
            asked: Vec::new(),
            latency: Duration::from_millis(30),
            serial: 0,
            failing: Vec::new(),
        };
        let mut world = Self {
            now: Timestamp::from_seconds(1_800_000_000),
            shared: Map::default(),
            server,
            workers: Vec::new(),
            log: Vec::new(),
            outcomes: Vec::new(),
            most_calls: 0,
        };
        for store in stores {
            world.start(store);
        }
        world
    }

    /// Adds a worker.
    pub(super) fn start(&mut self, store: RemoteStore) {
        let seed = self.workers.len() as u64 + 1;
        self.workers.push(Worker {
            polled: Polled::new(&store, seed),
            store,
            calls: Vec::new(),
            // Timers of workers do not beat together.
            next_tick: self.now + Duration::from_millis(20 + 170 * (seed - 1)),
            is_dead: false,
        });
    }

    pub(super) fn found(&self, worker: usize) -> KeysFound {
        let worker = &self.workers[worker];
        worker.polled.find(&worker.store, self.now)
    }

    /// Whether a worker takes this key.
    pub(super) fn knows(&self, worker: usize, key: &str) -> bool {
        let KeysFound::Ready(set) = self.found(worker) else { return false };
        set.find(&KeyDigest::of(key.as_bytes())).is_some_and(|found| found.is_valid())
    }

    pub(super) fn count(&self, metric: Metric) -> usize {
        self.outcomes.iter().filter(|outcome| **outcome == metric).count()
    }

    /// Lets `span` pass.
    pub(super) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let things = self.workers.iter().enumerate().filter(|(_, worker)| !worker.is_dead);
            let things = things.flat_map(|(number, worker)| {
                let calls = worker.calls.iter().map(move |(at, id, _)| (*at, number, Some(*id)));
                calls.chain([(worker.next_tick, number, None)])
            });
            let next = things.min_by_key(|(at, number, call)| (*at, call.is_none(), *number));
            let Some((at, worker, call)) = next.filter(|(at, ..)| *at <= end) else { break };
            self.now = at.max(self.now);
            self.handle(worker, call);
        }
        self.now = end;
    }

    /// Sets the clock; what is under way happens as long from now as before.
    pub(super) fn set_clock(&mut self, now: Timestamp) {
        let old = std::mem::replace(&mut self.now, now);
        for worker in &mut self.workers {
            worker.next_tick = now + worker.next_tick.since(old);
            for (at, ..) in &mut worker.calls {
                *at = now + at.since(old);
            }
        }
    }

    fn handle(&mut self, number: usize, call: Option<CallId>) {
        let now = self.now;
        let Worker { store, polled, calls, next_tick, .. } = &mut self.workers[number];
        let mut told = Told::default();
        match call {
            Some(id) => {
                let at = calls.iter().position(|(_, call, _)| *call == id).unwrap();
                let (_, id, result) = calls.remove(at);
                polled.end(store, id, result, now, &mut told);
            }
            None => {
                let shared = &mut self.shared;
                polled.look_around(&mut Turn { store, now, shared, told: &mut told });
            }
        }
        let shared = &mut self.shared;
        polled.pursue(&mut Turn { store, now, shared, told: &mut told });
        let period =
            if polled.is_busy() { Duration::from_millis(10) } else { Duration::from_secs(1) };
        *next_tick = match call {
            None => now + period,
            Some(_) => (*next_tick).min(now + period),
        };
        for effect in told.effects {
            match effect {
                Effect::Call(id, call) => {
                    let answer = self.server.answer(&call, now);
                    calls.push((now + self.server.latency, id, answer));
                }
                Effect::Log(notice) => self.log.push(notice.to_string()),
                other => panic!("{other:?}"),
            }
        }
        self.most_calls = self.most_calls.max(calls.len());
        self.outcomes.extend(told.outcomes);
    }
}
