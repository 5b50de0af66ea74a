//! Powers modulo numbers of any length, for the command-line tool: each product is made bit by bit.

/// The power of `base` modulo `modulus`, all big-endian, the result as long as the modulus; `None` unless
/// the base is as long as the modulus and below it, and the exponent is not 0.
pub(super) fn power(modulus: &[u8], base: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    // Of numbers of one length, the order of their bytes is their own.
    if base.len() != modulus.len() || base >= modulus {
        return None;
    }
    let modulus = Modulus(to_limbs(modulus));
    let factor = to_limbs(base);
    let mut power: Option<Vec<u64>> = None;
    for bit in bits(exponent) {
        power = match (power, bit) {
            (None, false) => None,
            (None, true) => Some(factor.clone()),
            (Some(power), false) => Some(modulus.product(&power, &power)),
            (Some(power), true) => Some(modulus.product(&modulus.product(&power, &power), &factor)),
        };
    }
    power.map(|power| to_bytes(&power, base.len()))
}

/// A modulus in limbs of 64 bits, the lowest first.
struct Modulus(Vec<u64>);

impl Modulus {
    /// The product of two numbers below this, modulo this.
    fn product(&self, one: &[u64], other: &[u64]) -> Vec<u64> {
        let mut product = vec![0; self.0.len()];
        for limb in one.iter().rev() {
            for place in (0..64).rev() {
                let doubled = product.clone();
                self.add(&mut product, &doubled);
                if limb >> place & 1 == 1 {
                    self.add(&mut product, other);
                }
            }
        }
        product
    }

    /// Adds a number below this to another one, modulo this.
    fn add(&self, sum: &mut [u64], addend: &[u64]) {
        let mut carry = false;
        for (limb, addend) in sum.iter_mut().zip(addend) {
            (*limb, carry) = add(*limb, *addend, carry);
        }
        if carry || sum.iter().rev().ge(self.0.iter().rev()) {
            // What it borrows at the top is what was carried there.
            let mut borrow = false;
            for (limb, own) in sum.iter_mut().zip(&self.0) {
                (*limb, borrow) = subtract(*limb, *own, borrow);
            }
        }
    }
}

fn add(one: u64, other: u64, carry: bool) -> (u64, bool) {
    let (sum, over) = one.overflowing_add(other);
    let (sum, over_again) = sum.overflowing_add(u64::from(carry));
    (sum, over || over_again)
}

fn subtract(one: u64, other: u64, borrow: bool) -> (u64, bool) {
    let (rest, under) = one.overflowing_sub(other);
    let (rest, under_again) = rest.overflowing_sub(u64::from(borrow));
    (rest, under || under_again)
}

fn bits(bytes: &[u8]) -> impl Iterator<Item = bool> {
    bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1 == 1))
}

fn to_limbs(bytes: &[u8]) -> Vec<u64> {
    let limb = |bytes: &[u8]| bytes.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    bytes.rchunks(8).map(limb).collect()
}

fn to_bytes(limbs: &[u64], length: usize) -> Vec<u8> {
    let bytes: Vec<_> = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    bytes.get(bytes.len().saturating_sub(length)..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::modular::Modulus as Fast;

    #[test]
    fn small_powers_are_right() {
        for (modulus, base, exponent, expected) in
            [(13, 5, 3, 8), (255, 254, 3, 254), (7, 0, 3, 0), (251, 2, 255, 32), (9, 4, 1, 4)]
        {
            assert_eq!(power(&[modulus], &[base], &[exponent]), Some(vec![expected]), "{base}");
        }
        assert_eq!(power(&[13], &[13], &[3]), None, "not below the modulus");
        assert_eq!(power(&[13], &[0, 5], &[3]), None, "of another length");
        assert_eq!(power(&[13], &[5], &[0]), None);
    }

    #[test]
    fn both_arithmetics_agree() {
        let mut state = 7_u32;
        let mut bytes = |length| {
            let mut byte = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            };
            (0..length).map(&mut byte).collect::<Vec<_>>()
        };
        for length in [64, 65, 71, 72, 256] {
            let (mut modulus, mut base) = (bytes(length), bytes(length));
            modulus[0] |= 0x80;
            base[0] &= 0x7f;
            modulus[length - 1] |= 1;
            for exponent in [3, 65_537_u64] {
                let slow = power(&modulus, &base, &exponent.to_be_bytes());
                assert_eq!(slow, Fast::new(&modulus).unwrap().power(&base, exponent), "{length}");
            }
        }
    }
}
