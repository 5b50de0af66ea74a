//! Sets as sorted lists: the code to search one and to go through it is a few bytes, where the library's tree has
//! kilobytes for each type of thing.

use std::borrow::Borrow;

use crate::order::ascending;

/// Different things, in ascending order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sorted<T>(Vec<T>);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Sorted<T> {
    /// Whether this very thing is in the set.
    pub fn contains<Q: Ord + ?Sized>(&self, thing: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.binary_search_by(|one| one.borrow().cmp(thing)).is_ok()
    }

    /// Whether all things of `other` are in this set.
    pub fn is_superset(&self, other: &Self) -> bool {
        other.0.iter().all(|thing| self.contains(thing))
    }

    /// The things in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// The first of them.
    pub fn first(&self) -> Option<&T> {
        self.0.first()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Ord> FromIterator<T> for Sorted<T> {
    fn from_iter<I: IntoIterator<Item = T>>(things: I) -> Self {
        let mut things: Vec<Option<T>> = things.into_iter().map(Some).collect();
        let turns = ascending(things.len(), &|one, other| things.get(one).cmp(&things.get(other)));
        let mut sorted = Vec::with_capacity(things.len());
        for thing in turns.into_iter().filter_map(|turn| things.get_mut(turn)?.take()) {
            if sorted.last() != Some(&thing) {
                sorted.push(thing);
            }
        }
        Self(sorted)
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Sorted<T> {
    fn from(things: [T; N]) -> Self {
        things.into_iter().collect()
    }
}

impl<T> IntoIterator for Sorted<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'s, T> IntoIterator for &'s Sorted<T> {
    type Item = &'s T;
    type IntoIter = std::slice::Iter<'s, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Sorted;

    #[test]
    fn things_are_in_order_and_each_is_there_once() {
        let set = Sorted::from(["c", "a", "b", "c", "a"]);
        assert_eq!(set.iter().copied().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!((set.len(), set.is_empty(), set.first()), (3, false, Some(&"a")));
        assert!(set.contains("a") && set.contains("b") && set.contains("c"));
        assert!(!set.contains("") && !set.contains("bb") && !set.contains("d"));
        assert_eq!(set, Sorted::from(["b", "c", "a"]));
    }

    #[test]
    fn a_set_is_above_those_it_holds_all_things_of() {
        let set = Sorted::from([1, 2, 3]);
        for (other, expected) in [(vec![], true), (vec![3, 1], true), (vec![1, 4], false)] {
            assert_eq!(set.is_superset(&other.into_iter().collect()), expected);
        }
    }
}
