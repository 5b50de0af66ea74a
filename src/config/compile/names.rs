//! Names that the user gives, and references to them.

use std::collections::HashMap;

use super::super::error::{Place, Quoted};
use super::super::nearest::nearest;
use super::super::raw::Section;
use super::super::report::Report;
use super::problem::NameProblem;

/// The names of the objects in one list, with their positions.
pub(super) struct Names<'d>(HashMap<&'d str, usize>);

impl<'d> Names<'d> {
    /// Collects the `name` of every object, and reports those that are no name or were given before.
    pub(super) fn collect(sections: &[Section<'d>], report: &mut Report) -> Self {
        let mut names = HashMap::new();
        let mut first: HashMap<&str, Place> = HashMap::new();
        for (index, section) in sections.iter().enumerate() {
            let Some(name) = section.text("name") else { continue };
            let place = section.place_of("name");
            if !is_name(name) {
                report.error(&place, NameProblem::Form);
            }
            if let Some(first) = first.get(name) {
                let problem =
                    NameProblem::Repeated { name: Quoted::from(name), first: first.path().into() };
                report.error(&place, problem);
                continue;
            }
            names.insert(name, index);
            first.insert(name, place);
        }
        Self(names)
    }

    /// The position of the object of this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }

    /// That no object has this name, with the name that was probably meant.
    pub(super) fn unknown(&self, name: &str) -> NameProblem {
        let mut known: Vec<_> = self.0.keys().copied().collect();
        known.sort_unstable();
        let meant = nearest(name, known).map(Quoted::from);
        NameProblem::Unknown { name: Quoted::from(name), meant }
    }
}

fn is_name(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    name.len() <= 64 && name.bytes().all(is_allowed)
}
