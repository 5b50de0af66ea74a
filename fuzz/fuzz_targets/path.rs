//! See `tenantgate_fuzz::path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::path::run(data));
