//! All tables of a run.

use crate::capacity;
use crate::cold_start;
use crate::figures::{By, Figures, microseconds};
use crate::goals::{GOALS, Goal, Part};
use crate::keys::{FEW_KEYS, MANY_KEYS};
use crate::memory;
use crate::report::{Aside, Run};
use crate::row::{ROWS, Row};
use crate::stall;
use crate::table::Table;
use crate::tenantgate::ISSUERS;
use crate::tokens::WINDOW;
use crate::weight::{KeyWeight, WORKERS};

/// Those of a run that measured everything.
pub fn all(run: &Run) -> Vec<Table> {
    let Aside { memory, capacities, stalls, cold_starts, .. } = &run.aside;
    let mut tables = of_rows(&ROWS.iter().collect::<Vec<_>>(), run.rounds, &run.figures);
    tables.extend([
        goals(&run.figures),
        weights(&run.aside),
        memory::table(memory),
        capacity::table(capacities),
        stall::table(stalls),
        cold_start::table(cold_starts),
    ]);
    tables
}

/// What these rows cost, and the ratios among them.
pub fn of_rows(rows: &[&Row], rounds: usize, figures: &Figures) -> Vec<Table> {
    let cells = |row: &&Row| {
        let added = [By::Quartile, By::Median].map(|by| figures.added(row, by));
        let mut cells = vec![row.name.to_owned(), format!("{:.1}", figures.total(row))];
        cells.extend(added.map(|added| format!("{added:.1}")));
        cells
    };
    let costs = Table {
        title: format!(
            "CPU time of Envoy per request in us, the lower quartile of {rounds} rounds of {WINDOW} requests, what of it the row adds, \
             and the median of what it added in each round"
        ),
        columns: vec!["row", "total", "added", "median"],
        rows: rows.iter().map(cells).collect(),
    };
    vec![costs, ratios(figures)]
}

fn ratios(figures: &Figures) -> Table {
    let [low, median] = [By::Quartile, By::Median].map(|by| figures.ratios(&ROWS, by));
    let both = low.into_iter().zip(median);
    let known = both.filter(|((_, low), (_, median))| low.is_some() || median.is_some());
    let text = |ratio: Option<f64>| ratio.map_or("none".to_owned(), |it| format!("{it:.2}"));
    let cells = |((name, low), (_, median)): ((&str, _), (_, _))| {
        vec![name.to_owned(), text(low), text(median)]
    };
    Table {
        title: "Ratios of what two rows add".to_owned(),
        columns: vec!["ratio", "of the quartiles", "of the medians"],
        rows: known.map(cells).collect(),
    }
}

fn goals(figures: &Figures) -> Table {
    let cells = |goal: &Goal| {
        let Goal { row, times, other, .. } = goal;
        let part = match goal.of {
            Part::Added => "",
            Part::Whole => " (whole request)",
        };
        let added = Row::named(row).map(|row| figures.added(row, By::Quartile));
        let text = |it: Option<f64>| it.map_or("none".to_owned(), |it| format!("{it:.1}"));
        let is_reached = if goal.is_reached(figures) { "yes" } else { "no" };
        vec![
            format!("{row} at most {times} x {other}{part}"),
            text(goal.limit(figures)),
            text(added),
            is_reached.to_owned(),
        ]
    };
    Table {
        title: "Goals: what a row may add at most and what it adds, in us".to_owned(),
        columns: vec!["goal", "at most", "added", "reached"],
        rows: GOALS.iter().map(cells).collect(),
    }
}

fn weights(aside: &Aside) -> Table {
    let Aside { module, keys, .. } = aside;
    let row = |what: &str, figure: String| vec![what.to_owned(), figure];
    let (load, issuers) = (module.load, module.load_issuers);
    let mut rows = vec![
        row("the module, bytes", module.bytes.to_string()),
        row("loading it with one worker, ms of CPU", load.cpu.as_millis().to_string()),
        row(
            &format!("{ISSUERS} issuers in place of one, ms until it serves"),
            issuers.elapsed.as_millis().to_string(),
        ),
        row("the same, ms of CPU", issuers.cpu.as_millis().to_string()),
    ];
    rows.extend(key_weights(keys).map(|(what, figure)| row(&what, figure)));
    Table { title: "What else there is to pay".to_owned(), columns: vec!["what", "figure"], rows }
}

fn key_weights(keys: &KeyWeight) -> [(String, String); 7] {
    let KeyWeight { load, load_few, memory, .. } = keys;
    let pair = |many: u128, few: u128| format!("{many} ({few})");
    let mebibytes = |bytes: u64| format!("{:.1}", bytes as f64 / MEBIBYTE);
    let bytes = keys.record_bytes;
    [
        (
            format!(
                "{MANY_KEYS} application keys of {bytes} bytes ({FEW_KEYS}), ms until they work"
            ),
            pair(load.elapsed.as_millis(), load_few.elapsed.as_millis()),
        ),
        ("the same, ms of CPU".to_owned(), pair(load.cpu.as_millis(), load_few.cpu.as_millis())),
        ("memory of Envoy with them, MiB".to_owned(), mebibytes(memory.many)),
        (format!("with {FEW_KEYS}, MiB"), mebibytes(memory.few)),
        (
            format!("what they take with {WORKERS} workers, MiB each"),
            mebibytes(keys.memory_per_worker()),
        ),
        ("for each further worker, MiB".to_owned(), mebibytes(keys.memory_per_further_worker())),
        (
            "a look that finds nothing changed, us of CPU".to_owned(),
            keys.unchanged
                .map_or("lost in the noise".to_owned(), |it| format!("{:.0}", microseconds(it))),
        ),
    ]
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;
