//! One whole pass per kind of request: from the header as the host hands it over to what becomes of it.

use std::collections::HashMap;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};
use tenantgate::application_key::{KeyDigest, KeyPrefix, StatedDigest};
use tenantgate::config;
use tenantgate::crypto::{
    Algorithm, PublicKey, Random, SignatureVerifier, SoftwareSigner, SoftwareVerifier, Verdict,
};
use tenantgate::gateway::{Effect, Event, Gateway, Outcome, StreamId};
use tenantgate::message::{CallResponse, HttpCall, RequestHead, parse_pairs, write_pairs};
use tenantgate::secret::Secret;
use tenantgate::shared::{Cas, SharedData, WriteError};

use crate::configuration::{document, environment};
use crate::measure::Row;
use crate::token::{self, NOW, rs256};

/// A pass of each kind. First-seen tokens come once with the signature in Rust, and once with a
/// signature that costs nothing here because the host computes it.
pub fn rows() -> Vec<Row> {
    let user = vec![rs256(&token::claims())];
    let first_seen: Vec<_> = (0..8)
        .map(|number| rs256(&token::with(token::claims(), &[("jti", json!(number.to_string()))])))
        .collect();
    let subtenant = vec![rs256(&token::with(token::claims(), &[("subtenant", json!("north"))]))];
    let expired = vec![rs256(&token::with(token::claims(), &[("exp", json!(1_600_000_000))]))];
    vec![
        row("request_repeated_user_token", PROFILE, user.clone(), ByHost, Kind::Forward),
        row("request_repeated_technical_token", REPORTS, user, ByHost, Kind::Forward),
        row(
            "request_first_seen_signature_by_host",
            PROFILE,
            first_seen.clone(),
            ByHost,
            Kind::Forward,
        ),
        row(
            "request_first_seen_signature_in_rust",
            PROFILE,
            first_seen,
            SoftwareVerifier,
            Kind::Forward,
        ),
        row("request_subtenant_refused", REPORTS, subtenant, ByHost, Kind::Refuse),
        row("request_expired_token", PROFILE, expired, ByHost, Kind::Refuse),
        row("request_without_token", PROFILE, vec![String::new()], ByHost, Kind::Refuse),
        row("request_without_route", "/elsewhere", vec![String::new()], ByHost, Kind::Refuse),
        key_row("request_application_key", KEY, Kind::Forward),
        key_row("request_unknown_application_key", UNKNOWN_KEY, Kind::Refuse),
    ]
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Forward,
    Refuse,
}

fn row(
    name: &'static str,
    path: &'static str,
    tokens: Vec<String>,
    signatures: impl SignatureVerifier + 'static,
    expected: Kind,
) -> Row {
    let headers = tokens.iter().map(|token| header(path, token)).collect();
    row_of(name, gateway(), headers, signatures, expected)
}

fn key_row(name: &'static str, bytes: [u8; 32], expected: Kind) -> Row {
    let gateway = configured(&with_keys());
    let header = header_with(THINGS, "appkey", KeyPrefix::default().generate(&bytes).expose());
    row_of(name, gateway, vec![header], ByHost, expected)
}

fn row_of(
    name: &'static str,
    mut gateway: Gateway,
    headers: Vec<Vec<u8>>,
    signatures: impl SignatureVerifier + 'static,
    expected: Kind,
) -> Row {
    let mut turn = 0;
    Row::new(name, move || {
        turn = (turn + 1) % headers.len();
        let fields = parse_pairs(black_box(&headers[turn])).expect("a header map");
        let outcome = gateway.request(StreamId(1), &RequestHead::new(fields), NOW, &signatures);
        let kind = match black_box(outcome) {
            Outcome::Forward(_) => Kind::Forward,
            Outcome::Refuse(_) => Kind::Refuse,
            Outcome::Wait { .. } => panic!("`{name}` waits"),
        };
        assert_eq!(kind, expected, "{name}");
    })
}

/// A header map as Envoy hands it over, with this token if it is one.
fn header(path: &str, token: &str) -> Vec<u8> {
    let authorization = if token.is_empty() { String::new() } else { format!("Bearer {token}") };
    header_with(path, "authorization", &authorization)
}

/// The same with another credential.
fn header_with(path: &str, name: &str, credential: &str) -> Vec<u8> {
    let mut fields = vec![
        (":authority", "api.acme.example"),
        (":path", path),
        (":method", "GET"),
        (":scheme", "http"),
        ("user-agent", "reports/4.2 (linux; x86_64)"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "en-GB,en;q=0.8"),
        ("cache-control", "no-cache"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("x-correlation-id", "7d3f0c52-9a3b-4a57-8d2e-5d2b6f6f9d11"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "5a1c2d6e-3f4b-4c5d-8e6f-7a8b9c0d1e2f"),
    ];
    if !credential.is_empty() {
        fields.push((name, credential));
    }
    write_pairs(fields)
}

/// A gateway that holds its keys and has fetched its technical token.
fn gateway() -> Gateway {
    let mut gateway = configured(&document(0));
    let mut shared = Alone::default();
    let user = header(REPORTS, &rs256(&token::claims()));
    let head = RequestHead::new(parse_pairs(&user).expect("a header map"));
    let waits = gateway.request(StreamId(1), &head, NOW, &ByHost);
    assert!(matches!(waits, Outcome::Wait { .. }), "{waits:?}");
    gateway.forget(StreamId(1));
    for effect in gateway.handle(Event::Woken, NOW, &mut shared, &ByHost) {
        if let Effect::Call(id, call) = effect {
            let ended = Event::CallEnded(id, Ok(answer(&call)));
            gateway.handle(ended, NOW, &mut shared, &ByHost);
        }
    }
    gateway
}

fn configured(document: &Value) -> Gateway {
    let compiled = config::compile(document.to_string().as_bytes(), &environment);
    let config = compiled.expect("a valid configuration").config;
    Gateway::new(Arc::new(config), 1, Rc::new(Fixed), Rc::new(SoftwareSigner))
}

/// The configuration with one application key, and a route on which it is removed.
fn with_keys() -> Value {
    let mut document = document(0);
    let key = KeyPrefix::default().generate(&KEY);
    let digest = StatedDigest::Sha256(KeyDigest::of(key.expose().as_bytes())).text();
    document["application_keys"] = json!({"tenants": ["acme"], "inline": {
        "version": 1, "serial": 1, "keys": [{
            "name": "pump-17", "user": "user-of-acme", "tenant": "acme", "scopes": ["assets.read"],
            "secrets": [{"digest": digest, "expires_at": "2099-01-01T00:00:00Z"}],
        }],
    }});
    document["identity_headers"] =
        json!({"tenant": "x-tenant", "user": "x-user", "key_name": "x-key"});
    document["routes"].as_array_mut().expect("a list").push(json!({
        "name": "things",
        "match": {"hosts": ["*"], "path": "/api/things/**", "methods": ["GET"]},
        "authentication": "required", "scopes": {"any": ["assets.read"]},
        "upstream": {"caller_token": "remove"},
    }));
    document
}

fn answer(call: &HttpCall) -> CallResponse {
    assert_eq!(call.method, "POST", "keys are inline, so the only call is for the token");
    let token = rs256(&token::technical_claims());
    let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
    CallResponse {
        status: 200,
        content_type: Some(b"application/json".to_vec()),
        retry_after: None,
        fresh_for: None,
        etag: None,
        body: Secret::new(body.to_string().into_bytes()),
    }
}

/// The host's answer costs its own time, not the core's.
struct ByHost;

impl SignatureVerifier for ByHost {
    fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
        Verdict::Valid
    }
}

/// Shared data of a process with one worker.
#[derive(Default)]
struct Alone(HashMap<String, (Vec<u8>, u32)>);

impl SharedData for Alone {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, Cas)> {
        self.0.get(key).map(|(value, counter)| (value.clone(), Cas::from_host(*counter)))
    }

    fn write(&mut self, key: &str, value: &[u8], expected: Cas) -> Result<(), WriteError> {
        let counter = self.0.get(key).map(|(_, counter)| *counter);
        if counter.is_some_and(|counter| counter != expected.to_host()) {
            return Err(WriteError::CasMismatch);
        }
        self.0.insert(key.to_owned(), (value.to_vec(), counter.unwrap_or(0) + 1));
        Ok(())
    }
}

const PROFILE: &str = "/api/profile/me";
const REPORTS: &str = "/api/reports/monthly";
const THINGS: &str = "/api/things/pump-17";

/// Of these bytes an application key is made, and one that nobody knows.
const KEY: [u8; 32] = [7; 32];
const UNKNOWN_KEY: [u8; 32] = [8; 32];

/// The same bytes each time.
#[derive(Debug)]
struct Fixed;

impl Random for Fixed {
    fn draw(&self) -> Option<[u8; 16]> {
        Some([7; 16])
    }
}
