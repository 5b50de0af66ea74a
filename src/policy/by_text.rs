//! Maps from the texts of a configuration, for the look-up of a route.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map of which the configuration writes all keys and requests only ask.
///
/// Its hash is quick and not seeded: who sends requests adds no key, so no choice of paths makes a
/// look-up longer than the author of the configuration made it. All bytes of a key are compared.
pub(super) type ByText<V> = HashMap<Box<str>, V, BuildHasherDefault<TextHasher>>;

/// Eight bytes in a turn, each turn by one multiplication.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TextHasher(u64);

impl TextHasher {
    const fn turn(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(ODD);
    }
}

impl Hasher for TextHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.turn(u64::from_le_bytes(*word));
        }
        // The length stands in for the bytes that are missing.
        let length = u64::from(u8::try_from(rest.len()).unwrap_or_default());
        self.turn(rest.iter().fold(length, |word, &byte| word << 8 | u64::from(byte)));
    }

    // What a text writes to tell where it ends; here each text is a key of its own.
    fn write_u8(&mut self, _end: u8) {}

    fn finish(&self) -> u64 {
        // A map takes the lowest bits and the highest; products have the good ones on top.
        self.0 ^ self.0 >> 32
    }
}

/// The golden ratio in 64 bits, odd.
const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::{Hash, Hasher};

    use super::TextHasher;

    fn hash(text: &str) -> u64 {
        let mut hasher = TextHasher::default();
        text.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn texts_that_differ_a_little_differ_in_the_bits_that_a_map_takes() {
        let numbers = (0..10_000).map(|number| format!("service-{number}"));
        let all: Vec<_> = numbers.map(|text| hash(&text)).collect();
        let distinct = |take: &dyn Fn(u64) -> u64| {
            all.iter().map(|&hash| take(hash)).collect::<BTreeSet<_>>().len()
        };
        assert_eq!(distinct(&|hash| hash), 10_000);
        // Thrown at random into 16,384 buckets, 10,000 would lie in about 7,500.
        assert!(distinct(&|hash| hash & 0x3FFF) > 7_000, "{}", distinct(&|hash| hash & 0x3FFF));
        assert_eq!(distinct(&|hash| hash >> 57), 128);
    }

    #[test]
    fn the_end_of_a_text_counts() {
        let texts = ["", "\0", "\0\0", "a", "a\0", "\0a", "aaaaaaaa", "aaaaaaaa\0", "aaaaaaaaa"];
        let all: BTreeSet<_> = texts.into_iter().map(hash).collect();
        assert_eq!(all.len(), texts.len());
    }
}
