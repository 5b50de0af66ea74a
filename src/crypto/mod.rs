//! Signatures and digests. `verify`, `sign`, `large_curve`, `shared_secret` and `digest` are the only
//! files that name a crypto crate.

mod algorithm;
mod der;
pub mod digest;
pub mod envoy;
mod key;
mod known;
mod large_curve;
mod modular;
mod private_key;
mod random;
mod rsassa;
mod shared_secret;
mod sign;
#[cfg(not(target_arch = "wasm32"))]
mod slow_power;
mod verify;

pub use self::algorithm::{Algorithm, Curve};
pub use self::digest::Digest;
pub use self::key::{KeyError, KeyMaterial, PublicKey, Thumbprint};
pub use self::private_key::{PrivateKey, PrivateKeyError};
pub use self::random::{NoRandom, Random};
pub use self::shared_secret::SharedSecret;
pub use self::sign::{SignError, Signer, SoftwareSigner};
#[cfg(not(target_arch = "wasm32"))]
pub use self::verify::WideVerifier;
#[cfg(test)]
pub(crate) use self::verify::signing;
pub use self::verify::{SignatureVerifier, SoftwareVerifier, Verdict};
