//! Times as texts of RFC 3339. `YYYY-MM-DDThh:mm:ssZ` (whole seconds, UTC) is what is written, and what the
//! cloud's interfaces write.

use super::Timestamp;

const DAY: u64 = 86_400;

/// The time as a text, rounded down to whole seconds.
pub(crate) fn written(time: Timestamp) -> String {
    let seconds = time.as_seconds();
    let (year, month, day) = date(seconds / DAY);
    let of_day = seconds % DAY;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The time that a text states; `None` for any other form, and before 1970.
pub(crate) fn parsed(text: &str) -> Option<Timestamp> {
    moment(text.strip_suffix('Z')?).map(Timestamp::from_seconds)
}

/// The time that a text of RFC 3339 states, with upper-case `T` and `Z`: with an offset, and a fraction of up to
/// 9 digits, of which those past the millisecond are cut. `None` for any other form, and before 1970.
pub(crate) fn rfc3339(text: &str) -> Option<Timestamp> {
    let (local, rest) = text.split_at_checked(MOMENT.len())?;
    let (millis, offset) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(fraction) => {
            let end = fraction.find(|c: char| !c.is_ascii_digit())?;
            let (digits, offset) = fraction.split_at_checked(end)?;
            if !(1..=9).contains(&digits.len()) {
                return None;
            }
            let first = digits.bytes().chain(*b"00").take(3);
            (first.fold(0, |millis, digit| millis * 10 + u64::from(digit - b'0')), offset)
        }
    };
    let local = moment(local)?;
    let seconds = match offset.as_bytes() {
        b"Z" => local,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 3600 + minutes * 60;
            if *sign == b'+' { local.checked_sub(offset)? } else { local.checked_add(offset)? }
        }
        _ => return None,
    };
    Some(Timestamp::from_millis(seconds * 1000 + millis))
}

fn two_digits(tens: u8, ones: u8) -> Option<u64> {
    let are_digits = tens.is_ascii_digit() && ones.is_ascii_digit();
    are_digits.then(|| u64::from(tens - b'0') * 10 + u64::from(ones - b'0'))
}

/// A moment without its zone.
const MOMENT: &[u8; 19] = b"dddd-dd-ddTdd:dd:dd";

/// Seconds since 1970, if the moment were one of UTC.
fn moment(text: &str) -> Option<u64> {
    let shape = MOMENT;
    let fits = text.len() == shape.len()
        && text.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            exact => byte == *exact,
        });
    if !fits {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days(year, month, day)?;
    // 60 is a leap second.
    let is_time = hour < 24 && minute < 60 && second <= 60 && date(days) == (year, month, day);
    is_time.then(|| days * DAY + hour * 3600 + minute * 60 + second)
}

/// Year, month and day of a number of days since 1970, in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day ends one; 400 years have 146,097 days.
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(FROM_YEAR_ZERO);
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// The reverse of [`date`]; `None` before 1970. What is no date gives some other one.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, from_march) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let of_era = year % 400;
    let of_year = (153 * from_march + 2) / 5 + day.checked_sub(1)?;
    let days = year / 400 * 146_097 + 365 * of_era + of_era / 4 - of_era / 100 + of_year;
    days.checked_sub(FROM_YEAR_ZERO)
}

/// The days from 1 March of the year 0 to 1 January 1970.
const FROM_YEAR_ZERO: u64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_back() {
        let rows = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_318_910, "2026-11-22T03:41:50Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ];
        for (seconds, text) in rows {
            let time = Timestamp::from_seconds(seconds);
            assert_eq!(written(time), text);
            assert_eq!(parsed(text), Some(time), "{text}");
        }
        assert_eq!(written(Timestamp::from_millis(1_999)), "1970-01-01T00:00:01Z");
    }

    #[test]
    fn every_day_of_four_centuries_is_read_back() {
        for day in 0..146_097 {
            let time = Timestamp::from_seconds(day * DAY);
            assert_eq!(parsed(&written(time)), Some(time), "{day}");
        }
    }

    #[test]
    fn what_is_no_time_of_that_form_is_refused() {
        for text in [
            "",
            "2026-11-22T03:41:50",
            "2026-11-22T03:41:50+00:00",
            "2026-11-22 03:41:50Z",
            "2026-11-22T03:41:50.0Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "2026-11-31T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T00:60:00Z",
            "2026-11-22T00:00:61Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "+026-11-22T03:41:50Z",
            "202é-11-22T03:41:5Z",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert_eq!(
            parsed("2026-12-31T23:59:60Z"),
            Some(Timestamp::from_seconds(1_798_761_600)),
            "a leap second is the next one"
        );
    }

    #[test]
    fn times_of_rfc_3339_have_fractions_and_offsets() {
        let rows = [
            ("2025-06-15T15:06:40Z", Some(1_750_000_000_000)),
            ("2025-06-15T15:06:40.5Z", Some(1_750_000_000_500)),
            ("2025-06-15T15:06:40.123999999Z", Some(1_750_000_000_123)),
            ("2025-06-15T17:06:40+02:00", Some(1_750_000_000_000)),
            ("2025-06-15T09:36:40.07-05:30", Some(1_750_000_000_070)),
            ("1970-01-01T00:59:00+01:00", None),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("2025-06-15T15:06:40", None),
            ("2025-06-15T15:06:40.Z", None),
            ("2025-06-15T15:06:40.0000000000Z", None),
            ("2025-06-15T15:06:40.5", None),
            ("2025-06-15T15:06:40+24:00", None),
            ("2025-06-15T15:06:40+00:60", None),
            ("2025-06-15T15:06:40+0000", None),
            ("2025-06-15t15:06:40z", None),
            ("2025-06-15T15:06:4é+00:00", None),
            ("", None),
        ];
        for (text, millis) in rows {
            assert_eq!(rfc3339(text), millis.map(Timestamp::from_millis), "{text}");
        }
    }
}
