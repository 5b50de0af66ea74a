//! `tenantgate token`: obtains the token of a credential as the filter would, and tells how it went.
//!
//! The call, the checks of its answer and the check of the signature are the filter's own code
//! ([`technical_token`](crate::technical_token)); only the transport differs: the tool goes to the host
//! of the URI, where the filter goes to the named cluster. Neither secrets nor the token are shown.

mod answer;
mod call;
mod reading;
mod report;
mod request;

use std::fmt;
use std::sync::Arc;

use self::answer::Stage;
use super::explain::Trace;
use super::made_up::Supposed;
use super::render::{is_loopback, of_authority};
use super::source::{self, SourceError};
use super::{Missing, check, embedded};
use crate::config::{self, Config, ConfigErrors, Environment, KeyLocation, KeySource, Quoted};
use crate::crypto::{SoftwareSigner, WideVerifier};
use crate::jwt::{JwkSet, KeyRing, Unverified};
use crate::message::{CallResponse, HttpCall};
use crate::technical_token::{
    CallError, MOST_CALLS, Moment, PreparationError, Source, TechnicalToken,
};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

pub use self::call::{Anchors, AnchorsError, Unanswered, perform};
pub use self::reading::{NotReached, Substitute};
pub use self::report::{json, text};

/// What is to be obtained.
pub struct Inquiry<'a> {
    /// The name of the file.
    pub name: &'a str,
    /// What is in it.
    pub document: &'a [u8],
    /// The environment that the filter would see. The credential's own variables must be set.
    pub environment: Environment<'a>,
    /// The name of the credential.
    pub credential: &'a str,
    /// For which subtenant, if for one.
    pub subtenant: Option<&'a str>,
    /// Whether a secret may go over the network in the clear, where the endpoint is plain `http`.
    pub allow_plaintext: bool,
    /// Files in place of what only the proxy reaches.
    pub files: &'a [Substitute],
    /// The time of the first call.
    pub now: Timestamp,
    /// 16 bytes that nobody can guess, new ones each time.
    pub random: &'a dyn Fn() -> [u8; 16],
    /// Performs a call.
    pub perform: &'a dyn Fn(&HttpCall) -> Result<CallResponse, Unanswered>,
}

impl Inquiry<'_> {
    fn moment(&self) -> Moment<'_> {
        Moment { now: self.now, random: Some((self.random)()), signer: &SoftwareSigner }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Obtained {
    /// How it came about.
    pub trace: Trace,
    /// The claims of the token, if it is a JWT that could be read.
    pub claims: Option<serde_json::Value>,
    /// Until when the filter would use it; `None` if it would not.
    pub usable_until: Option<Timestamp>,
}

/// Why nothing was asked for.
#[derive(Debug)]
pub enum TokenError {
    /// The configuration has errors.
    Configuration(ConfigErrors),
    /// The file holds no configuration.
    ConfigurationMissing(Missing),
    /// The file holds several configurations.
    ConfigurationsSeveral(usize),
    /// No credential has this name; those that there are.
    CredentialUnknown(Quoted, Vec<Quoted>),
    /// The credential has no tokens but those that it exchanges for callers'.
    Exchanged,
    /// The credential's token, or its key, is stated.
    NotFetched,
    /// Something that the credential reads is neither given nor asked for from here.
    NotReached(Box<NotReached>),
    /// The secret would go over the network in the clear.
    Plaintext,
    /// The file cannot be read.
    Source(SourceError),
    /// It is no id of a subtenant.
    SubtenantInvalid,
    /// There is no call for such a token.
    Uncallable(CallError),
    /// Variables of the credential are not set here; the errors in words.
    VariablesUnset(Vec<String>),
}

/// Obtains a token.
///
/// # Errors
/// [`TokenError`] when nothing could be asked for. What goes wrong from then on is in the trace.
pub fn obtain(inquiry: &Inquiry<'_>) -> Result<Obtained, TokenError> {
    let config = configuration(inquiry)?;
    let source = credential(&config, inquiry.credential)?;
    let subtenant = inquiry.subtenant.map(SubtenantId::parse).transpose();
    let subtenant = subtenant.map_err(|_| TokenError::SubtenantInvalid)?;
    if source.exchange().is_some() {
        return Err(TokenError::Exchanged);
    }
    if source.stated().is_some() {
        return Err(TokenError::NotFetched);
    }
    let mut obtained = Obtained { trace: Trace::default(), claims: None, usable_until: None };
    if let Some(response) = ask(inquiry, source, subtenant.as_ref(), &mut obtained.trace)? {
        judge(inquiry, &config, source, subtenant.as_ref(), &response, &mut obtained);
    }
    reading::tell_unused(inquiry, &mut obtained.trace);
    Ok(obtained)
}

/// Reads what is read first, then asks for the token; `None` where something went wrong, which is in the
/// trace then.
fn ask(
    inquiry: &Inquiry<'_>,
    source: &Source,
    subtenant: Option<&SubtenantId>,
    trace: &mut Trace,
) -> Result<Option<CallResponse>, TokenError> {
    let mut read = Vec::new();
    while let Some(own) = source.preparation()
        && let Some(call) = own.next(&read, &inquiry.moment())
    {
        let arrived = reading::read(inquiry, &call, trace)?;
        let result = arrived.as_ref().map_err(Unanswered::as_failure);
        match own.read(&read, result, inquiry.now) {
            Ok(reading) if read.len() + 1 < usize::from(MOST_CALLS) => read.push(reading),
            Ok(_) => {
                trace.not_met("reads", "more and more");
                return Ok(None);
            }
            Err(PreparationError { what, fault }) => {
                if let Ok(response) = &arrived {
                    answer::refused(response, trace);
                }
                let mut why = format!("{what}: {}", fault.reason());
                if let Err(unanswered @ Unanswered::Transport(_)) = &arrived {
                    why = format!("{why}: {unanswered}; {}", reading::advice(&call));
                }
                trace.not_met("reads", why);
                return Ok(None);
            }
        }
    }
    let call = source.call(subtenant, &read, &inquiry.moment());
    let call = call.map_err(TokenError::Uncallable)?;
    let answer = if source.is_key() {
        reading::read(inquiry, &call, trace)?
    } else {
        check_transport(inquiry, &call)?;
        request::tell(&call, trace);
        (inquiry.perform)(&call)
    };
    match answer {
        Ok(response) => Ok(Some(response)),
        Err(unanswered) => {
            let mut why = unanswered.to_string();
            if source.is_key() {
                why = format!("{why}; {}", reading::advice(&call));
            }
            trace.not_met("answer", why);
            Ok(None)
        }
    }
}

/// Makes the filter's checks of an answer.
fn judge(
    inquiry: &Inquiry<'_>,
    config: &Config,
    source: &Source,
    subtenant: Option<&SubtenantId>,
    response: &CallResponse,
    obtained: &mut Obtained,
) {
    answer::arrived(response, &mut obtained.trace);
    obtained.claims = answer::claims(response).filter(|_| !source.is_key());
    let stages = Stage::of(source);
    let accepted = source.accept(response, subtenant, inquiry.now);
    let (token, failed) = match &accepted {
        Ok(token) => match prove(inquiry, config, source, token, &mut obtained.trace) {
            Ok(()) => (Some(token), None),
            Err(why) => (None, Some((Stage::Signature, why))),
        },
        Err(error) => (None, Some(answer::failed(error, source.is_key()))),
    };
    answer::tell(&stages, failed.as_ref(), &mut obtained.trace);
    obtained.usable_until = token.map(TechnicalToken::expires_at);
}

/// Whatever its cluster makes of a call, from here a secret would go over the network as it stands.
fn check_transport(inquiry: &Inquiry<'_>, call: &HttpCall) -> Result<(), TokenError> {
    let is_plain = call.endpoint.scheme == "http" && !is_local(call);
    if is_plain && !inquiry.allow_plaintext { Err(TokenError::Plaintext) } else { Ok(()) }
}

fn configuration(inquiry: &Inquiry<'_>) -> Result<Config, TokenError> {
    let documents = source::read(inquiry.name, inquiry.document).map_err(TokenError::Source)?;
    let mut found = embedded::configurations(&documents).map_err(TokenError::Source)?;
    let tree = match (found.len(), found.pop()) {
        (1, Some(tree)) => tree,
        (_, None) => {
            let missing = Missing { documents: documents.len() };
            return Err(TokenError::ConfigurationMissing(missing));
        }
        (several, Some(_)) => return Err(TokenError::ConfigurationsSeveral(several)),
    };
    let document = tree.hand_over().json;
    let unset = unset(inquiry, &document);
    if !unset.is_empty() {
        return Err(TokenError::VariablesUnset(unset));
    }
    // Only what other credentials and issuers need may be made up.
    let supposed = Supposed::new(&tree, inquiry.environment);
    let compiled = config::compile(document.as_bytes(), &|name: &str| supposed.value(name));
    compiled.map(|compiled| compiled.config).map_err(TokenError::Configuration)
}

fn is_local(call: &HttpCall) -> bool {
    let endpoint = &call.endpoint;
    of_authority(endpoint.scheme, &endpoint.authority).is_some_and(|(host, _)| is_loopback(&host))
}

/// What the credential lacks in the environment.
fn unset(inquiry: &Inquiry<'_>, document: &str) -> Vec<String> {
    let parsed: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    let credentials = parsed.get("credentials").and_then(serde_json::Value::as_array);
    let is_meant = |credential: &serde_json::Value| {
        credential.get("name").and_then(serde_json::Value::as_str) == Some(inquiry.credential)
    };
    let Some(index) = credentials.and_then(|all| all.iter().position(is_meant)) else {
        return Vec::new();
    };
    let place = format!("credentials[{index}]");
    let errors = config::inspect(document.as_bytes(), inquiry.environment).errors;
    let own = errors.iter().filter(|error| {
        let rest = error.path().strip_prefix(&place);
        check::is_unset(error) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    own.map(ToString::to_string).collect()
}

fn credential<'c>(config: &'c Config, name: &str) -> Result<&'c Source, TokenError> {
    let sources = config.sources();
    sources.iter().find(|source| source.name() == name).ok_or_else(|| {
        let known = sources.iter().map(|source| Quoted::from(source.name())).collect();
        TokenError::CredentialUnknown(Quoted::from(name), known)
    })
}

/// Checks the signature, with keys that are fetched for it.
fn prove(
    inquiry: &Inquiry<'_>,
    config: &Config,
    source: &Source,
    token: &TechnicalToken,
    trace: &mut Trace,
) -> Result<(), String> {
    let mut keys = KeyRing::default();
    for source in config.key_sources() {
        if let KeyLocation::Inline(set) = source.location() {
            keys.set(source.id(), Arc::clone(set));
        }
    }
    let mut fetched = None;
    loop {
        let wanted = match source.prove(token, &keys, &WideVerifier) {
            Ok(()) => return Ok(()),
            Err(Unverified::Refused(error)) => return Err(error.reason().to_owned()),
            Err(Unverified::KeysMissing(id) | Unverified::KeyUnknown(id)) => id,
        };
        if fetched == Some(wanted) {
            return Err("no key of the issuer has the `kid` of the token".to_owned());
        }
        let of_id = |source: &&KeySource| source.id() == wanted;
        let own = config.key_sources().iter().find(of_id).ok_or("its keys are not configured")?;
        keys.set(wanted, fetch(inquiry, own, trace)?.into());
        fetched = Some(wanted);
    }
}

fn fetch(inquiry: &Inquiry<'_>, source: &KeySource, trace: &mut Trace) -> Result<JwkSet, String> {
    let call = source.call().ok_or("its keys are not ones that are fetched")?;
    let mut response = answered(inquiry, &call, trace)?;
    if let Some(next) = source.call_after(response.body.expose()) {
        let next = next.map_err(|error| error.reason().to_owned())?;
        response = answered(inquiry, &next, trace)?;
    }
    JwkSet::parse(response.body.expose()).map_err(|error| error.reason().to_owned())
}

fn answered(
    inquiry: &Inquiry<'_>,
    call: &HttpCall,
    trace: &mut Trace,
) -> Result<CallResponse, String> {
    trace.fact("keys", request::line(call));
    let response =
        (inquiry.perform)(call).map_err(|unanswered| format!("its keys: {unanswered}"))?;
    match response.status {
        200 => Ok(response),
        status => Err(format!("its keys: status {status}")),
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(errors) => write!(formatter, "{errors}"),
            Self::ConfigurationMissing(missing) => write!(formatter, "{missing}"),
            Self::ConfigurationsSeveral(count) => {
                write!(
                    formatter,
                    "holds {count} configurations; put the one that is meant in a file"
                )
            }
            Self::CredentialUnknown(name, known) if known.is_empty() => {
                write!(formatter, "has no credential {name}, and no other one")
            }
            Self::CredentialUnknown(name, known) => {
                let known: Vec<_> = known.iter().map(ToString::to_string).collect();
                write!(formatter, "has no credential {name}, only {}", known.join(", "))
            }
            Self::Exchanged => formatter.write_str(
                "that credential has no token of its own: it exchanges those of callers",
            ),
            Self::Plaintext => formatter.write_str(
                "the token endpoint is plain `http` on another machine; `--allow-plaintext` sends the secret there all the same",
            ),
            Self::NotFetched => formatter.write_str(
                "the token of that credential is not fetched: the environment or the document has it",
            ),
            Self::NotReached(not_reached) => write!(formatter, "{not_reached}"),
            Self::Source(error) => write!(
                formatter,
                "line {} column {}: {}",
                error.at.line, error.at.column, error.problem
            ),
            Self::SubtenantInvalid => formatter.write_str(
                "the subtenant is empty, longer than 256 bytes, or has control characters",
            ),
            Self::Uncallable(CallError::SubtenantUnserved) => formatter
                .write_str("the credential has no tokens for that subtenant, or for any subtenant"),
            Self::Uncallable(error) => {
                write!(formatter, "there is no call for that token: {}", error.reason())
            }
            Self::VariablesUnset(errors) => formatter.write_str(&errors.join("; ")),
        }
    }
}

impl std::error::Error for TokenError {}
