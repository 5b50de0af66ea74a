//! The form of the keys that we make: `<prefix>_<43 digits of base 62><6 digits of CRC-32>`.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::secret::Secret;

/// What stands before the `_` of a key of ours: 2 to 8 of `a` to `z`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyPrefix(Arc<str>);

/// A text that cannot be the prefix of keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyPrefixError;

/// What the bytes of a presented key tell before any look-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// It has our prefix, and not its form or not its checksum: mistyped, or cut.
    BadChecksum,
    /// It has not our prefix: it may be an imported key.
    Foreign,
    /// It is empty, longer than [`KEY_LIMIT`], or has a byte outside `!` to `~`, or a `,`, which would be two keys where
    /// header fields are joined.
    Malformed,
    /// It has the form of our keys. That says nothing about whether it exists.
    Ours,
}

/// The longest key, in bytes.
pub const KEY_LIMIT: usize = 256;

impl KeyPrefix {
    /// The prefix unless another one is configured.
    pub const DEFAULT: &str = "gwk";

    /// A prefix.
    ///
    /// # Errors
    /// [`KeyPrefixError`] for anything but 2 to 8 of `a` to `z`.
    pub fn parse(text: &str) -> Result<Self, KeyPrefixError> {
        let is_prefix =
            (2..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase());
        is_prefix.then(|| Self(Arc::from(text))).ok_or(KeyPrefixError)
    }

    /// The prefix as text, without its `_`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the bytes of a presented key tell. The checksum is no proof of anything: it finds mistakes.
    pub fn check_form(&self, key: &[u8]) -> Form {
        let is_of_keys = |byte: &u8| (b'!'..=b'~').contains(byte) && *byte != b',';
        if !key.iter().all(is_of_keys) || !(1..=KEY_LIMIT).contains(&key.len()) {
            return Form::Malformed;
        }
        let after = key.strip_prefix(self.0.as_bytes()).and_then(|rest| rest.strip_prefix(b"_"));
        let Some(after) = after else {
            return Form::Foreign;
        };
        let split = key.split_at_checked(key.len().saturating_sub(CHECK_DIGITS));
        let is_good = after.len() == BODY_DIGITS + CHECK_DIGITS
            && after.iter().all(u8::is_ascii_alphanumeric)
            && split.is_some_and(|(checked, check)| check_digits(checked) == *check);
        if is_good { Form::Ours } else { Form::BadChecksum }
    }

    /// The key of 32 random bytes, which the caller has from the operating system's generator.
    pub fn generate(&self, random: &[u8; 32]) -> Secret<String> {
        let mut key = Zeroizing::new(Vec::with_capacity(64));
        key.extend_from_slice(self.0.as_bytes());
        key.push(b'_');
        key.extend_from_slice(&*body_digits(random));
        let check = check_digits(&key);
        key.extend_from_slice(&check);
        let text: String = key.iter().copied().map(char::from).collect();
        Secret::new(text)
    }
}

impl Default for KeyPrefix {
    fn default() -> Self {
        Self(Arc::from(Self::DEFAULT))
    }
}

/// The bytes as one big-endian number in base 62, by dividing it again and again.
fn body_digits(random: &[u8; 32]) -> Zeroizing<[u8; BODY_DIGITS]> {
    let mut number = Zeroizing::new(*random);
    let mut digits = Zeroizing::new([b'0'; BODY_DIGITS]);
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0;
        for byte in number.iter_mut() {
            let value = remainder << 8 | u32::from(*byte);
            *byte = (value / 62) as u8;
            remainder = value % 62;
        }
        *digit = base62(remainder);
    }
    digits
}

fn check_digits(checked: &[u8]) -> [u8; CHECK_DIGITS] {
    let mut rest = crc32(checked);
    let mut digits = [b'0'; CHECK_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = base62(rest % 62);
        rest /= 62;
    }
    digits
}

/// CRC-32/ISO-HDLC, as zlib computes it. By half bytes: it runs over 50 bytes of each key, and a table by bytes is a
/// kilobyte.
fn crc32(bytes: &[u8]) -> u32 {
    let half = |crc: u32| crc >> 4 ^ HALVES.get(crc as usize & 15).copied().unwrap_or_default();
    !bytes.iter().fold(u32::MAX, |crc, byte| half(half(crc ^ u32::from(*byte))))
}

/// What each half byte that leaves a CRC adds to it.
#[allow(
    clippy::indexing_slicing,
    reason = "the compiler computes it, and no place is out of bounds"
)]
const HALVES: [u32; 16] = {
    let mut table = [0; 16];
    let mut half = 0;
    while half < table.len() {
        let mut crc = half as u32;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xEDB8_8320 };
            bit += 1;
        }
        table[half] = crc;
        half += 1;
    }
    table
};

/// A number below 62 as a digit: `0` to `9`, `A` to `Z`, `a` to `z`.
const fn base62(number: u32) -> u8 {
    match number as u8 {
        digit @ 0..10 => b'0' + digit,
        digit @ 10..36 => b'A' + (digit - 10),
        digit => b'a' + (digit.saturating_sub(36)),
    }
}

/// 62^43 is the first power of 62 over 2^256.
const BODY_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    const ASCENDING: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";

    #[test]
    fn keys_are_those_of_the_vectors() {
        let ascending: [u8; 32] = std::array::from_fn(|at| at as u8);
        let rows = [
            (ascending, ASCENDING),
            ([0; 32], "gwk_00000000000000000000000000000000000000000000oVEGz"),
            ([0xFF; 32], "gwk_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12UMV4f"),
        ];
        for (random, key) in rows {
            assert_eq!(KeyPrefix::default().generate(&random).expose(), key);
            assert_eq!(KeyPrefix::default().check_form(key.as_bytes()), Form::Ours);
        }
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let (checked, _) = ASCENDING.split_at(ASCENDING.len() - CHECK_DIGITS);
        assert_eq!(crc32(checked.as_bytes()), 24_190_461);
    }

    #[test]
    fn every_mistyped_character_is_found() {
        let prefix = KeyPrefix::default();
        for at in "gwk_".len()..ASCENDING.len() {
            for other in (b'!'..=b'~').filter(|other| *other != ASCENDING.as_bytes()[at]) {
                let mut key = ASCENDING.as_bytes().to_vec();
                key[at] = other;
                let expected = if other == b',' { Form::Malformed } else { Form::BadChecksum };
                assert_eq!(prefix.check_form(&key), expected, "{}", key.escape_ascii());
            }
            assert_eq!(prefix.check_form(&ASCENDING.as_bytes()[..at]), Form::BadChecksum);
        }
        assert_eq!(prefix.check_form(format!("{ASCENDING}0").as_bytes()), Form::BadChecksum);
    }

    #[test]
    fn other_keys_skip_the_test() {
        let prefix = KeyPrefix::default();
        let form = |key: &str| prefix.check_form(key.as_bytes());
        assert_eq!(form("00000000-1111-4222-8333-444455556666"), Form::Foreign);
        assert_eq!(form("gwk"), Form::Foreign);
        assert_eq!(form("GWK_0"), Form::Foreign);
        assert_eq!(form(&"x".repeat(KEY_LIMIT)), Form::Foreign);
        for malformed in ["", "a b", "a\t", "a,b", ",", "é", &"x".repeat(KEY_LIMIT + 1)] {
            assert_eq!(form(malformed), Form::Malformed, "{malformed}");
        }
    }

    #[test]
    fn prefixes_are_short_and_in_lower_case() {
        for good in ["ab", "abcdefgh"] {
            let prefix = KeyPrefix::parse(good).unwrap();
            let key = prefix.generate(&[1; 32]);
            assert!(key.expose().starts_with(prefix.as_str()));
            assert_eq!(prefix.check_form(key.expose().as_bytes()), Form::Ours);
            assert_eq!(KeyPrefix::default().check_form(key.expose().as_bytes()), Form::Foreign);
        }
        for bad in ["", "a", "abcdefghi", "Ab", "a1", "a_", "é"] {
            assert_eq!(KeyPrefix::parse(bad), Err(KeyPrefixError), "{bad}");
        }
    }
}
