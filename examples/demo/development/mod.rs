//! Development servers and tools, shared by the demo and the end-to-end tests.
//!
//! Both compile these files as their own module (`#[path]`): the package stays one package, and
//! nothing here can reach the library or the Wasm module.

pub mod caller;
pub mod clock;
pub mod codes;
pub mod envoy;
pub mod fault;
pub mod http_client;
pub mod http_server;
pub mod idaas;
pub mod identity_provider;
pub mod incoming;
pub mod scratch;
pub mod signing_key;
pub mod token_endpoint;
pub mod upstream;
