//! Envoy's foreign function `verify_signature` as bytes: its argument, its answer, and a self-test.
//!
//! Argument and answer are protobuf messages of one fixed shape each, written out here by hand.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::key::der;
use super::{Algorithm, PublicKey, SignatureVerifier, Verdict};

/// The name of the foreign function.
pub const VERIFY_SIGNATURE: &str = "verify_signature";

/// The argument that asks for this signature, or `None` if it cannot be right: the key is not for
/// the algorithm, or the signature does not have the only length it can have.
pub fn argument(
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Option<Vec<u8>> {
    if key.signature_length(algorithm) != Some(signature.len()) {
        return None;
    }
    let hash: &[u8] = match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 => b"sha256",
    };
    let ecdsa;
    let signature = match algorithm {
        Algorithm::Es256 => {
            ecdsa = ecdsa_der(signature, 32)?;
            &ecdsa
        }
        Algorithm::Rs256 => signature,
    };
    let fields = [
        (HASH_FUNCTION, hash),
        (PUBLIC_KEY, key.spki_der()),
        (SIGNATURE, signature),
        (TEXT, message),
    ];
    let size: usize = fields.iter().map(|(_, bytes)| bytes.len() + FIELD_OVERHEAD).sum();
    let mut argument = Vec::with_capacity(size);
    for (number, bytes) in fields {
        push_field(&mut argument, number, bytes);
    }
    Some(argument)
}

/// What an answer of the host says. Everything but the exact bytes of `result: true` is
/// [`Verdict::Invalid`]. A call that the host does not perform has no answer: that is
/// [`Verdict::Unsupported`], and the caller's to say.
pub fn verdict(answer: &[u8]) -> Verdict {
    const RESULT_TRUE: [u8; 2] = [0x08, 0x01];
    if answer == RESULT_TRUE { Verdict::Valid } else { Verdict::Invalid }
}

/// Whether a verifier can be relied on for every algorithm: it accepts a known signature by a known
/// key (RFC 7515 A.2 and A.3), and refuses each with one bit changed in message or signature.
pub fn passes_self_test(verifier: &dyn SignatureVerifier) -> bool {
    Algorithm::ALL.into_iter().all(|algorithm| {
        known_signature(algorithm).is_some_and(|known| known.is_told_apart_by(verifier))
    })
}

/// A signature that is known to be right.
struct KnownSignature {
    algorithm: Algorithm,
    key: PublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl KnownSignature {
    fn is_told_apart_by(&self, verifier: &dyn SignatureVerifier) -> bool {
        let verdict = |message: &[u8], signature: &[u8]| {
            verifier.verify(self.algorithm, &self.key, message, signature)
        };
        verdict(&self.message, &self.signature) == Verdict::Valid
            && verdict(&with_bit_changed(&self.message), &self.signature) == Verdict::Invalid
            && verdict(&self.message, &with_bit_changed(&self.signature)) == Verdict::Invalid
    }
}

fn with_bit_changed(bytes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    changed
}

/// The examples of RFC 7515, appendix A: the public key, the header and the signature of each.
fn known_signature(algorithm: Algorithm) -> Option<KnownSignature> {
    let (key, header, signature) = match algorithm {
        Algorithm::Es256 => {
            let x = decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")?;
            let y = decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")?;
            (PublicKey::p256(&x, &y).ok()?, "eyJhbGciOiJFUzI1NiJ9", ES256_SIGNATURE)
        }
        Algorithm::Rs256 => {
            let (modulus, exponent) = (decode(RS256_MODULUS)?, decode("AQAB")?);
            (PublicKey::rsa(&modulus, &exponent).ok()?, "eyJhbGciOiJSUzI1NiJ9", RS256_SIGNATURE)
        }
    };
    let message = format!("{header}.{PAYLOAD}").into_bytes();
    Some(KnownSignature { algorithm, key, message, signature: decode(signature)? })
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// RFC 7518 §3.4 has `r` and `s` in full length one after the other; RFC 3279 §2.2.3 has them as a
/// sequence of two numbers.
fn ecdsa_der(signature: &[u8], coordinate: usize) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at_checked(coordinate)?;
    let has_full_length = s.len() == coordinate;
    has_full_length.then(|| der::sequence(&[der::integer(r), der::integer(s)].concat()))
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

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
    cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const ES256_SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-K\
    g6NU1Q";

const RS256_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ\
    PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0\
    LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\
    Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2\
    PAcDTW9gb54h4FRWyuXpoQ";

const RS256_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF\
    5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK\
    5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt\
    FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
    p0igcN_IoypGlUPQGe77Rw";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SoftwareVerifier;

    #[test]
    fn the_software_verifier_passes_the_self_test() {
        assert!(passes_self_test(&SoftwareVerifier));
    }

    #[test]
    fn a_verifier_that_always_gives_one_answer_fails_the_self_test() {
        struct Always(Verdict);
        impl SignatureVerifier for Always {
            fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
                self.0
            }
        }
        for verdict in [Verdict::Invalid, Verdict::Unsupported, Verdict::Valid] {
            assert!(!passes_self_test(&Always(verdict)), "{verdict:?}");
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
        let known = known_signature(Algorithm::Rs256).unwrap();
        let argument = argument(Algorithm::Rs256, &known.key, b"text", &known.signature).unwrap();
        let mut expected = b"\x0a\x06sha256\x12\xa6\x02".to_vec();
        expected.extend_from_slice(known.key.spki_der());
        expected.extend_from_slice(b"\x1a\x80\x02");
        expected.extend_from_slice(&known.signature);
        expected.extend_from_slice(b"\x22\x04text");
        assert_eq!(argument, expected);
    }

    #[test]
    fn ecdsa_signatures_become_der_with_minimal_numbers() {
        let mut raw = [0_u8; 64];
        raw[30] = 0x01;
        raw[32] = 0x80;
        let der = ecdsa_der(&raw, 32).unwrap();
        let mut expected = vec![0x30, 39, 0x02, 2, 0x01, 0x00, 0x02, 33, 0x00, 0x80];
        expected.extend([0; 31]);
        assert_eq!(der, expected);
        assert_eq!(ecdsa_der(&[0; 64], 32).unwrap(), [0x30, 6, 2, 1, 0, 2, 1, 0]);
        for length in [0, 31, 63, 65, 72] {
            assert_eq!(ecdsa_der(&vec![1; length], 32), None, "{length}");
        }
    }

    #[test]
    fn a_key_of_another_type_is_not_asked_about() {
        let known = known_signature(Algorithm::Rs256).unwrap();
        assert_eq!(argument(Algorithm::Es256, &known.key, b"", &[1; 64]), None);
    }

    #[test]
    fn a_signature_of_a_length_that_it_cannot_have_is_not_asked_about() {
        for (algorithm, length) in [(Algorithm::Rs256, 256), (Algorithm::Es256, 64)] {
            let key = known_signature(algorithm).unwrap().key;
            let asked = |length: usize| argument(algorithm, &key, b"", &vec![1; length]).is_some();
            assert!(asked(length), "{algorithm:?}");
            for other in [0, length - 1, length + 1, length * 2] {
                assert!(!asked(other), "{algorithm:?} {other}");
            }
        }
    }
}
