//! The filter, for tests alone: as it is shipped, but it traps when a request tells it to.
//!
//! A request without the field `x-fragile` is the filter's own. With it, it is answered or ended here:
//!
//! | `x-fragile` | what happens |
//! | --- | --- |
//! | `who` | 200 with a number that no other VM has |
//! | `trap` | the VM traps, whatever it is about to do |
//! | `trap-at-answer` | 200; the VM traps when the next answer to one of its calls arrives, before the filter sees it |
//!
//! `scripts/fragile.sh` builds it, with the exports of the filter. Nothing of it is in `tenantgate.wasm`.

#![cfg(target_os = "wasi")]
#![allow(clippy::panic, reason = "to trap is what it is for")]

mod exports;
mod host;

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use tenantgate::host::callbacks::{self, Action};

thread_local! {
    /// The number of this VM.
    static NUMBER: u64 = RandomState::new().hash_one(());
    static TRAPS_AT_ANSWER: Cell<bool> = const { Cell::new(false) };
}

fn on_request_headers(context: u32, is_whole: bool) -> Action {
    match host::request_header("x-fragile").as_deref() {
        None => return callbacks::on_request_headers(context, is_whole),
        Some(b"who") => {}
        Some(b"trap-at-answer") => TRAPS_AT_ANSWER.set(true),
        Some(_) => panic!("trapped in a request, as told"),
    }
    host::answer(&NUMBER.with(|number| format!("{number:016x}")));
    Action::Pause
}

fn on_http_call_response(context: u32, token: u32, header_count: usize, body_size: usize) {
    if TRAPS_AT_ANSWER.get() {
        panic!("trapped at the answer to a call, as told");
    }
    callbacks::on_http_call_response(context, token, header_count, body_size);
}
