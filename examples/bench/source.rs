//! Where figures are from: command, Envoy, machine and day, in a line.

use serde_json::Value;

/// `make bench`, the version of Envoy, the processor and its cores, and the day.
pub fn line(envoy: &str, machine: &Value, now: u64) -> String {
    let version = envoy.split('/').nth(1).unwrap_or(envoy);
    let processor = machine.get("processor").and_then(Value::as_str).unwrap_or("unknown processor");
    let cores = machine.get("cores").and_then(Value::as_u64).unwrap_or_default();
    format!("make bench, Envoy {version}, {cores} cores of {processor}, {}", day(now))
}

/// The day of this time (seconds since 1970, UTC), such as 1 March 2026.
fn day(now: u64) -> String {
    let (mut year, mut days) = (1970, now / 86_400);
    while days >= length(year) {
        days -= length(year);
        year += 1;
    }
    let february = length(year) - 337;
    for (month, length) in
        MONTHS.into_iter().zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    {
        if days < length {
            return format!("{} {month} {year}", days + 1);
        }
        days -= length;
    }
    String::new()
}

/// The days of a year of the Gregorian calendar.
const fn length(year: u64) -> u64 {
    let leaps = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leaps { 366 } else { 365 }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_day_is_that_of_the_calendar() {
        for (now, expected) in [
            (0, "1 January 1970"),
            (86_399, "1 January 1970"),
            (86_400, "2 January 1970"),
            (951_782_400, "29 February 2000"),
            (951_868_800, "1 March 2000"),
            (1_767_225_599, "31 December 2025"),
            (1_767_225_600, "1 January 2026"),
            (1_795_415_047, "23 November 2026"),
            (4_107_542_400, "1 March 2100"),
        ] {
            assert_eq!(day(now), expected, "{now}");
        }
    }

    #[test]
    fn the_line_names_what_the_figures_depend_on() {
        let machine = json!({"processor": "AMD EPYC", "cores": 2});
        let line = line("9e55/1.40.0/Clean/RELEASE/BoringSSL", &machine, 0);
        assert_eq!(line, "make bench, Envoy 1.40.0, 2 cores of AMD EPYC, 1 January 1970");
    }
}
