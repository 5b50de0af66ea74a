//! Signatures and digests. `verify`, `shared_secret` and `digest` are the only files that name a
//! crypto crate.

mod algorithm;
mod der;
pub mod digest;
pub mod envoy;
mod key;
mod known;
mod modular;
mod rsassa;
mod shared_secret;
#[cfg(not(target_arch = "wasm32"))]
mod slow_power;
mod verify;

pub use self::algorithm::{Algorithm, Curve};
pub use self::digest::Digest;
pub use self::key::{KeyError, KeyMaterial, PublicKey, Thumbprint};
pub use self::shared_secret::SharedSecret;
#[cfg(not(target_arch = "wasm32"))]
pub use self::verify::WideVerifier;
#[cfg(test)]
pub(crate) use self::verify::signing;
pub use self::verify::{SignatureVerifier, SoftwareVerifier, Verdict};
