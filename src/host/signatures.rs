//! The host's `verify_signature` (BoringSSL, about 50 times faster than Rust in Wasm). What it cannot
//! compute, the gateway has computed in Rust.

use super::abi;
use crate::crypto::envoy;
use crate::crypto::{Algorithm, PublicKey, SignatureVerifier, Verdict};

/// Verifies by the host where it passed the self-test, else nothing.
pub(super) enum HostSignatures {
    /// The host has a `verify_signature` that knows right from wrong.
    Accelerated,
    /// It has none that can be relied on.
    Software,
}

/// The host function alone, which the self-test looks at.
struct HostFunction;

impl HostSignatures {
    /// Decides by a self-test of known signatures, right and wrong.
    pub(super) fn probe() -> Self {
        if envoy::passes_self_test(&HostFunction) { Self::Accelerated } else { Self::Software }
    }

    /// What is used, for the log.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Accelerated => "the host's verify_signature",
            Self::Software => "Rust code in Wasm (the host has no verify_signature to rely on)",
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
        match self {
            Self::Accelerated => HostFunction.verify(algorithm, key, message, signature),
            Self::Software => Verdict::Unsupported,
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
        let Some(argument) = envoy::argument(algorithm, key, message, signature) else {
            return Verdict::Invalid;
        };
        match abi::call_foreign_function(envoy::VERIFY_SIGNATURE, &argument) {
            Ok(answer) => envoy::verdict(&answer),
            Err(_) => Verdict::Unsupported,
        }
    }
}
