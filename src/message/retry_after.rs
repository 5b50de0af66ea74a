//! How long an answer asks to wait (RFC 9110 §10.2.3).

use std::time::Duration;

use crate::time::Timestamp;

/// The time that a `retry-after` asks for: a number of seconds, or until a date by the clock `now`,
/// which is read for a date alone. A date in the past asks for no time; `None` for anything else.
pub fn retry_after(value: &[u8], now: impl FnOnce() -> Option<Timestamp>) -> Option<Duration> {
    let value = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    match number(value) {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => Some(fixed_date(value)?.since(now()?)),
    }
}

/// A date in the one form that is not obsolete (IMF-fixdate, RFC 9110 §5.6.7), for example
/// `Sun, 06 Nov 1994 08:49:37 GMT`. The name of the day is not compared with the date.
fn fixed_date(text: &str) -> Option<Timestamp> {
    let (day_name, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let (clock, zone) = (parts.next()?, parts.next()?);
    let mut clock = clock.split(':');
    let (hour, minute, second) = (clock.next()?, clock.next()?, clock.next()?);
    let is_form = DAYS.contains(&day_name)
        && zone == "GMT"
        && parts.next().is_none()
        && clock.next().is_none()
        && [day, hour, minute, second].iter().all(|digits| digits.len() == 2)
        && year.len() == 4;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let (day, year) = (number(day)?, number(year)?);
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    // A leap second is one.
    let is_time = (1..=days_of_month).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !is_form || !is_time || year < 1970 {
        return None;
    }
    // Counted from a March, so that the day which a leap year has more is the last one of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let days = days.checked_sub(DAYS_BEFORE_1970)?;
    Some(Timestamp::from_seconds(((days * 24 + hour) * 60 + minute) * 60 + second))
}

/// Digits alone: no sign.
fn number(digits: &str) -> Option<u64> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// From the first of March of the year 0 to the epoch.
const DAYS_BEFORE_1970: u64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: &str, now: u64) -> Option<u64> {
        let now = || Some(Timestamp::from_seconds(now));
        retry_after(value.as_bytes(), now).map(|span| span.as_secs())
    }

    #[test]
    fn a_number_is_one_of_seconds_and_needs_no_clock() {
        let rows =
            [("120", Some(120)), (" 0\t", Some(0)), ("+1", None), ("-1", None), ("1.5", None)];
        for (value, expected) in rows {
            let found = retry_after(value.as_bytes(), || None).map(|span| span.as_secs());
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn a_date_is_read_by_the_clock() {
        // The example of RFC 9110 §5.6.7, then dates whose seconds `date -u +%s` gives.
        let rows = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
            ("Sun, 01 Mar 2026 00:00:00 GMT", 1_772_323_200),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Thu, 31 Dec 2026 23:59:60 GMT", 1_798_761_600),
        ];
        for (value, at) in rows {
            assert_eq!(seconds(value, at), Some(0), "{value}");
            assert_eq!(seconds(value, at.saturating_sub(90)), Some(at.min(90)), "{value}");
            assert_eq!(seconds(value, at + 90), Some(0), "{value}: it is over");
        }
        assert_eq!(retry_after(b"Sun, 06 Nov 1994 08:49:37 GMT", || None), None, "no clock");
    }

    #[test]
    fn what_is_no_such_date_asks_for_nothing() {
        let values = [
            "",
            "soon",
            "\u{fc}",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Day, 06 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2023 08:49:37 GMT",
            "Mon, 29 Feb 2100 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 +8:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 06 Nov 19945 08:49:37 GMT",
        ];
        for value in values {
            assert_eq!(seconds(value, 0), None, "{value}");
        }
    }
}
