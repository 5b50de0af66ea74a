//! What application keys weigh: loading them, holding them, and asking their store whether they have changed.

use std::thread;
use std::time::{Duration, Instant};

use crate::development::envoy::Envoy;
use crate::error::BenchError;
use crate::keys::{FEW_KEYS, MANY_KEYS, key};
use crate::load::{self, Credential};
use crate::meter;
use crate::row::{Listener, THINGS};
use crate::stage::{Servers, StartTime, cpu_time};
use crate::tokens::KEY;

/// What 100,000 keys of a store weigh.
#[derive(Clone, Copy, Debug)]
pub struct KeyWeight {
    /// A record in the file of the store, in bytes.
    pub record_bytes: u64,
    /// From the start of Envoy with one worker until a key works there.
    pub load: StartTime,
    /// The same with 10 keys.
    pub load_few: StartTime,
    /// Envoy's memory with one worker.
    pub memory: Memory,
    /// Its memory with [`WORKERS`] workers.
    pub memory_workers: Memory,
    /// What it costs Envoy to hear that nothing has changed; none if that is lost in what an idle Envoy uses by turns.
    pub unchanged: Option<Duration>,
}

/// Envoy's memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// With 10 keys.
    pub few: u64,
    /// With 100,000 keys.
    pub many: u64,
}

impl KeyWeight {
    /// What the keys take with [`WORKERS`] workers, divided by these: the part of each, and its share of what the main
    /// thread holds and of what all share.
    pub fn memory_per_worker(&self) -> u64 {
        self.memory_workers.added() / u64::from(WORKERS)
    }

    /// What the keys take for each worker after the first.
    pub fn memory_per_further_worker(&self) -> u64 {
        let further = self.memory_workers.added().saturating_sub(self.memory.added());
        further / u64::from(WORKERS - 1)
    }
}

impl Memory {
    /// What the keys take.
    pub fn added(self) -> u64 {
        self.many.saturating_sub(self.few)
    }
}

/// Weighs them; takes about two minutes.
///
/// # Errors
/// [`BenchError`] if Envoy does not start, or takes no key.
pub fn weigh(servers: &Servers) -> Result<KeyWeight, BenchError> {
    let (few, many) = (Listener::TenantgateFewKeys, Listener::TenantgateManyKeys);
    let (envoy_few, load_few) = start(servers, few, 1)?;
    let (envoy, load) = start(servers, many, 1)?;
    let memory = settled(&envoy_few, &envoy)?;
    drop(envoy_few);
    let idle = use_in_idleness(&envoy)?;
    drop(envoy);
    let (envoy, _) = start(servers, Listener::TenantgateManyKeysPolled, 1)?;
    // As long as the other one had, whose idleness this is compared with.
    thread::sleep(SETTLING);
    let before = unchanged(&envoy)?;
    let polled = use_in_idleness(&envoy)?;
    let looks = u32::try_from(unchanged(&envoy)?.saturating_sub(before)).unwrap_or(u32::MAX);
    drop(envoy);
    let (workers_few, _) = start(servers, few, WORKERS)?;
    let (workers_many, _) = start(servers, many, WORKERS)?;
    Ok(KeyWeight {
        record_bytes: servers.key_record_bytes(),
        load,
        load_few,
        memory,
        memory_workers: settled(&workers_few, &workers_many)?,
        unchanged: polled.checked_sub(idle).and_then(|more| more.checked_div(looks)),
    })
}

/// Waits until a key of this listener works: keys are used once all shards are there.
///
/// # Errors
/// [`BenchError::KeysNotLoaded`] after a minute.
pub fn wait_for_keys(envoy: &Envoy, listener: Listener) -> Result<(), BenchError> {
    let address = envoy.listener(listener.name())?;
    let count = if listener == Listener::TenantgateFewKeys { FEW_KEYS } else { MANY_KEYS };
    let value = key(count - 1);
    for _ in 0..ATTEMPTS {
        // The filter lets requests wait for its first keys, so this seldom asks twice.
        let answer = load::ask(address, THINGS, Credential { field: KEY, value: &value });
        if answer.is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        thread::sleep(STEP);
    }
    Err(BenchError::KeysNotLoaded { listener: listener.name() })
}

#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn start(
    servers: &Servers,
    listener: Listener,
    workers: u32,
) -> Result<(Envoy, StartTime), BenchError> {
    let start = Instant::now();
    let envoy = servers.envoy(&[Listener::NoFilter, listener], workers)?;
    wait_for_keys(&envoy, listener)?;
    let time = StartTime { elapsed: start.elapsed(), cpu: cpu_time(&envoy)? };
    Ok((envoy, time))
}

/// Their memory after a while: workers that were not asked take the keys meanwhile, and what V8 needed to compile is
/// given back.
fn settled(few: &Envoy, many: &Envoy) -> Result<Memory, BenchError> {
    thread::sleep(SETTLING);
    let memory = |envoy: &Envoy| meter::memory(envoy.process()).map_err(BenchError::ProcessGone);
    Ok(Memory { few: memory(few)?, many: memory(many)? })
}

/// The CPU time that Envoy uses for a while without requests.
fn use_in_idleness(envoy: &Envoy) -> Result<Duration, BenchError> {
    let before = cpu_time(envoy)?;
    thread::sleep(IDLENESS);
    Ok(cpu_time(envoy)?.saturating_sub(before))
}

/// How often the store has said that nothing has changed.
fn unchanged(envoy: &Envoy) -> Result<u64, BenchError> {
    Ok(envoy.stat("wasmcustom.tenantgate.application_keys.unchanged")?)
}

/// How many workers are compared with one.
pub const WORKERS: u32 = 4;
const ATTEMPTS: u32 = 600;
const STEP: Duration = Duration::from_millis(100);
const SETTLING: Duration = Duration::from_secs(10);
const IDLENESS: Duration = Duration::from_secs(24);
