//! What a client presents to prove who it is: well-formed, still unproven.

mod application_key;
mod authorization;
mod bearer;
mod key_places;
mod origin;
mod place;
mod session;
mod stripping;

pub use application_key::{KeyError, KeyFrom, PresentedKey};
pub use bearer::Bearer;
pub use key_places::{Decisive, KeyPlaces, KeyPlacesParts};
pub(crate) use origin::{check_form_origin, is_own_page, opens_connection};
pub use place::{TokenPlace, TokenPlaces};
pub use session::SessionCookie;
pub use stripping::strip;
pub(crate) use stripping::strip_addresses;

use crate::message::{RequestHead, cookie_values, parameter_values};
use authorization::Authorization;

/// What one request presents: of each kind nothing, or exactly one. How kinds combine is the rule
/// of policy.
#[derive(Clone, Debug, Default)]
pub struct Presented<'a> {
    /// The application key.
    pub application_key: Option<PresentedKey<'a>>,
    /// The bearer token.
    pub bearer: Option<Bearer<'a>>,
    /// The cookie of a session that a key opened. Beside a key or a token it does not count.
    pub session: Option<SessionCookie<'a>>,
    /// Whether a session is asked for. Only a key can open one.
    pub asks_for_session: bool,
    /// Whether a user and a password stand in `authorization` (RFC 7617) beside an application key.
    pub has_basic: bool,
    /// Whether the token or the session stands in cookies alone: then the browser has put it there,
    /// and not the one who made the request.
    is_ambient: bool,
}

/// Why what is presented is not well-formed, where application keys are known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PresentedError {
    /// The application key or the session.
    Key(KeyError),
    /// The token.
    Token(CredentialError),
}

/// Why what is presented is not well-formed. It is refused, never taken as absent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CredentialError {
    /// Two `authorization` fields, or a list in one.
    AuthorizationRepeated,
    /// The bearer token is empty or no `b64token` (RFC 6750 §2.1).
    BearerMalformed,
    /// Nothing says that the page which had the browser send the cookie is one of ours.
    OriginUnproven,
    /// A header for tokens has not the configured prefix.
    PrefixMissing,
    /// The scheme is not `Bearer`.
    SchemeUnsupported,
    /// Two different tokens.
    TokensDiffer,
}

/// What `head` presents: in `authorization`, and at `places`. The same token at several places is
/// one token.
///
/// # Errors
/// [`CredentialError`] when something is presented that cannot be one credential of its kind.
pub fn extract<'a>(
    head: &RequestHead<'a>,
    places: &'a TokenPlaces,
) -> Result<Presented<'a>, CredentialError> {
    tokens(head, places, Authorization::Other)
}

/// What stands where the token of `head` does, if tokens may stand in `authorization` alone. It may be no token: whoever
/// finds the same bytes among the tokens that it knows need not look at each of them again.
pub fn unchecked_token<'a>(head: &RequestHead<'a>, places: &TokenPlaces) -> Option<&'a [u8]> {
    if places.is_empty() { Bearer::find(head).ok()? } else { None }
}

/// What `head` presents, application keys and sessions included. A key that stands at several places
/// is one key.
///
/// # Errors
/// [`PresentedError`] when something is presented that counts and cannot be one credential of its
/// kind. See [`Decisive`] for what counts.
pub fn extract_with_keys<'a>(
    head: &RequestHead<'a>,
    places: &'a TokenPlaces,
    keys: &KeyPlaces,
) -> Result<Presented<'a>, PresentedError> {
    let session = SessionCookie::extract(head, keys);
    let authorization = Authorization::read(head, keys);
    let decisive = keys.parts().decisive;
    let is_key_there = PresentedKey::stands(head, keys, authorization);
    let mut presented = match decisive {
        Decisive::Key if is_key_there => Presented::default(),
        Decisive::Both | Decisive::Key | Decisive::Token => {
            let is_basic = matches!(authorization, Authorization::Basic);
            let read = if is_basic && !is_key_there { Authorization::Other } else { authorization };
            tokens(head, places, read)?
        }
    };
    if presented.bearer.is_none() || decisive == Decisive::Both {
        presented.application_key = PresentedKey::extract(head, keys, authorization)?;
    }
    presented.has_basic = is_key_there && matches!(authorization, Authorization::Basic);
    presented.asks_for_session = session::is_asked_for(head, keys);
    let is_by_header = presented.application_key.as_ref().is_some_and(|key| !key.from().is_query());
    presented.session = match session {
        // Beside a token or a key in its header it does not count, and can do no harm.
        Err(_) if presented.bearer.is_some() || is_by_header => None,
        session => session?,
    };
    presented.is_ambient |= presented.session.is_some()
        && presented.bearer.is_none()
        && presented.application_key.is_none();
    Ok(presented)
}

/// The token of `head`; in `authorization` only if nothing else stands there.
fn tokens<'a>(
    head: &RequestHead<'a>,
    places: &'a TokenPlaces,
    authorization: Authorization<'_>,
) -> Result<Presented<'a>, CredentialError> {
    let bearer = match authorization {
        Authorization::Basic | Authorization::Key(_) => None,
        Authorization::Other => Bearer::extract(head)?,
    };
    let mut presented = Presented { bearer, ..Presented::default() };
    for (name, prefix) in places.headers() {
        for value in head.values(name.as_str().as_bytes()) {
            presented.add(Bearer::after_prefix(value, prefix.as_bytes())?)?;
        }
    }
    for name in places.parameters() {
        for value in head.path().into_iter().flat_map(|target| parameter_values(target, name)) {
            presented.add(Bearer::parse(value)?)?;
        }
    }
    let is_stated = presented.bearer.is_some();
    for name in places.cookies() {
        for value in cookie_values(head, name) {
            presented.add(Bearer::parse(value)?)?;
        }
    }
    presented.is_ambient = !is_stated && presented.bearer.is_some();
    Ok(presented)
}

impl<'a> Presented<'a> {
    /// The same without its token, which stood in cookies alone and has expired, so that it counts as absent: then the
    /// key counts.
    ///
    /// # Errors
    /// [`PresentedError`] if what stands where keys do is none.
    pub fn without_token(
        self,
        head: &RequestHead<'a>,
        keys: &KeyPlaces,
    ) -> Result<Self, PresentedError> {
        let authorization = Authorization::read(head, keys);
        let application_key = PresentedKey::extract(head, keys, authorization)?;
        let is_ambient = self.session.is_some() && application_key.is_none();
        Ok(Self { application_key, bearer: None, is_ambient, ..self })
    }

    /// Whether cookies alone say who asks.
    pub const fn is_ambient(&self) -> bool {
        self.is_ambient
    }

    /// Whether the one who made the request of `head` meant to present this.
    ///
    /// # Errors
    /// [`CredentialError::OriginUnproven`] when it is a cookie alone, the request could change
    /// something or opens a connection, and neither `sec-fetch-site` nor `origin` says that it
    /// comes from a page of the same origin.
    pub fn check_origin(&self, head: &RequestHead<'_>) -> Result<(), CredentialError> {
        if self.is_ambient && origin::is_needed(head) && !origin::is_same(head) {
            return Err(CredentialError::OriginUnproven);
        }
        Ok(())
    }

    /// The same of the cookie of a session, which a field that other pages cannot set vouches for too.
    ///
    /// # Errors
    /// [`CredentialError::OriginUnproven`].
    pub fn check_session_origin(&self, head: &RequestHead<'_>) -> Result<(), CredentialError> {
        if self.is_ambient && origin::is_needed(head) && !is_own_page(head) {
            return Err(CredentialError::OriginUnproven);
        }
        Ok(())
    }

    fn add(&mut self, token: Bearer<'a>) -> Result<(), CredentialError> {
        match self.bearer {
            Some(other) if other.expose() != token.expose() => Err(CredentialError::TokensDiffer),
            Some(_) | None => {
                self.bearer = Some(token);
                Ok(())
            }
        }
    }
}

impl CredentialError {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AuthorizationRepeated => "authorization_repeated",
            Self::BearerMalformed => "bearer_malformed",
            Self::OriginUnproven => "origin_unproven",
            Self::PrefixMissing => "token_prefix_missing",
            Self::SchemeUnsupported => "authorization_scheme_unsupported",
            Self::TokensDiffer => "tokens_differ",
        }
    }
}

impl PresentedError {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Key(error) => error.reason(),
            Self::Token(error) => error.reason(),
        }
    }
}

impl From<CredentialError> for PresentedError {
    fn from(error: CredentialError) -> Self {
        Self::Token(error)
    }
}

impl From<KeyError> for PresentedError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

#[cfg(test)]
mod tests;
