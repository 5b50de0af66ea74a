//! Application keys, as ThingWorx has them: what is kept of them, and what the holder of one may do.

mod address;
mod digest;
mod generated;
mod pepper;
mod route;

pub use address::{AddressError, AddressList, AddressNotices};
pub use digest::{DigestError, DigestMark, KeyDigest, StatedDigest};
pub use generated::{Form, KEY_LIMIT, KeyPrefix, KeyPrefixError};
pub use pepper::{Candidates, GuidCase, Pepper, PepperError, PepperId, Peppers, is_guid};
pub use route::{Asked, KeyRoute, RouteError};
