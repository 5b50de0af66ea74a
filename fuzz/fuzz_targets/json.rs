//! See `tenantgate_fuzz::json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::json::run(data));
