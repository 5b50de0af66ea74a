//! The power by which RSA signs (RFC 8017 §5.2.1, its second form), by the primes of a private key.
//!
//! **Time depends on the sizes of the numbers alone**: nothing here branches on a number, divides by
//! one, or looks up a place by one. Products and reductions are those of the parent module, for which
//! that is true as well; its division and its comparison are not used. The exponent is read in windows
//! of four bits, each of which reads the whole table. What holds a number of the key, or a power by it,
//! is overwritten in the end, but for the two rows inside of a multiplication.

use std::hint::black_box;

use zeroize::{Zeroize as _, Zeroizing};

use super::{LIMB_BITS, Limbs, Modulus, carried, low_limb, product, squared, to_bytes, to_limbs};

/// The numbers of an RSA key that sign (RFC 8017 §3.2), big-endian, without leading zeros.
pub(in crate::crypto) struct Primes<'n> {
    /// The first prime.
    pub(in crate::crypto) p: &'n [u8],
    /// The second prime.
    pub(in crate::crypto) q: &'n [u8],
    /// The private exponent modulo `p - 1`.
    pub(in crate::crypto) dp: &'n [u8],
    /// The private exponent modulo `q - 1`.
    pub(in crate::crypto) dq: &'n [u8],
    /// The inverse of `q` modulo `p`.
    pub(in crate::crypto) q_inverse: &'n [u8],
}

impl Primes<'_> {
    /// Whether they are odd, of sizes that can be computed with, and the modulus is their product.
    pub(in crate::crypto) fn are_of(&self, modulus: &[u8]) -> bool {
        self.prepared().is_some_and(|(p, q)| {
            let product = Zeroizing::new(product(&p.modulus.limbs, &q.modulus.limbs));
            let length = product.len();
            modulus.len() * 8 <= length * LIMB_BITS && *product == to_limbs(modulus, length)
        })
    }

    /// The power of `base`, which is below the product of the primes, by the private exponent, in as many
    /// bytes as the base. `None` for numbers of sizes that no key has.
    ///
    /// Numbers that do not belong together have a wrong result: callers check it.
    pub(in crate::crypto) fn power(&self, base: &[u8]) -> Option<Vec<u8>> {
        let (p, q) = self.prepared()?;
        // Each prime is below the `R` that both have, so `base` is below `p * R`: one reduction is
        // enough, and leaves it divided by `R`.
        let base_limbs = to_limbs(base, 2 * q.modulus.limbs.len());
        let below = |prime: &Prime<'_>| {
            let reduced = Zeroizing::new(prime.modulus.reduced(&base_limbs));
            prime.with_r(&prime.with_r(&reduced))
        };
        let by_q = q.without_r(&q.power(&below(&q), self.dq));
        let by_p = p.power(&below(&p), self.dp);
        // Garner's formula: `by_q + q * ((by_p - by_q) / q modulo p)`.
        let difference = p.difference(&by_p, &p.with_r(&by_q));
        let inverse = Zeroizing::new(to_limbs(self.q_inverse, p.modulus.limbs.len()));
        let mut quotient = p.times(&difference, &inverse);
        p.fold(1, &mut quotient);
        let mut power = Zeroizing::new(product(&q.modulus.limbs, &quotient));
        for (limb, by_q) in power.iter_mut().zip(by_q.iter()) {
            *limb += by_q;
        }
        let power = Zeroizing::new(carried(0, power.iter().copied()));
        Some(to_bytes(&power, base.len()))
    }

    fn prepared(&self) -> Option<(Prime<'_>, Prime<'_>)> {
        let fit = self.dp.len() <= self.p.len()
            && self.dq.len() <= self.q.len()
            && self.q_inverse.len() <= self.p.len();
        if !fit {
            return None;
        }
        let (p, q) = (Modulus::new(self.p)?, Modulus::new(self.q)?);
        let length = p.limbs.len().max(q.limbs.len());
        Some((Prime::new(p, length), Prime::new(q, length)))
    }
}

/// A prime, prepared for a power. Numbers modulo it are below its double, unless said otherwise.
struct Prime<'n> {
    modulus: Modulus<'n>,
    /// `R * R` modulo the prime.
    r_squared: Zeroizing<Limbs>,
}

impl<'n> Prime<'n> {
    /// With so many limbs, which are at least those that it needs.
    fn new(mut modulus: Modulus<'n>, length: usize) -> Self {
        while modulus.limbs.len() < length {
            modulus.limbs.push(0);
            modulus.reversed.insert(0, 0);
        }
        // Its highest power of two, doubled until it is `R * R`.
        let highest = modulus.bits - 1;
        let mut r_squared = Zeroizing::new(vec![0; length]);
        if let Some(limb) = r_squared.get_mut(highest / LIMB_BITS) {
            *limb = 1 << (highest % LIMB_BITS);
        }
        let mut prime = Self { modulus, r_squared: Zeroizing::default() };
        for _ in highest..2 * length * LIMB_BITS {
            prime.fold(2, &mut r_squared);
        }
        prime.r_squared = r_squared;
        prime
    }

    /// `base` by the exponent (big-endian, not longer than the prime), both the base and the power
    /// times `R`.
    fn power(&self, base: &[u64], exponent: &[u8]) -> Zeroizing<Limbs> {
        let mut table = vec![self.without_r(&self.r_squared), Zeroizing::new(base.to_vec())];
        while table.len() < WINDOW {
            let next = table.last().map(|last| self.times(last, base));
            table.extend(next);
        }
        let zeros = self.modulus.bytes.len() - exponent.len();
        let mut power = self.without_r(&self.r_squared);
        let digits =
            std::iter::repeat_n(&0, zeros).chain(exponent).flat_map(|byte| [byte >> 4, byte & 15]);
        for digit in digits {
            for _ in 0..4 {
                let square = Zeroizing::new(squared(&power));
                power = Zeroizing::new(self.modulus.reduced(&square));
            }
            power = self.times(&power, &chosen(&table, digit));
        }
        power
    }

    /// The product divided by `R`.
    fn times(&self, one: &[u64], other: &[u64]) -> Zeroizing<Limbs> {
        let columns = Zeroizing::new(product(one, other));
        Zeroizing::new(self.modulus.reduced(&columns))
    }

    /// The number, which is below `R`, times `R`.
    fn with_r(&self, number: &[u64]) -> Zeroizing<Limbs> {
        self.times(number, &self.r_squared)
    }

    /// The number divided by `R`, below the prime.
    fn without_r(&self, number: &[u64]) -> Zeroizing<Limbs> {
        let mut columns = Zeroizing::new(Vec::with_capacity(2 * number.len()));
        columns.extend_from_slice(number);
        columns.resize(2 * number.len(), 0);
        let mut reduced = Zeroizing::new(self.modulus.reduced(&columns));
        self.fold(1, &mut reduced);
        reduced
    }

    /// The difference of two numbers, below four times the prime.
    fn difference(&self, one: &[u64], other: &[u64]) -> Zeroizing<Limbs> {
        let mut carry = 0;
        let limbs = one.iter().zip(other).zip(&self.modulus.limbs).map(|((one, other), prime)| {
            let sum = (one + 2 * prime).cast_signed() - other.cast_signed() + carry;
            carry = sum >> LIMB_BITS;
            low_limb(sum.cast_unsigned())
        });
        Zeroizing::new(limbs.collect())
    }

    /// Multiplies a number by one or two, and takes the prime away once unless the result is less. The
    /// result is below the prime if the product was below its double.
    fn fold(&self, factor: u64, number: &mut Limbs) {
        let mut carry = 0;
        for (limb, prime) in number.iter_mut().zip(&self.modulus.limbs) {
            let difference = (factor * *limb).cast_signed() - prime.cast_signed() + carry;
            *limb = low_limb(difference.cast_unsigned());
            carry = difference >> LIMB_BITS;
        }
        // All ones where it was less, else zero: a mask, which the compiler shall make no branch of.
        let was_less = black_box(carry.cast_unsigned());
        let mut carry = 0;
        for (limb, prime) in number.iter_mut().zip(&self.modulus.limbs) {
            let sum = *limb + (prime & was_less) + carry;
            *limb = low_limb(sum);
            carry = sum >> LIMB_BITS;
        }
    }
}

impl Drop for Prime<'_> {
    fn drop(&mut self) {
        self.modulus.limbs.zeroize();
        self.modulus.reversed.zeroize();
    }
}

/// The entry of that number, after all have been read.
fn chosen(table: &[Zeroizing<Limbs>], digit: u8) -> Zeroizing<Limbs> {
    let length = table.first().map_or(0, |entry| entry.len());
    let mut sum = Zeroizing::new(vec![0; length]);
    for (place, entry) in (0_u64..).zip(table) {
        // Below 2^63, so the highest bit of what is left after taking one off tells zero from the rest.
        let other = place ^ u64::from(digit);
        let is_it = black_box(((other.wrapping_sub(1)) >> 63).wrapping_neg());
        for (sum, limb) in sum.iter_mut().zip(entry.iter()) {
            *sum |= limb & is_it;
        }
    }
    sum
}

/// The entries of the table of powers: one for each value of four bits.
const WINDOW: usize = 16;

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
