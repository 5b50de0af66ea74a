//! What the workers of one proxy process share: fetched tokens and key sets, who is fetching, and
//! why the last fetch failed.
//!
//! The host's shared data is a map of bytes with compare-and-swap and nothing else: no delete, no
//! expiry, no limit. So its keys are a fixed set: `tenantgate/<format>/<kind>/<bucket>`, where the
//! bucket is chosen by the *meaning digest* of a thing (issuer, URLs, client, tenant, subtenant,
//! scopes, digest of the secret), and each bucket holds at most [`WAYS`] entries. The digest
//! stands inside the entry and is compared, so that two things never share an entry, and a new
//! configuration keeps every entry whose meaning did not change.
//!
//! One entry holds everything that workers must agree on about one thing: the *lease* of the
//! worker that fetches it, the *record* last fetched, the last *failure*, and the *purge*: which records
//! an upstream refused. One read tells all; one compare-and-swap changes all.
//!
//! ```text
//!            acquire                     complete(record)
//!  [no lease] ───────> [lease: nonce, deadline] ───────────> [record, no lease]
//!      ^                    │        │
//!      │   deadline passed  │ renew  │ fail
//!      └────────────────────┘        └──────────────> [failure: retry_at, no lease]
//! ```
//!
//! Content is untrusted on read: whatever was stored passes the same checks as a fetched answer.

mod bucket;
mod codec;
mod exchange;
mod gate;
mod key_board;
mod purge;
mod roster;

pub use bucket::{Bucket, Entry, Failure, Lease, Record, RecordKind, WAYS};
pub use exchange::{Claim, SharedEntries};
pub use gate::Gate;
pub use key_board::{KeyBoard, KeyBoards, PostedShard, Spot};
pub use purge::{Doubt, Doubted, Purge, Stored};
pub use roster::IdleRoots;

/// A counter that the host changes with every write of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cas(u32);

impl Cas {
    /// A counter that the host never issues: written with it, a missing key is inserted and an
    /// existing one is refused. This is the only atomic way to create a key.
    pub const CREATE: Self = Self(u32::MAX);

    /// The counter as the host gave it. Zero would overwrite unconditionally, so it is read as
    /// [`Cas::CREATE`], which at worst fails.
    pub const fn from_host(counter: u32) -> Self {
        if counter == 0 { Self::CREATE } else { Self(counter) }
    }

    /// The counter for the host; never zero.
    pub const fn to_host(self) -> u32 {
        self.0
    }
}

/// Why a write did not happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WriteError {
    /// Somebody else wrote the key since it was read.
    CasMismatch,
    /// The host does not store it, now or ever (no shared data, no room).
    Refused,
}

/// The host's shared data. It answers at once, so it is handed in like a clock reading.
///
/// Whoever can write here is trusted as much as the identity provider: entries are compared by
/// digest and checked like a fetched answer, but a key set has no signature of its own, so a forged
/// one would verify forged tokens. This is why the host hands in the process's shared data only
/// under a `vm_id` of our own.
pub trait SharedData {
    /// The value of a key with its counter; `None` for a missing key.
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)>;

    /// Writes a key if its counter still is `expected`.
    ///
    /// # Errors
    /// [`WriteError`] when it is not, or the host does not store it.
    fn write(&mut self, key: &str, value: &[u8], expected: Cas) -> Result<(), WriteError>;
}
