//! The proxy-wasm side of the filter: entry point, root context, stream context.
//!
//! Only this module knows proxy-wasm. It turns host callbacks into the core's events and the
//! core's effects into host calls, and decides nothing: where the host fails, a request is refused.

mod abi;
mod connection;
mod imports;
mod metrics;
mod perform;
mod random;
mod root;
mod shared;
mod signatures;
mod stream;
mod worker;

/// The filter's root context, for a module that has an entry point of its own.
#[cfg(feature = "library")]
pub fn root(id: u32) -> Box<dyn proxy_wasm::traits::RootContext> {
    Box::new(root::Root::new(id))
}

// The host looks these names up; nothing in Rust calls them.
#[cfg(not(feature = "library"))]
#[allow(unsafe_code, reason = "the ABI needs an unmangled `_initialize`")]
mod entry {
    use proxy_wasm::traits::RootContext;
    use proxy_wasm::types::LogLevel;

    use super::root::Root;

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Info);
        proxy_wasm::set_root_context(|id| -> Box<dyn RootContext> { Box::new(Root::new(id)) });
    }}
}
