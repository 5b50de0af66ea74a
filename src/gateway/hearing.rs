//! What the filter makes of the application keys and sessions of a request, step by step: for the command-line tool,
//! which tells it. The filter has none of it; what decides is the filter's own.

use std::sync::Arc;

use super::exchange::{Case, Halt};
use super::key_holding::Asking;
use super::sessions::SessionStep;
use super::{Gateway, Mode};
use crate::application_key::{KeyPlace, KeyRefused, SessionRefused};
use crate::credential;
use crate::crypto::SignatureVerifier;
use crate::message::{RequestHead, RequestTarget};
use crate::policy::{Denial, GuardedRoute};
use crate::principal::{Principal, PrincipalKind};
use crate::problem::{KeyProblem, Refusal};
use crate::time::Timestamp;

/// What was made of a request's credentials.
#[derive(Debug)]
pub struct Heard {
    /// Who asks, or why the request ends there.
    pub caller: Result<Principal, Unheard>,
    /// Where the key stands that was looked at, or that of the session, and its name if it is known.
    pub key: Option<(KeyPlace, Option<Box<str>>)>,
    /// Why the session that is presented counts as none.
    pub session_refused: Option<SessionRefused>,
    /// What becomes of the session.
    pub fate: SessionFate,
    case: Case,
}

/// Why nobody knows who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unheard {
    /// The token and the key belong to different users, tenants or subtenants.
    Different,
    /// The key is refused.
    Key(KeyRefused),
    /// Keys are not here: those of an issuer, or those of callers.
    KeysMissing,
    /// What is presented is no one credential, or not to stand beside another one.
    Presented(Beside),
    /// A session cannot be opened, or not be used in this way; or the token is refused.
    Other(&'static str),
}

/// What is wrong with what a request presents, before anything is looked up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Beside {
    /// A user and a password stand beside the key.
    Basic,
    /// It is no one key, or no one session, for this reason.
    Malformed(&'static str),
    /// A bearer token stands beside the key.
    Token,
}

/// What becomes of the session of a request. In report-only it stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionFate {
    /// Its cookie is cleared.
    Ended,
    /// One is opened.
    Opened,
    /// It lasts longer.
    Renewed,
    /// It stays as it is, or there is none.
    Stays,
}

impl Gateway {
    /// What the filter makes of what a request presents on this route; `None` where no application keys are known.
    pub fn hear(
        &mut self,
        route: &GuardedRoute,
        (target, head): (&RequestTarget<'_>, &RequestHead<'_>),
        now: Timestamp,
        signatures: &dyn SignatureVerifier,
    ) -> Option<Heard> {
        let config = Arc::clone(&self.config);
        let (keys, places) = config.application_keys().zip(config.owned_headers().keys())?;
        let trusts_address = config.trusts_client_address();
        let asking = Asking { keys, places, target, head, now, trusts_address };
        let mut case = Case::new();
        case.mode = config.policy().mode_of(route);
        let caller = self.authenticate_with_keys(route, &asking, signatures, &mut case);
        let caller = caller.map_err(|halt| match halt {
            Halt::Refused(refusal) => Unheard::by(&refusal),
            Halt::Wait(_) => Unheard::KeysMissing,
        });
        let fate = match (case.mode, &case.session) {
            (Mode::ReportOnly, _) | (Mode::Enforce, SessionStep::Stay) => SessionFate::Stays,
            (Mode::Enforce, SessionStep::End) => SessionFate::Ended,
            (Mode::Enforce, SessionStep::Open(_)) => SessionFate::Opened,
            (Mode::Enforce, SessionStep::Renew(_)) => SessionFate::Renewed,
        };
        let is_nobody = matches!(&caller, Ok(caller) if caller.kind() == PrincipalKind::Anonymous);
        let session_refused = is_nobody.then(|| self.session_refused(&asking)).flatten();
        let key = case.key.as_ref().map(|key| (key.from, key.name.clone()));
        Some(Heard { caller, key, session_refused, fate, case })
    }

    /// The exact reason of a denial.
    pub fn reason_of(&self, denial: Denial) -> &'static str {
        self.refusal(denial).reason()
    }

    /// Whether the permitted request is answered with the same page without its key.
    pub fn redirects(&mut self, heard: &Heard, head: &RequestHead<'_>, now: Timestamp) -> bool {
        self.clean_up(head, &heard.case, now).is_some()
    }

    /// Whether a request is one to log out: then the reason why it is refused, if it is.
    pub fn logs_out(
        &mut self,
        target: &RequestTarget<'_>,
        head: &RequestHead<'_>,
    ) -> Option<Result<(), &'static str>> {
        let mode = self.config.policy().mode_without_route(None);
        match self.log_out(target, head, mode) {
            Ok(answered) => answered.map(|_| Ok(())),
            Err(Halt::Refused(refusal)) => Some(Err(refusal.reason())),
            Err(Halt::Wait(_)) => None,
        }
    }

    fn session_refused(&self, asking: &Asking<'_, '_>) -> Option<SessionRefused> {
        let tokens = self.config.places();
        let presented = credential::extract_with_keys(asking.head, tokens, asking.places).ok()?;
        let (settings, cookie) = asking.keys.session.as_ref().zip(presented.session)?;
        let session = match asking.verified(settings, cookie.expose()) {
            Ok(session) => session,
            Err(refused) => return Some(refused),
        };
        let keys = self.key_set(asking.now).ok()?;
        let ask = || asking.address();
        let wanted = asking.wanted(KeyPlace::Session { epoch: session.epoch }, &ask);
        session.check(&keys, &wanted).err()
    }
}

impl Unheard {
    fn by(refusal: &Refusal) -> Self {
        let Refusal::Key(problem) = refusal else { return Self::Other(refusal.reason()) };
        match problem {
            KeyProblem::BesideBasic => Self::Presented(Beside::Basic),
            KeyProblem::BesideToken => Self::Presented(Beside::Token),
            KeyProblem::Malformed(error) => Self::Presented(Beside::Malformed(error.reason())),
            KeyProblem::Mismatch => Self::Different,
            KeyProblem::Refused { refused, .. } => Self::Key(*refused),
            KeyProblem::Missing
            | KeyProblem::SessionAddress
            | KeyProblem::SessionNotAllowed
            | KeyProblem::SessionOfAnother
            | KeyProblem::SessionPlain => Self::Other(refusal.reason()),
        }
    }
}
