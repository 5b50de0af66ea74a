//! The CPU time and memory of a process, as Linux counts them.

use std::fs;
use std::io;
use std::time::Duration;

/// The CPU time that a process has used so far, in all threads, in user and kernel mode.
///
/// From the scheduler's own count in nanoseconds; on a kernel without it, from `utime` and `stime` in
/// steps of 10 ms.
///
/// # Errors
/// The file system's own; `NotFound` when the process has ended.
pub fn cpu_time(process: u32) -> io::Result<Duration> {
    match scheduled(process) {
        Ok(time) if !time.is_zero() => Ok(time),
        Ok(_) | Err(_) => ticks(process),
    }
}

/// The bytes of a process that are in memory.
///
/// # Errors
/// The file system's own; `NotFound` when the process has ended.
pub fn memory(process: u32) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(kibibytes.ok_or(io::ErrorKind::InvalidData)?.saturating_mul(1024))
}

/// First field of `schedstat`, over all threads.
fn scheduled(process: u32) -> io::Result<Duration> {
    let mut total = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let nanoseconds = text.split(' ').next().and_then(|field| field.parse().ok());
        total += Duration::from_nanos(nanoseconds.ok_or(io::ErrorKind::InvalidData)?);
    }
    Ok(total)
}

/// Fields 14 and 15 of `stat`, in hundredths of a second.
fn ticks(process: u32) -> io::Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Field 2 is the program's name in parentheses, and may hold anything.
    let rest = text.rsplit(')').next().unwrap_or_default();
    let fields = rest.split_whitespace().skip(11).take(2);
    let ticks: Option<u64> = fields.map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks.ok_or(io::ErrorKind::InvalidData)?.saturating_mul(10)))
}
