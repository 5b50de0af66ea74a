//! Who uses a key: what it grants, kept for a request, and for those after it that it grants the same.

use super::bytes::Texts;
use super::digest::DigestMark;
use super::verdict::{Grant, KeyPlace};
use crate::message::Told;
use crate::tenancy::Tenancy;
use crate::time::Timestamp;

/// Who uses a key. Only a [`Grant`] makes one.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    /// The name, then the user: each allocation costs more than the copy.
    names: Box<str>,
    user_at: usize,
    tenancy: Tenancy,
    /// The scopes, then the roles, then the tags.
    lists: Box<[u8]>,
    roles_at: usize,
    tags_at: usize,
    expires_at: Timestamp,
    mark: DigestMark,
    from: KeyPlace,
    session_epoch: Option<u32>,
    told: Told,
}

impl KeyHolder {
    /// The holder to whom `grant` was given for a key that stands there.
    pub fn new(grant: Grant<'_>, from: KeyPlace) -> Self {
        Self {
            names: [grant.name, grant.user].concat().into(),
            user_at: grant.name.len(),
            tenancy: grant.tenancy,
            lists: [grant.scopes.0, grant.roles.0, grant.tags.0].concat().into(),
            roles_at: grant.scopes.0.len(),
            tags_at: grant.scopes.0.len() + grant.roles.0.len(),
            expires_at: grant.expires_at,
            mark: grant.mark,
            from,
            session_epoch: grant.allows_session.then_some(grant.session_epoch),
            told: Told::new(),
        }
    }

    /// Whether it is the one that [`Self::new`] makes of this.
    pub fn is_of(&self, grant: &Grant<'_>, from: KeyPlace) -> bool {
        let lists = [self.scopes(), self.roles(), self.tags()].map(|texts| texts.0);
        (self.mark, self.from, self.expires_at) == (grant.mark, from, grant.expires_at)
            && self.session_epoch == grant.allows_session.then_some(grant.session_epoch)
            && [self.name(), self.user()] == [grant.name, grant.user]
            && self.tenancy == grant.tenancy
            && lists == [grant.scopes.0, grant.roles.0, grant.tags.0]
    }

    /// The bytes of its texts.
    pub fn size(&self) -> usize {
        self.names.len() + self.lists.len()
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        self.names.get(..self.user_at).unwrap_or_default()
    }

    /// As whom the request runs.
    pub fn user(&self) -> &str {
        self.names.get(self.user_at..).unwrap_or_default()
    }

    /// For whom it runs.
    pub const fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// Its scopes.
    pub fn scopes(&self) -> Texts<'_> {
        Texts(self.lists.get(..self.roles_at).unwrap_or_default())
    }

    /// Its roles.
    pub fn roles(&self) -> Texts<'_> {
        Texts(self.lists.get(self.roles_at..self.tags_at).unwrap_or_default())
    }

    /// Its tags.
    pub fn tags(&self) -> Texts<'_> {
        Texts(self.lists.get(self.tags_at..).unwrap_or_default())
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

    /// What upstreams are told of it. A holder is of one configuration.
    pub const fn told(&self) -> &Told {
        &self.told
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenancy::TenantId;

    /// A holder is used again for who is the same in all that it tells.
    #[test]
    fn a_holder_is_of_its_grant_and_of_no_other() {
        fn grant() -> Grant<'static> {
            Grant {
                name: "pump-17",
                user: "ann",
                tenancy: Tenancy::Unstated,
                scopes: Texts(b"s"),
                roles: Texts(b"r"),
                tags: Texts(b"t"),
                expires_at: Timestamp::from_seconds(1),
                mark: DigestMark([1; 8]),
                allows_session: true,
                session_epoch: 0,
            }
        }
        let holder = KeyHolder::new(grant(), KeyPlace::Header);
        assert!(holder.is_of(&grant(), KeyPlace::Header));
        assert_eq!([holder.name(), holder.user()], ["pump-17", "ann"]);
        let lists = [holder.scopes(), holder.roles(), holder.tags()].map(|texts| texts.0);
        assert_eq!(lists, [b"s", b"r", b"t"]);
        for from in [KeyPlace::Query, KeyPlace::Session { epoch: 0 }] {
            assert!(!holder.is_of(&grant(), from), "{from:?}");
        }
        let tenant = TenantId::parse("acme").unwrap();
        let others = [
            Grant { name: "pump-1", user: "7ann", ..grant() },
            Grant { user: "anna", ..grant() },
            Grant { tenancy: Tenancy::Tenant(tenant), ..grant() },
            Grant { scopes: Texts(b"sr"), roles: Texts(b""), ..grant() },
            Grant { roles: Texts(b"rt"), tags: Texts(b""), ..grant() },
            Grant { tags: Texts(b"tt"), ..grant() },
            Grant { expires_at: Timestamp::from_seconds(2), ..grant() },
            Grant { mark: DigestMark([2; 8]), ..grant() },
            Grant { allows_session: false, ..grant() },
            Grant { session_epoch: 1, ..grant() },
        ];
        for other in others {
            assert!(!holder.is_of(&other, KeyPlace::Header), "{other:?}");
        }
    }
}
