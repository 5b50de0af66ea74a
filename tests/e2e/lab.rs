//! Everything one scenario needs, started and stopped with it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bootstrap::{self, Extras, Parts};
use crate::development::caller::Caller;
use crate::development::envoy::{Envoy, EnvoyError, Launch, MODULE, validate};
use crate::development::fault::BODY_MARK;
use crate::development::http_client::{Connection, Received, exchange, request};
use crate::development::identity_provider::IdentityProvider;
use crate::development::scratch::Scratch;
use crate::development::signing_key::random_hex;
use crate::development::token_endpoint::Client;
use crate::development::upstream::Upstream;
use crate::filter;

/// The servers of a scenario, before Envoy starts: faults and configuration can still be set.
pub struct Setup {
    pub idp: IdentityProvider,
    pub upstream: Upstream,
    /// The filter's configuration.
    pub filter: Value,
    /// What is added to Envoy's own configuration.
    pub extras: Extras,
    /// Whether [`Lab::replace_filter`] will be used.
    pub listener_file: bool,
    /// Variables that the filter may read.
    pub environment: Vec<(String, String)>,
    /// How many threads of Envoy serve requests.
    pub workers: u32,
    /// The module, if it is not the one that is shipped.
    pub module: Option<String>,
    /// The last word on Envoy's document; it gets the scenario's directory as well.
    pub edit: Option<Edit>,
    client: Client,
    scratch: Scratch,
}

/// A change of Envoy's document, for a scenario in this directory.
pub type Edit = Box<dyn Fn(&mut Value, &Path)>;

/// A running scenario.
pub struct Lab {
    pub idp: IdentityProvider,
    pub upstream: Upstream,
    pub envoy: Envoy,
    pub gateway: SocketAddr,
    environment: Vec<(String, String)>,
    workers: u32,
    secret: String,
    scratch: Scratch,
}

impl Setup {
    pub fn new() -> Self {
        let client = Client {
            tenant: "acme".to_owned(),
            id: "acme-service".to_owned(),
            secret: random_hex(),
        };
        let second = Client { id: SECOND_CLIENT.to_owned(), ..client.clone() };
        Self {
            idp: IdentityProvider::start(ANY_PORT, vec![client.clone(), second])
                .expect("an identity provider"),
            upstream: Upstream::start(ANY_PORT).expect("an upstream"),
            filter: filter::ingress(),
            extras: Extras::default(),
            listener_file: false,
            environment: environment_of(&client),
            workers: 2,
            module: None,
            edit: None,
            client,
            scratch: Scratch::new().expect("a directory"),
        }
    }

    /// Starts Envoy.
    pub fn start(self) -> Lab {
        let envoy = self.try_start().unwrap_or_else(|error| panic!("{error}"));
        let gateway = eventually("listener", || envoy.listener("ingress").ok());
        Lab {
            idp: self.idp,
            upstream: self.upstream,
            envoy,
            gateway,
            environment: self.environment,
            workers: self.workers,
            secret: self.client.secret,
            scratch: self.scratch,
        }
    }

    /// Starts Envoy, or tells why it gave up.
    pub fn try_start(&self) -> Result<Envoy, EnvoyError> {
        let (binary, config) = self.write();
        Envoy::start(&Launch {
            binary: &binary,
            config: &config,
            directory: self.scratch.path(),
            workers: self.workers,
            environment: &self.environment,
        })
    }

    /// Who may ask for the tokens of the credentials.
    pub fn clients(&self) -> Vec<Client> {
        vec![self.client.clone()]
    }

    /// Asks Envoy whether it would start.
    pub fn validate(&self) -> Result<(), EnvoyError> {
        let (binary, config) = self.write();
        validate(&binary, &config, &self.environment)
    }

    fn write(&self) -> (PathBuf, PathBuf) {
        let parts = self.parts();
        let config = self.scratch.path().join("envoy.json");
        let mut document = bootstrap::document(&parts);
        if let Some(edit) = &self.edit {
            edit(&mut document, self.scratch.path());
        }
        fs::write(&config, document.to_string()).expect("a configuration file");
        if self.listener_file {
            fs::write(
                self.scratch.path().join(bootstrap::LISTENER_FILE),
                bootstrap::listener_file(&parts).to_string(),
            )
            .expect("a listener file");
        }
        (envoy_binary(), config)
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            module: self.module.as_deref().unwrap_or_else(|| module()),
            filter: &self.filter,
            identity_provider: self.idp.address(),
            upstream: self.upstream.address(),
            directory: self.scratch.path(),
            environment: &self.environment,
            extras: &self.extras,
            listener_file: self.listener_file,
        }
    }
}

impl Lab {
    /// The usual scenario.
    pub fn start() -> Self {
        Setup::new().start()
    }

    /// A `GET` as a caller with a token of the identity provider.
    pub fn get(&self, path: &str, caller: &Caller) -> Received {
        self.get_with_token(path, &self.idp.sign(caller))
    }

    pub fn get_with_token(&self, path: &str, token: &str) -> Received {
        self.send(&request("GET", path, &[("authorization", &format!("Bearer {token}"))], ""))
    }

    /// Sends bytes as they are, on a connection of their own.
    pub fn send(&self, bytes: &[u8]) -> Received {
        exchange(self.gateway, bytes).expect("an answer")
    }

    /// The reason that the filter left in filter state for the request with this `x-case`.
    pub fn reason(&self, case: &str) -> String {
        self.decision(case).2
    }

    /// The decision, code and reason that it left there; `-` for none.
    pub fn decision(&self, case: &str) -> (String, String, String) {
        let log = self.scratch.path().join(bootstrap::ACCESS_LOG);
        let start = format!("case={case} ");
        let find = || {
            let text = fs::read(&log)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(&start))?;
            let (_, left) = line.split_once(" reason=")?;
            let (reason, left) = left.split_once(" decision=")?;
            let (decision, code) = left.split_once(" code=")?;
            Some((decision.to_owned(), code.to_owned(), reason.to_owned()))
        };
        eventually("a line in the access log", find)
    }

    /// The lines of the second access log, once there are this many.
    pub fn second_log(&self, count: usize) -> Vec<Value> {
        let log = self.scratch.path().join(bootstrap::SECOND_LOG);
        let read = || {
            let text = fs::read_to_string(&log).ok()?;
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            Some(lines.collect::<Vec<_>>()).filter(|lines| lines.len() >= count)
        };
        eventually("lines in the second access log", read)
    }

    /// The text of a file in the scenario's directory; empty if there is none.
    pub fn file(&self, name: &str) -> String {
        fs::read_to_string(self.scratch.path().join(name)).unwrap_or_default()
    }

    /// Everything that was logged, by Envoy and by the filter.
    pub fn logs(&self) -> String {
        let access = fs::read(self.scratch.path().join(bootstrap::ACCESS_LOG)).unwrap_or_default();
        format!("{}{}", self.envoy.log(), String::from_utf8_lossy(&access))
    }

    /// Asserts that nothing logged so far shows a secret or the body of a faulty answer.
    pub fn assert_nothing_leaked(&self, tokens: &[String]) {
        let logs = self.logs();
        for secret in
            [self.secret.as_str(), BODY_MARK].into_iter().chain(tokens.iter().map(String::as_str))
        {
            assert!(!logs.contains(secret), "a secret or a body is in the log");
        }
    }

    /// Replaces the listener file by one with this configuration, as an update by a control plane would.
    pub fn replace_filter(&self, filter: &Value) {
        let directory = self.scratch.path();
        let parts = Parts {
            module: module(),
            filter,
            identity_provider: self.idp.address(),
            upstream: self.upstream.address(),
            directory,
            environment: &self.environment,
            extras: &Extras::default(),
            listener_file: true,
        };
        let next = directory.join("listeners.next");
        fs::write(&next, bootstrap::listener_file(&parts).to_string()).expect("a listener file");
        // Envoy watches for the rename, so that it never reads half a file.
        fs::rename(next, directory.join(bootstrap::LISTENER_FILE))
            .expect("a listener file in place");
    }

    /// Asserts that all workers still serve and that no VM was ever started anew.
    pub fn assert_unharmed(&self) {
        self.assert_serves(&self.idp.sign(&Caller::of_tenant("acme")));
    }

    /// The same by a token of an issuer that the scenario added.
    pub fn assert_serves(&self, token: &str) {
        let authorization = format!("Bearer {token}");
        // The listener spreads open connections evenly: twice as many reach all workers.
        let mut connections: Vec<_> = (0..2 * self.workers)
            .map(|_| Connection::open(self.gateway).expect("a connection"))
            .collect();
        for connection in &mut connections {
            connection
                .send(&request(
                    "GET",
                    "/api/profile/alive",
                    &[("authorization", &authorization)],
                    "",
                ))
                .expect("a request");
            assert_eq!(
                connection.receive().expect("an answer").status,
                200,
                "{}",
                self.envoy.log()
            );
        }
        let log = self.envoy.log();
        assert!(
            !log.contains("panicked at") && !log.contains("proxy_on_"),
            "the module trapped:\n{log}"
        );
    }
}

/// Waits for something that happens soon, for ten seconds at most.
pub fn eventually<T>(what: &str, attempt: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(10), what, attempt)
}

/// Waits for something that happens, for this long at most.
pub fn within<T>(longest: Duration, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = now();
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(now() - start < longest, "no {what} within {longest:?}");
        thread::sleep(Duration::from_millis(25));
    }
}

#[allow(clippy::disallowed_methods, reason = "a scenario measures how long it really took")]
pub fn now() -> Instant {
    Instant::now()
}

/// The module under test; the scenario fails if it is not there.
pub fn module() -> &'static str {
    static PATH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    PATH.get_or_init(|| {
        let path = variable("WASM").unwrap_or_else(|| {
            Path::new(env!("CARGO_MANIFEST_DIR")).join(MODULE).display().to_string()
        });
        assert!(
            Path::new(&path).is_file(),
            "there is no module at `{path}`: run the end-to-end tests with `make e2e`"
        );
        path
    })
}

/// The Envoy under test; the scenario fails if the variable is not set.
pub fn envoy_binary() -> PathBuf {
    PathBuf::from(
        variable("ENVOY").expect(
            "`ENVOY` does not name an Envoy binary: run the end-to-end tests with `make e2e`",
        ),
    )
}

pub fn environment_of(client: &Client) -> Vec<(String, String)> {
    vec![
        ("MINDSPHERE_CLIENT_ID".to_owned(), client.id.clone()),
        ("MINDSPHERE_CLIENT_SECRET".to_owned(), client.secret.clone()),
    ]
}

#[allow(clippy::disallowed_methods, reason = "the rule is about the core")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Lets the system choose a port.
pub const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
/// Another client of the same tenant, with the same secret.
pub const SECOND_CLIENT: &str = "acme-second";
