//! The proxy-wasm side of the filter: entry point, root context, stream context.
//!
//! Only this module knows proxy-wasm. It turns host callbacks into the core's events and the
//! core's effects into host calls, and decides nothing.

use proxy_wasm::traits::{Context, RootContext};
use proxy_wasm::types::LogLevel;

struct Root;

impl Context for Root {}

impl RootContext for Root {}

// The host looks these names up; nothing in Rust calls them.
#[allow(unsafe_code, reason = "the ABI needs an unmangled `_initialize`")]
mod entry {
    use super::{LogLevel, Root, RootContext};

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Info);
        proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Root) });
    }}
}
