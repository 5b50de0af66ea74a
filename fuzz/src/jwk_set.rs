//! JWK Sets: their keys are sound, and computing with them never panics.

use tenantgate::crypto::{
    Algorithm, KeyMaterial, SignatureVerifier as _, SoftwareVerifier, Verdict,
};
use tenantgate::jwt::{JwkSet, KEYS_LIMIT};

/// Reads a key set and computes a meaningless signature with each of its keys.
pub fn run(data: &[u8]) {
    let Ok(set) = JwkSet::parse(data) else { return };
    assert!((1..=KEYS_LIMIT).contains(&set.keys().len()));
    assert!(set.keys().len() + set.skipped().len() <= KEYS_LIMIT);
    for jwk in set.keys() {
        assert!(set.contains(jwk.key().thumbprint()));
        if let KeyMaterial::Rsa { modulus, exponent } = jwk.key().material() {
            assert!((256..=1024).contains(&modulus.len()) && (1..=5).contains(&exponent.len()));
        }
        for algorithm in Algorithm::ALL {
            if let Ok(found) = set.find(jwk.id(), algorithm) {
                assert!(found.fits(algorithm) && found.id() == jwk.id() || jwk.id().is_none());
            }
            let Some(length) = jwk.key().signature_length(algorithm) else { continue };
            let signature = vec![0x5A; length];
            let verdict = SoftwareVerifier.verify(algorithm, jwk.key(), b"message", &signature);
            assert_ne!(verdict, Verdict::Valid);
        }
    }
}
