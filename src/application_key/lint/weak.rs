//! Whether an imported key can be guessed.

use super::super::pepper::is_guid;

/// Why a key counts as one that can be guessed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WeakKey {
    /// It is a GUID of another version than 4: made of a time, a name, or in part.
    NotRandom,
    /// It repeats itself.
    Pattern,
    /// Random characters of its kind and number would have fewer than 112 bits (NIST SP 800-63B §3.1.2.2).
    TooShort,
}

/// What is weak about the bytes of a key. An estimate from above: nobody can see that bytes are random.
pub fn weakness(key: &[u8]) -> Option<WeakKey> {
    if is_repetitive(key) {
        return Some(WeakKey::Pattern);
    }
    if is_guid(key) {
        return (key.get(14) != Some(&b'4')).then_some(WeakKey::NotRandom);
    }
    let bits = alphabet(key).log2() * key.len() as f64;
    (bits < 112.0).then_some(WeakKey::TooShort)
}

/// The number of characters that a key may have been drawn from.
fn alphabet(key: &[u8]) -> f64 {
    let has = |is_of: fn(&u8) -> bool| key.iter().any(is_of);
    if key.iter().all(u8::is_ascii_digit) {
        return 10.0;
    }
    let has_one_case = !(has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase));
    if has_one_case && key.iter().all(u8::is_ascii_hexdigit) {
        return 16.0;
    }
    let part = |is_of, count| if has(is_of) { count } else { 0.0 };
    part(u8::is_ascii_digit, 10.0)
        + part(u8::is_ascii_lowercase, 26.0)
        + part(u8::is_ascii_uppercase, 26.0)
        + part(u8::is_ascii_punctuation, 32.0)
}

/// Whether it is one piece over and over, or a third of its characters follow their like or their neighbour.
fn is_repetitive(key: &[u8]) -> bool {
    let is_period = |length: usize| key.iter().zip(key.iter().skip(length)).all(|(a, b)| a == b);
    let steps = key.windows(2).filter(|pair| match pair {
        [a, b] => a == b || a.checked_add(1) == Some(*b),
        _ => false,
    });
    (1..=key.len() / 2).any(is_period) || steps.count() * 3 > key.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_keys_are_told_from_those_that_may_be_random() {
        let rows: [(&str, Option<WeakKey>); 14] = [
            ("9f1c2d7e-5b3a-4e68-a0c4-7d21f86b903e", None),
            ("9F1C2D7E-5B3A-4E68-A0C4-7D21F86B903E", None),
            ("gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j", None),
            ("9f1c2d7e-5b3a-1e68-a0c4-7d21f86b903e", Some(WeakKey::NotRandom)),
            ("9f1c2d7e-5b3a-7e68-a0c4-7d21f86b903e", Some(WeakKey::NotRandom)),
            ("00000000-1111-4222-8333-444455556666", Some(WeakKey::Pattern)),
            ("01234567-89ab-4def-8123-456789abcdef", Some(WeakKey::Pattern)),
            ("k7Qk7Qk7Qk7Qk7Qk7Qk7Qk7Qk7Qk7Qk7Q", Some(WeakKey::Pattern)),
            ("pump", Some(WeakKey::TooShort)),
            // 28 hexadecimal digits have 112 bits, 27 have 108.
            ("9f1c2d7e5b3a4e68a0c47d21f86b", None),
            ("9f1c2d7e5b3a4e68a0c47d21f86", Some(WeakKey::TooShort)),
            // 34 digits have 112.9 bits, 33 have 109.6.
            ("9502716384059381726049582718365027", None),
            ("950271638405938172604958271836502", Some(WeakKey::TooShort)),
            ("", Some(WeakKey::TooShort)),
        ];
        for (key, expected) in rows {
            assert_eq!(weakness(key.as_bytes()), expected, "{key}");
        }
    }
}
