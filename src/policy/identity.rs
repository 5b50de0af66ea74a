//! Headers that only we may set, and those that say who the caller is.

use super::reserved::{AUTHORIZATION, CREDENTIALS, OVERRIDES};
use crate::credential::{KeyPlaces, TokenPlaces};
use crate::jwt::ClaimName;
use crate::message::{CookieName, HeaderName, ParameterName};
use crate::sorted::Sorted;

/// The headers that tell the upstream who the caller is; `None` where it is not told.
#[derive(Clone, Debug, Default)]
pub struct IdentityHeaders {
    /// The caller's tenant.
    pub tenant: Option<HeaderName>,
    /// The caller's subtenant; absent from the request when the caller has none.
    pub subtenant: Option<HeaderName>,
    /// The user; absent from the request when the caller is a program.
    pub user: Option<HeaderName>,
    /// The OAuth client.
    pub client: Option<HeaderName>,
    /// The scopes, each percent-encoded, with `,` between; absent when the caller has none.
    pub scopes: Option<HeaderName>,
    /// What kind of credential the identity rests on: `application_key`, `bearer` or `session`.
    pub credential_kind: Option<HeaderName>,
    /// The name of the application key; absent when the caller has none.
    pub key_name: Option<HeaderName>,
    /// The roles of the application key, as scopes are told.
    pub key_roles: Option<HeaderName>,
    /// The tags of the application key, as scopes are told.
    pub key_tags: Option<HeaderName>,
    /// The end of the application key, as RFC 3339 writes times.
    pub key_expires_at: Option<HeaderName>,
    /// Claims, which the configuration must have kept; absent where the token lacks them.
    pub claims: Vec<(HeaderName, ClaimName)>,
}

impl IdentityHeaders {
    /// The names that are configured.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        let facts = [
            &self.tenant,
            &self.subtenant,
            &self.user,
            &self.client,
            &self.scopes,
            &self.credential_kind,
            &self.key_name,
            &self.key_roles,
            &self.key_tags,
            &self.key_expires_at,
        ];
        let claims = self.claims.iter().map(|(header, _)| header);
        facts.into_iter().flatten().chain(claims)
    }
}

/// The headers that a client can never bring in: identity, tokens, keys and other credentials, and
/// those with which it could change method or path behind our back.
///
/// They are the union over all routes, and are removed from every request, in every mode. The one
/// exception is the caller's own token on a route that forwards it.
#[derive(Clone, Debug)]
pub struct OwnedHeaders {
    names: Vec<HeaderName>,
    /// By length, a bit for each first byte that a name of this length has: most headers of a request are told from
    /// ours by it.
    starts: [u32; HeaderName::LIMIT + 1],
    places: TokenPlaces,
    keys: Option<KeyPlaces>,
    /// The cookies of tokens, then that of sessions.
    cookies: Vec<CookieName>,
}

impl OwnedHeaders {
    /// The headers `names` and those of `places` and `keys`, besides those that are always ours.
    pub(super) fn new<'n>(
        names: impl Iterator<Item = &'n HeaderName>,
        places: TokenPlaces,
        keys: Option<KeyPlaces>,
    ) -> Self {
        let always = CREDENTIALS.iter().chain(&OVERRIDES);
        let ours = always.filter_map(|name| HeaderName::parse(name).ok());
        let headers = places.headers().iter().map(|(name, _)| name);
        let mut all: Vec<_> = ours.chain(names.cloned()).collect();
        all.extend(headers.chain(keys.iter().flat_map(KeyPlaces::headers)).cloned());
        let names: Vec<_> = Sorted::from_iter(all).into_iter().collect();
        let mut starts = [0; HeaderName::LIMIT + 1];
        for name in names.iter().map(HeaderName::as_str) {
            starts.get_mut(name.len()).into_iter().for_each(|bits| *bits |= start(name.as_bytes()));
        }
        let session = keys.as_ref().and_then(KeyPlaces::session_cookie);
        let cookies = places.cookies().iter().chain(session).cloned().collect();
        Self { names, starts, places, keys, cookies }
    }

    /// Where callers' tokens may stand besides `authorization`.
    pub const fn places(&self) -> &TokenPlaces {
        &self.places
    }

    /// Where application keys may stand; `None` if none are known.
    pub const fn keys(&self) -> Option<&KeyPlaces> {
        self.keys.as_ref()
    }

    /// The query parameters that no upstream sees.
    pub(super) fn parameters(&self) -> &[ParameterName] {
        self.keys.as_ref().map_or(self.places.parameters(), KeyPlaces::parameters)
    }

    /// The cookies that no upstream sees where it does not get the caller's token.
    pub(super) fn cookies(&self) -> &[CookieName] {
        &self.cookies
    }

    /// The cookie that no upstream sees in any case.
    pub(super) fn session_cookie(&self) -> &[CookieName] {
        self.cookies.get(self.places.cookies().len()..).unwrap_or_default()
    }

    /// Whether the header `name`, as received, is one of which a caller's token is read.
    pub(super) fn is_read(&self, name: &[u8]) -> bool {
        let mut headers = self.places.headers().iter().map(|(name, _)| name.as_str());
        name.eq_ignore_ascii_case(AUTHORIZATION.as_bytes())
            || headers.any(|header| name.eq_ignore_ascii_case(header.as_bytes()))
    }

    /// Whether `name`, as received, could be taken for one of them: ASCII case is ignored and `_`
    /// equals `-`.
    #[inline(always)]
    pub fn cover(&self, name: &[u8]) -> bool {
        self.starts.get(name.len()).is_some_and(|bits| bits & start(name) != 0)
            && self.has_one_alike(name)
    }

    #[inline(never)]
    fn has_one_alike(&self, name: &[u8]) -> bool {
        self.names.iter().any(|ours| ours.is_alike(name))
    }
}

/// A bit for the first byte, the same for both cases of a letter, and for `_` as for `-`.
#[inline(always)]
fn start(name: &[u8]) -> u32 {
    match name.first() {
        Some(b'-' | b'_') => 1,
        Some(byte) => 1 << (byte & 0x1F),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owned_headers_are_covered_in_every_spelling() {
        let longest = "x".repeat(128);
        let names = ["x-tenant", &longest].map(|name| HeaderName::parse(name).unwrap());
        let owned = OwnedHeaders::new(names.iter(), TokenPlaces::default(), None);
        let covered =
            ["x-tenant", "X_Tenant", "Authorization", "appKey", "X_HTTP_Method", &longest];
        assert!(owned.cover(b"Proxy_Authorization"));
        for name in covered {
            assert!(owned.cover(name.as_bytes()), "{name}");
        }
        let other = ["", "x-tenants", "xtenant", "x-tenan", ":path", &"x".repeat(129)];
        for name in other {
            assert!(!owned.cover(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_that_begin_with_any_byte_are_covered_in_every_spelling() {
        let starts = (0x21..0x7F_u8).map(char::from);
        for start in starts.filter(|start| HeaderName::parse(&start.to_string()).is_ok()) {
            let name = HeaderName::parse(&format!("{start}-a")).unwrap();
            let owned = OwnedHeaders::new([&name].into_iter(), TokenPlaces::default(), None);
            for spelling in [format!("{start}-a"), format!("{start}_A")] {
                let spellings = [spelling.to_uppercase(), spelling.replacen('-', "_", 2), spelling];
                for spelling in spellings {
                    assert!(owned.cover(spelling.as_bytes()), "{spelling}");
                }
            }
        }
    }

    #[test]
    fn the_headers_that_are_always_ours_are_all_header_names() {
        let owned = OwnedHeaders::new(std::iter::empty(), TokenPlaces::default(), None);
        assert_eq!(owned.names.len(), CREDENTIALS.len() + OVERRIDES.len());
    }
}
