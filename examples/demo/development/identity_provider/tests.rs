//! The provider over a real connection: a wrong server would prove wrong things about the filter.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::fault::Fault;
use super::super::http_client::{Received, exchange, request};
use super::super::signing_key::claims_of;
use super::super::token_endpoint::Client;
use super::{IdentityProvider, OldKey};

const IMPERSONATION: &str = "iam-action=client_credentials.subtenant-impersonation";

#[test]
fn the_token_endpoint_answers_as_rfc_6749_says() {
    let provider = provider();
    let grant = "grant_type=client_credentials";
    let north = format!("{grant}&{IMPERSONATION}&subtenant=north");
    for (secret, form, status, error) in [
        ("secret", grant.to_owned(), 200, Value::Null),
        ("secret", north, 200, Value::Null),
        ("other", grant.to_owned(), 401, json!("invalid_client")),
        ("secret", "grant_type=password".to_owned(), 400, json!("unsupported_grant_type")),
        ("secret", format!("{grant}&{IMPERSONATION}"), 400, json!("invalid_request")),
        (
            "secret",
            format!("{grant}&iam-action=other&subtenant=north"),
            400,
            json!("invalid_request"),
        ),
    ] {
        let answer = ask(&provider, "acme", secret, &form);
        assert_eq!((answer.status, &answer.json()["error"]), (status, &error), "{form}");
    }
    assert_eq!(ask(&provider, "beta", "secret", grant).status, 401, "a client of another tenant");
    assert_eq!((provider.calls("token"), provider.calls("token/north")), (7, 1));
}

#[test]
fn a_technical_token_says_what_was_asked_for() {
    let provider = provider();
    let form = format!("grant_type=client_credentials&{IMPERSONATION}&subtenant=north");
    let answer = ask(&provider, "acme", "secret", &form).json();
    let claims = claims_of(answer["access_token"].as_str().unwrap());
    assert_eq!(claims["iss"], "https://acme.piam.eu1.mindsphere.io/oauth/token");
    assert_eq!((&claims["ten"], &claims["subtenant"]), (&json!("acme"), &json!("north")));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 1800);
    assert_eq!((&answer["expires_in"], &answer["token_type"]), (&json!(1800), &json!("Bearer")));
    assert_eq!(answer["jti"], claims["jti"]);

    let plain = ask(&provider, "acme", "secret", "grant_type=client_credentials").json();
    assert_eq!(claims_of(plain["access_token"].as_str().unwrap()).get("subtenant"), None);
}

#[test]
fn a_fault_spoils_the_token_it_names_and_nothing_else() {
    let provider = provider();
    let form = format!("grant_type=client_credentials&{IMPERSONATION}&subtenant=north");
    for (fault, tenant, subtenant) in [
        (Fault::OtherTenant, json!("beta"), json!("north")),
        (Fault::OtherSubtenant, json!("acme"), json!("somebody-else")),
        (Fault::NoSubtenant, json!("acme"), Value::Null),
        (Fault::None, json!("acme"), json!("north")),
    ] {
        provider.set_token_fault(fault.clone());
        let answer = ask(&provider, "acme", "secret", &form).json();
        let claims = claims_of(answer["access_token"].as_str().unwrap());
        assert_eq!((&claims["ten"], &claims["subtenant"]), (&tenant, &subtenant), "{fault:?}");
    }
}

#[test]
fn a_body_is_empty_huge_or_cut_when_a_fault_says_so() {
    let provider = provider();
    let keys = || exchange(provider.address(), &request("GET", "/token_keys", &[], ""));
    provider.set_keys_fault(Fault::Empty);
    assert_eq!(keys().unwrap().body.len(), 0);
    provider.set_keys_fault(Fault::Huge);
    assert_eq!(keys().unwrap().body.len(), 40_000_000);
    provider.set_keys_fault(Fault::Half);
    assert_eq!(keys().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(provider.calls("keys"), 3);
}

#[test]
fn rotation_publishes_the_new_key_beside_the_old_or_alone() {
    let provider = provider();
    assert_eq!(key_ids(&provider), ["symmetric", "key-id-1"]);
    provider.rotate_key("key-id-2", OldKey::Published).unwrap();
    assert_eq!(key_ids(&provider), ["symmetric", "key-id-1", "key-id-2"]);
    provider.rotate_key("key-id-3", OldKey::Withdrawn).unwrap();
    assert_eq!(key_ids(&provider), ["symmetric", "key-id-3"]);
    assert_eq!(provider.signing_key().kid(), "key-id-3");
}

#[test]
fn a_stopped_provider_refuses_connections_and_comes_back_on_its_port() {
    let provider = provider();
    let address = provider.address();
    let health = || exchange(address, &request("GET", "/demo/health", &[], ""));
    provider.stop();
    assert!(health().is_err());
    provider.resume().unwrap();
    assert_eq!(health().unwrap().status, 200);
    assert_eq!(provider.address(), address);
}

fn provider() -> IdentityProvider {
    let client =
        Client { tenant: "acme".to_owned(), id: "svc".to_owned(), secret: "secret".to_owned() };
    IdentityProvider::start(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), vec![client])
        .unwrap()
}

fn ask(provider: &IdentityProvider, tenant: &str, secret: &str, form: &str) -> Received {
    let authorization = format!("Basic {}", STANDARD.encode(format!("svc:{secret}")));
    let host = format!("{tenant}.piam.eu1.mindsphere.io");
    let fields = [("host", host.as_str()), ("authorization", &authorization)];
    exchange(provider.address(), &request("POST", "/oauth/token", &fields, form)).unwrap()
}

fn key_ids(provider: &IdentityProvider) -> Vec<String> {
    let set = exchange(provider.address(), &request("GET", "/token_keys", &[], "")).unwrap().json();
    set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}
