//! ECDSA on P-384 and P-521 (FIPS 186-5 §6.4), each with the hash that JWS has for it.
//!
//! Hashing and nonces are ours: with those of the library, the module would have each hash function of
//! two generations.

use ecdsa::elliptic_curve::bigint::BitOps as _;
use ecdsa::elliptic_curve::ff::PrimeField as _;
use ecdsa::elliptic_curve::group::{Curve as _, Group as _};
use ecdsa::elliptic_curve::ops::Reduce as _;
use ecdsa::elliptic_curve::point::AffineCoordinates as _;
use ecdsa::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytes, NonZeroScalar, ProjectivePoint, Scalar,
};
use ecdsa::{EcdsaCurve, Signature, hazmat};
use p384::NistP384;
use p521::NistP521;
use zeroize::Zeroizing;

use super::Verdict;
use super::digest::Hash;

/// A curve and the hash that JWS has for it (RFC 7518 §3.4).
pub(super) trait LargeCurve: EcdsaCurve + CurveArithmetic {
    /// The hash.
    const HASH: Hash;
}

impl LargeCurve for NistP384 {
    const HASH: Hash = Hash::Sha384;
}

impl LargeCurve for NistP521 {
    const HASH: Hash = Hash::Sha512;
}

/// Whether the coordinates, in full length, are those of a point on the curve.
pub(super) fn is_point<C: LargeCurve>(x: &[u8], y: &[u8]) -> bool {
    point::<C>(x, y).is_some()
}

/// Whether `signature` (`r` and `s` in full length) is that of `message` by the key with this point.
pub(super) fn verify<C: LargeCurve>(
    (x, y): (&[u8], &[u8]),
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let Some((key, signature)) = point::<C>(x, y).zip(split::<C>(signature)) else {
        return Verdict::Invalid;
    };
    let digest = C::HASH.of(&[message]);
    match hazmat::verify_prehashed(&ProjectivePoint::<C>::from(key), &digest, &signature) {
        Ok(()) => Verdict::Valid,
        Err(_) => Verdict::Invalid,
    }
}

/// The signature of `message`, with the nonce of RFC 6979 §3.2. `None` unless the secret, in full
/// length, is from 1 and below the order of the curve.
pub(super) fn sign<C: LargeCurve>(secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let number = number_of::<C>(secret)?;
    let digest = C::HASH.of(&[message]);
    let mut nonces = Nonces::of::<C>(secret, &digest);
    // Another nonce is asked for if the first is not below the order, which nobody will live to see.
    loop {
        if let Some(nonce) = number_of::<C>(&nonces.next(secret.len()))
            && let Ok((signature, _)) = hazmat::sign_prehashed(&number, &nonce, &digest)
        {
            return Some(signature.to_bytes().to_vec());
        }
    }
}

/// The point that belongs to a number in full length: its coordinates, one after the other. `None` unless
/// the number is from 1 and below the order of the curve.
pub(super) fn public_point<C: LargeCurve>(secret: &[u8]) -> Option<Box<[u8]>> {
    let number = number_of::<C>(secret)?;
    let point = ProjectivePoint::<C>::mul_by_generator(&number).to_affine();
    Some([point.x(), point.y()].concat().into())
}

fn point<C: LargeCurve>(x: &[u8], y: &[u8]) -> Option<AffinePoint<C>> {
    let (x, y) = (x.try_into().ok()?, y.try_into().ok()?);
    AffinePoint::<C>::from_coordinates(x, y).into()
}

fn split<C: LargeCurve>(signature: &[u8]) -> Option<Signature<C>> {
    Signature::from_slice(signature).ok()
}

fn number_of<C: LargeCurve>(bytes: &[u8]) -> Option<Zeroizing<NonZeroScalar<C>>> {
    let bytes: &FieldBytes<C> = bytes.try_into().ok()?;
    Option::from(NonZeroScalar::from_repr(*bytes)).map(Zeroizing::new)
}

/// The nonces of RFC 6979 §3.2.
struct Nonces {
    hash: Hash,
    /// By how many bits the order of the curve is shorter than its bytes.
    spare_bits: u32,
    key: Zeroizing<Vec<u8>>,
    value: Zeroizing<Vec<u8>>,
}

impl Nonces {
    /// From the private number in full length and the digest of the message. Steps b to g.
    fn of<C: LargeCurve>(secret: &[u8], digest: &[u8]) -> Self {
        let mut number = FieldBytes::<C>::default();
        for (byte, of_digest) in number.iter_mut().rev().zip(digest.iter().rev()) {
            *byte = *of_digest;
        }
        let reduced = Scalar::<C>::reduce(&number).to_repr();
        let bits = u32::try_from(8 * secret.len()).unwrap_or(u32::MAX);
        let mut nonces = Self {
            hash: C::HASH,
            spare_bits: bits.saturating_sub(C::ORDER.bits()),
            key: Zeroizing::new(vec![0; digest.len()]),
            value: Zeroizing::new(vec![1; digest.len()]),
        };
        let seed = Zeroizing::new([secret, reduced.as_ref()].concat());
        nonces.stir(0, &seed);
        nonces.stir(1, &seed);
        nonces
    }

    /// Step h: enough blocks, of which as many leading bits as the order has are the nonce.
    fn next(&mut self, length: usize) -> Zeroizing<Vec<u8>> {
        let mut nonce = Zeroizing::new(vec![0; length]);
        for block in nonce.chunks_mut(self.value.len()) {
            self.value = self.hmac(&[&self.value]);
            for (byte, value) in block.iter_mut().zip(self.value.iter()) {
                *byte = *value;
            }
        }
        let mut above = 0;
        for byte in nonce.iter_mut() {
            let bits = u16::from(above) << 8 | u16::from(*byte);
            above = *byte;
            let [_, shifted] = (bits >> self.spare_bits).to_be_bytes();
            *byte = shifted;
        }
        // What the step does with a nonce that is refused.
        self.stir(0, &[]);
        nonce
    }

    fn stir(&mut self, step: u8, seed: &[u8]) {
        self.key = self.hmac(&[&self.value, &[step], seed]);
        self.value = self.hmac(&[&self.value]);
    }

    fn hmac(&self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        let message = Zeroizing::new(parts.concat());
        Zeroizing::new(self.hash.hmac(&self.key, &message))
    }
}
