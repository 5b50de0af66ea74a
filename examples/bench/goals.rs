//! What rows may cost at most, measured against others.

use crate::figures::{By, Figures};
use crate::row::{
    CHAIN_FIRST_SEEN, CHAIN_REPEATED, EXPIRED, EXPIRED_FIRST_SEEN, FEW_KEYS, FEW_ROUTES,
    FIRST_SEEN_ISSUERS, FIRST_SEEN_TECHNICAL, FIRST_SEEN_USER, FLOOR, MANY_KEYS, MANY_ROUTES,
    REPEATED_ISSUERS, REPEATED_LEAN, REPEATED_TECHNICAL, REPEATED_USER, Row,
};

/// A row is to cost at most so many times what another does.
pub struct Goal {
    pub row: &'static str,
    pub times: f64,
    pub other: &'static str,
    pub of: Part,
}

/// What of a request is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// What the filters add.
    Added,
    /// All that Envoy does.
    Whole,
}

impl Goal {
    /// The goal of this row; most have none.
    pub fn of(row: &Row) -> Option<&'static Self> {
        GOALS.iter().find(|goal| goal.row == row.name)
    }

    /// What the row may add at most, in microseconds; none if the other was not measured.
    pub fn limit(&self, figures: &Figures) -> Option<f64> {
        let (row, other) = (Row::named(self.row)?, Row::named(self.other)?);
        if figures.rounds(self.other).is_empty() {
            return None;
        }
        Some(match self.of {
            Part::Added => self.times * figures.added(other, By::Quartile),
            Part::Whole => {
                let without = figures.total(row) - figures.added(row, By::Quartile);
                self.times * figures.total(other) - without
            }
        })
    }

    /// Whether the row adds no more than that.
    pub fn is_reached(&self, figures: &Figures) -> bool {
        let added = Row::named(self.row).map(|row| figures.added(row, By::Quartile));
        added.zip(self.limit(figures)).is_some_and(|(added, limit)| added <= limit)
    }
}

/// All goals, each of another row.
#[rustfmt::skip]
pub const GOALS: [Goal; 10] = [
    Goal { row: REPEATED_LEAN, times: 0.75, other: CHAIN_REPEATED, of: Part::Added },
    Goal { row: REPEATED_TECHNICAL, times: 0.9, other: CHAIN_REPEATED, of: Part::Added },
    Goal { row: FIRST_SEEN_TECHNICAL, times: 0.8, other: CHAIN_FIRST_SEEN, of: Part::Added },
    Goal { row: FEW_KEYS, times: 2.0, other: FLOOR, of: Part::Added },
    Goal { row: EXPIRED, times: 1.3, other: FLOOR, of: Part::Added },
    Goal { row: EXPIRED_FIRST_SEEN, times: 2.3, other: FLOOR, of: Part::Added },
    Goal { row: MANY_ROUTES, times: 1.1, other: FEW_ROUTES, of: Part::Whole },
    Goal { row: REPEATED_ISSUERS, times: 1.1, other: REPEATED_USER, of: Part::Whole },
    Goal { row: FIRST_SEEN_ISSUERS, times: 1.1, other: FIRST_SEEN_USER, of: Part::Whole },
    Goal { row: MANY_KEYS, times: 1.1, other: FEW_KEYS, of: Part::Whole },
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn figures(rows: &[(&'static str, u64)]) -> Figures {
        let mut figures = Figures::default();
        for (row, microseconds) in rows {
            figures.add(row, Duration::from_micros(*microseconds));
        }
        figures
    }

    fn limit(row: &str, figures: &Figures) -> Option<f64> {
        Goal::of(Row::named(row).unwrap()).unwrap().limit(figures)
    }

    #[test]
    fn a_goal_is_a_multiple_of_what_the_other_row_adds() {
        let figures = figures(&[("no_filter", 60), (FLOOR, 72)]);
        assert_eq!(limit(FEW_KEYS, &figures), Some(24.0));
        assert_eq!(limit(REPEATED_LEAN, &figures), None);
    }

    #[test]
    fn a_goal_is_reached_at_its_limit_and_not_above() {
        for (added, is_reached) in [(23, true), (24, true), (25, false)] {
            let figures = figures(&[
                ("no_filter", 60),
                (FLOOR, 72),
                ("no_filter_application_key", 50),
                (FEW_KEYS, 50 + added),
            ]);
            let goal = Goal::of(Row::named(FEW_KEYS).unwrap()).unwrap();
            assert_eq!(goal.is_reached(&figures), is_reached, "{added}");
        }
    }

    #[test]
    fn a_goal_for_whole_requests_counts_what_envoy_does_without_filters() {
        let figures = figures(&[("no_filter", 60), (FEW_ROUTES, 90), (MANY_ROUTES, 95)]);
        // 1.1 times 90 less 60.
        let limit = limit(MANY_ROUTES, &figures).unwrap();
        assert!((limit - 39.0).abs() < 1e-9, "{limit}");
    }

    #[test]
    fn goals_name_rows_and_each_another_one() {
        for (number, goal) in GOALS.iter().enumerate() {
            let (row, other) = (Row::named(goal.row), Row::named(goal.other));
            assert!(row.is_some() && other.is_some(), "{}", goal.row);
            assert!(GOALS.iter().skip(number + 1).all(|later| later.row != goal.row));
        }
        assert!(Goal::of(Row::named("no_filter").unwrap()).is_none());
    }
}
