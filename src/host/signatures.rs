//! The host's `verify_signature` (BoringSSL, 4 to 17 times as fast as Rust in Wasm). What it cannot compute,
//! the gateway has computed in Rust.

use super::abi;
use crate::crypto::envoy;
use crate::crypto::{Algorithm, PublicKey, SignatureVerifier, Verdict};

/// Verifies by the host what that has shown to compute right, everything else in Rust.
pub(super) struct HostSignatures {
    /// The algorithms that the host knows right from wrong of.
    accelerated: Vec<Algorithm>,
}

/// The host function alone, which the self-test looks at.
struct HostFunction;

impl HostSignatures {
    /// Decides by a self-test of known signatures, right and wrong.
    pub(super) fn probe() -> Self {
        Self { accelerated: envoy::reliable_algorithms(&HostFunction) }
    }

    /// What is used, for the log.
    pub(super) const fn name(&self) -> &'static str {
        if self.accelerated.is_empty() {
            "Rust code in Wasm (the host has no verify_signature to rely on)"
        } else {
            "the host's verify_signature"
        }
    }
}

impl SignatureVerifier for HostSignatures {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        if self.accelerated.contains(&algorithm) {
            HostFunction.verify(algorithm, key, message, signature)
        } else {
            Verdict::Unsupported
        }
    }
}

impl SignatureVerifier for HostFunction {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        let call = |argument: &[u8]| abi::call_foreign_function(envoy::VERIFY_SIGNATURE, argument);
        envoy::verify(|argument| call(argument).ok(), algorithm, key, message, signature)
    }
}
