//! The table on standard output, and `target/bench/results.json`.

use std::fs;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::arguments::Arguments;
use crate::development::clock;
use crate::error::BenchError;
use crate::figures::{Figures, microseconds};
use crate::keys::{FEW_KEYS, MANY_KEYS};
use crate::machine;
use crate::row::ROWS;
use crate::stage::StartTime;
use crate::tenantgate::ISSUERS;
use crate::tokens::WINDOW;
use crate::weight::{KeyWeight, WORKERS};

/// A finished run.
pub struct Run {
    pub arguments: Arguments,
    pub module: Module,
    pub keys: KeyWeight,
    pub envoy: String,
    pub figures: Figures,
}

/// What the module weighs.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    pub bytes: u64,
    /// What it adds to the start of Envoy with one worker.
    pub load: StartTime,
    /// What 10,000 issuers instead of one add to that.
    pub load_issuers: StartTime,
}

/// Writes the file and prints the table.
///
/// # Errors
/// [`BenchError::Files`] or [`BenchError::Print`].
pub fn publish(run: &Run) -> Result<(), BenchError> {
    fs::create_dir_all(FOLDER).map_err(BenchError::Files)?;
    let text = serde_json::to_string_pretty(&results(run)).unwrap_or_default();
    fs::write(format!("{FOLDER}/results.json"), text + "\n").map_err(BenchError::Files)?;
    print(run).map_err(BenchError::Print)
}

fn results(run: &Run) -> Value {
    let Run { arguments, module, keys, envoy, figures } = run;
    let rows: Vec<_> = ROWS
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "added_cpu_us": rounded(figures.added(row)),
                "added_cpu_us_median": rounded(figures.usually_added(row)),
                "cpu_us": figures.least(row.name),
                "cpu_us_by_round": figures.rounds(row.name),
                "less": row.outcome.baseline(),
                "requests": WINDOW,
                "rounds": arguments.rounds,
            })
        })
        .collect();
    let added: Map<_, _> =
        ROWS.iter().map(|row| (row.name.to_owned(), json!(rounded(figures.added(row))))).collect();
    let ratios: Map<_, _> = figures
        .ratios(&ROWS)
        .into_iter()
        .map(|(name, ratio)| (name.to_owned(), json!(ratio.map(rounded))))
        .collect();
    json!({
        "machine": machine::describe(),
        "envoy": envoy,
        "finished_at": clock::now(),
        "module": {"bytes": module.bytes, "load_cpu_ms": milliseconds(module.load.cpu)},
        "issuers": {
            "count": ISSUERS,
            "load_cpu_ms": milliseconds(module.load_issuers.cpu),
            "load_elapsed_ms": milliseconds(module.load_issuers.elapsed),
        },
        "application_keys": {
            "count": MANY_KEYS,
            "record_bytes": keys.record_bytes,
            "load_cpu_ms": milliseconds(keys.load.cpu),
            "load_elapsed_ms": milliseconds(keys.load.elapsed),
            "load_cpu_ms_10_keys": milliseconds(keys.load_few.cpu),
            "load_elapsed_ms_10_keys": milliseconds(keys.load_few.elapsed),
            "memory_bytes_10_keys": keys.memory.few,
            "memory_bytes_100000_keys": keys.memory.many,
            "memory_workers": WORKERS,
            "memory_bytes_10_keys_workers": keys.memory_workers.few,
            "memory_bytes_100000_keys_workers": keys.memory_workers.many,
            "memory_bytes_per_worker": keys.memory_per_worker(),
            "memory_bytes_per_further_worker": keys.memory_per_further_worker(),
            "unchanged_cpu_us": microseconds(keys.unchanged),
        },
        "rows": rows,
        "added_cpu_us": added,
        "ratios": ratios,
    })
}

fn print(run: &Run) -> io::Result<()> {
    let Run { arguments, module, keys, envoy, figures } = run;
    let mut output = io::stdout().lock();
    writeln!(output, "envoy {envoy}")?;
    writeln!(
        output,
        "CPU time of Envoy per request in us, least of {} rounds of {WINDOW} requests; median of what a round added\n",
        arguments.rounds
    )?;
    writeln!(output, "{:44} {:>8} {:>8} {:>8}", "row", "total", "added", "median")?;
    for row in &ROWS {
        let (total, added) = (figures.least(row.name), figures.added(row));
        let median = figures.usually_added(row);
        writeln!(output, "{:44} {total:8.1} {added:8.1} {median:8.1}", row.name)?;
    }
    writeln!(output, "\nratio of what is added")?;
    for (name, ratio) in figures.ratios(&ROWS) {
        match ratio {
            Some(ratio) => writeln!(output, "{name:44} {ratio:8.2}")?,
            None => writeln!(output, "{name:44} {:>8}", "none")?,
        }
    }
    let load = module.load.cpu.as_millis();
    writeln!(output, "\nmodule: {} bytes, {load} ms of CPU to load with one worker", module.bytes)?;
    let (cpu, elapsed) = (module.load_issuers.cpu, module.load_issuers.elapsed);
    let (cpu, elapsed) = (cpu.as_millis(), elapsed.as_millis());
    writeln!(output, "{ISSUERS} issuers: {elapsed} ms more until it serves, {cpu} ms more of CPU")?;
    print_keys(&mut output, keys)?;
    writeln!(output, "written to {FOLDER}/results.json")
}

fn print_keys(output: &mut impl Write, keys: &KeyWeight) -> io::Result<()> {
    let [elapsed, elapsed_few] = [keys.load, keys.load_few].map(|time| time.elapsed.as_millis());
    let [cpu, cpu_few] = [keys.load, keys.load_few].map(|time| time.cpu.as_millis());
    let mebibytes = |bytes: u64| bytes as f64 / MEBIBYTE;
    let bytes = keys.record_bytes;
    writeln!(
        output,
        "{MANY_KEYS} application keys of {bytes} bytes, with one worker ({FEW_KEYS} keys):"
    )?;
    writeln!(
        output,
        "  work {elapsed} ms after the start ({elapsed_few} ms), {cpu} ms of CPU ({cpu_few} ms)"
    )?;
    let (many, few) = (mebibytes(keys.memory.many), mebibytes(keys.memory.few));
    let per_worker = mebibytes(keys.memory_per_worker());
    let further = mebibytes(keys.memory_per_further_worker());
    writeln!(output, "  memory of Envoy {many:.1} MiB ({few:.1} MiB)")?;
    writeln!(
        output,
        "  of {WORKERS} workers, {per_worker:.1} MiB each, {further:.1} MiB for each further one"
    )?;
    let unchanged = microseconds(keys.unchanged);
    writeln!(output, "  {unchanged:.0} us of CPU for each look that finds nothing changed")
}

fn milliseconds(duration: Duration) -> f64 {
    rounded(microseconds(duration) / 1000.0)
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;
const FOLDER: &str = "target/bench";
