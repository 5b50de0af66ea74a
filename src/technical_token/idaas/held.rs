//! `idaas` with `held_api_key` or `sts`: a key that IDaaS holds for a client, or the access key of a RAM role,
//! handed out for a token of the client.
//!
//! ```text
//! [what the method reads] ──> [token of the client] ──> [the developer API: the key]
//! ```
//!
//! The token is a reading of the fetch: it stays in the worker's memory until it ends, and a developer API
//! that does not know it any more (401) has it fetched anew, once. What is obtained is checked, shared,
//! refreshed and let go like what other credentials obtain.

use std::sync::Arc;
use std::time::Duration;

use super::readings::Mark;
use super::{ClientConfig, Idaas, Pam, Scope, TemporaryKey};
use crate::crypto::{Algorithm, Digest, SoftwareSigner};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::secret::Secret;
use crate::shared::RecordKind;
#[cfg(not(target_arch = "wasm32"))]
use crate::technical_token::Destination;
use crate::technical_token::preparation::TOKEN_READING;
use crate::technical_token::response::checked;
use crate::technical_token::{
    AnswerError, CallError, Grant, Kind, Moment, Preparation, PreparationError, Reading,
    ReadingFault, TechnicalToken, TokenRejected, Validity,
};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// A configured `idaas` credential that obtains what IDaaS holds.
#[derive(Clone, Debug)]
pub struct Held {
    client: Idaas,
    pam: Pam,
    what: What,
    #[cfg(not(target_arch = "wasm32"))]
    destinations: Vec<Destination>,
}

/// What is obtained.
#[derive(Clone, Debug)]
pub enum What {
    /// An API key.
    ApiKey {
        /// By which IDaaS knows it (`credentialIdentifier`).
        identifier: Arc<str>,
        /// How long it is believed: its answer does not say.
        refresh: Duration,
    },
    /// The access key of this RAM role.
    Role(Arc<str>),
}

impl Held {
    /// The credential of a configuration. `None` where [`Idaas::new`] is, and without a developer API.
    pub fn new(config: &ClientConfig, what: What) -> Option<Self> {
        let client = Idaas::new(config)?.with_scope(scope(config, &what)?);
        let pam = Pam {
            endpoint: config.developer_api.clone()?,
            instance_id: Arc::from(config.instance_id.as_str()),
            timeout: config.timeout,
        };
        Some(Self {
            #[cfg(not(target_arch = "wasm32"))]
            destinations: super::destinations::of(config, Some("obtains the key")),
            client,
            pam,
            what,
        })
    }

    /// What the method itself reads next.
    fn first(&self, read: &[Reading], moment: &Moment<'_>) -> Option<HttpCall> {
        self.client.preparation()?.next(read, moment)
    }
}

/// The scope of the document if it is one for what IDaaS holds, else all of it. The vendor's default is
/// for roles alone.
fn scope(config: &ClientConfig, what: &What) -> Option<Scope> {
    let own = &config.scope;
    let all = Scope::parse(Pam::SCOPE).ok()?;
    let suffices = matches!(what, What::Role(_)) || own.as_str() != ClientConfig::DEFAULT_SCOPE;
    let is_own = own.audience() == all.audience() && suffices;
    Some(if is_own { own.clone() } else { all })
}

impl Preparation for Held {
    fn next(&self, read: &[Reading], moment: &Moment<'_>) -> Option<HttpCall> {
        if Mark::Token.among(read).is_some() {
            return None;
        }
        // What cannot be made is told by `call`, which has none then.
        self.first(read, moment).or_else(|| self.client.call(None, read, moment).ok())
    }

    fn read(
        &self,
        read: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        // Whether there is a call does not depend on what it is made with.
        let moment = Moment { now, random: None, signer: &SoftwareSigner };
        if let Some(own) = self.client.preparation()
            && own.next(read, &moment).is_some()
        {
            return own.read(read, answer, now);
        }
        let unread = |fault| PreparationError { what: TOKEN_READING, fault };
        let answer = answer.map_err(|failure| unread(ReadingFault::Unanswered(failure)))?;
        let grant = self.client.grant(answer).map_err(|error| match error {
            AnswerError::Status { status, error } => unread(ReadingFault::Status { status, error }),
            AnswerError::NotAGrant
            | AnswerError::NotJson
            | AnswerError::Rejected(_)
            | AnswerError::Unread(_) => unread(ReadingFault::Unusable),
        })?;
        let longest = now + TechnicalToken::LONGEST_USE;
        let until = grant.end(now).map_or(now, |end| end.min(longest).before(TOKEN_MARGIN));
        Ok(Mark::Token.on(grant.token.expose(), until))
    }
}

impl Kind for Held {
    fn record_kind(&self) -> RecordKind {
        match &self.what {
            What::ApiKey { .. } => RecordKind::Opaque,
            What::Role(_) => RecordKind::Sts,
        }
    }

    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        let client = self.client.meaning(subtenant);
        let endpoint = &self.pam.endpoint;
        let (kind, name, refresh): (&[u8], _, _) = match &self.what {
            What::ApiKey { identifier, refresh } => (b"idaas held", identifier, *refresh),
            What::Role(arn) => (b"idaas sts", arn, Duration::ZERO),
        };
        let digest = Digest::of(&[
            kind,
            &client,
            endpoint.cluster.as_bytes(),
            endpoint.authority.as_bytes(),
            self.pam.instance_id.as_bytes(),
            name.as_bytes(),
            &refresh.as_millis().to_le_bytes(),
        ]);
        *digest.as_bytes()
    }

    fn preparation(&self) -> Option<&dyn Preparation> {
        Some(self)
    }

    fn call(
        &self,
        subtenant: Option<&SubtenantId>,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        let Some(token) = Mark::Token.among(read).filter(|_| subtenant.is_none()) else {
            let call = self.client.call(subtenant, read, moment);
            return Err(call.err().unwrap_or(CallError::Unprepared));
        };
        let token = Secret::new(token.to_vec());
        Ok(match &self.what {
            What::ApiKey { identifier, .. } => self.pam.api_key_call(identifier, &token),
            What::Role(arn) => self.pam.role_call(arn, &token),
        })
    }

    fn grant(&self, response: &CallResponse) -> Result<Grant, AnswerError> {
        let (token, expires_in, expires_at) = match &self.what {
            What::ApiKey { refresh, .. } => {
                let key = Pam::api_key(response)?;
                (Secret::new(key.expose().as_bytes().to_vec()), Some(*refresh), None)
            }
            What::Role(_) => {
                let key = Pam::role_key(response)?;
                let expires_at = key.expires_at;
                (key.into_token(), None, Some(expires_at))
            }
        };
        let token = checked(token).map_err(AnswerError::Rejected)?;
        Ok(Grant { token, expires_in, expires_at })
    }

    fn check(
        &self,
        token: &[u8],
        subtenant: Option<&SubtenantId>,
        now: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        // A record of another kind is none; one of this kind has three parts.
        if matches!(self.what, What::Role(_)) && TemporaryKey::of_token(token).is_none() {
            return Err(TokenRejected::RecordMismatch);
        }
        self.client.check(token, subtenant, now)
    }

    fn signs_by(&self) -> Option<Algorithm> {
        self.client.signs_by()
    }

    fn is_key(&self) -> bool {
        matches!(self.what, What::ApiKey { .. })
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn destinations(&self) -> Vec<Destination> {
        self.destinations.clone()
    }
}

/// How long before its end a token of the client is no longer used.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);
