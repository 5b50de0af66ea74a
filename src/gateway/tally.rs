//! What happened between two reports, so that a flood of refusals is a few lines in the log and a
//! few steps of a counter.

use std::sync::Arc;

use crate::telemetry::{Metric, Notice};

/// The most pairs of reason and route that are told apart in one report.
const LIMIT: usize = 64;

/// Refusals that stand in one line of the log.
#[derive(Debug)]
struct Line {
    code: &'static str,
    /// Whether the requests went on.
    is_reported: bool,
    reason: &'static str,
    route: Option<Arc<str>>,
    count: u64,
    /// How many of these were not added to their metric yet.
    uncounted: i64,
}

/// Counts since the last report, and where the gauges stood then.
#[derive(Debug, Default)]
pub(super) struct Tally {
    refusals: Vec<Line>,
    counts: Amounts,
    gauges: Amounts,
    forwarded: i64,
    /// The names of keys that stood in a URL where none may.
    exposed: Vec<Box<str>>,
}

impl Tally {
    /// Counts a request that goes on.
    pub(super) const fn forward(&mut self) {
        self.forwarded = self.forwarded.saturating_add(1);
    }

    /// Counts something else by one.
    pub(super) fn count(&mut self, metric: Metric) {
        self.add(metric, 1);
    }

    /// Counts something else that has happened so often.
    pub(super) fn add(&mut self, metric: Metric, times: usize) {
        self.counts.add(metric, i64::try_from(times).unwrap_or(i64::MAX));
    }

    /// Notes that a known key stood in a URL where none may.
    pub(super) fn expose(&mut self, name: &str) {
        if self.exposed.len() < LIMIT && self.exposed.iter().all(|one| **one != *name) {
            self.exposed.push(name.into());
        }
    }

    /// Counts a refusal by its public code, and by its exact reason and route for the log. Past
    /// [`LIMIT`] pairs, routes are no longer told apart.
    pub(super) fn refuse(
        &mut self,
        code: &'static str,
        reason: &'static str,
        route: Option<&Arc<str>>,
    ) {
        self.note((code, false), reason, route);
    }

    /// Counts a refusal that is only reported: the request goes on.
    pub(super) fn would_refuse(
        &mut self,
        code: &'static str,
        reason: &'static str,
        route: Option<&Arc<str>>,
    ) {
        self.note((code, true), reason, route);
    }

    /// There are few lines, and those of a flood come soon, so they are looked through.
    fn note(
        &mut self,
        (code, is_reported): (&'static str, bool),
        reason: &'static str,
        route: Option<&Arc<str>>,
    ) {
        let is_it = |line: &&mut Line| {
            line.is_reported == is_reported
                && line.reason == reason
                && line.code == code
                && is_same(line.route.as_ref(), route)
        };
        if let Some(line) = self.refusals.iter_mut().find(is_it) {
            line.count = line.count.saturating_add(1);
            line.uncounted = line.uncounted.saturating_add(1);
            return;
        }
        if self.refusals.len() >= LIMIT && route.is_some() {
            self.note((code, is_reported), reason, None);
            return;
        }
        let route = route.cloned();
        self.refusals.push(Line { code, is_reported, reason, route, count: 1, uncounted: 1 });
    }

    /// Lines for the refusals since the last report.
    pub(super) fn lines(&mut self) -> impl Iterator<Item = Notice> + '_ {
        self.settle();
        let exposed = std::mem::take(&mut self.exposed).into_iter();
        let exposed = exposed.map(|name| Notice::KeyExposed { name });
        let told = |Line { code, is_reported, reason, route, count, .. }| match is_reported {
            true => Notice::WouldRefuse { code, reason, route, count },
            false => Notice::Refused { reason, route, count },
        };
        exposed.chain(self.refusals.drain(..).map(told))
    }

    /// Adds what lines have counted to their metrics.
    fn settle(&mut self) {
        for line in &mut self.refusals {
            let metric = match line.is_reported {
                true => Metric::WouldRefuse(line.code),
                false => Metric::Refused(line.code),
            };
            self.counts.add(metric, std::mem::take(&mut line.uncounted));
        }
    }

    /// The last steps of all metrics: what was counted since the last report, and all gauges back to
    /// nothing.
    pub(super) fn last_steps(&mut self) -> Vec<(Metric, i64)> {
        let gauges: Vec<_> = self.gauges.0.iter().map(|(gauge, _)| (*gauge, 0)).collect();
        self.steps(&gauges)
    }

    /// The steps of all metrics since the last report. Gauges move by differences, because all
    /// workers move the same ones.
    pub(super) fn steps(&mut self, gauges: &[(Metric, usize)]) -> Vec<(Metric, i64)> {
        self.settle();
        let mut counts = std::mem::take(&mut self.counts);
        counts.set(Metric::Forwarded, std::mem::take(&mut self.forwarded));
        for &(gauge, value) in gauges {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            let before = self.gauges.set(gauge, value);
            counts.set(gauge, value.saturating_sub(before));
        }
        counts.0.into_iter().filter(|(_, step)| *step != 0).collect()
    }
}

/// Whether both are the same route, or both are none. A route has one name in memory.
fn is_same(one: Option<&Arc<str>>, other: Option<&Arc<str>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Amounts by metrics, in the order of these.
#[derive(Debug, Default)]
struct Amounts(Vec<(Metric, i64)>);

impl Amounts {
    fn add(&mut self, metric: Metric, more: i64) {
        match self.0.binary_search_by(|(one, _)| one.cmp(&metric)) {
            Ok(at) => {
                if let Some((_, amount)) = self.0.get_mut(at) {
                    *amount = amount.saturating_add(more);
                }
            }
            Err(at) => self.0.insert(at, (metric, more)),
        }
    }

    /// The amount before.
    fn set(&mut self, metric: Metric, amount: i64) -> i64 {
        match self.0.binary_search_by(|(one, _)| one.cmp(&metric)) {
            Ok(at) => self.0.get_mut(at).map_or(0, |(_, one)| std::mem::replace(one, amount)),
            Err(at) => {
                self.0.insert(at, (metric, amount));
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: [(Metric, usize); 3] =
        [(Metric::Slots, 0), (Metric::VerifiedTokens, 0), (Metric::Waiting, 0)];

    #[test]
    fn equal_refusals_are_one_line_and_one_step() {
        let mut tally = Tally::default();
        let route: Arc<str> = Arc::from("files");
        tally.refuse("token_expired", "expired", Some(&route));
        tally.refuse("token_expired", "expired", Some(&route));
        let lines: Vec<_> = tally.lines().collect();
        assert_eq!(lines, [Notice::Refused { reason: "expired", route: Some(route), count: 2 }]);
        assert_eq!(tally.steps(&IDLE), [(Metric::Refused("token_expired"), 2)]);
        assert_eq!((tally.lines().count(), tally.steps(&IDLE)), (0, Vec::new()));
    }

    #[test]
    fn refusals_that_no_line_has_told_yet_are_counted_once_all_the_same() {
        let mut tally = Tally::default();
        let route: Arc<str> = Arc::from("files");
        tally.refuse("token_expired", "expired", None);
        tally.refuse("token_expired", "expired", Some(&route));
        tally.would_refuse("token_expired", "expired", Some(&Arc::from("files")));
        tally.would_refuse("token_expired", "expired", Some(&route));
        let (refused, reported) =
            (Metric::Refused("token_expired"), Metric::WouldRefuse("token_expired"));
        assert_eq!(tally.steps(&IDLE), [(refused, 2), (reported, 2)]);
        assert_eq!(tally.last_steps(), []);
        let (reason, code) = ("expired", "token_expired");
        let expected = [
            Notice::Refused { reason, route: None, count: 1 },
            Notice::Refused { reason, route: Some(Arc::clone(&route)), count: 1 },
            Notice::WouldRefuse { code, reason, route: Some(route), count: 2 },
        ];
        assert_eq!(tally.lines().collect::<Vec<_>>(), expected);
        assert_eq!(tally.last_steps(), []);
    }

    #[test]
    fn the_number_of_lines_is_bounded() {
        let mut tally = Tally::default();
        for route in 0..1000 {
            tally.refuse("token_expired", "expired", Some(&Arc::from(route.to_string())));
        }
        assert_eq!(tally.lines().count(), LIMIT + 1);
    }

    #[test]
    fn gauges_move_by_differences() {
        let mut tally = Tally::default();
        let waiting =
            |waiting| [(Metric::Slots, 1), (Metric::VerifiedTokens, 0), (Metric::Waiting, waiting)];
        assert_eq!(tally.steps(&waiting(5)), [(Metric::Slots, 1), (Metric::Waiting, 5)]);
        assert_eq!(tally.steps(&waiting(2)), [(Metric::Waiting, -3)]);
        tally.forward();
        assert_eq!(tally.steps(&waiting(2)), [(Metric::Forwarded, 1)]);
    }

    #[test]
    fn in_the_end_all_gauges_are_back_at_nothing_and_counters_are_not() {
        let mut tally = Tally::default();
        tally.add(Metric::VerifiedTokensForgotten, 3);
        tally.steps(&[(Metric::Slots, 1), (Metric::Waiting, 2)]);
        tally.add(Metric::VerifiedTokensForgotten, 4);
        let last =
            [(Metric::Slots, -1), (Metric::VerifiedTokensForgotten, 4), (Metric::Waiting, -2)];
        assert_eq!(tally.last_steps(), last);
        assert_eq!(tally.last_steps(), []);
    }
}
