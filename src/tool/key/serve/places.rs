//! The connections that are open: so many and no more, and one that waits makes room for a new one.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// All connections of a server.
#[derive(Default)]
pub(super) struct Places {
    is_ending: AtomicBool,
    open: Mutex<Open>,
    changed: Condvar,
}

/// A connection that counts as long as this value lives.
pub(super) struct Place {
    of: Arc<Places>,
    number: u64,
}

#[derive(Default)]
struct Open {
    /// Numbers rise, so that they also say what was first.
    last_number: u64,
    connections: BTreeMap<u64, Taken>,
}

struct Taken {
    stream: Arc<TcpStream>,
    /// Since when it waits for the end of a request; `None` while one is answered.
    waits_since: Option<u64>,
}

impl Places {
    /// A place for a connection. If none is left, the connection that has waited longest for a request is closed for it, however
    /// much of the request has arrived; `None` if requests of all of them are being answered.
    pub(super) fn take(self: &Arc<Self>, stream: &Arc<TcpStream>) -> Option<Place> {
        let mut open = self.open();
        if open.connections.len() >= LIMIT {
            let waiting = open.connections.iter();
            let longest = waiting.filter_map(|(number, one)| Some((one.waits_since?, *number)));
            let (_, number) = longest.min()?;
            if let Some(closed) = open.connections.remove(&number) {
                // One that its client has closed already is as good.
                drop(closed.stream.shutdown(Shutdown::Both));
            }
        }
        let number = open.next_number();
        let taken = Taken { stream: Arc::clone(stream), waits_since: Some(number) };
        open.connections.insert(number, taken);
        Some(Place { of: Arc::clone(self), number })
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::SeqCst)
    }

    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::SeqCst);
    }

    /// Waits until no request is being answered, for this long at most.
    pub(super) fn wait_for_answers(&self, longest: Duration) {
        let is_busy = |open: &mut Open| open.connections.values().any(Taken::is_busy);
        drop(self.changed.wait_timeout_while(self.open(), longest, is_busy));
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Notes that a request has arrived; false if the connection was closed for another one.
    pub(super) fn begin(&self) -> bool {
        let mut open = self.of.open();
        let taken = open.connections.get_mut(&self.number);
        taken.map(|taken| taken.waits_since = None).is_some()
    }

    /// Notes that the request was answered.
    pub(super) fn finish(&self) {
        let mut open = self.of.open();
        let number = open.next_number();
        if let Some(taken) = open.connections.get_mut(&self.number) {
            taken.waits_since = Some(number);
        }
        drop(open);
        self.of.changed.notify_all();
    }

    /// Whether the connection is to be closed behind an answer: clients that come back with a new one need no place
    /// in between.
    pub(super) fn is_short(&self) -> bool {
        self.of.is_ending() || self.of.open().connections.len() > LIMIT / 2
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.open().connections.remove(&self.number);
        self.of.changed.notify_all();
    }
}

impl Open {
    const fn next_number(&mut self) -> u64 {
        self.last_number = self.last_number.saturating_add(1);
        self.last_number
    }
}

impl Taken {
    const fn is_busy(&self) -> bool {
        self.waits_since.is_none()
    }
}

/// How many connections there may be, each with a thread of its own.
const LIMIT: usize = 256;

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use super::*;

    /// A connection, and what its client has of it.
    fn pair() -> (Arc<TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (Arc::new(listener.accept().unwrap().0), client)
    }

    #[test]
    fn the_connection_that_has_waited_longest_makes_room_and_one_that_is_answered_never() {
        let places = Arc::new(Places::default());
        let (busy, _) = pair();
        let (first, mut first_client) = pair();
        let (second, _second_client) = pair();
        let busy = places.take(&busy).unwrap();
        assert!(busy.begin());
        let first = places.take(&first).unwrap();
        let second = places.take(&second).unwrap();
        // It has had an answer since: the other one waits longer.
        assert!(first.begin());
        first.finish();
        let (other, _other_client) = pair();
        let others: Vec<_> = (3..LIMIT).map(|_| places.take(&other).unwrap()).collect();
        assert!(others.iter().all(Place::begin));

        let third = places.take(&other).unwrap();
        assert!(!second.begin(), "closed for it");
        assert!(third.begin());
        let fourth = places.take(&other).unwrap();
        assert!(!first.begin());
        assert_eq!(first_client.read(&mut [0]).unwrap(), 0, "its client sees an end");
        assert!(fourth.begin());
        assert!(places.take(&other).is_none(), "all are being answered");
        // Those that were closed leave nobody else's place.
        drop((first, second));
        assert!(places.take(&other).is_none());
        drop(busy);
        assert!(places.take(&other).is_some());
    }

    #[test]
    fn connections_are_short_when_more_than_half_of_the_places_are_taken() {
        let places = Arc::new(Places::default());
        let (stream, _client) = pair();
        let mut taken: Vec<_> = (0..LIMIT / 2).map(|_| places.take(&stream).unwrap()).collect();
        assert!(taken.iter().all(|place| !place.is_short()));
        taken.push(places.take(&stream).unwrap());
        assert!(taken.iter().all(Place::is_short));
        taken.pop();
        assert!(taken.iter().all(|place| !place.is_short()));
        places.end();
        assert!(taken.iter().all(Place::is_short));
    }

    #[test]
    fn the_end_waits_for_answers_and_for_nothing_else() {
        let places = Arc::new(Places::default());
        let (stream, _client) = pair();
        let place = places.take(&stream).unwrap();
        places.wait_for_answers(Duration::MAX);
        assert!(place.begin());
        places.wait_for_answers(Duration::from_millis(1));
        place.finish();
        places.wait_for_answers(Duration::MAX);
    }
}
