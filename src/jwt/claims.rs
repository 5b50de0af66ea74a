//! Typed reading of claims: each is absent, sound, or a refusal; an odd shape is never "absent".

use super::compact::decode_base64url;
use super::error::{ClaimKind, TokenError};
use super::names::{ClaimName, ClaimNames};
use super::scopes::Scopes;
use crate::json::{NotContainer, Value};
use crate::tenancy::{SubtenantId, Tenancy, TenantId};
use crate::time::Timestamp;

/// The claims of one token under the names of its issuer. It reads; it trusts nothing.
pub(super) struct Claims<'c, 'a> {
    value: &'c Value<'a>,
    names: &'c ClaimNames,
}

/// The longest text of a claim that identifies somebody, in bytes.
const TEXT_LIMIT: usize = 1024;

/// The most audiences that a token may have.
const AUDIENCES_LIMIT: usize = 64;

impl<'c, 'a> Claims<'c, 'a> {
    /// The claims of an object.
    pub(super) const fn new(value: &'c Value<'a>, names: &'c ClaimNames) -> Self {
        Self { value, names }
    }

    /// `sub`.
    pub(super) fn subject(&self) -> Result<Option<&'c str>, TokenError> {
        text(self.value.get("sub"), ClaimKind::Subject)
    }

    /// `jti`.
    pub(super) fn token_id(&self) -> Result<Option<&'c str>, TokenError> {
        text(self.value.get("jti"), ClaimKind::TokenId)
    }

    /// The OAuth client.
    pub(super) fn client(&self) -> Result<Option<&'c str>, TokenError> {
        text(self.named(&self.names.client, ClaimKind::Client)?, ClaimKind::Client)
    }

    /// The user.
    pub(super) fn user(&self) -> Result<Option<&'c str>, TokenError> {
        text(self.optional(&self.names.user, ClaimKind::User)?, ClaimKind::User)
    }

    /// `exp`.
    pub(super) fn expires_at(&self) -> Result<Option<Timestamp>, TokenError> {
        time(self.value.get("exp"), ClaimKind::Expiry)
    }

    /// `nbf`.
    pub(super) fn not_before(&self) -> Result<Option<Timestamp>, TokenError> {
        time(self.value.get("nbf"), ClaimKind::NotBefore)
    }

    /// `iat`.
    pub(super) fn issued_at(&self) -> Result<Option<Timestamp>, TokenError> {
        time(self.value.get("iat"), ClaimKind::IssuedAt)
    }

    /// `aud`: one text or an array of them (RFC 7519 §4.1.3); empty if absent.
    pub(super) fn audiences(&self) -> Result<Vec<&'c str>, TokenError> {
        let audiences = match self.value.get("aud") {
            None => Some(Vec::new()),
            Some(Value::String(audience)) => Some(vec![audience.as_ref()]),
            Some(Value::Array(audiences)) if audiences.len() <= AUDIENCES_LIMIT => {
                audiences.iter().map(Value::as_str).collect()
            }
            Some(
                Value::Array(_)
                | Value::Bool(_)
                | Value::Null
                | Value::Number(_)
                | Value::Object(_),
            ) => None,
        };
        audiences.ok_or(TokenError::ClaimInvalid(ClaimKind::Audience))
    }

    /// The scopes, if the claim is there.
    pub(super) fn scopes(&self) -> Result<Option<Scopes>, TokenError> {
        let claim = self.named(&self.names.scopes, ClaimKind::Scopes)?;
        claim.map(Scopes::from_claim).transpose()
    }

    /// For whom the token acts. A subtenant of no tenant is a refusal.
    pub(super) fn tenancy(&self) -> Result<Tenancy, TokenError> {
        match (self.tenant()?, self.subtenant()?) {
            (None, None) => Ok(Tenancy::Unstated),
            (None, Some(_)) => Err(TokenError::SubtenantWithoutTenant),
            (Some(tenant), None) => Ok(Tenancy::Tenant(tenant)),
            (Some(tenant), Some(subtenant)) => Ok(Tenancy::Subtenant(tenant, subtenant)),
        }
    }

    /// The tenant.
    pub(super) fn tenant(&self) -> Result<Option<TenantId>, TokenError> {
        let invalid = |error| TokenError::ClaimInvalid(ClaimKind::Tenant(error));
        let Some(claim) = self.optional(&self.names.tenant, ClaimKind::Tenant(None))? else {
            return Ok(None);
        };
        let text = claim.as_str().ok_or(invalid(None))?;
        TenantId::parse(text).map(Some).map_err(|error| invalid(Some(error)))
    }

    /// The subtenant. `null`, an empty text and everything else than a text are refusals: reading
    /// them as "none" would give the holder the whole tenant.
    pub(super) fn subtenant(&self) -> Result<Option<SubtenantId>, TokenError> {
        let invalid = |error| TokenError::ClaimInvalid(ClaimKind::Subtenant(error));
        let Some(claim) = self.optional(&self.names.subtenant, ClaimKind::Subtenant(None))? else {
            return Ok(None);
        };
        let text = claim.as_str().ok_or(invalid(None))?;
        SubtenantId::parse(text).map(Some).map_err(|error| invalid(Some(error)))
    }

    /// The SHA-256 digest of the certificate that the token is bound to (`cnf` with `x5t#S256`,
    /// RFC 8705 §3.1). Any other way of binding, or a second one beside it, is a refusal.
    pub(super) fn confirmation(&self) -> Result<Option<[u8; 32]>, TokenError> {
        let digest = match self.value.get("cnf") {
            None => return Ok(None),
            Some(Value::Object(members)) => match members.as_slice() {
                [(name, Value::String(text))] if name == "x5t#S256" => {
                    decode_base64url(text.as_bytes()).and_then(|bytes| bytes.try_into().ok())
                }
                _ => None,
            },
            Some(
                Value::Array(_)
                | Value::Bool(_)
                | Value::Null
                | Value::Number(_)
                | Value::String(_),
            ) => None,
        };
        digest.map(Some).ok_or(TokenError::ConfirmationUnsupported)
    }

    /// Whether one of these members is there, whatever its value.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.value.get(name).is_some())
    }

    /// Whether the token was issued to a program by the client-credentials grant.
    pub(super) fn is_from_client_credentials(&self) -> bool {
        self.value.get("grant_type").and_then(Value::as_str) == Some("client_credentials")
    }

    fn optional(
        &self,
        name: &Option<ClaimName>,
        kind: ClaimKind,
    ) -> Result<Option<&'c Value<'a>>, TokenError> {
        name.as_ref().map_or(Ok(None), |name| self.named(name, kind))
    }

    fn named(
        &self,
        name: &ClaimName,
        kind: ClaimKind,
    ) -> Result<Option<&'c Value<'a>>, TokenError> {
        name.find(self.value).map_err(|NotContainer| TokenError::ClaimInvalid(kind))
    }
}

/// `iss`, whose name is fixed: it leads to the names of the others.
pub(super) fn issuer<'c>(claims: &'c Value<'_>) -> Result<Option<&'c str>, TokenError> {
    text(claims.get("iss"), ClaimKind::Issuer)
}

fn text<'c>(claim: Option<&'c Value<'_>>, kind: ClaimKind) -> Result<Option<&'c str>, TokenError> {
    let Some(claim) = claim else {
        return Ok(None);
    };
    let is_sound =
        |text: &&str| (1..=TEXT_LIMIT).contains(&text.len()) && !text.chars().any(char::is_control);
    let text = claim.as_str().filter(is_sound);
    text.map(Some).ok_or(TokenError::ClaimInvalid(kind))
}

/// A NumericDate (RFC 7519 §2), whole or fractional.
fn time(claim: Option<&Value<'_>>, kind: ClaimKind) -> Result<Option<Timestamp>, TokenError> {
    let Some(claim) = claim else {
        return Ok(None);
    };
    let time = claim.as_number().and_then(|number| Timestamp::from_numeric_date(number.as_f64()));
    time.map(Some).ok_or(TokenError::ClaimInvalid(kind))
}
