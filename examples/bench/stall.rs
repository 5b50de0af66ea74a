//! How long a worker stands still: what requests feel that need no filter, while the same worker runs filters for others.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::development::envoy::Envoy;
use crate::development::http_client::Connection;
use crate::error::BenchError;
use crate::latencies::Latencies;
use crate::load::{Aim, Load};
use crate::row::{NO_FILTER, Row, STALLS, Token};
use crate::stage::Servers;
use crate::table::Table;
use crate::tokens::Tokens;

/// What a probe felt beside requests of one row.
pub struct Stall {
    /// The row; none where there were no other requests.
    row: Option<&'static Row>,
    /// How many of them there were.
    requests: usize,
    /// The times of the probe's requests, by round.
    rounds: Vec<Latencies>,
}

/// Measures it beside no other requests, and beside those of [`STALLS`]; takes about half a minute.
///
/// # Errors
/// [`BenchError`] if Envoy does not start, or a request is not answered.
pub fn measure(servers: &Servers, tokens: &Tokens) -> Result<Vec<Stall>, BenchError> {
    let rows = Row::all_named(&STALLS);
    let listeners: Vec<_> = rows.iter().map(|row| row.listener).collect();
    let envoy = servers.envoy(&listeners, 1)?;
    let beside = std::iter::once(None).chain(rows.into_iter().map(Some));
    let mut stalls: Vec<_> =
        beside.map(|row| Stall { row, requests: 0, rounds: Vec::new() }).collect();
    for round in 0..=ROUNDS {
        for stall in &mut stalls {
            let (felt, requests) = probe_beside(&envoy, tokens, stall)?;
            // First-seen tokens go on where they ended.
            stall.requests += requests;
            // In the first round, which does not count, V8 compiles what runs often.
            if round > 0 {
                stall.rounds.push(felt);
            }
        }
    }
    Ok(stalls)
}

impl Stall {
    /// All of it, as `results.json` has it.
    pub fn json(&self) -> Value {
        json!({
            "beside": self.row.map(|row| row.name),
            "probe": Latencies::together(&self.rounds).json(),
            "longest_of_quietest_round_us": self.quietest().as_micros(),
        })
    }

    /// The longest request of the round where that was shortest: other programs can only add to it, and each round is
    /// long enough for all that the filters do.
    fn quietest(&self) -> Duration {
        self.rounds.iter().map(Latencies::longest).min().unwrap_or_default()
    }
}

/// The table.
pub fn table(stalls: &[Stall]) -> Table {
    let cells = |stall: &Stall| {
        let felt = Latencies::together(&stall.rounds);
        let times = [felt.within(500), felt.within(999), felt.longest(), stall.quietest()];
        let mut cells =
            vec![stall.row.map_or("nothing", |row| row.name).to_owned(), felt.count().to_string()];
        cells.extend(times.map(|time| time.as_micros().to_string()));
        cells
    };
    Table {
        title: format!(
            "Microseconds of a request without filter, beside others that the same worker serves one after the other; the \
             longest, and the longest of the quietest of {ROUNDS} rounds"
        ),
        columns: vec!["beside", "probes", "p50", "p99.9", "longest", "quietest"],
        rows: stalls.iter().map(cells).collect(),
    }
}

/// The probe beside requests one after the other on one connection, so that at most one callback stands before it; and
/// how many these were.
fn probe_beside(
    envoy: &Envoy,
    tokens: &Tokens,
    stall: &Stall,
) -> Result<(Latencies, usize), BenchError> {
    thread::scope(|scope| {
        let other = scope.spawn(|| match stall.row {
            None => {
                thread::sleep(ROUND);
                Ok(0)
            }
            Some(row) => Load::open(Aim::at(envoy, row)?, 1, tokens.first(Token::Repeated))
                .and_then(|mut load| load.saturate(tokens.from(row.token, stall.requests), ROUND)),
        });
        let felt = probe(envoy, tokens, || other.is_finished());
        let requests = other.join().unwrap_or(Err(BenchError::LoadStopped))?;
        Ok((felt?, requests))
    })
}

/// A request without filter after the other, with a pause between them, until the time is over.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn probe(
    envoy: &Envoy,
    tokens: &Tokens,
    is_over: impl Fn() -> bool,
) -> Result<Latencies, BenchError> {
    let row = Row::named(NO_FILTER).ok_or(BenchError::LoadStopped)?;
    let aim = Aim::at(envoy, row)?;
    let credential = tokens.first(row.token);
    let mut connection = Connection::open(aim.address).map_err(BenchError::Http)?;
    let mut times = Vec::new();
    while !is_over() {
        let start = Instant::now();
        aim.ask(&mut connection, credential)?;
        times.push(start.elapsed());
        thread::sleep(PAUSE);
    }
    Ok(Latencies::new(times))
}

/// Shorter than what a probe is to find; a shorter stall may fall into it.
const PAUSE: Duration = Duration::from_micros(200);
const ROUNDS: usize = 3;
/// Long enough for first-seen tokens to fill a half of the cache more than once.
const ROUND: Duration = Duration::from_millis(1500);
