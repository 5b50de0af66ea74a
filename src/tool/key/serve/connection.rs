//! One connection: requests in, answers out, each within a time and a size.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer::{Problem, problem};
use super::message::{Request, Response};
use crate::secret::Secret;

/// A connection of a client.
pub(super) struct Connection {
    stream: Arc<TcpStream>,
    from: SocketAddr,
    /// What has arrived and was not used yet.
    buffer: Vec<u8>,
}

/// What comes of waiting for a request.
pub(super) enum Received {
    /// The client has gone, or took too long to begin.
    Nothing,
    /// A request.
    Request(Box<Request>),
    /// What cannot be one: it is answered, and the connection closed.
    Refused(Problem),
}

/// What a head says.
struct Head {
    length: usize,
    request: Request,
    body: usize,
    is_expecting: bool,
}

impl Connection {
    pub(super) fn new(stream: Arc<TcpStream>, from: SocketAddr) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, from, buffer: Vec::new() })
    }

    /// The next request. A connection may be idle for [`IDLE`]; from its first byte on, a request has [`WITHIN`].
    pub(super) fn receive(&mut self) -> io::Result<Received> {
        if self.buffer.is_empty() {
            match self.fill(clock() + IDLE) {
                Ok(true) => {}
                Ok(false) => return Ok(Received::Nothing),
                Err(error) if is_late(&error) => return Ok(Received::Nothing),
                Err(error) => return Err(error),
            }
        }
        match self.request(clock() + WITHIN) {
            Err(error) if is_late(&error) => Ok(Received::Refused(Problem::TooSlow)),
            received => received,
        }
    }

    fn request(&mut self, deadline: Instant) -> io::Result<Received> {
        let head = loop {
            match self.head() {
                Ok(Some(head)) => break head,
                Ok(None) if self.buffer.len() > HEAD_LIMIT => {
                    return Ok(Received::Refused(Problem::HeadTooLarge));
                }
                Ok(None) => {}
                Err(problem) => return Ok(Received::Refused(problem)),
            }
            if !self.fill(deadline)? {
                return Ok(Received::Nothing);
            }
        };
        let Head { length, mut request, body, is_expecting } = head;
        if body > BODY_LIMIT {
            return Ok(Received::Refused(Problem::BodyTooLarge));
        }
        self.buffer.drain(..length.min(self.buffer.len()));
        if is_expecting && self.buffer.len() < body {
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n", deadline)?;
        }
        while self.buffer.len() < body {
            if !self.fill(deadline)? {
                return Ok(Received::Nothing);
            }
        }
        request.body = self.buffer.drain(..body).collect();
        Ok(Received::Request(Box::new(request)))
    }

    /// The head that has arrived, if it is whole.
    fn head(&self) -> Result<Option<Head>, Problem> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_LIMIT];
        let mut parsed = httparse::Request::new(&mut fields);
        let length = match parsed.parse(&self.buffer) {
            Ok(httparse::Status::Complete(length)) if length <= HEAD_LIMIT => length,
            Ok(httparse::Status::Complete(_)) => return Err(Problem::HeadTooLarge),
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Problem::HeadTooLarge),
            Err(_) => return Err(Problem::Malformed),
        };
        let fields = parsed.headers.iter();
        let request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: parsed.path.unwrap_or_default().to_owned(),
            fields: fields
                .map(|field| (field.name.to_owned(), Secret::new(field.value.to_vec())))
                .collect(),
            body: Vec::new(),
            from: self.from,
        };
        // A length that stands there twice, or beside another way of framing, lets two readers disagree (RFC 9112 §6.3).
        if request.values("transfer-encoding").next().is_some() {
            return Err(Problem::LengthRequired);
        }
        let body = match request.value("content-length") {
            Some(length) => length_of(length).ok_or(Problem::Malformed)?,
            None if request.values("content-length").next().is_some() => {
                return Err(Problem::Malformed);
            }
            None => 0,
        };
        let is_expecting = request
            .value("expect")
            .is_some_and(|expected| expected.eq_ignore_ascii_case(b"100-continue"));
        Ok(Some(Head { length, request, body, is_expecting }))
    }

    /// Sends the answer to a request of this method.
    pub(super) fn answer(
        &mut self,
        response: &Response,
        method: &str,
        then: Then,
    ) -> io::Result<()> {
        let body = response.body.bytes();
        let mut head = format!("HTTP/1.1 {} \r\n", response.status);
        for (name, value) in &response.fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // RFC 9110 §8.6, §15.4.5: neither has a body.
        if !matches!(response.status, 204 | 304) {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        if then == Then::Close {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        let deadline = clock() + WITHIN;
        self.send(head.as_bytes(), deadline)?;
        if method != "HEAD" { self.send(body, deadline) } else { Ok(()) }
    }

    /// Sends an answer, and reads what is still coming, so that the client gets it: closing with bytes unread resets a
    /// connection.
    pub(super) fn refuse(&mut self, problem: Problem) -> io::Result<()> {
        self.answer(&self::problem(problem, None), "", Then::Close)?;
        self.stream.shutdown(std::net::Shutdown::Write)?;
        let deadline = clock() + LINGER;
        while self.fill(deadline)? {
            self.buffer.clear();
        }
        Ok(())
    }

    /// Sends all within the time, however slowly the client takes it.
    fn send(&self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.set_write_timeout(Some(left(deadline)?))?;
            match (&*self.stream).write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits for more bytes; false at their end.
    fn fill(&mut self, deadline: Instant) -> io::Result<bool> {
        self.stream.set_read_timeout(Some(left(deadline)?))?;
        let mut piece = [0; 16 * 1024];
        let count = loop {
            match (&*self.stream).read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.buffer.extend(piece.iter().take(count));
        Ok(count > 0)
    }
}

/// What becomes of a connection behind an answer.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Then {
    Close,
    Stay,
}

fn length_of(value: &[u8]) -> Option<usize> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| is_number)?;
    // One that does not fit is larger than any limit.
    Some(text.parse().unwrap_or(usize::MAX))
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(clock());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

#[expect(clippy::disallowed_methods, reason = "deadlines of sockets; no decision rests on it")]
fn clock() -> Instant {
    Instant::now()
}

/// How long a connection may be without a request: longer than gateways wait between two looks by default.
const IDLE: Duration = Duration::from_secs(60);
/// How long a request may take to arrive, and an answer to be taken.
const WITHIN: Duration = Duration::from_secs(10);
const LINGER: Duration = Duration::from_secs(1);
const HEAD_LIMIT: usize = 16 * 1024;
const FIELDS_LIMIT: usize = 64;
const BODY_LIMIT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn an_answer_ends_at_its_time_however_slowly_it_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, from) = listener.accept().unwrap();
        let connection = Connection::new(Arc::new(stream), from).unwrap();
        let reads = thread::spawn(move || {
            let mut piece = [0; 16 * 1024];
            // Something is taken all the time, and all of it would take minutes.
            while client.read(&mut piece).is_ok_and(|count| count > 0) {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let began = clock();
        let sent = connection.send(&vec![0; 256 * 1024 * 1024], began + Duration::from_millis(500));
        assert!(is_late(&sent.unwrap_err()));
        let took = clock().saturating_duration_since(began);
        assert!(took >= Duration::from_millis(500) && took < Duration::from_secs(5), "{took:?}");
        drop(connection.stream.shutdown(std::net::Shutdown::Both));
        drop(connection);
        drop(reads);
    }
}
