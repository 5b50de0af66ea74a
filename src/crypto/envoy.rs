//! Envoy's foreign function `verify_signature` as bytes.
