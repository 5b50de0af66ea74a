//! Tokens that an upstream refused: another one is fetched for all workers.
//!
//! Until that one has arrived the refused one is sent on: its issuer may be down or have no other, and
//! the upstream that refused it may be the only one that does. Whoever gets a 401 from one service
//! must not be able to take a credential from all its callers. No request waits for the new one.
//!
//! A key in a file has no issuer: whatever the file holds counts. It is read again, by each worker as often
//! as a token would be fetched anew, and nothing is remembered against what it held.

use std::sync::Arc;

use super::super::effect::Effect;
use super::super::slot::{Need, Resource, Slot};
use super::{Fetching, Progress};
use crate::shared::{Doubt, Doubted, SharedData};
use crate::technical_token::TechnicalToken;
use crate::telemetry::Notice;
use crate::time::Timestamp;

impl Fetching {
    /// An upstream refused these tokens.
    pub(in super::super) fn doubt(&mut self, tokens: Vec<(Resource, Arc<TechnicalToken>)>) {
        for (resource, token) in tokens {
            let is_known = self.doubted.iter().any(|(other, _)| *other == resource);
            if !is_known && self.doubted.len() < MOST_DOUBTED {
                self.doubted.push((resource, token));
            }
        }
    }

    /// Has another token fetched for each that was refused, as often as that may be, or found where
    /// another worker has fetched one. What this worker holds no longer needs no other; one that has
    /// no slot any more may lie in the shared data.
    pub(in super::super) fn replace_doubted(
        &mut self,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        for (resource, token) in std::mem::take(&mut self.doubted) {
            // In the place of a token that the configuration states no other can be had.
            let Some(meaning) = self.origins.meaning(&resource) else { continue };
            let slot = self.slots.get(&resource);
            let is_held_off = slot.and_then(|slot| slot.holding_back(now)).is_some()
                || self.groups.barred(&resource).is_some_and(|failure| failure.is_live(now));
            if is_held_off || slot.is_some_and(|slot| slot.holds_other_than(&token)) {
                continue;
            }
            let (last, body) = (slot.and_then(Slot::doubt), token.value().expose());
            let doubted = match self.origins.may_come_back(&resource) {
                true => Doubt::after(last, now).map_or(Doubted::TooSoon, Doubted::Now),
                false => self.tokens.doubt(&meaning, body, last, now, shared),
            };
            let (than, doubt) = match doubted {
                Doubted::TooSoon => continue,
                Doubted::Already => (token.fetched_at(), None),
                Doubted::Replaced => (Timestamp::default(), None),
                Doubted::Now(doubt) => {
                    if self.groups.may_tell_doubt(&resource, now) {
                        let what = self.origins.what(&resource);
                        progress.effects.push(Effect::Log(Notice::TokenDoubted { what }));
                    }
                    (token.fetched_at(), Some(doubt))
                }
            };
            let Some(slot) = self.token_slot(&resource) else { continue };
            slot.doubted(doubt, now);
            if slot.is_at_rest() {
                self.want(resource, than, Need::Ahead);
            }
        }
    }
}

/// How many tokens are doubted between two runs of the root context.
const MOST_DOUBTED: usize = 256;
