//! The structures that private keys come in: PKCS#8, PKCS#1 and SEC1.

use zeroize::Zeroizing;

use super::pem::Label;
use super::{Numbers, PrivateKey, PrivateKeyError, RsaNumbers};
use crate::crypto::Curve;
use crate::crypto::der::{self, significant};

/// The key of which this is the DER, with its numbers checked.
pub(super) fn key(label: Label, der: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
    match label {
        Label::Ec => ec(None, der),
        Label::Pkcs8 => pkcs8(der),
        Label::Rsa => rsa(der),
    }
}

/// `PrivateKeyInfo` (RFC 5208 §5, RFC 5958 §2); what follows the key itself is not looked at.
fn pkcs8(der: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
    let fields = || {
        let info = whole(der::SEQUENCE, der)?;
        let (_version, rest) = der::content(der::INTEGER, info)?;
        let (algorithm, rest) = der::content(der::SEQUENCE, rest)?;
        let (key, _attributes) = der::content(der::OCTET_STRING, rest)?;
        let (name, _) = der::content(der::OBJECT_IDENTIFIER, algorithm)?;
        Some((algorithm, name, key))
    };
    let (algorithm, name, key) = fields().ok_or(PrivateKeyError::Structure)?;
    if let Some(curve) = algorithm.strip_prefix(der::EC_PUBLIC_KEY) {
        return ec(Some(curve), key);
    }
    if algorithm == der::RSA_ENCRYPTION {
        return rsa(key);
    }
    Err(match name {
        DSA => PrivateKeyError::Dsa,
        ED25519 => PrivateKeyError::Ed25519,
        _ => PrivateKeyError::Type,
    })
}

/// `ECPrivateKey` (RFC 5915 §3). The public key in it is not looked at.
fn ec(outer_curve: Option<&[u8]>, der: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
    let fields = || {
        let key = whole(der::SEQUENCE, der)?;
        let (_version, rest) = der::content(der::INTEGER, key)?;
        let (secret, rest) = der::content(der::OCTET_STRING, rest)?;
        Some((secret, der::content(PARAMETERS, rest).map(|(curve, _)| curve)))
    };
    let (secret, inner_curve) = fields().ok_or(PrivateKeyError::Structure)?;
    let named = match (outer_curve, inner_curve) {
        (Some(outer), Some(inner)) if outer != inner => return Err(PrivateKeyError::Structure),
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => return Err(PrivateKeyError::Structure),
    };
    let curve = Curve::ALL.into_iter().find(|curve| der::object_identifier(*curve) == named);
    let Some(curve) = curve else {
        let is_known = named == SECP256K1;
        return Err(if is_known {
            PrivateKeyError::CurveSecp256k1
        } else {
            PrivateKeyError::Curve
        });
    };
    // In full length; some leave zeros out, and some put one before.
    let (secret, length) = (significant(secret), curve.coordinate_length());
    let zeros = length.checked_sub(secret.len()).ok_or(PrivateKeyError::NumberUnsound)?;
    let mut full = Zeroizing::new(vec![0; zeros]);
    full.reserve_exact(length);
    full.extend_from_slice(secret);
    PrivateKey::ec(curve, full).ok_or(PrivateKeyError::NumberUnsound)
}

/// `RSAPrivateKey` (RFC 8017 §A.1.2).
fn rsa(der: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
    let mut rest = whole(der::SEQUENCE, der).ok_or(PrivateKeyError::Structure)?;
    let mut number = || {
        let (number, after) = der::content(der::INTEGER, rest)?;
        rest = after;
        // A negative one is none.
        number.first().is_some_and(|first| first & 0x80 == 0).then(|| significant(number))
    };
    let mut numbers = || {
        let version = number()?;
        let (modulus, exponent, _private_exponent) = (number()?, number()?, number()?);
        let mut secret = || number().map(|number| Zeroizing::new(number.to_vec()));
        Some((version, modulus, exponent, [secret()?, secret()?, secret()?, secret()?, secret()?]))
    };
    let (version, modulus, exponent, secret) = numbers().ok_or(PrivateKeyError::Structure)?;
    if !version.is_empty() {
        return Err(PrivateKeyError::RsaPrimes);
    }
    let numbers = RsaNumbers {
        modulus: modulus.into(),
        exponent: exponent.into(),
        secret,
        der: Zeroizing::new(der.to_vec()),
    };
    numbers.check()?;
    Ok(PrivateKey { numbers: Numbers::Rsa(numbers) })
}

/// The content of the only element that there is.
fn whole(tag: u8, der: &[u8]) -> Option<&[u8]> {
    der::content(tag, der).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

const PARAMETERS: u8 = 0xa0;

const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const SECP256K1: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];
