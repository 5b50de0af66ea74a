//! The loop between the gateway and its host. It is the same in Envoy and in the simulated world
//! of the tests, so that the order in which waiting requests are selected, edited and resumed is
//! tested without a proxy.

use std::collections::VecDeque;
use std::time::Duration;

use super::{CallId, Effect, Event, Gateway, Outcome, Refused, StreamId};
use crate::crypto::SignatureVerifier;
use crate::message::{CallFailure, HttpCall, RequestHead};
use crate::shared::SharedData;
use crate::telemetry::{Metric, Notice};
use crate::time::Timestamp;

/// What a host does for the root context. Every method acts at once and reports what the gateway
/// must know; none decides anything.
pub trait Host {
    /// What answers at once: the data that all workers share, and what computes signatures.
    fn surroundings(&mut self) -> (&mut dyn SharedData, &dyn SignatureVerifier);

    /// Sends a call, whose end comes back later as [`Event::CallEnded`].
    ///
    /// # Errors
    /// [`CallFailure`] when the host refuses it at once; then nothing comes back.
    fn send(&mut self, id: CallId, call: &HttpCall) -> Result<(), CallFailure>;

    /// Selects the stream of a waiting request and has it decided by `decide`, then performs the
    /// outcome: edits first, resume last. When the stream is gone nothing is done: acting anyway
    /// would act on the stream that was selected before.
    fn revisit(
        &mut self,
        stream: StreamId,
        decide: &mut dyn FnMut(&RequestHead<'_>, &dyn SignatureVerifier) -> Outcome,
    );

    /// Puts something into the queue that wakes another root context; nothing when that is gone.
    fn ask(&mut self, queue: u32, wish: &[u8]);

    /// Answers a waiting request; nothing when its stream is gone.
    fn answer(&mut self, stream: StreamId, refused: &Refused);

    /// Sets the period of the timer.
    fn tick_every(&mut self, period: Duration);

    /// Writes a line to the log.
    fn log(&mut self, notice: &Notice);

    /// Moves a metric.
    fn measure(&mut self, metric: Metric, step: i64);
}

/// Handles an event and performs all that follows from it, in order.
///
/// One clock reading serves the whole run. A bounded number of waiting requests has its turn, so
/// that no run blocks the worker for long; the rest have theirs on the next tick. The run ends:
/// calls end later, or fail at once and are then held back by their back-off.
pub fn drive(gateway: &mut Gateway, event: Event, now: Timestamp, host: &mut impl Host) {
    perform(gateway, VecDeque::from([event]), now, host);
    let mut wakes = false;
    for parked in gateway.take_turns() {
        host.revisit(parked.stream, &mut |head, signatures| {
            let outcome = gateway.revisit(&parked, head, now, signatures);
            wakes |= matches!(outcome, Outcome::Wait { wake: true, .. });
            outcome
        });
    }
    if wakes {
        perform(gateway, VecDeque::from([Event::Woken]), now, host);
    }
    if let Some(period) = gateway.next_tick() {
        host.tick_every(period);
    }
}

fn perform(
    gateway: &mut Gateway,
    mut events: VecDeque<Event>,
    now: Timestamp,
    host: &mut impl Host,
) {
    while let Some(event) = events.pop_front() {
        let (shared, signatures) = host.surroundings();
        for effect in gateway.handle(event, now, shared, signatures) {
            match effect {
                Effect::Answer(stream, refused) if gateway.conceals() => {
                    host.revisit(stream, &mut |head, _| {
                        let mut outcome = Outcome::Refuse(refused.clone());
                        gateway.conceal(&mut outcome, head);
                        outcome
                    });
                }
                Effect::Answer(stream, refused) => host.answer(stream, &refused),
                Effect::Ask { queue, wish } => host.ask(queue, &wish),
                Effect::Call(id, call) => {
                    if let Err(failure) = host.send(id, &call) {
                        events.push_back(Event::CallEnded(id, Err(failure)));
                    }
                }
                Effect::Log(notice) => host.log(&notice),
                Effect::Measure(steps) => {
                    steps.into_iter().for_each(|(metric, step)| host.measure(metric, step));
                }
            }
        }
    }
}
