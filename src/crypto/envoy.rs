//! Envoy's foreign functions for signatures: `verify_signature` as bytes, its argument, its answer and a
//! self-test of it; and `sign`.
//!
//! Argument and answer are protobuf messages of one fixed shape each, written out here by hand.

mod sign;

use std::borrow::Cow;

use super::known::KnownSignature;
use super::{Algorithm, KeyMaterial, PublicKey, SignatureVerifier, Verdict, der};

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
pub(super) use self::sign::KNOWN_RSA;
pub use self::sign::{ForeignFunction, HostSigner, SIGN, SignedBy};

/// The name of the foreign function that verifies.
pub const VERIFY_SIGNATURE: &str = "verify_signature";

/// The verdict of a host by its function `call`, which takes the argument and gives the answer, or
/// nothing where the host does not perform it.
pub fn verify(
    call: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    match argument(algorithm, key, message, signature) {
        Ok(argument) => call(&argument).map_or(Verdict::Unsupported, |answer| verdict(&answer)),
        Err(verdict) => verdict,
    }
}

/// The argument that asks for this signature.
///
/// # Errors
/// The verdict that needs no call: [`Verdict::Invalid`] if the key is not for the algorithm or the
/// signature does not have the only length it can have, [`Verdict::Unsupported`] if no host computes
/// the algorithm.
pub fn argument(
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<Vec<u8>, Verdict> {
    if key.signature_length(algorithm) != Some(signature.len()) {
        return Err(Verdict::Invalid);
    }
    let hash = hash_function(algorithm).ok_or(Verdict::Unsupported)?;
    let signature = match key.material() {
        KeyMaterial::Ec { curve, .. } => {
            Cow::Owned(der::ecdsa_signature(signature, *curve).ok_or(Verdict::Invalid)?)
        }
        KeyMaterial::Ed25519 { .. } | KeyMaterial::Rsa { .. } => Cow::Borrowed(signature),
    };
    let fields = [
        (HASH_FUNCTION, hash),
        (PUBLIC_KEY, key.spki_der()),
        (SIGNATURE, signature.as_ref()),
        (TEXT, message),
    ];
    let size: usize = fields.iter().map(|(_, bytes)| bytes.len() + FIELD_OVERHEAD).sum();
    let mut argument = Vec::with_capacity(size);
    for (number, bytes) in fields {
        push_field(&mut argument, number, bytes);
    }
    Ok(argument)
}

/// What an answer of the host says. Everything but the exact bytes of `result: true` is
/// [`Verdict::Invalid`]. A call that the host does not perform has no answer: that is
/// [`Verdict::Unsupported`], and the caller's to say.
pub fn verdict(answer: &[u8]) -> Verdict {
    const RESULT_TRUE: [u8; 2] = [0x08, 0x01];
    if answer == RESULT_TRUE { Verdict::Valid } else { Verdict::Invalid }
}

/// The algorithms that a verifier can be relied on for, of those that hosts may compute: it accepts a
/// known signature, and refuses it with one bit changed in message or signature.
pub fn reliable_algorithms(verifier: &dyn SignatureVerifier) -> Vec<Algorithm> {
    let is_reliable = |algorithm: &Algorithm| {
        KnownSignature::of(*algorithm).is_some_and(|known| known.is_told_apart_by(verifier))
    };
    Algorithm::ALL.into_iter().filter(is_reliable).collect()
}

/// The name of the hash that an algorithm has, where the host function knows its kind of signature.
/// It knows neither PSS nor Ed25519, and a secret is never handed to it.
const fn hash_function(algorithm: Algorithm) -> Option<&'static [u8]> {
    match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 => Some(b"sha256"),
        Algorithm::Es384 | Algorithm::Rs384 => Some(b"sha384"),
        Algorithm::Es512 | Algorithm::Rs512 => Some(b"sha512"),
        Algorithm::EdDsa | Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => None,
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => None,
    }
}

/// A field of bytes: its key (number and wire type 2), its length, the bytes.
fn push_field(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(number << 3 | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    message.push(u8::try_from(length).unwrap_or_default());
    message.extend_from_slice(bytes);
}

const HASH_FUNCTION: u8 = 1;
const PUBLIC_KEY: u8 = 2;
const SIGNATURE: u8 = 3;
const TEXT: u8 = 4;

/// The key of a field and its length: at most so many bytes for the sizes that tokens have.
const FIELD_OVERHEAD: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SoftwareVerifier;

    const OF_HOSTS: [Algorithm; 6] = [
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
    ];

    #[test]
    fn the_software_verifier_is_reliable_for_all_that_hosts_may_compute() {
        assert_eq!(reliable_algorithms(&SoftwareVerifier), OF_HOSTS);
    }

    #[test]
    fn a_verifier_is_relied_on_only_for_what_it_computes() {
        struct Only(Algorithm);
        impl SignatureVerifier for Only {
            fn verify(
                &self,
                algorithm: Algorithm,
                key: &PublicKey,
                message: &[u8],
                signature: &[u8],
            ) -> Verdict {
                let verdict = SoftwareVerifier.verify(algorithm, key, message, signature);
                if algorithm == self.0 { verdict } else { Verdict::Invalid }
            }
        }
        for algorithm in OF_HOSTS {
            assert_eq!(reliable_algorithms(&Only(algorithm)), [algorithm]);
        }
    }

    #[test]
    fn a_verifier_that_always_gives_one_answer_is_reliable_for_nothing() {
        struct Always(Verdict);
        impl SignatureVerifier for Always {
            fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
                self.0
            }
        }
        for verdict in [Verdict::Invalid, Verdict::Unsupported, Verdict::Valid] {
            assert_eq!(reliable_algorithms(&Always(verdict)), [], "{verdict:?}");
        }
    }

    #[test]
    fn only_the_exact_bytes_of_a_true_result_are_valid() {
        assert_eq!(verdict(&[8, 1]), Verdict::Valid);
        let others: [&[u8]; 6] = [&[], &[8, 0], &[8, 2], &[8, 1, 0], &[8], &[0x12, 1, b'x']];
        for other in others {
            assert_eq!(verdict(other), Verdict::Invalid, "{other:?}");
        }
    }

    #[test]
    fn the_argument_is_a_protobuf_message_of_four_fields() {
        let known = KnownSignature::of(Algorithm::Rs256).unwrap();
        let argument = argument(Algorithm::Rs256, &known.key, b"text", &known.signature).unwrap();
        let mut expected = b"\x0a\x06sha256\x12\xa6\x02".to_vec();
        expected.extend_from_slice(known.key.spki_der());
        expected.extend_from_slice(b"\x1a\x80\x02");
        expected.extend_from_slice(&known.signature);
        expected.extend_from_slice(b"\x22\x04text");
        assert_eq!(argument, expected);
    }

    #[test]
    fn a_key_of_another_type_is_not_asked_about() {
        for key in OF_HOSTS {
            for asked in Algorithm::ALL.into_iter().filter(|asked| *asked != key) {
                let known = KnownSignature::of(key).unwrap();
                let refused = argument(asked, &known.key, b"", &known.signature).err();
                // Another RSA algorithm has the same kind of key.
                let expected = match (key.is_rsa(), asked.is_rsa(), asked.name().starts_with("PS"))
                {
                    (true, true, true) => Some(Verdict::Unsupported),
                    (true, true, false) => None,
                    (false, _, _) | (true, false, _) => Some(Verdict::Invalid),
                };
                assert_eq!(refused, expected, "{key:?} {asked:?}");
            }
        }
    }

    #[test]
    fn a_signature_of_a_length_that_it_cannot_have_is_not_asked_about() {
        for algorithm in OF_HOSTS {
            let known = KnownSignature::of(algorithm).unwrap();
            let (key, length) = (known.key, known.signature.len());
            let refused = |length: usize| argument(algorithm, &key, b"", &vec![1; length]).err();
            assert_eq!(refused(length), None, "{algorithm:?}");
            for other in [0, length - 1, length + 1, length * 2] {
                assert_eq!(refused(other), Some(Verdict::Invalid), "{algorithm:?} {other}");
            }
        }
    }
}
