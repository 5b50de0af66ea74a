//! Durations as Envoy and Gateway API write them: `10s`, `1h30m`, `500ms`, `0.5s`.

use std::fmt;
use std::time::Duration;

/// A text that is not a duration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DurationError {
    /// It is not a row of numbers with the units `h`, `m`, `s`, `ms`, each at most once and in this
    /// order, with a fraction at `s` only.
    Form,
    /// It is finer than a millisecond.
    TooFine,
}

/// The duration that `text` states.
///
/// Each number has 1 to 9 digits; `s` may have 1 to 9 more after a point, of which those past the
/// third must be zero.
///
/// # Errors
/// [`DurationError::Form`] for any other text, the empty one included, and
/// [`DurationError::TooFine`] for a fraction of a millisecond.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    if text.is_empty() {
        return Err(DurationError::Form);
    }
    let mut millis: u64 = 0;
    let mut rest = text;
    let mut units = UNITS.as_slice();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, tail) =
            end.and_then(|end| rest.split_at_checked(end)).ok_or(DurationError::Form)?;
        let (unit, left, after) = next_unit(units, tail).ok_or(DurationError::Form)?;
        millis = millis.saturating_add(amount(number, unit)?);
        (rest, units) = (after, left);
    }
    Ok(Duration::from_millis(millis))
}

/// `span` as [`parse`] reads it, in the largest whole units: 90 s is `1m30s`. What is finer than a
/// millisecond is cut.
pub fn text(span: Duration) -> String {
    let mut millis = span.as_millis();
    let mut text = String::new();
    for unit in &UNITS {
        let count = millis / u128::from(unit.millis);
        if count > 0 {
            text.push_str(&format!("{count}{}", unit.name));
            millis %= u128::from(unit.millis);
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

impl fmt::Display for DurationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Form => "is not a duration; write it like `10s`, `1h30m`, `500ms` or `0.5s`",
            Self::TooFine => "is finer than a millisecond; round it to whole milliseconds",
        })
    }
}

struct Unit {
    name: &'static str,
    millis: u64,
}

const UNITS: [Unit; 4] = [
    Unit { name: "h", millis: 3_600_000 },
    Unit { name: "m", millis: 60_000 },
    Unit { name: "s", millis: 1_000 },
    Unit { name: "ms", millis: 1 },
];

/// The unit at the start of `tail`, the units that may follow it, and what stands behind it.
fn next_unit<'t>(
    units: &'static [Unit],
    tail: &'t str,
) -> Option<(&'static Unit, &'static [Unit], &'t str)> {
    let length = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
    let (name, after) = tail.split_at_checked(length)?;
    let index = units.iter().position(|unit| unit.name == name)?;
    let (unit, left) = units.get(index..)?.split_first()?;
    Some((unit, left, after))
}

fn amount(number: &str, unit: &Unit) -> Result<u64, DurationError> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if unit.name == "s" && is_number(fraction) => (whole, fraction),
        Some(_) => return Err(DurationError::Form),
        None => (number, ""),
    };
    if !is_number(whole) {
        return Err(DurationError::Form);
    }
    let parsed = |digits: &str| digits.parse::<u64>().map_err(|_| DurationError::Form);
    let whole = parsed(whole)?.saturating_mul(unit.millis);
    let (thousandths, finer) = fraction.split_at_checked(3).unwrap_or((fraction, ""));
    if finer.bytes().any(|digit| digit != b'0') {
        return Err(DurationError::TooFine);
    }
    let thousandths = parsed(&format!("{thousandths:0<3}"))?;
    Ok(whole.saturating_add(thousandths))
}

fn is_number(digits: &str) -> bool {
    (1..=9).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_envoy_and_gateway_api_are_read() {
        let rows = [
            ("10s", 10_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("0.5s", 500),
            ("1m0.250s", 60_250),
            ("1.100000000s", 1_100),
            ("1h1m1s1ms", 3_661_001),
            ("0s", 0),
            ("300.0s", 300_000),
        ];
        for (text, millis) in rows {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_duration() {
        let odd = [
            "",
            "10",
            "s",
            "10 s",
            "-1s",
            "+1s",
            "1.5m",
            "1.s",
            ".5s",
            "1s1m",
            "1s1s",
            "1e3s",
            "1d",
            "10S",
            "1.2.3s",
            "1234567890s",
            "１s",
            "1s ",
            "0.1234567890s",
        ];
        for text in odd {
            assert_eq!(parse(text), Err(DurationError::Form), "{text}");
        }
    }

    #[test]
    fn a_fraction_of_a_millisecond_is_refused() {
        assert_eq!(parse("0.0005s"), Err(DurationError::TooFine));
        assert_eq!(parse("0.0010s"), Ok(Duration::from_millis(1)));
    }

    #[test]
    fn text_is_read_back_as_the_same_duration() {
        for millis in [0, 1, 999, 1_000, 90_000, 3_600_000, 86_399_999] {
            let span = Duration::from_millis(millis);
            assert_eq!(parse(&text(span)), Ok(span), "{}", text(span));
        }
        assert_eq!(text(Duration::from_secs(90)), "1m30s");
    }
}
