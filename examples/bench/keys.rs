//! Application keys, and `tenantgate key serve` as the store that serves them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tenantgate::application_key::{KeyDigest, KeyPrefix, StatedDigest};

use crate::error::BenchError;

/// A running store; dropping it ends the process.
pub struct KeyStore {
    child: Child,
    address: SocketAddr,
    file_bytes: u64,
}

impl KeyStore {
    /// Writes a file of the keys below `count` and serves it, in as many shards as it needs.
    ///
    /// # Errors
    /// [`BenchError::Files`], or [`BenchError::KeyStore`] if it does not serve.
    pub fn start(directory: &Path, count: usize) -> Result<Self, BenchError> {
        let file = directory.join(format!("keys-{count}.json"));
        write_keys(&file, count).map_err(BenchError::Files)?;
        let file_bytes = fs::metadata(&file).map_err(BenchError::Files)?.len();
        let mut child = Command::new(tool())
            .args(["key", "serve"])
            .arg(&file)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(BenchError::KeyStore)?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            // Without this line there is no address in it either.
            drop(BufReader::new(output).read_line(&mut line));
        }
        let mut store = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), file_bytes };
        let authority = line.trim_end().strip_prefix("listening on http://");
        let authority = authority.and_then(|rest| rest.strip_suffix(STORE_PATH));
        store.address = authority.and_then(|text| text.parse().ok()).ok_or_else(|| {
            BenchError::KeyStore(std::io::Error::other("it did not say where it listens"))
        })?;
        Ok(store)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bytes of its file.
    pub const fn file_bytes(&self) -> u64 {
        self.file_bytes
    }
}

impl Drop for KeyStore {
    fn drop(&mut self) {
        // It may have ended by itself, as it does when Ctrl-C reaches the whole process group.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A key of this number: of the form and length of those that the tool makes, but not random.
pub fn key(number: usize) -> String {
    let mut bytes = [0x5a; 32];
    for (byte, stated) in bytes.iter_mut().zip(number.to_be_bytes()) {
        *byte = stated;
    }
    KeyPrefix::default().generate(&bytes).expose().clone()
}

/// The name of the record of this key.
pub fn name(number: usize) -> String {
    format!("pump-{number}")
}

fn write_keys(file: &Path, count: usize) -> std::io::Result<()> {
    let mut output = BufWriter::new(File::create(file)?);
    write!(output, r#"{{"version":1,"serial":1,"keys":["#)?;
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        write!(output, "{comma}\n{}", record(number))?;
    }
    writeln!(output, "]}}")?;
    output.flush()
}

/// A record with all that a key of a device usually has, about 650 bytes.
fn record(number: usize) -> Value {
    let key = key(number);
    let hint: String = key.chars().skip(key.len().saturating_sub(4)).collect();
    json!({
        "name": name(number), "user": KEY_USER, "tenant": "acme", "scopes": ["assets.read"],
        "description": format!("Pump {number}, hall B"), "device": name(number),
        "project": "HallB", "tags": ["site:hamburg"], "client_name": "PLC 10.1.2.3",
        "roles": ["edge"], "owner": "ops@acme.example", "enabled": true,
        "ip_allow": ["127.0.0.1", "10.9.0.0/16"],
        "routes": [{"methods": ["GET", "PUT"], "path_prefix": "/api/things/"}],
        "created_at": MADE_AT, "updated_at": MADE_AT,
        "secrets": [{
            "digest": StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text(),
            "hint": hint, "state": "current",
            "created_at": MADE_AT, "expires_at": "2099-01-01T00:00:00Z",
        }],
    })
}

#[allow(
    clippy::disallowed_methods,
    reason = "the rule is about the core; this is a program of its own"
)]
fn tool() -> PathBuf {
    let named = std::env::var_os("TENANTGATE").filter(|path| !path.is_empty());
    named.map_or_else(|| PathBuf::from("target/release/tenantgate"), PathBuf::from)
}

/// Whose keys they are.
pub const KEY_USER: &str = "user-of-acme";
/// How many a small store has.
pub const FEW_KEYS: usize = 10;
/// How many a large store has: as many as a filter takes.
pub const MANY_KEYS: usize = 100_000;
/// Where the tool serves keys.
pub const STORE_PATH: &str = "/keys";

const MADE_AT: &str = "2026-06-15T15:06:40Z";
