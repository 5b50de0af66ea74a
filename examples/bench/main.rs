//! The benchmark: what a request costs Envoy with tenantgate, and with the native filters that do the same job.
//!
//! ```text
//! cargo run --release --example bench -- [--rounds NUMBER] [--docs | --rows NAME[,NAME...]]
//! ```
//!
//! `ENVOY` names the Envoy binary (else `envoy` on the path), `WASM` the module and `FLOOR` that of `examples/floor`
//! (else where `make wasm` and `scripts/floor.sh` leave them). `make bench` sets all. The method stands in `docs/performance.md`.

mod arguments;
mod arrivals;
mod bootstrap;
mod capacity;
mod chart;
mod cold_start;
#[path = "../demo/development/mod.rs"]
#[allow(dead_code, reason = "the demo and the end-to-end tests use the rest")]
mod development;
mod error;
mod figures;
mod floor;
mod goals;
mod keys;
mod latencies;
mod load;
mod lua;
mod machine;
mod memory;
mod meter;
mod modules;
mod native;
mod page;
mod report;
mod results;
mod row;
mod selection;
mod signers;
mod source;
mod stage;
mod stall;
mod table;
mod tables;
mod tenantgate;
mod tokens;
mod weight;

use std::io::{self, Write};
use std::process::ExitCode;

use arguments::{Arguments, Scope};
use development::clock;
use error::BenchError;
use figures::Figures;
use report::{Aside, Module, Run};
use row::Listener;
use selection::Selection;
use stage::{Servers, Stage, StartTime};
use tokens::{FILLING, Tokens};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match Arguments::parse(&arguments).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With nowhere to write to, the exit code still tells.
            drop(writeln!(io::stderr(), "bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), BenchError> {
    let Arguments { rounds, scope } = arguments;
    let servers = Servers::start()?;
    match scope {
        Scope::Everything(documentation) => {
            let selection = Selection::all();
            let tokens = servers.tokens(&selection.tokens());
            let aside = Aside {
                module: weigh(&servers)?,
                keys: weight::weigh(&servers)?,
                memory: memory::measure(&servers, &tokens)?,
                capacities: capacity::measure(&servers, &tokens)?,
                stalls: stall::measure(&servers, &tokens)?,
                cold_starts: cold_start::measure(&servers, &tokens)?,
            };
            let (figures, envoy) = measure(&servers, &tokens, &selection, rounds)?;
            let run = Run {
                rounds,
                envoy,
                machine: machine::describe(),
                finished_at: clock::now(),
                figures,
                aside,
            };
            report::publish(&run, documentation)
        }
        Scope::Rows(selection) => {
            let tokens = servers.tokens(&selection.tokens());
            let (figures, _) = measure(&servers, &tokens, &selection, rounds)?;
            report::print_rows(&selection, rounds, &figures).map_err(BenchError::Print)
        }
    }
}

/// The figures of all rounds, and Envoy's version.
///
/// What a row costs differs a little from process to process: so a few of them, one after the other, share the rounds.
fn measure(
    servers: &Servers,
    tokens: &Tokens,
    selection: &Selection,
    rounds: usize,
) -> Result<(Figures, String), BenchError> {
    let mut figures = Figures::default();
    let mut envoy = String::new();
    for share in shares(rounds) {
        let stage = Stage::start(servers, tokens, selection)?;
        envoy = stage.envoy_version()?;
        // Each row does what its name says, and what runs often has been compiled, before anything counts.
        for row in selection.rows() {
            stage.check(row)?;
            for _ in 0..WARM_UP {
                stage.measure(row)?;
            }
        }
        for _ in 0..share {
            for row in selection.rows() {
                figures.add(row.name, stage.measure(row)?);
            }
        }
    }
    Ok((figures, envoy))
}

/// How many rounds each process has: as many as fill half a cache, or a multiple of that, so that rounds in succession
/// that are told together are of one process; the last one has the rest.
fn shares(rounds: usize) -> Vec<usize> {
    let share = rounds.div_ceil(PROCESSES).next_multiple_of(FILLING);
    (0..rounds).step_by(share).map(|done| share.min(rounds - done)).collect()
}

/// The module's size, and what it and a large configuration add to the start of Envoy: the least of a few
/// starts with and without.
fn weigh(servers: &Servers) -> Result<Module, BenchError> {
    let [mut without, mut with, mut many] = [StartTime::MAX; 3];
    for _ in 0..STARTS {
        without = without.min(servers.start_time(&[Listener::NoFilter])?);
        with = with.min(servers.start_time(&[Listener::NoFilter, Listener::Tenantgate])?);
        let listeners = [Listener::NoFilter, Listener::TenantgateManyIssuers];
        many = many.min(servers.start_time(&listeners)?);
    }
    let bytes = servers.module_size()?;
    Ok(Module { bytes, load: with.less(without), load_issuers: many.less(with) })
}

const STARTS: u32 = 3;
/// Rounds of each process that are thrown away.
const WARM_UP: u32 = 4;
/// How many processes of Envoy share the rounds.
const PROCESSES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_share_the_rounds_and_none_is_lost() {
        assert_eq!(shares(64), [16; 4]);
        assert_eq!(shares(1), [1]);
        assert_eq!(shares(10), [4, 4, 2]);
        assert_eq!(shares(90), [24, 24, 24, 18]);
        for rounds in 1..200 {
            let shares = shares(rounds);
            assert_eq!(shares.iter().sum::<usize>(), rounds);
            assert!(shares.len() <= PROCESSES && !shares.contains(&0), "{rounds}");
        }
    }
}
