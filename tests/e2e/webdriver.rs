//! A Chromium without a window, driven as W3C WebDriver says.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::development::http_client::{Connection, Received, request};
use crate::development::scratch::Scratch;
use crate::lab::{variable, within};

/// A running browser, with a profile of its own; dropping it ends the browser and its driver.
pub struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    /// The number of the browser's process, if the driver tells it.
    process: Option<u64>,
    scratch: Scratch,
}

/// A cookie as the browser keeps it.
pub type Cookie = Value;

impl Browser {
    /// Starts one that takes every certificate, and reaches nothing but this machine.
    pub fn start() -> Self {
        let binary = variable("CHROMEDRIVER").expect(
            "`CHROMEDRIVER` does not name a driver of Chromium: run the end-to-end tests with `make e2e`, which says why there is none",
        );
        let scratch = Scratch::new().expect("a directory");
        let output = scratch.path().join("driver.log");
        let driver = Command::new(&binary)
            .arg("--port=0")
            .env("HOME", scratch.path())
            .stdin(Stdio::null())
            .stdout(File::create(&output).expect("a file"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("`{binary}` cannot be run: {error}"));
        let mut browser = Self {
            driver,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            session: String::new(),
            process: None,
            scratch,
        };
        // The first start reads it all from the disk.
        let port = within(PATIENCE, "driver of Chromium", || {
            let text = fs::read_to_string(&output).ok()?;
            let (_, port) = text.split_once("successfully on port ")?;
            port.split_once('.')?.0.parse().ok()
        });
        browser.address.set_port(port);
        browser.open_session();
        browser
    }

    /// Loads a page, as if its address had been typed.
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({"url": url}));
    }

    /// What the address bar holds.
    pub fn url(&self) -> String {
        self.command("GET", "/url", &Value::Null).as_str().unwrap().to_owned()
    }

    pub fn back(&self) {
        self.command("POST", "/back", &json!({}));
    }

    pub fn forward(&self) {
        self.command("POST", "/forward", &json!({}));
    }

    /// What the body of a function returns in the page, or what a promise that it returns comes to.
    pub fn run(&self, script: &str, arguments: &[&str]) -> Value {
        self.command("POST", "/execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// The cookies that the page's address would get.
    pub fn cookies(&self) -> Vec<Cookie> {
        self.command("GET", "/cookie", &Value::Null).as_array().unwrap().clone()
    }

    fn open_session(&mut self) {
        let profile = self.scratch.path().join("profile");
        let arguments = [
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            // Its sandbox does not work for root, nor in most containers.
            "--no-sandbox".to_owned(),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
                .to_owned(),
            format!("--user-data-dir={}", profile.display()),
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "acceptInsecureCerts": true,
            "timeouts": {"pageLoad": 30_000, "script": 30_000},
            "goog:chromeOptions": {"args": arguments},
        }}});
        let answer = value(self.ask("POST", "/session", &capabilities));
        self.session = answer["sessionId"].as_str().unwrap().to_owned();
        self.process = answer["capabilities"]["goog:processID"].as_u64();
    }

    fn command(&self, method: &str, name: &str, body: &Value) -> Value {
        value(self.ask(method, &format!("/session/{}{name}", self.session), body))
    }

    fn ask(&self, method: &str, target: &str, body: &Value) -> Option<Received> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        // To other names the driver does not answer.
        let host = self.address.to_string();
        let fields = [("host", host.as_str()), ("content-type", "application/json")];
        let mut connection = Connection::open(self.address).ok()?;
        connection.set_patience(PATIENCE).ok()?;
        connection.send(&request(method, target, &fields, &body)).ok()?;
        connection.receive().ok()
    }

    /// Whether the browser's process is there, and is this one.
    fn is_running(&self) -> bool {
        let Some(process) = self.process else { return false };
        let command = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains(&*self.scratch.path().to_string_lossy())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            self.ask("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
        for _ in 0..END_STEPS {
            if !self.is_running() {
                return;
            }
            thread::sleep(END_STEP);
        }
        if let Some(process) = self.process {
            drop(Command::new("kill").args(["-KILL", &process.to_string()]).status());
        }
    }
}

/// The value of an answer of the driver (WebDriver §6.3), which must be a good one.
fn value(answer: Option<Received>) -> Value {
    let answer = answer.expect("an answer of the driver");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["value"].take()
}

/// Longer than any of the driver's own time limits: a browser starts slowly on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const END_STEP: Duration = Duration::from_millis(50);
const END_STEPS: u32 = 100;
