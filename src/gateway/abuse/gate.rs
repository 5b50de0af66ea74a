//! The gate before the Rust code that computes signatures.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::{Abuse, cost};
use crate::crypto::{Algorithm, PublicKey, SignatureVerifier, SoftwareVerifier, Verdict};
use crate::message::RequestHead;
use crate::time::Timestamp;

/// The verifier of one request: the host's where it can compute the signature, else the Rust code, as
/// far as the request's source has budget for it.
pub(in crate::gateway) struct Gate<'a> {
    abuse: RefCell<&'a mut Abuse>,
    host: &'a dyn SignatureVerifier,
    head: &'a RequestHead<'a>,
    now: Timestamp,
    throttled: Cell<Option<Duration>>,
}

impl<'a> Gate<'a> {
    pub(in crate::gateway) fn new(
        abuse: &'a mut Abuse,
        host: &'a dyn SignatureVerifier,
        head: &'a RequestHead<'a>,
        now: Timestamp,
    ) -> Self {
        Self { abuse: RefCell::new(abuse), host, head, now, throttled: Cell::new(None) }
    }

    /// For how long the source is throttled, if it is and a signature was not computed for that.
    pub(in crate::gateway) fn throttled(&self) -> Option<Duration> {
        self.throttled.get()
    }
}

/// A signature that is not computed is [`Verdict::Unsupported`], which accepts nothing and is not
/// remembered.
impl SignatureVerifier for Gate<'_> {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        match self.host.verify(algorithm, key, message, signature) {
            verdict @ (Verdict::Invalid | Verdict::Valid) => return verdict,
            Verdict::Unsupported => {}
        }
        // Nobody else holds it: a verifier is not called by itself.
        let Ok(mut abuse) = self.abuse.try_borrow_mut() else { return Verdict::Unsupported };
        if let Some(left) = abuse.throttled(|| self.head.source(), self.now) {
            self.throttled.set(Some(left));
            return Verdict::Unsupported;
        }
        let verdict = SoftwareVerifier.verify(algorithm, key, message, signature);
        // A wrong length is refused before anything is computed: it costs nothing.
        let is_computed = key.signature_length(algorithm) == Some(signature.len());
        if verdict == Verdict::Invalid && is_computed {
            abuse.failed(self.head.source(), cost(key), self.now);
        }
        verdict
    }
}
