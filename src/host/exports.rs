//! The names under which the host finds its callbacks. `scripts/exports.txt` lists them.

#![allow(
    unsafe_code,
    reason = "the ABI needs unmangled names, and whoever exports `_initialize` runs the constructors"
)]

use super::callbacks::{self, Action};

unsafe extern "C" {
    /// The linker makes it: the start of the standard library.
    fn __wasm_call_ctors();
}

#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    // SAFETY: the host calls this once, before anything else.
    unsafe { __wasm_call_ctors() };
    callbacks::start();
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    callbacks::allocate(size)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(_context: u32, _size: usize) -> bool {
    true
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(context: u32, _size: usize) -> bool {
    callbacks::on_configure(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(context: u32) {
    callbacks::on_tick(context);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_queue_ready(context: u32, queue: u32) {
    callbacks::on_queue_ready(context, queue);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(
    context: u32,
    token: u32,
    header_count: usize,
    body_size: usize,
    _trailer_count: usize,
) {
    callbacks::on_http_call_response(context, token, header_count, body_size);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    callbacks::on_context_create(context, root);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: usize, end_of_stream: u32) -> Action {
    callbacks::on_request_headers(context, end_of_stream != 0)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(
    context: u32,
    _count: usize,
    _end_of_stream: u32,
) -> Action {
    callbacks::on_response_headers(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    callbacks::on_delete(context);
}
