//! Alibaba Cloud IDaaS as its clients meet it, with the servers around it: every proof of who asks is
//! verified, and what was verified is recorded.
//!
//! ```text
//! let idaas = IdaasProvider::start(address)?;
//! let joined = idaas.client(Method::Pca)?.join(idaas.address());
//! // `joined.credential` goes into the filter's configuration, `joined.environment` and
//! // `joined.clusters` to Envoy; `idaas.grant(token)` then tells how the upstream's token was obtained.
//! ```

mod access_keys;
pub mod account;
mod acs3;
pub mod assertion;
pub mod authority;
pub mod captures;
pub mod certificate;
pub mod client;
pub mod control;
mod developer_api;
pub mod endpoint;
mod machine_tokens;
pub mod metadata;
pub mod method;
mod once;
mod open_api;
mod other_servers;
mod parameters;
mod public_key;
pub mod record;
pub mod refusal;
mod scope;
pub mod service_account;
mod start_error;
mod state;
mod sts;
#[cfg(test)]
mod tests;
mod timestamp;
mod token_endpoint;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::fault::Fault;
use super::http_server::{Answer, HttpServer, Request, Response};
use authority::{Authority, AuthorityError, Subject};
use captures::{Captures, CapturesError};
use client::Client;
use control::{Clock, Instead};
use endpoint::Endpoint;
use metadata::MetadataMode;
use method::Method;
use record::{Grant, Outcome, Record, Verified};
use refusal::Refusal;
use service_account::ServiceAccount;
use start_error::StartError;
use state::{SECRET, State};

/// The running servers, all behind one socket, and the handle by which a test steers them.
///
/// Keys, names and hosts are those of the recorded requests in `tests/fixtures/idaas/`.
pub struct IdaasProvider {
    server: Mutex<HttpServer>,
    state: Arc<Mutex<State>>,
    captures: &'static Captures,
    authority: Authority,
}

impl IdaasProvider {
    /// Reads the recorded keys and listens; port 0 lets the system choose one.
    ///
    /// # Errors
    /// [`StartError`] if the recorded requests are not there or the port is taken.
    pub fn start(address: SocketAddr) -> Result<Self, StartError> {
        let captures = Captures::shared().map_err(StartError::Captures)?;
        let authority = Authority::new("Second Root").map_err(StartError::Authority)?;
        let state = Arc::new(Mutex::new(State::new(captures, &authority)?));
        let shared = Arc::clone(&state);
        let server = HttpServer::start(address, move |request| answer(&shared, request))
            .map_err(|error| StartError::Listen { address, error })?;
        Ok(Self { server: Mutex::new(server), state, captures, authority })
    }

    pub fn address(&self) -> SocketAddr {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).address()
    }

    /// Refuses connections until [`Self::resume`].
    pub fn stop(&self) {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).stop();
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    /// The socket's own.
    pub fn resume(&self) -> io::Result<()> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).resume()
    }

    /// A client that will be believed: with the RSA key of 2048 bits, its recorded certificate, and, with
    /// [`Method::Plugin`], an access key in variables.
    ///
    /// # Errors
    /// [`CapturesError::Missing`].
    pub fn client(&self, method: Method) -> Result<Client, CapturesError> {
        Ok(client::usual(
            method,
            SECRET,
            &self.captures.key(CERTIFIED_KEY)?.pkcs8,
            self.captures.certificate("leaf_for_keys.rsa2048")?,
            self.captures.certificate("intermediate")?,
        ))
    }

    /// The recorded requests and keys.
    pub fn captures(&self) -> &'static Captures {
        self.captures
    }

    /// A certificate in PEM for a recorded key, by the second authority that the provider trusts, and that
    /// authority's own. It is for `name`, from `valid[0]` to `valid[1]`.
    ///
    /// # Errors
    /// [`AuthorityError`] for a key that was not recorded, and a name or time that is none.
    pub fn certify(
        &self,
        key: &str,
        name: &str,
        valid: [u64; 2],
    ) -> Result<[String; 2], AuthorityError> {
        let key = self.captures.keys.get(key).ok_or(AuthorityError)?;
        let leaf = self.authority.issue(&Subject { name, public_key: &key.public, valid })?;
        Ok([leaf, self.authority.pem()?])
    }

    /// Another secret for the client from now on.
    pub fn set_secret(&self, secret: &str) {
        secret.clone_into(&mut lock(&self.state).account.secret);
    }

    /// Forgets a registered key, by its name in the recorded requests.
    pub fn withdraw_key(&self, name: &str) {
        lock(&self.state).account.keys.remove(name);
    }

    /// The secrets and security tokens of all access keys that were lent.
    pub fn lent_secrets(&self) -> Vec<String> {
        lock(&self.state).access_keys.lent_secrets()
    }

    /// Forgets an access key.
    pub fn withdraw_access_key(&self, id: &str) {
        lock(&self.state).access_keys.remove(id);
    }

    /// Takes this token of somebody else in exchange from now on.
    pub fn accept_subject_token(&self, token: &str) {
        lock(&self.state).account.subject_tokens.push(token.to_owned());
    }

    /// How long new machine tokens live, in seconds.
    pub fn set_lifetime(&self, seconds: u64) {
        lock(&self.state).tokens.lifetime = seconds;
    }

    pub fn set_metadata_mode(&self, mode: MetadataMode) {
        lock(&self.state).metadata.mode = mode;
    }

    /// Knows none of the metadata tokens that it gave out.
    pub fn forget_metadata_tokens(&self) {
        lock(&self.state).metadata.forget_tokens();
    }

    /// The token of the service account, as it stands in the file.
    pub fn service_account_token(&self) -> String {
        lock(&self.state).service_account.token().to_owned()
    }

    /// Renews it.
    pub fn renew_service_account_token(&self) {
        let mut state = lock(&self.state);
        let now = state.control.clock.now();
        state.service_account.renew(now);
    }

    /// Serves this text instead of it.
    pub fn replace_service_account_token(&self, token: &str) {
        lock(&self.state).service_account.replace(token);
    }

    /// Signs other claims by the key of the service account's cluster; they begin as those of a good token.
    pub fn sign_service_account_token(&self, change: impl FnOnce(&mut Value)) -> String {
        let state = lock(&self.state);
        let mut claims = ServiceAccount::claims(state.control.clock.now());
        change(&mut claims);
        state.service_account.sign(&claims)
    }

    pub fn set_clock(&self, clock: Clock) {
        lock(&self.state).control.clock = clock;
    }

    /// Misbehaves from now on, until [`Fault::None`].
    pub fn set_fault(&self, endpoint: Endpoint, fault: Fault) {
        lock(&self.state).control.set_fault(endpoint, fault);
    }

    /// Answers late from now on.
    pub fn set_delay(&self, endpoint: Endpoint, delay: Duration) {
        lock(&self.state).control.set_delay(endpoint, delay);
    }

    /// Misbehaves once.
    pub fn fail_next(&self, endpoint: Endpoint, fault: Fault) {
        lock(&self.state).control.fail_next(endpoint, Instead::Fault(fault));
    }

    /// Gives the right answer late, once.
    pub fn delay_next(&self, endpoint: Endpoint, delay: Duration) {
        lock(&self.state).control.fail_next(endpoint, Instead::Late(delay));
    }

    /// Refuses once, whatever is asked, in the vendor's own form.
    pub fn refuse_next(&self, endpoint: Endpoint, refusal: Refusal) {
        lock(&self.state).control.fail_next(endpoint, Instead::Refusal(refusal));
    }

    /// How often a server was called.
    pub fn calls(&self, endpoint: Endpoint) -> usize {
        lock(&self.state).calls.get(&endpoint).copied().unwrap_or(0)
    }

    /// Every request so far, in order.
    pub fn records(&self) -> Vec<Record> {
        lock(&self.state).records.clone()
    }

    /// Every machine token so far, in order.
    pub fn grants(&self) -> Vec<Grant> {
        lock(&self.state).tokens.grants().to_vec()
    }

    /// How a machine token was obtained; `None` if it is not one of this provider.
    pub fn grant(&self, token: &str) -> Option<Grant> {
        lock(&self.state).tokens.grant(token).cloned()
    }

    /// Every refusal so far, in order, but those that the test asked for.
    pub fn refusals(&self) -> Vec<Refusal> {
        let refused = |record: Record| match record.outcome {
            Outcome::Refused(refusal) => Some(refusal),
            Outcome::Faulty | Outcome::Verified(_) => None,
        };
        self.records().into_iter().filter_map(refused).collect()
    }
}

fn answer(state: &Mutex<State>, request: &Request) -> Answer {
    let Some(endpoint) = Endpoint::of(request) else {
        let refusal = Refusal::Host;
        let answer = refusal.answer(None);
        lock(state).records.push(Record { endpoint: None, outcome: Outcome::Refused(refusal) });
        return Answer::Whole(answer);
    };
    let (delay, instead) = {
        let mut state = lock(state);
        let calls = state.calls.entry(endpoint).or_default();
        *calls = calls.saturating_add(1);
        (state.control.delay(endpoint), state.control.take(endpoint))
    };
    thread::sleep(instead.as_ref().and_then(Instead::delay).unwrap_or(delay));
    let mut state = lock(state);
    let (answer, outcome) = match instead.and_then(|instead| instead.answer(endpoint)) {
        Some(answer) => (answer, Outcome::Faulty),
        None => match serve(&mut state, endpoint, request) {
            Ok((response, verified)) => (Answer::Whole(response), Outcome::Verified(verified)),
            Err(refusal) => {
                (Answer::Whole(refusal.answer(Some(endpoint))), Outcome::Refused(refusal))
            }
        },
    };
    state.records.push(Record { endpoint: Some(endpoint), outcome });
    answer
}

fn serve(
    state: &mut State,
    endpoint: Endpoint,
    request: &Request,
) -> Result<(Response, Verified), Refusal> {
    let now = state.control.clock.now();
    match endpoint {
        Endpoint::CredentialsUri => other_servers::credentials_uri(state, request, now),
        Endpoint::DeveloperApi => developer_api::answer(state, request, now),
        Endpoint::Metadata => Ok(state.metadata.answer(request, &mut state.access_keys, now)?),
        Endpoint::OpenApi => open_api::answer(state, request, now),
        Endpoint::Service => other_servers::service(state, request, now),
        Endpoint::Sts => sts::answer(state, request, now),
        Endpoint::Token => token_endpoint::answer(state, request, now),
        Endpoint::TokenFile => other_servers::token_file(state, request),
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key that the recorded certificate is for.
const CERTIFIED_KEY: &str = "rsa2048";
