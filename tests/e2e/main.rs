//! The filter in a real Envoy, between servers that can be made to fail.
//!
//! `ENVOY` names the Envoy binary and `WASM` the module; `make e2e` sets both. Every scenario has an
//! Envoy, an identity provider and an upstream of its own, on ports that the system chooses.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a scenario that cannot go on has failed"
)]

mod acting;
mod algorithms;
mod api_keys;
mod application_keys;
mod authentication;
mod binding;
mod bootstrap;
mod certificates;
mod chance;
mod client_authentication;
mod configuration;
mod cost;
#[path = "../decision_cases/mod.rs"]
mod decision_cases;
mod decisions;
#[path = "../../examples/demo/development/mod.rs"]
#[allow(dead_code, reason = "the demo uses the rest")]
mod development;
mod discovery;
mod egress;
mod faults;
mod fetching;
mod files;
mod filter;
mod filter_state;
mod flood;
mod hostile;
mod idaas;
mod identity;
mod issuers;
mod judge;
mod key_sets;
mod keys;
mod lab;
mod many_subtenants;
mod noise;
mod oauth2;
mod openid_provider;
mod outage;
mod places;
mod rendered;
mod report_only;
mod requirements;
mod rotating_secret;
mod rotation;
mod slow_signatures;
mod subtenancy;
mod third_party;
mod token_signatures;
mod traps;
mod unsteady;
mod upstream_401;
#[allow(dead_code, reason = "the native tests of vectors use the rest")]
#[path = "../vectors/mod.rs"]
mod vectors;
mod webdriver;
mod witness;
