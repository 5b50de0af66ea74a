//! Random routes and random spellings of paths: no two spellings of one resource are decided
//! differently, and the tree finds what a scan of all routes finds. `make fuzz` goes on with it.
#![allow(clippy::panic, reason = "a test stops by panicking")]

#[allow(dead_code, reason = "the other targets")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use targets::routes::{Tally, compare};

#[test]
fn no_two_spellings_of_one_resource_are_decided_differently_and_the_tree_agrees_with_a_scan() {
    let mut all = Tally::default();
    for number in 0..TABLES {
        let tally = compare(&number.to_be_bytes(), GROUPS);
        all.spellings += tally.spellings;
        all.canonical += tally.canonical;
        all.pairs += tally.pairs;
        all.located += tally.located;
    }
    // That much is compared, or the test tests nothing.
    assert!(all.spellings >= 150_000, "{all:?}");
    assert!(all.canonical * 5 > all.spellings, "{all:?}");
    assert!(all.located * 4 > all.canonical, "{all:?}");
    assert!(all.pairs * 2 > all.spellings, "{all:?}");
}

const TABLES: u32 = 1000;
const GROUPS: usize = 20;
