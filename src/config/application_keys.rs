//! `application_keys`: whose keys are let in, where they stand, and what they may do.

use std::sync::Arc;
use std::time::Duration;

use crate::application_key::{KeyRules, KeySet, ReadRules, SessionKeys, SessionLimits};
use crate::message::Endpoint;
use crate::policy::KeyCombination;
use crate::secret::Secret;
use crate::time::Leeway;

/// How application keys are taken. Where they may stand is a part of the policy: see
/// [`crate::policy::OwnedHeaders::keys`].
#[derive(Debug)]
pub struct ApplicationKeys {
    /// How a presented key is looked up.
    pub rules: KeyRules,
    /// How far clocks may be apart: 0 to 60 s.
    pub leeway: Leeway,
    /// What becomes of other credentials beside a key.
    pub combination: KeyCombination,
    /// Whether an expired key is refused like an unknown one.
    pub conceals_expiry: bool,
    /// Where the keys come from.
    pub store: KeyStore,
    /// How sessions are made; `None` if none are.
    pub session: Option<SessionSettings>,
    /// Whether the log tells the first use of each.
    pub logs_first_use: bool,
    /// To whom their use is reported; `None` if to nobody.
    pub usage: Option<UsageReports>,
}

/// A server that is told which keys are used.
#[derive(Debug)]
pub struct UsageReports {
    /// Where reports go.
    pub endpoint: Endpoint,
    /// What `authorization` says, if anything.
    pub authorization: Option<Secret<String>>,
    /// How long one call may take: 100 ms to 60 s.
    pub timeout: Duration,
    /// The time between two reports of a worker: 10 s to 1 h.
    pub interval: Duration,
}

/// Where application keys come from.
#[derive(Debug)]
pub enum KeyStore {
    /// From the configuration itself.
    Inline(Arc<KeySet>),
    /// From a server that is asked again and again.
    Remote(RemoteStore),
}

/// A server of keys: `docs/application-keys.md` has its protocol.
#[derive(Debug)]
pub struct RemoteStore {
    /// The document, or the index of its shards.
    pub endpoint: Endpoint,
    /// What `authorization` says, if anything.
    pub authorization: Option<Secret<String>>,
    /// How long one call may take: 100 ms to 60 s.
    pub timeout: Duration,
    /// The time between two looks: 2 s to 1 h.
    pub refresh: Duration,
    /// How long after the last good look its keys are used: 10 s to 7 days.
    pub max_stale: Duration,
    /// Whether they are used for ever, but for their expiry.
    pub keeps_stale: bool,
    /// Whether a serial may go back.
    pub allows_rollback: bool,
    /// What is expected of its documents.
    pub rules: ReadRules,
    /// Held until the server has answered for the first time.
    pub initial: Option<Arc<KeySet>>,
}

/// How sessions are made of keys.
#[derive(Debug)]
pub struct SessionSettings {
    /// The keys that sign them.
    pub keys: SessionKeys,
    /// How long they are good.
    pub limits: SessionLimits,
    /// Whether they are made on plain HTTP.
    pub is_insecure: bool,
    /// Whether they are bound to the address that opened them.
    pub binds_address: bool,
    /// The path at which a session ends.
    pub logout_path: Arc<str>,
}
