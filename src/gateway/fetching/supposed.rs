//! Things that the command-line tool supposes to have been fetched.

use std::sync::Arc;

use super::super::slot::Held;
use super::{Fetching, Resource};
use crate::jwt::{JwkSet, KeySetId};
use crate::technical_token::{SourceId, TechnicalToken};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

impl Fetching {
    /// A set that counts as fetched at `now`.
    pub(in super::super) fn suppose_keys(
        &mut self,
        id: KeySetId,
        set: Arc<JwkSet>,
        now: Timestamp,
    ) {
        self.keys.set(id, set);
        self.slot(&Resource::Keys(id)).hold(Held::new(None, now, Timestamp::MAX));
    }

    /// A token that counts as fetched when it says.
    pub(in super::super) fn suppose_token(
        &mut self,
        id: SourceId,
        subtenant: Option<&SubtenantId>,
        token: TechnicalToken,
    ) {
        let fetched_at = token.fetched_at();
        let held = Held::new(Some(Arc::new(token)), fetched_at, Timestamp::MAX);
        self.slot(&Resource::Token(id, subtenant.cloned())).hold(held);
    }
}
