//! What a client presents to prove who it is: well-formed, still unproven.

mod bearer;
mod origin;
mod place;

pub use bearer::Bearer;
pub use place::{TokenPlace, TokenPlaces};

use crate::message::{RequestHead, cookie_values, parameter_values};

/// What one request presents: of each kind nothing, or exactly one. How kinds combine is the rule
/// of policy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presented<'a> {
    /// The bearer token.
    pub bearer: Option<Bearer<'a>>,
    /// Whether the token stands in cookies alone: then the browser has put it there, and not the
    /// one who made the request.
    is_ambient: bool,
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
    let mut presented = Presented { bearer: Bearer::extract(head)?, is_ambient: false };
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
    /// Whether the token stands in cookies alone.
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

#[cfg(test)]
mod tests;
