//! The command line.

use crate::error::BenchError;
use crate::selection::Selection;

/// What is measured, and how much.
pub struct Arguments {
    /// How often every row is measured, one row after the other.
    pub rounds: usize,
    pub scope: Scope,
}

/// What of it.
pub enum Scope {
    /// All rows, and all else that is told of the module. What was measured is written down.
    Everything,
    /// These rows alone.
    Rows(Selection),
}

impl Arguments {
    /// Reads `--rounds NUMBER` and `--rows NAME[,NAME...]`, which may be left out.
    ///
    /// # Errors
    /// [`BenchError::Usage`] for anything else, and for no rounds; [`BenchError::RowUnknown`].
    pub fn parse(arguments: &[String]) -> Result<Self, BenchError> {
        let mut parsed = Self { rounds: ROUNDS, scope: Scope::Everything };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let value = rest.next().ok_or(BenchError::Usage)?;
            match name.as_str() {
                "--rounds" => {
                    let rounds = value.parse().ok().filter(|rounds| *rounds > 0);
                    parsed.rounds = rounds.ok_or(BenchError::Usage)?;
                }
                "--rows" => parsed.scope = Scope::Rows(Selection::parse(value)?),
                _ => return Err(BenchError::Usage),
            }
        }
        Ok(parsed)
    }
}

/// Many and short ones, so that some of every row escape what other programs do.
const ROUNDS: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, BenchError> {
        Arguments::parse(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    fn rows(arguments: &Arguments) -> Option<Vec<&str>> {
        match &arguments.scope {
            Scope::Everything => None,
            Scope::Rows(selection) => Some(selection.rows().iter().map(|row| row.name).collect()),
        }
    }

    #[test]
    fn everything_is_measured_unless_told_otherwise() {
        let arguments = parse(&[]).unwrap();
        assert_eq!((arguments.rounds, rows(&arguments)), (ROUNDS, None));
    }

    #[test]
    fn rounds_and_rows_stand_in_any_order() {
        for given in [
            ["--rounds", "3", "--rows", "floor_nothing"],
            ["--rows", "floor_nothing", "--rounds", "3"],
        ] {
            let arguments = parse(&given).unwrap();
            assert_eq!(arguments.rounds, 3);
            assert_eq!(rows(&arguments), Some(vec!["no_filter", "floor_nothing"]));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for given in [
            &["--rounds"][..],
            &["--rounds", "0"],
            &["--rounds", "-1"],
            &["--rounds", "many"],
            &["--rows"],
            &["--row", "floor_nothing"],
            &["3"],
        ] {
            assert!(matches!(parse(given).err(), Some(BenchError::Usage)), "{given:?}");
        }
        let unknown = parse(&["--rows", "floor"]).err();
        assert!(matches!(unknown, Some(BenchError::RowUnknown { name }) if name == "floor"));
    }
}
