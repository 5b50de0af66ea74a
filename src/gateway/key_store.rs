//! The application keys of this worker.

use std::sync::Arc;
use std::time::Duration;

use crate::application_key::KeySet;
use crate::config::{Config, KeyStore as Stated};
use crate::time::Timestamp;

/// The application keys that this worker knows.
#[derive(Debug, Default)]
pub(super) struct KeyStore {
    set: Option<Arc<KeySet>>,
}

/// What the store says when keys are needed.
#[derive(Debug)]
pub(super) enum KeysFound {
    /// None can be had for so long.
    #[allow(dead_code, reason = "until keys are fetched")]
    Failed { retry_after: Duration },
    /// None have come yet: the request waits.
    Missing,
    /// These. A request goes on with the set that it began with.
    Ready(Arc<KeySet>),
}

impl KeyStore {
    /// The keys of a configuration: those that stand in it are there at once.
    pub(super) fn new(config: &Config) -> Self {
        let set = config.application_keys().and_then(|keys| match &keys.store {
            Stated::Inline(set) => Some(Arc::clone(set)),
            Stated::Remote(store) => store.initial.clone(),
        });
        Self { set }
    }

    /// The keys, as they are now.
    pub(super) fn find(&self, _now: Timestamp) -> KeysFound {
        self.set.as_ref().map_or(KeysFound::Missing, |set| KeysFound::Ready(Arc::clone(set)))
    }
}
