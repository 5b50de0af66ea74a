//! Key sets over time: fetched again when due, dropped when too old.

use std::sync::Arc;
use std::time::Duration;

use super::super::effect::Effect;
use super::super::slot::{Need, Resource};
use super::{Fetching, Progress};
use crate::shared::SharedData;
use crate::telemetry::Notice;
use crate::time::Timestamp;

impl Fetching {
    /// Looks after all that is held, at most once a second: that may be much, and this worker ticks
    /// fast while requests wait.
    pub(super) fn keep_up(
        &mut self,
        now: Timestamp,
        shared: &mut dyn SharedData,
        progress: &mut Progress,
    ) {
        if self.kept_up_at <= now && now.since(self.kept_up_at) < KEEP_UP {
            return;
        }
        self.kept_up_at = now;
        self.keep_up_keys(now, progress);
        self.tend_tokens(now);
        self.report_for_duty(now, shared);
    }

    /// Marks the key sets whose time has come, and drops those that are too old.
    fn keep_up_keys(&mut self, now: Timestamp, progress: &mut Progress) {
        let config = Arc::clone(&self.config);
        for source in config.key_sources() {
            let Some(upkeep) = source.upkeep() else { continue };
            let resource = Resource::Keys(source.id());
            let Some(slot) = self.slots.get_mut(&resource) else { continue };
            if self.keys.get(source.id()).is_some() && upkeep.is_too_old(slot.fetched_at(), now) {
                slot.drop_held();
                self.keys.drop_set(source.id());
                let what = self.origins.what(&resource);
                let notice = Notice::KeysDropped { what, max_stale: upkeep.max_stale };
                progress.effects.push(Effect::Log(notice));
            }
            let is_missing = self.keys.get(source.id()).is_none();
            if slot.is_refresh_due(now) || is_missing && slot.holding_back(now).is_none() {
                let than = slot.fetched_at();
                self.want(resource, than, Need::Ahead);
            }
        }
    }
}

/// How often all that is held is looked at; the timer fires at least as often.
const KEEP_UP: Duration = Duration::from_millis(900);
