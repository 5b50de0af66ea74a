//! How long requests took.

use std::time::Duration;

use serde_json::{Value, json};

use crate::figures::microseconds;

/// Times from request to answer, in ascending order.
#[derive(Clone, Debug)]
pub struct Latencies {
    ascending: Vec<Duration>,
}

impl Latencies {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self { ascending: times }
    }

    /// All of these together.
    pub fn together(parts: &[Self]) -> Self {
        Self::new(parts.iter().flat_map(|part| &part.ascending).copied().collect())
    }

    pub fn count(&self) -> usize {
        self.ascending.len()
    }

    /// The least time that at least this share of all, in thousandths, did not exceed; zero of none.
    pub fn within(&self, thousandths: usize) -> Duration {
        let rank = self.count().saturating_mul(thousandths).div_ceil(1000);
        self.ascending.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    pub fn longest(&self) -> Duration {
        self.within(1000)
    }

    /// In microseconds.
    pub fn json(&self) -> Value {
        json!({
            "requests": self.count(),
            "p50_us": microseconds(self.within(500)),
            "p99_us": microseconds(self.within(990)),
            "p999_us": microseconds(self.within(999)),
            "longest_us": microseconds(self.longest()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(times: impl IntoIterator<Item = u64>) -> Latencies {
        Latencies::new(times.into_iter().map(Duration::from_millis).collect())
    }

    #[test]
    fn a_percentile_is_the_time_of_the_nearest_rank() {
        let thousand = milliseconds((1..=1000).rev());
        for (thousandths, expected) in
            [(0, 1), (1, 1), (2, 2), (500, 500), (990, 990), (999, 999), (1000, 1000)]
        {
            assert_eq!(
                thousand.within(thousandths),
                Duration::from_millis(expected),
                "{thousandths}"
            );
        }
        let three = milliseconds([30, 10, 20]);
        for (thousandths, expected) in [(333, 10), (334, 20), (666, 20), (667, 30), (1000, 30)] {
            assert_eq!(three.within(thousandths), Duration::from_millis(expected), "{thousandths}");
        }
    }

    #[test]
    fn no_requests_took_no_time() {
        let none = milliseconds([]);
        assert_eq!(
            (none.count(), none.within(500), none.longest()),
            (0, Duration::ZERO, Duration::ZERO)
        );
    }

    #[test]
    fn parts_are_counted_together() {
        let together = Latencies::together(&[milliseconds([4, 2]), milliseconds([3, 1])]);
        assert_eq!((together.count(), together.within(500)), (4, Duration::from_millis(2)));
        assert_eq!(together.longest(), Duration::from_millis(4));
    }
}
