//! See `tenantgate_fuzz::bucket`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::bucket::run(data));
