//! Application keys, as ThingWorx has them: what is kept of them, and what the holder of one may do.
//!
//! ```text
//! bytes -> Reader -> Document -> Block (bytes that workers share) -> KeySet
//! presented key -> Candidates -> Found -> Grant, or KeyRefused
//! cookie -> Session -> Found -> Grant, or SessionRefused
//! ```
//!
//! No secret is kept, only digests. A record that is wrong lets nobody in and spoils no other; a document that is broken
//! is refused as a whole. `docs/application-keys.md` has the format.

mod address;
mod block;
mod bytes;
mod compact;
mod digest;
mod document;
mod generated;
mod holder;
mod index;
#[cfg(not(target_arch = "wasm32"))]
pub mod lint;
mod pepper;
mod record;
mod route;
mod scan;
mod session;
mod set;
mod verdict;

pub use address::{AddressError, AddressList, AddressNotices};
pub use block::{Block, BlockError, Found, Shard, Sharding};
pub use bytes::Texts;
pub use digest::{DigestError, DigestMark, KeyDigest, StatedDigest};
pub use document::{Document, DocumentError, Entry, Header, InvalidEntry, ReadRules, Reader};
pub use generated::{Form, KEY_LIMIT, KeyPrefix, KeyPrefixError};
pub use holder::KeyHolder;
pub use index::{IndexedShard, StoreIndex};
pub use pepper::{Candidates, GuidCase, Pepper, PepperError, PepperId, Peppers, is_guid};
pub use record::{About, Defaults, KeySecret, Rate, Record, RecordError, SecretState};
pub use route::{Asked, KeyRoute, RouteError};
pub use session::{
    Session, SessionKey, SessionKeyError, SessionKeys, SessionLimits, SessionRefused,
};
pub use set::{KeySet, SetError};
pub use verdict::{Client, Grant, KeyCode, KeyPlace, KeyRefused, KeyRules, Refusal, Use, check};
