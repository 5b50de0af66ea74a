//! Application keys on one machine: `tenantgate key` makes them and serves them, and an Envoy with
//! `envoy/application-keys.yaml` takes them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::development::envoy::Envoy;
use crate::development::upstream::Upstream;
use crate::error::DemoError;
use crate::key_step::{HALL_USER, Key, PUMP_USER};
use crate::say;
use crate::stage::{loopback, serving, variable};

/// The keys, and what runs for them; dropping it stops all of it, Envoy first.
pub struct KeyStage {
    gateway: SocketAddr,
    pump: String,
    hall: String,
    stranger: String,
    _envoy: Envoy,
    _served: Served,
    _upstream: Upstream,
}

impl KeyStage {
    /// Makes the keys anew, says by which commands, and starts everything on the ports that the file names.
    ///
    /// # Errors
    /// [`DemoError`] if the command-line tool is missing or fails, a port is taken, or Envoy gives up.
    pub fn start(module: &Path) -> Result<Self, DemoError> {
        let directory = Path::new(DIRECTORY);
        if directory.exists() {
            fs::remove_dir_all(directory).map_err(DemoError::Files)?;
        }
        fs::create_dir_all(directory).map_err(DemoError::Files)?;
        let pump =
            made(Key::Pump, STORE, &format!("--user {PUMP_USER} --ip 127.0.0.1 --allow-query"))?;
        let hall = made(
            Key::Hall,
            STORE,
            &format!("--user {HALL_USER} --ip 127.0.0.1 --subtenant north"),
        )?;
        let stranger = made(Key::Stranger, ELSEWHERE, "--user edge-stranger --ip 127.0.0.1")?;
        let served = Served::start()?;
        let upstream = Upstream::start(UPSTREAM)
            .map_err(|error| DemoError::Listen { listen: UPSTREAM, error })?;
        let envoy = serving("application-keys", DIRECTORY, module, &[], |text| {
            text.replace("# allow_query: true", "allow_query: true")
        })?;
        let gateway = envoy.listener("ingress").map_err(DemoError::Envoy)?;
        Ok(Self {
            gateway,
            pump,
            hall,
            stranger,
            _envoy: envoy,
            _served: served,
            _upstream: upstream,
        })
    }

    /// Where requests with keys are sent.
    pub fn gateway(&self) -> SocketAddr {
        self.gateway
    }

    /// A key as it is presented.
    pub fn key(&self, key: Key) -> &str {
        match key {
            Key::Pump => &self.pump,
            Key::Hall => &self.hall,
            Key::Stranger => &self.stranger,
        }
    }
}

/// The arguments by which a key is disabled.
pub fn disabling(key: Key) -> String {
    format!("disable {} --store {STORE}", key.name())
}

/// Runs `tenantgate key` with these arguments, and returns what it printed.
///
/// # Errors
/// [`DemoError::Tool`] with what it said if it fails.
pub fn manage(arguments: &str) -> Result<String, DemoError> {
    let output = tool().args(arguments.split(' ')).output();
    let output = output.map_err(|error| DemoError::Tool { said: error.to_string() })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(DemoError::Tool { said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn made(key: Key, store: &str, more: &str) -> Result<String, DemoError> {
    let arguments = format!("create {} --store {store} --tenant acme --ttl 1h {more}", key.name());
    say(&format!("made tenantgate key {arguments}"))?;
    manage(&arguments)
}

fn tool() -> Command {
    let mut command = Command::new(variable("TENANTGATE").unwrap_or_else(|| TOOL.to_owned()));
    command.arg("key").stdin(Stdio::null());
    command
}

/// `tenantgate key serve` as a process, which ends with this.
struct Served(Child);

impl Served {
    /// Starts it and waits until it listens.
    fn start() -> Result<Self, DemoError> {
        let log = fs::File::create(format!("{DIRECTORY}/serve.log")).map_err(DemoError::Files)?;
        let child = tool()
            .args(["serve", STORE, "--listen", &loopback(18042).to_string()])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn();
        let mut served = Self(child.map_err(|error| DemoError::Tool { said: error.to_string() })?);
        let mut line = String::new();
        if let Some(output) = served.0.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(DemoError::Files)?;
        }
        if line.is_empty() {
            let said = fs::read_to_string(format!("{DIRECTORY}/serve.log")).unwrap_or_default();
            return Err(DemoError::Tool { said });
        }
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself, as it does when Ctrl-C reaches the whole process group.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

const DIRECTORY: &str = "target/demo/keys";
const STORE: &str = "target/demo/keys/keys.json";
/// A store that no gateway asks.
const ELSEWHERE: &str = "target/demo/keys/elsewhere.json";
/// Where a build in the repository's root leaves the command-line tool.
const TOOL: &str = "target/release/tenantgate";
const UPSTREAM: SocketAddr = loopback(18041);
