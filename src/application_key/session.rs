//! Sessions: a cookie that says which key opened it, signed by the gateway. It holds nothing that could be presented as a
//! key, and is good only as long as the key is.

mod keys;
mod payload;

pub use keys::{SessionKey, SessionKeyError, SessionKeys};

use std::net::IpAddr;
use std::time::Duration;

use super::digest::DigestMark;
use super::holder::KeyHolder;
use super::set::KeySet;
use super::verdict::{Grant, KeyPlace, KeyRefused, Use, check};
use crate::time::Timestamp;

/// A session: whose key opened it, and how long it is good. Its times are whole seconds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// The name of the key.
    pub name: Box<str>,
    /// The first bytes of the digest of the secret that was used.
    pub mark: DigestMark,
    /// When it was opened.
    pub issued_at: Timestamp,
    /// From this on it is no longer good unless it is renewed.
    pub idle_end: Timestamp,
    /// From this on it is no longer good.
    pub absolute_end: Timestamp,
    /// The epoch of the key's sessions when it was opened.
    pub epoch: u32,
    /// The one address that it may be used from, if it is bound to one.
    pub address: Option<IpAddr>,
}

/// How long sessions are good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionLimits {
    /// Without a request: 30 min unless configured.
    pub idle: Duration,
    /// At all: 8 h unless configured.
    pub absolute: Duration,
}

/// Why a cookie is no session. All are as if there were no cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionRefused {
    /// Its absolute limit has come.
    AbsoluteEnd,
    /// It is bound to another address.
    AddressMoved,
    /// It was not used for too long.
    IdleEnd,
    /// What its key says now.
    Key(KeyRefused),
    /// No record of this name has this secret any more.
    KeyGone,
    /// It is not signed by the key that it names.
    Mac,
    /// It is not of the form `v1.<key>.<payload>.<mac>`, or too long.
    Shape,
    /// It names a signing key that is not one of ours.
    SigningKey,
}

impl Session {
    /// The longest cookie, in bytes.
    pub const LIMIT: usize = 1024;

    /// The session that a key opens now; `None` if the key may open none. It ends with the secret at the latest.
    pub fn open(
        holder: &KeyHolder,
        limits: SessionLimits,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<Self> {
        let absolute_end = whole((now + limits.absolute).min(holder.expires_at()));
        holder.session_epoch().map(|epoch| Self {
            name: holder.name().into(),
            mark: holder.mark(),
            issued_at: whole(now),
            idle_end: whole(now + limits.idle).min(absolute_end),
            absolute_end,
            epoch,
            address: address.map(|address| address.to_canonical()),
        })
    }

    /// What the session grants to a request: what its key grants now.
    ///
    /// # Errors
    /// [`SessionRefused`]: deleting, disabling, rotating out or expiring the key ends its sessions.
    pub fn check<'k>(
        &self,
        keys: &'k KeySet,
        wanted: &Use<'_>,
    ) -> Result<Grant<'k>, SessionRefused> {
        if let Some(bound) = self.address
            && wanted.client.address().map(|address| address.to_canonical()) != Some(bound)
        {
            return Err(SessionRefused::AddressMoved);
        }
        let found = keys.find_marked(&self.name, self.mark).ok_or(SessionRefused::KeyGone)?;
        let wanted = Use { from: KeyPlace::Session { epoch: self.epoch }, ..*wanted };
        check(&found, &wanted).map_err(SessionRefused::Key)
    }

    /// Whether its key runs requests as `holder`'s does: for the same user of the same tenant and subtenant.
    pub fn runs_as(&self, holder: &KeyHolder, keys: &KeySet) -> bool {
        let body = keys.find_marked(&self.name, self.mark).and_then(|found| found.record.body);
        body.is_some_and(|body| {
            body.user == holder.user() && body.tenancy().is_ok_and(|own| own == *holder.tenancy())
        })
    }

    /// Seconds until it ends without a request.
    pub const fn idle_seconds(&self, now: Timestamp) -> u64 {
        self.idle_end.as_seconds().saturating_sub(now.as_seconds())
    }

    /// The session with a later idle limit, if more than half of it has passed and there is more to have. `grant` is that
    /// of [`Session::check`].
    pub fn renewed(
        &self,
        grant: &Grant<'_>,
        limits: SessionLimits,
        now: Timestamp,
    ) -> Option<Self> {
        let absolute_end = self.absolute_end.min(whole(grant.expires_at));
        let idle_end = whole(now + limits.idle).min(absolute_end);
        let is_due = self.idle_end.since(now) < limits.idle / 2;
        (is_due && idle_end > self.idle_end).then(|| Self {
            idle_end,
            absolute_end,
            ..self.clone()
        })
    }
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_secs(1800), absolute: Duration::from_secs(28_800) }
    }
}

impl SessionRefused {
    /// The exact cause as a word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AbsoluteEnd => "session_absolute_end",
            Self::AddressMoved => "session_address_moved",
            Self::IdleEnd => "session_idle_end",
            Self::Key(refused) => refused.reason(),
            Self::KeyGone => "session_key_gone",
            Self::Mac => "session_mac",
            Self::Shape => "session_shape",
            Self::SigningKey => "session_signing_key",
        }
    }
}

/// A time without what is below the second: never later.
const fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_seconds(time.as_seconds())
}
