use super::*;

/// `2^place` in as many bytes.
fn power_of_two(place: usize, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    bytes[length - 1 - place / 8] = 1 << (place % 8);
    bytes
}

/// `2^bits - 1`.
fn all_ones(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] >>= bits.div_ceil(8) * 8 - bits;
    bytes
}

const EXPONENTS: [u64; 4] = [3, 5, 65_537, 0x1_ffff_ffff];

/// Sizes around whole bytes, limbs and words.
fn sizes() -> impl Iterator<Item = usize> {
    (512..=545).chain([2047, 2048, 2049, 2055, 2056, 2057, 3072, 3073, 4089, 4095, 4096])
}

#[test]
fn modulo_a_row_of_ones_powers_of_two_go_round_in_a_circle() {
    for bits in sizes() {
        let ones = all_ones(bits);
        let modulus = Modulus::new(&ones).unwrap();
        for exponent in EXPONENTS {
            for place in [1, bits - 1] {
                let turned = u128::from(exponent) * place as u128 % bits as u128;
                let expected = power_of_two(usize::try_from(turned).unwrap(), ones.len());
                let power = modulus.power(&power_of_two(place, ones.len()), exponent);
                assert_eq!(power, Some(expected), "{bits} {exponent} {place}");
            }
        }
    }
}

#[test]
fn modulo_one_more_than_a_power_of_two_the_sign_turns_with_each_circle() {
    for bits in sizes() {
        let mut modulus = power_of_two(bits - 1, bits.div_ceil(8));
        *modulus.last_mut().unwrap() |= 1;
        for exponent in EXPONENTS {
            for place in [1, bits - 2] {
                let sum = u128::from(exponent) * place as u128;
                let circle = bits as u128 - 1;
                let turned = usize::try_from(sum % circle).unwrap();
                let mut expected = power_of_two(turned, modulus.len());
                if sum / circle % 2 == 1 {
                    expected = difference(&modulus, &expected);
                }
                let base = power_of_two(place, modulus.len());
                let power = Modulus::new(&modulus).unwrap().power(&base, exponent);
                assert_eq!(power, Some(expected), "{bits} {exponent} {place}");
            }
        }
    }
}

#[test]
fn zero_one_and_minus_one_are_their_own_odd_powers() {
    for bits in sizes() {
        let modulus = all_ones(bits);
        let zero = vec![0; modulus.len()];
        let one = power_of_two(0, modulus.len());
        for own in [zero, one.clone(), difference(&modulus, &one)] {
            let power = Modulus::new(&modulus).unwrap().power(&own, 65_537);
            assert_eq!(power, Some(own), "{bits}");
        }
    }
}

#[test]
fn a_base_that_is_not_below_the_modulus_or_has_another_length_has_no_power() {
    let bytes = all_ones(2047);
    let modulus = Modulus::new(&bytes).unwrap();
    let mut above = bytes.clone();
    above[0] = 0x80;
    assert!(modulus.power(&difference(&bytes, &power_of_two(0, 256)), 3).is_some());
    for base in [bytes.clone(), above, vec![0; 255], vec![0; 257], vec![]] {
        assert_eq!(modulus.power(&base, 3), None, "{base:?}");
    }
}

#[test]
fn exponents_are_odd_and_not_one() {
    let bytes = all_ones(2048);
    let modulus = Modulus::new(&bytes).unwrap();
    let base = power_of_two(5, 256);
    for (exponent, is_computed) in [(0, false), (1, false), (2, false), (3, true), (4, false)] {
        assert_eq!(modulus.power(&base, exponent).is_some(), is_computed, "{exponent}");
    }
}

#[test]
fn a_modulus_is_odd_without_leading_zeros_and_has_512_to_4096_bits() {
    for (bits, is_computed) in [(511, false), (512, true), (4096, true), (4097, false)] {
        let bytes = all_ones(bits);
        let computed = Modulus::new(&bytes).map(|modulus| modulus.bits());
        assert_eq!(computed, is_computed.then_some(bits));
    }
    let padded = [&[0], all_ones(2048).as_slice()].concat();
    let mut even = all_ones(2048);
    even[255] = 0xfe;
    for bytes in [padded, even, vec![], vec![0]] {
        assert!(Modulus::new(&bytes).is_none());
    }
}

#[test]
fn limbs_are_bytes_and_bytes_are_limbs() {
    let bytes: Vec<u8> = (1..=77).collect();
    for length in 1..=77 {
        let limbs = to_limbs(&bytes[..length], (length * 8).div_ceil(28));
        assert!(limbs.iter().all(|limb| *limb < 1 << 28));
        assert_eq!(to_bytes(&limbs, length), bytes[..length]);
        let padded = to_limbs(&bytes[..length], 30);
        assert_eq!(to_bytes(&padded, length), bytes[..length]);
    }
}

/// Against big numbers that others wrote: random ones, and ones with long runs of equal bits.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn powers_are_those_of_another_implementation() {
    use rsa::BigUint;
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for round in 0..200 {
        let bits = 2048 + usize::try_from(random() % 2049).unwrap();
        let mut bytes = |patterned: bool| -> Vec<u8> {
            (0..bits.div_ceil(8))
                .map(|_| match (patterned, random() % 16) {
                    (false, _) => random().to_be_bytes()[0],
                    (true, 0) => random().to_be_bytes()[0],
                    (true, 1..8) => 0xff,
                    (true, _) => 0,
                })
                .collect()
        };
        let (mut modulus, mut base) = (bytes(round % 2 == 0), bytes(round % 3 == 0));
        let top = bits - 1 - (bits.div_ceil(8) - 1) * 8;
        modulus[0] = modulus[0] & ((1 << top) - 1) | 1 << top;
        *modulus.last_mut().unwrap() |= 1;
        base[0] &= (1 << top) - 1;
        let exponent = match round % 4 {
            0 => 3,
            1 | 2 => 65_537,
            _ => random() >> 31 | 3,
        };
        let expected = BigUint::from_bytes_be(&base)
            .modpow(&BigUint::from(exponent), &BigUint::from_bytes_be(&modulus));
        let power = Modulus::new(&modulus).unwrap().power(&base, exponent).unwrap();
        assert_eq!(BigUint::from_bytes_be(&power), expected, "{bits} {exponent} {round}");
    }
}

fn difference(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut bytes: Vec<u8> = one
        .iter()
        .zip(other)
        .rev()
        .map(|(one, other)| {
            let difference = i16::from(*one) - i16::from(*other) - borrow;
            borrow = i16::from(difference < 0);
            difference.rem_euclid(256).to_be_bytes()[1]
        })
        .collect();
    bytes.reverse();
    bytes
}
