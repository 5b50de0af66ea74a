//! Private keys in PEM, as variables and files hold them.

use tenantgate::crypto::{
    PrivateKey, SignError, SignatureVerifier as _, Signer as _, SoftwareSigner, Verdict,
    WideVerifier,
};

/// Reads a key. One that is taken is not shown, and what it signs its own public half verifies: numbers
/// that do not belong together sign nothing. Line breaks written as blanks make no difference.
pub fn run(data: &[u8]) {
    const MESSAGE: &[u8] = b"to be signed";
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(key) = PrivateKey::parse_pem(text) else { return };
    assert_eq!(format!("{key:?}"), "<private key>");
    let algorithm = key.default_algorithm();
    assert!(key.algorithm_fits(algorithm));
    let again = PrivateKey::parse_pem(&text.replace(['\r', '\n'], " "));
    assert!(again.is_ok_and(|again| again.public_der() == key.public_der()));
    match SoftwareSigner.sign(algorithm, &key, MESSAGE) {
        Ok(signature) => {
            let Some(public) = key.public() else { return assert!(key.is_short()) };
            let verdict = WideVerifier.verify(algorithm, &public, MESSAGE, &signature);
            assert_eq!(verdict, Verdict::Valid);
        }
        Err(error) => assert_eq!(error, SignError::KeyUnsound),
    }
}
