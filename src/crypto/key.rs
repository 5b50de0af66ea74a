//! Public keys: only sound ones exist.

use std::fmt;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::der::{self, significant};
use super::{Algorithm, Curve, digest, verify};

/// A public key whose numbers have been checked. Its encodings are made once; its thumbprint, the
/// dearest of them, when it is first asked for: most keys of a large configuration never verify.
#[derive(Clone)]
pub struct PublicKey {
    material: KeyMaterial,
    spki: Box<[u8]>,
    thumbprint: OnceLock<Thumbprint>,
}

/// The numbers of a public key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyMaterial {
    /// A point on a curve of NIST.
    Ec {
        /// The curve.
        curve: Curve,
        /// The first coordinate, big-endian, in full length.
        x: Box<[u8]>,
        /// The second coordinate, likewise.
        y: Box<[u8]>,
    },
    /// A point on Ed25519, neither of small order nor spelled in a way that is not its own.
    Ed25519 {
        /// The point (RFC 8032 §5.1.2).
        x: [u8; 32],
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
    /// The bits of an RSA modulus, at least (RFC 7518 §3.3).
    pub(super) const SHORTEST_MODULUS: usize = 2048;

    /// An RSA key from its big-endian modulus and exponent.
    ///
    /// # Errors
    /// [`KeyError`] for sizes and values outside the bounds of [`KeyMaterial::Rsa`].
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let (modulus, exponent) = (significant(modulus), significant(exponent));
        let bits = bit_length(modulus);
        if !(Self::SHORTEST_MODULUS..=8192).contains(&bits) {
            return Err(KeyError::ModulusSize { bits });
        }
        if !is_odd(modulus) {
            return Err(KeyError::ModulusEven);
        }
        if !Self::is_exponent(exponent) {
            return Err(KeyError::ExponentUnsound);
        }
        Ok(Self::new(KeyMaterial::Rsa { modulus: modulus.into(), exponent: exponent.into() }))
    }

    /// A key on a curve of NIST from the coordinates of its point, each in full length, big-endian.
    ///
    /// # Errors
    /// [`KeyError::PointInvalid`] for another length or a point that is not on the curve.
    pub fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let length = curve.coordinate_length();
        if x.len() != length || y.len() != length || !verify::is_point(curve, x, y) {
            return Err(KeyError::PointInvalid);
        }
        Ok(Self::new(KeyMaterial::Ec { curve, x: x.into(), y: y.into() }))
    }

    /// A key on Ed25519 from its 32 bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyError::PointInvalid`] for another length, bytes that are no point, a second spelling of
    /// a point, and a point of small order: by such a key, one signature is that of many messages.
    pub fn ed25519(x: &[u8]) -> Result<Self, KeyError> {
        match x.try_into() {
            Ok(x) if verify::is_ed25519_point(&x) => Ok(Self::new(KeyMaterial::Ed25519 { x })),
            Ok(_) | Err(_) => Err(KeyError::PointInvalid),
        }
    }

    /// An RSA key from its `SubjectPublicKeyInfo` in DER, as UAA publishes it; `None` if that is not
    /// exactly the DER of a sound RSA key.
    pub fn from_rsa_spki(spki: &[u8]) -> Option<Self> {
        let (modulus, exponent) = der::rsa_numbers(spki)?;
        let key = Self::rsa(modulus, exponent).ok()?;
        // Whatever else was in there, the numbers that were read are not all of it.
        (key.spki_der() == spki).then_some(key)
    }

    /// Whether a number without leading zeros may be an RSA key's public exponent.
    pub(super) fn is_exponent(exponent: &[u8]) -> bool {
        is_odd(exponent) && (2..=33).contains(&bit_length(exponent))
    }

    fn new(material: KeyMaterial) -> Self {
        Self { spki: der::spki(&material).into(), thumbprint: OnceLock::new(), material }
    }

    /// Whether signatures of this algorithm can be checked with it (RFC 8725 §3.1): a key is for
    /// one family of algorithms alone.
    pub fn algorithm_fits(&self, algorithm: Algorithm) -> bool {
        match &self.material {
            KeyMaterial::Ec { curve, .. } => algorithm == curve.algorithm(),
            KeyMaterial::Ed25519 { .. } => algorithm == Algorithm::EdDsa,
            KeyMaterial::Rsa { .. } => algorithm.is_rsa(),
        }
    }

    /// The only length that a signature of this algorithm by this key can have, in bytes (RFC 7518
    /// §3.4, RFC 8017 §8.1.2 and §8.2.2, RFC 8032 §5.1.6); `None` if the key is not for the algorithm.
    pub fn signature_length(&self, algorithm: Algorithm) -> Option<usize> {
        let length = match &self.material {
            KeyMaterial::Ec { curve, .. } => 2 * curve.coordinate_length(),
            KeyMaterial::Ed25519 { .. } => 64,
            KeyMaterial::Rsa { modulus, .. } => modulus.len(),
        };
        self.algorithm_fits(algorithm).then_some(length)
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
    pub fn thumbprint(&self) -> &Thumbprint {
        self.thumbprint.get_or_init(|| thumbprint(&self.material))
    }
}

/// Keys are their numbers: the rest follows from them.
impl Eq for PublicKey {}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.material == other.material
    }
}

/// A key is named by its thumbprint; its numbers would only fill the log.
impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.thumbprint())
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
            Self::PointInvalid => formatter.write_str("the point is not a sound one on the curve"),
        }
    }
}

impl std::error::Error for KeyError {}

/// RFC 7638 §3.2: the required members alone, in the order of their names, without spaces.
fn thumbprint(material: &KeyMaterial) -> Thumbprint {
    let canonical = match material {
        KeyMaterial::Ec { curve, x, y } => {
            let (crv, x, y) = (curve.name(), base64url(x), base64url(y));
            format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        // RFC 8037 §2.
        KeyMaterial::Ed25519 { x } => {
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(x))
        }
        KeyMaterial::Rsa { modulus, exponent } => {
            let (e, n) = (base64url(exponent), base64url(modulus));
            format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
        }
    };
    Thumbprint(digest::sha256(canonical.as_bytes()))
}

/// The bits of a number without leading zeros.
pub(super) fn bit_length(significant: &[u8]) -> usize {
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
        for curve in Curve::ALL {
            let full = curve.coordinate_length();
            for (x, y) in [(full, full), (full - 1, full), (full, full + 1), (0, 0)] {
                let error = PublicKey::ec(curve, &vec![1; x], &vec![1; y]).err();
                assert_eq!(error, Some(KeyError::PointInvalid), "{curve:?} {x} {y}");
            }
            let zero = PublicKey::ec(curve, &vec![0; full], &vec![0; full]).err();
            assert_eq!(zero, Some(KeyError::PointInvalid), "{curve:?}");
        }
    }

    #[test]
    fn ed25519_keys_of_small_order_or_in_a_second_spelling_are_refused() {
        let with_ends = |first: u8, middle: u8, last: u8| {
            let mut x = [middle; 32];
            (x[0], x[31]) = (first, last);
            PublicKey::ed25519(&x).err()
        };
        let refused = Some(KeyError::PointInvalid);
        // y = 1 (order 1), y = -1 (order 2), y = 0 (order 4), with either sign.
        for sign in [0, 0x80] {
            assert_eq!(with_ends(1, 0, sign), refused, "{sign}");
            assert_eq!(with_ends(0xec, 0xff, 0x7f | sign), refused, "{sign}");
            assert_eq!(with_ends(0, 0, sign), refused, "{sign}");
        }
        // y = 3 is a point; y = p + 3 is the same one.
        assert_eq!(with_ends(3, 0, 0), None);
        assert_eq!(with_ends(0xf0, 0xff, 0x7f), refused);
        // y = 2 is no point.
        assert_eq!(with_ends(2, 0, 0), refused);
        for length in [0, 31, 33] {
            assert_eq!(PublicKey::ed25519(&vec![3; length]).err(), refused, "{length}");
        }
    }

    #[test]
    fn the_thumbprint_of_an_ed25519_key_is_that_of_rfc_8037_a_3() {
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key = PublicKey::ed25519(&x).unwrap();
        assert_eq!(key.thumbprint().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn an_rsa_key_is_read_from_its_exact_der_alone() {
        let key = PublicKey::rsa(&modulus(2048), &[1, 0, 1]).unwrap();
        let spki = key.spki_der().to_vec();
        assert_eq!(PublicKey::from_rsa_spki(&spki), Some(key));
        for length in 0..spki.len() {
            assert_eq!(PublicKey::from_rsa_spki(&spki[..length]), None, "{length}");
        }
        assert_eq!(PublicKey::from_rsa_spki(&[spki.as_slice(), &[0]].concat()), None);
        for place in (0..36).chain([spki.len() - 5, spki.len() - 4]) {
            let mut changed = spki.clone();
            changed[place] ^= 0x40;
            let read = PublicKey::from_rsa_spki(&changed);
            assert!(read.is_none_or(|read| read.spki_der() == changed), "{place}");
        }
        let small = PublicKey::ed25519(&[&[3], [0; 31].as_slice()].concat()).unwrap();
        assert_eq!(PublicKey::from_rsa_spki(small.spki_der()), None);
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638_section_3_1() {
        let modulus = URL_SAFE_NO_PAD.decode(RFC_7638_MODULUS).unwrap();
        let key = PublicKey::rsa(&modulus, &[1, 0, 1]).unwrap();
        let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(key.thumbprint().to_string(), expected);
        assert_eq!(format!("{key:?}"), format!("PublicKey({expected})"));
    }

    const RFC_7638_MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtV\
        T86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt\
        7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9\
        1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-\
        kEgU8awapJzKnqDKgw";
}
