//! What one signature costs in Envoy. This asserts nothing about time: `scripts/bench.sh --signatures` runs it
//! and shows what it prints.

use std::io::{self, Write as _};

use tenantgate::crypto::Algorithm;

use crate::judge::Judge;
use crate::vectors::question::Measurement;
use crate::vectors::usual::valid_signature;

#[test]
#[ignore = "a measurement, not a test"]
fn the_cost_of_one_signature() {
    let judge = Judge::start();
    let mut output = io::stdout().lock();
    writeln!(output, "\n{}\n| Algorithm | host, us | Wasm code, us |", judge.version()).unwrap();
    for algorithm in Algorithm::ALL {
        let measurement = Measurement { signature: valid_signature(algorithm), turns: TURNS };
        let (mut host, mut wasm) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            let duration = judge.measure(&measurement);
            host = host.min(duration.host.unwrap_or(f64::INFINITY));
            wasm = wasm.min(duration.wasm);
        }
        let microseconds = |nanoseconds: f64| match nanoseconds / 1e3 {
            none if none.is_infinite() => "-".to_owned(),
            some => format!("{some:.1}"),
        };
        let (host, wasm) = (microseconds(host), microseconds(wasm));
        writeln!(output, "| {} | {host} | {wasm} |", algorithm.name()).unwrap();
    }
}

/// In one request.
const TURNS: u32 = 30;
/// Requests for each algorithm. The shortest turn of all counts: what runs beside it only makes one longer.
const ROUNDS: u32 = 10;
