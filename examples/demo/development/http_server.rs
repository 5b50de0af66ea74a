//! An HTTP/1.1 server, one thread per connection, that hands over each request byte for byte and
//! answers badly when told to.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::incoming::{BodyLength, Fields, Incoming, MAX_FIELDS, body_length, owned_fields};

/// A listening server. It can be stopped and started again on the same port; dropping it stops it.
pub struct HttpServer {
    address: SocketAddr,
    handler: Arc<Handler>,
    running: Option<Running>,
}

/// Answers one request; called on the connection's own thread, so it may block.
pub type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

/// A request as received.
#[derive(Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub fields: Fields,
    pub body: Vec<u8>,
}

/// What goes back on the wire.
pub enum Answer {
    Whole(Response),
    /// Closes the connection without a word.
    Closed,
    /// Promises twice the bytes it sends, then closes.
    Half(Response),
    /// Says nothing until the peer or the server closes the connection.
    Silence,
}

/// A response; `content-length` is added.
pub struct Response {
    pub status: u16,
    pub fields: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl HttpServer {
    /// Listens; port 0 lets the system choose one.
    ///
    /// # Errors
    /// The socket's own, such as `AddrInUse`.
    pub fn start(
        address: SocketAddr,
        handler: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let mut server = Self { address, handler: Arc::new(handler), running: None };
        server.resume()?;
        Ok(server)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens again on the port it had.
    ///
    /// # Errors
    /// The socket's own.
    pub fn resume(&mut self) -> io::Result<()> {
        if self.running.is_none() {
            let listener = TcpListener::bind(self.address)?;
            self.address = listener.local_addr()?;
            self.running = Some(Running::start(listener, self.address, Arc::clone(&self.handler)));
        }
        Ok(())
    }

    /// Refuses new connections and breaks the open ones.
    pub fn stop(&mut self) {
        self.running = None;
    }
}

struct Running {
    address: SocketAddr,
    connections: Arc<Connections>,
    acceptor: Option<JoinHandle<()>>,
}

impl Running {
    fn start(listener: TcpListener, address: SocketAddr, handler: Arc<Handler>) -> Self {
        let connections = Arc::new(Connections::default());
        let shared = Arc::clone(&connections);
        let acceptor = thread::spawn(move || accept(&listener, &shared, &handler));
        Self { address, connections, acceptor: Some(acceptor) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.connections.closing.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which sits in `accept`; if that fails, so has the acceptor.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
        for stream in self.connections.open().values() {
            // The peer may have closed it already.
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

#[derive(Default)]
struct Connections {
    closing: AtomicBool,
    open: Mutex<BTreeMap<u64, TcpStream>>,
}

impl Connections {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, connections: &Arc<Connections>, handler: &Arc<Handler>) {
    for (number, stream) in (0..).zip(listener.incoming()) {
        if connections.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok((stream, twin)) = stream.and_then(|stream| Ok((stream.try_clone()?, stream))) else {
            continue;
        };
        connections.open().insert(number, twin);
        let (connections, handler) = (Arc::clone(connections), Arc::clone(handler));
        thread::spawn(move || {
            // A peer that breaks off is what some tests are about, not a fault of the server.
            drop(serve(stream, &handler));
            connections.open().remove(&number);
        });
    }
}

fn serve(stream: TcpStream, handler: &Arc<Handler>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut incoming = Incoming::new(stream);
    while let Some((method, target, fields)) = incoming.head(parse_head)? {
        let body = incoming.body(body_length(&fields, BodyLength::Known(0)))?;
        match handler(&Request { method, target, fields, body }) {
            Answer::Whole(response) => write(incoming.stream(), &response, response.body.len())?,
            Answer::Closed => return incoming.stream().shutdown(Shutdown::Both),
            Answer::Half(response) => {
                write(incoming.stream(), &response, response.body.len().saturating_mul(2))?;
                return incoming.stream().shutdown(Shutdown::Both);
            }
            Answer::Silence => return incoming.body(BodyLength::UntilClose).map(drop),
        }
    }
    Ok(())
}

fn write(stream: &mut TcpStream, response: &Response, promised: usize) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} \r\ncontent-length: {promised}\r\n", response.status);
    for (name, value) in &response.fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut message = head.into_bytes();
    message.extend_from_slice(&response.body);
    stream.write_all(&message)
}

type RequestHead = (String, String, Fields);

fn parse_head(bytes: &[u8]) -> Result<Option<(usize, RequestHead)>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    Ok(match request.parse(bytes)? {
        httparse::Status::Complete(length) => {
            let head = (
                request.method.unwrap_or_default().to_owned(),
                request.path.unwrap_or_default().to_owned(),
                owned_fields(request.headers),
            );
            Some((length, head))
        }
        httparse::Status::Partial => None,
    })
}
