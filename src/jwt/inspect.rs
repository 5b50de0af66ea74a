//! Reading a token that we fetched ourselves, without its signature.

use super::claims::{self, Claims};
use super::compact::{Compact, Header, parse_claims, parse_header};
use super::error::TokenError;
use super::issuer::AccessTokenRules;
use super::names::ClaimNames;
use super::verify::check_access_token;
use crate::tenancy::Tenancy;
use crate::time::Timestamp;

/// What a token says of itself. Nobody has proved it.
///
/// It serves to check that a token which came from the token endpoint is the one that was asked
/// for, before it is stored or sent. It grants nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UntrustedClaims {
    /// `alg`.
    pub algorithm: Box<str>,
    /// `kid`.
    pub key_id: Option<Box<str>>,
    /// `typ`.
    pub token_type: Option<Box<str>>,
    /// `iss`.
    pub issuer: Option<Box<str>>,
    /// For whom it acts.
    pub tenancy: Tenancy,
    /// `iat`.
    pub issued_at: Option<Timestamp>,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// `exp`.
    pub expires_at: Option<Timestamp>,
}

/// Reads a token's header and claims by the same rules of form as [`super::verify`]: a token that
/// breaks one of them is refused here too, as is another kind of token than `rules` admit. Times,
/// names and signature are not judged.
///
/// # Errors
/// [`TokenError`] for the form, the header, or a claim of an odd shape.
pub fn inspect(
    token: &[u8],
    names: &ClaimNames,
    rules: AccessTokenRules,
) -> Result<UntrustedClaims, TokenError> {
    let compact = Compact::split(token)?;
    compact.signature()?;
    let header = compact.header()?;
    let header = parse_header(&header)?;
    let header = Header::from_value(&header)?;
    let payload = compact.payload()?;
    let payload = parse_claims(&payload)?;
    let claims = Claims::new(&payload, names);
    let scopes = claims.scopes()?;
    check_access_token(&claims, scopes.as_ref(), rules)?;
    // Nobody asks for these, but a token in which one is odd is not taken.
    claims.subject()?;
    claims.client()?;
    claims.user()?;
    claims.audiences()?;
    Ok(UntrustedClaims {
        algorithm: header.algorithm_name.into(),
        key_id: header.key_id.map(Into::into),
        token_type: header.token_type.map(Into::into),
        issuer: claims::issuer(&payload)?.map(Into::into),
        tenancy: claims.tenancy()?,
        issued_at: claims.issued_at()?,
        not_before: claims.not_before()?,
        expires_at: claims.expires_at()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jwt::ClaimKind;
    use crate::jwt::testing::{ISSUER, claims, claims_with, es256, rules, signed};
    use crate::tenancy::TenantId;

    fn inspected(token: &[u8]) -> Result<UntrustedClaims, TokenError> {
        inspect(token, &rules().claims, AccessTokenRules::Plain)
    }

    #[test]
    fn a_fetched_token_says_who_it_is() {
        let claims = inspected(&es256(&claims())).unwrap();
        assert_eq!(&*claims.algorithm, "ES256");
        assert_eq!(claims.token_type.as_deref(), Some("JWT"));
        assert_eq!(claims.issuer.as_deref(), Some(ISSUER));
        assert_eq!(claims.tenancy, Tenancy::Tenant(TenantId::parse("acme").unwrap()));
        assert_eq!(claims.issued_at, Some(Timestamp::from_seconds(1_700_000_000)));
        assert_eq!(claims.not_before, None);
        assert_eq!(claims.expires_at, Some(Timestamp::from_seconds(1_700_001_800)));
    }

    #[test]
    fn absent_claims_are_none_and_odd_ones_refuse_the_token() {
        let token = signed(r#"{"alg":"PS512"}"#, "{}");
        let claims = inspected(&token).unwrap();
        assert_eq!(&*claims.algorithm, "PS512");
        assert_eq!((claims.issuer, claims.expires_at), (None, None));
        assert_eq!(claims.tenancy, Tenancy::Unstated);
        let rows = [
            ("subtenant", ClaimKind::Subtenant(None)),
            ("sub", ClaimKind::Subject),
            ("client_id", ClaimKind::Client),
            ("aud", ClaimKind::Audience),
            ("scope", ClaimKind::Scopes),
        ];
        for (name, kind) in rows {
            let odd = es256(&claims_with(&[(name, Some(json!(null)))]));
            assert_eq!(inspected(&odd), Err(TokenError::ClaimInvalid(kind)), "{name}");
        }
        assert_eq!(inspected(b"opaque"), Err(TokenError::Malformed));
    }

    #[test]
    fn the_rules_for_access_tokens_hold_for_fetched_ones_too() {
        let refresh_token = es256(&claims_with(&[("jti", Some(json!("0123-r")))]));
        let refused = inspect(&refresh_token, &rules().claims, AccessTokenRules::MindSphere);
        assert_eq!(refused, Err(TokenError::NotAccessToken));
        assert!(inspected(&refresh_token).is_ok());
    }
}
