//! How long to wait after a failed fetch: a pure function.

use std::time::Duration;

/// What a failure promises about the next try.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Prospect {
    /// Somebody has to mend a configuration first: 5 s, doubling to 5 min.
    Lasting,
    /// It may pass by itself: 1 s, doubling to 1 min.
    Passing,
}

/// The delay before the next try after `attempts` failures in a row (at least one).
///
/// Doubles from the prospect's start to its cap, then takes off up to half by `jitter` (in
/// thousandths), so that many gateways do not come back at once. `Retry-After` is obeyed when it
/// asks for more, up to 5 min.
pub(super) fn delay(
    attempts: u32,
    prospect: Prospect,
    retry_after: Option<Duration>,
    jitter: u16,
) -> Duration {
    let (start, cap) = match prospect {
        Prospect::Lasting => (Duration::from_secs(5), RETRY_AFTER_CAP),
        Prospect::Passing => (Duration::from_secs(1), Duration::from_secs(60)),
    };
    let doublings = attempts.saturating_sub(1).min(16);
    let full = start.saturating_mul(1 << doublings).min(cap);
    let jittered = full - full / 2 * u32::from(jitter.min(1000)) / 1000;
    retry_after.map_or(jittered, |asked| asked.min(RETRY_AFTER_CAP).max(jittered))
}

/// The delay while a token is held that may be sent for `left` more: what may pass by itself is tried
/// at least four times within that, and not more than once a second, so that an outage which ends
/// before the token does is not noticed.
pub(super) fn while_held(delay: Duration, prospect: Prospect, left: Duration) -> Duration {
    match prospect {
        Prospect::Lasting => delay,
        Prospect::Passing => delay.min((left / 4).max(Duration::from_secs(1))),
    }
}

/// The longest `Retry-After` that is obeyed, and the longest delay of all.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(attempts: u32, prospect: Prospect, retry_after: Option<u64>, jitter: u16) -> f64 {
        delay(attempts, prospect, retry_after.map(Duration::from_secs), jitter).as_secs_f64()
    }

    #[test]
    fn delays_double_from_their_start_to_their_cap() {
        use Prospect::{Lasting, Passing};
        let rows = [
            (1, Passing, 1.0),
            (2, Passing, 2.0),
            (6, Passing, 32.0),
            (7, Passing, 60.0),
            (u32::MAX, Passing, 60.0),
            (1, Lasting, 5.0),
            (3, Lasting, 20.0),
            (7, Lasting, 300.0),
        ];
        for (attempts, prospect, expected) in rows {
            assert_eq!(seconds(attempts, prospect, None, 0), expected, "{attempts} {prospect:?}");
        }
    }

    #[test]
    fn jitter_takes_off_half_at_most() {
        assert_eq!(seconds(1, Prospect::Passing, None, 500), 0.75);
        assert_eq!(seconds(1, Prospect::Passing, None, 1000), 0.5);
        assert_eq!(seconds(1, Prospect::Passing, None, u16::MAX), 0.5);
    }

    #[test]
    fn a_token_that_ends_soon_makes_tries_more_frequent_where_the_failure_may_pass() {
        use Prospect::{Lasting, Passing};
        let rows = [
            (60, Passing, 400, 60),
            (60, Passing, 40, 10),
            (60, Passing, 3, 1),
            (60, Lasting, 40, 60),
        ];
        for (delay, prospect, left, expected) in rows {
            let [delay, left, expected] = [delay, left, expected].map(Duration::from_secs);
            assert_eq!(while_held(delay, prospect, left), expected, "{left:?} {prospect:?}");
        }
    }

    #[test]
    fn retry_after_is_obeyed_up_to_five_minutes() {
        assert_eq!(seconds(1, Prospect::Passing, Some(30), 0), 30.0);
        assert_eq!(seconds(7, Prospect::Passing, Some(30), 0), 60.0);
        assert_eq!(seconds(1, Prospect::Passing, Some(86_400), 0), 300.0);
    }
}
