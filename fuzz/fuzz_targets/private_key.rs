//! See `tenantgate_fuzz::private_key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::private_key::run(data));
