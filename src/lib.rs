//! tenantgate: a proxy-wasm filter that authenticates callers, keeps subtenants on
//! subtenancy-aware routes, and puts technical tokens on requests to upstreams.

pub mod crypto;
pub mod json;
pub mod jwt;
pub mod message;
pub mod policy;
pub mod principal;
pub mod secret;
pub mod shared;
pub mod technical_token;
pub mod telemetry;
pub mod tenancy;
pub mod time;

#[cfg(target_arch = "wasm32")]
mod host;
