//! See `tenantgate_fuzz::application_key_extraction`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::application_key_extraction::run(data));
