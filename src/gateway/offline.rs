//! What the command-line tool needs to have a request decided without a network. The filter has none
//! of it.

use std::sync::Arc;

use super::Gateway;
use crate::config::Noting;
use crate::jwt::{JwkSet, KeyRing, KeySetId};
use crate::technical_token::{SourceId, TechnicalToken};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

impl Gateway {
    /// Has every outcome say all that is known, as with `filter_state: always`.
    pub const fn note_everything(&mut self) {
        self.noting = Noting::Always;
    }

    /// Takes this set for the one that a fetch at `now` brought.
    pub fn suppose_keys(&mut self, id: KeySetId, set: Arc<JwkSet>, now: Timestamp) {
        self.fetching.suppose_keys(id, set, now);
    }

    /// Goes on as if a token of this credential had been fetched at `now`, for this subtenant or none.
    /// It cannot be sent to anybody: there is no network.
    pub fn suppose_token(&mut self, id: SourceId, subtenant: Option<&SubtenantId>, now: Timestamp) {
        if self.config.exchanges(id) {
            self.exchanges.suppose(id);
            return;
        }
        self.fetching.suppose_token(id, subtenant, TechnicalToken::supposed(now));
    }

    /// The keys that are there.
    pub const fn keys(&self) -> &KeyRing {
        &self.fetching.keys
    }
}
