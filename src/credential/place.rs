//! Where callers' tokens may stand besides `authorization`.

use std::sync::Arc;

use crate::message::{CookieName, HeaderName, ParameterName};

/// One place, as the configuration states it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TokenPlace {
    /// A cookie. Browsers send it unasked, so that its use needs a proof of origin.
    Cookie(CookieName),
    /// A header; its value is the prefix, then the token.
    Header {
        /// The name of the header.
        name: HeaderName,
        /// What stands before the token, in any case of letters; possibly nothing.
        prefix: Arc<str>,
    },
    /// A query parameter (RFC 6750 §2.3). It never goes on to an upstream.
    Parameter(ParameterName),
}

/// All places besides `authorization`; none unless they are configured.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TokenPlaces {
    headers: Vec<(HeaderName, Arc<str>)>,
    cookies: Vec<CookieName>,
    parameters: Vec<ParameterName>,
}

impl TokenPlaces {
    /// Whether tokens stand in `authorization` alone.
    pub const fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.cookies.is_empty() && self.parameters.is_empty()
    }

    /// The headers with their prefixes.
    pub fn headers(&self) -> &[(HeaderName, Arc<str>)] {
        &self.headers
    }

    /// The cookies.
    pub fn cookies(&self) -> &[CookieName] {
        &self.cookies
    }

    /// The query parameters.
    pub fn parameters(&self) -> &[ParameterName] {
        &self.parameters
    }
}

impl FromIterator<TokenPlace> for TokenPlaces {
    fn from_iter<T: IntoIterator<Item = TokenPlace>>(places: T) -> Self {
        let mut all = Self::default();
        for place in places {
            match place {
                TokenPlace::Cookie(name) => all.cookies.push(name),
                TokenPlace::Header { name, prefix } => all.headers.push((name, prefix)),
                TokenPlace::Parameter(name) => all.parameters.push(name),
            }
        }
        all
    }
}
