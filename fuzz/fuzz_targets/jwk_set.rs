//! See `tenantgate_fuzz::jwk_set`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::jwk_set::run(data));
