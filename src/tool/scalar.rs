//! Scalars of YAML: the core schema of YAML 1.2 (§10.3), where readers agree on it.

use super::source::SourceProblem;
use super::tree::Value;
use crate::config::Quoted;

/// What a plain scalar is.
///
/// # Errors
/// [`SourceProblem::Ambiguous`] for words that YAML 1.1 takes for booleans, and with it Envoy and
/// Kubernetes. [`SourceProblem::NotFinite`] for infinities and numbers that are none.
pub(super) fn plain(text: &str) -> Result<Value, SourceProblem> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Ok(Value::Null),
        "true" | "True" | "TRUE" => Ok(Value::Boolean(true)),
        "false" | "False" | "FALSE" => Ok(Value::Boolean(false)),
        _ if is_ambiguous(text) => Err(SourceProblem::Ambiguous(Quoted::from(text))),
        _ if is_not_finite(text) => Err(SourceProblem::NotFinite),
        _ => match number(text) {
            Some(number) if number.is_finite() => Ok(Value::Number(number)),
            Some(_) => Err(SourceProblem::NotFinite),
            None => Ok(Value::Text(text.to_owned())),
        },
    }
}

fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// The number of a text, by the regular expressions of §10.3.2.
fn number(text: &str) -> Option<f64> {
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let is_unsigned = !digits.starts_with(['+', '-']);
            return u64::from_str_radix(digits, radix)
                .ok()
                .filter(|_| is_unsigned)
                .map(|n| n as f64);
        }
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
            ("0o17", "number 15"),
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
        for text in [".inf", "-.INF", ".NaN", "1e999"] {
            assert_eq!(plain(text).err(), Some(SourceProblem::NotFinite), "{text}");
        }
    }
}
