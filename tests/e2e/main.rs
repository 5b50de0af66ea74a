//! The filter in a real Envoy, between servers that can be made to fail.
//!
//! `ENVOY` names the Envoy binary and `WASM` the module; `make e2e` sets both. Every scenario has an
//! Envoy, an identity provider and an upstream of its own, on ports that the system chooses.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a scenario that cannot go on has failed"
)]

mod authentication;
mod bootstrap;
mod configuration;
#[path = "../../examples/demo/development/mod.rs"]
#[allow(dead_code, reason = "the demo uses the rest")]
mod development;
mod discovery;
mod egress;
mod faults;
mod fetching;
mod filter;
mod flood;
mod hostile;
mod identity;
mod issuers;
mod key_sets;
mod lab;
mod noise;
mod outage;
mod places;
mod rotation;
mod subtenancy;
