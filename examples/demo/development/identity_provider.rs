//! An identity provider in MindSphere's shapes: real keys, real tokens, and faults on demand.

mod demo_tokens;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use super::fault::{Fault, json_response};
use super::http_server::{Answer, HttpServer, Request};
use super::incoming::first;
use super::signing_key::{KeyError, SigningKey};
use super::token_endpoint::{Client, Grant};

/// A running identity provider and the handle by which a test steers it.
///
/// It serves every tenant: the `host` of a request names the tenant, as MindSphere's piam hosts do.
pub struct IdentityProvider {
    server: Mutex<HttpServer>,
    state: Arc<Mutex<State>>,
}

impl IdentityProvider {
    /// Makes its keys and listens; port 0 lets the system choose one.
    ///
    /// # Errors
    /// [`StartError`] if a key cannot be made or the port is taken.
    pub fn start(address: SocketAddr, clients: Vec<Client>) -> Result<Self, StartError> {
        let key = Arc::new(SigningKey::rsa("key-id-1").map_err(StartError::Key)?);
        let state = Arc::new(Mutex::new(State {
            published: vec![Arc::clone(&key)],
            signing: key,
            forger: None,
            partner: Arc::new(SigningKey::p256("partner-1")),
            clients,
            keys: Endpoint::default(),
            partner_keys: Endpoint::default(),
            tokens: Endpoint::default(),
            lifetime: TECHNICAL_TOKEN_LIFETIME,
            calls: BTreeMap::new(),
        }));
        let shared = Arc::clone(&state);
        let server = HttpServer::start(address, move |request| answer(&shared, request))
            .map_err(|error| StartError::Listen { address, error })?;
        Ok(Self { server: Mutex::new(server), state })
    }

    pub fn address(&self) -> SocketAddr {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).address()
    }

    /// Refuses connections until [`Self::resume`].
    pub fn stop(&self) {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).stop();
    }

    /// Listens again, on the same port and with the same keys.
    ///
    /// # Errors
    /// The socket's own.
    pub fn resume(&self) -> io::Result<()> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).resume()
    }

    /// Signs a caller's token with the current key.
    pub fn sign(&self, caller: &Caller) -> String {
        self.signing_key().sign(&caller.claims())
    }

    /// Signs a token of the second issuer.
    pub fn sign_as_partner(&self, caller: &Caller) -> String {
        let key = Arc::clone(&lock(&self.state).partner);
        key.sign(&caller.claims())
    }

    pub fn signing_key(&self) -> Arc<SigningKey> {
        Arc::clone(&lock(&self.state).signing)
    }

    /// Signs with a new key from now on.
    ///
    /// # Errors
    /// [`KeyError`] if no key can be made.
    pub fn rotate_key(&self, kid: &str, old: OldKey) -> Result<(), KeyError> {
        let key = Arc::new(SigningKey::rsa(kid)?);
        let mut state = lock(&self.state);
        if old == OldKey::Withdrawn {
            state.published.clear();
        }
        state.published.push(Arc::clone(&key));
        state.signing = key;
        Ok(())
    }

    pub fn set_keys_fault(&self, fault: Fault) {
        lock(&self.state).keys.fault = fault;
    }

    pub fn set_keys_delay(&self, delay: Duration) {
        lock(&self.state).keys.delay = delay;
    }

    /// The same for the keys of the second issuer.
    pub fn set_partner_keys_fault(&self, fault: Fault) {
        lock(&self.state).partner_keys.fault = fault;
    }

    pub fn set_token_fault(&self, fault: Fault) {
        lock(&self.state).tokens.fault = fault;
    }

    pub fn set_token_delay(&self, delay: Duration) {
        lock(&self.state).tokens.delay = delay;
    }

    /// Signs technical tokens with a key that is not its own from now on, or with its own again.
    pub fn forge_tokens(&self, key: Option<SigningKey>) {
        lock(&self.state).forger = key.map(Arc::new);
    }

    /// How long technical tokens live from now on, in seconds.
    pub fn set_lifetime(&self, seconds: u64) {
        lock(&self.state).lifetime = seconds;
    }

    /// Knows every client by another secret from now on.
    pub fn replace_secret(&self, secret: &str) {
        lock(&self.state)
            .clients
            .iter_mut()
            .for_each(|client| secret.clone_into(&mut client.secret));
    }

    /// How often an endpoint was called: `keys`, `partner_keys`, `metadata`, `token`, `token/<subtenant>`, `generic`.
    pub fn calls(&self, endpoint: &str) -> usize {
        lock(&self.state).calls.get(endpoint).copied().unwrap_or(0)
    }
}

/// What happens to the key that signed until now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OldKey {
    Published,
    Withdrawn,
}

/// The provider did not start.
#[derive(Debug)]
pub enum StartError {
    Key(KeyError),
    Listen { address: SocketAddr, error: io::Error },
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => error.fmt(formatter),
            Self::Listen { address, error } => {
                write!(formatter, "the identity provider cannot listen on {address}: {error}")
            }
        }
    }
}

struct State {
    signing: Arc<SigningKey>,
    /// Signs technical tokens instead.
    forger: Option<Arc<SigningKey>>,
    published: Vec<Arc<SigningKey>>,
    partner: Arc<SigningKey>,
    clients: Vec<Client>,
    keys: Endpoint,
    partner_keys: Endpoint,
    tokens: Endpoint,
    lifetime: u64,
    calls: BTreeMap<String, usize>,
}

impl State {
    fn count(&mut self, endpoint: String) {
        let calls = self.calls.entry(endpoint).or_default();
        *calls = calls.saturating_add(1);
    }
}

#[derive(Clone, Default)]
struct Endpoint {
    fault: Fault,
    delay: Duration,
}

impl Endpoint {
    fn keys_answer(&self, keys: &[Value]) -> Answer {
        thread::sleep(self.delay);
        self.fault.answer().unwrap_or_else(|| json_answer(200, &json!({"keys": keys})))
    }
}

fn answer(state: &Mutex<State>, request: &Request) -> Answer {
    match (request.method.as_str(), request.target.as_str()) {
        ("GET", "/token_keys") => keys(state),
        ("GET", "/partner/token_keys") => partner_keys(state),
        ("GET", "/.well-known/openid-configuration") => metadata(state, request),
        ("POST", "/oauth/token") => token(state, request),
        ("POST", "/generic/token") => opaque_token(state, request),
        ("GET", "/demo/tokens") => json_answer(200, &demo_tokens::live(&lock(state))),
        ("GET", "/demo/calls") => json_answer(200, &json!(lock(state).calls)),
        ("GET", "/demo/health") => json_answer(200, &json!({"status": "up"})),
        _ => json_answer(404, &json!({"error": "not_found"})),
    }
}

fn keys(state: &Mutex<State>) -> Answer {
    let (behaviour, keys) = {
        let mut state = lock(state);
        state.count("keys".to_owned());
        // A key that verifies nothing stands first, as this family of servers may list one.
        let symmetric = json!({"kty": "MAC", "alg": "HS256", "use": "sig", "kid": "symmetric"});
        let keys = std::iter::once(symmetric).chain(state.published.iter().map(|key| key.jwk()));
        (state.keys.clone(), keys.collect::<Vec<_>>())
    };
    behaviour.keys_answer(&keys)
}

fn partner_keys(state: &Mutex<State>) -> Answer {
    let (behaviour, key) = {
        let mut state = lock(state);
        state.count("partner_keys".to_owned());
        (state.partner_keys.clone(), state.partner.jwk())
    };
    behaviour.keys_answer(&[key])
}

/// What the issuer of the called host says of itself (OpenID Connect Discovery §4). Its keys lie on
/// another host.
fn metadata(state: &Mutex<State>, request: &Request) -> Answer {
    lock(state).count("metadata".to_owned());
    let host = String::from_utf8_lossy(first(&request.fields, "host").unwrap_or_default());
    let issuer = format!("https://{host}");
    json_answer(
        200,
        &json!({"issuer": issuer, "jwks_uri": "https://keys.partner.example/partner/token_keys"}),
    )
}

fn token(state: &Mutex<State>, request: &Request) -> Answer {
    let (behaviour, clients, key, lifetime) = {
        let state = lock(state);
        let key = Arc::clone(state.forger.as_ref().unwrap_or(&state.signing));
        (state.tokens.clone(), state.clients.clone(), key, state.lifetime)
    };
    let grant = Grant::read(request, &clients);
    {
        let mut state = lock(state);
        state.count("token".to_owned());
        if let Some(subtenant) = grant.as_ref().ok().and_then(Grant::subtenant) {
            state.count(format!("token/{subtenant}"));
        }
    }
    thread::sleep(behaviour.delay);
    if let Some(answer) = behaviour.fault.answer() {
        return answer;
    }
    Answer::Whole(match (grant, tenant_of(request)) {
        (Ok(grant), Some(tenant)) => grant.answer(&tenant, &key, lifetime, &behaviour.fault),
        (Ok(_), None) => json_response(404, b"{\"error\":\"unknown_zone\"}".to_vec()),
        (Err(refusal), _) => refusal,
    })
}

fn opaque_token(state: &Mutex<State>, request: &Request) -> Answer {
    let (behaviour, clients, lifetime) = {
        let mut state = lock(state);
        state.count("generic".to_owned());
        (state.tokens.clone(), state.clients.clone(), state.lifetime)
    };
    thread::sleep(behaviour.delay);
    behaviour.fault.answer().unwrap_or_else(|| {
        Answer::Whole(match Grant::read(request, &clients) {
            Ok(grant) => grant.opaque_answer(lifetime),
            Err(refusal) => refusal,
        })
    })
}

/// The tenant in `{tenant}.piam.{region}.{domain}`.
fn tenant_of(request: &Request) -> Option<String> {
    let host = std::str::from_utf8(first(&request.fields, "host")?).ok()?;
    let (tenant, rest) = host.split_once('.')?;
    rest.starts_with("piam.").then(|| tenant.to_owned())
}

fn json_answer(status: u16, body: &Value) -> Answer {
    Answer::Whole(json_response(status, body.to_string().into_bytes()))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// MindSphere's technical tokens live half an hour.
const TECHNICAL_TOKEN_LIFETIME: u64 = 1800;
