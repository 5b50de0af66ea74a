//! See `tenantgate_fuzz::idaas_import`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenantgate_fuzz::idaas_import::run(data));
