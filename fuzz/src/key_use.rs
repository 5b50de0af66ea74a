//! One use of an application key.

use std::time::Duration;

use tenantgate::application_key::{Asked, Client, KeyPlace, Use};
use tenantgate::time::{Leeway, Timestamp};

/// First bytes of digests at the edges of shards.
pub const MARKS: [u8; 4] = [0, 0x7F, 0x80, 0xFF];

/// A request that most keys would be let in with.
pub fn wanted() -> Use<'static> {
    Use {
        now: Timestamp::from_seconds(1_750_000_000),
        leeway: Leeway::new(Duration::ZERO).expect("zero is a leeway"),
        client: Client::At("10.1.2.3".parse().ok()),
        from: KeyPlace::Query,
        asked: Asked { method: "GET", host: "api.acme.example", path: "/a/b" },
    }
}
