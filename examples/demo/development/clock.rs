//! The wall clock. The core is handed `now`; the servers around it have to read it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The present time in whole seconds since 1970; zero on a clock set before that.
pub fn now() -> u64 {
    since_1970().as_secs()
}

/// The same as exactly as the clock tells it.
#[allow(
    clippy::disallowed_methods,
    reason = "a development server has no host that hands it the time"
)]
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
