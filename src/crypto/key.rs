//! Public keys: only sound ones exist.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Algorithm, digest, verify};

/// A public key whose numbers have been checked. Its encodings are made once.
#[derive(Clone, Eq, PartialEq)]
pub struct PublicKey {
    material: KeyMaterial,
    spki: Box<[u8]>,
    thumbprint: Thumbprint,
}

/// The numbers of a public key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyMaterial {
    /// A point on the curve P-256.
    P256 {
        /// The first coordinate, big-endian.
        x: [u8; 32],
        /// The second coordinate, big-endian.
        y: [u8; 32],
    },
    /// An RSA key, its numbers big-endian without leading zeros.
    Rsa {
        /// The odd modulus of 2,048 to 8,192 bits.
        modulus: Box<[u8]>,
        /// The odd exponent from 3, of at most 33 bits.
        exponent: Box<[u8]>,
    },
}

/// The SHA-256 thumbprint of a key (RFC 7638): its name, whatever its `kid`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Thumbprint(pub [u8; 32]);

/// Numbers that make no sound key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyError {
    /// The exponent is even, below 3, or longer than 33 bits.
    ExponentUnsound,
    /// The modulus is even.
    ModulusEven,
    /// The modulus does not have 2,048 to 8,192 bits.
    ModulusSize {
        /// The bits it has.
        bits: usize,
    },
    /// The coordinates are not those of a point on the curve, in full length.
    PointInvalid,
}

impl PublicKey {
    /// An RSA key from its big-endian modulus and exponent.
    ///
    /// # Errors
    /// [`KeyError`] for sizes and values outside the bounds of [`KeyMaterial::Rsa`].
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let (modulus, exponent) = (significant(modulus), significant(exponent));
        let bits = bit_length(modulus);
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::ModulusSize { bits });
        }
        if !is_odd(modulus) {
            return Err(KeyError::ModulusEven);
        }
        if !is_odd(exponent) || !(2..=33).contains(&bit_length(exponent)) {
            return Err(KeyError::ExponentUnsound);
        }
        Ok(Self::new(KeyMaterial::Rsa { modulus: modulus.into(), exponent: exponent.into() }))
    }

    /// A key on P-256 from the coordinates of its point, each of 32 bytes, big-endian.
    ///
    /// # Errors
    /// [`KeyError::PointInvalid`] for another length or a point that is not on the curve.
    pub fn p256(x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        match (x.try_into(), y.try_into()) {
            (Ok(x), Ok(y)) if verify::is_p256_point(&x, &y) => {
                Ok(Self::new(KeyMaterial::P256 { x, y }))
            }
            (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(KeyError::PointInvalid),
        }
    }

    fn new(material: KeyMaterial) -> Self {
        Self { spki: spki(&material).into(), thumbprint: thumbprint(&material), material }
    }

    /// Whether signatures of this algorithm can be checked with it (RFC 8725 §3.1): a key is for
    /// one family of algorithms alone.
    pub const fn algorithm_fits(&self, algorithm: Algorithm) -> bool {
        self.signature_length(algorithm).is_some()
    }

    /// The only length that a signature of this algorithm by this key can have, in bytes (RFC 7518
    /// §3.4, RFC 8017 §8.2.2); `None` if the key is not for the algorithm.
    pub const fn signature_length(&self, algorithm: Algorithm) -> Option<usize> {
        match (algorithm, &self.material) {
            (Algorithm::Es256, KeyMaterial::P256 { .. }) => Some(64),
            (Algorithm::Rs256, KeyMaterial::Rsa { modulus, .. }) => Some(modulus.len()),
            (Algorithm::Es256, KeyMaterial::Rsa { .. })
            | (Algorithm::Rs256, KeyMaterial::P256 { .. }) => None,
        }
    }

    /// Its numbers.
    pub const fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Its SubjectPublicKeyInfo (RFC 5280 §4.1) in DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// Its thumbprint.
    pub const fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }
}

/// A key is named by its thumbprint; its numbers would only fill the log.
impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.thumbprint)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64url(&self.0))
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExponentUnsound => {
                formatter.write_str("the exponent is even, too small or too large")
            }
            Self::ModulusEven => formatter.write_str("the modulus is even"),
            Self::ModulusSize { bits } => {
                write!(formatter, "the modulus has `{bits}` bits, not 2048 to 8192")
            }
            Self::PointInvalid => formatter.write_str("the point is not on the curve"),
        }
    }
}

impl std::error::Error for KeyError {}

/// RFC 7638 §3.2: the required members alone, in the order of their names, without spaces.
fn thumbprint(material: &KeyMaterial) -> Thumbprint {
    let canonical = match material {
        KeyMaterial::P256 { x, y } => {
            let (x, y) = (base64url(x), base64url(y));
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        KeyMaterial::Rsa { modulus, exponent } => {
            let (e, n) = (base64url(exponent), base64url(modulus));
            format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
        }
    };
    Thumbprint(digest::sha256(canonical.as_bytes()))
}

/// RFC 3279 §2.3.1 (rsaEncryption), RFC 5480 §2 (id-ecPublicKey with a named curve).
fn spki(material: &KeyMaterial) -> Vec<u8> {
    const RSA_ENCRYPTION: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    const EC_PUBLIC_KEY_P256: [u8; 21] = [
        0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
    ];
    const UNCOMPRESSED: [u8; 1] = [4];
    let (algorithm, key) = match material {
        KeyMaterial::P256 { x, y } => {
            (EC_PUBLIC_KEY_P256.as_slice(), [&UNCOMPRESSED[..], x, y].concat())
        }
        KeyMaterial::Rsa { modulus, exponent } => {
            let numbers = [der::integer(modulus), der::integer(exponent)].concat();
            (RSA_ENCRYPTION.as_slice(), der::sequence(&numbers))
        }
    };
    der::sequence(&[algorithm, &der::bit_string(&key)].concat())
}

/// The few forms of DER (X.690) that keys and signatures need.
pub(super) mod der {
    use super::significant;

    /// A number from zero.
    pub(in crate::crypto) fn integer(number: &[u8]) -> Vec<u8> {
        let number = significant(number);
        let has_sign_bit = number.first().is_none_or(|first| first & 0x80 != 0);
        let sign: &[u8] = if has_sign_bit { &[0] } else { &[] };
        element(0x02, &[sign, number].concat())
    }

    /// Elements one after the other.
    pub(in crate::crypto) fn sequence(elements: &[u8]) -> Vec<u8> {
        element(0x30, elements)
    }

    /// Whole bytes as a string of bits.
    pub(in crate::crypto) fn bit_string(bytes: &[u8]) -> Vec<u8> {
        element(0x03, &[&[0], bytes].concat())
    }

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len().to_be_bytes();
        let length = significant(&length);
        let mut element = vec![tag];
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
}

/// The number without its leading zeros.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn bit_length(significant: &[u8]) -> usize {
    significant.first().map_or(0, |first| {
        significant.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or_default()
    })
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modulus of a key of so many bits; the numbers below only have the size of one.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= bits.div_ceil(8) * 8 - bits;
        modulus
    }

    fn rsa_error(modulus: &[u8], exponent: &[u8]) -> Option<KeyError> {
        PublicKey::rsa(modulus, exponent).err()
    }

    #[test]
    fn rsa_keys_have_2048_to_8192_bits() {
        for (bits, is_sound) in [(2047, false), (2048, true), (8192, true), (8193, false)] {
            let expected = (!is_sound).then_some(KeyError::ModulusSize { bits });
            assert_eq!(rsa_error(&modulus(bits), &[1, 0, 1]), expected, "{bits}");
        }
        assert_eq!(rsa_error(&[], &[3]), Some(KeyError::ModulusSize { bits: 0 }));
        let mut even = modulus(2048);
        *even.last_mut().unwrap() = 2;
        assert_eq!(rsa_error(&even, &[3]), Some(KeyError::ModulusEven));
    }

    #[test]
    fn rsa_exponents_are_odd_from_3_to_33_bits() {
        let unsound = Some(KeyError::ExponentUnsound);
        let rows: [(&[u8], Option<KeyError>); 9] = [
            (&[], unsound),
            (&[0], unsound),
            (&[1], unsound),
            (&[2], unsound),
            (&[3], None),
            (&[0, 0, 3], None),
            (&[1, 0, 0], unsound),
            (&[1, 0xff, 0xff, 0xff, 0xff], None),
            (&[2, 0, 0, 0, 1], unsound),
        ];
        for (exponent, expected) in rows {
            assert_eq!(rsa_error(&modulus(2048), exponent), expected, "{exponent:?}");
        }
    }

    #[test]
    fn leading_zeros_make_no_other_key() {
        let padded = [&[0, 0], modulus(2048).as_slice()].concat();
        let key = PublicKey::rsa(&modulus(2048), &[1, 0, 1]).unwrap();
        assert_eq!(PublicKey::rsa(&padded, &[0, 1, 0, 1]).unwrap(), key);
    }

    #[test]
    fn points_off_the_curve_and_of_other_lengths_are_refused() {
        for (x, y) in [(32, 32), (31, 32), (32, 33), (0, 0)] {
            let error = PublicKey::p256(&vec![1; x], &vec![1; y]).err();
            assert_eq!(error, Some(KeyError::PointInvalid), "{x} {y}");
        }
        let zero = PublicKey::p256(&[0; 32], &[0; 32]).err();
        assert_eq!(zero, Some(KeyError::PointInvalid));
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638_section_3_1() {
        let modulus = URL_SAFE_NO_PAD.decode(RFC_7638_MODULUS).unwrap();
        let key = PublicKey::rsa(&modulus, &[1, 0, 1]).unwrap();
        let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(key.thumbprint().to_string(), expected);
        assert_eq!(format!("{key:?}"), format!("PublicKey({expected})"));
    }

    #[test]
    fn lengths_in_der_have_their_shortest_form() {
        let prefix = |length: usize| der::bit_string(&vec![0; length - 1])[..4].to_vec();
        assert_eq!(prefix(0x7f), [0x03, 0x7f, 0, 0]);
        assert_eq!(prefix(0x80), [0x03, 0x81, 0x80, 0]);
        assert_eq!(prefix(0xff), [0x03, 0x81, 0xff, 0]);
        assert_eq!(prefix(0x100), [0x03, 0x82, 0x01, 0x00]);
        assert_eq!(der::sequence(&[]), [0x30, 0]);
    }

    const RFC_7638_MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtV\
        T86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt\
        7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9\
        1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-\
        kEgU8awapJzKnqDKgw";
}
