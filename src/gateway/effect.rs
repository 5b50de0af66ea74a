//! All traffic between the gateway and its host, as plain data.

use std::rc::Rc;
use std::sync::Arc;

use super::filter_state::FilterState;
use super::room::Kept;
use crate::message::{CallFailure, CallResponse, HeaderEdits, HeaderValue, HttpCall, Reply};
use crate::problem::Protocol;
use crate::telemetry::{Metric, Notice};
use crate::time::Timestamp;

/// One request, by the host's number of its stream.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StreamId(pub u32);

/// One outgoing call, by our number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CallId(pub u64);

/// Something that happened to the root context.
#[derive(Debug)]
pub enum Event {
    /// Another root context asks this one, as it serves no requests: what stands in [`Effect::Ask`].
    Asked(Vec<u8>),
    /// A call ended, well or not.
    CallEnded(CallId, Result<CallResponse, CallFailure>),
    /// The timer fired.
    Tick,
    /// A request of this worker waits for something.
    Woken,
}

/// Something for the host to do.
#[derive(Debug)]
pub enum Effect {
    /// Answer a waiting request.
    Answer(StreamId, Refused),
    /// Ask another root context, which gets it as [`Event::Asked`]. It may be gone.
    Ask {
        /// The queue that wakes it.
        queue: u32,
        /// What is asked for.
        wish: Vec<u8>,
    },
    /// Send a call. A call that cannot be sent comes back as [`Event::CallEnded`].
    Call(CallId, HttpCall),
    /// Write a line to the log.
    Log(Notice),
    /// Move metrics by these steps.
    Measure(Vec<(Metric, i64)>),
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It goes on.
    Forward(Forwarded),
    /// It is answered by us.
    Refuse(Refused),
    /// It waits; `wake` says whether the root context must be woken for it.
    Wait {
        /// True for the first of several requests that wait.
        wake: bool,
        /// What is taken out of its head meanwhile. It must not wait with it.
        edits: HeaderEdits,
    },
}

/// What is done to a request that goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forwarded {
    /// The changes of its header.
    pub edits: HeaderEdits,
    /// What is set in filter state. It must not go on without.
    pub state: FilterState,
    /// Whether its answer is to be looked at, by [`super::Gateway::answered`].
    pub is_watched: bool,
}

/// A reply with the exact reason, which is for the log and for filter state only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refused {
    /// What the client sees.
    pub reply: Rc<Reply>,
    /// More fields of its header: those that no log may show.
    pub fields: Vec<(&'static str, HeaderValue)>,
    /// The exact reason as one word.
    pub reason: &'static str,
    /// What is taken out of its head, which proxies log: keys, and tokens of its query.
    pub edits: HeaderEdits,
    /// What is set in filter state.
    pub state: FilterState,
}

/// A request that waits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parked {
    /// Whose request it is.
    pub stream: StreamId,
    /// When it is answered whatever happens.
    pub deadline: Timestamp,
    /// What its client speaks.
    pub protocol: Protocol,
    /// Whether nothing follows its head.
    pub is_whole: bool,
    /// The route on which it waits, for the log.
    pub route: Option<Arc<str>>,
    /// What was taken out of its head.
    pub kept: Option<Rc<Kept>>,
}
