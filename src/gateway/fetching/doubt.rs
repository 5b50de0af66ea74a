//! Tokens that an upstream refused: thrown away for all workers, and fetched anew.

use std::sync::Arc;

use super::super::effect::Effect;
use super::super::slot::{Need, Resource};
use super::{Fetching, Progress};
use crate::shared::{Purged, SharedData};
use crate::technical_token::TechnicalToken;
use crate::telemetry::{Metric, Notice};
use crate::time::Timestamp;

impl Fetching {
    /// An upstream refused one of these tokens. What is no longer held needs no purge.
    pub(in super::super) fn doubt(&mut self, tokens: Vec<(Resource, Arc<TechnicalToken>)>) {
        for (resource, token) in tokens {
            let is_held = self.slots.get(&resource).is_some_and(|slot| slot.holds(&token));
            let is_known = self.doubted.iter().any(|(other, _)| *other == resource);
            if is_held && !is_known && self.doubted.len() < MOST_DOUBTED {
                self.doubted.push((resource, token));
            }
        }
    }

    /// Throws away what was refused, as often as that may be.
    pub(in super::super) fn purge_doubted(
        &mut self,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        for (resource, token) in std::mem::take(&mut self.doubted) {
            // In the place of a token that the configuration states no other can be had.
            let Some(meaning) = self.origins.meaning(&resource) else { continue };
            if !self.slot(&resource).holds(&token) {
                continue;
            }
            match self.tokens.clone().purge(&meaning, token.value().expose(), now, shared) {
                Purged::TooSoon => continue,
                Purged::Already => {}
                Purged::Now => {
                    progress.outcomes.push(Metric::TokensPurged);
                    if self.groups.may_tell_purge(&resource, now) {
                        let what = self.origins.what(&resource);
                        progress.effects.push(Effect::Log(Notice::TokenPurged { what }));
                    }
                }
            }
            self.slot(&resource).drop_held();
            self.want(resource, Timestamp::default(), Need::Ahead);
        }
    }
}

/// How many tokens are doubted between two runs of the root context.
const MOST_DOUBTED: usize = 256;
