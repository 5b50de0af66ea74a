//! See `tenantgate_fuzz::store_index`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::store_index::run(data));
