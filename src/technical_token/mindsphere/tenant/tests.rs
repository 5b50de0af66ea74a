//! The platform's worked examples (its documentation, in our words), and every way in which a
//! token can be another one than was asked for.

use std::sync::Arc;

use super::super::testing::{HEADER, ISSUER, NOW, names, token};
use super::*;
use crate::jwt::{ClaimKind, TokenError};
use crate::message::Endpoint;
use crate::secret::Secret;
use crate::technical_token::preparation::MOMENT;

fn credential() -> MindsphereTenant {
    MindsphereTenant::new(MindsphereTenantParts {
        endpoint: Endpoint {
            cluster: Arc::from("piam"),
            scheme: "https",
            authority: Arc::from("tenant1.piam.eu1.mindsphere.io"),
            path: Arc::from("/oauth/token"),
        },
        issuer: ISSUER.to_owned(),
        tenant: TenantId::parse("tenant1").unwrap(),
        only: None,
        client: ClientCredentials::new("tenant1-svc", Secret::new("s3cr3t".to_owned())),
        claims: names(),
        timeout: Duration::from_secs(5),
    })
}

fn subtenant(id: &str) -> SubtenantId {
    SubtenantId::parse(id).unwrap()
}

fn check(
    member: &str,
    value: &str,
    asked: Option<&str>,
) -> Result<Option<Validity>, TokenRejected> {
    let asked = asked.map(subtenant);
    credential().check(&token(HEADER, member, value), asked.as_ref(), NOW)
}

fn fields(call: &HttpCall) -> Vec<(&str, String)> {
    let text = |value: &Secret<Vec<u8>>| String::from_utf8(value.expose().clone()).unwrap();
    call.headers.iter().map(|(name, value)| (*name, text(value))).collect()
}

#[test]
fn the_request_for_a_tenant_token_is_the_documented_one() {
    let call = credential().call(None, &[], &MOMENT).unwrap();
    assert_eq!((call.method, &*call.endpoint.path), ("POST", "/oauth/token"));
    assert_eq!(
        fields(&call),
        [
            ("authorization", "Basic dGVuYW50MS1zdmM6czNjcjN0".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ]
    );
    assert_eq!(call.body.expose(), b"grant_type=client_credentials");
}

#[test]
fn the_request_for_a_subtenant_has_the_documented_fields_and_encodes_the_id() {
    let call = credential().call(Some(&subtenant("mycustomer")), &[], &MOMENT).unwrap();
    let expected: &[u8] = b"grant_type=client_credentials\
        &iam-action=client_credentials.subtenant-impersonation&subtenant=mycustomer";
    assert_eq!(call.body.expose(), expected);
    let call = credential().call(Some(&subtenant("a&grant_type=x ü")), &[], &MOMENT).unwrap();
    assert!(call.body.expose().ends_with(b"&subtenant=a%26grant_type%3Dx+%C3%BC"));
}

#[test]
fn the_token_asked_for_is_accepted_until_its_own_expiry() {
    let validity = Validity {
        from: Timestamp::from_seconds(999_999),
        until: Timestamp::from_seconds(1_001_799),
    };
    let expiry = Ok(Some(validity));
    assert_eq!(check("x", "1", None), expiry);
    assert_eq!(check("subtenant", "\"cust\"", Some("cust")), expiry);
}

#[test]
fn another_tenants_subtenants_or_issuers_token_is_rejected() {
    use TokenRejected::{IssuerMismatch, SubtenantMismatch, SubtenantUnasked, TenantMismatch};
    let missing = |kind| TokenRejected::Form(TokenError::ClaimMissing(kind));
    let rows = [
        ("ten", "\"tenant2\"", None, TenantMismatch),
        ("subtenant", "\"cust\"", None, SubtenantUnasked),
        ("subtenant", "\"cust2\"", Some("cust"), SubtenantMismatch),
        ("x", "1", Some("cust"), missing(ClaimKind::Subtenant(None))),
        ("iss", "null", None, missing(ClaimKind::Issuer)),
        ("iss", "\"https://tenant2.piam.eu1.mindsphere.io/oauth/token\"", None, IssuerMismatch),
        ("iss", "\"https://tenant1.piam.eu1.mindsphere.io/oauth/token/\"", None, IssuerMismatch),
        ("iss", "\"HTTPS://tenant1.piam.eu1.mindsphere.io/oauth/token\"", None, IssuerMismatch),
    ];
    for (member, value, asked, expected) in rows {
        assert_eq!(check(member, value, asked), Err(expected), "{member}: {value}");
    }
}

#[test]
fn a_token_of_another_kind_or_with_odd_claims_is_rejected() {
    let form = |error| Err(TokenRejected::Form(error));
    let missing = |kind| form(TokenError::ClaimMissing(kind));
    assert_eq!(check("jti", "\"868a95bb-r\"", None), form(TokenError::NotAccessToken));
    assert_eq!(check("nonce", "\"n\"", None), form(TokenError::NotAccessToken));
    assert_eq!(check("granted_scopes", "[]", None), form(TokenError::NotAccessToken));
    assert_eq!(check("scope", "null", None), missing(ClaimKind::Scopes));
    assert_eq!(check("ten", "null", None), missing(ClaimKind::Tenant(None)));
    for odd in ["\"\"", "7", "[\"cust\"]"] {
        let result = check("subtenant", odd, Some("cust"));
        let is_invalid = matches!(
            result,
            Err(TokenRejected::Form(TokenError::ClaimInvalid(ClaimKind::Subtenant(_))))
        );
        assert!(is_invalid, "{odd}: {result:?}");
    }
}

#[test]
fn a_credential_for_one_subtenant_never_asks_for_or_accepts_another_or_none() {
    let mut credential = credential();
    credential.parts.only = Some(subtenant("cust"));
    let own = subtenant("cust");
    for asked in [None, Some(&own)] {
        let call = credential.call(asked, &[], &MOMENT).unwrap();
        assert!(call.body.expose().ends_with(b"&subtenant=cust"));
        let check = |value| credential.check(&token(HEADER, "subtenant", value), asked, NOW);
        assert!(check("\"cust\"").is_ok());
        let missing = TokenError::ClaimMissing(ClaimKind::Subtenant(None));
        assert_eq!(check("null"), Err(TokenRejected::Form(missing)));
        assert_eq!(check("\"cust2\""), Err(TokenRejected::SubtenantMismatch));
    }
    assert_eq!(credential.meaning(None), credential.meaning(Some(&own)));
    let other = subtenant("cust2");
    assert_eq!(
        credential.call(Some(&other), &[], &MOMENT).err(),
        Some(CallError::SubtenantUnserved)
    );
    let token = token(HEADER, "subtenant", "\"cust2\"");
    let rejected = Err(TokenRejected::SubtenantMismatch);
    assert_eq!(credential.check(&token, Some(&other), NOW), rejected);
    assert_ne!(credential.meaning(None), credential.meaning(Some(&other)));
}

#[test]
fn another_algorithm_or_type_is_rejected() {
    let rejected = |header: &str| credential().check(&token(header, "x", "1"), None, NOW).err();
    for algorithm in ["none", "HS256", "ES256", "rs256"] {
        let header = format!(r#"{{"alg":"{algorithm}"}}"#);
        let expected = TokenRejected::Form(TokenError::AlgorithmNotAllowed);
        assert_eq!(rejected(&header), Some(expected), "{algorithm}");
    }
    let typed = rejected(r#"{"alg":"RS256","typ":"rt+jwt"}"#);
    assert_eq!(typed, Some(TokenRejected::Form(TokenError::TypeNotAllowed)));
    assert_eq!(rejected(r#"{"alg":"RS256"}"#), None);
}

#[test]
fn meanings_differ_by_subtenant_client_secret_and_issuer() {
    let base = credential();
    let mut meanings = vec![
        base.meaning(None),
        base.meaning(Some(&subtenant("a"))),
        base.meaning(Some(&subtenant("b"))),
    ];
    let changes: [fn(&mut MindsphereTenantParts); 5] = [
        |parts| parts.issuer.push('x'),
        |parts| parts.tenant = TenantId::parse("tenant2").unwrap(),
        |parts| parts.client = ClientCredentials::new("tenant1-svc", Secret::new("new".to_owned())),
        |parts| parts.endpoint.authority = Arc::from("other.example"),
        |parts| parts.endpoint.cluster = Arc::from("other"),
    ];
    for change in changes {
        let mut other = base.clone();
        change(&mut other.parts);
        meanings.push(other.meaning(None));
    }
    let all = meanings.len();
    meanings.sort_unstable();
    meanings.dedup();
    assert_eq!(meanings.len(), all);
}
