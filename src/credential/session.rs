//! Sessions that an application key opened, as requests carry and ask for them.

use std::fmt;

use super::application_key::KeyError;
use super::key_places::KeyPlaces;
use crate::message::{RequestHead, cookie_values, decode_parameter, parameter_values};

/// The value of our session cookie: not empty, and nothing is known of it.
#[derive(Clone, Copy)]
pub struct SessionCookie<'a>(&'a [u8]);

impl<'a> SessionCookie<'a> {
    /// The one session cookie of `head`. An empty one is one that was cleared.
    pub(super) fn extract(
        head: &RequestHead<'a>,
        places: &KeyPlaces,
    ) -> Result<Option<Self>, KeyError> {
        let Some(name) = places.session_cookie() else { return Ok(None) };
        let mut values = cookie_values(head, name).filter(|value| !value.is_empty());
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(KeyError::SessionsDiffer);
        }
        Ok(first.map(Self))
    }

    /// The value, for the one place that verifies it.
    pub const fn expose(self) -> &'a [u8] {
        self.0
    }
}

/// Whether `head` asks for a session: its header decides where it is there, else the query. Only
/// `true` does, in any case of letters, and nothing beside it may say otherwise.
pub(super) fn is_asked_for(head: &RequestHead<'_>, places: &KeyPlaces) -> bool {
    let parts = places.parts();
    let mut fields = head.values(parts.flag_header.as_str().as_bytes()).peekable();
    if fields.peek().is_some() {
        return fields.all(|value| value.trim_ascii().eq_ignore_ascii_case(b"true"));
    }
    let values = |target| parameter_values(target, &parts.flag_parameter);
    let mut values = head.path().into_iter().flat_map(values).peekable();
    let is_true = |raw| {
        decode_parameter(raw).is_some_and(|value| value.expose().eq_ignore_ascii_case(b"true"))
    };
    values.peek().is_some() && values.all(is_true)
}

impl fmt::Debug for SessionCookie<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<session cookie>")
    }
}
