//! An HTTP/1.1 client that sends exactly the bytes it is given.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::incoming::{BodyLength, Fields, Incoming, MAX_FIELDS, body_length, first, owned_fields};

/// One connection; requests on it may be pipelined or cut off anywhere.
pub struct Connection {
    incoming: Incoming,
}

impl Connection {
    /// Connects. Every later read gives up after [`PATIENCE`].
    ///
    /// # Errors
    /// The socket's own.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { incoming: Incoming::new(stream) })
    }

    /// Lets every later read take this long in place of [`PATIENCE`].
    ///
    /// # Errors
    /// The socket's own.
    pub fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.incoming.stream().set_read_timeout(Some(patience))
    }

    /// # Errors
    /// The socket's own.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.incoming.stream().write_all(bytes)
    }

    /// Reads one answer, past any interim (1xx) ones.
    ///
    /// # Errors
    /// `UnexpectedEof` if the peer closes instead, `InvalidData` for what is not HTTP, `WouldBlock` after [`PATIENCE`].
    pub fn receive(&mut self) -> io::Result<Received> {
        loop {
            let (status, fields) =
                self.incoming.head(parse_head)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if status >= 200 {
                let length = match status {
                    204 | 304 => BodyLength::Known(0),
                    _ => body_length(&fields, BodyLength::UntilClose),
                };
                return Ok(Received { status, body: self.incoming.body(length)?, fields });
            }
        }
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Received {
    pub status: u16,
    pub fields: Fields,
    pub body: Vec<u8>,
}

impl Received {
    /// The first value of a field as text; empty if it is absent or not UTF-8.
    pub fn field(&self, name: &str) -> &str {
        first(&self.fields, name)
            .and_then(|value| std::str::from_utf8(value).ok())
            .unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `Null` if it is something else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The `code` of a problem document; empty if there is none.
    pub fn code(&self) -> String {
        self.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Builds a request head as text. What must not be valid HTTP is written out by hand instead.
pub fn request(method: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str("host: gateway.example\r\n");
    }
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// Sends one request on a connection of its own.
///
/// # Errors
/// As [`Connection::receive`].
pub fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Received> {
    let mut connection = Connection::open(address)?;
    connection.send(request)?;
    connection.receive()
}

type Head = (u16, Fields);

fn parse_head(bytes: &[u8]) -> Result<Option<(usize, Head)>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    Ok(match response.parse(bytes)? {
        httparse::Status::Complete(length) => {
            Some((length, (response.code.unwrap_or(0), owned_fields(response.headers))))
        }
        httparse::Status::Partial => None,
    })
}

/// How long a read or write may take; longer than every deadline of the filter.
pub const PATIENCE: Duration = Duration::from_secs(15);
