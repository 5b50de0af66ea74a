//! A private key as it is stated, and what assertions are signed with by it.

use std::sync::Arc;

use super::assertion::{AlgorithmUnfit, AssertionKey};
use crate::crypto::{Algorithm, PrivateKey, PrivateKeyError};
use crate::secret::Secret;

/// A private key and how it signs.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// The key as the variable holds it: PEM in one of its spellings.
    pub pem: Secret<String>,
    /// The algorithm, where it is not the one that follows from the key.
    pub algorithm: Option<Algorithm>,
}

/// Why a key signs no assertions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SigningKeyError {
    /// It does not sign by the algorithm.
    Algorithm(AlgorithmUnfit),
    /// The text is no key that signs.
    Unreadable(PrivateKeyError),
}

impl SigningKey {
    /// What assertions are signed with.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub fn read(&self) -> Result<AssertionKey, SigningKeyError> {
        let key = PrivateKey::parse_pem(self.pem.expose()).map_err(SigningKeyError::Unreadable)?;
        AssertionKey::private(Arc::new(key), self.algorithm).map_err(SigningKeyError::Algorithm)
    }
}
