//! Sessions that application keys open, from the request that asks for one to its end.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

#[path = "key_sessions/ending.rs"]
mod ending;
#[path = "key_sessions/living.rs"]
mod living;
#[path = "key_sessions/opening.rs"]
mod opening;
#[path = "key_sessions/page_loads.rs"]
mod page_loads;

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Mint, START};
use tenantgate::application_key::{KeyDigest, StatedDigest};
use tenantgate::config;
use tenantgate::crypto::{NoRandom, SoftwareSigner, SoftwareVerifier};
use tenantgate::gateway::{Gateway, Outcome, PRIVATE, StreamId};
use tenantgate::message::{Connection, HeaderEdit, RequestHead};
use tenantgate::time::Timestamp;

const KEY: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
const OTHER: &str = "gwk_00000000000000000000000000000000000000000000oVEGz";
const FLAG: (&str, &str) = ("x-thingworx-session", "true");
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
const CLEARED: &str = "__Host-gwsession=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0";

type Fields = Vec<(String, String)>;

/// What became of a request.
#[derive(Debug, Eq, PartialEq)]
enum Answer {
    /// The upstream sees these fields.
    Seen(Fields),
    /// Status, exact reason, header.
    Told(u16, &'static str, Fields),
}

impl Answer {
    fn user(&self) -> Option<&str> {
        match self {
            Self::Seen(fields) => value(fields, "x-user"),
            Self::Told(..) => None,
        }
    }

    fn told(&self) -> (u16, &'static str) {
        match self {
            Self::Seen(fields) => panic!("it went on: {fields:?}"),
            Self::Told(status, reason, _) => (*status, reason),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        match self {
            Self::Seen(fields) => panic!("it went on: {fields:?}"),
            Self::Told(.., fields) => value(fields, name),
        }
    }
}

fn value<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// What an upstream's answer becomes.
#[derive(Debug, Default, Eq, PartialEq)]
struct Passed {
    cookie: Option<String>,
    is_made_private: bool,
}

/// A gateway, and where and when its client is.
struct Site {
    gateway: Gateway,
    now: Timestamp,
    source: Option<IpAddr>,
    last: StreamId,
}

struct At(Option<IpAddr>);

impl Connection for At {
    fn certificate_digest(&self) -> Option<[u8; 32]> {
        None
    }

    fn source(&self) -> Option<IpAddr> {
        self.0
    }
}

impl Site {
    fn new(document: &Value) -> Self {
        let source = Some("10.1.2.3".parse().unwrap());
        Self { gateway: gateway(document), now: START, source, last: StreamId(0) }
    }

    /// Another configuration, a client at the same place and time.
    fn changed(self, document: &Value) -> Self {
        Self { gateway: gateway(document), ..self }
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }

    fn ask(&mut self, fields: &[(&str, &str)]) -> Answer {
        let common = [
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "api.example"),
            (":path", "/things/1"),
        ];
        let is_stated = |name: &str| fields.iter().any(|(stated, _)| *stated == name);
        let mut all: Vec<_> = common.into_iter().filter(|(name, _)| !is_stated(name)).collect();
        all.extend(fields);
        let head = all.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        let at = At(self.source);
        let head = RequestHead::new(head).with_connection(&at);
        self.last = StreamId(self.last.0 + 1);
        let outcome = self.gateway.request(self.last, &head, self.now, &SoftwareVerifier);
        let shown = format!("{outcome:?}");
        assert!(!shown.contains("v1.") && !shown.contains("gwk_"), "{shown}");
        match outcome {
            Outcome::Forward(forwarded) => {
                let left = edited(&all, &forwarded.edits);
                assert!(left.iter().all(|(_, value)| !value.contains("v1.")), "{left:?}");
                Answer::Seen(left)
            }
            Outcome::Refuse(refused) => {
                let logged = edited(&all, &refused.edits);
                let is_clean = |value: &str| !value.contains("v1.") && !value.contains("gwk_");
                assert!(logged.iter().all(|(_, value)| is_clean(value)), "{logged:?}");
                let own = refused.reply.headers.clone().into_iter();
                let more = refused.fields.into_iter().map(|(name, value)| {
                    (name, String::from_utf8(value.expose().to_vec()).unwrap())
                });
                let fields = own.chain(more).map(|(name, value)| (name.to_owned(), value));
                Answer::Told(refused.reply.status, refused.reason, fields.collect())
            }
            Outcome::Wait { .. } => panic!("inline keys need no waiting"),
        }
    }

    /// The upstream answers the last request.
    fn answer(&mut self, status: u16, cache_control: Option<&str>) -> Passed {
        if !self.gateway.is_watched(self.last) {
            return Passed::default();
        }
        let verdict = self.gateway.answered(self.last, &|name| match name {
            ":status" => Some(status.to_string().into_bytes()),
            "cache-control" => cache_control.map(|value| value.as_bytes().to_vec()),
            other => panic!("nobody needs {other}"),
        });
        assert!(!format!("{verdict:?}").contains("v1."));
        assert!(verdict.replaced.is_none() && !verdict.wake);
        assert_eq!(PRIVATE, b"private");
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let cookie = verdict.cookie.map(|cookie| text(cookie.expose()));
        Passed { cookie, is_made_private: verdict.is_made_private }
    }

    /// Opens a session by a key in its header; its cookie as a browser sends it back.
    fn log_in(&mut self, key: &str) -> String {
        assert!(self.ask(&[("appkey", key), FLAG]).user().is_some());
        sent_back(&self.answer(200, None).cookie.unwrap())
    }

    /// A request of `GET /things/1` with nothing but cookies.
    fn visit(&mut self, cookie: &str) -> Answer {
        self.ask(&[("cookie", cookie)])
    }
}

/// The cookie of a `set-cookie` without its attributes.
fn sent_back(cookie: &str) -> String {
    cookie.split(';').next().unwrap().to_owned()
}

fn edited(fields: &[(&str, &str)], edits: &[HeaderEdit]) -> Fields {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut fields: Fields = fields.iter().map(owned).collect();
    for edit in edits {
        let (name, value) = match edit {
            HeaderEdit::Add(name, value) => {
                assert!(
                    fields.iter().all(|(field, _)| field != name.as_str()),
                    "{name:?} is there"
                );
                (name.as_str(), value.expose())
            }
            HeaderEdit::Reduce(reduced) => (reduced.name(), reduced.expose()),
            HeaderEdit::Set(name, value) => (name.as_str(), value.expose()),
            HeaderEdit::Remove(name) => {
                fields.retain(|(field, _)| field.as_bytes() != &**name);
                continue;
            }
        };
        fields.retain(|(field, _)| field != name);
        fields.push((name.to_owned(), String::from_utf8(value.to_vec()).unwrap()));
    }
    fields
}

/// A record that may open sessions.
fn record(name: &str, key: &str, more: Value) -> Value {
    let digest = StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text();
    let mut record = json!({
        "name": name, "user": format!("{name}@acme.example"), "tenant": "acme", "allow_session": true,
        "secrets": [{ "digest": digest, "expires_at": "2030-01-01T00:00:00Z" }],
    });
    merge(&mut record, more);
    record
}

/// The keys of Ann and Bob.
fn ann_and_bob() -> Vec<Value> {
    vec![record("ann", KEY, json!({})), record("bob", OTHER, json!({}))]
}

/// A configuration with these keys, and these settings of sessions besides the usual ones.
fn document(keys: &[Value], session: Value) -> Value {
    let route = |name: &str, more: Value| {
        let mut route = json!({
            "name": name,
            "match": { "hosts": ["*"], "path": format!("/{name}/**"), "methods": "any" },
            "authentication": "required", "upstream": { "caller_token": "remove" },
        });
        merge(&mut route, more);
        route
    };
    let mut settings = json!({ "keys": [{ "id": "2026", "secret_env": "NEW" }] });
    merge(&mut settings, session);
    json!({
        "deployment": "ingress",
        "client_address": "use_remote_address",
        "application_keys": {
            "tenants": ["acme"], "allow_query": true, "session": settings,
            "inline": { "version": 1, "serial": 1, "keys": keys },
        },
        "identity_headers": { "tenant": "x-tenant", "subtenant": "x-subtenant", "user": "x-user" },
        "filter_state": "always",
        "routes": [
            route("things", json!({})),
            route("open", json!({ "authentication": "optional" })),
            route("public", json!({ "authentication": "none" })),
            route("scoped", json!({ "scopes": { "all": ["read"] } })),
            route("watched", json!({ "mode": "report_only" })),
        ],
    })
}

fn usual() -> Value {
    document(&ann_and_bob(), json!({}))
}

/// The same with an issuer of tokens of Ann.
fn with_tokens(mint: &Mint) -> (Value, String) {
    let mut document = usual();
    let jwks: Value = serde_json::from_str(&mint.jwks(1)).unwrap();
    document["issuers"] = json!([{
        "name": "id", "issuer": "https://id.example", "tenants": ["acme"], "audiences": ["our-api"],
        "algorithms": ["ES256"], "jwks": { "inline": jwks }, "claims": { "tenant": "ten", "subtenant": "none", "user": "email" },
    }]);
    let exp = START.as_seconds() + 3600;
    let token = mint.token_of(&format!(
        r#"{{"iss":"https://id.example","aud":"our-api","exp":{exp},"ten":"acme","email":"ann@acme.example"}}"#
    ));
    (document, format!("Bearer {token}"))
}

fn merge(into: &mut Value, members: Value) {
    for (member, value) in members.as_object().unwrap() {
        into[member] = value.clone();
    }
}

fn gateway(document: &Value) -> Gateway {
    let environment = |name: &str| Some(format!("a value of the variable {name:0>40}"));
    let compiled = config::compile(document.to_string().as_bytes(), &environment);
    let compiled = compiled.unwrap_or_else(|errors| panic!("{errors}"));
    Gateway::new(Arc::new(compiled.config), 1, Rc::new(NoRandom), Rc::new(SoftwareSigner))
}
