//! Whether a key may be used as it is used.

use std::fmt;
use std::net::IpAddr;

use super::block::Found;
use super::bytes::Texts;
use super::digest::{DigestMark, KeyDigest};
use super::generated::{Form, KeyPrefix};
use super::pepper::{Candidates, GuidCase, Peppers};
use super::route::Asked;
use super::set::KeySet;
use crate::tenancy::Tenancy;
use crate::time::{Leeway, Timestamp, is_expired, is_in_future};

/// How presented keys are looked up, as the filter is configured.
#[derive(Clone, Debug, Default)]
pub struct KeyRules {
    /// The prefix of keys of ours.
    pub prefix: KeyPrefix,
    /// The active peppers.
    pub peppers: Peppers,
    /// Whether the case of GUIDs matters.
    pub guids: GuidCase,
}

/// How a key is used.
#[derive(Clone, Copy, Debug)]
pub struct Use<'r> {
    /// The time.
    pub now: Timestamp,
    /// How far clocks may be apart; zero unless configured, and 60 s at most.
    pub leeway: Leeway,
    /// Where the client is.
    pub client: Client<'r>,
    /// Where the key stands.
    pub from: KeyPlace,
    /// What is asked for.
    pub asked: Asked<'r>,
}

/// The client's address as the proxy trusts it; `None` if it cannot be read.
#[derive(Clone, Copy)]
pub enum Client<'r> {
    /// It is this.
    At(Option<IpAddr>),
    /// It is asked for where a key is limited to addresses: that is a call of the host.
    Unasked(&'r dyn Fn() -> Option<IpAddr>),
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyPlace {
    /// In its header.
    Header,
    /// In the URL. Whoever lets no key stand there refuses it before; here, the record has its say.
    Query,
    /// Nowhere: a session of this epoch was opened with it.
    Session {
        /// The epoch of the record when the session was opened.
        epoch: u32,
    },
}

/// What a key grants to one request.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    /// The name of the key, for logs and headers.
    pub name: &'a str,
    /// As whom the request runs.
    pub user: &'a str,
    /// For whom it runs.
    pub tenancy: Tenancy,
    /// Its scopes.
    pub scopes: Texts<'a>,
    /// Its roles.
    pub roles: Texts<'a>,
    /// Its tags.
    pub tags: Texts<'a>,
    /// The end of the secret that was used.
    pub expires_at: Timestamp,
    /// The first bytes of the digest of the secret that was used.
    pub mark: DigestMark,
    /// Whether it may open sessions.
    pub allows_session: bool,
    /// The epoch of sessions that it opens now.
    pub session_epoch: u32,
}

/// Why a key grants nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyRefused {
    /// It may not be used from the client's address, or that cannot be read.
    Address,
    /// It begins as one of ours, and was mistyped or cut.
    Checksum,
    /// It is disabled.
    Disabled,
    /// Its end has come.
    Expired {
        /// Its end.
        expires_at: Timestamp,
    },
    /// It is too long, or has bytes that no key has.
    Format,
    /// It may not stand in a URL. If the key is known, it counts as exposed.
    InUrl,
    /// It is not yet good.
    NotYetValid {
        /// Its beginning.
        not_before: Timestamp,
    },
    /// Its record is invalid.
    Record,
    /// It is not for what is asked.
    Route,
    /// It opens no sessions any more.
    Session,
    /// Sessions of this epoch were ended.
    SessionEpoch,
    /// Nobody knows it.
    Unknown,
}

/// What a caller is told of a [`KeyRefused`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyCode {
    /// 401 `app_key_expired`: only the holder of the real key gets here.
    Expired,
    /// 401 `app_key_in_url`.
    InUrl,
    /// 401 `app_key_invalid`: all that would help a thief looks like an unknown key.
    Invalid,
    /// 403 `app_key_not_allowed`.
    NotAllowed,
}

impl KeyRules {
    /// Whether a presented key could be one, before anything is looked up.
    ///
    /// # Errors
    /// [`KeyRefused::Checksum`] and [`KeyRefused::Format`].
    pub fn check_form(&self, key: &[u8]) -> Result<(), KeyRefused> {
        match self.prefix.check_form(key) {
            Form::BadChecksum => Err(KeyRefused::Checksum),
            Form::Malformed => Err(KeyRefused::Format),
            Form::Foreign | Form::Ours => Ok(()),
        }
    }

    /// What a presented key grants. Its form is looked at first, then it is looked up, then [`check`]ed.
    ///
    /// # Errors
    /// [`KeyRefused`], of the first thing wrong, and the name of the key if it is known.
    pub fn judge<'s>(
        &self,
        keys: &'s KeySet,
        key: &[u8],
        wanted: &Use<'_>,
    ) -> Result<Grant<'s>, Refusal<'s>> {
        let unread = |refused| Err(Refusal { refused, name: None, mark: None });
        if let Err(refused) = self.check_form(key) {
            return unread(refused);
        }
        let candidates = Candidates::of(key, &self.peppers, self.guids);
        match keys.find_presented(&candidates) {
            None => {
                let mark = candidates.plain().map(KeyDigest::mark);
                Err(Refusal { refused: KeyRefused::Unknown, name: None, mark })
            }
            Some(found) => check(&found, wanted).map_err(|refused| Refusal {
                refused,
                name: Some(found.record.name),
                mark: Some(found.mark),
            }),
        }
    }
}

/// A refusal, and the key that it is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal<'s> {
    /// Why.
    pub refused: KeyRefused,
    /// The name of the key; `None` if it is unknown.
    pub name: Option<&'s str>,
    /// What logs may tell of what was presented: the beginning of the digest by which the key is known, or of the plain
    /// one if nobody knows it; `None` for what was not looked up.
    pub mark: Option<DigestMark>,
}

/// What a found key grants. In this order: whether it is enabled and its record good, for a session whether it may be and
/// was not ended, then time, address, place (header or URL), and routes.
///
/// # Errors
/// [`KeyRefused`], of the first thing wrong.
pub fn check<'a>(found: &Found<'a>, wanted: &Use<'_>) -> Result<Grant<'a>, KeyRefused> {
    let body = found.record.body.ok_or(KeyRefused::Record)?;
    let window = body.window(found.secret).ok_or(KeyRefused::Record)?;
    let tenancy = body.tenancy().map_err(|_| KeyRefused::Record)?;
    if !body.is_enabled() {
        return Err(KeyRefused::Disabled);
    }
    if let KeyPlace::Session { epoch } = wanted.from {
        if !body.allows_session() {
            return Err(KeyRefused::Session);
        }
        if epoch != body.session_epoch {
            return Err(KeyRefused::SessionEpoch);
        }
    }
    if is_in_future(window.not_before, wanted.leeway, wanted.now) {
        return Err(KeyRefused::NotYetValid { not_before: window.not_before });
    }
    if is_expired(window.expires_at, wanted.leeway, wanted.now) {
        return Err(KeyRefused::Expired { expires_at: window.expires_at });
    }
    if body.has_addresses() && !body.allows_address(wanted.client.address()) {
        return Err(KeyRefused::Address);
    }
    if wanted.from == KeyPlace::Query && !body.allows_query() {
        return Err(KeyRefused::InUrl);
    }
    if !body.covers(wanted.asked) {
        return Err(KeyRefused::Route);
    }
    Ok(Grant {
        name: found.record.name,
        user: body.user,
        tenancy,
        scopes: body.scopes,
        roles: body.roles,
        tags: body.tags,
        expires_at: window.expires_at,
        mark: found.mark,
        allows_session: body.allows_session(),
        session_epoch: body.session_epoch,
    })
}

impl KeyPlace {
    /// The word for logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
            Self::Session { .. } => "session",
        }
    }
}

impl Client<'_> {
    /// The address.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::At(address) => address,
            Self::Unasked(ask) => ask(),
        }
    }
}

impl fmt::Debug for Client<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(formatter),
            Self::Unasked(_) => formatter.write_str("unasked"),
        }
    }
}

impl KeyRefused {
    /// What the caller is told.
    pub const fn code(self) -> KeyCode {
        match self {
            Self::Address
            | Self::Checksum
            | Self::Disabled
            | Self::Format
            | Self::NotYetValid { .. }
            | Self::Record
            | Self::Session
            | Self::SessionEpoch
            | Self::Unknown => KeyCode::Invalid,
            Self::Expired { .. } => KeyCode::Expired,
            Self::InUrl => KeyCode::InUrl,
            Self::Route => KeyCode::NotAllowed,
        }
    }

    /// The exact cause as a word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Address => "appkey_ip",
            Self::Checksum => "appkey_checksum",
            Self::Disabled => "appkey_disabled",
            Self::Expired { .. } => "appkey_expired",
            Self::Format => "appkey_format",
            Self::InUrl => "appkey_in_url",
            Self::NotYetValid { .. } => "appkey_not_before",
            Self::Record => "appkey_record",
            Self::Route => "appkey_route",
            Self::Session => "appkey_session",
            Self::SessionEpoch => "appkey_session_epoch",
            Self::Unknown => "appkey_unknown",
        }
    }
}

impl KeyCode {
    /// The code as replies state it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Expired => "app_key_expired",
            Self::InUrl => "app_key_in_url",
            Self::Invalid => "app_key_invalid",
            Self::NotAllowed => "app_key_not_allowed",
        }
    }
}
