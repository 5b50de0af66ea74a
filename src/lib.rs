//! tenantgate: a proxy-wasm filter that authenticates callers, keeps subtenants on
//! subtenancy-aware routes, and puts technical tokens on requests to upstreams.

#[cfg(target_arch = "wasm32")]
mod host;
