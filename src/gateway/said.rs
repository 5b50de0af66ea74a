//! What was said of failures last: each reason once, and again after a while.

use std::time::Duration;

use crate::time::Timestamp;

/// The reason that was said last, and when.
#[derive(Debug, Default)]
pub(super) struct Said(Option<(&'static str, Timestamp)>);

impl Said {
    /// Whether a reason is to be said now; then it counts as said.
    pub(super) fn is_due(&mut self, reason: &'static str, now: Timestamp) -> bool {
        let is_said =
            self.0.is_some_and(|(said, at)| said == reason && at <= now && now.since(at) < EVERY);
        if !is_said {
            self.0 = Some((reason, now));
        }
        !is_said
    }

    /// The next failure is another one, whatever its reason.
    pub(super) const fn forget(&mut self) {
        self.0 = None;
    }
}

/// How often the same reason is said.
const EVERY: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_once_in_five_minutes_and_after_another_one() {
        let at = |seconds: u64| Timestamp::from_seconds(1_800_000_000 + seconds);
        let mut said = Said::default();
        let rows = [
            ("timeout", 0, true),
            ("timeout", 299, false),
            ("timeout", 300, true),
            ("status_5xx", 301, true),
            ("timeout", 302, true),
            // The clock has gone back.
            ("timeout", 200, true),
        ];
        for (reason, seconds, is_due) in rows {
            assert_eq!(said.is_due(reason, at(seconds)), is_due, "{reason} {seconds}");
        }
        said.forget();
        assert!(said.is_due("timeout", at(201)));
    }
}
