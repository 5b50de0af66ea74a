//! The stream context: one request.

use std::cell::Cell;
use std::rc::Rc;

use super::worker::{Course, Worker};
use crate::gateway::StreamId;

/// One request of one worker. It keeps to the configuration that it began with.
pub(super) struct Stream {
    worker: Rc<Worker>,
    has_waited: Cell<bool>,
    /// Whether the status of its answer may have to be told.
    is_watched: Cell<bool>,
}

impl Stream {
    /// A request that nothing was decided of.
    pub(super) const fn new(worker: Rc<Worker>) -> Self {
        Self { worker, has_waited: Cell::new(false), is_watched: Cell::new(false) }
    }

    /// Who decides it.
    pub(super) fn worker(&self) -> Rc<Worker> {
        Rc::clone(&self.worker)
    }

    /// Remembers what it takes to end this request.
    pub(super) fn note(&self, course: Course) {
        match course {
            Course::Forwarded | Course::Refused => {}
            Course::Waits => {
                self.has_waited.set(true);
                // Nobody tells this stream what becomes of it then.
                self.is_watched.set(true);
            }
            Course::Watched => self.is_watched.set(true),
        }
    }

    /// Who looks at its answer, once; `None` for most: their answers cost nothing more.
    pub(super) fn take_watcher(&self) -> Option<Rc<Worker>> {
        self.is_watched.take().then(|| self.worker())
    }

    /// A client that goes while its request waits must not be looked for later.
    pub(super) fn end(self, id: StreamId) {
        if self.has_waited.get() {
            self.worker.forget(id);
        } else if self.is_watched.get() {
            self.worker.unwatch(id);
        }
    }
}
