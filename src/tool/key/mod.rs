//! `tenantgate key`: the life of application keys in a file, from their creation to their removal.
//!
//! ```text
//! file -> Store (ordered JSON beside the filter's own reading) -> a change -> Changed -> file
//! ```
//!
//! What a change leaves is read by the filter's own code before it is written. Clear keys live in memory alone; the
//! clock, the random bytes and the output belong to the caller.

mod check;
mod create;
mod end;
mod error;
mod extend;
mod file;
pub mod import;
mod lint;
mod list;
mod mint;
mod platform;
mod rotate;
pub mod serve;
mod show;
mod state;
mod store;
mod times;
mod usage;
mod written;

pub use self::check::{Answer, Presented, check};
pub use self::create::{NewKey, create};
pub use self::end::{Pruned, delete, expire, prune, switch};
pub use self::error::KeyError;
pub use self::extend::{Extension, extend};
pub use self::file::{LockedFile, read};
pub use self::lint::{Findings, warning_text};
pub use self::list::{Listing, list_json, list_text};
pub use self::mint::{Mint, NewSecret, key_of};
pub use self::rotate::{Overlap, Rotation, rotate};
pub use self::show::{show_json, show_text};
pub use self::state::State;
pub use self::store::{Changed, SIZE_LIMIT, Store};
pub use self::times::{End, MAX_LIFETIME, span, time, time_text};
pub use self::usage::{KeyUse, read_usage, usage_file};
