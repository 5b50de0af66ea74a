//! The configuration, the keys and the time that the targets share.

use std::sync::{Arc, LazyLock};

use tenantgate::config::{self, Config};
use tenantgate::jwt::{JwkSet, KeyRing, KeySetId};
use tenantgate::time::Timestamp;

/// The time at which tokens are judged.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// The value of every environment variable. It is nowhere to be shown.
pub(crate) const SECRET: &str = "hunter2-of-the-fuzzer";

/// Whose tokens are accepted, and which credentials there are.
pub(crate) static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    config::compile(include_bytes!("world.json"), &environment).expect("a valid document").config
});

/// The key set of the issuer: `ec` of RFC 7515 A.3 and `rsa` of RFC 7520 §3.4.
pub(crate) static KEYS: LazyLock<KeyRing> = LazyLock::new(|| {
    let set = JwkSet::parse(include_bytes!("../corpus/jwk_set/two_keys.json"));
    let mut ring = KeyRing::default();
    ring.set(KeySetId(0), Arc::new(set.expect("usable keys")));
    ring
});

/// An environment in which every variable holds [`SECRET`].
pub(crate) fn environment(_name: &str) -> Option<String> {
    Some(SECRET.to_owned())
}
