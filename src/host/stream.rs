//! The stream context: one request.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::worker::{Course, Worker};
use crate::gateway::StreamId;

/// One request of one worker.
pub(super) struct Stream {
    id: StreamId,
    worker: Rc<Worker>,
    has_waited: bool,
    /// Whether the status of its answer may have to be told.
    is_watched: bool,
}

impl Stream {
    /// The stream that the host numbers `id`.
    pub(super) const fn new(id: u32, worker: Rc<Worker>) -> Self {
        Self { id: StreamId(id), worker, has_waited: false, is_watched: false }
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        match self.worker.request(self.id, end_of_stream) {
            Course::Forwarded => Action::Continue,
            Course::Refused => Action::Pause,
            Course::Waits => {
                self.has_waited = true;
                // Nobody tells this stream what becomes of it then.
                self.is_watched = true;
                Action::Pause
            }
            Course::Watched => {
                self.is_watched = true;
                Action::Continue
            }
        }
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        // Most answers cost nothing more than this callback.
        if !std::mem::replace(&mut self.is_watched, false) {
            return Action::Continue;
        }
        match self.worker.response(self.id) {
            Course::Forwarded | Course::Watched => Action::Continue,
            Course::Refused | Course::Waits => Action::Pause,
        }
    }
}

/// A client that goes while its request waits must not be looked for later.
impl Drop for Stream {
    fn drop(&mut self) {
        if self.has_waited
            && let Ok(mut gateway) = self.worker.gateway.try_borrow_mut()
        {
            gateway.forget(self.id);
        } else if self.is_watched {
            self.worker.unwatch(self.id);
        }
    }
}

/// A stream of a root context that has no configuration: everything is refused.
pub(super) struct Unconfigured;

impl Context for Unconfigured {}

impl HttpContext for Unconfigured {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        super::perform::refuse_broken();
        Action::Pause
    }
}
