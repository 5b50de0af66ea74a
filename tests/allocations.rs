//! How often the core asks for memory on each kind of request, counted natively: not more than now.
//!
//! What is counted is a whole pass as `cargo bench` times it, from the bytes of the header map to the edits or the
//! refusal. The module allocates as often, and some more for what the host hands over.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a scenario that cannot go on has failed"
)]

#[allow(dead_code, reason = "the benchmark has rows of its own of them")]
#[path = "../benches/core/configuration.rs"]
mod configuration;
#[allow(dead_code, reason = "nothing is timed here")]
#[path = "../benches/core/measure.rs"]
mod measure;
#[path = "../benches/core/request.rs"]
mod request;
#[path = "../benches/core/token.rs"]
mod token;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts what each thread asks of it.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: all of it is the system's allocator; the counter allocates nothing and has nothing to drop.
#[allow(unsafe_code, reason = "an allocator that counts is one, and this is no part of the filter")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract, and the pointer is of the same allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, and the pointer is of the same allocator.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

fn counted(mut act: impl FnMut()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    act();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts_what_is_allocated_and_grown() {
    assert_eq!(counted(|| drop(std::hint::black_box(Box::new(7_u64)))), 1);
    assert_eq!(counted(|| ()), 0);
    let mut grown = Vec::<u8>::with_capacity(8);
    assert_eq!(counted(|| std::hint::black_box(&mut grown).reserve_exact(64)), 1);
}

#[test]
fn a_request_allocates_no_more_often_than_it_is_said_to() {
    let mut rows = request::rows();
    let names: Vec<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names, MOST.map(|(name, _)| name), "each row has its number");
    let most = |row: &mut measure::Row| {
        // Caches and tables grow to their size first.
        (0..64).for_each(|_| (row.pass)());
        (0..64).map(|_| counted(&mut row.pass)).max().expect("a pass")
    };
    let counts: Vec<_> = rows.iter_mut().map(|row| (row.name, most(row))).collect();
    let over = counts.iter().zip(MOST).filter(|((_, count), (_, most))| count > most).count();
    assert_eq!(over, 0, "got {counts:#?}, at most {MOST:#?}");
}

/// A number may be lowered when a change brings it down; before one is raised, the change needs a reason.
const MOST: [(&str, u64); 10] = [
    ("request_repeated_user_token", 2),
    ("request_repeated_technical_token", 3),
    ("request_first_seen_signature_by_host", 28),
    ("request_first_seen_signature_in_rust", 105),
    ("request_subtenant_refused", 6),
    ("request_expired_token", 2),
    ("request_without_token", 2),
    ("request_without_route", 2),
    ("request_application_key", 6),
    ("request_unknown_application_key", 6),
];
