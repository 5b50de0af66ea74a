//! Signatures and digests. `verify` and `digest` are the only files that name a crypto crate.

pub mod digest;
pub mod envoy;
mod key;
mod verify;

pub use self::digest::Digest;
pub use self::key::{KeyError, KeyMaterial, PublicKey, Thumbprint};
#[cfg(test)]
pub(crate) use self::verify::signing;
pub use self::verify::{SignatureVerifier, SoftwareVerifier, Verdict};

/// A signature algorithm of RFC 7518 §3.1. `none` and unknown names have no variant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Es256, Self::Rs256];

    /// The name as it stands in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of a name, compared exactly.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}
