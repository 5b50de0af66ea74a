//! What a store says about one application key.

mod error;
mod read;

pub use error::RecordError;
pub(super) use read::stated_digests;

use super::address::{AddressList, AddressNotices};
use super::digest::StatedDigest;
use super::route::KeyRoute;
use crate::tenancy::Tenancy;
use crate::time::Timestamp;

/// One application key: who it runs as, what it is limited to, and the digests of its secrets.
///
/// The filter keeps a part of it ([`super::Block`]); the rest is for people and the tool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// The public handle: 1 to 128 of `A` to `Z`, `a` to `z`, `0` to `9`, `.`, `_` and `-`.
    pub name: Box<str>,
    /// As whom requests run.
    pub user: Box<str>,
    /// For whom requests run; a subtenant has its tenant beside it.
    pub tenancy: Tenancy,
    /// The scopes that it holds.
    pub scopes: Vec<Box<str>>,
    /// Roles, which are forwarded.
    pub roles: Vec<Box<str>>,
    /// From where it may be used.
    pub addresses: AddressList,
    /// What somebody should know about that list.
    pub address_notices: AddressNotices,
    /// Where it may be used; without entries, on all routes.
    pub routes: Vec<KeyRoute>,
    /// Whether it may be used at all.
    pub is_enabled: bool,
    /// Whether it may stand in a URL: its own word, or else that of the document's defaults; `None`: the filter's.
    pub allow_query: Option<bool>,
    /// Whether it may open sessions.
    pub allow_session: bool,
    /// Raised to end all sessions.
    pub session_epoch: u32,
    /// Up to [`Record::SECRETS_LIMIT`]; without any, nothing is let in.
    pub secrets: Vec<KeySecret>,
    /// What the filter has no use for.
    pub about: About,
}

/// One secret of a key: its digest, and when it is good.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeySecret {
    /// The digest of the secret.
    pub digest: StatedDigest,
    /// Its last characters, by which people recognise it.
    pub hint: Option<Box<str>>,
    /// Whether another one takes over.
    pub state: SecretState,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Before this it is not good.
    pub not_before: Option<Timestamp>,
    /// From this on it is not good.
    pub expires_at: Timestamp,
    /// Its first end, if it was extended.
    pub first_expires_at: Option<Timestamp>,
    /// How often its end was moved.
    pub times_extended: u32,
}

/// The part of a secret in a rotation.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SecretState {
    /// In use.
    #[default]
    Current,
    /// Good for the time of an overlap.
    Retiring,
}

/// What a record says to people and to the tool.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct About {
    /// A URL or the name of a picture.
    pub avatar: Option<Box<str>>,
    /// A label of the client; no decision rests on it.
    pub client_name: Option<Box<str>>,
    /// When the record was made.
    pub created_at: Option<Timestamp>,
    /// What it is for.
    pub description: Option<Box<str>>,
    /// The one device that should have it.
    pub device: Option<Box<str>>,
    /// Why it exists, in Markdown.
    pub documentation: Option<Box<str>>,
    /// The page that its user begins with.
    pub home_mashup: Option<Box<str>>,
    /// Whom to tell about its end.
    pub owner: Option<Box<str>>,
    /// The project that it belongs to.
    pub project: Option<Box<str>>,
    /// What a rate limiter is told.
    pub rate: Option<Rate>,
    /// `vocabulary:term` each.
    pub tags: Vec<Box<str>>,
    /// When the record was changed.
    pub updated_at: Option<Timestamp>,
}

/// What a rate limiter is told about a key. Nothing here enforces it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// Requests per second.
    pub rps: u32,
    /// Requests at once.
    pub burst: u32,
}

/// What a document says for records that do not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Defaults {
    /// How long a secret without `expires_at` is good from its `created_at`.
    pub lifetime: std::time::Duration,
    /// Whether keys may stand in URLs; `None`: the filter's setting.
    pub allow_query: Option<bool>,
    /// Whether keys may open sessions.
    pub allow_session: bool,
}

impl Record {
    /// The most live secrets.
    pub const SECRETS_LIMIT: usize = 3;
    /// The most bytes of a record as JSON.
    pub const LIMIT: usize = 64 * 1024;
    /// The most scopes, roles or tags.
    pub const LIST_LIMIT: usize = 64;
    /// The most routes.
    pub const ROUTES_LIMIT: usize = 32;
    /// The longest short text, in bytes: user, scope, role, tag, project, device, owner, client name, home mashup.
    pub const TEXT_LIMIT: usize = 256;
    /// The longest description or avatar, in bytes.
    pub const LONG_TEXT_LIMIT: usize = 4096;
    /// The longest documentation, in bytes.
    pub const DOCUMENTATION_LIMIT: usize = 16 * 1024;

    /// Whether `text` can be the name of a key.
    pub fn is_name(text: &str) -> bool {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        (1..=128).contains(&text.len()) && text.bytes().all(is_allowed)
    }
}

impl Defaults {
    /// 24 hours, as the platform has it.
    pub const LIFETIME: std::time::Duration = std::time::Duration::from_secs(86_400);
    /// The longest default lifetime: ten years of 365 days.
    pub const LONGEST: std::time::Duration = std::time::Duration::from_secs(315_360_000);
}

impl Default for Defaults {
    fn default() -> Self {
        Self { lifetime: Self::LIFETIME, allow_query: None, allow_session: false }
    }
}
