//! The benchmark: what a request costs Envoy with tenantgate, and with the native filters that do the same job.
//!
//! ```text
//! cargo run --release --example bench -- [--rounds NUMBER]
//! ```
//!
//! `ENVOY` names the Envoy binary (else `envoy` on the path), `WASM` the module and `FLOOR` that of `examples/floor`
//! (else where `make wasm` and `scripts/floor.sh` leave them). `make bench` sets all. The method stands in `docs/performance.md`.

mod arguments;
mod bootstrap;
#[path = "../demo/development/mod.rs"]
#[allow(dead_code, reason = "the demo and the end-to-end tests use the rest")]
mod development;
mod error;
mod figures;
mod floor;
mod keys;
mod load;
mod lua;
mod machine;
mod meter;
mod modules;
mod native;
mod report;
mod row;
mod signers;
mod stage;
mod tenantgate;
mod tokens;
mod weight;

use std::io::{self, Write};
use std::process::ExitCode;

use arguments::Arguments;
use error::BenchError;
use figures::Figures;
use report::{Module, Run};
use row::{Listener, ROWS};
use stage::{Servers, Stage, StartTime};

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
    let servers = Servers::start()?;
    let module = weigh(&servers)?;
    let keys = weight::weigh(&servers)?;
    let stage = Stage::start(servers)?;
    // Each row does what its name says, and what runs often has been compiled, before anything counts.
    for row in &ROWS {
        stage.check(row)?;
        for _ in 0..WARM_UP {
            stage.measure(row)?;
        }
    }
    let mut figures = Figures::default();
    for _ in 0..arguments.rounds {
        for row in &ROWS {
            figures.add(row.name, stage.measure(row)?);
        }
    }
    report::publish(&Run { arguments, module, keys, envoy: stage.envoy_version()?, figures })
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
/// Rounds that are thrown away.
const WARM_UP: u32 = 2;
