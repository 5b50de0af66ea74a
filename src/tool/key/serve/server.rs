//! Listening: a thread for each connection, so that a slow client holds nobody up.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::answer::Problem;
use super::connection::{Connection, Received, Then};
use super::places::{Place, Places};
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
    places: Arc<Places>,
}

impl Server {
    /// Listens; port 0 lets the system choose one.
    ///
    /// # Errors
    /// The socket's own.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, stop: Stop { address, places: Arc::default() } })
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
        let places = &self.stop.places;
        look_again_and_again(service);
        loop {
            let accepted = self.listener.accept();
            if places.is_ending() {
                break;
            }
            match accepted {
                Ok((stream, from)) => start(stream, from, places, service),
                // Without descriptors left it would be asked again at once, and again.
                Err(_) => thread::sleep(PAUSE),
            }
        }
        drop(self.listener);
        places.wait_for_answers(LAST);
        service.keep_usage();
    }
}

impl Stop {
    /// Tells the server to end.
    pub fn ask(&self) {
        self.places.end();
        // Wakes it: it waits for connections.
        drop(TcpStream::connect_timeout(&self.address, PAUSE));
    }
}

/// Looks at the file for as long as it is served, and writes what was reported.
fn look_again_and_again(service: &Arc<Service>) {
    let service = Arc::downgrade(service);
    let work = move || {
        loop {
            thread::sleep(LOOKS);
            let Some(service) = service.upgrade() else { break };
            service.look();
            service.keep_usage();
        }
    };
    // Without it the file is looked at with each request of a reader alone.
    drop(thread::Builder::new().stack_size(STACK).spawn(work));
}

fn start(stream: TcpStream, from: SocketAddr, places: &Arc<Places>, service: &Arc<Service>) {
    let stream = Arc::new(stream);
    let Ok(mut connection) = Connection::new(Arc::clone(&stream), from) else { return };
    let Some(place) = places.take(&stream) else {
        // A few bytes, for which no thread is needed; a client that does not take them gets none.
        let refusal = super::answer::problem(Problem::TooManyConnections, None);
        drop(connection.answer(&refusal, "", Then::Close));
        return;
    };
    drop(stream);
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
        if !place.begin() {
            return Ok(());
        }
        let answered = answer(connection, place, service, &request);
        place.finish();
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
    let then = if wants_close || place.is_short() { Then::Close } else { Then::Stay };
    let sent = connection.answer(&response, &request.method, then);
    if sent.is_err() {
        service.not_delivered(&response, request);
    }
    sent.map(|()| then)
}

/// After a connection that could not be accepted, and for waking the server.
const PAUSE: Duration = Duration::from_millis(100);
/// How long requests are answered that were received before the end.
const LAST: Duration = Duration::from_secs(5);
/// How far looks at the file lie apart while no reader asks.
const LOOKS: Duration = Duration::from_secs(5);
/// A document is parsed on it, 16 deep at most.
const STACK: usize = 1024 * 1024;
