//! The command line.

use crate::error::BenchError;

/// How much is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arguments {
    /// Requests for each row and round, and so the number of first-seen tokens; at least [`LEAST_REQUESTS`].
    pub requests: usize,
    /// How often every row is measured, one row after the other.
    pub rounds: usize,
}

impl Arguments {
    /// Reads `--requests NUMBER` and `--rounds NUMBER`; each may be left out.
    ///
    /// # Errors
    /// [`BenchError::Usage`] for anything else, and for too few.
    pub fn parse(arguments: &[String]) -> Result<Self, BenchError> {
        let mut parsed = Self { requests: 10_000, rounds: 5 };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { return Err(BenchError::Usage) };
            let (place, least) = match name.as_str() {
                "--requests" => (&mut parsed.requests, LEAST_REQUESTS),
                "--rounds" => (&mut parsed.rounds, 1),
                _ => return Err(BenchError::Usage),
            };
            *place = value.parse().ok().filter(|value| *value >= least).ok_or(BenchError::Usage)?;
        }
        Ok(parsed)
    }
}

/// More than tenantgate's cache of verified tokens holds (`limits.verified_tokens`), so that it has
/// forgotten a first-seen token when the next round brings it again.
const LEAST_REQUESTS: usize = 5000;
