//! Who has made our signatures, and how many.

use std::cell::Cell;
use std::rc::Rc;

use crate::crypto::{Algorithm, PrivateKey, SignError, Signer};
use crate::telemetry::{Metric, SignedBy};

/// A signer that counts.
#[derive(Debug)]
pub(super) struct CountingSigner {
    signer: Rc<dyn Signer>,
    quick: Cell<usize>,
    slow: Cell<usize>,
}

impl CountingSigner {
    /// That signs by this one.
    pub(super) const fn new(signer: Rc<dyn Signer>) -> Self {
        Self { signer, quick: Cell::new(0), slow: Cell::new(0) }
    }

    /// What was counted since that was asked last, by a root context that has had no request or has.
    pub(super) fn take(&self, is_idle: bool) -> [(Metric, usize); 2] {
        let slowly = if is_idle { SignedBy::IdleRoot } else { SignedBy::Worker };
        [
            (Metric::Signatures(SignedBy::Quick), self.quick.take()),
            (Metric::Signatures(slowly), self.slow.take()),
        ]
    }
}

impl Signer for CountingSigner {
    fn sign(
        &self,
        algorithm: Algorithm,
        key: &PrivateKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SignError> {
        let counter = if self.signer.is_quick(algorithm) { &self.quick } else { &self.slow };
        counter.set(counter.get().saturating_add(1));
        self.signer.sign(algorithm, key, message)
    }

    fn is_quick(&self, algorithm: Algorithm) -> bool {
        self.signer.is_quick(algorithm)
    }
}
