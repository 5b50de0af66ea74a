//! The proxy-wasm side of the filter: its callbacks, its root contexts, its streams.
//!
//! Only this module knows proxy-wasm. It turns host callbacks into the core's events and the
//! core's effects into host calls, and decides nothing: where the host fails, a request is refused.

mod abi;
#[cfg(not(feature = "library"))]
mod callbacks;
// For a module that exports callbacks of its own.
#[cfg(feature = "library")]
pub mod callbacks;
mod calls;
mod connection;
#[cfg(not(feature = "library"))]
mod exports;
mod imports;
mod metrics;
mod perform;
mod random;
mod root;
mod shared;
mod signatures;
mod stream;
mod worker;
