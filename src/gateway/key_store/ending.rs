//! Which keys end soon, as the worker that polls sees them: looked through a little at each tick.

use std::time::Duration;

use crate::application_key::KeySet;
use crate::telemetry::Notice;
use crate::time::Timestamp;

/// What is known of keys whose last secret ends soon.
#[derive(Debug, Default)]
pub(super) struct Ending {
    found: Found,
    /// A pass that is under way: the place of the next block, and what it has found so far.
    pass: Option<(usize, Found)>,
    /// When the last pass began.
    began_at: Timestamp,
    /// Whether the keys have changed since.
    is_outdated: bool,
}

#[derive(Debug, Default, Eq, PartialEq)]
struct Found {
    count: usize,
    /// Of the first of them, with what stands between them in a line.
    names: String,
}

impl Ending {
    /// The keys have changed.
    pub(super) const fn outdate(&mut self) {
        self.is_outdated = true;
    }

    /// How many keys end soon.
    pub(super) const fn count(&self) -> usize {
        self.found.count
    }

    /// Looks through some more keys if there is reason to, and tells which ones end soon if those are others than before.
    pub(super) fn look_through(&mut self, keys: &KeySet, now: Timestamp) -> Option<Notice> {
        let is_old = self.began_at > now || now.since(self.began_at) >= LOOK_EVERY;
        if self.pass.is_none() && (self.is_outdated || is_old) {
            self.is_outdated = false;
            self.began_at = now;
            self.pass = Some((0, Found::default()));
        }
        let (place, found) = self.pass.as_mut()?;
        let mut digests = 0;
        while let Some(block) = keys.blocks().get(*place) {
            if digests >= DIGESTS_AT_A_TIME {
                return None;
            }
            *place += 1;
            digests += block.digests();
            for name in block.ending(now, now + SOON) {
                if (1..NAMES).contains(&found.count) {
                    found.names.push_str("`, `");
                }
                if found.count < NAMES {
                    found.names.push_str(name);
                }
                found.count += 1;
            }
        }
        let (_, found) = self.pass.take()?;
        let is_new = found != self.found && found.count > 0;
        self.found = found;
        let Found { count, names } = &self.found;
        is_new.then(|| Notice::KeysEndSoon { names: names.as_str().into(), count: *count })
    }
}

/// How long before its end a key counts: as W12 of `tenantgate key lint`.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// How often keys are looked through that have not changed.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// After how many digests a tick has done its part. The last block may be larger.
const DIGESTS_AT_A_TIME: usize = 1_000;

/// How many keys are named.
const NAMES: usize = 10;
