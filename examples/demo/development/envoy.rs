//! Envoy as a child process: started, watched until it serves, ended with its handle.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::http_client::{Received, exchange, request};

/// How to start Envoy.
pub struct Launch<'a> {
    pub binary: &'a Path,
    pub config: &'a Path,
    /// Where its log, its access log on standard output and its admin address go.
    pub directory: &'a Path,
    pub workers: u32,
    /// Variables for this process alone.
    pub environment: &'a [(String, String)],
}

/// A serving Envoy; dropping it ends the process.
pub struct Envoy {
    child: Child,
    admin: SocketAddr,
    log: PathBuf,
}

impl Envoy {
    /// Starts Envoy and waits until it serves.
    ///
    /// # Errors
    /// [`EnvoyError`] if it cannot run, gives up (its log is in the error) or takes longer than a minute.
    pub fn start(launch: &Launch<'_>) -> Result<Self, EnvoyError> {
        let log = launch.directory.join("envoy.log");
        let admin_file = launch.directory.join("admin-address");
        // An address left from an earlier run would be believed.
        drop(fs::remove_file(&admin_file));
        let output = File::create(&log).map_err(EnvoyError::Run)?;
        let child = Command::new(launch.binary)
            .arg("--config-path")
            .arg(launch.config)
            .arg("--admin-address-path")
            .arg(&admin_file)
            .args([
                "--concurrency",
                &launch.workers.to_string(),
                "--file-flush-interval-msec",
                "20",
                "--disable-hot-restart",
            ])
            .args(["--log-level", "warning", "--component-log-level", "wasm:info"])
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(EnvoyError::Run)?)
            .stderr(output)
            .spawn()
            .map_err(EnvoyError::Run)?;
        let mut envoy = Self { child, admin: SocketAddr::from(([127, 0, 0, 1], 0)), log };
        envoy.wait_until_ready(&admin_file)?;
        Ok(envoy)
    }

    /// The address of a listener, whatever port the system gave it.
    ///
    /// # Errors
    /// [`EnvoyError::Admin`] if there is no listener of this name.
    pub fn listener(&self, name: &str) -> Result<SocketAddr, EnvoyError> {
        let listeners = self.admin("GET", "/listeners?format=json")?.json();
        listeners
            .get("listener_statuses")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .find(|listener| listener.get("name").and_then(Value::as_str) == Some(name))
            .and_then(|listener| socket_address(listener.pointer("/local_address/socket_address")?))
            .ok_or(EnvoyError::Admin)
    }

    /// A counter or gauge; zero if Envoy does not have it.
    ///
    /// # Errors
    /// [`EnvoyError::Admin`] if Envoy does not answer.
    pub fn stat(&self, name: &str) -> Result<u64, EnvoyError> {
        let page = self.admin("GET", "/stats")?.text();
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        Ok(value.and_then(|value| value.parse().ok()).unwrap_or(0))
    }

    /// Asks the administration interface.
    ///
    /// # Errors
    /// [`EnvoyError::Admin`] if it does not answer.
    pub fn admin(&self, method: &str, target: &str) -> Result<Received, EnvoyError> {
        exchange(self.admin, &request(method, target, &[("connection", "close")], ""))
            .map_err(|_| EnvoyError::Admin)
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    fn wait_until_ready(&mut self, admin_file: &Path) -> Result<(), EnvoyError> {
        for _ in 0..START_STEPS {
            if self.child.try_wait().map_err(EnvoyError::Run)?.is_some() {
                return Err(EnvoyError::Exited { log: self.log() });
            }
            if let Some(address) =
                fs::read_to_string(admin_file).ok().and_then(|text| text.trim().parse().ok())
            {
                self.admin = address;
                if self.admin("GET", "/ready").is_ok_and(|answer| answer.status == 200) {
                    return Ok(());
                }
            }
            thread::sleep(START_STEP);
        }
        Err(EnvoyError::NotReady { log: self.log() })
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // It may have ended by itself, as it does when Ctrl-C reaches the whole process group.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs `envoy --mode validate`: the module is loaded and configured, nothing listens.
///
/// # Errors
/// [`EnvoyError::Exited`] with what Envoy printed if it refuses the file.
pub fn validate(
    binary: &Path,
    config: &Path,
    environment: &[(String, String)],
) -> Result<(), EnvoyError> {
    let output = Command::new(binary)
        .args(["--mode", "validate", "--disable-hot-restart", "--config-path"])
        .arg(config)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .map_err(EnvoyError::Run)?;
    if output.status.success() {
        return Ok(());
    }
    Err(EnvoyError::Exited { log: String::from_utf8_lossy(&output.stderr).into_owned() })
}

/// Reads one of the files in `envoy/` and points it at the module under test.
///
/// # Errors
/// The file system's own.
pub fn example(file: &Path, module: &Path) -> io::Result<String> {
    Ok(fs::read_to_string(file)?.replace(MODULE, &module.display().to_string()))
}

/// Envoy did not do as asked.
#[derive(Debug)]
pub enum EnvoyError {
    Admin,
    Exited { log: String },
    NotReady { log: String },
    Run(io::Error),
}

impl fmt::Display for EnvoyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin => {
                formatter.write_str("envoy's administration interface does not answer as expected")
            }
            Self::Exited { log } => write!(formatter, "envoy gave up:\n{log}"),
            Self::NotReady { log } => {
                write!(formatter, "envoy did not get ready within a minute:\n{log}")
            }
            Self::Run(error) => {
                write!(formatter, "envoy cannot be run: {error}; `ENVOY` names its binary")
            }
        }
    }
}

fn socket_address(value: &Value) -> Option<SocketAddr> {
    let port = value.get("port_value")?.as_u64()?;
    format!("{}:{port}", value.get("address")?.as_str()?).parse().ok()
}

/// Where `make wasm` leaves the module, as the files in `envoy/` name it.
pub const MODULE: &str = "target/tenantgate.wasm";
const START_STEP: Duration = Duration::from_millis(20);
const START_STEPS: u32 = 3000;
