//! Powers modulo an odd number: the arithmetic of RSA with a public exponent (RFC 8017 §5.2.2).
//!
//! Montgomery multiplication (P. Montgomery, "Modular multiplication without trial division", 1985;
//! Handbook of Applied Cryptography, 14.32 and 14.36) by product scanning: the columns of a product
//! are summed one after the other, each sum in one 64-bit word, so that nothing is carried inside of
//! a column (Koç, Acar, Kaliski, "Analyzing and comparing Montgomery multiplication algorithms",
//! 1996). Squares take half of their products. No subtraction between multiplications: with `R > 4n`,
//! operands below `2n` have a result below `2n` (C. Walter, "Montgomery exponentiation needs no final
//! subtractions", 1999).
//!
//! **Time depends on the numbers.** All of them are public: modulus, exponent, signature. Never for a
//! private key: [`secret`] is for those.

pub(super) mod secret;

use std::ops::RangeInclusive;

/// An odd modulus, prepared for powers.
pub(super) struct Modulus<'n> {
    /// Big-endian, without leading zeros.
    bytes: &'n [u8],
    limbs: Limbs,
    /// The limbs from the highest to the lowest.
    reversed: Limbs,
    /// What the lowest limb must be multiplied by to give `-1`, modulo the base.
    inverse: u64,
    /// The place of its highest bit, plus one.
    bits: usize,
}

/// Digits in base 2^28, the lowest first. A column of a product of two numbers of at most 255 limbs
/// is below `255 * (2^28 - 1)^2`, which leaves room in 64 bits for another limb and a carry.
type Limbs = Vec<u64>;

impl<'n> Modulus<'n> {
    /// Below, a number would lack the leading bits that quotients are guessed from; above, one power
    /// takes too long.
    const BITS: RangeInclusive<usize> = 512..=4096;

    /// The modulus of these bytes (big-endian, no leading zero); `None` for an even one and for one
    /// of fewer than 512 or more than 4,096 bits.
    pub(super) fn new(bytes: &'n [u8]) -> Option<Self> {
        let zeros = usize::try_from(bytes.first()?.leading_zeros()).ok()?;
        let bits = (bytes.len() * 8).checked_sub(zeros)?;
        if zeros == 8 || !Self::BITS.contains(&bits) || bytes.last()? & 1 == 0 {
            return None;
        }
        // `R = 2^(28 * length) > 4n`.
        let limbs = to_limbs(bytes, (bits + 2).div_ceil(LIMB_BITS));
        let inverse = negative_inverse(*limbs.first()?);
        let reversed = limbs.iter().rev().copied().collect();
        Some(Self { bytes, limbs, reversed, inverse, bits })
    }

    /// Its bits.
    pub(super) const fn bits(&self) -> usize {
        self.bits
    }

    /// The power of `base` modulo this, both big-endian and of this modulus's length in bytes;
    /// `None` unless the base is of that length and below the modulus, and the exponent odd and not 1.
    pub(super) fn power(&self, base: &[u8], exponent: u64) -> Option<Vec<u8>> {
        // Of numbers of one length, the order of their bytes is their own.
        if base.len() != self.bytes.len() || base >= self.bytes || exponent & 1 == 0 {
            return None;
        }
        let base = to_limbs(base, self.limbs.len());
        let factor = self.times_r(base.clone());
        let mut power = factor.clone();
        for place in (1..exponent.checked_ilog2().filter(|highest| *highest > 0)?).rev() {
            power = self.reduced(&squared(&power));
            if exponent >> place & 1 == 1 {
                power = self.reduced(&product(&power, &factor));
            }
        }
        power = self.reduced(&squared(&power));
        // The last bit of an odd exponent: the base without its `R` takes that of the power along.
        let mut power = self.reduced(&product(&power, &base));
        self.subtract_once(&mut power);
        Some(to_bytes(&power, self.bytes.len()))
    }

    /// `number * R` modulo this, for a number below this: a division, limb by limb.
    fn times_r(&self, mut number: Limbs) -> Limbs {
        // INVARIANT: `number < n`. The quotient is never too large, for the divisor is rounded up
        // and the dividend down; it is too small by less than 1.2, for they have 32 and up to 60
        // leading bits: so one subtraction is enough.
        let divisor = leading(&self.limbs, self.bits - 32) + 1;
        for _ in 0..self.limbs.len() {
            let quotient = leading(&number, self.bits - 60) / divisor;
            // Modulo `R`, which what is left stays below: what leaves at the top needs no place.
            number.pop();
            number.insert(0, 0);
            self.subtract(quotient, &mut number);
            self.subtract_once(&mut number);
        }
        number
    }

    /// `columns / R` modulo this, below twice this, for a product of two such numbers.
    fn reduced(&self, columns: &[u64]) -> Limbs {
        let length = self.limbs.len();
        let lowest = self.limbs.first().copied().unwrap_or_default();
        let (low, high) = columns.split_at_checked(length).unwrap_or_default();
        let mut multiples = Vec::with_capacity(length);
        let mut sum = 0;
        for (place, column) in low.iter().enumerate() {
            sum += column + column_of(&multiples, &self.reversed, place);
            let multiple = low_limb(low_limb(sum) * self.inverse);
            sum += multiple * lowest;
            // Its lowest limb is zero now.
            sum >>= LIMB_BITS;
            multiples.push(multiple);
        }
        let columns = (length..)
            .zip(high)
            .map(|(place, column)| column + column_of(&multiples, &self.reversed, place));
        carried(sum, columns)
    }

    /// Subtracts this from a number of its limbs, unless the number is less.
    fn subtract_once(&self, number: &mut Limbs) {
        if number.iter().rev().lt(&self.reversed) {
            return;
        }
        self.subtract(1, number);
    }

    /// Subtracts a multiple of this, modulo `R`. The factor is below 2^29.
    fn subtract(&self, factor: u64, number: &mut Limbs) {
        let mut carry = 0;
        for (limb, modulus) in number.iter_mut().zip(&self.limbs) {
            let difference = limb.cast_signed() - (factor * modulus).cast_signed() + carry;
            *limb = low_limb(difference.cast_unsigned());
            carry = difference >> LIMB_BITS;
        }
    }
}

/// The product of two numbers of equally many limbs.
fn product(one: &[u64], other: &[u64]) -> Limbs {
    let reversed: Limbs = other.iter().rev().copied().collect();
    carried(0, (0..2 * one.len()).map(|place| column_of(one, &reversed, place)))
}

/// A number times itself. A column has each product of two different limbs twice.
fn squared(number: &[u64]) -> Limbs {
    let reversed: Limbs = number.iter().rev().copied().collect();
    let columns = (0..2 * number.len()).map(|place| {
        let (ours, theirs) = factors(number, &reversed, place);
        let pairs = ours.len().min(theirs.len()) / 2;
        let ours = ours.get(..pairs).unwrap_or_default();
        let middle = number.get(place / 2).filter(|_| place % 2 == 0).copied().unwrap_or_default();
        2 * dot(ours, theirs) + middle * middle
    });
    carried(0, columns)
}

/// A limb of each column, what is above it carried on to the next one. The last one leaves nothing.
fn carried(mut carry: u64, columns: impl Iterator<Item = u64>) -> Limbs {
    let limbs = columns.map(|column| {
        carry += column;
        let limb = low_limb(carry);
        carry >>= LIMB_BITS;
        limb
    });
    limbs.collect()
}

/// One column of a product: the sum over all pairs of limbs whose places add up to `place`. The
/// first number may have its lowest limbs alone; the second one is reversed and complete.
fn column_of(one: &[u64], reversed: &[u64], place: usize) -> u64 {
    let (ours, theirs) = factors(one, reversed, place);
    dot(ours, theirs)
}

/// What to multiply pair by pair for one column; whichever is longer has more than is needed.
fn factors<'l>(one: &'l [u64], reversed: &'l [u64], place: usize) -> (&'l [u64], &'l [u64]) {
    let highest = reversed.len().saturating_sub(1);
    let ours = one.get(place.saturating_sub(highest)..).unwrap_or_default();
    let theirs = reversed.get(highest.saturating_sub(place)..).unwrap_or_default();
    (ours, theirs)
}

/// The sum of the products, pair by pair, of as many as the shorter one has. Four at a time: a
/// sixth faster in Wasm than one.
fn dot(one: &[u64], other: &[u64]) -> u64 {
    let length = one.len().min(other.len());
    let one = one.get(..length).unwrap_or_default().as_chunks::<4>();
    let other = other.get(..length).unwrap_or_default().as_chunks::<4>();
    let mut sum = 0;
    for ([a, b, c, d], [e, f, g, h]) in one.0.iter().zip(other.0) {
        sum += a * e + b * f + c * g + d * h;
    }
    for (one, other) in one.1.iter().zip(other.1) {
        sum += one * other;
    }
    sum
}

/// The number without its lowest bits. Callers leave at most 64.
fn leading(number: &[u64], lowest: usize) -> u64 {
    let limbs = number.iter().skip(lowest / LIMB_BITS).rev();
    let leading = limbs.fold(0, |value, limb| value << LIMB_BITS | u128::from(*limb));
    u64::try_from(leading >> (lowest % LIMB_BITS)).unwrap_or(u64::MAX)
}

/// Newton's iteration for the inverse of an odd number: each step doubles the right bits, of which
/// an odd number has three to begin with (it is its own inverse modulo 8).
fn negative_inverse(odd: u64) -> u64 {
    let inverse = (0..4).fold(odd, |inverse, _| {
        inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)))
    });
    low_limb(inverse.wrapping_neg())
}

/// As many limbs as asked for; those above are zero in all that is passed here.
fn to_limbs(big_endian: &[u8], length: usize) -> Limbs {
    let mut limbs = Vec::with_capacity(length + 1);
    let (mut window, mut bits) = (0_u64, 0);
    for byte in big_endian.iter().rev() {
        window |= u64::from(*byte) << bits;
        bits += 8;
        if bits >= LIMB_BITS {
            limbs.push(low_limb(window));
            window >>= LIMB_BITS;
            bits -= LIMB_BITS;
        }
    }
    limbs.push(low_limb(window));
    limbs.resize(length, 0);
    limbs
}

/// As many bytes as asked for, big-endian; those above are zero in all that is passed here.
fn to_bytes(limbs: &[u64], length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 4);
    let (mut window, mut bits) = (0_u64, 0);
    for limb in limbs {
        window |= limb << bits;
        bits += LIMB_BITS;
        while bits >= 8 {
            bytes.push(low_byte(window));
            window >>= 8;
            bits -= 8;
        }
    }
    bytes.push(low_byte(window));
    bytes.resize(length, 0);
    bytes.reverse();
    bytes
}

const fn low_limb(value: u64) -> u64 {
    value & ((1 << LIMB_BITS) - 1)
}

const fn low_byte(value: u64) -> u8 {
    let [lowest, ..] = value.to_le_bytes();
    lowest
}

const LIMB_BITS: usize = 28;

#[cfg(test)]
mod tests;
