//! One valid signature of each algorithm, for measuring.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenantgate::crypto::{Algorithm, Verdict};

use super::question::Signature;
use super::signatures::FILES;
use super::tokens;

/// One by a key that is usual: of 2,048 bits, if it is of RSA.
pub fn valid_signature(algorithm: Algorithm) -> Signature {
    if algorithm == Algorithm::Ps512 {
        return of_token("PS512_2048");
    }
    let usual = |name: &str| !name.contains("_4096_") && !name.contains("_8192_");
    let file = FILES.iter().find(|file| file.algorithm == algorithm && usual(file.name)).unwrap();
    let mut vectors = file.vectors().into_iter();
    vectors.find(|vector| vector.expected == Verdict::Valid).unwrap().question
}

/// The signature of a valid token by the RSA key of this name.
fn of_token(kid: &str) -> Signature {
    let mut vectors = tokens::wycheproof().into_iter();
    let vector = vectors.find(|vector| vector.key["kid"] == kid && vector.is_accepted).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let decoded = |text: &str| hex(&URL_SAFE_NO_PAD.decode(text).unwrap());
    let (message, signature) = vector.token.rsplit_once('.').unwrap();
    Signature {
        algorithm: vector.kind,
        key: ["n", "e"].map(|name| decoded(vector.key[name].as_str().unwrap())).into(),
        message: hex(message.as_bytes()),
        signature: decoded(signature),
    }
}
