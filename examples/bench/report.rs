//! The table on standard output, and `target/bench/results.json`.

use std::fs;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::development::clock;
use crate::error::BenchError;
use crate::figures::{By, Figures, microseconds};
use crate::keys::{FEW_KEYS, MANY_KEYS};
use crate::machine;
use crate::row::{ROWS, Row};
use crate::selection::Selection;
use crate::stage::StartTime;
use crate::tenantgate::ISSUERS;
use crate::tokens::WINDOW;
use crate::weight::{KeyWeight, WORKERS};

/// A finished run.
pub struct Run {
    pub rounds: usize,
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

/// Prints the table of these rows alone.
///
/// # Errors
/// Standard output's own.
pub fn print_rows(selection: &Selection, rounds: usize, figures: &Figures) -> io::Result<()> {
    let mut output = io::stdout().lock();
    print_figures(&mut output, selection.rows(), rounds, figures)?;
    writeln!(output, "\n{FOLDER}/results.json is left as it was: not all rows were measured")
}

fn results(run: &Run) -> Value {
    let Run { rounds, module, keys, envoy, figures } = run;
    let rows: Vec<_> = ROWS
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "added_cpu_us": rounded(figures.added(row, By::Least)),
                "added_cpu_us_median": rounded(figures.added(row, By::Median)),
                "cpu_us": rounded(figures.least(row)),
                "cpu_us_by_round": figures.rounds(row.name),
                "less": row.outcome.baseline(),
                "requests": WINDOW,
                "rounds": rounds,
            })
        })
        .collect();
    let added: Map<_, _> = ROWS
        .iter()
        .map(|row| (row.name.to_owned(), json!(rounded(figures.added(row, By::Least)))))
        .collect();
    let ratios = |by| -> Map<_, _> {
        let ratios = figures.ratios(&ROWS, by).into_iter();
        ratios.map(|(name, ratio)| (name.to_owned(), json!(ratio.map(rounded)))).collect()
    };
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
        "ratios": ratios(By::Least),
        "ratios_median": ratios(By::Median),
    })
}

fn print(run: &Run) -> io::Result<()> {
    let Run { rounds, module, keys, envoy, figures } = run;
    let mut output = io::stdout().lock();
    writeln!(output, "envoy {envoy}")?;
    print_figures(&mut output, &ROWS.iter().collect::<Vec<_>>(), *rounds, figures)?;
    let load = module.load.cpu.as_millis();
    writeln!(output, "\nmodule: {} bytes, {load} ms of CPU to load with one worker", module.bytes)?;
    let (cpu, elapsed) = (module.load_issuers.cpu, module.load_issuers.elapsed);
    let (cpu, elapsed) = (cpu.as_millis(), elapsed.as_millis());
    writeln!(output, "{ISSUERS} issuers: {elapsed} ms more until it serves, {cpu} ms more of CPU")?;
    print_keys(&mut output, keys)?;
    writeln!(output, "written to {FOLDER}/results.json")
}

/// The rows, and the ratios of those that were measured.
fn print_figures(
    output: &mut impl Write,
    rows: &[&Row],
    rounds: usize,
    figures: &Figures,
) -> io::Result<()> {
    writeln!(
        output,
        "CPU time of Envoy per request in us, least of {rounds} rounds of {WINDOW} requests; median of what a round added\n"
    )?;
    writeln!(output, "{:46} {:>8} {:>8} {:>8}", "row", "total", "added", "median")?;
    for row in rows {
        let (total, added) = (figures.least(row), figures.added(row, By::Least));
        let median = figures.added(row, By::Median);
        writeln!(output, "{:46} {total:8.1} {added:8.1} {median:8.1}", row.name)?;
    }
    writeln!(output, "\n{:46} {:>8} {:>8}", "ratio of what is added", "least", "median")?;
    let [least, median] = [By::Least, By::Median].map(|by| figures.ratios(&ROWS, by));
    for ((name, least), (_, median)) in least.into_iter().zip(median) {
        let ratio = |ratio: Option<f64>| ratio.map_or("none".to_owned(), |it| format!("{it:.2}"));
        if least.is_some() || median.is_some() {
            writeln!(output, "{name:46} {:>8} {:>8}", ratio(least), ratio(median))?;
        }
    }
    Ok(())
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
