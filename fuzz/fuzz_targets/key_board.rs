//! See `tenantgate_fuzz::key_board`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::key_board::run(data));
