//! Numbers for lease nonces and jitter, from a seed that the host draws.

/// A SplitMix64 sequence. Its numbers keep workers apart; no secret hangs on them.
#[derive(Debug)]
pub(super) struct Sequence(u64);

impl Sequence {
    /// The sequence of a seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A jitter from 0 to 1000 thousandths.
    pub(super) const fn jitter(&mut self) -> u16 {
        (self.next() % 1001) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_of_two_seeds_differ_and_jitter_stays_in_its_range() {
        let (mut one, mut two) = (Sequence::new(1), Sequence::new(2));
        assert_ne!(one.next(), two.next());
        assert!((0..1000).all(|_| one.jitter() <= 1000));
    }
}
