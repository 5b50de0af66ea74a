//! The load: a few connections that stay open, each with one request at a time.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::arrivals;
use crate::development::envoy::Envoy;
use crate::development::http_client::{Connection, Received};
use crate::error::BenchError;
use crate::latencies::Latencies;
use crate::row::Row;

/// What a request brings to prove who sends it.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    /// The header field up to the credential, its name included.
    pub field: &'static str,
    pub value: &'a str,
}

/// What all requests of a load have in common.
#[derive(Clone, Copy)]
pub struct Aim<'a> {
    pub address: SocketAddr,
    pub target: &'a str,
    /// The status of every answer.
    pub status: u16,
}

/// Open connections to one listener.
pub struct Load<'a> {
    aim: Aim<'a>,
    connections: Vec<Connection>,
}

impl<'a> Load<'a> {
    /// Connects so many times. A request on each connection makes Envoy set up all that belongs to it.
    ///
    /// # Errors
    /// [`BenchError::Http`].
    pub fn open(
        aim: Aim<'a>,
        connections: usize,
        credential: Credential<'_>,
    ) -> Result<Self, BenchError> {
        let mut load = Self { aim, connections: Vec::with_capacity(connections) };
        for _ in 0..connections {
            let mut connection = Connection::open(aim.address).map_err(BenchError::Http)?;
            exchange(&mut connection, &request(aim.target, credential, ""))?;
            load.connections.push(connection);
        }
        Ok(load)
    }

    /// Sends a request with each of these credentials, and checks each answer's status.
    ///
    /// # Errors
    /// [`BenchError::Http`], [`BenchError::LoadStopped`] or [`BenchError::Status`].
    pub fn send<'c>(
        &mut self,
        credentials: impl Iterator<Item = Credential<'c>> + Clone + Send,
    ) -> Result<(), BenchError> {
        self.deal(credentials, |aim, connection, mut turns| {
            turns.try_for_each(|credential| aim.ask(connection, credential))
        })
        .map(drop)
    }

    /// The same for so long, with these credentials over and over, and tells how many requests were answered.
    ///
    /// # Errors
    /// As [`Self::send`].
    #[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    pub fn saturate<'c>(
        &mut self,
        credentials: impl Iterator<Item = Credential<'c>> + Clone + Send,
        time: Duration,
    ) -> Result<usize, BenchError> {
        let start = Instant::now();
        let counts = self.deal(credentials.cycle(), |aim, connection, turns| {
            let mut count: usize = 0;
            for credential in turns.take_while(|_| start.elapsed() < time) {
                aim.ask(connection, credential)?;
                count += 1;
            }
            Ok(count)
        })?;
        Ok(counts.into_iter().sum())
    }

    /// Sends so many requests in a second at random times, whether those before are answered or not, and tells how long
    /// each took: from the time at which it was due if its connection was busy then, else from when it was sent, for
    /// that the client slept too long is not Envoy's delay.
    ///
    /// # Errors
    /// As [`Self::send`].
    #[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    pub fn arrive<'c>(
        &mut self,
        credentials: impl Iterator<Item = Credential<'c>> + Clone + Send,
        rate: f64,
        time: Duration,
    ) -> Result<Latencies, BenchError> {
        let times = arrivals::random(rate, time);
        let start = Instant::now();
        let arrivals = times.iter().zip(credentials.cycle());
        let latencies = self.deal(arrivals, |aim, connection, turns| {
            let mut latencies = Vec::new();
            for (at, credential) in turns {
                let due = start + *at;
                let free = Instant::now();
                thread::sleep(due.saturating_duration_since(free));
                let from = if free > due { due } else { Instant::now() };
                aim.ask(connection, credential)?;
                latencies.push(from.elapsed());
            }
            Ok(latencies)
        })?;
        Ok(Latencies::new(latencies.concat()))
    }

    /// Deals these out to the connections, each with a thread of its own.
    fn deal<I: Iterator + Clone + Send, T: Send>(
        &mut self,
        items: I,
        serve: impl Fn(
            Aim<'a>,
            &mut Connection,
            std::iter::StepBy<std::iter::Skip<I>>,
        ) -> Result<T, BenchError>
        + Sync,
    ) -> Result<Vec<T>, BenchError> {
        let (aim, step, serve) = (self.aim, self.connections.len().max(1), &serve);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..)
                .zip(&mut self.connections)
                .map(|(first, connection)| {
                    let turns = items.clone().skip(first).step_by(step);
                    scope.spawn(move || serve(aim, connection, turns))
                })
                .collect();
            let ends = threads.into_iter().map(|thread| thread.join());
            ends.map(|end| end.unwrap_or(Err(BenchError::LoadStopped))).collect()
        })
    }
}

impl Aim<'static> {
    /// What the requests of this row have in common.
    ///
    /// # Errors
    /// [`BenchError::Envoy`] if its listener is not there.
    pub fn at(envoy: &Envoy, row: &'static Row) -> Result<Self, BenchError> {
        let address = envoy.listener(row.listener.name())?;
        Ok(Self { address, target: row.target, status: row.outcome.status() })
    }
}

impl Aim<'_> {
    /// Sends one request and checks the answer's status.
    ///
    /// # Errors
    /// [`BenchError::Http`] or [`BenchError::Status`].
    pub fn ask(
        self,
        connection: &mut Connection,
        credential: Credential<'_>,
    ) -> Result<(), BenchError> {
        match exchange(connection, &request(self.target, credential, ""))?.status {
            status if status == self.status => Ok(()),
            got => Err(BenchError::Status { expected: self.status, got }),
        }
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

fn exchange(connection: &mut Connection, request: &[u8]) -> Result<Received, BenchError> {
    connection.send(request).and_then(|()| connection.receive()).map_err(BenchError::Http)
}

/// A request with about as many header fields as a program sends.
pub fn request(target: &str, Credential { field, value }: Credential<'_>, more: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nhost: api.acme.example\r\nuser-agent: reports/4.2 (linux; x86_64)\r\n\
         accept: application/json\r\naccept-encoding: gzip, deflate, br\r\naccept-language: en-GB,en;q=0.8\r\n\
         cache-control: no-cache\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
         x-correlation-id: 7d3f0c52-9a3b-4a57-8d2e-5d2b6f6f9d11\r\n{more}{field}{value}\r\n\r\n"
    )
    .into_bytes()
}
