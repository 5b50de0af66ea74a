//! The requests of this worker that wait, and for what. Bounded in number, each with a deadline.
//!
//! The number of a stream is kept, and what its head must not show while it waits: when its turn comes, its header
//! is read again and decided again from the start. So nothing that depends on the time can go stale meanwhile.

use std::collections::VecDeque;
use std::hash::Hash;
use std::time::Duration;

use super::effect::{Parked, StreamId};
use crate::table::Table;
use crate::time::Timestamp;

/// The waiting requests by what they wait for.
#[derive(Debug)]
pub(super) struct Waiters<C> {
    by_cause: Table<C, VecDeque<Parked>>,
    ready: VecDeque<(Parked, C)>,
    waiting: usize,
    limit: usize,
}

/// What requests wait for.
pub(super) trait Cause: Clone + Eq + Hash {
    /// Whether both come from the same origin, and so are missed together.
    fn is_of_one_origin(&self, other: &Self) -> bool;
}

impl<C: Cause> Waiters<C> {
    /// A table of at most `limit` requests.
    pub(super) fn new(limit: usize) -> Self {
        Self { by_cause: Table::new(), ready: VecDeque::new(), waiting: 0, limit }
    }

    /// Adds a request, or refuses it: when the table is full, or when its cause's origin holds a quarter
    /// of the table and less than half of the table is free. So one origin can fill at most half, and
    /// an outage of one provider leaves room for the others, whether all wait for one thing or each for
    /// its own.
    pub(super) fn park(&mut self, cause: &C, parked: Parked) -> bool {
        let is_half_full = self.len() >= self.limit.div_ceil(2);
        let crowded = is_half_full && self.waiting_like(cause) >= self.limit.div_ceil(4);
        if self.len() >= self.limit || crowded {
            return false;
        }
        if let Some(queue) = self.by_cause.get_or_insert_with(cause.clone(), VecDeque::new) {
            queue.push_back(parked);
        }
        self.waiting += 1;
        true
    }

    /// How many wait for `cause`.
    pub(super) fn waiting_for(&self, cause: &C) -> usize {
        self.by_cause.get(cause).map_or(0, VecDeque::len)
    }

    /// How many wait for something of the origin of `cause`.
    fn waiting_like(&self, cause: &C) -> usize {
        let alike = self.by_cause.iter().filter(|(other, _)| cause.is_of_one_origin(other));
        alike.map(|(_, queue)| queue.len()).sum()
    }

    /// How many wait, or wait for their turn.
    pub(super) fn len(&self) -> usize {
        self.waiting + self.ready.len()
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives all who wait for `cause` their turn, in the order in which they came.
    pub(super) fn release(&mut self, cause: &C) {
        if let Some(released) = self.by_cause.remove(cause) {
            self.waiting -= released.len();
            self.ready.extend(released.into_iter().map(|parked| (parked, cause.clone())));
        }
    }

    /// Takes the next of those whose turn it is.
    pub(super) fn next_ready(&mut self) -> Option<Parked> {
        self.ready.pop_front().map(|(parked, _)| parked)
    }

    /// Takes all whose deadline has come, with what they waited for; released ones are among them
    /// only when their turn has not come in time. A deadline more than `longest` ahead was set under
    /// another clock and counts as come.
    pub(super) fn take_expired(&mut self, now: Timestamp, longest: Duration) -> Vec<(Parked, C)> {
        let is_due = |parked: &Parked| parked.deadline <= now || parked.deadline > now + longest;
        let mut expired = Vec::new();
        for (cause, queue) in self.by_cause.entries_mut() {
            queue.retain(|parked| {
                if is_due(parked) {
                    expired.push((parked.clone(), cause.clone()));
                }
                !is_due(parked)
            });
        }
        self.waiting -= expired.len();
        self.by_cause.retain(|_, queue| !queue.is_empty());
        self.ready.retain(|(parked, cause)| {
            if is_due(parked) {
                expired.push((parked.clone(), cause.clone()));
            }
            !is_due(parked)
        });
        expired
    }

    /// Forgets a request whose client has gone.
    pub(super) fn forget(&mut self, stream: StreamId) {
        for (_, queue) in self.by_cause.entries_mut() {
            let before = queue.len();
            queue.retain(|parked| parked.stream != stream);
            self.waiting -= before - queue.len();
        }
        self.by_cause.retain(|_, queue| !queue.is_empty());
        self.ready.retain(|(parked, _)| parked.stream != stream);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Protocol;

    const LONGEST: Duration = Duration::from_secs(5);

    /// Of one origin are those whose first letters are.
    impl Cause for &str {
        fn is_of_one_origin(&self, other: &Self) -> bool {
            self.chars().next() == other.chars().next()
        }
    }

    fn parked(stream: u32, deadline: u64) -> Parked {
        Parked {
            stream: StreamId(stream),
            deadline: Timestamp::from_seconds(deadline),
            protocol: Protocol::Http,
            is_whole: true,
            route: None,
            kept: None,
        }
    }

    fn turns(waiters: &mut Waiters<&str>) -> Vec<u32> {
        std::iter::from_fn(|| waiters.next_ready()).map(|parked| parked.stream.0).collect()
    }

    #[test]
    fn those_released_have_their_turn_in_the_order_they_came() {
        let mut waiters = Waiters::new(10);
        for (stream, cause) in [(1, "a"), (2, "b"), (3, "a")] {
            assert!(waiters.park(&cause, parked(stream, 9)));
        }
        waiters.release(&"a");
        assert_eq!(turns(&mut waiters), [1, 3]);
        assert_eq!((waiters.len(), waiters.waiting_for(&"b")), (1, 1));
    }

    #[test]
    fn one_cause_fills_half_of_the_table_at_most_and_the_others_their_quarter() {
        let mut waiters = Waiters::new(1000);
        let park = |waiters: &mut Waiters<&str>, cause| {
            (0..1000).filter(|stream| waiters.park(&cause, parked(*stream, 9))).count()
        };
        assert_eq!(park(&mut waiters, "down"), 500);
        assert_eq!(park(&mut waiters, "other"), 250);
        assert_eq!(park(&mut waiters, "third"), 250);
        assert_eq!(park(&mut waiters, "fourth"), 0);
    }

    #[test]
    fn one_origin_fills_half_of_the_table_at_most_though_each_waits_for_something_else() {
        let names: Vec<_> = (0..1000).map(|number| format!("d{number}")).collect();
        let mut waiters = Waiters::new(1000);
        let mut park = |cause, stream| waiters.park(&cause, parked(stream, 9));
        let down = names.iter().zip(0..).filter(|(name, stream)| park(name.as_str(), *stream));
        assert_eq!(down.count(), 500);
        assert_eq!((0..1000).filter(|stream| park("other", *stream)).count(), 250);
    }

    #[test]
    fn a_request_is_due_exactly_at_its_deadline() {
        let mut waiters = Waiters::new(10);
        waiters.park(&"a", parked(1, 9));
        assert_eq!(waiters.take_expired(Timestamp::from_millis(8999), LONGEST), []);
        let due = waiters.take_expired(Timestamp::from_millis(9000), LONGEST);
        assert_eq!(due, [(parked(1, 9), "a")]);
        assert!(waiters.is_empty());
    }

    #[test]
    fn a_released_request_still_has_its_deadline() {
        let mut waiters = Waiters::new(10);
        waiters.park(&"a", parked(1, 9));
        waiters.release(&"a");
        let due = waiters.take_expired(Timestamp::from_seconds(9), LONGEST);
        assert_eq!(due, [(parked(1, 9), "a")]);
        assert!(waiters.is_empty());
    }

    #[test]
    fn a_deadline_of_another_clock_counts_as_come() {
        let mut waiters = Waiters::new(10);
        waiters.park(&"a", parked(1, 14));
        waiters.park(&"a", parked(2, 15));
        let due = waiters.take_expired(Timestamp::from_seconds(9), LONGEST);
        assert_eq!(due, [(parked(2, 15), "a")]);
    }

    #[test]
    fn the_smallest_table_has_room_for_one() {
        let mut waiters = Waiters::new(1);
        assert!(waiters.park(&"a", parked(1, 9)));
        assert!(!waiters.park(&"b", parked(2, 9)));
    }

    #[test]
    fn a_forgotten_request_leaves_the_others_alone() {
        let mut waiters = Waiters::new(10);
        for (stream, cause) in [(1, "a"), (2, "a"), (3, "b")] {
            waiters.park(&cause, parked(stream, 9));
        }
        waiters.release(&"b");
        waiters.forget(StreamId(1));
        waiters.forget(StreamId(3));
        waiters.forget(StreamId(77));
        assert_eq!(waiters.len(), 1);
        waiters.release(&"a");
        assert_eq!(turns(&mut waiters), [2]);
    }
}
