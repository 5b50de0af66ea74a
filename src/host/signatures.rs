//! The host's `verify_signature` (BoringSSL, 4 to 17 times as fast as Rust in Wasm) and its `sign` (Envoy
//! 1.37 on). What it cannot compute is computed in Rust.

use super::abi;
use crate::crypto::envoy::{self, HostSigner, SignedBy};
use crate::crypto::{
    Algorithm, PrivateKey, PublicKey, SignError, SignatureVerifier, Signer, Verdict,
};
use crate::telemetry::Level;

/// Verifies by the host what that has shown to compute right, everything else in Rust.
pub(super) struct HostSignatures {
    /// The algorithms that the host knows right from wrong of.
    accelerated: Vec<Algorithm>,
}

/// The host function alone, which the self-test looks at.
struct HostFunction;

/// Signs assertions by the host what that has shown to sign right, everything else in Rust. Whoever first asks for an
/// algorithm finds out, and the log says what was found: without a credential that signs, nothing is tried.
pub(super) struct AssertionSigner(HostSigner);

impl AssertionSigner {
    /// One that has not tried anything.
    pub(super) const fn new() -> Self {
        Self(HostSigner::new(|argument| abi::call_foreign_function(envoy::SIGN, argument).ok()))
    }

    fn find_out(&self, algorithm: Algorithm) {
        if self.0.known(algorithm).is_some() {
            return;
        }
        let signed_by = match self.0.find_out(algorithm) {
            SignedBy::Host => "the host's sign",
            SignedBy::Rust => "Rust code in Wasm (the host has no sign to rely on)",
        };
        let name = algorithm.name();
        abi::log(Level::Info, &format!("assertions by {name} are signed by {signed_by}"));
    }
}

impl Signer for AssertionSigner {
    fn sign(
        &self,
        algorithm: Algorithm,
        key: &PrivateKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SignError> {
        self.find_out(algorithm);
        self.0.sign(algorithm, key, message)
    }

    fn is_quick(&self, algorithm: Algorithm) -> bool {
        self.find_out(algorithm);
        self.0.is_quick(algorithm)
    }
}

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
