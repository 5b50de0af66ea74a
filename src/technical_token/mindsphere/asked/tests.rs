//! The six things that the vendor's SDK checks (issuer, valid issuer, issued-at, expiry, algorithm, token
//! type), each by itself, on both sides of its boundary.

use super::super::testing::{HEADER, ISSUER, NOW, names, token};
use super::*;

/// A second is the finest that these claims say.
fn checked(header: &str, member: &str, value: &str, now: Timestamp) -> Result<(), TokenRejected> {
    let (issuers, tenant) = ([ISSUER.to_owned()], TenantId::parse("tenant1").unwrap());
    let claims = names();
    let asked = Asked { issuers: &issuers, tenant: &tenant, subtenant: None, claims: &claims };
    asked.check(&token(header, member, value), now).map(|_| ())
}

fn form(error: TokenError) -> Result<(), TokenRejected> {
    Err(TokenRejected::Form(error))
}

#[test]
fn the_issuer_must_be_there_and_be_a_text() {
    assert_eq!(checked(HEADER, "x", "1", NOW), Ok(()));
    let missing = form(TokenError::ClaimMissing(ClaimKind::Issuer));
    assert_eq!(checked(HEADER, "iss", "null", NOW), missing);
    for odd in ["7", "\"\"", "[]", "{}", "false"] {
        let invalid = form(TokenError::ClaimInvalid(ClaimKind::Issuer));
        assert_eq!(checked(HEADER, "iss", odd, NOW), invalid, "{odd}");
    }
}

#[test]
fn the_issuer_must_be_a_valid_one_byte_by_byte() {
    let host = "tenant1.piam.eu1.mindsphere.io";
    assert_eq!(checked(HEADER, "iss", &format!("\"https://{host}/oauth/token\""), NOW), Ok(()));
    for other in [
        format!("https://{host}/oauth/token/"),
        format!("https://{host}/oauth/toke"),
        format!("http://{host}/oauth/token"),
        format!("https://{}/oauth/token", host.to_uppercase()),
        format!("https://{host}:443/oauth/token"),
        format!("https://{host}.evil.example/oauth/token"),
        format!("https://{host}@evil.example/oauth/token"),
        format!("https://evil.example/{host}/oauth/token"),
        format!("https://{host}/oauth/token?x"),
        format!(" https://{host}/oauth/token"),
        "https://core.piam.eu1.mindsphere.io/oauth/token".to_owned(),
        "https://tenant1.piam.eu2.mindsphere.io/oauth/token".to_owned(),
    ] {
        let mismatch = Err(TokenRejected::IssuerMismatch);
        assert_eq!(checked(HEADER, "iss", &format!("\"{other}\""), NOW), mismatch, "{other}");
    }
}

#[test]
fn the_issue_time_must_be_there_and_lie_a_minute_ahead_at_most() {
    let missing = form(TokenError::ClaimMissing(ClaimKind::IssuedAt));
    assert_eq!(checked(HEADER, "iat", "null", NOW), missing);
    let invalid = form(TokenError::ClaimInvalid(ClaimKind::IssuedAt));
    assert_eq!(checked(HEADER, "iat", "\"999999\"", NOW), invalid);
    assert_eq!(checked(HEADER, "iat", "1000060", NOW), Ok(()));
    assert_eq!(checked(HEADER, "iat", "1000060.001", NOW), form(TokenError::IssuedInFuture));
    assert_eq!(checked(HEADER, "nbf", "1000060", NOW), Ok(()));
    assert_eq!(checked(HEADER, "nbf", "1000060.001", NOW), form(TokenError::NotYetValid));
}

#[test]
fn the_expiry_must_be_there_and_lie_ahead_and_after_the_issue_time() {
    let missing = form(TokenError::ClaimMissing(ClaimKind::Expiry));
    assert_eq!(checked(HEADER, "exp", "null", NOW), missing);
    let invalid = form(TokenError::ClaimInvalid(ClaimKind::Expiry));
    assert_eq!(checked(HEADER, "exp", "\"1001799\"", NOW), invalid);
    assert_eq!(checked(HEADER, "exp", "1000000.001", NOW), Ok(()));
    let expired = TokenError::Expired { expired_at: NOW, now: NOW };
    assert_eq!(checked(HEADER, "exp", "1000000", NOW), form(expired));
    assert_eq!(checked(HEADER, "iat", "1001799.001", NOW), form(TokenError::IssuedAfterExpiry));
    assert_eq!(checked(HEADER, "iat", "1001799", NOW), form(TokenError::IssuedInFuture));
}

#[test]
fn the_algorithm_is_rs256_and_no_other() {
    let refused = form(TokenError::AlgorithmNotAllowed);
    assert_eq!(checked(r#"{"alg":"RS256"}"#, "x", "1", NOW), Ok(()));
    assert_eq!(checked("{}", "x", "1", NOW), refused);
    for other in ["none", "rs256", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", ""] {
        let header = format!(r#"{{"alg":"{other}"}}"#);
        assert_eq!(checked(&header, "x", "1", NOW), refused, "{other}");
    }
}

#[test]
fn the_type_is_jwt_in_any_case_or_not_there() {
    for good in ["JWT", "jwt", "Jwt"] {
        let header = format!(r#"{{"alg":"RS256","typ":"{good}"}}"#);
        assert_eq!(checked(&header, "x", "1", NOW), Ok(()), "{good}");
    }
    for other in ["at+jwt", "rt+jwt", "application/jwt", "JWT ", "JW", ""] {
        let header = format!(r#"{{"alg":"RS256","typ":"{other}"}}"#);
        assert_eq!(checked(&header, "x", "1", NOW), form(TokenError::TypeNotAllowed), "{other}");
    }
    let odd = checked(r#"{"alg":"RS256","typ":7}"#, "x", "1", NOW);
    assert_eq!(odd, form(TokenError::HeaderInvalid));
}
