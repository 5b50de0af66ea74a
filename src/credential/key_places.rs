//! Where application keys may stand, and what belongs to them.

use std::sync::Arc;

use super::authorization::{self, Authorization};
use super::place::TokenPlaces;
use crate::message::{CookieName, HeaderName, ParameterName, RequestHead};

/// Where application keys may stand, as the configuration states it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyPlacesParts {
    /// The header of a key: `appkey`.
    pub header: HeaderName,
    /// The query parameter of a key: `appKey`. Read in exactly this case of letters, cut out in any.
    pub parameter: ParameterName,
    /// Whether a key may stand in the query at all.
    pub allows_query: bool,
    /// What a key begins with that may stand where bearer tokens do, `_` included; `None` if none may.
    pub bearer_prefix: Option<Arc<str>>,
    /// The header that asks for a session: `x-thingworx-session`.
    pub flag_header: HeaderName,
    /// The query parameter that asks for a session: `x-thingworx-session`.
    pub flag_parameter: ParameterName,
    /// Whether the upstream sees these two even though the gateway makes sessions itself.
    pub forwards_flag: bool,
    /// The cookie of our sessions; `None` if the gateway makes none. Then the upstream sees the flag.
    pub session_cookie: Option<CookieName>,
    /// Whether a user and a password in `authorization` go on beside a key.
    pub forwards_basic: bool,
    /// What decides where a key and a token are presented.
    pub decisive: Decisive,
}

/// What is looked at where a request presents an application key and a bearer token. What is not
/// looked at is removed, and not even its form matters.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Decisive {
    /// Both. Whether they go together is the rule of policy.
    #[default]
    Both,
    /// The key alone.
    Key,
    /// The token alone.
    Token,
}

/// Where application keys may stand, and what is cut out of URLs with them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyPlaces {
    parts: KeyPlacesParts,
    parameters: Vec<ParameterName>,
}

impl KeyPlaces {
    /// The places of keys, besides the places of `tokens`: what stands in a URL is cut out together.
    pub fn new(parts: KeyPlacesParts, tokens: &TokenPlaces) -> Self {
        let mut parameters = tokens.parameters().to_vec();
        parameters.push(parts.parameter.in_any_case());
        let mut places = Self { parts, parameters };
        if places.removes_flag() {
            places.parameters.push(places.parts.flag_parameter.in_any_case());
        }
        places
    }

    /// The query parameters that no upstream and no log sees, those of tokens included.
    pub fn parameters(&self) -> &[ParameterName] {
        &self.parameters
    }

    /// The headers that no upstream and no log sees, besides those of tokens.
    pub fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        let flag = self.removes_flag().then_some(&self.parts.flag_header);
        [&self.parts.header].into_iter().chain(flag)
    }

    /// The cookie of our sessions, which no upstream sees.
    pub const fn session_cookie(&self) -> Option<&CookieName> {
        self.parts.session_cookie.as_ref()
    }

    /// Whether `authorization` holds a key, in whatever form: then no upstream and no log sees it.
    pub fn is_in_authorization(&self, head: &RequestHead<'_>) -> bool {
        let mut values = head.values(b"authorization");
        self.parts.bearer_prefix.as_deref().is_some_and(|prefix| {
            values.any(|value| authorization::begins_a_word(value, prefix.as_bytes()))
        })
    }

    /// Whether `authorization` holds a user and a password.
    pub fn has_basic(&self, head: &RequestHead<'_>) -> bool {
        matches!(Authorization::read(head, self), Authorization::Basic)
    }

    /// Whether `authorization` holds a user and a password that go on beside a key.
    pub fn keeps_basic(&self, head: &RequestHead<'_>) -> bool {
        self.parts.forwards_basic && self.has_basic(head)
    }

    /// The places as they were stated.
    pub(super) const fn parts(&self) -> &KeyPlacesParts {
        &self.parts
    }

    const fn removes_flag(&self) -> bool {
        self.parts.session_cookie.is_some() && !self.parts.forwards_flag
    }
}
