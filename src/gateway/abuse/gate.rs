//! The gate before signatures that are dear to compute.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::Abuse;
use super::cost::Cost;
use crate::crypto::{Algorithm, PublicKey, SignatureVerifier, SoftwareVerifier, Verdict};
use crate::message::RequestHead;
use crate::time::Timestamp;

/// The verifier of one request: the host's where it can compute the signature, else the Rust code. What
/// is dear is computed as far as the request's source has budget for it.
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

    /// Whether the source has no budget left; then [`Gate::throttled`] says so, too.
    fn is_throttled(&self) -> bool {
        // Nobody else holds it: a verifier is not called by itself.
        let Ok(mut abuse) = self.abuse.try_borrow_mut() else { return true };
        let left = abuse.throttled(|| self.head.source(), self.now);
        if left.is_some() {
            self.throttled.set(left);
        }
        left.is_some()
    }

    fn count(&self, cost: Duration) {
        if let Ok(mut abuse) = self.abuse.try_borrow_mut() {
            abuse.failed(self.head.source(), cost, self.now);
        }
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
        let by_host = Cost::HOST.of(key);
        let is_dear = by_host >= DEAR;
        if is_dear && self.is_throttled() {
            return Verdict::Unsupported;
        }
        // A wrong length is refused before anything is computed: it costs nothing.
        let is_computed = key.signature_length(algorithm) == Some(signature.len());
        match self.host.verify(algorithm, key, message, signature) {
            Verdict::Invalid => {
                if is_dear && is_computed {
                    self.count(by_host);
                }
                return Verdict::Invalid;
            }
            Verdict::Unsupported => {}
            Verdict::Valid => return Verdict::Valid,
        }
        if self.is_throttled() {
            return Verdict::Unsupported;
        }
        let verdict = SoftwareVerifier.verify(algorithm, key, message, signature);
        if verdict == Verdict::Invalid && is_computed {
            self.count(Cost::WASM.of(key));
        }
        verdict
    }
}

/// From this cost on, the host's own bad signatures are counted: a cheaper one is no more than what
/// the proxy takes for the request around it.
const DEAR: Duration = Duration::from_micros(100);

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::config::Limits;
    use crate::message::Connection;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    /// Gives one verdict, and counts how often.
    struct Host(Verdict, Cell<usize>);

    impl SignatureVerifier for Host {
        fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
            self.1.set(self.1.get() + 1);
            self.0
        }
    }

    struct From(IpAddr);

    impl Connection for From {
        fn certificate_digest(&self) -> Option<[u8; 32]> {
            None
        }

        fn source(&self) -> Option<IpAddr> {
            Some(self.0)
        }
    }

    fn rsa(bytes: usize) -> PublicKey {
        PublicKey::rsa(&vec![0xFF; bytes], &[1, 0, 1]).unwrap()
    }

    /// Of so many tries by one source, how many the host computes; and whether the last is throttled.
    fn flood(verdict: Verdict, key: &PublicKey, length: usize, tries: usize) -> (usize, bool) {
        let mut abuse = Abuse::new(Limits::default().bad_signatures);
        let connection = From(IpAddr::from([192, 0, 2, 1]));
        let head = RequestHead::new(Vec::new()).with_connection(&connection);
        let host = Host(verdict, Cell::new(0));
        let mut is_throttled = false;
        for _ in 0..tries {
            let gate = Gate::new(&mut abuse, &host, &head, NOW);
            let computed = gate.verify(Algorithm::Rs256, key, b"", &vec![0; length]);
            is_throttled = gate.throttled().is_some();
            let expected = if is_throttled { Verdict::Unsupported } else { verdict };
            assert_eq!(computed, expected);
        }
        (host.1.get(), is_throttled)
    }

    #[test]
    fn bad_signatures_that_the_host_computes_cheaply_are_never_throttled() {
        assert_eq!(flood(Verdict::Invalid, &rsa(256), 256, 1000), (1000, false));
        assert_eq!(flood(Verdict::Invalid, &rsa(512), 512, 1000), (1000, false));
    }

    #[test]
    fn bad_signatures_that_are_dear_for_the_host_too_have_the_budget() {
        assert_eq!(flood(Verdict::Invalid, &rsa(1024), 1024, 200), (200, false));
        assert_eq!(flood(Verdict::Invalid, &rsa(1024), 1024, 201), (200, true));
        assert_eq!(flood(Verdict::Valid, &rsa(1024), 1024, 1000), (1000, false));
    }

    #[test]
    fn a_signature_of_a_wrong_length_costs_nothing() {
        assert_eq!(flood(Verdict::Invalid, &rsa(1024), 1023, 1000), (1000, false));
    }
}
