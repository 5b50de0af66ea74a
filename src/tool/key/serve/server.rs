//! Listening: a thread for each connection, and only so many of them, so that a slow client holds nobody up.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::answer::Problem;
use super::connection::{Connection, Received, Then};
use super::service::Service;

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    stop: Stop,
}

/// By what a server is told to end.
#[derive(Clone)]
pub struct Stop {
    address: SocketAddr,
    open: Arc<Open>,
}

#[derive(Default)]
struct Open {
    is_ending: AtomicBool,
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    connections: usize,
    /// Requests that were received, and not answered yet.
    requests: usize,
}

impl Server {
    /// Listens; port 0 lets the system choose one.
    ///
    /// # Errors
    /// The socket's own.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, stop: Stop { address, open: Arc::default() } })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.stop.address
    }

    /// By what it can be told to end.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Serves until it is told to end, and then answers what it has received.
    pub fn run(self, service: &Arc<Service>) {
        let open = &self.stop.open;
        loop {
            let accepted = self.listener.accept();
            if open.is_ending.load(Ordering::SeqCst) {
                break;
            }
            match accepted {
                Ok((stream, from)) => start(stream, from, open, service),
                // Without descriptors left it would be asked again at once, and again.
                Err(_) => thread::sleep(PAUSE),
            }
        }
        drop(self.listener);
        let counts = open.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = open.changed.wait_timeout_while(counts, LAST, |counts| counts.requests > 0);
        drop(waited);
    }
}

impl Stop {
    /// Tells the server to end.
    pub fn ask(&self) {
        self.open.is_ending.store(true, Ordering::SeqCst);
        // Wakes it: it waits for connections.
        drop(TcpStream::connect_timeout(&self.address, PAUSE));
    }
}

/// A connection that counts as long as this value lives.
struct Place(Arc<Open>);

impl Place {
    /// Takes one, if one is left.
    fn take(open: &Arc<Open>) -> Option<Self> {
        let mut counts = open.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.connections >= CONNECTIONS_LIMIT {
            return None;
        }
        counts.connections += 1;
        Some(Self(Arc::clone(open)))
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.counts.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
    }

    fn is_ending(&self) -> bool {
        self.0.is_ending.load(Ordering::SeqCst)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.count(|counts| counts.connections = counts.connections.saturating_sub(1));
    }
}

fn start(stream: TcpStream, from: SocketAddr, open: &Arc<Open>, service: &Arc<Service>) {
    let Ok(mut connection) = Connection::new(stream, from) else { return };
    let Some(place) = Place::take(open) else {
        // A few bytes, for which no thread is needed; a client that does not take them gets none.
        let refusal = super::answer::problem(Problem::TooManyConnections, None);
        drop(connection.answer(&refusal, "", Then::Close));
        return;
    };
    let service = Arc::clone(service);
    let work = move || {
        // A client that breaks off concerns nobody else.
        drop(serve(&mut connection, &place, &service));
    };
    // If the system has no thread left, the connection ends with the closure.
    drop(thread::Builder::new().stack_size(STACK).spawn(work));
}

fn serve(connection: &mut Connection, place: &Place, service: &Service) -> io::Result<()> {
    loop {
        let request = match connection.receive()? {
            Received::Nothing => return Ok(()),
            Received::Refused(problem) => return connection.refuse(problem),
            Received::Request(request) => request,
        };
        place.count(|counts| counts.requests += 1);
        let answered = answer(connection, place, service, &request);
        place.count(|counts| counts.requests = counts.requests.saturating_sub(1));
        if answered? == Then::Close {
            return Ok(());
        }
    }
}

fn answer(
    connection: &mut Connection,
    place: &Place,
    service: &Service,
    request: &super::message::Request,
) -> io::Result<Then> {
    let response = service.answer(request);
    let wants_close = request.elements("connection").any(|one| one.eq_ignore_ascii_case(b"close"));
    let then = if wants_close || place.is_ending() { Then::Close } else { Then::Stay };
    let sent = connection.answer(&response, &request.method, then);
    if sent.is_err() {
        service.not_delivered(&response, request);
    }
    sent.map(|()| then)
}

const CONNECTIONS_LIMIT: usize = 64;
/// After a connection that could not be accepted, and for waking the server.
const PAUSE: Duration = Duration::from_millis(100);
/// How long requests are answered that were received before the end.
const LAST: Duration = Duration::from_secs(5);
/// A document is parsed on it, 16 deep at most.
const STACK: usize = 1024 * 1024;
