//! Signatures and tokens that others made, and what is expected of each.
//!
//! They are judged natively and in Node (`signature_vectors`, `jwt_vectors`), and in Envoy by the host's
//! function and by the Rust code there (`e2e`, which asks `examples/judge`).

pub mod question;
pub mod signatures;
pub mod tokens;
pub mod usual;
