//! The load: a few connections that stay open, each with one request at a time.

use std::net::SocketAddr;
use std::thread;

use crate::development::http_client::{Connection, Received};
use crate::error::BenchError;

/// What a request brings to prove who sends it.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    /// The header field up to the credential, its name included.
    pub field: &'static str,
    pub value: &'a str,
}

/// Open connections to one listener.
pub struct Load {
    connections: Vec<Connection>,
}

impl Load {
    /// Connects. A request on each connection makes Envoy set up all that belongs to it.
    ///
    /// # Errors
    /// [`BenchError::Http`].
    pub fn open(
        address: SocketAddr,
        target: &str,
        credential: Credential<'_>,
    ) -> Result<Self, BenchError> {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            let mut connection = Connection::open(address).map_err(BenchError::Http)?;
            exchange(&mut connection, &request(target, credential, ""))?;
            connections.push(connection);
        }
        Ok(Self { connections })
    }

    /// Sends a request with each of these credentials, and checks each answer's status.
    ///
    /// # Errors
    /// [`BenchError::Http`], [`BenchError::LoadStopped`] or [`BenchError::Status`].
    pub fn send<'a>(
        &mut self,
        target: &str,
        credentials: impl Iterator<Item = Credential<'a>> + Clone + Send,
        expected: u16,
    ) -> Result<(), BenchError> {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..)
                .zip(&mut self.connections)
                .map(|(first, connection)| {
                    let turns = credentials.clone().skip(first).step_by(CONNECTIONS);
                    scope.spawn(move || serve_turns(connection, turns, target, expected))
                })
                .collect();
            let mut ends = threads.into_iter().map(|thread| thread.join());
            ends.try_for_each(|end| end.unwrap_or(Err(BenchError::LoadStopped)))
        })
    }
}

/// Sends one request on a connection of its own, and asks the upstream to show what it received.
///
/// # Errors
/// [`BenchError::Http`].
pub fn ask(
    address: SocketAddr,
    target: &str,
    credential: Credential<'_>,
) -> Result<Received, BenchError> {
    let mut connection = Connection::open(address).map_err(BenchError::Http)?;
    exchange(&mut connection, &request(target, credential, "x-show: all\r\n"))
}

fn serve_turns<'a>(
    connection: &mut Connection,
    credentials: impl Iterator<Item = Credential<'a>>,
    target: &str,
    expected: u16,
) -> Result<(), BenchError> {
    for credential in credentials {
        let got = exchange(connection, &request(target, credential, ""))?.status;
        if got != expected {
            return Err(BenchError::Status { expected, got });
        }
    }
    Ok(())
}

fn exchange(connection: &mut Connection, request: &[u8]) -> Result<Received, BenchError> {
    connection.send(request).and_then(|()| connection.receive()).map_err(BenchError::Http)
}

/// A request with about as many header fields as a program sends.
fn request(target: &str, Credential { field, value }: Credential<'_>, more: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nhost: api.acme.example\r\nuser-agent: reports/4.2 (linux; x86_64)\r\n\
         accept: application/json\r\naccept-encoding: gzip, deflate, br\r\naccept-language: en-GB,en;q=0.8\r\n\
         cache-control: no-cache\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
         x-correlation-id: 7d3f0c52-9a3b-4a57-8d2e-5d2b6f6f9d11\r\n{more}{field}{value}\r\n\r\n"
    )
    .into_bytes()
}

const CONNECTIONS: usize = 8;
