//! Keys that stand where they would be written in clear, or said: columns that were swapped, and keys that were noted down.

use super::known::KnownKeys;
use super::row::Row;
use crate::application_key::lint::weakness;
use crate::application_key::{Form, KeyPrefix, is_guid};

/// The column of a row in which a key stands, or may stand: its own, or any other that is known.
pub(super) fn column_with_key(row: &Row, known: &KnownKeys<'_>) -> Option<&'static str> {
    let key = row.key.as_ref().map(|key| key.expose().as_slice());
    let texts = row.texts.iter().map(|(column, text)| (*column, text.as_str()));
    let tags = row.tags.iter().flatten().map(|tag| ("tags", tag.as_str()));
    let mut columns = std::iter::once(("name", row.name())).chain(texts).chain(tags);
    columns
        .find(|(_, text)| holds_key(text.as_bytes(), key) || known.is_in(text))
        .map(|(column, _)| column)
}

/// Whether a text is a key of ours, has the key of its row in it, or is a random GUID beside a key that hardly is one.
fn holds_key(text: &[u8], key: Option<&[u8]>) -> bool {
    let is_of_ours = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut words = text.split(|byte| !is_of_ours(byte));
    words.any(|word| KeyPrefix::default().check_form(word) == Form::Ours)
        || key.is_some_and(|key| {
            // Columns that were swapped.
            let may_be_its_key = is_guid(text) && weakness(text).is_none();
            has_in_it(text, key) || may_be_its_key && weakness(key).is_some()
        })
}

/// Whether a text is this key, or has it in it, if the key is too long to stand there by chance.
fn has_in_it(text: &[u8], key: &[u8]) -> bool {
    match key.len() {
        ..LONG => text == key,
        LONG.. => text.windows(key.len()).any(|part| part.eq_ignore_ascii_case(key)),
    }
}

/// As much of a text as tells which one is meant: it may be a key.
pub(super) fn start_of(text: &str) -> String {
    let start = text.chars().take(4).flat_map(char::escape_default);
    start.chain(['…']).collect()
}

/// A text of a file as it can be said. What is long, or has many digits, may be a key that stands in a wrong place.
pub(super) fn shown(text: &str) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > 4 || text.len() > 32 {
        return start_of(text);
    }
    text.chars().flat_map(char::escape_default).collect()
}

/// From how many characters on a key is searched for within a text.
pub(super) const LONG: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const STRONG: &str = "9f1c2d7e-5b3a-4e68-a0c4-7d21f86b903e";
    const OURS: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";

    #[test]
    fn a_key_is_found_wherever_it_stands_and_nothing_else_is_taken_for_one() {
        let other = "1b8e4a90-c2d7-4f35-9e06-83a5d1c74fb2";
        let of_a_time = "9f1c2d7e-5b3a-1e68-a0c4-7d21f86b903e";
        for (text, key, expected) in [
            (STRONG.to_owned(), Some(STRONG), true),
            (STRONG.to_uppercase(), Some(STRONG), true),
            (format!("key: {STRONG}."), Some(STRONG), true),
            (STRONG.replacen('9', "", 1), Some(STRONG), false),
            (other.to_owned(), Some(STRONG), false),
            // Columns that were swapped: the name stands where the key should.
            (other.to_owned(), Some("pump-17"), true),
            (of_a_time.to_owned(), Some("pump-17"), false),
            (other.to_owned(), None, false),
            ("edge".to_owned(), Some("edge"), true),
            ("edge of town".to_owned(), Some("edge"), false),
            // A key that can be guessed lets callers in like any other.
            (format!("the key is {of_a_time}"), Some(of_a_time), true),
            (format!("the key is {}", of_a_time.to_uppercase()), Some(of_a_time), true),
            ("key: Zx81kQ0pLm2vR7tW".to_owned(), Some("Zx81kQ0pLm2vR7tW"), true),
            ("(hall-b-1)".to_owned(), Some("hall-b-1"), true),
            ("(hall-b1)".to_owned(), Some("hall-b1"), false),
            ("hall-b1".to_owned(), Some("hall-b1"), true),
            (OURS.to_owned(), None, true),
            (format!("its key is `{OURS}`"), Some(STRONG), true),
            (OURS.replacen('g', "", 1), None, false),
            (String::new(), Some(STRONG), false),
        ] {
            let key = key.map(str::as_bytes);
            assert_eq!(holds_key(text.as_bytes(), key), expected, "{text} beside {key:?}");
        }
    }

    #[test]
    fn what_may_be_a_key_is_cut_before_it_is_said() {
        for (text, expected) in [
            ("two words", "two words"),
            ("a\nb", "a\\nb"),
            ("hall 1234", "hall 1234"),
            ("hall 12345", "hall…"),
            (&"x".repeat(32), &"x".repeat(32)),
            (&"x".repeat(33), "xxxx…"),
            (OURS, "gwk_…"),
            ("\n\n\n\n12345", "\\n\\n\\n\\n…"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}
