//! Timing: the least of many rounds, for other programs can only add to it.

use std::time::{Duration, Instant};

/// Something to measure.
pub struct Row {
    /// What it is.
    pub name: &'static str,
    /// Does it once.
    pub pass: Box<dyn FnMut()>,
}

impl Row {
    /// A row of this name.
    pub fn new(name: &'static str, pass: impl FnMut() + 'static) -> Self {
        Self { name, pass: Box::new(pass) }
    }
}

/// The least time of one pass, over [`ROUNDS`] rounds of about [`ROUND`] each.
pub fn least(pass: &mut dyn FnMut()) -> Duration {
    let mut count = 1;
    let mut time = run(pass, count);
    while time < ROUND {
        count *= 2;
        time = run(pass, count);
    }
    (0..ROUNDS).map(|_| run(pass, count)).fold(time, Duration::min) / count
}

#[allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock; what it measures does not"
)]
fn run(pass: &mut dyn FnMut(), count: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        pass();
    }
    start.elapsed()
}

const ROUND: Duration = Duration::from_millis(20);
const ROUNDS: u32 = 20;
