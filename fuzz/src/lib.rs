//! What each fuzz target does with its input: `run` panics when a promise of the library is broken.
//!
//! `fuzz_targets/` hands these to libFuzzer (`make fuzz`), `tests/corpus.rs` replays the seeds of
//! `corpus/` and every input that was once a finding (`make test`).
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a target reports what it has found"
)]

pub mod application_key_block;
pub mod application_key_document;
pub mod application_key_extraction;
pub mod application_key_session;
pub mod bucket;
pub mod claims;
pub mod configuration;
pub mod grant;
pub mod idaas_import;
pub mod json;
pub mod jwk_set;
pub mod key_board;
mod key_use;
pub mod pairs;
pub mod path;
pub mod private_key;
pub mod routes;
pub mod signature;
pub mod store_index;
pub mod token;
mod world;

/// A target: any bytes in; a panic is a finding.
pub type Run = fn(&[u8]);

/// All targets by the names of their folders in `corpus/`.
pub const TARGETS: [(&str, Run); 19] = [
    ("application_key_block", application_key_block::run),
    ("application_key_document", application_key_document::run),
    ("application_key_extraction", application_key_extraction::run),
    ("application_key_session", application_key_session::run),
    ("bucket", bucket::run),
    ("claims", claims::run),
    ("configuration", configuration::run),
    ("grant", grant::run),
    ("idaas_import", idaas_import::run),
    ("json", json::run),
    ("jwk_set", jwk_set::run),
    ("key_board", key_board::run),
    ("pairs", pairs::run),
    ("path", path::run),
    ("private_key", private_key::run),
    ("routes", routes::run),
    ("signature", signature::run),
    ("store_index", store_index::run),
    ("token", token::run),
];
