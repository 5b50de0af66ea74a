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

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

// The host looks these names up; nothing in Rust calls them.
#[allow(unsafe_code, reason = "the ABI needs an unmangled `_initialize`")]
mod entry {
    use proxy_wasm::traits::RootContext;
    use proxy_wasm::types::LogLevel;

    use super::FragileRoot;

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Info);
        proxy_wasm::set_root_context(|id| -> Box<dyn RootContext> {
            Box::new(FragileRoot::new(id))
        });
    }}
}

/// The filter's root context, and what its streams were told.
struct FragileRoot {
    root: Box<dyn RootContext>,
    vm: Rc<Vm>,
}

/// One VM.
struct Vm {
    number: u64,
    traps_at_answer: Cell<bool>,
}

impl FragileRoot {
    fn new(id: u32) -> Self {
        let number = RandomState::new().hash_one(id);
        let vm = Rc::new(Vm { number, traps_at_answer: Cell::new(false) });
        Self { root: tenantgate::host::root(id), vm }
    }
}

impl Context for FragileRoot {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, trailers: usize) {
        if self.vm.traps_at_answer.get() {
            panic!("trapped at the answer to a call, as told");
        }
        self.root.on_http_call_response(token, headers, body, trailers);
    }
}

impl RootContext for FragileRoot {
    fn on_vm_start(&mut self, size: usize) -> bool {
        self.root.on_vm_start(size)
    }

    fn on_configure(&mut self, size: usize) -> bool {
        self.root.on_configure(size)
    }

    fn on_tick(&mut self) {
        self.root.on_tick();
    }

    fn on_queue_ready(&mut self, queue: u32) {
        self.root.on_queue_ready(queue);
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        let stream = self.root.create_http_context(id)?;
        Some(Box::new(FragileStream { stream, vm: Rc::clone(&self.vm) }))
    }

    fn get_type(&self) -> Option<ContextType> {
        self.root.get_type()
    }
}

/// One request.
struct FragileStream {
    stream: Box<dyn HttpContext>,
    vm: Rc<Vm>,
}

impl Context for FragileStream {}

impl HttpContext for FragileStream {
    fn on_http_request_headers(&mut self, count: usize, is_last: bool) -> Action {
        match self.get_http_request_header("x-fragile").as_deref() {
            None => return self.stream.on_http_request_headers(count, is_last),
            Some("who") => {}
            Some("trap-at-answer") => self.vm.traps_at_answer.set(true),
            Some(_) => panic!("trapped in a request, as told"),
        }
        let number = format!("{:016x}", self.vm.number);
        self.send_http_response(200, Vec::new(), Some(number.as_bytes()));
        Action::Pause
    }
}
