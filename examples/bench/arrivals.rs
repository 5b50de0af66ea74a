//! When requests of an open load are sent: at random, however fast those before them are answered.

use std::time::Duration;

/// Times of sending since the start, ascending, at a rate of so many in a second and until `end`: the gaps between them
/// have an exponential distribution, as those of many independent clients have. They are the same in every run.
pub fn random(rate: f64, end: Duration) -> Vec<Duration> {
    let mut numbers = Numbers(1);
    let mut at = 0.0;
    let mut times = Vec::new();
    loop {
        at -= numbers.next().ln() / rate;
        match Duration::try_from_secs_f64(at) {
            Ok(time) if time < end => times.push(time),
            Ok(_) | Err(_) => return times,
        }
    }
}

/// SplitMix64.
struct Numbers(u64);

impl Numbers {
    /// Above 0, and at most 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((mixed >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_the_rate_says_and_none_after_the_end() {
        let times = random(1000.0, Duration::from_secs(10));
        assert!((9_700..10_300).contains(&times.len()), "{}", times.len());
        assert!(times.is_sorted());
        assert!(times.iter().all(|time| *time < Duration::from_secs(10)));
    }

    #[test]
    fn gaps_vary_as_those_of_independent_clients() {
        let times = random(1000.0, Duration::from_secs(10));
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        let long = gaps.filter(|gap| *gap > Duration::from_millis(1)).count();
        // Of an exponential distribution 1/e exceed the mean.
        let share = long as f64 / times.len() as f64;
        assert!((0.35..0.39).contains(&share), "{share}");
    }

    #[test]
    fn a_rate_of_nothing_sends_nothing() {
        for rate in [0.0, -1.0, f64::NAN] {
            assert!(random(rate, Duration::from_secs(1)).is_empty(), "{rate}");
        }
    }
}
