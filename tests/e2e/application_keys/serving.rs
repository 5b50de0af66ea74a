//! A key file, the command that changes it, and the server that gateways poll.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{edit_document, setup};
use crate::bootstrap::cluster;
use crate::development::http_client::{Connection, Received, exchange as exchange_at, request};
use crate::development::scratch::Scratch;
use crate::lab::{Lab, Setup, now};

/// A key file of its own.
pub struct KeyFile {
    scratch: Scratch,
}

impl KeyFile {
    /// A file without keys.
    pub fn new() -> Self {
        let file = Self { scratch: Scratch::new().expect("a directory") };
        file.write(&json!({"version": 1, "serial": 1, "keys": []}));
        file
    }

    pub fn path(&self) -> PathBuf {
        self.scratch.path().join("keys.json")
    }

    pub fn write(&self, document: &Value) {
        std::fs::write(self.path(), document.to_string()).expect("a key file");
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.path()).expect("a key file")
    }

    /// Runs `tenantgate key` with these arguments; what it printed. It must succeed.
    pub fn key(&self, arguments: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_tenantgate"))
            .arg("key")
            .args(arguments.split(' '))
            .arg("--store")
            .arg(self.path())
            .output()
            .expect("the tool");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// `tenantgate key serve` as a process, which ends with this.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
}

impl Served {
    pub fn start(file: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantgate"))
            .args(["key", "serve"])
            .arg(file)
            .args(["--listen", "127.0.0.1:0", "--token-env", TOKEN])
            .args(["--usage-token-env", USAGE_TOKEN])
            .env(TOKEN, TOKEN_VALUE)
            .env(USAGE_TOKEN, USAGE_TOKEN_VALUE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.and_then(|rest| rest.strip_suffix("/keys")).expect("an address");
        let address = address.parse().expect("an address");
        Self { child, address }
    }

    /// What it answers to whoever may read.
    pub fn read(&self) -> String {
        let authorization = format!("Bearer {TOKEN_VALUE}");
        let asked = request("GET", "/keys", &[("authorization", &authorization)], "");
        exchange_at(self.address, &asked).expect("an answer").text()
    }

    /// Ends it, and tells what it logged.
    pub fn end(mut self) -> String {
        drop(self.child.kill());
        let mut log = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            drop(errors.read_to_string(&mut log));
        }
        log
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A gateway that polls the store at this address every two seconds.
pub fn polling(store: SocketAddr, more: &Value) -> Setup {
    let mut setup = setup(&[], &json!({}));
    let keys = &mut setup.filter["application_keys"];
    keys.as_object_mut().unwrap().remove("inline");
    keys["store"] = json!({
        "cluster": "key-store", "uri": "http://keys.example/keys", "refresh": "2s", "timeout": "1s",
        "allow_plaintext": true, "authorization_env": "KEY_STORE_AUTHORIZATION",
    });
    super::extend(&mut keys["store"], more);
    let authorization = format!("Bearer {TOKEN_VALUE}");
    setup.environment.push(("KEY_STORE_AUTHORIZATION".to_owned(), authorization));
    edit_document(&mut setup, move |document, _| {
        let clusters = document["static_resources"]["clusters"].as_array_mut().unwrap();
        clusters.push(cluster("key-store", store));
    });
    setup
}

/// A connection to each worker of the gateway. The module must be the one for tests, which tells its VM.
pub struct Workers {
    connections: Vec<Connection>,
}

impl Workers {
    pub fn of(lab: &Lab, count: usize) -> Self {
        let (mut seen, mut connections) = (Vec::new(), Vec::new());
        // The listener spreads open connections evenly.
        let mut spare = Vec::new();
        for _ in 0..4 * count {
            let mut connection = Connection::open(lab.gateway).unwrap();
            let vm = exchange(&mut connection, "/", &[("x-fragile", "who")]).text();
            if seen.contains(&vm) {
                spare.push(connection);
            } else {
                seen.push(vm);
                connections.push(connection);
            }
        }
        assert_eq!(connections.len(), count, "a connection to each worker");
        Self { connections }
    }

    /// What each worker answers to a request with this key.
    pub fn ask(&mut self, key: &str) -> Vec<(u16, String)> {
        self.connections.iter_mut().map(|connection| status(connection, key)).collect()
    }

    /// Asserts that each worker answers so now.
    pub fn assert_all(&mut self, key: &str, status: u16, code: &str) {
        assert_eq!(self.ask(key), vec![(status, code.to_owned()); self.connections.len()]);
    }

    /// How long after `since` each worker answers so, asked all the time for 20 seconds at most.
    pub fn until(&mut self, since: Instant, key: &str, expected: (u16, &str)) -> Vec<Duration> {
        let mut after = vec![None; self.connections.len()];
        while after.contains(&None) {
            assert!(now() - since < Duration::from_secs(20), "not on all workers: {after:?}");
            for (connection, after) in self.connections.iter_mut().zip(&mut after) {
                let (status, code) = status(connection, key);
                let is_so = (status, code.as_str()) == expected;
                assert!(is_so || after.is_none(), "a worker went back: {status} {code}");
                if is_so && after.is_none() {
                    *after = Some(now() - since);
                }
            }
            thread::sleep(Duration::from_millis(5));
        }
        after.into_iter().flatten().collect()
    }
}

fn status(connection: &mut Connection, key: &str) -> (u16, String) {
    let answer = exchange(connection, "/things/1", &[("appkey", key)]);
    (answer.status, answer.code())
}

fn exchange(connection: &mut Connection, path: &str, fields: &[(&str, &str)]) -> Received {
    connection.send(&request("GET", path, fields, "")).unwrap();
    connection.receive().unwrap()
}

const TOKEN: &str = "E2E_KEY_STORE_TOKEN";
const TOKEN_VALUE: &str = "a-token-for-readers-of-keys";
const USAGE_TOKEN: &str = "E2E_KEY_USAGE_TOKEN";
pub const USAGE_TOKEN_VALUE: &str = "a-token-for-reports-of-use";
