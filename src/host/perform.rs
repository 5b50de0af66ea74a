//! Performing outcomes and effects: host calls in the right order, and nothing else.

use std::time::Duration;

use super::abi;
use super::calls::Calls;
use super::connection::HostConnection;
use super::metrics::Metrics;
use super::shared::HostShared;
use super::signatures::HostSignatures;
use super::worker::Course;
use crate::crypto::SignatureVerifier;
use crate::gateway::{CallId, Decision, FilterState, Host, Outcome, Refused, StateKey, StreamId};
use crate::message::{
    CallFailure, HeaderEdit, HeaderEdits, HeaderValue, HttpCall, RequestHead, parse_pairs,
    write_pairs,
};
use crate::shared::SharedData;
use crate::telemetry::{Metric, Notice};

/// Why a request is refused when the host does not do its part.
const HOST_FAILED: &str = "host_failed";

/// Performs what the gateway does for the root context.
pub(super) struct RootHost<'a> {
    pub(super) root: u32,
    pub(super) shared: &'a mut HostShared,
    pub(super) signatures: &'a HostSignatures,
    pub(super) calls: &'a mut Calls,
    pub(super) metrics: &'a mut Metrics,
}

impl Host for RootHost<'_> {
    fn surroundings(&mut self) -> (&mut dyn SharedData, &dyn SignatureVerifier) {
        (self.shared, self.signatures)
    }

    fn send(&mut self, id: CallId, call: &HttpCall) -> Result<(), CallFailure> {
        self.calls.send(id, call)
    }

    fn revisit(
        &mut self,
        stream: StreamId,
        decide: &mut dyn FnMut(&RequestHead<'_>, &dyn SignatureVerifier) -> Outcome,
    ) {
        self.with_stream(stream, || {
            let pairs = abi::header_pairs(abi::Map::Request).ok();
            let fields = pairs.as_deref().and_then(parse_pairs);
            let Some(fields) = fields else {
                refuse_broken();
                return;
            };
            let head = RequestHead::new(fields).with_connection(&HostConnection);
            match decide(&head, self.signatures) {
                Outcome::Wait { .. } => {}
                outcome @ Outcome::Forward(_) => {
                    if apply(&outcome) == Course::Forwarded && abi::resume_request().is_err() {
                        refuse_broken();
                    }
                }
                outcome @ Outcome::Refuse(_) => {
                    apply(&outcome);
                }
            }
        });
    }

    fn ask(&mut self, queue: u32, wish: &[u8]) {
        // Whoever does not answer is not waited for, whatever the reason.
        let _status = abi::enqueue(queue, wish);
    }

    fn answer(&mut self, stream: StreamId, refused: &Refused) {
        self.with_stream(stream, || refuse(refused));
    }

    fn tick_every(&mut self, period: Duration) {
        // Where this fails the timer keeps its period: slower or busier, never wrong.
        let _kept = abi::set_tick_period(period);
    }

    fn log(&mut self, notice: &Notice) {
        abi::log(notice.level(), &notice.to_string());
    }

    fn measure(&mut self, metric: Metric, step: i64) {
        self.metrics.step(metric, step);
    }
}

impl RootHost<'_> {
    /// Acts on a stream, then selects the root context again. `None`, and nothing done, when the
    /// stream is gone.
    fn with_stream<T>(&self, stream: StreamId, act: impl FnOnce() -> T) -> Option<T> {
        abi::select(stream.0).ok()?;
        let done = act();
        let _reset_by_host = abi::select(self.root);
        Some(done)
    }
}

/// Performs an outcome on the selected stream, all but resuming it. A change that the host does
/// not make turns into a refusal: a request never goes on with a header that must not be there.
pub(super) fn apply(outcome: &Outcome) -> Course {
    match outcome {
        Outcome::Forward(forwarded) => {
            if edit(&forwarded.edits).is_ok() && note(&forwarded.state).is_ok() {
                Course::Forwarded
            } else {
                forwarded.edits.iter().for_each(conceal);
                refuse_broken();
                Course::Refused
            }
        }
        Outcome::Refuse(refused) => {
            refuse(refused);
            Course::Refused
        }
        Outcome::Wait { .. } => Course::Waits,
    }
}

/// Answers the selected stream's request when the host did not give what a decision needs.
pub(super) fn refuse_broken() {
    for (key, value) in
        [(StateKey::Decision, Decision::Deny.word()), (StateKey::Reason, HOST_FAILED)]
    {
        let _status = abi::set_filter_state(key.name(), value);
    }
    // Where even this fails, the request stays paused until the proxy's own idle timeout.
    let _status = abi::send_local_response(500, "tenantgate_host_failed", &[], &[], None);
}

fn note(state: &FilterState) -> Result<(), abi::HostError> {
    state.iter().try_for_each(|(key, value)| abi::set_filter_state(key.name(), value))
}

pub(super) fn edit(edits: &HeaderEdits) -> Result<(), abi::HostError> {
    for edit in edits {
        match edit {
            HeaderEdit::Add(name, value) => {
                abi::add_request_header(name.as_str(), value.expose())?;
            }
            HeaderEdit::Reduce(reduced) => {
                abi::set_request_header(reduced.name(), reduced.expose())?;
            }
            HeaderEdit::Remove(name) => abi::remove_request_header(name)?,
            HeaderEdit::Set(name, value) => {
                abi::set_request_header(name.as_str(), value.expose())?;
            }
        }
    }
    Ok(())
}

/// Takes keys and tokens out of the head that the proxy logs. Where it keeps them, its log has them: no reason
/// to leave the client without an answer.
pub(super) fn conceal(edit: &HeaderEdit) {
    let _status = match edit {
        HeaderEdit::Reduce(reduced) => abi::set_request_header(reduced.name(), reduced.expose()),
        HeaderEdit::Remove(name) => abi::remove_request_header(name),
        // Nothing is to be told to whoever reads the log of a request that goes nowhere.
        HeaderEdit::Add(..) | HeaderEdit::Set(..) => Ok(()),
    };
}

fn refuse<'r>(refused: &'r Refused) {
    refused.edits.iter().for_each(conceal);
    // It is for the access log; a request is refused with or without it.
    let _status = note(&refused.state);
    let reply = &refused.reply;
    let more = |(name, value): &'r (&'static str, HeaderValue)| {
        Some((*name, std::str::from_utf8(value.expose()).ok()?))
    };
    let together;
    let headers = match refused.fields.as_slice() {
        [] => reply.pairs(),
        fields => {
            let own = reply.headers.iter().map(|(name, value)| (*name, value.as_str()));
            together = write_pairs(own.chain(fields.iter().filter_map(more)));
            &together
        }
    };
    let details = refused.reason;
    let sent =
        abi::send_local_response(reply.status, details, headers, &reply.body, reply.grpc_status);
    if sent.is_err() {
        let _status = abi::send_local_response(reply.status, details, &[], &[], None);
    }
}
