//! Everything that was found while a document was read: errors go on the list, reading goes on.

use super::Findings;
use super::error::{ConfigError, ConfigErrors, Place, Problem};
use super::warning::{Notice, Warning};
use crate::order::ascending;

/// What was found so far.
#[derive(Default)]
pub(super) struct Report {
    errors: Vec<ConfigError>,
    warnings: Vec<Warning>,
}

impl Report {
    /// Notes what makes the document unusable.
    pub(super) fn error(&mut self, place: &Place, problem: impl Into<Problem>) {
        self.errors.push(ConfigError::new(place.clone(), problem.into()));
    }

    /// Notes what is allowed and worth a second thought.
    pub(super) fn warn(&mut self, place: &Place, notice: Notice) {
        self.warnings.push(Warning::new(place.clone(), notice));
    }

    /// The value, or `None` with its problem noted.
    pub(super) fn ok<T, E: Into<Problem>>(
        &mut self,
        place: &Place,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|problem| self.error(place, problem)).ok()
    }

    /// Whether something makes the document unusable.
    pub(super) const fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether nothing was found.
    pub(super) const fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.warnings.is_empty()
    }

    /// Notes all that `other` notes.
    pub(super) fn append(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.warnings.extend(other.warnings);
    }

    /// The value and the warnings if nothing is wrong, else all errors.
    ///
    /// Whoever has no value reports why, so the list of errors is never empty.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<(T, Vec<Warning>), ConfigErrors> {
        match value {
            Some(value) if self.errors.is_empty() => Ok((value, Warning::sorted(self.warnings))),
            Some(_) | None => Err(ConfigErrors::sorted(self.errors)),
        }
    }

    /// All that was found.
    pub(super) fn into_findings(self) -> Findings {
        Findings {
            errors: ConfigErrors::sorted(self.errors).into_vec(),
            warnings: Warning::sorted(self.warnings),
        }
    }
}

/// Things in the order of the document.
pub(super) fn in_order<T>(items: Vec<T>, order: fn(&T) -> u32) -> Vec<T> {
    let orders: Vec<u32> = items.iter().map(order).collect();
    let turns = ascending(items.len(), &|one, other| orders.get(one).cmp(&orders.get(other)));
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    turns.into_iter().filter_map(|at| items.get_mut(at)?.take()).collect()
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn things_of_one_number_keep_their_order() {
        let things = vec![(2, 'a'), (0, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        let sorted = in_order(things, |(order, _)| *order);
        assert_eq!(sorted, [(0, 'b'), (0, 'e'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }
}
