//! Which rows a run measures, and what these need.

use std::collections::BTreeSet;

use crate::error::BenchError;
use crate::row::{Listener, ROWS, Row, Token};

/// Some of the rows, in the order in which they are measured.
#[derive(Clone)]
pub struct Selection {
    rows: Vec<&'static Row>,
}

impl Selection {
    /// All rows.
    pub fn all() -> Self {
        Self { rows: ROWS.iter().collect() }
    }

    /// The rows of these names, which commas part, and the baselines that they are compared with.
    ///
    /// # Errors
    /// [`BenchError::RowUnknown`] for a name that no row has.
    pub fn parse(names: &str) -> Result<Self, BenchError> {
        let mut chosen = BTreeSet::new();
        for name in names.split(',') {
            let row =
                Row::named(name).ok_or_else(|| BenchError::RowUnknown { name: name.to_owned() })?;
            chosen.extend([row.name, row.outcome.baseline()]);
        }
        Ok(Self { rows: ROWS.iter().filter(|row| chosen.contains(row.name)).collect() })
    }

    pub fn rows(&self) -> &[&'static Row] {
        &self.rows
    }

    /// The listeners of these rows, each once.
    pub fn listeners(&self) -> Vec<Listener> {
        self.rows.iter().map(|row| row.listener).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The kinds of tokens that they bring.
    pub fn tokens(&self) -> BTreeSet<Token> {
        self.rows.iter().map(|row| row.token).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{CAPACITY, NO_FILTER, RATIOS, STALLS};

    fn names(selection: &Selection) -> Vec<&'static str> {
        selection.rows().iter().map(|row| row.name).collect()
    }

    #[test]
    fn a_row_comes_with_its_baseline_and_in_the_order_of_all() {
        let selection = Selection::parse("tenantgate_expired_repeated,floor_one_header").unwrap();
        let expected = [
            "no_filter",
            "no_filter_local_reply",
            "floor_one_header",
            "tenantgate_expired_repeated",
        ];
        assert_eq!(names(&selection), expected);
        let listeners = [
            Listener::FloorOneHeader,
            Listener::NoFilterLocalReply,
            Listener::NoFilter,
            Listener::Tenantgate,
        ];
        assert_eq!(selection.listeners(), listeners);
        assert_eq!(selection.tokens(), [Token::Expired, Token::Repeated].into());
    }

    #[test]
    fn a_row_named_twice_is_measured_once() {
        assert_eq!(names(&Selection::parse("no_filter,no_filter").unwrap()), ["no_filter"]);
    }

    #[test]
    fn a_name_that_no_row_has_is_refused() {
        for (names, unknown) in [("", ""), ("no_filter,", ""), ("no_filter,flor", "flor")] {
            let refused = Selection::parse(names).err();
            assert!(
                matches!(&refused, Some(BenchError::RowUnknown { name }) if name == unknown),
                "{names}: {refused:?}"
            );
        }
    }

    #[test]
    fn every_name_that_the_program_uses_is_of_a_row() {
        for names in [&CAPACITY[..], &STALLS, &[NO_FILTER]] {
            assert_eq!(Row::all_named(names).len(), names.len(), "{names:?}");
        }
        for (ratio, dividend, divisor) in RATIOS {
            assert!(Row::named(dividend).is_some() && Row::named(divisor).is_some(), "{ratio}");
        }
    }

    #[test]
    fn every_baseline_is_a_row_and_its_own_baseline() {
        for row in &ROWS {
            let baseline = Row::named(row.outcome.baseline()).unwrap();
            assert_eq!(baseline.outcome.baseline(), baseline.name, "{}", row.name);
            assert!(!baseline.fills_cache(), "{}", row.name);
        }
    }
}
