//! Everything that is measured with: identity provider, upstream, tokens, and Envoy.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bootstrap::{self, ANY_PORT, Parts};
use crate::development::caller::Caller;
use crate::development::envoy::{Envoy, Launch};
use crate::development::fault::json_response;
use crate::development::http_server::{Answer, HttpServer, Request};
use crate::development::identity_provider::IdentityProvider;
use crate::development::incoming::first;
use crate::development::scratch::Scratch;
use crate::development::signing_key::random_hex;
use crate::development::token_endpoint::Client;
use crate::development::upstream;
use crate::error::BenchError;
use crate::floor;
use crate::keys::{self, FEW_KEYS, KEY_USER, KeyStore, MANY_KEYS};
use crate::load::{self, Aim, Credential, Load};
use crate::meter;
use crate::modules::Modules;
use crate::row::{Listener, Outcome, REPORTS, Row, Token};
use crate::selection::Selection;
use crate::signers::Signers;
use crate::tenantgate::{CLIENT_ID, CLIENT_SECRET};
use crate::tokens::{BEARER, Tokens, WINDOW};
use crate::weight;

/// The servers around Envoy. Their CPU time is not counted: they run in the benchmark's own process.
pub struct Servers {
    identity_provider: IdentityProvider,
    upstream: HttpServer,
    client: Client,
    few_keys: KeyStore,
    many_keys: KeyStore,
    scratch: Scratch,
    signers: Signers,
    modules: Modules,
}

/// What a start of Envoy takes, until it serves.
#[derive(Clone, Copy, Debug)]
pub struct StartTime {
    /// CPU time of all its threads.
    pub cpu: Duration,
    /// Time that passes.
    pub elapsed: Duration,
}

impl StartTime {
    /// More than any start takes.
    pub const MAX: Self = Self { cpu: Duration::MAX, elapsed: Duration::MAX };

    /// The less of each.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self { cpu: self.cpu.min(other.cpu), elapsed: self.elapsed.min(other.elapsed) }
    }

    /// What this takes more than `other`.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(other.cpu),
            elapsed: self.elapsed.saturating_sub(other.elapsed),
        }
    }
}

/// A running benchmark.
pub struct Stage<'a> {
    envoy: Envoy,
    tokens: &'a Tokens,
    /// How often each listener was given tokens of a kind, so that first-seen ones go on where they ended there.
    turns: RefCell<BTreeMap<(&'static str, Token), usize>>,
    servers: &'a Servers,
}

impl Servers {
    /// Starts them on ports that the system chooses.
    ///
    /// # Errors
    /// [`BenchError`] if one of them cannot start, or the module is missing.
    pub fn start() -> Result<Self, BenchError> {
        let client = Client {
            tenant: "acme".to_owned(),
            id: "acme-service".to_owned(),
            secret: random_hex(),
        };
        let scratch = Scratch::new().map_err(BenchError::Files)?;
        let modules = Modules::find(scratch.path())?;
        Ok(Self {
            identity_provider: IdentityProvider::start(ANY_PORT, vec![client.clone()])
                .map_err(BenchError::IdentityProvider)?,
            upstream: HttpServer::start(ANY_PORT, receive).map_err(BenchError::Listen)?,
            client,
            few_keys: KeyStore::start(scratch.path(), FEW_KEYS)?,
            many_keys: KeyStore::start(scratch.path(), MANY_KEYS)?,
            scratch,
            signers: Signers::new()?,
            modules,
        })
    }

    /// The module's size in bytes.
    ///
    /// # Errors
    /// [`BenchError::Files`].
    pub fn module_size(&self) -> Result<u64, BenchError> {
        self.modules.size()
    }

    /// What Envoy takes to start with these listeners.
    ///
    /// # Errors
    /// [`BenchError`] if it does not start.
    #[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    pub fn start_time(&self, listeners: &[Listener]) -> Result<StartTime, BenchError> {
        let start = Instant::now();
        let envoy = self.envoy(listeners, 1)?;
        let elapsed = start.elapsed();
        Ok(StartTime { cpu: cpu_time(&envoy)?, elapsed })
    }

    /// The one that callers' and technical tokens come from.
    pub const fn identity_provider(&self) -> &IdentityProvider {
        &self.identity_provider
    }

    /// The tokens and keys of these kinds.
    pub fn tokens(&self, kinds: &BTreeSet<Token>) -> Tokens {
        Tokens::sign(&self.identity_provider, &self.signers, kinds)
    }

    /// The bytes of a record in the file of the large store.
    pub fn key_record_bytes(&self) -> u64 {
        self.many_keys.file_bytes() / u64::try_from(MANY_KEYS).unwrap_or(u64::MAX)
    }

    /// Starts Envoy with these listeners.
    ///
    /// # Errors
    /// [`BenchError`] if it does not start.
    pub fn envoy(&self, listeners: &[Listener], workers: u32) -> Result<Envoy, BenchError> {
        let technical_token = self.identity_provider.sign(&Caller::of_tenant("acme"));
        let document = bootstrap::document(&Parts {
            modules: &self.modules,
            listeners,
            key_set: json!({"keys": [self.identity_provider.signing_key().jwk()]}).to_string(),
            signers: &self.signers,
            technical_token: &technical_token,
            identity_provider: self.identity_provider.address(),
            upstream: self.upstream.address(),
            key_stores: [self.few_keys.address(), self.many_keys.address()],
        });
        let config = self.scratch.path().join("envoy.json");
        fs::write(&config, document.to_string()).map_err(BenchError::Files)?;
        let environment = [
            (CLIENT_ID.to_owned(), self.client.id.clone()),
            (CLIENT_SECRET.to_owned(), self.client.secret.clone()),
        ];
        Ok(Envoy::start(&Launch {
            binary: &PathBuf::from(variable("ENVOY").unwrap_or_else(|| "envoy".to_owned())),
            config: &config,
            directory: self.scratch.path(),
            workers,
            environment: &environment,
        })?)
    }
}

impl<'a> Stage<'a> {
    /// Starts Envoy with the listeners of these rows.
    ///
    /// # Errors
    /// [`BenchError`] if Envoy does not start.
    pub fn start(
        servers: &'a Servers,
        tokens: &'a Tokens,
        selection: &Selection,
    ) -> Result<Self, BenchError> {
        let listeners = selection.listeners();
        let envoy = servers.envoy(&listeners, 1)?;
        for listener in [Listener::TenantgateFewKeys, Listener::TenantgateManyKeys] {
            if listeners.contains(&listener) {
                weight::wait_for_keys(&envoy, listener)?;
            }
        }
        Ok(Self { envoy, tokens, turns: RefCell::default(), servers })
    }

    /// Asserts that a request of this row is treated as the row says.
    ///
    /// # Errors
    /// [`BenchError::NotAsNamed`] if it is not.
    pub fn check(&self, row: &Row) -> Result<(), BenchError> {
        let address = self.envoy.listener(row.listener.name())?;
        let credential = self.tokens.window(row.token, 0).next().unwrap_or(NOTHING);
        let answer = load::ask(address, row.target, credential)?;
        let shown = answer.json();
        let seen = |name: &str| upstream::seen(&shown, name);
        let caller_token = [format!("Bearer {}", credential.value)];
        let authorization = seen("authorization");
        let is_technical = authorization.len() == 1 && authorization != caller_token;
        let key = seen("appkey");
        let identity = ["x-tenant", "x-user", "x-client", "x-key"].map(|name| seen(name).join(","));
        let names_caller = identity == ["acme", "user-of-acme", "portal-acme", ""];
        let names_key = identity == ["acme", KEY_USER, "", &keys::name(0)];
        let is_as_named = answer.status == row.outcome.status()
            && match row.outcome {
                Outcome::Forwarded => authorization == caller_token,
                Outcome::ForwardedWithIdentity => authorization == caller_token && names_caller,
                Outcome::KeyForwarded => key == [credential.value],
                Outcome::KeyRemoved => key.is_empty() && authorization.is_empty() && names_key,
                Outcome::KeyRefused | Outcome::Refused | Outcome::SubtenantRefused => true,
                Outcome::TechnicalToken => is_technical && names_caller,
            };
        if !is_as_named {
            let got = format!("status {}, identity {identity:?}", answer.status);
            return Err(BenchError::NotAsNamed { row: row.name, got });
        }
        if row.outcome == Outcome::TechnicalToken {
            self.check_subtenancy(row, address)?;
        }
        if row.listener == Listener::FloorOneHeader {
            floor::check(row, address)?;
        }
        Ok(())
    }

    /// The CPU time of Envoy for each of the next [`WINDOW`] requests of this row.
    ///
    /// # Errors
    /// [`BenchError`] if a request is not answered as the row says.
    pub fn measure(&self, row: &'static Row) -> Result<Duration, BenchError> {
        let turn = self.next_turn(row);
        // The last token of the turn before: it must not be one that is to be seen first in this turn.
        let opener = self.tokens.window(row.token, turn.wrapping_sub(1)).last();
        let aim = Aim::at(&self.envoy, row)?;
        let mut load = Load::open(aim, CONNECTIONS, opener.unwrap_or(NOTHING))?;
        let before = cpu_time(&self.envoy)?;
        load.send(self.tokens.window(row.token, turn))?;
        let used = cpu_time(&self.envoy)?.saturating_sub(before);
        Ok(used / u32::try_from(WINDOW).unwrap_or(u32::MAX))
    }

    /// The version as Envoy states it.
    ///
    /// # Errors
    /// [`BenchError::Envoy`] if it does not answer.
    pub fn envoy_version(&self) -> Result<String, BenchError> {
        let info = self.envoy.admin("GET", "/server_info")?.json();
        Ok(info.get("version").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    fn next_turn(&self, row: &Row) -> usize {
        let mut turns = self.turns.borrow_mut();
        let turn = turns.entry((row.listener.name(), row.token)).or_default();
        *turn = turn.wrapping_add(1);
        *turn
    }

    /// Asserts that who does the whole job also keeps subtenants off the route.
    fn check_subtenancy(&self, row: &Row, address: SocketAddr) -> Result<(), BenchError> {
        let subtenant = Caller::of_tenant("acme").in_subtenant("north");
        let token = self.servers.identity_provider.sign(&subtenant);
        let credential = Credential { field: BEARER, value: &token };
        match load::ask(address, REPORTS, credential)?.status {
            403 => Ok(()),
            status => {
                let got = format!("status {status} for a subtenant");
                Err(BenchError::NotAsNamed { row: row.name, got })
            }
        }
    }
}

/// What Envoy has used so far.
///
/// # Errors
/// [`BenchError::ProcessGone`].
pub fn cpu_time(envoy: &Envoy) -> Result<Duration, BenchError> {
    meter::cpu_time(envoy.process()).map_err(BenchError::ProcessGone)
}

/// The upstream: a short answer, or what it received if it is asked to show that.
fn receive(request: &Request) -> Answer {
    let body = match first(&request.fields, "x-show") {
        Some(_) => upstream::echo(request).to_string().into_bytes(),
        None => b"{}".to_vec(),
    };
    Answer::Whole(json_response(200, body))
}

#[allow(
    clippy::disallowed_methods,
    reason = "the rule is about the core; this is a program of its own"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How many connections send the requests of a turn.
const CONNECTIONS: usize = 8;

/// A credential that nobody takes.
const NOTHING: Credential<'_> = Credential { field: BEARER, value: "" };
