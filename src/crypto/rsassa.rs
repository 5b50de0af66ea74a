//! RSA signatures: verifying RSASSA-PKCS1-v1_5 and RSASSA-PSS as RFC 7518 §3.3 and §3.5 have them, and
//! making the former.

use super::digest::Hash;
use super::modular::Modulus;
use super::private_key::RsaNumbers;
use super::{Algorithm, Verdict};

/// Whether `signature` is that of `message` by the key of this modulus and exponent: big-endian, of
/// the sizes that [`super::PublicKey`] has.
///
/// [`Verdict::Unsupported`] for a modulus over 4,096 bits. [`Verdict::Invalid`] for an algorithm of
/// another kind of key, and for a signature that is not as long as the modulus or not below it.
pub(super) fn verify(
    algorithm: Algorithm,
    (modulus, exponent): (&[u8], &[u8]),
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let Some((padding, hash)) = scheme(algorithm) else { return Verdict::Invalid };
    let Some(modulus) = Modulus::new(modulus) else { return Verdict::Unsupported };
    let exponent = exponent.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    // RSAVP1 (RFC 8017 §5.2.2), then the integer as bytes of the modulus's length.
    let Some(encoded) = modulus.power(signature, exponent) else { return Verdict::Invalid };
    let digest = hash.of(&[message]);
    let is_valid = match padding {
        // RFC 8017 §8.2.2: compared with the one right encoding, so that nothing is parsed.
        Padding::Pkcs1 => Some(encoded) == pkcs1_encoding(hash, &digest, signature.len()),
        Padding::Pss => is_pss_encoding(hash, &digest, &encoded, modulus.bits() - 1),
    };
    if is_valid { Verdict::Valid } else { Verdict::Invalid }
}

/// The same for a modulus of any length and RSASSA-PKCS1-v1_5 alone: much slower, and in little code.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn verify_slowly(
    algorithm: Algorithm,
    (modulus, exponent): (&[u8], &[u8]),
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let Some((Padding::Pkcs1, hash)) = scheme(algorithm) else { return Verdict::Unsupported };
    let encoded = super::slow_power::power(modulus, signature, exponent);
    let expected = pkcs1_encoding(hash, &hash.of(&[message]), signature.len());
    if encoded.is_some() && encoded == expected { Verdict::Valid } else { Verdict::Invalid }
}

/// The signature of `message` by RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.1). `None` for another algorithm, and for
/// a key whose numbers do not belong together.
///
/// The result is taken to the public exponent before it is given away: from a wrong one, by a fault of the
/// machine or of the key, anybody could compute a prime (Boneh, DeMillo, Lipton, "On the importance of
/// eliminating errors in cryptographic computations", 1997).
pub(super) fn sign(algorithm: Algorithm, key: &RsaNumbers, message: &[u8]) -> Option<Vec<u8>> {
    let (Padding::Pkcs1, hash) = scheme(algorithm)? else { return None };
    let encoded = pkcs1_encoding(hash, &hash.of(&[message]), key.modulus.len())?;
    let signature = key.primes().power(&encoded)?;
    let public = (key.modulus.as_ref(), key.exponent.as_ref());
    let is_right = verify(algorithm, public, message, &signature) == Verdict::Valid;
    is_right.then_some(signature)
}

/// How a digest becomes a number of the modulus's size.
#[derive(Clone, Copy)]
enum Padding {
    Pkcs1,
    Pss,
}

const fn scheme(algorithm: Algorithm) -> Option<(Padding, Hash)> {
    match algorithm {
        Algorithm::Ps256 => Some((Padding::Pss, Hash::Sha256)),
        Algorithm::Ps384 => Some((Padding::Pss, Hash::Sha384)),
        Algorithm::Ps512 => Some((Padding::Pss, Hash::Sha512)),
        Algorithm::Rs256 => Some((Padding::Pkcs1, Hash::Sha256)),
        Algorithm::Rs384 => Some((Padding::Pkcs1, Hash::Sha384)),
        Algorithm::Rs512 => Some((Padding::Pkcs1, Hash::Sha512)),
        Algorithm::EdDsa | Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => None,
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => None,
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2): `00 01`, bytes of `ff` (eight at least), `00`, the hash's name
/// and length in DER, the digest. `None` if the length does not suffice.
fn pkcs1_encoding(hash: Hash, digest: &[u8], length: usize) -> Option<Vec<u8>> {
    let name = digest_info(hash);
    let filler = length.checked_sub(3 + name.len() + digest.len()).filter(|filler| *filler >= 8)?;
    Some([&[0x00, 0x01], vec![0xff; filler].as_slice(), &[0x00], name, digest].concat())
}

/// EMSA-PSS-VERIFY (RFC 8017 §9.1.2) with MGF1 over the same hash and a salt of its length, on the
/// encoding with as many bytes as the modulus; `bits` are those that the encoding may use.
fn is_pss_encoding(hash: Hash, digest: &[u8], encoded: &[u8], bits: usize) -> bool {
    pss_salt(hash, encoded, bits)
        .is_some_and(|(expected, salt)| hash.of(&[&[0; 8], digest, &salt]) == expected)
}

/// The hash that an encoding ends in, and the salt that is masked by it; `None` where a byte between
/// them is not the only one it can be.
fn pss_salt(hash: Hash, encoded: &[u8], bits: usize) -> Option<(&[u8], Vec<u8>)> {
    // Where the modulus has one bit more than whole bytes, its first byte is not of the encoding.
    let (above, encoded) = encoded.split_at_checked(encoded.len() - bits.div_ceil(8))?;
    let (&trailer, encoded) = encoded.split_last()?;
    let (masked, expected) = encoded.split_at_checked(encoded.len().checked_sub(hash.length())?)?;
    // The bits of the first byte that the encoding may use.
    let used = u8::MAX >> (bits.div_ceil(8) * 8 - bits);
    let has_unused_bits = masked.first().is_none_or(|first| first & !used != 0);
    if above.iter().any(|byte| *byte != 0) || trailer != 0xbc || has_unused_bits {
        return None;
    }
    let mask = mgf1(hash, expected, masked.len());
    let mut block: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    *block.first_mut()? &= used;
    let (padding, salt) = block.split_at_checked(block.len().checked_sub(hash.length())?)?;
    let (&one, zeros) = padding.split_last()?;
    let is_padding = one == 0x01 && zeros.iter().all(|zero| *zero == 0);
    is_padding.then(|| (expected, salt.to_vec()))
}

/// MGF1 (RFC 8017 §B.2.1).
fn mgf1(hash: Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let blocks = (0_u32..).take(length.div_ceil(hash.length()));
    let mut mask: Vec<u8> =
        blocks.flat_map(|counter| hash.of(&[seed, &counter.to_be_bytes()])).collect();
    mask.truncate(length);
    mask
}

/// What stands before the digest in a `DigestInfo` (RFC 8017 §9.2, note 1).
const fn digest_info(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Sha256 => {
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
        }
        Hash::Sha384 => {
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
        }
        Hash::Sha512 => {
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
        }
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
