//! Byte-only wrappers of the host's functions. The only raw hostcalls and, but for the names of the callbacks, the only
//! `unsafe` code.
//!
//! The wrappers of the proxy-wasm SDK panic on a status that they do not expect, and on header bytes that are
//! not UTF-8; a panic is an outage of the worker. Here every status but "ok" is an error value.

#![allow(
    unsafe_code,
    reason = "this is the host shim: foreign functions and buffers they allocate"
)]

use std::ptr::null_mut;
use std::time::Duration;

use super::imports::{
    proxy_add_header_map_value, proxy_call_foreign_function, proxy_continue_stream,
    proxy_define_metric, proxy_dequeue_shared_queue, proxy_enqueue_shared_queue,
    proxy_get_buffer_bytes, proxy_get_current_time_nanoseconds, proxy_get_header_map_pairs,
    proxy_get_header_map_value, proxy_get_property, proxy_get_shared_data, proxy_http_call,
    proxy_increment_metric, proxy_log, proxy_register_shared_queue, proxy_remove_header_map_value,
    proxy_replace_header_map_value, proxy_send_local_response, proxy_set_effective_context,
    proxy_set_property, proxy_set_shared_data, proxy_set_tick_period_milliseconds, random_get,
};
use crate::message::write_pairs;
use crate::telemetry::{Level, MetricKind};
use crate::time::Timestamp;

/// The host did not do it; its status, where it gave one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct HostError(pub(super) u32);

/// The header maps that are read or changed.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Map {
    Request = 0,
    Response = 2,
    CallResponse = 6,
}

/// The buffers that are read.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Buffer {
    CallResponseBody = 4,
    PluginConfiguration = 7,
}

/// The host does not know what it was asked for: in a call, its cluster.
pub(super) const BAD_ARGUMENT: HostError = HostError(2);

/// The host refused a write because the counter has moved on.
pub(super) const CAS_MISMATCH: HostError = HostError(8);

/// A function that puts a field into a header map.
type Put = unsafe extern "C" fn(u32, *const u8, usize, *const u8, usize) -> u32;

/// The time, in whole milliseconds.
pub(super) fn now() -> Result<Timestamp, HostError> {
    let mut nanoseconds = 0;
    // SAFETY: the pointer is valid for one u64 during the call.
    check(unsafe { proxy_get_current_time_nanoseconds(&mut nanoseconds) })?;
    Ok(Timestamp::from_millis(nanoseconds / 1_000_000))
}

/// 16 random bytes of the host's cryptographic generator.
pub(super) fn random() -> Result<[u8; 16], HostError> {
    let mut bytes = [0; 16];
    // SAFETY: the pointer is valid for as many bytes during the call.
    check(unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) })?;
    Ok(bytes)
}

/// A header map in serialized form. An error when there is none in this callback.
pub(super) fn header_pairs(map: Map) -> Result<Vec<u8>, HostError> {
    // SAFETY: see `returned`.
    returned(|data, size| unsafe { proxy_get_header_map_pairs(map as u32, data, size) })
}

/// The first value of a field of the answer of the current stream's upstream; an error if it has none.
pub(super) fn response_header(name: &'static str) -> Result<Vec<u8>, HostError> {
    // SAFETY: the name is valid during the call; else see `returned`.
    returned(|data, size| unsafe {
        proxy_get_header_map_value(Map::Response as u32, name.as_ptr(), name.len(), data, size)
    })
}

/// Replaces all fields of a name in the answer's header by one.
pub(super) fn set_response_header(name: &'static str, value: &[u8]) -> Result<(), HostError> {
    put(proxy_replace_header_map_value, Map::Response, name, value)
}

/// Adds a field to the answer's header, beside those of the same name.
pub(super) fn add_response_header(name: &'static str, value: &[u8]) -> Result<(), HostError> {
    put(proxy_add_header_map_value, Map::Response, name, value)
}

/// Adds a field to the request's header. There must be none of its name.
pub(super) fn add_request_header(name: &str, value: &[u8]) -> Result<(), HostError> {
    put(proxy_add_header_map_value, Map::Request, name, value)
}

/// Replaces all fields of a name in the request's header by one.
pub(super) fn set_request_header(name: &str, value: &[u8]) -> Result<(), HostError> {
    put(proxy_replace_header_map_value, Map::Request, name, value)
}

fn put(call: Put, map: Map, name: &str, value: &[u8]) -> Result<(), HostError> {
    let (name, name_size) = (name.as_ptr(), name.len());
    // SAFETY: both slices are valid during the call; the host copies them.
    check(unsafe { call(map as u32, name, name_size, value.as_ptr(), value.len()) })
}

/// Removes all fields of a name from the request's header.
pub(super) fn remove_request_header(name: &[u8]) -> Result<(), HostError> {
    // SAFETY: the slice is valid during the call; the host copies it.
    check(unsafe { proxy_remove_header_map_value(Map::Request as u32, name.as_ptr(), name.len()) })
}

/// Lets a paused request go on. The request's header is out of reach afterwards.
pub(super) fn resume_request() -> Result<(), HostError> {
    const REQUEST: u32 = 0;
    // SAFETY: no pointers.
    check(unsafe { proxy_continue_stream(REQUEST) })
}

/// Answers the selected stream's request. `details` is a word for the access log.
pub(super) fn send_local_response(
    status: u16,
    details: &str,
    headers: &[u8],
    body: &[u8],
    grpc_status: Option<u32>,
) -> Result<(), HostError> {
    let grpc_status = grpc_status.and_then(|status| i32::try_from(status).ok()).unwrap_or(-1);
    // SAFETY: all slices are valid during the call; the host copies them.
    check(unsafe {
        proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status,
        )
    })
}

/// Selects the stream (or root) that the following calls act on. An error when it is gone: then
/// the one selected before still is, and nothing may be done.
pub(super) fn select(context: u32) -> Result<(), HostError> {
    // SAFETY: no pointers.
    check(unsafe { proxy_set_effective_context(context) })
}

/// A buffer of the host, from its start, at most `limit` bytes.
pub(super) fn buffer(buffer: Buffer, limit: usize) -> Result<Vec<u8>, HostError> {
    // SAFETY: see `returned`.
    returned(|data, size| unsafe { proxy_get_buffer_bytes(buffer as u32, 0, limit, data, size) })
}

/// A property of the host, by its name.
pub(super) fn property(name: &str) -> Result<Vec<u8>, HostError> {
    // SAFETY: the name is valid during the call; else see `returned`.
    returned(|data, size| unsafe { proxy_get_property(name.as_ptr(), name.len(), data, size) })
}

/// Sets filter state `wasm.<name>` of the selected stream.
pub(super) fn set_filter_state(name: &str, value: &str) -> Result<(), HostError> {
    // SAFETY: both slices are valid during the call; the host copies them.
    check(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// A value of the shared data with its counter.
pub(super) fn shared_data(key: &str) -> Result<(Vec<u8>, u32), HostError> {
    let mut cas = 0;
    // SAFETY: the key is valid during the call, `cas` for one u32; else see `returned`.
    let value = returned(|data, size| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &mut cas)
    })?;
    Ok((value, cas))
}

/// Whether the host has shared data. One that has it says at least that a key is missing.
pub(super) fn has_shared_data() -> bool {
    const NOT_FOUND: HostError = HostError(1);
    match shared_data("tenantgate/2/probe") {
        Ok(_) => true,
        Err(error) => error == NOT_FOUND,
    }
}

/// Writes a value of the shared data if its counter still is `cas`.
pub(super) fn set_shared_data(key: &str, value: &[u8], cas: u32) -> Result<(), HostError> {
    // SAFETY: both slices are valid during the call; the host copies them.
    check(unsafe {
        proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas)
    })
}

/// Registers a queue whose items wake this root context.
pub(super) fn register_queue(name: &str) -> Result<u32, HostError> {
    let mut queue = 0;
    // SAFETY: the name is valid during the call, `queue` for one u32.
    check(unsafe { proxy_register_shared_queue(name.as_ptr(), name.len(), &mut queue) })?;
    Ok(queue)
}

/// Puts an item into a queue.
pub(super) fn enqueue(queue: u32, item: &[u8]) -> Result<(), HostError> {
    // SAFETY: the item is valid during the call.
    check(unsafe { proxy_enqueue_shared_queue(queue, item.as_ptr(), item.len()) })
}

/// Takes an item out of a queue; an error when it is empty.
pub(super) fn dequeue(queue: u32) -> Result<Vec<u8>, HostError> {
    // SAFETY: see `returned`.
    returned(|data, size| unsafe { proxy_dequeue_shared_queue(queue, data, size) })
}

/// Sets the period of the root context's timer.
pub(super) fn set_tick_period(period: Duration) -> Result<(), HostError> {
    // SAFETY: no pointers.
    check(unsafe { proxy_set_tick_period_milliseconds(milliseconds(period)) })
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Writes a line to the log. Nothing can be done where that fails.
pub(super) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Info => 2,
        Level::Warn => 3,
        Level::Error => 4,
    };
    write_line(level, message);
}

/// Writes the line of a VM that is about to stop.
pub(super) fn log_last_words(message: &str) {
    const CRITICAL: u32 = 5;
    write_line(CRITICAL, message);
}

fn write_line(level: u32, message: &str) {
    // SAFETY: the message is valid during the call; the host copies it.
    let _status = unsafe { proxy_log(level, message.as_ptr(), message.len()) };
}

/// Defines a metric, or finds it if it is defined already.
pub(super) fn define_metric(kind: MetricKind, name: &str) -> Result<u32, HostError> {
    let kind = match kind {
        MetricKind::Counter => 0,
        MetricKind::Gauge => 1,
    };
    let mut metric = 0;
    // SAFETY: the name is valid during the call, `metric` for one u32.
    check(unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &mut metric) })?;
    Ok(metric)
}

/// Moves a metric; a counter only up.
pub(super) fn move_metric(metric: u32, step: i64) -> Result<(), HostError> {
    // SAFETY: no pointers.
    check(unsafe { proxy_increment_metric(metric, step) })
}

/// Calls a function that only some hosts have.
pub(super) fn call_foreign_function(name: &str, argument: &[u8]) -> Result<Vec<u8>, HostError> {
    // SAFETY: both slices are valid during the call; else see `returned`.
    returned(|data, size| unsafe {
        proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            argument.as_ptr(),
            argument.len(),
            data,
            size,
        )
    })
}

/// Sends a call without trailers and gives the host's token for it.
pub(super) fn http_call(
    cluster: &str,
    headers: &[u8],
    body: &[u8],
    timeout: Duration,
) -> Result<u32, HostError> {
    let trailers = write_pairs([]);
    let mut token = 0;
    // SAFETY: all slices are valid during the call, `token` for one u32; the host copies them.
    check(unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            milliseconds(timeout),
            &mut token,
        )
    })?;
    Ok(token)
}

/// Runs a hostcall that gives a buffer, and takes the buffer over. No buffer counts as an empty one.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, HostError> {
    let mut data: *mut u8 = null_mut();
    let mut size = 0;
    check(call(&mut data, &mut size))?;
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the host allocated exactly `size` bytes by our own `proxy_on_memory_allocate`, which
    // makes a boxed slice of that length, and has given them up.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

const fn check(status: u32) -> Result<(), HostError> {
    if status == 0 { Ok(()) } else { Err(HostError(status)) }
}
