//! What was measured, and what follows from it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::row::{RATIOS, Row};
use crate::tokens::FILLING;

/// CPU time of Envoy per request, by row and round.
#[derive(Default)]
pub struct Figures {
    rounds: BTreeMap<&'static str, Vec<f64>>,
}

/// By which of its figures rows are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// By the least of its rounds. It moves by some microseconds from run to run, for single rounds are far below all
    /// others: those, for one, in which Envoy and its client have to share a core.
    Least,
    /// By the lower quartile of its rounds. Such rounds hardly move it, nor those to which other programs add, as long as a
    /// good quarter is left to itself.
    Quartile,
    /// By the median of what it added in each round.
    Median,
}

impl Figures {
    /// Adds the figure of one round.
    pub fn add(&mut self, row: &'static str, cpu: Duration) {
        self.rounds.entry(row).or_default().push(microseconds(cpu));
    }

    /// All rounds of a row, in microseconds.
    pub fn rounds(&self, row: &str) -> &[f64] {
        self.rounds.get(row).map_or(&[], Vec::as_slice)
    }

    /// The lower quartile of all rounds, in microseconds.
    pub fn total(&self, row: &Row) -> f64 {
        self.low(row, lower_quartile)
    }

    /// What the row's filters add to what Envoy needs without them, in microseconds.
    pub fn added(&self, row: &Row, by: By) -> f64 {
        let baseline = self.rounds(row.outcome.baseline());
        match by {
            By::Least => self.low(row, least) - least(baseline),
            By::Quartile => self.low(row, lower_quartile) - lower_quartile(baseline),
            By::Median => {
                let pairs = self.rounds(row.name).iter().zip(baseline);
                let added: Vec<_> = pairs.map(|(with, without)| with - without).collect();
                median(if row.fills_cache() { means(&added) } else { added })
            }
        }
    }

    /// What its rounds come to by `low`. Where a row fills a cache, the rounds in which that forgets a half count with
    /// their share.
    fn low(&self, row: &Row, low: fn(&[f64]) -> f64) -> f64 {
        let rounds = self.rounds(row.name);
        if row.fills_cache() { of_filling(rounds, low) } else { low(rounds) }
    }

    /// The ratios by name; none where a row was not measured, or the divisor is lost in the noise.
    pub fn ratios(&self, rows: &[Row], by: By) -> Vec<(&'static str, Option<f64>)> {
        let measured = |row: &&Row| !self.rounds(row.name).is_empty();
        let added = |name| {
            rows.iter().filter(measured).find(|row| row.name == name).map(|row| self.added(row, by))
        };
        let ratio = |dividend, divisor| {
            let divisor = added(divisor).filter(|divisor| *divisor > 0.0)?;
            Some(added(dividend)? / divisor)
        };
        RATIOS.iter().map(|(name, dividend, divisor)| (*name, ratio(*dividend, *divisor))).collect()
    }
}

/// Microseconds with two decimals; more would be noise.
pub fn microseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e8).round() / 100.0
}

/// Zero of none.
fn least(rounds: &[f64]) -> f64 {
    rounds.iter().copied().reduce(f64::min).unwrap_or_default()
}

/// The least value that at least a quarter of all do not exceed; zero of none.
fn lower_quartile(rounds: &[f64]) -> f64 {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len().saturating_sub(1) / 4).copied().unwrap_or_default()
}

/// What rounds come to by `low` where one of [`FILLING`] in succession forgets half a cache. The dearest of these costs
/// no less than that one: so the dearest ones stand for one, and all for the others.
fn of_filling(rounds: &[f64], low: fn(&[f64]) -> f64) -> f64 {
    let dearest = groups(rounds).map(|group| group.iter().copied().fold(0.0, f64::max));
    let dearest = low(&dearest.collect::<Vec<_>>());
    let others = FILLING.saturating_sub(1) as f64;
    (others * low(rounds) + dearest) / FILLING as f64
}

/// Of each group, the mean.
fn means(rounds: &[f64]) -> Vec<f64> {
    groups(rounds).map(|group| group.iter().sum::<f64>() / group.len() as f64).collect()
}

/// [`FILLING`] rounds in succession each; those that are left over count only where there are no more.
fn groups(rounds: &[f64]) -> impl Iterator<Item = &[f64]> {
    let whole = rounds.len() / FILLING * FILLING;
    rounds.get(..whole).filter(|whole| !whole.is_empty()).unwrap_or(rounds).chunks(FILLING)
}

/// The greater of the two in the middle; zero of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::ROWS;

    fn figures(rounds: &[(&'static str, &[u64])]) -> Figures {
        let mut figures = Figures::default();
        for (row, rounds) in rounds {
            for round in *rounds {
                figures.add(row, Duration::from_micros(*round));
            }
        }
        figures
    }

    fn row(name: &str) -> &'static Row {
        ROWS.iter().find(|row| row.name == name).unwrap()
    }

    #[test]
    fn a_row_adds_its_rounds_less_those_of_its_baseline() {
        let rounds: [(_, &[u64]); 2] =
            [("no_filter", &[60, 50, 90, 52, 51]), ("floor_one_header", &[80, 75, 70, 81, 79])];
        let figures = figures(&rounds);
        let floor = row("floor_one_header");
        assert_eq!(figures.total(floor), 75.0);
        assert_eq!(figures.added(floor, By::Least), 20.0);
        assert_eq!(figures.added(floor, By::Quartile), 24.0);
        // 20, 25, -20, 29 and 28 in the five rounds.
        assert_eq!(figures.added(floor, By::Median), 25.0);
        for by in [By::Least, By::Quartile, By::Median] {
            assert_eq!(figures.added(row("no_filter"), by), 0.0);
        }
    }

    #[test]
    fn at_least_a_quarter_of_the_rounds_does_not_exceed_the_lower_quartile() {
        let rounds = |count: u64| (1..=count).rev().map(|it| it as f64).collect::<Vec<_>>();
        for (count, expected) in [(0, 0.0), (1, 1.0), (4, 1.0), (5, 2.0), (80, 20.0), (81, 21.0)] {
            assert_eq!(lower_quartile(&rounds(count)), expected, "{count}");
        }
    }

    #[test]
    fn the_round_that_forgets_half_a_cache_counts_with_its_share() {
        let name = "tenantgate_first_seen_rs256_user_token";
        assert_eq!(FILLING, 4);
        let rounds = [100, 140, 101, 102, 103, 104, 132, 500, 100, 100, 128, 100, 100];
        let figures = figures(&[("no_filter", &[50; 13]), (name, &rounds)]);
        // The dearest of the three groups take 140, 500 and 128; the last round belongs to none.
        assert_eq!(figures.added(row(name), By::Least), 57.0);
        // 128, again, is the lower quartile of these three, and 100 that of all rounds.
        assert_eq!(figures.total(row(name)), (3.0 * 100.0 + 128.0) / 4.0);
        assert_eq!(figures.added(row(name), By::Quartile), 57.0);
        // Means of 110.75, 209.75 and 107.
        assert_eq!(figures.added(row(name), By::Median), 60.75);
    }

    #[test]
    fn rounds_too_few_for_a_group_are_one() {
        let name = "tenantgate_first_seen_rs256_user_token";
        let figures = figures(&[("no_filter", &[50, 50]), (name, &[100, 120])]);
        assert_eq!(figures.total(row(name)), 105.0);
        assert_eq!(figures.added(row(name), By::Median), 60.0);
    }

    #[test]
    fn a_ratio_is_of_what_two_rows_add() {
        let figures = figures(&[
            ("no_filter", &[50, 60]),
            ("floor_one_header", &[60, 70]),
            ("tenantgate_repeated_rs256_technical_token_lean", &[65, 90]),
        ]);
        let ratio = |by| {
            let ratios = figures.ratios(&ROWS, by);
            ratios.into_iter().find(|(name, _)| *name == "repeated_technical_vs_floor").unwrap().1
        };
        assert_eq!(ratio(By::Least), Some(1.5));
        assert_eq!(ratio(By::Median), Some(3.0));
    }

    #[test]
    fn there_is_no_ratio_of_what_was_not_measured_or_adds_nothing() {
        let rows: [(_, &[u64]); 3] = [
            ("no_filter", &[50]),
            ("floor_one_header", &[50]),
            ("tenantgate_repeated_rs256_technical_token_lean", &[65]),
        ];
        for figures in [figures(&rows), figures(&rows[..1]), figures(&[])] {
            assert!(figures.ratios(&ROWS, By::Least).iter().all(|(_, ratio)| ratio.is_none()));
        }
    }
}
