//! `tenantgate key serve`: a key file by HTTP, for gateways that poll it, and its keys by service call.
//!
//! ```text
//! file -> Source -> Published (one document, or an index and its shards)
//! connection -> Request -> Service -> Response -> connection
//! ```
//!
//! `docs/application-keys.md` has the protocol. What goes out of here holds digests, and the one answer to the making of
//! a key that key.

mod answer;
mod connection;
mod manage;
mod message;
mod order;
mod places;
mod published;
mod server;
mod service;
mod source;
mod usage;

pub use self::message::{Body, Request, Response};
pub use self::published::{LeftOut, PublishError, Published};
pub use self::server::{Server, Stop};
pub use self::service::{Management, Outside, Service, StorePath, Token};
pub use self::source::{Current, FileState, Note, Source};
pub use self::usage::UsageBook;
