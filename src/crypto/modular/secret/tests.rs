use rsa::BigUint;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};

use super::*;

/// Numbers that look random, the same ones in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// So many bits with the highest one and the lowest one set; some have long runs of equal bits.
    fn odd(&mut self, bits: usize) -> BigUint {
        let is_patterned = self.next().is_multiple_of(2);
        let bytes: Vec<u8> = (0..bits.div_ceil(8))
            .map(|_| match (is_patterned, self.next() % 16) {
                (true, 0..7) => 0,
                (true, 7..14) => 0xff,
                (_, _) => self.next().to_le_bytes()[0],
            })
            .collect();
        let one = BigUint::from(1_u32);
        let highest = &one << (bits - 1);
        let number = BigUint::from_bytes_be(&bytes) % &highest;
        (number | highest) | one
    }

    fn below(&mut self, limit: &BigUint) -> BigUint {
        self.odd(limit.bits() + 64) % limit
    }
}

#[test]
fn powers_are_those_of_another_implementation() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for round in 0..24_u32 {
        let bits = 512 + usize::try_from(numbers.next() % 128).unwrap();
        let modulus = numbers.odd(bits);
        let base = numbers.below(&modulus);
        let exponent = match round {
            0 => BigUint::from(0_u32),
            1 => BigUint::from(1_u32),
            2 => &modulus - 1_u32,
            3.. => numbers.below(&modulus),
        };
        let bytes = modulus.to_bytes_be();
        let prepared = Modulus::new(&bytes).unwrap();
        let length = prepared.limbs.len();
        // As many limbs as it needs, and more.
        for more in [0, 2] {
            let prime = Prime::new(Modulus::new(&bytes).unwrap(), length + more);
            let entered = prime.with_r(&to_limbs(&base.to_bytes_be(), length + more));
            let power = prime.without_r(&prime.power(&entered, &exponent.to_bytes_be()));
            let expected = base.modpow(&exponent, &modulus);
            let power = BigUint::from_bytes_be(&to_bytes(&power, bytes.len()));
            assert_eq!(power, expected, "round {round}, {more} more");
        }
    }
}

#[test]
fn two_primes_together_make_the_power_that_the_private_exponent_makes() {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    for (p, q) in [(512, 512), (513, 512), (530, 512), (512, 530), (540, 1036)] {
        // Not primes at all: with exponent one, the formula holds for any two without a common factor.
        let (p, q) = std::iter::repeat_with(|| (numbers.odd(p), numbers.odd(q)))
            .find(|(p, q)| inverse(q, p).is_some())
            .unwrap();
        let modulus = &p * &q;
        let base = numbers.below(&modulus);
        let (p_bytes, q_bytes) = (p.to_bytes_be(), q.to_bytes_be());
        let primes = Primes {
            p: &p_bytes,
            q: &q_bytes,
            dp: &[1],
            dq: &[1],
            q_inverse: &inverse(&q, &p).unwrap().to_bytes_be(),
        };
        assert!(primes.are_of(&modulus.to_bytes_be()));
        assert!(!primes.are_of(&(&modulus + 2_u32).to_bytes_be()));
        assert!(!primes.are_of(&(&modulus << 64).to_bytes_be()));
        let length = modulus.to_bytes_be().len();
        let mut padded = vec![0; length - base.to_bytes_be().len()];
        padded.extend(base.to_bytes_be());
        assert_eq!(primes.power(&padded), Some(padded));
    }
}

#[test]
fn a_made_key_signs_as_its_exponent_does() {
    let mut random = rsa::rand_core::OsRng;
    for bits in [1024, 1030] {
        let mut key = rsa::RsaPrivateKey::new(&mut random, bits).unwrap();
        key.precompute().unwrap();
        let bytes = |number: &BigUint| number.to_bytes_be();
        let [p, q] = key.primes() else { panic!("two primes") };
        let (p, q) = (bytes(p), bytes(q));
        let (dp, dq) = (bytes(key.dp().unwrap()), bytes(key.dq().unwrap()));
        let q_inverse = key.crt_coefficient().unwrap().to_bytes_be();
        let primes = Primes { p: &p, q: &q, dp: &dp, dq: &dq, q_inverse: &q_inverse };
        assert!(primes.are_of(&bytes(key.n())));
        let base = BigUint::from_bytes_be(&vec![0x5a; bits / 8 - 1]);
        let mut padded = vec![0; bytes(key.n()).len() - (bits / 8 - 1)];
        padded.extend(base.to_bytes_be());
        let power = BigUint::from_bytes_be(&primes.power(&padded).unwrap());
        assert_eq!(power, base.modpow(key.d(), key.n()), "{bits}");
    }
}

#[test]
fn numbers_longer_than_their_prime_and_unsound_primes_have_no_power() {
    let (odd, long) = ([0xff; 64], [0xff; 65]);
    let even = [&[0xff; 63], [0xfe].as_slice()].concat();
    let row = |p, q, dp, dq, q_inverse| Primes { p, q, dp, dq, q_inverse }.power(&[1; 128]);
    assert!(row(&odd, &odd, &odd, &odd, &odd).is_some());
    assert!(row(&odd, &odd, &[], &[], &[]).is_some());
    for refused in [
        row(&even, &odd, &odd, &odd, &odd),
        row(&odd, &even, &odd, &odd, &odd),
        row(&odd[1..], &odd, &[], &[], &[]),
        row(&odd, &odd, &long, &odd, &odd),
        row(&odd, &odd, &odd, &long, &odd),
        row(&odd, &odd, &odd, &odd, &long),
    ] {
        assert_eq!(refused, None);
    }
}

/// By Euclid's extended algorithm, with the numbers kept from zero.
fn inverse(number: &BigUint, modulus: &BigUint) -> Option<BigUint> {
    let zero = BigUint::from(0_u32);
    let one = BigUint::from(1_u32);
    let (mut old, mut new) = (modulus.clone(), number % modulus);
    let (mut old_factor, mut factor) = (zero.clone(), one.clone());
    while new != zero {
        let quotient = &old / &new;
        let rest = &old % &new;
        let next = (&old_factor + modulus * modulus - &quotient * &factor % modulus) % modulus;
        (old, new) = (new, rest);
        (old_factor, factor) = (factor, next);
    }
    (old == one).then_some(old_factor)
}
