//! A bearer token, as it stands in the `authorization` field (RFC 6750 §2.1) or at another place.

use std::fmt;

use super::CredentialError;
use crate::message::{RequestHead, Stated};

/// A well-formed but unproven bearer token, borrowed from the request.
#[derive(Clone, Copy)]
pub struct Bearer<'a>(&'a [u8]);

impl<'a> Bearer<'a> {
    /// The bearer token of `head`, if an `authorization` field is there.
    ///
    /// The scheme is compared ignoring case (RFC 9110 §11.1).
    pub(super) fn extract(head: &RequestHead<'a>) -> Result<Option<Self>, CredentialError> {
        let Some(token) = Self::find(head)? else { return Ok(None) };
        if !is_b64token(token) {
            // A list of two, which hosts make of two fields.
            let is_list = token.contains(&b',');
            return Err(if is_list {
                CredentialError::AuthorizationRepeated
            } else {
                CredentialError::BearerMalformed
            });
        }
        Ok(Some(Self(token)))
    }

    /// What stands where the token in `authorization` does, of whatever bytes.
    pub(super) fn find(head: &RequestHead<'a>) -> Result<Option<&'a [u8]>, CredentialError> {
        let value = match head.authorization() {
            Stated::Absent => return Ok(None),
            Stated::Once(value) => value,
            Stated::Repeated => return Err(CredentialError::AuthorizationRepeated),
        };
        let mut parts = value.splitn(2, |&b| b == b' ');
        let scheme = parts.next().unwrap_or_default();
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            return Err(CredentialError::SchemeUnsupported);
        }
        Ok(Some(without_blanks(parts.next().unwrap_or_default())))
    }

    /// The token of a header that holds `prefix`, in any case of letters, and then the token.
    pub(super) fn after_prefix(value: &'a [u8], prefix: &[u8]) -> Result<Self, CredentialError> {
        let parts = value.split_at_checked(prefix.len());
        let parts = parts.filter(|(start, _)| start.eq_ignore_ascii_case(prefix));
        let (_, token) = parts.ok_or(CredentialError::PrefixMissing)?;
        Self::parse(token).map_err(|error| {
            // A list, which hosts make of two fields.
            if token.contains(&b',') { CredentialError::TokensDiffer } else { error }
        })
    }

    /// A token that stands alone.
    pub(super) fn parse(token: &'a [u8]) -> Result<Self, CredentialError> {
        if is_b64token(token) { Ok(Self(token)) } else { Err(CredentialError::BearerMalformed) }
    }

    /// The token, for the one place that verifies it.
    pub const fn expose(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for Bearer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<bearer token>")
    }
}

/// RFC 6750 allows several blanks after the scheme; a tab is none.
fn without_blanks(mut rest: &[u8]) -> &[u8] {
    while let Some(shorter) = rest.strip_prefix(b" ") {
        rest = shorter;
    }
    rest
}

/// `b64token` of RFC 6750 §2.1, so that a token can be put into a header again as it is.
fn is_b64token(token: &[u8]) -> bool {
    let is_text = |b: u8| TEXT.get(usize::from(b)).copied().unwrap_or(false);
    let padding = token.iter().rev().take_while(|&&b| b == b'=').count();
    let text = token.get(..token.len().saturating_sub(padding)).unwrap_or_default();
    // Eight at a time and without leaving early: that takes a third of the time.
    let (eights, rest) = text.as_chunks::<8>();
    let are_text = |[a, b, c, d, e, f, g, h]: [u8; 8]| {
        (is_text(a) & is_text(b) & is_text(c) & is_text(d))
            & (is_text(e) & is_text(f) & is_text(g) & is_text(h))
    };
    !text.is_empty() && eights.iter().all(|&e| are_text(e)) && rest.iter().all(|&b| is_text(b))
}

/// Which bytes a `b64token` has before its padding. A table, because every byte of a token is looked up here, of a
/// repeated one too where tokens may stand elsewhere than in `authorization`, or application keys are taken.
#[allow(
    clippy::indexing_slicing,
    reason = "the compiler computes it, and no byte is out of bounds"
)]
const TEXT: [bool; 256] = {
    let mut table = [false; 256];
    let text = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    let mut rest = text.as_slice();
    while let [first, others @ ..] = rest {
        table[*first as usize] = true;
        rest = others;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn extract(values: &[&[u8]]) -> Result<Option<Vec<u8>>, CredentialError> {
        let fields = values.iter().map(|value| (b"Authorization".as_slice(), *value));
        let head = RequestHead::new(fields.collect());
        Bearer::extract(&head).map(|bearer| bearer.map(|token| token.expose().to_vec()))
    }

    #[test]
    fn one_bearer_token_is_taken_whatever_the_case_of_the_scheme() {
        let rows: [(&[u8], &[u8]); 5] = [
            (b"Bearer a.b.c", b"a.b.c"),
            (b"bearer a.b.c", b"a.b.c"),
            (b"BEARER   a.b.c", b"a.b.c"),
            (b"Bearer opaque-~+/==", b"opaque-~+/=="),
            (b"Bearer x", b"x"),
        ];
        for (value, token) in rows {
            assert_eq!(extract(&[value]), Ok(Some(token.to_vec())), "{value:?}");
        }
        assert_eq!(extract(&[]), Ok(None));
    }

    #[test]
    fn what_is_presented_but_no_bearer_token_is_refused_and_not_absent() {
        let rows: [(&[&[u8]], CredentialError); 14] = [
            (&[b""], CredentialError::SchemeUnsupported),
            (&[b"Basic dXNlcjpwdw=="], CredentialError::SchemeUnsupported),
            (&[b"Bearera.b.c"], CredentialError::SchemeUnsupported),
            (&[b" Bearer a.b.c"], CredentialError::SchemeUnsupported),
            (&[b"Bearer\ta.b.c"], CredentialError::SchemeUnsupported),
            (&[b"Bearer"], CredentialError::BearerMalformed),
            (&[b"Bearer "], CredentialError::BearerMalformed),
            (&[b"Bearer \ta.b.c"], CredentialError::BearerMalformed),
            (&[b"Bearer =="], CredentialError::BearerMalformed),
            (&[b"Bearer a.b.c "], CredentialError::BearerMalformed),
            (&[b"Bearer a=b"], CredentialError::BearerMalformed),
            (&[b"Bearer \xff\xfe"], CredentialError::BearerMalformed),
            (&[b"Bearer a, Bearer b"], CredentialError::AuthorizationRepeated),
            (&[b"Bearer a", b"Bearer a"], CredentialError::AuthorizationRepeated),
        ];
        for (values, expected) in rows {
            assert_eq!(extract(values), Err(expected), "{values:?}");
        }
    }

    #[test]
    fn debug_output_shows_nothing_of_the_token() {
        assert_eq!(format!("{:?}", Bearer(b"a.b.c")), "<bearer token>");
    }
}
