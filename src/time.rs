//! Points in time and the comparisons that security depends on. No clock: the host reads it once
//! per callback and passes [`Timestamp`] on.

pub(crate) mod utc;

use std::ops::Add;
use std::time::Duration;

/// A point in time: milliseconds since the Unix epoch, never negative.
///
/// Arithmetic saturates, so that no claim or header can move a time past an end of the range.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The latest time that can be expressed: "never".
    pub const MAX: Self = Self(u64::MAX);

    /// A time from milliseconds since the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A time from whole seconds since the Unix epoch; saturates.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// A time from a NumericDate (RFC 7519 §2): seconds, possibly with a fraction, which is cut to
    /// whole milliseconds. Negative, infinite and non-numbers are `None`.
    pub fn from_numeric_date(seconds: f64) -> Option<Self> {
        // 2^53 ms is the year 287396: the largest range in which every millisecond is exact.
        const LIMIT: f64 = 9_007_199_254_740_992.0;
        let millis = seconds * 1000.0;
        (millis.is_finite() && (0.0..LIMIT).contains(&millis)).then_some(Self(millis as u64))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The time that lies `span` before this one; saturates at the epoch.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }
}

/// How far two clocks may be apart: from zero to [`Leeway::MAX`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leeway(Duration);

impl Leeway {
    /// The default for inbound tokens: 60 s.
    pub const DEFAULT: Self = Self(Duration::from_secs(60));
    /// The largest one that may be configured: 300 s.
    pub const MAX: Duration = Duration::from_secs(300);

    /// A leeway of `span`, or `None` above [`Leeway::MAX`].
    pub fn new(span: Duration) -> Option<Self> {
        (span <= Self::MAX).then_some(Self(span))
    }

    /// The span of time.
    pub const fn span(self) -> Duration {
        self.0
    }
}

/// Whether something that expires at `exp` is expired at `now`: exactly when `now >= exp + leeway`.
pub fn is_expired(exp: Timestamp, leeway: Leeway, now: Timestamp) -> bool {
    now >= exp + leeway.0
}

/// Whether something that starts at `start` (`nbf`, `iat`) lies in the future of `now`: exactly
/// when `start > now + leeway`.
pub fn is_in_future(start: Timestamp, leeway: Leeway, now: Timestamp) -> bool {
    start > now + leeway.0
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXP: Timestamp = Timestamp::from_seconds(1000);

    #[test]
    fn expiry_begins_exactly_at_exp_plus_leeway() {
        let at = |ms| is_expired(EXP, Leeway::DEFAULT, Timestamp::from_millis(ms));
        assert!(!at(1_059_999));
        assert!(at(1_060_000));
    }

    #[test]
    fn a_start_is_in_the_future_only_past_the_leeway() {
        let at = |ms| is_in_future(Timestamp::from_millis(ms), Leeway::DEFAULT, EXP);
        assert!(!at(1_060_000));
        assert!(at(1_060_001));
    }

    #[test]
    fn numeric_dates_are_whole_or_fractional_and_never_odd() {
        assert_eq!(Timestamp::from_numeric_date(1.5), Some(Timestamp::from_millis(1500)));
        assert_eq!(Timestamp::from_numeric_date(0.0), Some(Timestamp::from_millis(0)));
        for odd in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Timestamp::from_numeric_date(odd), None, "{odd}");
        }
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Timestamp::MAX + Duration::from_secs(1), Timestamp::MAX);
        assert_eq!(EXP.before(Duration::MAX), Timestamp::default());
        assert_eq!(Timestamp::default().since(EXP), Duration::ZERO);
    }

    #[test]
    fn a_leeway_has_a_limit() {
        assert_eq!(Leeway::new(Leeway::MAX).map(Leeway::span), Some(Leeway::MAX));
        assert_eq!(Leeway::new(Leeway::MAX + Duration::from_millis(1)), None);
    }
}
