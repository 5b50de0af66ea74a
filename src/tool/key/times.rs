//! Times and spans of time as people state them.

use std::time::Duration;

use super::error::KeyError;
use crate::config::parse_duration;
use crate::time::{Timestamp, utc};

/// When a secret is to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// After the lifetime that the document has as its default.
    ByDefault,
    /// This long from now.
    In(Duration),
    /// Then.
    On(Timestamp),
}

/// The longest lifetime unless another one is stated: three years of 365 days.
pub const MAX_LIFETIME: Duration = Duration::from_secs(3 * 365 * 86_400);

/// A span of time: `90d`, `1d12h`, `12h`, `1h30m`, `3600s`.
///
/// # Errors
/// [`KeyError::Duration`].
pub fn span(text: &str) -> Result<Duration, KeyError> {
    let (days, rest) = match text.split_once('d') {
        Some((days, rest)) => (days, rest),
        None => ("0", text),
    };
    let is_number = (1..=6).contains(&days.len()) && days.bytes().all(|b| b.is_ascii_digit());
    let days = days.parse::<u64>().ok().filter(|_| is_number);
    let days = days.ok_or(KeyError::Duration(crate::config::DurationError::Form))?;
    let rest = if rest.is_empty() && text.ends_with('d') {
        Duration::ZERO
    } else {
        parse_duration(rest).map_err(KeyError::Duration)?
    };
    Ok(rest.saturating_add(Duration::from_secs(days * 86_400)))
}

/// A time of RFC 3339.
///
/// # Errors
/// [`KeyError::Time`].
pub fn time(text: &str) -> Result<Timestamp, KeyError> {
    utc::rfc3339(text).ok_or(KeyError::Time)
}

/// A time as it is written in key files.
pub fn time_text(time: Timestamp) -> String {
    utc::written(time)
}

impl End {
    /// The time that is meant.
    ///
    /// # Errors
    /// [`KeyError::EndPassed`] and [`KeyError::LifetimeTooLong`].
    pub(super) fn at(
        self,
        by_default: Duration,
        longest: Duration,
        now: Timestamp,
    ) -> Result<Timestamp, KeyError> {
        let end = match self {
            Self::ByDefault => now + by_default,
            Self::In(span) => now + span,
            Self::On(time) => time,
        };
        if end <= now {
            return Err(KeyError::EndPassed);
        }
        if end > now + longest {
            return Err(KeyError::LifetimeTooLong);
        }
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_may_begin_with_days() {
        let rows = [
            ("90d", Some(90 * 86_400)),
            ("1d12h", Some(129_600)),
            ("12h", Some(43_200)),
            ("3600s", Some(3_600)),
            ("0s", Some(0)),
            ("", None),
            ("d", None),
            ("90", None),
            ("-1d", None),
            ("1.5d", None),
            ("1d 2h", None),
            ("12h1d", None),
            ("1d2d", None),
            ("1234567d", None),
        ];
        for (text, seconds) in rows {
            assert_eq!(span(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn an_end_lies_ahead_and_not_beyond_the_longest_lifetime() {
        let now = Timestamp::from_seconds(1000);
        let at = |end: End| end.at(Duration::from_secs(60), Duration::from_secs(100), now).ok();
        assert_eq!(at(End::ByDefault), Some(Timestamp::from_seconds(1060)));
        assert_eq!(at(End::In(Duration::from_secs(100))), Some(Timestamp::from_seconds(1100)));
        assert_eq!(at(End::In(Duration::from_secs(101))), None);
        assert_eq!(at(End::In(Duration::ZERO)), None);
        assert_eq!(at(End::On(now)), None);
        assert_eq!(
            at(End::On(now + Duration::from_millis(1))),
            Some(Timestamp::from_millis(1_000_001))
        );
    }
}
