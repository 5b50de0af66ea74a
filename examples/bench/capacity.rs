//! How many requests Envoy carries with some sets of filters, and how fast it answers at half of that.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::development::envoy::Envoy;
use crate::error::BenchError;
use crate::latencies::Latencies;
use crate::load::{Aim, Load};
use crate::row::{CAPACITY, Row};
use crate::stage::{Servers, cpu_time};
use crate::table::Table;
use crate::tokens::Tokens;

/// What Envoy carries with the filters of one row.
pub struct Capacity {
    row: &'static str,
    one_worker: Saturation,
    two_workers: Saturation,
    /// The rate of the load behind [`Self::latencies`], per second: half of what saturates one worker.
    half: f64,
    /// At that rate with one worker.
    latencies: Latencies,
}

/// As many requests as client, upstream and Envoy manage together, on one machine.
#[derive(Clone, Copy, Default)]
struct Saturation {
    /// Requests per second.
    rate: f64,
    /// The CPU time of Envoy in a second, in seconds: how many cores it has to itself.
    cores: f64,
}

/// Measures it for the rows of [`CAPACITY`]; takes about half a minute.
///
/// # Errors
/// [`BenchError`] if Envoy does not start, or a request is not answered as its row says.
pub fn measure(servers: &Servers, tokens: &Tokens) -> Result<Vec<Capacity>, BenchError> {
    let rows: Vec<_> = Row::all_named(&CAPACITY);
    let listeners: Vec<_> = rows.iter().map(|row| row.listener).collect();
    let two_workers = saturate(&servers.envoy(&listeners, 2)?, tokens, &rows)?;
    let envoy = servers.envoy(&listeners, 1)?;
    let one_worker = saturate(&envoy, tokens, &rows)?;
    let both = one_worker.into_iter().zip(two_workers);
    rows.into_iter()
        .zip(both)
        .map(|(row, (one_worker, two_workers))| {
            let half = one_worker.rate / 2.0;
            let mut load = open(&envoy, tokens, row)?;
            let latencies = load.arrive(tokens.all(row.token), half, AT_HALF_LOAD)?;
            Ok(Capacity { row: row.name, one_worker, two_workers, half, latencies })
        })
        .collect()
}

impl Capacity {
    /// All of it, as `results.json` has it.
    pub fn json(&self) -> Value {
        let saturation = |it: Saturation| json!({"requests_per_second": it.rate.round(), "envoy_cores": (it.cores * 100.0).round() / 100.0});
        json!({
            "row": self.row,
            "saturated_1_worker": saturation(self.one_worker),
            "saturated_2_workers": saturation(self.two_workers),
            "half_load_requests_per_second": self.half.round(),
            "half_load": self.latencies.json(),
        })
    }
}

/// The table.
pub fn table(rows: &[Capacity]) -> Table {
    let cells = |it: &Capacity| {
        let mut cells = vec![it.row.to_owned()];
        for Saturation { rate, cores } in [it.one_worker, it.two_workers] {
            cells.extend([format!("{rate:.0}"), format!("{cores:.2}")]);
        }
        let [p50, p99] = [500, 990].map(|share| it.latencies.within(share).as_micros());
        cells.extend([format!("{:.0}", it.half), p50.to_string(), p99.to_string()]);
        cells
    };
    Table {
        title: "Requests per second at saturation and the cores that Envoy used then, of those that it shares with client \
                and upstream; and the latency with one worker at half of that, in microseconds"
            .to_owned(),
        columns: vec![
            "row", "1 worker", "cores", "2 workers", "cores", "half load", "p50 (us)", "p99 (us)",
        ],
        rows: rows.iter().map(cells).collect(),
    }
}

/// The best of a few turns of each row.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn saturate(
    envoy: &Envoy,
    tokens: &Tokens,
    rows: &[&'static Row],
) -> Result<Vec<Saturation>, BenchError> {
    let mut best = vec![Saturation::default(); rows.len()];
    for turn in 0..=TURNS {
        for (row, best) in rows.iter().zip(&mut best) {
            let mut load = open(envoy, tokens, row)?;
            let (start, before) = (Instant::now(), cpu_time(envoy)?);
            let requests = load.saturate(tokens.all(row.token), TURN)?;
            let used = cpu_time(envoy)?.saturating_sub(before).as_secs_f64();
            let elapsed = start.elapsed().as_secs_f64();
            let got = Saturation { rate: requests as f64 / elapsed, cores: used / elapsed };
            // In the first turn, which does not count, V8 compiles what runs often.
            if turn > 0 && got.rate > best.rate {
                *best = got;
            }
        }
    }
    Ok(best)
}

fn open(envoy: &Envoy, tokens: &Tokens, row: &'static Row) -> Result<Load<'static>, BenchError> {
    Load::open(Aim::at(envoy, row)?, CONNECTIONS, tokens.first(row.token))
}

/// Enough for two workers to have about as many each, and for an open load to find one at rest.
const CONNECTIONS: usize = 32;
const TURNS: usize = 3;
const TURN: Duration = Duration::from_secs(1);
const AT_HALF_LOAD: Duration = Duration::from_secs(4);
