//! What the figures were measured on.

use std::fs;
use std::thread;

use serde_json::{Value, json};

/// Processor, number of cores, and kernel.
pub fn describe() -> Value {
    json!({
        "processor": first_value("/proc/cpuinfo", "model name"),
        "cores": thread::available_parallelism().map_or(0, |cores| cores.get()),
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
    })
}

fn first_value(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}
