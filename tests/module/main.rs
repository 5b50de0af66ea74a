//! The compiled module (`make wasm`) in an interpreter, against a host that is scripted call by call.
//!
//! The host has Envoy's rules where they bite: header maps that are gone after a resume, streams that
//! are gone, compare-and-swap as measured. It panics where the module does what no host forgives.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a scenario that cannot go on has failed"
)]

mod answers;
mod artifact;
mod concealed;
mod configuration;
mod contexts;
mod guest;
mod host;
mod hot_path;
mod imports;
mod key_sets;
mod lost_streams;
mod many_issuers;
mod metrics;
mod poor_hosts;
mod provider;
mod refusals;
mod requests;
mod scene;
mod sessions;
mod shared_map;
mod signatures;
mod upstream_401;
mod verify_signature;
mod vm;
mod waiting;
mod wasi;
mod work;
