//! Where the keys of an issuer come from, and how they are kept up.

use std::sync::Arc;
use std::time::Duration;

use super::key_discovery::KeyDiscovery;
use crate::crypto::SharedSecret;
use crate::crypto::digest::Digest;
use crate::jwt::{JwkSet, KeySetId, MetadataError};
use crate::message::{Endpoint, HttpCall};
use crate::time::Timestamp;

/// Where keys come from. Issuers of one entry with one address share a source, and so do credentials.
#[derive(Clone, Debug)]
pub struct KeySource {
    pub(super) id: KeySetId,
    pub(super) owner: KeyOwner,
    pub(super) name: Arc<str>,
    pub(super) location: KeyLocation,
}

/// Whose tokens the keys of a source verify.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyOwner {
    /// Those that are fetched for a credential.
    Credential(Demand),
    /// Those of callers, by an issuer; and what is fetched for credentials, if it has the same one.
    Issuer,
}

/// When keys are fetched first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Demand {
    /// At start, so that nothing waits for them.
    AtStart,
    /// When a token needs them: most issuers that a credential's tokens may have are never named.
    ByToken,
}

/// The keys of a source, or the way to them.
#[derive(Clone, Debug)]
pub enum KeyLocation {
    /// The keys themselves, from the configuration.
    Inline(Arc<JwkSet>),
    /// A secret from the environment, in place of keys.
    Secret(Arc<SharedSecret>),
    /// Keys that are fetched, again and again.
    Remote {
        /// Where they are.
        address: KeyAddress,
        /// When and how they are fetched.
        upkeep: Upkeep,
    },
}

/// Where fetched keys are.
#[derive(Clone, Debug)]
pub enum KeyAddress {
    /// Where the issuer's metadata says. It is asked before each fetch: an issuer that moves its keys
    /// is followed as soon as it rotates them, and no worker holds an address of its own.
    Discovered(KeyDiscovery),
    /// Where the configuration says.
    Stated(Endpoint),
}

/// When and how keys are fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Upkeep {
    /// How long a set is used at most after its last successful fetch: 10 min to 30 days, at least
    /// twice `refresh`.
    pub max_stale: Duration,
    /// The shortest time between two refreshes, whatever the answer's cache headers say: 10 s to
    /// 24 h, at most `refresh`.
    pub min_refresh: Duration,
    /// How long a fetched set counts as fresh, unless its cache headers say less: 10 s to 24 h.
    pub refresh: Duration,
    /// How long one call may take: 100 ms to 60 s.
    pub timeout: Duration,
}

impl Upkeep {
    /// How long after its fetch a set is fetched again, if its answer is fresh for `fresh_for`: as
    /// long as that within `min_refresh` and `refresh`. `jitter` (in thousandths) takes off up to a
    /// tenth, or adds it where the set would come too early otherwise, so that many gateways do not
    /// come at once.
    pub fn refresh_after(&self, fresh_for: Duration, jitter: u16) -> Duration {
        let interval = fresh_for.min(self.refresh).max(self.min_refresh);
        let span = (interval / 10).saturating_mul(u32::from(jitter.min(1000))) / 1000;
        let early = interval.saturating_sub(span);
        if early < self.min_refresh { interval.saturating_add(span) } else { early }
    }

    /// Whether a set that was fetched then is no longer used.
    pub fn is_too_old(&self, fetched_at: Timestamp, now: Timestamp) -> bool {
        now.since(fetched_at) >= self.max_stale
    }
}

impl KeySource {
    /// Its number, which is also its position among all sources.
    pub const fn id(&self) -> KeySetId {
        self.id
    }

    /// Whose tokens its keys verify.
    pub const fn owner(&self) -> KeyOwner {
        self.owner
    }

    /// The name of the issuer or credential in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The keys, or the way to them.
    pub const fn location(&self) -> &KeyLocation {
        &self.location
    }

    /// When and how the keys are fetched; `None` when they are inline.
    pub const fn upkeep(&self) -> Option<&Upkeep> {
        match &self.location {
            KeyLocation::Inline(_) | KeyLocation::Secret(_) => None,
            KeyLocation::Remote { upkeep, .. } => Some(upkeep),
        }
    }

    /// The call that a fetch begins with: for the keys, or for the metadata that names their
    /// address. `None` when they are inline.
    pub fn call(&self) -> Option<HttpCall> {
        match &self.location {
            KeyLocation::Inline(_) | KeyLocation::Secret(_) => None,
            KeyLocation::Remote { address: KeyAddress::Stated(endpoint), upkeep } => {
                Some(HttpCall::get_json(endpoint, upkeep.timeout, HttpCall::KEY_SET_LIMIT))
            }
            KeyLocation::Remote { address: KeyAddress::Discovered(discovery), upkeep } => {
                let metadata = discovery.metadata();
                Some(HttpCall::get_json(metadata, upkeep.timeout, HttpCall::METADATA_LIMIT))
            }
        }
    }

    /// Whether a fetch begins with the metadata of the issuer.
    pub const fn is_discovered(&self) -> bool {
        match &self.location {
            KeyLocation::Remote { address: KeyAddress::Discovered(_), .. } => true,
            KeyLocation::Remote { address: KeyAddress::Stated(_), .. }
            | KeyLocation::Inline(_)
            | KeyLocation::Secret(_) => false,
        }
    }

    /// The call for the keys, which follows on this metadata. `None` where no metadata is asked for.
    ///
    /// # Errors
    /// [`MetadataError`] if the metadata does not lead to the keys.
    pub fn call_after(&self, metadata: &[u8]) -> Option<Result<HttpCall, MetadataError>> {
        match &self.location {
            KeyLocation::Remote { address: KeyAddress::Discovered(discovery), upkeep } => {
                let call = |endpoint| {
                    HttpCall::get_json(&endpoint, upkeep.timeout, HttpCall::KEY_SET_LIMIT)
                };
                Some(discovery.keys(metadata).map(call))
            }
            KeyLocation::Remote { address: KeyAddress::Stated(_), .. }
            | KeyLocation::Inline(_)
            | KeyLocation::Secret(_) => None,
        }
    }

    /// The digest of what decides which keys a fetch brings: clusters, addresses, and the issuer
    /// that metadata must be of. `None` when they are inline.
    pub fn meaning(&self) -> Option<[u8; 32]> {
        let parts = match &self.location {
            KeyLocation::Inline(_) | KeyLocation::Secret(_) => return None,
            KeyLocation::Remote { address: KeyAddress::Stated(endpoint), .. } => vec![
                "jwks",
                &endpoint.cluster,
                endpoint.scheme,
                &endpoint.authority,
                &endpoint.path,
            ],
            KeyLocation::Remote { address: KeyAddress::Discovered(discovery), .. } => {
                discovery.meaning()
            }
        };
        let parts: Vec<_> = parts.into_iter().map(str::as_bytes).collect();
        Some(*Digest::of(&parts).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPKEEP: Upkeep = Upkeep {
        max_stale: Duration::from_secs(1200),
        min_refresh: Duration::from_secs(10),
        refresh: Duration::from_secs(600),
        timeout: Duration::from_secs(5),
    };

    #[test]
    fn cache_headers_are_obeyed_within_bounds() {
        let rows = [
            (Duration::MAX, 0, 600_000),
            (Duration::from_secs(601), 0, 600_000),
            (Duration::from_secs(599), 0, 599_000),
            (Duration::from_secs(100), 500, 95_000),
            (Duration::from_secs(100), 1000, 90_000),
            (Duration::from_secs(100), u16::MAX, 90_000),
            (Duration::from_secs(11), 0, 11_000),
            (Duration::from_secs(11), 1000, 12_100),
            (Duration::from_secs(10), 0, 10_000),
            (Duration::ZERO, 0, 10_000),
            (Duration::ZERO, 1000, 11_000),
        ];
        for (fresh_for, jitter, millis) in rows {
            let after = UPKEEP.refresh_after(fresh_for, jitter);
            assert_eq!(after.as_millis(), millis, "{fresh_for:?} {jitter}");
        }
    }

    #[test]
    fn a_set_is_too_old_from_exactly_its_time_on() {
        let fetched_at = Timestamp::from_seconds(1000);
        let age =
            |millis| UPKEEP.is_too_old(fetched_at, fetched_at + Duration::from_millis(millis));
        assert!(!age(1_199_999));
        assert!(age(1_200_000));
        assert!(!UPKEEP.is_too_old(fetched_at, Timestamp::default()), "the clock was put back");
    }
}
