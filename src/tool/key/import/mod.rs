//! `tenantgate key import`: keys of the platform, out of what its services answer.
//!
//! ```text
//! files -> Tables -> rows, joined by name -> records with digests alone, in the store
//! ```
//!
//! A clear key lives in memory alone, from its file to its digest. Nothing that is read is quoted but names of keys and of
//! columns.

mod csv;
mod exposed;
mod infotable;
mod known;
mod record;
mod row;
mod table;
mod xml;

pub use self::record::{Fate, Import, Imported, Remark, SkipReason, import};
pub use self::row::Row;
pub use self::table::{ImportError, ImportFormat, Tables};
