//! Sorting by places, so that one function serves things of all types: the library's has a copy of 5 to 9 kB in
//! the module for each.

use std::cmp::Ordering;

/// The places of so many things in ascending order, as `compare` says of two places. Those that are equal keep their
/// order. A merge sort: as many comparisons as there must be, and twice 4 bytes for each thing.
pub(crate) fn ascending(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    let mut width = 1;
    while width < count {
        let mut next = Vec::with_capacity(count);
        for pair in places.chunks(2 * width) {
            let (left, right) = pair.split_at_checked(width).unwrap_or((pair, &[]));
            merge(left, right, compare, &mut next);
        }
        places = next;
        width *= 2;
    }
    places
}

fn merge(
    mut left: &[usize],
    mut right: &[usize],
    compare: &dyn Fn(usize, usize) -> Ordering,
    merged: &mut Vec<usize>,
) {
    while let ([one, left_rest @ ..], [other, right_rest @ ..]) = (left, right) {
        if compare(*other, *one).is_lt() {
            merged.push(*other);
            right = right_rest;
        } else {
            merged.push(*one);
            left = left_rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
}

#[cfg(test)]
mod tests {
    use super::ascending;

    #[test]
    fn things_come_in_order_and_equal_ones_keep_theirs() {
        let sorted =
            |things: &[u32]| ascending(things.len(), &|one, other| things[one].cmp(&things[other]));
        assert_eq!(sorted(&[2, 0, 2, 1, 0]), [1, 4, 3, 0, 2]);
        assert_eq!(sorted(&[7]), [0]);
        assert!(sorted(&[]).is_empty());
        for count in 0..100 {
            // A step that is prime to 101 mixes them; the odd ones repeat.
            let things: Vec<u32> = (0..count).map(|at| at * 37 % 101 / 2).collect();
            let mut expected: Vec<usize> = (0..things.len()).collect();
            expected.sort_by_key(|at| things[*at]);
            assert_eq!(sorted(&things), expected, "{count}");
        }
    }
}
