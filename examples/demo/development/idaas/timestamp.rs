//! Points in time as Alibaba Cloud writes them: `2026-11-22T03:41:50Z`.

use std::time::Duration;

use x509_cert::der::DateTime;

/// Seconds since 1970 as text; empty beyond the year 9999.
pub fn text(seconds: u64) -> String {
    DateTime::from_unix_duration(Duration::from_secs(seconds))
        .map(|time| time.to_string())
        .unwrap_or_default()
}

/// Reads the one form.
pub fn parse(text: &str) -> Option<u64> {
    text.parse::<DateTime>().ok().map(|time| time.unix_duration().as_secs())
}

/// Whether a stated time is near enough to now: 15 minutes before or behind.
pub fn is_near(stated: u64, now: u64) -> bool {
    stated.abs_diff(now) <= WINDOW
}

/// In seconds.
pub const WINDOW: u64 = 900;
