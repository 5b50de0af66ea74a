//! Who uses a key: what it grants, kept for as long as one request lasts.

use super::bytes::Texts;
use super::digest::DigestMark;
use super::verdict::{Grant, KeyPlace};
use crate::tenancy::Tenancy;
use crate::time::Timestamp;

/// Who uses a key. Only a [`Grant`] makes one.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    name: Box<str>,
    user: Box<str>,
    tenancy: Tenancy,
    scopes: Box<[u8]>,
    roles: Box<[u8]>,
    tags: Box<[u8]>,
    expires_at: Timestamp,
    mark: DigestMark,
    from: KeyPlace,
    session_epoch: Option<u32>,
}

impl KeyHolder {
    /// The holder to whom `grant` was given for a key that stands there.
    pub fn new(grant: Grant<'_>, from: KeyPlace) -> Self {
        Self {
            name: grant.name.into(),
            user: grant.user.into(),
            tenancy: grant.tenancy,
            scopes: grant.scopes.0.into(),
            roles: grant.roles.0.into(),
            tags: grant.tags.0.into(),
            expires_at: grant.expires_at,
            mark: grant.mark,
            from,
            session_epoch: grant.allows_session.then_some(grant.session_epoch),
        }
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As whom the request runs.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// For whom it runs.
    pub const fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// Its scopes.
    pub fn scopes(&self) -> Texts<'_> {
        Texts(&self.scopes)
    }

    /// Its roles.
    pub fn roles(&self) -> Texts<'_> {
        Texts(&self.roles)
    }

    /// Its tags.
    pub fn tags(&self) -> Texts<'_> {
        Texts(&self.tags)
    }

    /// The end of the secret that was used.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The first bytes of the digest of the secret that was used.
    pub const fn mark(&self) -> DigestMark {
        self.mark
    }

    /// The epoch of sessions that the key opens now; `None` if it may open none.
    pub const fn session_epoch(&self) -> Option<u32> {
        self.session_epoch
    }

    /// Where the key stood.
    pub const fn from(&self) -> KeyPlace {
        self.from
    }
}

#[cfg(test)]
impl KeyHolder {
    /// The holder of a key, for tests of other modules.
    pub(crate) fn stand_in(user: &str, tenancy: Tenancy, scopes: &[&str], from: KeyPlace) -> Self {
        let texts = |texts: &[&str]| {
            let mut part = Vec::new();
            for text in texts {
                super::bytes::put_part(&mut part, text.as_bytes()).unwrap();
            }
            part
        };
        let (scopes, roles, tags) =
            (texts(scopes), texts(&["edge", "a,b"]), texts(&["site:hamburg"]));
        let grant = Grant {
            name: "pump-17",
            user,
            tenancy,
            scopes: Texts(&scopes),
            roles: Texts(&roles),
            tags: Texts(&tags),
            expires_at: Timestamp::from_seconds(1_781_481_600),
            mark: super::digest::KeyDigest::of(b"k").mark(),
            allows_session: true,
            session_epoch: 0,
        };
        Self::new(grant, from)
    }
}
