//! Refusals counted between two ticks, so that a flood of them is a few lines in the log.

use std::collections::HashMap;
use std::sync::Arc;

use crate::telemetry::Notice;

/// The most pairs of reason and route that are told apart between two lines.
const LIMIT: usize = 64;

/// Counts of refused requests by reason and route.
#[derive(Debug, Default)]
pub(super) struct Tally(HashMap<(&'static str, Option<Arc<str>>), u64>);

impl Tally {
    /// Counts one refusal. Past [`LIMIT`] pairs, routes are no longer told apart.
    pub(super) fn count(&mut self, reason: &'static str, route: Option<&Arc<str>>) {
        let key = (reason, route.cloned());
        let key =
            if self.0.len() < LIMIT || self.0.contains_key(&key) { key } else { (reason, None) };
        let count = self.0.entry(key).or_default();
        *count = count.saturating_add(1);
    }

    /// One line for each pair, and starts anew.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Notice> + '_ {
        self.0.drain().map(|((reason, route), count)| Notice::Refused { reason, route, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_refusals_are_one_line() {
        let mut tally = Tally::default();
        let route: Arc<str> = Arc::from("files");
        tally.count("expired", Some(&route));
        tally.count("expired", Some(&route));
        let lines: Vec<_> = tally.drain().collect();
        assert_eq!(lines, [Notice::Refused { reason: "expired", route: Some(route), count: 2 }]);
        assert_eq!(tally.drain().count(), 0);
    }

    #[test]
    fn the_number_of_lines_is_bounded() {
        let mut tally = Tally::default();
        for route in 0..1000 {
            tally.count("expired", Some(&Arc::from(route.to_string())));
        }
        assert_eq!(tally.drain().count(), LIMIT + 1);
    }
}
