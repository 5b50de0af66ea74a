//! Telling the upstream who the caller is: from a principal to the headers that say so.

use super::edits::EditError;
use super::identity::IdentityHeaders;
use crate::application_key::KeyHolder;
use crate::json::Number;
use crate::jwt::Claim;
use crate::message::{HeaderEdit, HeaderEdits, HeaderName, HeaderValue};
use crate::principal::Principal;
use crate::time::utc;

/// The longest value of an identity header, in bytes, percent-encoded.
pub(super) const IDENTITY_LIMIT: usize = 4096;

/// Sets the identity headers that have something to say about `principal`.
///
/// # Errors
/// [`EditError`] where a value is too long, or a claim has a shape that no header can tell. Leaving
/// such a header out would tell the upstream that the caller has no such thing.
pub(super) fn set_identity(
    principal: &Principal,
    identity: &IdentityHeaders,
    edits: &mut HeaderEdits,
) -> Result<(), EditError> {
    match principal.told() {
        Some(told) => told.add(edits, |edits| tell(principal, identity, edits)),
        None => tell(principal, identity, edits),
    }
}

#[inline(never)]
fn tell(
    principal: &Principal,
    identity: &IdentityHeaders,
    edits: &mut HeaderEdits,
) -> Result<(), EditError> {
    let tenancy = principal.tenancy();
    let facts = [
        (&identity.tenant, tenancy.tenant().map(|tenant| tenant.as_str())),
        (&identity.subtenant, tenancy.subtenant().map(|subtenant| subtenant.as_str())),
        (&identity.user, principal.user()),
        (&identity.client, principal.client()),
        (&identity.credential_kind, principal.kind().name()),
    ];
    for (name, fact) in facts {
        if let (Some(name), Some(fact)) = (name, fact) {
            set(name, HeaderValue::percent_encoded(fact), edits)?;
        }
    }
    if let Some(name) = &identity.scopes {
        let mut scopes = principal.scopes().peekable();
        if scopes.peek().is_some() {
            set(name, HeaderValue::percent_encoded_list(scopes), edits)?;
        }
    }
    if let Some(key) = principal.key() {
        set_key(key, identity, edits)?;
    }
    for (name, claim) in &identity.claims {
        let value = match principal.claim(claim) {
            Claim::Absent => continue,
            Claim::Boolean(value) => HeaderValue::percent_encoded(&value.to_string()),
            Claim::Number(number) => HeaderValue::percent_encoded(&text(*number)),
            Claim::Odd => return Err(EditError::IdentityOdd(name.clone())),
            Claim::Text(text) => HeaderValue::percent_encoded(text),
            Claim::Texts(texts) => {
                HeaderValue::percent_encoded_list(texts.iter().map(AsRef::as_ref))
            }
        };
        set(name, value, edits)?;
    }
    Ok(())
}

/// Sets what tells of the caller's application key.
fn set_key(
    key: &KeyHolder,
    identity: &IdentityHeaders,
    edits: &mut HeaderEdits,
) -> Result<(), EditError> {
    if let Some(name) = &identity.key_name {
        set(name, HeaderValue::percent_encoded(key.name()), edits)?;
    }
    if let Some(name) = &identity.key_expires_at {
        set(name, HeaderValue::percent_encoded(&utc::written(key.expires_at())), edits)?;
    }
    for (name, texts) in [(&identity.key_roles, key.roles()), (&identity.key_tags, key.tags())] {
        if let (Some(name), false) = (name, texts.is_empty()) {
            set(name, HeaderValue::percent_encoded_list(texts.iter()), edits)?;
        }
    }
    Ok(())
}

fn set(name: &HeaderName, value: HeaderValue, edits: &mut HeaderEdits) -> Result<(), EditError> {
    if value.expose().len() > IDENTITY_LIMIT {
        return Err(EditError::IdentityTooLong(name.clone()));
    }
    edits.push(HeaderEdit::Set(name.clone(), value));
    Ok(())
}

/// One text for each number, however the token writes it: `7.0` is `7`.
fn text(number: Number) -> String {
    match (number.as_u64(), number) {
        (Some(whole), _) | (None, Number::Whole(whole)) => whole.to_string(),
        (None, Number::Negative(whole)) => whole.to_string(),
        (None, Number::Float(number)) => number.to_string(),
    }
}
