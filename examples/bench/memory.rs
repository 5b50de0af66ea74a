//! What a worker of tenantgate takes of memory: at rest, with full caches, and when more comes than these hold.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tenantgate::jwt::VerifiedTokens;

use crate::development::envoy::Envoy;
use crate::error::BenchError;
use crate::load::{Aim, Load};
use crate::meter;
use crate::row::{Listener, PROFILE, Token};
use crate::stage::Servers;
use crate::table::Table;
use crate::tokens::Tokens;

/// Bytes of memory, of Envoy alone and of Envoy with tenantgate.
pub struct WorkerMemory {
    /// With one worker and with [`WORKERS`], before any request.
    without: [u64; 2],
    with: [u64; 2],
    /// The same one worker of each under load.
    without_loaded: Loaded,
    with_loaded: Loaded,
    /// How many tokens the caches hold after all: verified ones, then refused ones.
    held: [u64; 2],
}

/// Bytes of memory of Envoy with one worker, in the order in which they were measured.
#[derive(Clone, Copy, Default)]
struct Loaded {
    /// After many requests with the same tokens.
    warm: u64,
    /// After as many refused tokens as are remembered.
    refused: u64,
    /// After as many verified ones as well.
    verified: u64,
    /// After twice as many of both again.
    more: u64,
}

/// Measures it; takes about half a minute.
///
/// # Errors
/// [`BenchError`] if Envoy does not start, or a request is not answered as it should be.
pub fn measure(servers: &Servers, tokens: &Tokens) -> Result<WorkerMemory, BenchError> {
    let (alone, both) = ([Listener::NoFilter], [Listener::NoFilter, Listener::Tenantgate]);
    let (without_one, without_more) = (servers.envoy(&alone, 1)?, servers.envoy(&alone, WORKERS)?);
    let (with_one, with_more) = (servers.envoy(&both, 1)?, servers.envoy(&both, WORKERS)?);
    // What V8 needed to compile is given back.
    thread::sleep(SETTLING);
    let without = [memory(&without_one)?, memory(&without_more)?];
    let with = [memory(&with_one)?, memory(&with_more)?];
    drop((without_more, with_more));
    let without_loaded = load(&without_one, Listener::NoFilter, tokens)?;
    let with_loaded = load(&with_one, Listener::Tenantgate, tokens)?;
    let held = [
        with_one.stat("wasmcustom.tenantgate.verified_tokens")?,
        with_one.stat("wasmcustom.tenantgate.refused_tokens")?,
    ];
    Ok(WorkerMemory { without, with, without_loaded, with_loaded, held })
}

impl WorkerMemory {
    /// All of it, as `results.json` has it.
    pub fn json(&self) -> Value {
        let [without_one, without_more] = self.without;
        let [with_one, with_more] = self.with;
        json!({
            "workers": WORKERS,
            "without_1_worker_bytes": without_one,
            "without_workers_bytes": without_more,
            "with_1_worker_bytes": with_one,
            "with_workers_bytes": with_more,
            "module_bytes_once": self.module(),
            "empty_bytes_per_worker": self.empty(),
            "warm_bytes": self.added(|loaded| loaded.warm),
            "verified_full_bytes": self.verified(),
            "verified_bytes_per_entry": self.verified() / count(VERIFIED),
            "refused_full_bytes": self.refused(),
            "refused_bytes_per_entry": self.refused() / count(REFUSED),
            "twice_as_many_more_bytes": self.more(),
            "verified_held": self.held[0],
            "refused_held": self.held[1],
        })
    }

    /// What each worker after the first adds with tenantgate, less what it adds without.
    fn empty(&self) -> u64 {
        let further = |[one, more]: [u64; 2]| more.saturating_sub(one) / u64::from(WORKERS - 1);
        further(self.with).saturating_sub(further(self.without))
    }

    /// What tenantgate takes with one worker before any request, less what that worker does: compiled code above all.
    fn module(&self) -> u64 {
        let ([without, _], [with, _]) = (self.without, self.with);
        with.saturating_sub(without).saturating_sub(self.empty())
    }

    /// What tenantgate takes with one worker at some time under load.
    fn added(&self, at: impl Fn(&Loaded) -> u64) -> u64 {
        at(&self.with_loaded).saturating_sub(at(&self.without_loaded))
    }

    fn verified(&self) -> u64 {
        self.added(|loaded| loaded.verified).saturating_sub(self.added(|loaded| loaded.refused))
    }

    fn refused(&self) -> u64 {
        self.added(|loaded| loaded.refused).saturating_sub(self.added(|loaded| loaded.warm))
    }

    fn more(&self) -> u64 {
        self.added(|loaded| loaded.more).saturating_sub(self.added(|loaded| loaded.verified))
    }
}

/// The table.
pub fn table(memory: &WorkerMemory) -> Table {
    let row = |what: String, bytes: u64, entries: usize| {
        let each = if entries == 0 { String::new() } else { (bytes / count(entries)).to_string() };
        vec![what, format!("{:.2}", bytes as f64 / (1024.0 * 1024.0)), each]
    };
    let [verified, refused] = memory.held;
    Table {
        title: "Memory that tenantgate takes, in MiB, and what of it an entry takes, in bytes"
            .to_owned(),
        columns: vec!["what", "MiB", "bytes each"],
        rows: vec![
            row("the module, once for all workers".to_owned(), memory.module(), 0),
            row("a worker, empty".to_owned(), memory.empty(), 0),
            row(format!("{VERIFIED} verified tokens"), memory.verified(), VERIFIED),
            row(format!("{REFUSED} refused tokens"), memory.refused(), REFUSED),
            row(
                format!("twice as many more of both ({verified} and {refused} are held then)"),
                memory.more(),
                0,
            ),
        ],
    }
}

fn load(envoy: &Envoy, listener: Listener, tokens: &Tokens) -> Result<Loaded, BenchError> {
    let address = envoy.listener(listener.name())?;
    let refusal = if listener == Listener::NoFilter { 200 } else { 401 };
    let send = |kind, status, start, count| {
        let aim = Aim { address, target: PROFILE, status };
        let mut load = Load::open(aim, CONNECTIONS, tokens.first(Token::Repeated))?;
        load.send(tokens.from(kind, start).take(count))
    };
    let settled = || {
        thread::sleep(PAUSE);
        memory(envoy)
    };
    send(Token::Repeated, 200, 0, VERIFIED)?;
    send(Token::Expired, refusal, 0, VERIFIED)?;
    let warm = settled()?;
    send(Token::ExpiredFirstSeen, refusal, 0, REFUSED)?;
    let refused = settled()?;
    send(Token::FirstSeen, 200, 0, VERIFIED)?;
    let verified = settled()?;
    send(Token::FirstSeen, 200, VERIFIED, 2 * VERIFIED)?;
    send(Token::ExpiredFirstSeen, refusal, REFUSED, 2 * REFUSED)?;
    Ok(Loaded { warm, verified, refused, more: settled()? })
}

fn memory(envoy: &Envoy) -> Result<u64, BenchError> {
    meter::memory(envoy.process()).map_err(BenchError::ProcessGone)
}

fn count(entries: usize) -> u64 {
    u64::try_from(entries).unwrap_or(u64::MAX).max(1)
}

/// How many workers are compared with one: so many that what V8 has left of compiling hardly counts.
const WORKERS: u32 = 16;
/// As many as are remembered by default.
const VERIFIED: usize = VerifiedTokens::DEFAULT.entries;
const REFUSED: usize = VerifiedTokens::REFUSED.entries;
const CONNECTIONS: usize = 8;
const SETTLING: Duration = Duration::from_secs(10);
/// Longer than it takes metrics to be told.
const PAUSE: Duration = Duration::from_secs(2);
