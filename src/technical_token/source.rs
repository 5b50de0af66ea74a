//! A configured credential: the call that obtains its token, and the check of what comes back.

use std::fmt;
use std::sync::Arc;

use super::exchange::TokenExchange;
use super::preparation::{Moment, Preparation, Reading};
use super::response::{AnswerError, Grant, checked};
use super::signatures::Signatures;
use super::token::{TechnicalToken, TokenRejected, Validity};
use crate::crypto::{Algorithm, Digest, SignError, SignatureVerifier};
use crate::jwt::{KeyRing, KeySetId, Unverified};
#[cfg(not(target_arch = "wasm32"))]
use crate::message::Endpoint;
use crate::message::{CallResponse, HttpCall};
use crate::secret::Secret;
use crate::shared::{Record, RecordKind};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// The number of a credential in the configuration; policy names credentials only so.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SourceId(pub u32);

/// What the kinds of credentials differ in.
pub trait Kind: Send + Sync {
    /// Whether its tokens can be read by us (`jwt`) or by their issuer alone (`opaque`).
    fn record_kind(&self) -> RecordKind;

    /// The digest of everything that decides what a token of this credential means, for one
    /// subtenant or none: issuer, URLs, client, tenant, subtenant, scopes, digest of the secret.
    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32];

    /// What is read before a call; `None` where nothing has to be.
    fn preparation(&self) -> Option<&dyn Preparation> {
        None
    }

    /// The call that obtains a token, with all that was read.
    ///
    /// # Errors
    /// [`CallError`] when there is none.
    fn call(
        &self,
        subtenant: Option<&SubtenantId>,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError>;

    /// What an answer grants.
    ///
    /// # Errors
    /// [`AnswerError`] when the endpoint refused, or its answer is none to such a call.
    fn grant(&self, response: &CallResponse) -> Result<Grant, AnswerError> {
        Grant::read(response)
    }

    /// The algorithm of the signature by a private key that each call needs, if it does: it may take long.
    fn signs_by(&self) -> Option<Algorithm> {
        None
    }

    /// Checks that `token` is the one that was asked for, and gives its own times; `None` where only
    /// its issuer can read it.
    ///
    /// # Errors
    /// [`TokenRejected`] states what differs.
    fn check(
        &self,
        token: &[u8],
        subtenant: Option<&SubtenantId>,
        now: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected>;

    /// The exchange of a caller's token, if that is what this kind does: then it has no tokens of its
    /// own.
    fn exchange(&self) -> Option<&TokenExchange> {
        None
    }

    /// The token itself, where it stands in the environment and is not fetched.
    fn stated(&self) -> Option<&Secret<Vec<u8>>> {
        None
    }

    /// Whether its token is a key that is handed on as it stands, by nobody's grant: stated, it is good
    /// without a proof; fetched, it may come back after another one has taken its place.
    fn is_key(&self) -> bool {
        false
    }

    /// All servers that it may call, for whoever shows or renders a configuration; none where a call that is
    /// made for that tells as much. The filter has no use for it.
    #[cfg(not(target_arch = "wasm32"))]
    fn destinations(&self) -> Vec<Destination> {
        Vec::new()
    }
}

/// Of a kind nothing is shown: code that shows each of them would be part of the module, which never runs it.
impl fmt::Debug for dyn Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<kind of credential>")
    }
}

/// A server that a credential may call.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug)]
pub struct Destination {
    /// What for, in words that follow "it".
    pub purpose: &'static str,
    /// Where it is.
    pub endpoint: Endpoint,
}

/// Why there is no call for a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallError {
    /// The credential has no token of its own that is fetched.
    NotFetched,
    /// The host gives no randomness, and the call needs a number that nobody can guess.
    Randomless,
    /// The caller's token, which is to be exchanged, is no text.
    SubjectUnusable,
    /// The credential has no tokens for this subtenant.
    SubtenantUnserved,
    /// What the client proves itself by has not been read.
    Unprepared,
    /// What the client proves itself by could not be signed.
    Unsigned(SignError),
}

impl CallError {
    /// The exact reason as a word, stable, for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFetched => "not_fetched",
            Self::Randomless => "randomness_unavailable",
            Self::SubjectUnusable => "subject_unusable",
            Self::SubtenantUnserved => "subtenant_unserved",
            Self::Unprepared => "unprepared",
            Self::Unsigned(SignError::AlgorithmUnfit) => "private_key_unfit",
            Self::Unsigned(SignError::KeyUnsound) => "private_key_unsound",
        }
    }
}

/// One configured credential.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    kind: Arc<dyn Kind>,
    signatures: Option<Arc<Signatures>>,
}

impl Source {
    /// A credential with its configured name.
    pub fn new(name: &str, kind: impl Kind + 'static) -> Self {
        Self { name: Arc::from(name), kind: Arc::new(kind), signatures: None }
    }

    /// The same credential, whose fetched tokens must be signed so.
    pub fn signed(self, signatures: Signatures) -> Self {
        Self { signatures: Some(Arc::new(signatures)), ..self }
    }

    /// The configured name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// See [`Kind::record_kind`].
    pub fn record_kind(&self) -> RecordKind {
        self.kind.record_kind()
    }

    /// See [`Kind::meaning`]. Who must have signed is part of it.
    pub fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        let meaning = self.kind.meaning(subtenant);
        let Some(signatures) = &self.signatures else { return meaning };
        *Digest::of(&[b"signed", &meaning, signatures.digest()]).as_bytes()
    }

    /// See [`Kind::exchange`].
    pub fn exchange(&self) -> Option<&TokenExchange> {
        self.kind.exchange()
    }

    /// See [`Kind::preparation`].
    pub fn preparation(&self) -> Option<&dyn Preparation> {
        self.kind.preparation()
    }

    /// See [`Kind::call`].
    ///
    /// # Errors
    /// [`CallError`] when there is none.
    pub fn call(
        &self,
        subtenant: Option<&SubtenantId>,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        self.kind.call(subtenant, read, moment)
    }

    /// See [`Kind::signs_by`].
    pub fn signs_by(&self) -> Option<Algorithm> {
        self.kind.signs_by()
    }

    /// See [`Kind::stated`].
    pub fn stated(&self) -> Option<&Secret<Vec<u8>>> {
        self.kind.stated()
    }

    /// See [`Kind::is_key`].
    pub fn is_key(&self) -> bool {
        self.kind.is_key()
    }

    /// The stated key as a token, if this credential is one.
    pub fn stated_key(&self, now: Timestamp) -> Option<TechnicalToken> {
        let key = self.stated().filter(|_| self.is_key())?;
        TechnicalToken::stated_key(key.clone(), now).ok()
    }

    /// See [`Kind::destinations`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn destinations(&self) -> Vec<Destination> {
        self.kind.destinations()
    }

    /// Whether a fetched token is of no use before [`Source::prove`] has passed it.
    pub const fn needs_proof(&self) -> bool {
        self.signatures.is_some()
    }

    /// Checks the signature of a fetched token, if this credential's are checked.
    ///
    /// # Errors
    /// [`Unverified`]: it is wrong, or a key is needed that is not there.
    pub fn prove(
        &self,
        token: &TechnicalToken,
        keys: &KeyRing,
        signatures: &dyn SignatureVerifier,
    ) -> Result<(), Unverified> {
        self.signatures.as_ref().map_or(Ok(()), |own| own.check(token, keys, signatures))
    }

    /// The keys that a fetched token is checked by, if this credential's are checked.
    pub fn keys_of(&self, token: &TechnicalToken) -> Option<KeySetId> {
        self.signatures.as_ref()?.keys_of(token).ok()
    }

    /// The token in the answer of a token endpoint. Its signature is not checked yet.
    ///
    /// # Errors
    /// [`AnswerError`] when the endpoint refused, or its token is not the one asked for.
    pub fn accept(
        &self,
        response: &CallResponse,
        subtenant: Option<&SubtenantId>,
        now: Timestamp,
    ) -> Result<TechnicalToken, AnswerError> {
        let grant = self.kind.grant(response)?;
        let check = self.kind.check(grant.token.expose(), subtenant, now);
        let own = check.map_err(AnswerError::Rejected)?;
        let stated = grant.end(now).map(|until| Validity { from: now, until });
        let validity = stated.map_or(own, |stated| Some(stated.within(own)));
        TechnicalToken::new(self.kind.record_kind(), grant.token, now, validity, now)
            .map_err(AnswerError::Rejected)
    }

    /// The token in a record of the shared data, after the same checks. Its signature was checked by
    /// whoever stored it.
    ///
    /// # Errors
    /// [`TokenRejected`] when it is not the token asked for, or too old.
    pub fn restore(
        &self,
        record: Record,
        subtenant: Option<&SubtenantId>,
        now: Timestamp,
    ) -> Result<TechnicalToken, TokenRejected> {
        if record.kind != self.kind.record_kind() {
            return Err(TokenRejected::RecordMismatch);
        }
        let token = checked(record.body)?;
        let own = self.kind.check(token.expose(), subtenant, now)?;
        let stated = Validity { from: record.fetched_at.min(now), until: record.expires_at };
        TechnicalToken::new(record.kind, token, stated.from, Some(stated.within(own)), now)
    }
}
