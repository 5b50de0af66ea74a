//! What was measured, and what follows from it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::row::{RATIOS, Row};

/// CPU time of Envoy per request, by row and round.
#[derive(Default)]
pub struct Figures {
    rounds: BTreeMap<&'static str, Vec<Duration>>,
}

impl Figures {
    /// Adds the figure of one round.
    pub fn add(&mut self, row: &'static str, cpu: Duration) {
        self.rounds.entry(row).or_default().push(cpu);
    }

    /// All rounds of a row, in microseconds.
    pub fn rounds(&self, row: &str) -> Vec<f64> {
        self.rounds.get(row).into_iter().flatten().copied().map(microseconds).collect()
    }

    /// The least of all rounds, in microseconds: other programs can only add to it.
    pub fn least(&self, row: &str) -> f64 {
        self.rounds
            .get(row)
            .and_then(|rounds| rounds.iter().min())
            .copied()
            .map_or(0.0, microseconds)
    }

    /// What the row's filters add to what Envoy needs without them, in microseconds.
    pub fn added(&self, row: &Row) -> f64 {
        self.least(row.name) - self.least(row.outcome.baseline())
    }

    /// The median of what they added in each round, in microseconds: far from [`Self::added`], the machine
    /// was busy with other things.
    pub fn usually_added(&self, row: &Row) -> f64 {
        let pairs = self.rounds(row.name).into_iter().zip(self.rounds(row.outcome.baseline()));
        let mut added: Vec<_> = pairs.map(|(with, without)| with - without).collect();
        added.sort_by(f64::total_cmp);
        added.get(added.len() / 2).copied().unwrap_or_default()
    }

    /// The ratios by name; none where the divisor is lost in the noise.
    pub fn ratios(&self, rows: &[Row]) -> Vec<(&'static str, Option<f64>)> {
        let added = |name| rows.iter().find(|row| row.name == name).map(|row| self.added(row));
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
