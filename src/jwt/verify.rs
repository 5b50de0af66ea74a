//! Verification: every check of a token, the cheap ones before its signature is computed.

use std::sync::Arc;

use super::claims::{self, Claims};
use super::compact::{Compact, Header, parse_claims, parse_header};
use super::error::{ClaimKind, TokenError};
use super::issuer::{AccessTokenRules, IssuerParts, IssuerRules, Issuers, OwnTokens, Tenants};
use super::jwks::{JwkSet, KeyNotFound};
use super::kept::KeptClaims;
use super::keyring::{KeyRing, KeySetId, Keys};
use super::scopes::Scopes;
use super::token::{Verified, VerifiedToken};
use crate::crypto::{Algorithm, PublicKey, SignatureVerifier, Thumbprint, Verdict};
use crate::json::Value;
use crate::message::Told;
use crate::tenancy::Tenancy;
use crate::time::{Timestamp, is_expired, is_in_future};

/// Why there is no [`VerifiedToken`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unverified {
    /// No key set of the issuer has arrived yet: ours to get.
    KeysMissing(KeySetId),
    /// The key set has no key of that `kid`: a newer one may.
    KeyUnknown(KeySetId),
    /// The token is refused.
    Refused(TokenError),
}

/// Verifies a token: form, header, issuer, times, recipient, key, signature, then tenancy, scopes
/// and kind of token.
///
/// # Errors
/// [`Unverified`]: refused, or a key is needed that is not there.
#[inline(never)]
pub fn verify(
    token: &[u8],
    issuers: &Issuers,
    keys: &KeyRing,
    signatures: &dyn SignatureVerifier,
    now: Timestamp,
) -> Result<VerifiedToken, Unverified> {
    let compact = Compact::split(token)?;
    let header = compact.header()?;
    let header = parse_header(&header)?;
    let header = Header::from_value(&header)?;
    header.algorithm(&Algorithm::ALL)?;
    let payload = compact.payload()?;
    let payload = parse_claims(&payload)?;

    let issuer = find_issuer(&payload, issuers)?;
    let rules = issuer.parts();
    let algorithm = header.algorithm(&rules.algorithms)?;
    check_type(&header, rules)?;
    let claims = Claims::new(&payload, &rules.claims);
    let expires_at = check_times(&claims, issuer, now)?;
    check_recipient(&claims, issuer)?;

    let thumbprint =
        find_signing_key(&compact, &header, algorithm, (issuer.keys(), keys), signatures)?;
    let scopes = claims.scopes()?;
    check_kind(&claims, scopes.as_ref(), issuer)?;
    let tenancy = check_tenancy(&claims, issuer)?;
    Ok(VerifiedToken(Verified {
        issuer: Arc::clone(issuer),
        subject: claims.subject()?.map(Into::into),
        client: claims.client()?.map(Into::into),
        user: claims.user()?.map(Into::into),
        tenancy,
        scopes: scopes.unwrap_or_default(),
        kept: KeptClaims::read(&payload, &rules.kept),
        expires_at,
        thumbprint,
        confirmation: claims.confirmation()?,
        told: Told::new(),
    }))
}

/// Checks the form, the header and the signature of a token, and nothing of what it says: the JWS
/// layer (RFC 7515 §5.2) under [`verify`]. It gives no claims, so it lets nobody in.
///
/// # Errors
/// As [`verify`].
pub fn check_signature(
    token: &[u8],
    allowed: &[Algorithm],
    (id, keys): (KeySetId, &KeyRing),
    signatures: &dyn SignatureVerifier,
) -> Result<(), Unverified> {
    let compact = Compact::split(token)?;
    let header = compact.header()?;
    let header = parse_header(&header)?;
    let header = Header::from_value(&header)?;
    let algorithm = header.algorithm(allowed)?;
    compact.payload()?;
    find_signing_key(&compact, &header, algorithm, (id, keys), signatures).map(|_| ())
}

/// Which keys an issuer has.
pub type KeysOf<'k> = &'k dyn Fn(&str) -> Option<KeySetId>;

/// The keys that `keys_of` has for the `iss` that a token states. Nothing of the token is verified.
///
/// # Errors
/// As [`verify`] about the form and the issuer: [`TokenError::IssuerUnknown`] where `keys_of` has none.
pub fn keys_of_issuer(token: &[u8], keys_of: KeysOf<'_>) -> Result<KeySetId, TokenError> {
    let payload = Compact::split(token)?.payload()?;
    let payload = parse_claims(&payload)?;
    let issuer = claims::issuer(&payload)?;
    let issuer = issuer.ok_or(TokenError::ClaimMissing(ClaimKind::Issuer))?;
    keys_of(issuer).ok_or(TokenError::IssuerUnknown)
}

impl From<TokenError> for Unverified {
    fn from(error: TokenError) -> Self {
        Self::Refused(error)
    }
}

fn find_issuer<'i>(
    payload: &Value<'_>,
    issuers: &'i Issuers,
) -> Result<&'i Arc<IssuerRules>, TokenError> {
    let issuer = claims::issuer(payload)?;
    let issuer = issuer.ok_or(TokenError::ClaimMissing(ClaimKind::Issuer))?;
    issuers.find(issuer).ok_or(TokenError::IssuerUnknown)
}

/// RFC 8725 §3.11: other kinds of JWT that the issuer signs say so in `typ`. Media types ignore
/// case, and `application/` may be left out (RFC 7515 §4.1.9).
fn check_type(header: &Header<'_>, rules: &IssuerParts) -> Result<(), TokenError> {
    let is_allowed = match (header.token_type, &rules.token_types) {
        (None, None) => rules.access_tokens != AccessTokenRules::Rfc9068,
        (None, Some(_)) => false,
        (Some(stated), Some(allowed)) => {
            let stated = stated.to_ascii_lowercase();
            let short = stated.strip_prefix("application/").unwrap_or(&stated);
            allowed.iter().any(|allowed| **allowed == *short)
        }
        (Some(stated), None) => {
            let allowed: &[&str] = match rules.access_tokens {
                AccessTokenRules::MindSphere => &["JWT"],
                AccessTokenRules::Plain => {
                    &["JWT", "application/jwt", "at+jwt", "application/at+jwt"]
                }
                AccessTokenRules::Rfc9068 => &["at+jwt", "application/at+jwt"],
            };
            allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(stated))
        }
    };
    if is_allowed { Ok(()) } else { Err(TokenError::TypeNotAllowed) }
}

/// `exp` is required; `iat` and `nbf` are checked where they are (MindSphere: `iat` is required).
fn check_times(
    claims: &Claims<'_, '_>,
    issuer: &IssuerRules,
    now: Timestamp,
) -> Result<Timestamp, TokenError> {
    let leeway = issuer.parts().leeway;
    let expires_at = claims.expires_at()?;
    let expires_at = expires_at.ok_or(TokenError::ClaimMissing(ClaimKind::Expiry))?;
    let (issued_at, not_before) = (claims.issued_at()?, claims.not_before()?);
    if is_expired(expires_at, leeway, now) {
        return Err(TokenError::Expired { expired_at: expires_at, now });
    }
    if not_before.is_some_and(|not_before| is_in_future(not_before, leeway, now)) {
        return Err(TokenError::NotYetValid);
    }
    match (issued_at, issuer.parts().access_tokens) {
        (None, AccessTokenRules::MindSphere | AccessTokenRules::Rfc9068) => {
            Err(TokenError::ClaimMissing(ClaimKind::IssuedAt))
        }
        (Some(issued_at), _) if issued_at > expires_at => Err(TokenError::IssuedAfterExpiry),
        (Some(issued_at), _) if is_in_future(issued_at, leeway, now) => {
            Err(TokenError::IssuedInFuture)
        }
        (None, AccessTokenRules::Plain) | (Some(_), _) => {
            check_lifetime(issued_at, expires_at, issuer)?;
            Ok(expires_at)
        }
    }
}

/// Not longer from `iat` to `exp` than the issuer's tokens may live.
fn check_lifetime(
    issued_at: Option<Timestamp>,
    expires_at: Timestamp,
    issuer: &IssuerRules,
) -> Result<(), TokenError> {
    let Some(longest) = issuer.parts().max_lifetime else { return Ok(()) };
    let issued_at = issued_at.ok_or(TokenError::ClaimMissing(ClaimKind::IssuedAt))?;
    if expires_at.since(issued_at) > longest { Err(TokenError::LifetimeTooLong) } else { Ok(()) }
}

/// The token must be meant for us, or come from a client that we expect.
fn check_recipient(claims: &Claims<'_, '_>, issuer: &IssuerRules) -> Result<(), TokenError> {
    let rules = issuer.parts();
    let (audiences, client) = (claims.audiences()?, claims.client()?);
    if rules.audiences.as_ref().is_some_and(|expected| !expected.admits(audiences)) {
        return Err(TokenError::AudienceMismatch);
    }
    if rules.clients.as_ref().is_some_and(|expected| !expected.admits(client)) {
        return Err(TokenError::ClientMismatch);
    }
    Ok(())
}

/// The key that signed the token. It comes from the issuer's configured source alone, whatever the
/// header offers; and a secret is for HMAC alone, a public key for everything else (RFC 8725 §3.1).
fn find_signing_key(
    compact: &Compact<'_>,
    header: &Header<'_>,
    algorithm: Algorithm,
    (id, keys): (KeySetId, &KeyRing),
    signatures: &dyn SignatureVerifier,
) -> Result<Thumbprint, Unverified> {
    let signature = compact.signature()?;
    let message = compact.message();
    let keys = keys.get(id).ok_or(Unverified::KeysMissing(id))?;
    let (thumbprint, verdict) = match (keys, algorithm.is_symmetric()) {
        (Keys::Secret(secret), true) => {
            (Keys::UNNAMED, secret.verify(algorithm, message, &signature))
        }
        (Keys::Set(set), false) => {
            let key = find_key(set, header, algorithm, id)?;
            (*key.thumbprint(), signatures.verify(algorithm, key, message, &signature))
        }
        (Keys::Secret(_), false) | (Keys::Set(_), true) => {
            return Err(TokenError::AlgorithmNotAllowed.into());
        }
    };
    match verdict {
        Verdict::Invalid => Err(TokenError::SignatureInvalid.into()),
        Verdict::Unsupported => Err(TokenError::SignatureUnsupported.into()),
        Verdict::Valid => Ok(thumbprint),
    }
}

fn find_key<'k>(
    set: &'k JwkSet,
    header: &Header<'_>,
    algorithm: Algorithm,
    id: KeySetId,
) -> Result<&'k PublicKey, Unverified> {
    let found = set.find(header.key_id, algorithm).map(super::Jwk::key);
    found.map_err(|error| match error {
        KeyNotFound::Ambiguous => TokenError::KeyAmbiguous.into(),
        KeyNotFound::Unfit => TokenError::KeyUnfit.into(),
        KeyNotFound::Unknown => Unverified::KeyUnknown(id),
    })
}

/// Only access tokens, and not our own.
fn check_kind(
    claims: &Claims<'_, '_>,
    scopes: Option<&Scopes>,
    issuer: &IssuerRules,
) -> Result<(), TokenError> {
    check_access_token(claims, scopes, issuer.parts().access_tokens)?;
    match issuer.parts().own_tokens {
        OwnTokens::Accepted => Ok(()),
        OwnTokens::Refused if is_own_token(claims, issuer)? => Err(TokenError::OwnToken),
        OwnTokens::Refused => Ok(()),
    }
}

/// Not a refresh token, an ID token or another kind that `rules` tell apart.
pub(super) fn check_access_token(
    claims: &Claims<'_, '_>,
    scopes: Option<&Scopes>,
    rules: AccessTokenRules,
) -> Result<(), TokenError> {
    match rules {
        AccessTokenRules::MindSphere => check_uaa_kind(claims, scopes),
        AccessTokenRules::Plain => Ok(()),
        AccessTokenRules::Rfc9068 => check_profile(claims),
    }
}

/// What RFC 9068 §2.2 requires besides `iss`, `exp` and `iat`, which are asked for elsewhere.
fn check_profile(claims: &Claims<'_, '_>) -> Result<(), TokenError> {
    let stated = [
        (ClaimKind::Audience, !claims.audiences()?.is_empty()),
        (ClaimKind::Client, claims.client()?.is_some()),
        (ClaimKind::Subject, claims.subject()?.is_some()),
        (ClaimKind::TokenId, claims.token_id()?.is_some()),
    ];
    match stated.into_iter().find(|(_, is_stated)| !is_stated) {
        Some((kind, _)) => Err(TokenError::ClaimMissing(kind)),
        None => Ok(()),
    }
}

/// UAA signs refresh tokens and ID tokens with the same keys. A refresh token need not carry the
/// subtenant, so it would pass for the whole tenant.
fn check_uaa_kind(claims: &Claims<'_, '_>, scopes: Option<&Scopes>) -> Result<(), TokenError> {
    let is_refresh_token = claims.token_id()?.is_some_and(|id| id.ends_with("-r"));
    if is_refresh_token || claims.has_any(&["granted_scopes", "at_hash", "c_hash", "nonce"]) {
        return Err(TokenError::NotAccessToken);
    }
    if scopes.is_none() {
        return Err(TokenError::ClaimMissing(ClaimKind::Scopes));
    }
    Ok(())
}

/// A program's token whose client (its subject, where no client is stated) is one of ours.
fn is_own_token(claims: &Claims<'_, '_>, issuer: &IssuerRules) -> Result<bool, TokenError> {
    let is_user_token = claims.user()?.is_some() && !claims.is_from_client_credentials();
    let client = match claims.client()? {
        Some(client) => Some(client),
        None => claims.subject()?,
    };
    let is_ours = client.is_some_and(|client| issuer.parts().own_clients.contains(client));
    Ok(is_ours && !is_user_token)
}

/// `iss` decides about trust, the tenant claim about tenancy; the rules say which may go together.
fn check_tenancy(claims: &Claims<'_, '_>, issuer: &IssuerRules) -> Result<Tenancy, TokenError> {
    let tenancy = claims.tenancy()?;
    let missing = Err(TokenError::ClaimMissing(ClaimKind::Tenant(None)));
    match (&issuer.parts().tenants, tenancy.tenant(), issuer.parts().access_tokens) {
        (_, None, AccessTokenRules::MindSphere) | (Tenants::Only(_), None, _) => missing,
        (Tenants::Only(allowed), Some(tenant), _) if !allowed.contains(tenant) => {
            Err(TokenError::TenantNotAllowed)
        }
        (Tenants::Only(_), Some(_), _)
        | (Tenants::Any, Some(_), _)
        | (Tenants::Any, None, AccessTokenRules::Plain | AccessTokenRules::Rfc9068) => Ok(tenancy),
    }
}

#[cfg(test)]
mod tests;
