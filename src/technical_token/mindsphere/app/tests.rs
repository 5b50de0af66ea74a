//! Every way in which a token can be another one than an application asked for. Its requests are
//! in `tests/token_requests.rs`.

use std::sync::Arc;

use super::super::testing::{HEADER, ISSUER, NOW, names, token};
use super::*;
use crate::jwt::{ClaimKind, TokenError};
use crate::secret::Secret;
use crate::technical_token::preparation::MOMENT;

fn issuer(tenant: &str) -> String {
    format!("https://{tenant}.piam.eu1.mindsphere.io/oauth/token")
}

/// An application that `host1` hosts and `tenant1` uses.
fn credential() -> MindsphereApp {
    MindsphereApp::new(MindsphereAppParts {
        endpoint: Endpoint {
            cluster: Arc::from("gateway"),
            scheme: "https",
            authority: Arc::from("gateway.eu1.mindsphere.io"),
            path: Arc::from("/api/technicaltokenmanager/v3/oauth/token"),
        },
        issuers: ["host1", "tenant1", "core"].map(issuer).to_vec(),
        app_name: "myapp".to_owned(),
        app_version: "1.0.0".to_owned(),
        host_tenant: TenantId::parse("host1").unwrap(),
        user_tenant: TenantId::parse("tenant1").unwrap(),
        client: ClientCredentials::new("host1-myapp-1.0.0", Secret::new("s3cr3t".to_owned())),
        claims: names(),
        timeout: Duration::from_secs(5),
    })
}

fn check(member: &str, value: &str) -> Result<Option<Validity>, TokenRejected> {
    credential().check(&token(HEADER, member, value), None, NOW)
}

#[test]
fn a_token_of_the_user_tenant_by_one_of_the_three_issuers_is_accepted_until_its_own_expiry() {
    let validity = Validity {
        from: Timestamp::from_seconds(999_999),
        until: Timestamp::from_seconds(1_001_799),
    };
    for tenant in ["host1", "tenant1", "core"] {
        let issuer = format!("\"{}\"", issuer(tenant));
        assert_eq!(check("iss", &issuer), Ok(Some(validity)), "{tenant}");
    }
}

#[test]
fn another_tenants_subtenants_or_issuers_token_is_rejected() {
    use TokenRejected::{IssuerMismatch, SubtenantUnasked, TenantMismatch};
    let missing = |kind| TokenRejected::Form(TokenError::ClaimMissing(kind));
    let other = format!("\"{}\"", issuer("tenant2"));
    let rows = [
        ("ten", "\"host1\"", TenantMismatch),
        ("ten", "\"core\"", TenantMismatch),
        ("ten", "null", missing(ClaimKind::Tenant(None))),
        ("subtenant", "\"cust\"", SubtenantUnasked),
        ("iss", "null", missing(ClaimKind::Issuer)),
        ("iss", &other, IssuerMismatch),
        ("iss", "\"https://tenant1.piam.eu2.mindsphere.io/oauth/token\"", IssuerMismatch),
        ("iss", "\"https://gateway.eu1.mindsphere.io/oauth/token\"", IssuerMismatch),
        ("iss", "\"https://core.piam.eu1.mindsphere.io/oauth/token/\"", IssuerMismatch),
        ("iss", "\"https://CORE.piam.eu1.mindsphere.io/oauth/token\"", IssuerMismatch),
    ];
    for (member, value, expected) in rows {
        assert_eq!(check(member, value), Err(expected), "{member}: {value}");
    }
}

#[test]
fn a_token_of_another_kind_algorithm_type_or_time_is_rejected() {
    use TokenError::{
        AlgorithmNotAllowed, ClaimMissing, IssuedAfterExpiry, IssuedInFuture, NotAccessToken,
        TypeNotAllowed,
    };
    let form = |error| Err(TokenRejected::Form(error));
    let rows = [
        ("jti", "\"868a95bb-r\"", form(NotAccessToken)),
        ("c_hash", "\"x\"", form(NotAccessToken)),
        ("scope", "null", form(ClaimMissing(ClaimKind::Scopes))),
        ("iat", "null", form(ClaimMissing(ClaimKind::IssuedAt))),
        ("exp", "null", form(ClaimMissing(ClaimKind::Expiry))),
        ("iat", "1000061", form(IssuedInFuture)),
        ("exp", "999998", form(IssuedAfterExpiry)),
    ];
    for (member, value, expected) in rows {
        assert_eq!(check(member, value), expected, "{member}: {value}");
    }
    assert!(check("iat", "1000060").is_ok());
    let headed = |header| credential().check(&token(header, "x", "1"), None, NOW);
    assert_eq!(headed(r#"{"alg":"RS384","typ":"JWT"}"#), form(AlgorithmNotAllowed));
    assert_eq!(headed(r#"{"alg":"RS256","typ":"at+jwt"}"#), form(TypeNotAllowed));
}

#[test]
fn no_token_is_asked_for_or_accepted_for_a_subtenant() {
    let cust = SubtenantId::parse("cust").unwrap();
    assert_eq!(
        credential().call(Some(&cust), &[], &MOMENT).err(),
        Some(CallError::SubtenantUnserved)
    );
    for value in ["\"cust\"", "null"] {
        let token = token(HEADER, "subtenant", value);
        let rejected = Err(TokenRejected::SubtenantMismatch);
        assert_eq!(credential().check(&token, Some(&cust), NOW), rejected, "{value}");
    }
}

#[test]
fn meanings_differ_by_all_that_decides_what_a_token_is_for() {
    let changes: [fn(&mut MindsphereAppParts); 11] = [
        |_| {},
        |parts| parts.endpoint.cluster = Arc::from("other"),
        |parts| parts.endpoint.scheme = "http",
        |parts| parts.endpoint.authority = Arc::from("other.example"),
        |parts| parts.endpoint.path = Arc::from("/other"),
        |parts| parts.issuers = vec![ISSUER.to_owned()],
        |parts| parts.app_name.push('x'),
        |parts| parts.app_version.push('x'),
        |parts| parts.host_tenant = TenantId::parse("tenant1").unwrap(),
        |parts| parts.user_tenant = TenantId::parse("host1").unwrap(),
        |parts| {
            parts.client = ClientCredentials::new("host1-myapp-1.0.0", Secret::new("new".into()))
        },
    ];
    let cust = SubtenantId::parse("cust").unwrap();
    let mut meanings = vec![credential().meaning(Some(&cust))];
    for change in changes {
        let mut other = credential();
        change(&mut other.parts);
        meanings.push(other.meaning(None));
    }
    meanings.sort_unstable();
    meanings.dedup();
    assert_eq!(meanings.len(), changes.len() + 1);
}
