//! Scalars of YAML: the core schema of YAML 1.2 (§10.3), where readers agree on it.

use super::source::SourceProblem;
use super::tree::Value;
use crate::config::Quoted;

/// What a plain scalar is.
///
/// # Errors
/// [`SourceProblem::Ambiguous`] for words that YAML 1.1 takes for booleans, and with it Envoy and
/// Kubernetes. [`SourceProblem::NumberAmbiguous`] for numbers that have another value for one of them, or
/// are texts. [`SourceProblem::NotFinite`] for infinities and numbers that are none.
pub(super) fn plain(text: &str) -> Result<Value, SourceProblem> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Ok(Value::Null),
        "true" | "True" | "TRUE" => Ok(Value::Boolean(true)),
        "false" | "False" | "FALSE" => Ok(Value::Boolean(false)),
        _ if is_ambiguous(text) => Err(SourceProblem::Ambiguous(Quoted::from(text))),
        _ if is_not_finite(text) => Err(SourceProblem::NotFinite),
        _ if is_number_for_some(text) => Err(SourceProblem::NumberAmbiguous),
        _ => match number(text) {
            Some(number) if number.is_finite() => Ok(Value::Number(number)),
            Some(_) => Err(SourceProblem::NotFinite),
            None => Ok(Value::Text(text.to_owned())),
        },
    }
}

/// Whether a plain key is the same one for all readers: Kubernetes writes out what a key is, Envoy and we
/// keep it as it stands.
///
/// # Errors
/// [`SourceProblem::KeyAmbiguous`], or [`SourceProblem::Merge`] for what YAML 1.1 merges.
pub(super) fn plain_key(text: &str) -> Result<(), SourceProblem> {
    let is_same = match plain(text) {
        Ok(Value::Text(_)) if text == "<<" => return Err(SourceProblem::Merge),
        Ok(Value::Text(_)) => true,
        Ok(Value::Boolean(value)) => text == value.to_string(),
        Ok(Value::Number(number)) => text == number.to_string(),
        Ok(Value::List(_) | Value::Null | Value::Object(_)) | Err(_) => false,
    };
    if is_same { Ok(()) } else { Err(SourceProblem::KeyAmbiguous(Quoted::from(text))) }
}

/// Whether a plain scalar is a number that Envoy hands over as a text where a message has no type for
/// it, as in a configuration: one with a fraction or an exponent, or beyond 32 bits.
pub(super) fn is_text_for_envoy(text: &str) -> bool {
    number(text).is_some_and(|number| {
        let is_hexadecimal = text.starts_with("0x");
        let is_decimal = !is_hexadecimal && text.contains(['.', 'e', 'E']);
        is_decimal || !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number)
    })
}

fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// Whether a scalar is a whole number for one reader, and for another one it has another value or is
/// a text. Envoy takes `0600` for octal, and `-0x1F` for a number; Kubernetes `0o17`, `0b11` and `1_000`.
fn is_number_for_some(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let without = unsigned.replace('_', "");
    let are_digits = |digits: &str, radix| {
        !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
    };
    let bases = [("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8), ("0x", 16), ("0X", 16)];
    let has_base = bases.iter().any(|(prefix, radix)| {
        without.strip_prefix(prefix).is_some_and(|digits| are_digits(digits, *radix))
    });
    let is_usual = text.starts_with("0x") && !text.contains('_');
    let is_padded = without.len() > 1 && without.starts_with('0') && are_digits(&without, 10);
    let is_grouped = unsigned.starts_with(|letter: char| letter.is_ascii_digit())
        && unsigned.contains('_')
        && number(&without).is_some();
    has_base && !is_usual || is_padded || is_grouped
}

/// The number of a text, by the regular expressions of §10.3.2 but for octal ones.
fn number(text: &str) -> Option<f64> {
    if let Some(digits) = text.strip_prefix("0x") {
        let is_unsigned = !digits.starts_with(['+', '-']);
        let number = u64::from_str_radix(digits, 16).ok();
        return number.filter(|_| is_unsigned).map(|number| number as f64);
    }
    // Rust reads `inf`, `nan` and the like too.
    let is_numeric = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E');
    let starts =
        text.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !starts || !text.bytes().all(is_numeric) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        match plain(text) {
            Ok(Value::Null) => "null".into(),
            Ok(Value::Boolean(value)) => format!("boolean {value}"),
            Ok(Value::Number(number)) => format!("number {number}"),
            Ok(Value::Text(text)) => format!("text {text}"),
            Ok(Value::List(_) | Value::Object(_)) => "no scalar".into(),
            Err(problem) => format!("{problem:?}"),
        }
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let rows = [
            ("", "null"),
            ("~", "null"),
            ("null", "null"),
            ("nULL", "text nULL"),
            ("True", "boolean true"),
            ("tRUE", "text tRUE"),
            ("300", "number 300"),
            ("-7", "number -7"),
            ("+7", "number 7"),
            ("0", "number 0"),
            ("0.5", "number 0.5"),
            ("0o18", "text 0o18"),
            ("0b12", "text 0b12"),
            ("0600s", "text 0600s"),
            ("_1", "text _1"),
            ("1_a", "text 1_a"),
            ("0x1F", "number 31"),
            ("0x-1", "text 0x-1"),
            ("1e3", "number 1000"),
            (".5", "number 0.5"),
            ("1.", "number 1"),
            (".", "text ."),
            ("+-1", "text +-1"),
            ("1h30m", "text 1h30m"),
            ("10s", "text 10s"),
            ("1.2.3", "text 1.2.3"),
            ("e5", "text e5"),
            ("inf", "text inf"),
            ("*", "text *"),
            ("any", "text any"),
        ];
        for (text, expected) in rows {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn what_readers_take_for_different_things_is_refused() {
        for text in ["y", "N", "yes", "No", "ON", "off"] {
            assert_eq!(plain(text).err(), Some(SourceProblem::Ambiguous(Quoted::from(text))));
        }
        for text in [
            "0600", "-010", "08", "00", "0o17", "0O17", "0b11", "0X1F", "-0x1F", "+0x1f", "1_000",
            "0x1_F", "1_0.5", "0_",
        ] {
            assert_eq!(plain(text).err(), Some(SourceProblem::NumberAmbiguous), "{text}");
        }
        for text in [".inf", "-.INF", ".NaN", "1e999"] {
            assert_eq!(plain(text).err(), Some(SourceProblem::NotFinite), "{text}");
        }
    }

    #[test]
    fn a_key_is_refused_that_is_another_one_for_some_reader() {
        for text in ["a", "true", "false", "1", "-7", "1.5", "tRUE", "1h", "0600s", "0o18"] {
            assert_eq!(plain_key(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "~",
            "null",
            "on",
            "No",
            "y",
            "True",
            "0x1F",
            "01",
            "0o7",
            "1_0",
            "1.50",
            "1e3",
            "+1",
            ".inf",
            "12345678901234567890",
        ] {
            let expected = SourceProblem::KeyAmbiguous(Quoted::from(text));
            assert_eq!(plain_key(text), Err(expected), "{text}");
        }
        assert_eq!(plain_key("<<"), Err(SourceProblem::Merge));
    }

    #[test]
    fn envoy_takes_numbers_for_texts_that_are_not_whole_or_need_more_than_32_bits() {
        for text in ["0", "-7", "+7", "0x1F", "0xe", "2147483647", "-2147483648", "e5", "1.2.3"] {
            assert!(!is_text_for_envoy(text), "{text}");
        }
        for text in ["1.5", "300.0", "1.", ".5", "1e3", "2147483648", "-2147483649", "0x80000000"] {
            assert!(is_text_for_envoy(text), "{text}");
        }
    }
}
