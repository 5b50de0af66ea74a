//! Encodings by hand, each with a key made so that it has a signature: `n = s^3 - encoding`.

use rsa::BigUint;
use rsa::sha2::{Digest as _, Sha256};

use super::*;

const MESSAGE: &[u8] = b"header.payload";
const EXPONENT: &[u8] = &[3];

/// All sizes by the bits that the modulus has beyond whole bytes, and those around them.
const SIZES: std::ops::RangeInclusive<usize> = 2048..=2057;

/// Modulus and signature, such that the signature's cube is this encoding modulo this.
fn forged(encoding: &[u8], bits: usize) -> (Vec<u8>, Vec<u8>) {
    let encoding = BigUint::from_bytes_be(encoding);
    // Of this size, and above almost every number of it.
    let about = BigUint::from(0xff_u8) << (bits - 8);
    let mut root = (&encoding + about).cbrt();
    let cube = |root: &BigUint| root * root * root;
    // Of two neighbours, the one whose cube makes it odd.
    if (cube(&root) + &encoding) % 2_u8 == BigUint::default() {
        root += 1_u8;
    }
    let modulus = cube(&root) - &encoding;
    assert!(modulus.bits() == bits && encoding < modulus);
    let root = root.to_bytes_be();
    let signature = [vec![0; bits.div_ceil(8) - root.len()], root].concat();
    (modulus.to_bytes_be(), signature)
}

fn is_valid(algorithm: Algorithm, encoding: &[u8], bits: usize) -> bool {
    let (modulus, signature) = forged(encoding, bits);
    match verify(algorithm, (&modulus, EXPONENT), MESSAGE, &signature) {
        Verdict::Invalid => false,
        Verdict::Valid => true,
        Verdict::Unsupported => panic!("{bits} bits"),
    }
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(parts.concat()).to_vec()
}

/// RFC 8017 §9.1.1 with SHA-256, `separator` where `01` belongs and `filler` where zeros do.
fn pss(bits: usize, salt: &[u8], filler: u8, separator: u8, trailer: u8) -> Vec<u8> {
    let length = (bits - 1).div_ceil(8);
    let hash = sha256(&[&[0; 8], &sha256(&[MESSAGE]), salt]);
    let mut block = vec![0; length - 32 - 1 - salt.len() - 1];
    *block.last_mut().unwrap() = filler;
    block.push(separator);
    block.extend(salt);
    let mask = (0_u32..).flat_map(|counter| sha256(&[&hash, &counter.to_be_bytes()]));
    let mut masked: Vec<u8> = block.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    masked[0] &= 0xff >> (length * 8 - (bits - 1));
    let encoded = [masked, hash, vec![trailer]].concat();
    [vec![0; bits.div_ceil(8) - length], encoded].concat()
}

#[test]
fn an_encoding_of_pss_is_the_only_one_for_its_salt_whatever_the_size_of_the_modulus() {
    let is_valid = |encoding: &[u8], bits| is_valid(Algorithm::Ps256, encoding, bits);
    let salt = [0x5a; 64];
    for bits in SIZES {
        let right = pss(bits, &salt[..32], 0, 1, 0xbc);
        assert!(is_valid(&right, bits), "{bits}");
        for length in [0, 20, 31, 33, 64] {
            assert!(!is_valid(&pss(bits, &salt[..length], 0, 1, 0xbc), bits), "{bits} {length}");
        }
        for (filler, separator, trailer) in
            [(1, 1, 0xbc), (0x80, 1, 0xbc), (0, 0, 0xbc), (0, 2, 0xbc), (0, 1, 0xbd), (0, 1, 0xcc)]
        {
            let wrong = pss(bits, &salt[..32], filler, separator, trailer);
            assert!(!is_valid(&wrong, bits), "{bits} {filler} {separator} {trailer}");
        }
        // The bit above those that the encoding may use; and a bit of padding, salt and hash.
        let top = bits - 1;
        for place in [top, 520, 300, 8] {
            let mut wrong = right.clone();
            let byte = wrong.len() - 1 - place / 8;
            wrong[byte] ^= 1 << (place % 8);
            assert!(!is_valid(&wrong, bits), "{bits} {place}");
        }
    }
}

/// RFC 8017 §9.2 with so many bytes of `ff`, this before the digest, and this after it.
fn pkcs1(bits: usize, start: &[u8], name: &[u8], after: &[u8]) -> Vec<u8> {
    let digest = sha256(&[MESSAGE]);
    let content = [&[0], name, &digest, after].concat();
    let filler = vec![0xff; bits.div_ceil(8) - start.len() - content.len()];
    [start, &filler, &content].concat()
}

#[test]
fn an_encoding_of_pkcs1_is_the_only_one_whatever_the_size_of_the_modulus() {
    let is_valid = |encoding: &[u8], bits| is_valid(Algorithm::Rs256, encoding, bits);
    let name = digest_info(Hash::Sha256);
    // Without NULL for the parameters; SHA-384's name; a long form of a length.
    let [mut bare, mut other, mut long] = [name.to_vec(), name.to_vec(), name.to_vec()];
    bare.drain(15..17);
    (bare[1], bare[3]) = (0x2f, 0x0b);
    other[14] = 2;
    long.splice(18.., [0x81, 0x20]);
    long[1] = 0x32;
    for bits in SIZES {
        assert!(is_valid(&pkcs1(bits, &[0, 1], name, &[]), bits), "{bits}");
        for name in [&bare, &other, &long] {
            assert!(!is_valid(&pkcs1(bits, &[0, 1], name, &[]), bits), "{bits} {name:?}");
        }
        for start in [&[0, 2][..], &[0, 0], &[0, 1, 0xfe], &[0, 1, 0]] {
            assert!(!is_valid(&pkcs1(bits, start, name, &[]), bits), "{bits} {start:?}");
        }
        // Bleichenbacher's forgery of 2006: little filler, and anything behind the digest.
        for behind in [vec![0], vec![0; 100], vec![0x5a; 194]] {
            assert!(!is_valid(&pkcs1(bits, &[0, 1], name, &behind), bits), "{bits}");
        }
    }
}
