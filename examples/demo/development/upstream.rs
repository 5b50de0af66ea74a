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
fn echo(request: &Request) -> Value {
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
