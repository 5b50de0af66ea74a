//! What `target/bench/results.json` says.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::capacity::Capacity;
use crate::cold_start::ColdStart;
use crate::figures::{By, microseconds};
use crate::goals::{GOALS, Goal};
use crate::keys::MANY_KEYS;
use crate::report::{Aside, Run};
use crate::row::ROWS;
use crate::stall::Stall;
use crate::tenantgate::ISSUERS;
use crate::tokens::WINDOW;
use crate::weight::WORKERS;

/// All that was measured.
pub fn results(run: &Run) -> Value {
    let Run { rounds, envoy, machine, finished_at, figures, aside } = run;
    let Aside { module, keys, memory, capacities, stalls, cold_starts } = aside;
    let rows: Vec<_> = ROWS
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "added_cpu_us": rounded(figures.added(row, By::Quartile)),
                "added_cpu_us_least": rounded(figures.added(row, By::Least)),
                "added_cpu_us_median": rounded(figures.added(row, By::Median)),
                "cpu_us": rounded(figures.total(row)),
                "cpu_us_by_round": figures.rounds(row.name),
                "less": row.outcome.baseline(),
                "requests": WINDOW,
                "rounds": rounds,
            })
        })
        .collect();
    let added: Map<_, _> = ROWS
        .iter()
        .map(|row| (row.name.to_owned(), json!(rounded(figures.added(row, By::Quartile)))))
        .collect();
    let ratios = |by| -> Map<_, _> {
        let ratios = figures.ratios(&ROWS, by).into_iter();
        ratios.map(|(name, ratio)| (name.to_owned(), json!(ratio.map(rounded)))).collect()
    };
    let goal = |goal: &Goal| {
        json!({
            "row": goal.row,
            "times": goal.times,
            "other": goal.other,
            "added_cpu_us_at_most": goal.limit(figures).map(rounded),
            "is_reached": goal.is_reached(figures),
        })
    };
    json!({
        "machine": machine,
        "envoy": envoy,
        "finished_at": finished_at,
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
            "unchanged_cpu_us": keys.unchanged.map(microseconds),
        },
        "worker_memory": memory.json(),
        "capacity": capacities.iter().map(Capacity::json).collect::<Vec<_>>(),
        "stalls": stalls.iter().map(Stall::json).collect::<Vec<_>>(),
        "cold_starts": cold_starts.iter().map(ColdStart::json).collect::<Vec<_>>(),
        "rows": rows,
        "added_cpu_us": added,
        "ratios": ratios(By::Quartile),
        "ratios_least": ratios(By::Least),
        "ratios_median": ratios(By::Median),
        "goals": GOALS.iter().map(goal).collect::<Vec<_>>(),
    })
}

fn milliseconds(duration: Duration) -> f64 {
    rounded(microseconds(duration) / 1000.0)
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
