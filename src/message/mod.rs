//! HTTP messages as values: what a client sent, what we change, what we answer, what we ask others.
//!
//! Bytes in, bytes out. Header values may hold any byte above 0x1F except 0x7F; nothing here
//! assumes UTF-8.

mod call;
mod connection;
mod cookie;
mod edits;
mod freshness;
mod head;
mod host;
mod pairs;
mod path;
mod query;
mod reduced;
mod reply;
mod retry_after;
mod target;
mod told;
mod withheld;

pub use call::{CallFailure, CallResponse, Endpoint, HttpCall, MediaType};
pub use connection::{Connection, parse_digest};
pub use cookie::{CookieName, CookieNameError, cookie_values, set_cookie};
pub(crate) use edits::concerns;
pub use edits::{
    HeaderEdit, HeaderEdits, HeaderName, HeaderNameError, HeaderValue, percent_encode,
};
pub use freshness::fresh_for;
pub use head::{Fields, RequestHead, Stated};
pub use host::{HostError, canonical_host};
pub use pairs::{parse_pairs, write_pairs};
pub(crate) use path::segments;
pub use path::{
    CanonicalPath, LetterCase, Opaque, PATH_LIMIT, PathError, PathRules, PathSpelling,
    SEGMENT_LIMIT, Segments, TrailingSlash,
};
pub use query::{ParameterName, ParameterNameError, decode_parameter, parameter_values};
pub(crate) use reduced::CookiesLeft;
pub use reduced::Reduced;
pub use reply::Reply;
pub use retry_after::retry_after;
pub use target::{RequestError, RequestTarget, is_method};
pub use told::Told;
pub use withheld::Withheld;
