//! The floor of the benchmark: what any Wasm filter costs, before it does anything useful.
//!
//! Its configuration is the name of the one header that it reads of each request; without a configuration it reads
//! none. A request whose header has the value of [`REFUSED`] is refused with 403, so that the benchmark sees that it is read.
//!
//! `scripts/floor.sh` builds it, with the exports that it needs. Nothing of it is in `tenantgate.wasm`.

#![cfg(target_os = "wasi")]

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

// The host looks these names up; nothing in Rust calls them.
#[allow(unsafe_code, reason = "the ABI needs an unmangled `_initialize`")]
mod entry {
    use std::rc::Rc;

    use proxy_wasm::traits::RootContext;

    use super::Root;

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> {
            Box::new(Root { header: Rc::from("") })
        });
    }}
}

struct Root {
    header: Rc<str>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let name = self.get_plugin_configuration().unwrap_or_default();
        self.header = Rc::from(String::from_utf8_lossy(&name));
        true
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(if self.header.is_empty() {
            Box::new(Nothing)
        } else {
            Box::new(OneHeader { name: Rc::clone(&self.header) })
        })
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// A request that nothing is done with.
struct Nothing;

impl Context for Nothing {}

impl HttpContext for Nothing {
    fn on_http_request_headers(&mut self, _count: usize, _is_last: bool) -> Action {
        Action::Continue
    }
}

/// A request of which one header is read.
struct OneHeader {
    name: Rc<str>,
}

impl Context for OneHeader {}

impl HttpContext for OneHeader {
    fn on_http_request_headers(&mut self, _count: usize, _is_last: bool) -> Action {
        if self.get_http_request_header_bytes(&self.name).as_deref() == Some(REFUSED) {
            self.send_http_response(403, Vec::new(), None);
            return Action::Pause;
        }
        Action::Continue
    }
}

/// The value that is refused.
const REFUSED: &[u8] = b"refuse me";
