//! `tenantgate explain`: what the filter would do with one request, and why.
//!
//! The decision is that of a [`Gateway`], the same that runs in the proxy, without a network: key sets
//! are handed in, technical tokens supposed. The trace beside it asks the same core for what it found
//! on the way; it decides nothing.

mod application_keys;
mod keys;
mod narrate;
mod question;
mod report;
mod trace;
mod upstream;
pub(super) mod words;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

pub use self::question::{Question, RequestLine, RequestLineError, parse_request};
pub(super) use self::report::step_line;
pub use self::report::{json, text};
pub use self::trace::{Mark, Step, Trace};

use self::keys::{Offline, Supply};
use self::narrate::Found;
use super::check::Missing;
use super::made_up::{MadeUp, Supposed};
use super::source::SourceError;
use super::tree::Tree;
use super::{embedded, source};
use crate::config::{self, ConfigErrors};
use crate::crypto::{Random, SoftwareSigner};
use crate::gateway::{Decision, Forwarded, Gateway, Outcome, Refused, StateKey, StreamId};
use crate::message::{HeaderEdit, HeaderEdits};

/// What becomes of the request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It goes on.
    Allowed,
    /// It is answered with this, as it is to open or end a session.
    Answered(Denied),
    /// It is answered with this.
    Denied(Denied),
    /// It would be answered with this, and goes on: report-only.
    WouldBeDenied(Denied),
    /// It depends on keys that were not handed in, or on variables that are not set.
    Undecided,
}

/// A refusal, as the filter states it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Denied {
    /// The HTTP status; `None` where none is sent, in report-only.
    pub status: Option<u16>,
    /// The public code.
    pub code: String,
    /// The exact reason.
    pub reason: String,
}

/// Everything about one request.
#[derive(Clone, Debug)]
pub struct Explained {
    /// What becomes of it.
    pub verdict: Verdict,
    /// Whether the token's signature was taken for good without a key.
    pub is_signature_assumed: bool,
    /// The names of the fields that are removed, and of those that are set, in order.
    pub removed: Vec<String>,
    /// As `removed`.
    pub set: Vec<String>,
    /// How it came about.
    pub trace: Trace,
}

/// Why nothing can be explained.
#[derive(Debug)]
pub enum ExplainError {
    /// The configuration has errors.
    Configuration(ConfigErrors),
    /// The file holds no configuration.
    ConfigurationMissing(Missing),
    /// The file holds several configurations.
    ConfigurationsSeveral(usize),
    /// No issuer of this name fetches keys.
    IssuerUnknown(config::Quoted),
    /// A key set that cannot be used.
    KeySet {
        /// Which of those that are handed in, counted from 0.
        index: usize,
        /// The reason in a word.
        reason: &'static str,
    },
    /// The file cannot be read.
    Source(SourceError),
}

/// The names of the issuers of a configuration, whatever else is wrong with it; none if it cannot be read.
pub fn issuers(name: &str, document: &[u8]) -> Vec<String> {
    let documents = source::read(name, document).unwrap_or_default();
    let found = embedded::configurations(&documents).unwrap_or_default();
    let issuers = found.iter().filter_map(|tree| tree.get("issuers")).flat_map(Tree::items);
    issuers.filter_map(|issuer| Some(issuer.get("name")?.text()?.to_owned())).collect()
}

/// What the filter would do with the request of `question`.
///
/// # Errors
/// [`ExplainError`] when the configuration or a key set cannot be used.
pub fn explain(question: &Question<'_>) -> Result<Explained, ExplainError> {
    let documents = source::read(question.name, question.document).map_err(ExplainError::Source)?;
    let mut found = embedded::configurations(&documents).map_err(ExplainError::Source)?;
    let tree = match (found.len(), found.pop()) {
        (1, Some(tree)) => tree,
        (_, None) => {
            let missing = Missing { documents: documents.len() };
            return Err(ExplainError::ConfigurationMissing(missing));
        }
        (count, Some(_)) => return Err(ExplainError::ConfigurationsSeveral(count)),
    };
    let document = tree.hand_over().json;
    let supposed = Supposed::new(&tree, question.environment);
    let environment = |name: &str| supposed.value(name);
    let compiled = config::compile(document.as_bytes(), &environment);
    let config = Arc::new(compiled.map_err(ExplainError::Configuration)?.config);

    let now = question.now;
    let (fields, connection) = (question.fields(&config), question.connection());
    let head = question.head(&fields, &connection);
    let supply = Supply::new(question, &config, &document, &head)?;
    let gateway = || {
        let (random, signer) = (Rc::new(Supposable), Rc::new(SoftwareSigner));
        let mut gateway = Gateway::new(Arc::clone(&config), 1, random, signer);
        gateway.note_everything();
        supply.hand_over(&mut gateway, now);
        gateway
    };
    let (mut gateway, mut asked) = (gateway(), gateway());
    let verifier = Offline::new(&supply);
    let made_up = MadeUp::find(&tree, &document, &supposed);
    let found = Found {
        config: &config,
        keys: gateway.keys(),
        signatures: &verifier,
        made_up: &made_up,
        now,
    };
    let story = found.narrate(&head, &supply, &mut asked);
    for (source, subtenant) in &story.tokens {
        gateway.suppose_token(*source, subtenant.as_ref(), now);
    }
    let outcome = gateway.request(StreamId(1), &head, now, &verifier);

    let is_signature_assumed = supply.is_assumed() && story.is_verified;
    let mut explained = Explained {
        verdict: Verdict::Undecided,
        is_signature_assumed,
        removed: Vec::new(),
        set: Vec::new(),
        trace: story.trace,
    };
    match outcome {
        Outcome::Wait { .. } => {}
        Outcome::Forward(Forwarded { edits, state, is_watched: _ }) => {
            explained.note(&edits);
            explained.verdict = forwarded(&state);
        }
        Outcome::Refuse(refused) => {
            let is_asked_for = value(&refused.state, StateKey::Decision) == Decision::Answer.word();
            let verdict = if is_asked_for { Verdict::Answered } else { Verdict::Denied };
            explained.verdict = verdict(denied(&refused));
        }
    }
    if story.is_undecided {
        explained.verdict = Verdict::Undecided;
        explained.removed.clear();
        explained.set.clear();
    }
    explained.tell_reason();
    Ok(explained)
}

impl Explained {
    /// Tells why the request is denied, if the trace does not: what it asks is not all that the filter does.
    fn tell_reason(&mut self) {
        let (Verdict::Denied(denied) | Verdict::WouldBeDenied(denied)) = &self.verdict else {
            return;
        };
        if self.trace.steps().iter().all(|step| step.mark != Mark::NotMet) {
            self.trace.not_met("request", format!("is refused: {}", denied.reason));
        }
    }

    fn note(&mut self, edits: &HeaderEdits) {
        for edit in edits {
            match edit {
                HeaderEdit::Reduce(reduced) => self.set.push(reduced.name().to_owned()),
                HeaderEdit::Remove(name) => self.removed.push(words::shown(name)),
                HeaderEdit::Add(name, _) | HeaderEdit::Set(name, _) => {
                    self.set.push(name.as_str().to_owned());
                }
            }
        }
    }
}

type State = [(StateKey, crate::gateway::StateText)];

fn value(state: &State, key: StateKey) -> String {
    let found = state.iter().find(|(own, _)| *own == key);
    found.map(|(_, value)| value.to_string()).unwrap_or_default()
}

fn denied(refused: &Refused) -> Denied {
    Denied {
        status: Some(refused.reply.status),
        code: value(&refused.state, StateKey::Code),
        reason: refused.reason.to_owned(),
    }
}

fn forwarded(state: &State) -> Verdict {
    match value(state, StateKey::Decision).as_str() {
        "would_deny" => Verdict::WouldBeDenied(Denied {
            status: None,
            code: value(state, StateKey::Code),
            reason: value(state, StateKey::Reason),
        }),
        "would_wait" => Verdict::Undecided,
        _ => Verdict::Allowed,
    }
}

impl fmt::Display for ExplainError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(errors) => write!(
                formatter,
                "the configuration cannot be used; `tenantgate check` shows where: {errors}"
            ),
            Self::ConfigurationMissing(missing) => write!(formatter, "the file {missing}"),
            Self::ConfigurationsSeveral(count) => {
                write!(formatter, "the file holds {count} configurations; give one of them alone")
            }
            Self::IssuerUnknown(name) => {
                write!(
                    formatter,
                    "no issuer {name} fetches its keys; `--jwks` is for one that does"
                )
            }
            Self::KeySet { index: _, reason } => {
                write!(formatter, "a key set cannot be used: {reason}")
            }
            Self::Source(error) => write!(
                formatter,
                "line {} column {}: {}",
                error.at.line, error.at.column, error.problem
            ),
        }
    }
}

/// What nobody may guess, where it is sent to nobody.
#[derive(Debug)]
struct Supposable;

impl Random for Supposable {
    fn draw(&self) -> Option<[u8; 16]> {
        Some([0; 16])
    }
}
