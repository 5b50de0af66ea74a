use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::jwt::ClaimName;
use crate::message::Endpoint;
use crate::technical_token::oauth2::Wanted;
use crate::technical_token::preparation::MOMENT;
use crate::technical_token::{BasicEncoding, Client, ClientCredentials, SecretPlace};
use crate::tenancy::TenantId;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn exchange() -> TokenExchange {
    let name = |name| ClaimName::parse(name).unwrap();
    TokenExchange {
        client: Exchanger::OAuth2(OAuth2 {
            endpoint: Endpoint {
                cluster: Arc::from("id"),
                scheme: "https",
                authority: Arc::from("id.example"),
                path: Arc::from("/token"),
            },
            client: Client::Secret(
                ClientCredentials::new("gateway", Secret::new("s3cr3t".to_owned())),
                SecretPlace::Basic(BasicEncoding::FormEncoded),
            ),
            wanted: Wanted {
                scope: "read".to_owned(),
                audience: Some("orders".to_owned()),
                resources: vec!["https://orders.example/".to_owned()],
                parameters: Vec::new(),
            },
            timeout: Duration::from_secs(5),
        }),
        issuer: "https://id.example".to_owned(),
        claims: ClaimNames {
            client: name("client_id"),
            scopes: name("scope"),
            subtenant: Some(name("sub_org")),
            tenant: Some(name("org")),
            user: None,
        },
    }
}

fn subject(subtenant: Option<&str>) -> Subject {
    let tenant = TenantId::parse("acme").unwrap();
    Subject {
        token: Secret::new(b"eyJ.caller+/=.sig".to_vec()),
        tenancy: match subtenant {
            None => Tenancy::Tenant(tenant),
            Some(id) => Tenancy::Subtenant(tenant, SubtenantId::parse(id).unwrap()),
        },
        expires_at: NOW + Duration::from_secs(600),
    }
}

/// A token with the usual claims, some replaced or (`null`) removed.
fn token(changes: Value) -> String {
    let mut claims =
        json!({"iss": "https://id.example", "org": "acme", "iat": 999_990, "exp": 1_000_300});
    for (name, value) in changes.as_object().unwrap() {
        claims.as_object_mut().unwrap().insert(name.clone(), value.clone());
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    [encoded(r#"{"alg":"RS256"}"#), encoded(&claims.to_string()), encoded("s")].join(".")
}

/// The answer of RFC 8693 §2.2.1 with this token, and with other members.
fn answer(token: &str, changes: Value) -> CallResponse {
    let mut body = json!({
        "access_token": token, "token_type": "Bearer",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    });
    for (name, value) in changes.as_object().unwrap() {
        body.as_object_mut().unwrap().insert(name.clone(), value.clone());
    }
    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    CallResponse {
        status: 200,
        content_type: Some(b"application/json".to_vec()),
        retry_after: None,
        fresh_for: None,
        etag: None,
        body: Secret::new(body.to_string().into_bytes()),
    }
}

fn accepted(token: &str, subtenant: Option<&str>) -> Result<TechnicalToken, AnswerError> {
    exchange().accept(&answer(token, json!({})), &subject(subtenant), NOW)
}

#[test]
fn the_request_is_that_of_the_rfc() {
    let call = exchange().call(&subject(None), &[], &MOMENT).unwrap();
    let body = String::from_utf8(call.body.expose().clone()).unwrap();
    let expected = [
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange",
        "subject_token=eyJ.caller%2B%2F%3D.sig",
        "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token",
        "requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token",
        "scope=read",
        "audience=orders",
        "resource=https%3A%2F%2Forders.example%2F",
    ];
    assert_eq!(body, expected.join("&"));
    assert!(exchange().call(&subject(None), &[], &MOMENT).unwrap().headers[0].0 == "authorization");
    assert!(!format!("{call:?} {:?}", subject(None)).contains("eyJ"), "no token is shown");
}

#[test]
fn without_a_callers_token_there_is_none() {
    let kind: &dyn Kind = &exchange();
    assert_eq!(kind.call(None, &[], &MOMENT).err(), Some(CallError::NotFetched));
    let refused = Err(TokenRejected::RecordMismatch);
    assert_eq!(kind.check(token(json!({})).as_bytes(), None, NOW), refused);
}

#[test]
fn a_token_for_exactly_the_caller_is_accepted() {
    assert!(accepted(&token(json!({})), None).is_ok());
    assert!(accepted(&token(json!({"sub_org": "north"})), Some("north")).is_ok());
    let jwt = json!({"issued_token_type": "urn:ietf:params:oauth:token-type:jwt"});
    assert!(exchange().accept(&answer(&token(json!({})), jwt), &subject(None), NOW).is_ok());
}

#[test]
fn a_token_for_anybody_else_is_rejected() {
    use TokenRejected::{Form, IssuerMismatch, SubtenantMismatch, TenantMismatch};
    let rows = [
        (json!({"org": "beta"}), None, TenantMismatch),
        (json!({"org": null}), None, TenantMismatch),
        (json!({"sub_org": "north"}), None, SubtenantMismatch),
        (json!({}), Some("north"), SubtenantMismatch),
        (json!({"sub_org": "south"}), Some("north"), SubtenantMismatch),
        (json!({"org": "beta", "sub_org": "north"}), Some("north"), TenantMismatch),
        (json!({"iss": "https://id.example/"}), None, IssuerMismatch),
        (json!({"iss": null}), None, IssuerMismatch),
        (json!({"iat": 1_000_061}), None, Form(TokenError::IssuedInFuture)),
        (json!({"nbf": 1_000_061}), None, Form(TokenError::IssuedInFuture)),
    ];
    for (changes, subtenant, expected) in rows {
        let found = accepted(&token(changes.clone()), subtenant).err();
        assert_eq!(found, Some(AnswerError::Rejected(expected)), "{changes} {subtenant:?}");
    }
    let opaque = accepted("opaque-token", Some("north")).err();
    assert_eq!(opaque, Some(AnswerError::Rejected(Form(TokenError::Malformed))));
    let nobody = Subject { tenancy: Tenancy::Unstated, ..subject(None) };
    let found = exchange().accept(&answer(&token(json!({"org": null})), json!({})), &nobody, NOW);
    assert_eq!(found.err(), Some(AnswerError::Rejected(TenantMismatch)));
}

#[test]
fn an_answer_that_is_no_exchanged_access_token_is_refused() {
    let rows = [
        json!({"issued_token_type": null}),
        json!({"issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}),
        json!({"issued_token_type": "urn:ietf:params:oauth:token-type:id_token"}),
        json!({"token_type": "N_A"}),
    ];
    for changes in rows {
        let found =
            exchange().accept(&answer(&token(json!({})), changes.clone()), &subject(None), NOW);
        assert!(found.is_err(), "{changes}");
    }
}

#[test]
fn it_ends_with_whatever_ends_first() {
    let end = |claims: Value, members: Value| {
        let answer = answer(&token(claims), members);
        let token = exchange().accept(&answer, &subject(None), NOW);
        token.map(|token| token.expires_at().since(NOW).as_secs())
    };
    assert_eq!(end(json!({}), json!({})), Ok(300), "its own expiry");
    assert_eq!(end(json!({}), json!({"expires_in": 120})), Ok(120), "what the answer says");
    assert_eq!(end(json!({"exp": 1_003_600}), json!({})), Ok(600), "the caller's token");
    assert_eq!(end(json!({"exp": null}), json!({"expires_in": 3600})), Ok(600));
    let unknown = AnswerError::Rejected(TokenRejected::LifetimeUnknown);
    assert_eq!(end(json!({"exp": null}), json!({})), Err(unknown));
    let short = AnswerError::Rejected(TokenRejected::TooShort);
    assert_eq!(end(json!({"exp": 1_000_000}), json!({})), Err(short));
}
