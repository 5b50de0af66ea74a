//! See `tenantgate_fuzz::pairs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::pairs::run(data));
