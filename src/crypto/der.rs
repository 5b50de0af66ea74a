//! The few forms of DER (X.690) that keys and signatures need.

use zeroize::Zeroizing;

use super::{Curve, KeyMaterial};

/// The `SubjectPublicKeyInfo` (RFC 5280 §4.1) of a key: RFC 3279 §2.3.1 (rsaEncryption), RFC 5480 §2
/// (id-ecPublicKey with a named curve), RFC 8410 §4 (id-Ed25519).
pub(super) fn spki(material: &KeyMaterial) -> Vec<u8> {
    const UNCOMPRESSED: &[u8] = &[4];
    let (algorithm, key) = match material {
        KeyMaterial::Ec { curve, x, y } => {
            let parameters = [EC_PUBLIC_KEY, object_identifier(*curve)].concat();
            (sequence(&parameters), [UNCOMPRESSED, x, y].concat())
        }
        KeyMaterial::Ed25519 { x } => (sequence(ED25519), x.to_vec()),
        KeyMaterial::Rsa { modulus, exponent } => {
            let numbers = [integer(modulus), integer(exponent)].concat();
            (sequence(RSA_ENCRYPTION), sequence(&numbers))
        }
    };
    sequence(&[algorithm, bit_string(&key)].concat())
}

/// Modulus and exponent of an RSA key's `SubjectPublicKeyInfo`. What else is in there is not looked
/// at: the caller compares the whole.
pub(super) fn rsa_numbers(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, _) = content(SEQUENCE, spki)?;
    let (_algorithm, rest) = content(SEQUENCE, info)?;
    let (key, _) = content(BIT_STRING, rest)?;
    let (numbers, _) = content(SEQUENCE, key.split_first()?.1)?;
    let (modulus, rest) = content(INTEGER, numbers)?;
    let (exponent, _) = content(INTEGER, rest)?;
    Some((modulus, exponent))
}

/// RFC 7518 §3.4 has `r` and `s` in full length one after the other; RFC 3279 §2.2.3 has them as a
/// sequence of two numbers.
pub(super) fn ecdsa_signature(signature: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at_checked(curve.coordinate_length())?;
    let has_full_length = s.len() == curve.coordinate_length();
    has_full_length.then(|| sequence(&[integer(r), integer(s)].concat()))
}

/// The other way round, as a function of the host has signed: `r` and `s` in full length, from exactly
/// one sequence of two numbers that are positive and not too long.
pub(super) fn fixed_signature(der: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let length = curve.coordinate_length();
    let (numbers, after) = content(SEQUENCE, der)?;
    let (r, rest) = content(INTEGER, numbers)?;
    let (s, last) = content(INTEGER, rest)?;
    let mut signature = Vec::with_capacity(2 * length);
    for number in [r, s] {
        let is_positive = number.first().is_some_and(|first| first & 0x80 == 0);
        let number = significant(number);
        let zeros = length.checked_sub(number.len()).filter(|_| is_positive)?;
        signature.resize(signature.len() + zeros, 0);
        signature.extend_from_slice(number);
    }
    (after.is_empty() && last.is_empty()).then_some(signature)
}

/// The `PrivateKeyInfo` (RFC 5208 §5) of an `RSAPrivateKey`.
pub(super) fn rsa_pkcs8(key: &[u8]) -> Zeroizing<Vec<u8>> {
    pkcs8(RSA_ENCRYPTION, key)
}

/// The `PrivateKeyInfo` of a number on a curve, in full length: an `ECPrivateKey` (RFC 5915 §3) without
/// what can be left out.
pub(super) fn ec_pkcs8(curve: Curve, secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let secret = Zeroizing::new(element(OCTET_STRING, secret));
    let fields = Zeroizing::new([&[INTEGER, 1, 1], secret.as_slice()].concat());
    let key = Zeroizing::new(sequence(&fields));
    pkcs8(&[EC_PUBLIC_KEY, object_identifier(curve)].concat(), &key)
}

fn pkcs8(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = Zeroizing::new(element(OCTET_STRING, key));
    let algorithm = sequence(algorithm);
    let fields = Zeroizing::new([&[INTEGER, 1, 0], algorithm.as_slice(), &key].concat());
    Zeroizing::new(sequence(&fields))
}

/// The number without its leading zeros.
pub(super) fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The name of a curve, as a whole element.
pub(super) const fn object_identifier(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
    }
}

/// A number from zero.
fn integer(number: &[u8]) -> Vec<u8> {
    let number = significant(number);
    let has_sign_bit = number.first().is_none_or(|first| first & 0x80 != 0);
    let sign: &[u8] = if has_sign_bit { &[0] } else { &[] };
    element(INTEGER, &[sign, number].concat())
}

/// Elements one after the other.
fn sequence(elements: &[u8]) -> Vec<u8> {
    element(SEQUENCE, elements)
}

/// Whole bytes as a string of bits.
fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = significant(&length);
    // Room for all of it at once: a buffer that grows leaves copies of a key behind.
    let mut element = Vec::with_capacity(content.len() + 6);
    element.push(tag);
    match (content.len(), u8::try_from(length.len())) {
        (0..0x80, _) => element.extend(if length.is_empty() { &[0] } else { length }),
        (_, count) => {
            element.push(0x80 | count.unwrap_or_default());
            element.extend(length);
        }
    }
    element.extend(content);
    element
}

/// The content of the element of that tag which `bytes` begins with, and what follows it.
pub(super) fn content(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..0x80 => (usize::from(length), rest),
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        0x80 | 0x83..=u8::MAX => return None,
    };
    (first == tag).then_some(())?;
    rest.split_at_checked(length)
}

const BIT_STRING: u8 = 0x03;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;

pub(super) const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
pub(super) const RSA_ENCRYPTION: &[u8] =
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_their_shortest_form() {
        let prefix = |length: usize| bit_string(&vec![0; length - 1])[..4].to_vec();
        assert_eq!(prefix(0x7f), [0x03, 0x7f, 0, 0]);
        assert_eq!(prefix(0x80), [0x03, 0x81, 0x80, 0]);
        assert_eq!(prefix(0xff), [0x03, 0x81, 0xff, 0]);
        assert_eq!(prefix(0x100), [0x03, 0x82, 0x01, 0x00]);
        assert_eq!(sequence(&[]), [0x30, 0]);
    }

    #[test]
    fn ecdsa_signatures_become_der_with_minimal_numbers() {
        let mut raw = [0_u8; 64];
        raw[30] = 0x01;
        raw[32] = 0x80;
        let der = ecdsa_signature(&raw, Curve::P256).unwrap();
        let mut expected = vec![0x30, 39, 0x02, 2, 0x01, 0x00, 0x02, 33, 0x00, 0x80];
        expected.extend([0; 31]);
        assert_eq!(der, expected);
        for curve in Curve::ALL {
            let full = 2 * curve.coordinate_length();
            let zero = ecdsa_signature(&vec![0; full], curve).unwrap();
            assert_eq!(zero, [0x30, 6, 2, 1, 0, 2, 1, 0]);
            for length in [0, full / 2 - 1, full - 1, full + 1, full + 8] {
                let der = ecdsa_signature(&vec![1; length], curve);
                assert_eq!(der, None, "{curve:?} {length}");
            }
        }
        let longest = ecdsa_signature(&[0xff; 132], Curve::P521).unwrap();
        assert_eq!(longest[..6], [0x30, 0x81, 138, 0x02, 67, 0]);
    }
}
