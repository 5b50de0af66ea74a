//! The command line.

use crate::error::BenchError;

/// How much is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arguments {
    /// How often every row is measured, one row after the other.
    pub rounds: usize,
}

impl Arguments {
    /// Reads `--rounds NUMBER`, which may be left out.
    ///
    /// # Errors
    /// [`BenchError::Usage`] for anything else, and for no rounds.
    pub fn parse(arguments: &[String]) -> Result<Self, BenchError> {
        match arguments {
            [] => Ok(Self { rounds: 16 }),
            [name, rounds] if name == "--rounds" => {
                let rounds = rounds.parse().ok().filter(|rounds| *rounds > 0);
                Ok(Self { rounds: rounds.ok_or(BenchError::Usage)? })
            }
            _ => Err(BenchError::Usage),
        }
    }
}
