//! What a run leaves: tables on standard output, and files.

use std::fs;
use std::io::{self, Write};

use serde_json::Value;

use crate::capacity::Capacity;
use crate::chart;
use crate::cold_start::ColdStart;
use crate::error::BenchError;
use crate::figures::Figures;
use crate::memory::WorkerMemory;
use crate::page;
use crate::results::results;
use crate::selection::Selection;
use crate::source;
use crate::stage::StartTime;
use crate::stall::Stall;
use crate::table::Table;
use crate::tables;
use crate::weight::KeyWeight;

/// A finished run.
pub struct Run {
    pub rounds: usize,
    /// The version as Envoy states it.
    pub envoy: String,
    pub machine: Value,
    /// Seconds since 1970.
    pub finished_at: u64,
    pub figures: Figures,
    pub aside: Aside,
}

/// What is measured beside the rows.
pub struct Aside {
    pub module: Module,
    pub keys: KeyWeight,
    pub memory: WorkerMemory,
    pub capacities: Vec<Capacity>,
    pub stalls: Vec<Stall>,
    pub cold_starts: Vec<ColdStart>,
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

/// Whether the documentation is to say what was measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Documentation {
    Kept,
    Renewed,
}

/// Writes the files and prints the tables.
///
/// # Errors
/// [`BenchError::Files`], [`BenchError::Print`] or [`BenchError::PageHasNoPlace`].
pub fn publish(run: &Run, documentation: Documentation) -> Result<(), BenchError> {
    let source = source::line(&run.envoy, &run.machine, run.finished_at);
    let tables = tables::all(run);
    let write = |path: &str, text: &str| fs::write(path, text).map_err(BenchError::Files);
    fs::create_dir_all(FOLDER).map_err(BenchError::Files)?;
    let text = serde_json::to_string_pretty(&results(run)).unwrap_or_default();
    write(&format!("{FOLDER}/results.json"), &(text + "\n"))?;
    let chart = chart::svg(&chart::groups(&run.figures), &source);
    write(&format!("{FOLDER}/chart.svg"), &chart)?;
    let texts: Vec<_> = tables.iter().map(Table::text).collect();
    print(&format!("{source}\n\n{}", texts.join("\n"))).map_err(BenchError::Print)?;
    print(&format!("written to {FOLDER}/results.json and chart.svg")).map_err(BenchError::Print)?;
    if documentation == Documentation::Renewed {
        let page = fs::read_to_string(PAGE).map_err(BenchError::Files)?;
        let page = page::renewed(&page, &source, &tables).ok_or(BenchError::PageHasNoPlace)?;
        write(PAGE, &page)?;
        write(PAGE_CHART, &chart)?;
        print(&format!("renewed {PAGE} and {PAGE_CHART}")).map_err(BenchError::Print)?;
    }
    Ok(())
}

/// Prints the tables of these rows alone.
///
/// # Errors
/// Standard output's own.
pub fn print_rows(selection: &Selection, rounds: usize, figures: &Figures) -> io::Result<()> {
    let tables = tables::of_rows(selection.rows(), rounds, figures);
    print(&tables.iter().map(Table::text).collect::<Vec<_>>().join("\n"))?;
    print(&format!("{FOLDER}/results.json is left as it was: not all rows were measured"))
}

fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

const FOLDER: &str = "target/bench";
const PAGE: &str = "docs/performance.md";
const PAGE_CHART: &str = "docs/performance.svg";
