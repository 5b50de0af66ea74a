//! Names that the user gives, and references to them.

use super::super::error::{Place, Quoted};
use super::super::nearest::nearest;
use super::super::raw::Section;
use super::super::report::Report;
use super::problem::NameProblem;
use crate::order::ascending;
use crate::table::Table;

/// The names of the objects in one list, with their positions.
pub(super) struct Names<'d>(Table<&'d str, (usize, Place)>);

impl<'d> Names<'d> {
    /// Collects the `name` of every object, and reports those that are no name or were given before.
    pub(super) fn collect(sections: &[Section<'d>], report: &mut Report) -> Self {
        let mut names: Table<&str, (usize, Place)> = Table::new();
        for (index, section) in sections.iter().enumerate() {
            let Some(name) = section.text("name") else { continue };
            let place = section.place_of("name");
            if !is_name(name) {
                report.error(&place, NameProblem::Form);
            }
            if let Some((_, first)) = names.get(name) {
                let problem =
                    NameProblem::Repeated { name: Quoted::from(name), first: first.path().into() };
                report.error(&place, problem);
                continue;
            }
            names.insert(name, (index, place));
        }
        Self(names)
    }

    /// The position of the object of this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.0.get(name).map(|(index, _)| *index)
    }

    /// That no object has this name, with the name that was probably meant.
    pub(super) fn unknown(&self, name: &str) -> NameProblem {
        let known: Vec<_> = self.0.iter().map(|(known, _)| *known).collect();
        let turns = ascending(known.len(), &|one, other| known.get(one).cmp(&known.get(other)));
        let sorted = turns.into_iter().filter_map(|at| known.get(at).copied());
        let meant = nearest(name, sorted).map(Quoted::from);
        NameProblem::Unknown { name: Quoted::from(name), meant }
    }
}

fn is_name(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    name.len() <= 64 && name.bytes().all(is_allowed)
}
