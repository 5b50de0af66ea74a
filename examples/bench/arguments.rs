//! The command line.

use crate::error::BenchError;
use crate::report::Documentation;
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
    Everything(Documentation),
    /// These rows alone.
    Rows(Selection),
}

impl Arguments {
    /// Reads `--rounds NUMBER`, `--docs` and `--rows NAME[,NAME...]`, which may be left out; the last two do not go
    /// together, for the documentation tells of all rows.
    ///
    /// # Errors
    /// [`BenchError::Usage`] for anything else, and for no rounds; [`BenchError::RowUnknown`].
    pub fn parse(arguments: &[String]) -> Result<Self, BenchError> {
        let mut parsed = Self { rounds: ROUNDS, scope: Scope::Everything(Documentation::Kept) };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            match (name.as_str(), &parsed.scope) {
                ("--rounds", _) => {
                    let rounds = rest.next().and_then(|value| value.parse().ok());
                    let rounds = rounds.filter(|rounds| *rounds > 0);
                    parsed.rounds = rounds.ok_or(BenchError::Usage)?;
                }
                ("--docs", Scope::Everything(_)) => {
                    parsed.scope = Scope::Everything(Documentation::Renewed);
                }
                ("--rows", Scope::Everything(Documentation::Kept)) => {
                    let names = rest.next().ok_or(BenchError::Usage)?;
                    parsed.scope = Scope::Rows(Selection::parse(names)?);
                }
                _ => return Err(BenchError::Usage),
            }
        }
        Ok(parsed)
    }
}

/// Many and short ones, so that a quarter of those of every row escape what other programs do.
const ROUNDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, BenchError> {
        Arguments::parse(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    fn rows(arguments: &Arguments) -> Option<Vec<&str>> {
        match &arguments.scope {
            Scope::Everything(_) => None,
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
    fn the_documentation_is_renewed_on_demand() {
        for (given, expected) in [
            (&[][..], Documentation::Kept),
            (&["--docs"], Documentation::Renewed),
            (&["--docs", "--rounds", "3"], Documentation::Renewed),
        ] {
            let scope = parse(given).unwrap().scope;
            assert!(matches!(scope, Scope::Everything(it) if it == expected), "{given:?}");
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
            &["--rows", "floor_nothing", "--rows", "floor_nothing"],
            &["--rows", "floor_nothing", "--docs"],
            &["--docs", "--rows", "floor_nothing"],
            &["--row", "floor_nothing"],
            &["3"],
        ] {
            assert!(matches!(parse(given).err(), Some(BenchError::Usage)), "{given:?}");
        }
        let unknown = parse(&["--rows", "floor"]).err();
        assert!(matches!(unknown, Some(BenchError::RowUnknown { name }) if name == "floor"));
    }
}
