//! From a permit to the changes of the request: first remove what is ours, then set it.

use super::decision::{Permit, Sent};
use super::identity::{IdentityHeaders, OwnedHeaders};
use super::identity_edits::set_identity;
use super::reserved::AUTHORIZATION;
use super::route::CallerToken;
use super::source::{Form, Injection};
use crate::credential::{KeyPlaces, strip_addresses};
use crate::message::{
    CookiesLeft, HeaderEdit, HeaderEdits, HeaderName, HeaderValue, Reduced, RequestHead, concerns,
};
use crate::principal::PrincipalKind;

/// Why a permitted request cannot be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EditError {
    /// A claim for this identity header has a shape that no header can tell: an object, `null`, a
    /// mixed list, a text that is too long.
    IdentityOdd(HeaderName),
    /// The value of this identity header would be over 4 KiB; it is never cut.
    IdentityTooLong(HeaderName),
    /// The token for this header was not handed in, or without the prefix of its injection.
    TokenMissing(HeaderName),
}

impl Permit {
    /// The changes that the request needs, in order: removals, reductions, then identity, then
    /// tokens.
    ///
    /// `tokens` holds the complete values (see [`Injection::value`]) for [`Permit::injections`],
    /// in that order; a signature is not set. Only what is present is removed, and not what is set under the very same
    /// name: each change costs a host call. The policy's rules see to it that no two changes set one name.
    ///
    /// # Errors
    /// [`EditError`] when a token is missing, or an identity header cannot tell what it should.
    pub fn into_edits(
        self,
        head: &RequestHead<'_>,
        tokens: &[HeaderValue],
        owned: &OwnedHeaders,
        identity: &IdentityHeaders,
    ) -> Result<HeaderEdits, EditError> {
        let mut edits = HeaderEdits::with_capacity(8);
        set_identity(&self.principal, identity, &mut edits)?;
        set_tokens(self.injections(), tokens, &mut edits)?;
        let mut edits: HeaderEdits = edits.into_iter().map(|edit| edit.fitted(head)).collect();
        let set = edits.len();
        let caller_token = match self.sent {
            Sent::CallerToken => CallersOwn::Kept,
            Sent::Nothing | Sent::Technical(_) if self.keeps_basic(head, owned) => {
                CallersOwn::AuthorizationKept
            }
            Sent::Nothing | Sent::Technical(_) => CallersOwn::Removed,
        };
        let drops_basic = self.drops_basic(head, owned);
        remove_owned(head, owned, (caller_token, drops_basic), &mut edits);
        reduce(head, owned, caller_token, &mut edits);
        edits.rotate_left(set);
        Ok(edits)
    }

    /// Whether a user and a password stand beside the token of a caller, and no key has them go on.
    fn drops_basic(&self, head: &RequestHead<'_>, owned: &OwnedHeaders) -> bool {
        let is_kept = |keys: &KeyPlaces| self.principal.key().is_some() && keys.keeps_basic(head);
        self.principal.kind() == PrincipalKind::Bearer
            && owned.keys().is_some_and(|keys| keys.has_basic(head) && !is_kept(keys))
    }

    /// Whether a user and a password go on that stand beside the key.
    fn keeps_basic(&self, head: &RequestHead<'_>, owned: &OwnedHeaders) -> bool {
        self.principal.kind() == PrincipalKind::ApplicationKey
            && owned.keys().is_some_and(|keys| keys.keeps_basic(head))
    }
}

/// The changes of a request that goes on with nothing of ours and nothing that tells of a caller.
/// `authorization` stays if `caller_token` says so; tokens at other places never do.
pub(super) fn bare_edits(
    head: &RequestHead<'_>,
    owned: &OwnedHeaders,
    caller_token: CallerToken,
) -> HeaderEdits {
    let mut edits = HeaderEdits::new();
    let authorization = match caller_token {
        CallerToken::Forward => CallersOwn::AuthorizationKept,
        CallerToken::Remove => CallersOwn::Removed,
    };
    remove_owned(head, owned, (authorization, false), &mut edits);
    reduce(head, owned, authorization, &mut edits);
    edits
}

impl EditError {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::IdentityOdd(_) => "identity_claim_odd",
            Self::IdentityTooLong(_) => "identity_too_long",
            Self::TokenMissing(_) => "technical_token_missing",
        }
    }
}

/// What becomes of the caller's own token.
#[derive(Clone, Copy, Eq, PartialEq)]
enum CallersOwn {
    /// In `authorization` alone.
    AuthorizationKept,
    Kept,
    Removed,
}

/// Adds a removal for each spelling of an owned header that is present and not set.
fn remove_owned(
    head: &RequestHead<'_>,
    owned: &OwnedHeaders,
    (caller_token, drops_basic): (CallersOwn, bool),
    edits: &mut HeaderEdits,
) {
    let has_key = drops_basic || owned.keys().is_some_and(|keys| keys.is_in_authorization(head));
    for (name, _) in head.fields().filter(|(name, _)| owned.cover(name)) {
        let is_kept = match caller_token {
            CallersOwn::AuthorizationKept | CallersOwn::Kept
                if has_key && name.eq_ignore_ascii_case(AUTHORIZATION.as_bytes()) =>
            {
                false
            }
            CallersOwn::AuthorizationKept => name.eq_ignore_ascii_case(AUTHORIZATION.as_bytes()),
            CallersOwn::Kept => owned.is_read(name),
            CallersOwn::Removed => false,
        };
        if !is_kept && !edits.iter().any(|edit| concerns(edit, name)) {
            edits.push(HeaderEdit::Remove(name.into()));
        }
    }
}

/// Cuts tokens and keys out of the query, where URLs are logged, and out of the cookies; keys out of the
/// `referer` too.
fn reduce(
    head: &RequestHead<'_>,
    owned: &OwnedHeaders,
    caller_token: CallersOwn,
    edits: &mut HeaderEdits,
) {
    if !owned.parameters().is_empty()
        && let Some(target) = head.path()
    {
        let reduced = Reduced::without_parameters(target, owned.parameters());
        edits.extend(reduced.map(HeaderEdit::Reduce));
    }
    if let Some(keys) = owned.keys() {
        strip_addresses(head, keys, edits);
    }
    let cookies = match caller_token {
        CallersOwn::Kept => owned.session_cookie(),
        CallersOwn::AuthorizationKept | CallersOwn::Removed => owned.cookies(),
    };
    if cookies.is_empty() {
        return;
    }
    let Some(left) = Reduced::without_cookies(head, cookies) else { return };
    match left {
        // One field is replaced as it is; several are made one.
        CookiesLeft::Some(reduced) => {
            if head.values(COOKIE).nth(1).is_some() {
                remove_cookies(head, edits);
            }
            edits.push(HeaderEdit::Reduce(reduced));
        }
        CookiesLeft::None => remove_cookies(head, edits),
    }
}

/// Adds a removal for each spelling of the header `cookie` that is present.
pub(super) fn remove_cookies(head: &RequestHead<'_>, edits: &mut HeaderEdits) {
    let cookies = head.fields().filter(|(name, _)| name.eq_ignore_ascii_case(COOKIE));
    // As texts, which each of them is: these are sorted elsewhere, too, and each type that is sorted
    // has a copy of the library's code for it.
    let mut spellings: Vec<&str> =
        cookies.filter_map(|(name, _)| str::from_utf8(name).ok()).collect();
    spellings.sort_unstable();
    spellings.dedup();
    edits.extend(spellings.into_iter().map(|name| HeaderEdit::Remove(name.as_bytes().into())));
}

const COOKIE: &[u8] = b"cookie";

fn set_tokens(
    injections: &[Injection],
    tokens: &[HeaderValue],
    edits: &mut HeaderEdits,
) -> Result<(), EditError> {
    let mut tokens = tokens.iter();
    for injection in injections {
        let value = tokens
            .next()
            .filter(|value| {
                let token = value.expose().strip_prefix(injection.prefix.as_bytes());
                token.is_some_and(|token| !token.is_empty())
            })
            .ok_or_else(|| EditError::TokenMissing(injection.header.clone()))?;
        // What signs is not sent; what it signs is set once all else is.
        if injection.form != Form::Signature {
            edits.push(HeaderEdit::Set(injection.header.clone(), value.clone()));
        }
    }
    Ok(())
}
