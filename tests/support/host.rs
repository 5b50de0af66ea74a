//! The host of one simulated worker.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tenantgate::crypto::{Algorithm, PublicKey, SignatureVerifier, Verdict};
use tenantgate::gateway::{CallId, Host, Outcome, Refused, StreamId};
use tenantgate::message::{CallFailure, Connection, HttpCall, RequestHead};
use tenantgate::shared::SharedData;
use tenantgate::telemetry::{Metric, Notice};
use tenantgate::time::Timestamp;

use super::provider::{Answer, Provider};
use super::{Fate, SharedMap, State, Stream, fate, head, left, state};

pub(super) struct WorkerHost<'w> {
    pub(super) now: Timestamp,
    pub(super) shared: &'w mut SharedMap,
    pub(super) provider: &'w mut Provider,
    pub(super) streams: &'w mut BTreeMap<StreamId, Stream>,
    pub(super) calls: &'w mut BTreeMap<CallId, (Timestamp, Answer)>,
    pub(super) log: &'w mut Vec<String>,
    pub(super) metrics: &'w mut BTreeMap<String, i64>,
    pub(super) source: Option<IpAddr>,
    pub(super) asked: &'w mut Vec<(u32, Vec<u8>)>,
    pub(super) period: Option<Duration>,
    pub(super) turns: &'w mut usize,
}

impl WorkerHost<'_> {
    /// Settles a waiting stream. Doing so twice is a fault that the real host punishes.
    fn settle(&mut self, stream: StreamId, fate: Fate, state: State) {
        let stream = self.streams.get_mut(&stream).expect("a stream that exists");
        assert_eq!(stream.fate, Fate::Waiting, "a stream is settled once");
        assert!(!stream.is_gone, "nothing is done for a client that has gone");
        stream.fate = fate;
        stream.state = state;
        stream.settled = self.now;
    }

    fn is_there(&self, stream: StreamId) -> bool {
        self.streams.get(&stream).is_some_and(|stream| !stream.is_gone)
    }
}

impl Host for WorkerHost<'_> {
    fn surroundings(&mut self) -> (&mut dyn SharedData, &dyn SignatureVerifier) {
        (self.shared, &NoVerifier)
    }

    fn send(&mut self, id: CallId, call: &HttpCall) -> Result<(), CallFailure> {
        let (latency, answer) = self.provider.answer(call, self.now)?;
        let (at, answer) = if latency < call.timeout {
            (self.now + latency, answer)
        } else {
            (self.now + call.timeout, Answer::timeout())
        };
        self.calls.insert(id, (at, answer));
        Ok(())
    }

    fn revisit(
        &mut self,
        stream: StreamId,
        decide: &mut dyn FnMut(&RequestHead<'_>, &dyn SignatureVerifier) -> Outcome,
    ) {
        if !self.is_there(stream) {
            return;
        }
        *self.turns += 1;
        let fields = self.streams[&stream].fields.clone();
        let from = From(self.source);
        let outcome = decide(&head(&fields).with_connection(&from), &NoVerifier);
        let (state, fate) = (left(&outcome), fate(outcome));
        if fate != Fate::Waiting {
            self.settle(stream, fate, state);
        }
    }

    fn ask(&mut self, queue: u32, wish: &[u8]) {
        self.asked.push((queue, wish.to_vec()));
    }

    fn answer(&mut self, stream: StreamId, refused: &Refused) {
        if self.is_there(stream) {
            let fate = Fate::Refused(refused.reply.status, refused.reason);
            self.settle(stream, fate, state(&refused.state));
        }
    }

    fn tick_every(&mut self, period: Duration) {
        self.period = Some(period);
    }

    fn log(&mut self, notice: &Notice) {
        self.log.push(notice.to_string());
    }

    fn measure(&mut self, metric: Metric, step: i64) {
        *self.metrics.entry(metric.name()).or_default() += step;
    }
}

/// A host that computes no signature, so that the gateway does.
pub(super) struct NoVerifier;

impl SignatureVerifier for NoVerifier {
    fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
        Verdict::Unsupported
    }
}

/// A connection from this address.
pub(super) struct From(pub(super) Option<IpAddr>);

impl Connection for From {
    fn certificate_digest(&self) -> Option<[u8; 32]> {
        None
    }

    fn source(&self) -> Option<IpAddr> {
        self.0
    }
}
