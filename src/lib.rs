//! tenantgate: a proxy-wasm filter that authenticates callers, keeps subtenants on
//! subtenancy-aware routes, and puts technical tokens on requests to upstreams.
//!
//! The journey of a request, in one pass and without I/O:
//!
//! ```text
//! bytes -> RequestHead -> RequestTarget -> GuardedRoute -> Bearer -> VerifiedToken -> Principal
//!       -> Permit -> technical tokens -> HeaderEdits -> upstream
//! ```
//!
//! What is missing on the way (a key set, a technical token) is fetched by the root context; the request
//! waits, and is decided again from the start. `docs/architecture.md` has the diagrams.

// In Node `#[test]` is wasm-bindgen's; this is the only place that knows.
#[cfg(all(test, target_arch = "wasm32", target_os = "unknown"))]
#[macro_use]
extern crate tenantgate_node_test;

pub mod application_key;
pub mod config;
pub mod credential;
pub mod crypto;
pub mod gateway;
pub mod json;
pub mod jwt;
pub mod message;
pub(crate) mod order;
pub mod policy;
pub mod presets;
pub mod principal;
pub mod problem;
pub mod secret;
pub mod shared;
pub mod sorted;
pub(crate) mod table;
pub mod technical_token;
pub mod telemetry;
pub mod tenancy;
pub mod time;
#[cfg(not(target_arch = "wasm32"))]
pub mod tool;

#[cfg(all(target_os = "wasi", not(feature = "library")))]
mod host;
// For a filter made of this one, which the tests alone build.
#[cfg(all(target_os = "wasi", feature = "library"))]
pub mod host;
