//! The host's function, alone and with the Rust code behind it as in the product.

use std::cell::Cell;

use proxy_wasm::hostcalls;
use tenantgate::crypto::{
    Algorithm, PublicKey, SignatureVerifier, SoftwareVerifier, Verdict, envoy,
};

/// The host's function.
#[derive(Default)]
pub struct Host {
    calls: Cell<usize>,
}

/// The host's function; what it does not compute, the Rust code does.
pub struct HostOrSoftware<'h>(pub &'h Host);

impl Host {
    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.calls.get()
    }
}

impl SignatureVerifier for Host {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        let call = |argument: &[u8]| {
            self.calls.set(self.calls.get() + 1);
            let answer = hostcalls::call_foreign_function(envoy::VERIFY_SIGNATURE, Some(argument));
            // For the SDK an empty answer is none.
            answer.ok().map(Option::unwrap_or_default)
        };
        envoy::verify(call, algorithm, key, message, signature)
    }
}

impl SignatureVerifier for HostOrSoftware<'_> {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        match self.0.verify(algorithm, key, message, signature) {
            Verdict::Unsupported => SoftwareVerifier.verify(algorithm, key, message, signature),
            verdict @ (Verdict::Invalid | Verdict::Valid) => verdict,
        }
    }
}
