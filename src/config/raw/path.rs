//! The way from the document to a value, written out only when something is reported there.

use super::super::error::Place;

/// Where a value stands, while the values around it are being looked at.
pub(super) struct Path<'p> {
    step: Step<'p>,
    order: u32,
}

enum Step<'p> {
    Item(&'p Path<'p>, usize),
    Member(&'p Path<'p>, &'p str),
    Root,
}

impl<'p> Path<'p> {
    /// The document itself.
    pub(super) const fn root() -> Self {
        Self { step: Step::Root, order: 0 }
    }

    /// A key of the object at this path; as [`Place::member`].
    pub(super) const fn member(&'p self, key: &'p str, order: u32) -> Self {
        Self { step: Step::Member(self, key), order }
    }

    /// An item of the list at this path; as [`Place::item`].
    pub(super) const fn item(&'p self, index: usize, order: u32) -> Self {
        Self { step: Step::Item(self, index), order }
    }

    /// The place for an error.
    pub(super) fn to_place(&self) -> Place {
        match self.step {
            Step::Item(list, index) => list.to_place().item(index, self.order),
            Step::Member(object, key) => object.to_place().member(key, self.order),
            Step::Root => Place::root(),
        }
    }
}
