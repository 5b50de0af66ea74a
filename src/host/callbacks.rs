//! What the host calls. Its contexts are numbers here, and none of them can stop the worker: a request of a context that
//! nobody knows is refused, and whatever else is told of it has no effect.
//!
//! Several root contexts live side by side in one VM: those of listeners with one `vm_id`, and while a configuration is
//! replaced the old one and the new one. Each stream keeps to the root context that it was created with.

use std::cell::RefCell;
use std::rc::Rc;

use super::abi;
use super::perform::refuse_broken;
use super::root::Root;
use super::stream::Stream;
use super::worker::{Course, Worker};
use crate::gateway::StreamId;
use crate::table::Numbered;

// INVARIANT: neither is borrowed while the host is called. Some hosts call back within a hostcall: the answer that we
// give comes by as if the upstream had given it, and its stream may end with it.
thread_local! {
    static ROOTS: RefCell<Vec<Rc<Root>>> = const { RefCell::new(Vec::new()) };
    static STREAMS: RefCell<Numbered<Stream>> = const { RefCell::new(Numbered::new()) };
}

/// What becomes of a header, as the host reads it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Action {
    /// It goes on.
    Continue = 0,
    /// It stays where it is.
    Pause = 1,
}

/// The first call of a VM.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        // What a message is made of at run time may be part of a request.
        let what = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or_default();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        abi::log_last_words(&format!("panicked at {place}: {what}"));
    }));
}

/// Memory of exactly that many bytes, which the host fills and hands over.
pub fn allocate(size: usize) -> *mut u8 {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
}

/// A root context begins (`root` is 0), or a stream of the root context `root`.
pub fn on_context_create(context: u32, root: u32) {
    if root == 0 {
        begin_root(context);
        return;
    }
    // Without a configuration the stream stays unknown, and so is refused.
    let worker = with_roots(|roots| roots.iter().find(|one| one.id() == root)?.worker());
    let before = with_streams(|streams| match worker {
        Some(worker) => streams.insert(context, Stream::new(worker)),
        None => streams.remove(context),
    });
    if let Some(stream) = before {
        stream.end(StreamId(context));
    }
}

/// A context is over.
pub fn on_delete(context: u32) {
    if let Some(stream) = with_streams(|streams| streams.remove(context)) {
        stream.end(StreamId(context));
        return;
    }
    // Ending a root context calls the host, so it ends out here.
    let _ended = with_roots(|roots| {
        let place = roots.iter().position(|root| root.id() == context)?;
        Some(roots.remove(place))
    });
}

/// The configuration of a root context is there; whether it is valid.
pub fn on_configure(context: u32) -> bool {
    find_root(context).is_some_and(|root| root.configure())
}

/// The timer of a root context fired.
pub fn on_tick(context: u32) {
    if let Some(root) = find_root(context) {
        root.tick();
    }
}

/// A queue of a root context has an item.
pub fn on_queue_ready(context: u32, queue: u32) {
    if let Some(root) = find_root(context) {
        root.read_queue(queue);
    }
}

/// The call with this token, which the root context sent, has ended.
pub fn on_http_call_response(context: u32, token: u32, header_count: usize, body_size: usize) {
    if let Some(root) = find_root(context) {
        root.end_call(token, header_count, body_size);
    }
}

/// A request arrives; with its header it is complete if `is_whole`.
pub fn on_request_headers(context: u32, is_whole: bool) -> Action {
    let worker = with_streams(|streams| streams.get(context).map(Stream::worker));
    let Some(worker) = worker else {
        refuse_broken();
        return Action::Pause;
    };
    let course = worker.request(StreamId(context), is_whole);
    match course {
        Course::Forwarded => Action::Continue,
        Course::Refused => Action::Pause,
        Course::Waits => {
            note(context, &worker, course);
            Action::Pause
        }
        Course::Watched => {
            note(context, &worker, course);
            Action::Continue
        }
    }
}

/// A request is answered, by its upstream or by a filter. An answer for a stream that nobody knows goes on: its request
/// never did.
pub fn on_response_headers(context: u32) -> Action {
    let watcher = with_streams(|streams| streams.get(context)?.take_watcher());
    match watcher.map(|worker| worker.response(StreamId(context))) {
        None | Some(Course::Forwarded | Course::Watched) => Action::Continue,
        Some(Course::Refused | Course::Waits) => Action::Pause,
    }
}

/// One that is there already stays, with its configuration.
#[cold]
#[inline(never)]
fn begin_root(id: u32) {
    if find_root(id).is_none() {
        with_roots(|roots| roots.push(Rc::new(Root::new(id))));
    }
}

fn note(context: u32, worker: &Worker, course: Course) {
    let noted = with_streams(|streams| {
        streams.get(context)?.note(course);
        Some(())
    });
    if noted.is_none() {
        // It ended while it was decided.
        worker.forget(StreamId(context));
    }
}

fn find_root(id: u32) -> Option<Rc<Root>> {
    with_roots(|roots| roots.iter().find(|root| root.id() == id).map(Rc::clone))
}

fn with_roots<T: Default>(act: impl FnOnce(&mut Vec<Rc<Root>>) -> T) -> T {
    ROOTS.with(|roots| roots.try_borrow_mut().map(|mut roots| act(&mut roots)).unwrap_or_default())
}

fn with_streams<T>(act: impl FnOnce(&mut Numbered<Stream>) -> Option<T>) -> Option<T> {
    STREAMS.with(|streams| act(&mut *streams.try_borrow_mut().ok()?))
}
