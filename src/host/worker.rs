//! What the root context shares with its streams in one worker.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::abi;
use super::connection::HostConnection;
use super::perform::{apply, conceal, edit};
use super::signatures::HostSignatures;
use crate::gateway::{Gateway, Outcome, PRIVATE, StreamId};
use crate::message::{RequestHead, parse_pairs};

/// What a stream puts into the queue of its own root context. What other root contexts put there is longer.
pub(super) const WAKE: &[u8] = b"w";

/// One configuration at work in one worker.
pub(super) struct Worker {
    pub(super) gateway: RefCell<Gateway>,
    pub(super) signatures: HostSignatures,
    /// The queue that wakes the root context; `None` where the host has no queues.
    pub(super) queue: Option<u32>,
    /// Whether a stream sped the timer up, for want of a queue.
    pub(super) hurried: Cell<bool>,
}

/// What a stream does after its header has been decided.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Course {
    Forwarded,
    Refused,
    Waits,
    /// Forwarded, and the status of its answer is to be told.
    Watched,
}

impl Worker {
    /// Decides the request of the current stream from its header.
    pub(super) fn request(&self, stream: StreamId, end_of_stream: bool) -> Course {
        let outcome = self.decide(stream, end_of_stream);
        match outcome {
            Some(Outcome::Wait { wake, edits }) => {
                if wake {
                    self.wake();
                }
                if edit(&edits).is_ok() {
                    return Course::Waits;
                }
                self.forget(stream);
                edits.iter().for_each(conceal);
                super::perform::refuse_broken();
                Course::Refused
            }
            Some(Outcome::Forward(forwarded)) if forwarded.is_watched => {
                match apply(&Outcome::Forward(forwarded)) {
                    Course::Forwarded => Course::Watched,
                    course @ (Course::Refused | Course::Waits | Course::Watched) => {
                        self.unwatch(stream);
                        course
                    }
                }
            }
            Some(outcome @ (Outcome::Forward(_) | Outcome::Refuse(_))) => apply(&outcome),
            None => {
                super::perform::refuse_broken();
                Course::Refused
            }
        }
    }

    /// `None` when the host does not give what a decision needs, or calls back within a callback.
    fn decide(&self, stream: StreamId, end_of_stream: bool) -> Option<Outcome> {
        let now = abi::now().ok()?;
        let pairs = abi::header_pairs(abi::Map::Request).ok()?;
        let head = RequestHead::new(parse_pairs(&pairs)?).with_connection(&HostConnection);
        let head = head.ending(end_of_stream);
        let mut gateway = self.gateway.try_borrow_mut().ok()?;
        Some(gateway.request(stream, &head, now, &self.signatures))
    }

    /// Looks at the answer of the current stream's upstream, if it is to be looked at.
    pub(super) fn response(&self, stream: StreamId) -> Course {
        let Ok(mut gateway) = self.gateway.try_borrow_mut() else { return Course::Forwarded };
        if !gateway.is_watched(stream) {
            return Course::Forwarded;
        }
        let verdict = gateway.answered(stream, &|name| abi::response_header(name).ok());
        drop(gateway);
        if verdict.wake {
            self.wake();
        }
        if let Some(refused) = verdict.replaced {
            return apply(&Outcome::Refuse(refused));
        }
        // A cookie never goes on with an answer that others may be given.
        let is_private =
            !verdict.is_made_private || abi::set_response_header("cache-control", PRIVATE).is_ok();
        if let Some(cookie) = verdict.cookie.filter(|_| is_private) {
            let _not_logged_in = abi::add_response_header("set-cookie", cookie.expose());
        }
        Course::Forwarded
    }

    /// The stream has ended, and may have waited.
    pub(super) fn forget(&self, stream: StreamId) {
        if let Ok(mut gateway) = self.gateway.try_borrow_mut() {
            gateway.forget(stream);
        }
    }

    /// The stream has ended: the status of its answer will not be told any more.
    pub(super) fn unwatch(&self, stream: StreamId) {
        if let Ok(mut gateway) = self.gateway.try_borrow_mut() {
            gateway.unwatch(stream);
        }
    }

    /// Wakes the root context: by its queue, else by a short tick.
    fn wake(&self) {
        let is_queued = self.queue.is_some_and(|queue| abi::enqueue(queue, WAKE).is_ok());
        if !is_queued && abi::set_tick_period(Duration::from_millis(1)).is_ok() {
            self.hurried.set(true);
        }
    }
}
