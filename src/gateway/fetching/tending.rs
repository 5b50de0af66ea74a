//! Tokens over time: those in use are fetched anew before they end, the others are let go.
//!
//! A token is in use when a request of this worker has used it after its fetch, those that waited for
//! the fetch left out. So whoever stops asking costs at most one refresh more, and a subtenant that
//! is gone costs nothing. One that has ended without a successor is fetched for requests alone.

use super::super::slot::{Need, Resource};
use super::Fetching;
use crate::time::Timestamp;

impl Fetching {
    /// Marks the tokens in use whose time has come, and drops the slots that hold nothing of use.
    /// Called at most once a second: it looks at every slot.
    pub(super) fn tend_tokens(&mut self, now: Timestamp) {
        let mut due = Vec::new();
        self.slots.retain(|resource, slot| {
            let is_token = matches!(resource, Resource::Token(..));
            if !is_token || !slot.is_at_rest() {
                return true;
            }
            let is_sent = slot.remaining(now).is_some() && slot.is_in_use(now);
            if is_sent && slot.is_refresh_due(now) {
                due.push((resource.clone(), slot.fetched_at()));
                return true;
            }
            // What was said of a stated token is not to be said anew for the next request.
            !slot.is_spent(now) || self.origins.is_stated(resource)
        });
        for (resource, than) in due {
            self.want(resource, than, Need::Ahead);
        }
    }
}
