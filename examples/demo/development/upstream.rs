//! An upstream that answers with what it received.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::fault::json_response;
use super::http_server::{Answer, HttpServer, Request};

/// A running upstream.
pub struct Upstream {
    server: HttpServer,
    requests: Arc<AtomicUsize>,
    status: Arc<AtomicU16>,
}

impl Upstream {
    /// Listens; port 0 lets the system choose one.
    ///
    /// # Errors
    /// The socket's own.
    pub fn start(address: SocketAddr) -> io::Result<Self> {
        let requests = Arc::new(AtomicUsize::new(0));
        let status = Arc::new(AtomicU16::new(200));
        let (count, reply) = (Arc::clone(&requests), Arc::clone(&status));
        let server = HttpServer::start(address, move |request| {
            count.fetch_add(1, Ordering::SeqCst);
            Answer::Whole(json_response(
                reply.load(Ordering::SeqCst),
                echo(request).to_string().into_bytes(),
            ))
        })?;
        Ok(Self { server, requests, status })
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// How many requests arrived.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Answers with this status from now on.
    pub fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }
}

/// Method, target and every field in order; each byte of a value stands as the character of its number.
pub fn echo(request: &Request) -> Value {
    let fields: Vec<_> =
        request.fields.iter().map(|(name, value)| json!([name, latin1(value)])).collect();
    json!({"method": request.method, "path": request.target, "fields": fields})
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Every value under which the upstream saw a field, from its echo.
pub fn seen(echo: &Value, name: &str) -> Vec<String> {
    let fields =
        echo.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    fields
        .iter()
        .filter_map(|field| Some((field.get(0)?.as_str()?, field.get(1)?.as_str()?)))
        .filter(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};

    use serde_json::json;

    use super::super::http_client::{Connection, exchange};
    use super::{Upstream, seen};

    fn upstream() -> Upstream {
        Upstream::start(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)).unwrap()
    }

    #[test]
    fn the_echo_keeps_order_duplicates_and_every_byte() {
        let upstream = upstream();
        let request = b"PUT /a/../b?c HTTP/1.1\r\nX-A: 1\r\nx-b: \xff\xfe\r\nx-a: 2\r\ncontent-length: 3\r\n\r\nabc";
        let echo = exchange(upstream.address(), request).unwrap().json();
        let fields =
            json!([["X-A", "1"], ["x-b", "\u{ff}\u{fe}"], ["x-a", "2"], ["content-length", "3"]]);
        assert_eq!(echo, json!({"method": "PUT", "path": "/a/../b?c", "fields": fields}));
        assert_eq!(seen(&echo, "x-A"), ["1", "2"]);
        assert_eq!(upstream.requests(), 1);
    }

    #[test]
    fn a_chunked_body_ends_where_it_says() {
        let upstream = upstream();
        let mut connection = Connection::open(upstream.address()).unwrap();
        connection
            .send(b"POST /1 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
            .unwrap();
        connection.send(b"a;x=y\r\n0123456789\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n\r\n").unwrap();
        let paths = [(); 2].map(|()| connection.receive().unwrap().json()["path"].clone());
        assert_eq!(paths, ["/1", "/2"]);
    }

    #[test]
    fn the_status_is_what_it_was_told_to_be() {
        let upstream = upstream();
        upstream.set_status(401);
        assert_eq!(exchange(upstream.address(), b"GET / HTTP/1.1\r\n\r\n").unwrap().status, 401);
    }
}
