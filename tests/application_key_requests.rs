//! Requests with application keys: who gets in, why others do not, and what is left of the key.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};
use support::{Mint, START};
use tenantgate::application_key::KeyDigest;
use tenantgate::config;
use tenantgate::crypto::{NoRandom, SoftwareSigner, SoftwareVerifier};
use tenantgate::gateway::{Gateway, Outcome, StateKey, StateText, StreamId};
use tenantgate::message::{Connection, HeaderEdit, RequestHead};
use tenantgate::time::Timestamp;

const KEY: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
const OTHER: &str = "gwk_00000000000000000000000000000000000000000000oVEGz";
const GUID: &str = "00000000-1111-4222-8333-444455556666";

type Fields = Vec<(String, String)>;

/// What became of a request.
#[derive(Debug, Eq, PartialEq)]
enum Answer {
    /// The upstream sees these fields.
    Seen(Fields),
    /// Status, code, exact reason.
    Refused(u16, String, &'static str),
}

impl Answer {
    fn refusal(&self) -> (u16, &str, &str) {
        match self {
            Self::Refused(status, code, reason) => (*status, code, reason),
            Self::Seen(fields) => panic!("it went on: {fields:?}"),
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let Self::Seen(fields) = self else { panic!("it was refused: {self:?}") };
        fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
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

fn digest(key: &str) -> String {
    tenantgate::application_key::StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text()
}

/// A record of `user-1` at tenant acme.
fn record(name: &str, key: &str, more: Value) -> Value {
    let mut record = json!({
        "name": name, "user": "ann@acme.example", "tenant": "acme",
        "secrets": [{ "digest": digest(key), "expires_at": "2030-01-01T00:00:00Z" }],
    });
    for (member, value) in more.as_object().unwrap() {
        record[member] = value.clone();
    }
    record
}

fn document(keys: &[Value]) -> Value {
    let route = |name: &str, more: Value| {
        let mut route = json!({
            "name": name,
            "match": { "hosts": ["*"], "path": format!("/{name}/**"), "methods": "any" },
            "authentication": "required", "upstream": { "caller_token": "remove" },
        });
        for (member, value) in more.as_object().unwrap() {
            route[member] = value.clone();
        }
        route
    };
    json!({
        "deployment": "ingress",
        "client_address": "use_remote_address",
        "application_keys": {
            "tenants": ["acme"],
            "inline": { "version": 1, "serial": 1, "keys": keys },
        },
        "identity_headers": { "tenant": "x-tenant", "subtenant": "x-subtenant", "user": "x-user" },
        "filter_state": "always",
        "routes": [
            route("things", json!({})),
            route("open", json!({ "authentication": "optional" })),
            route("public", json!({ "authentication": "none" })),
            route("aware", json!({ "subtenancy": "aware" })),
            route("forward", json!({ "upstream": { "caller_token": "forward" } })),
            route("scoped", json!({ "scopes": { "all": ["read"] } })),
        ],
    })
}

/// The same with an issuer of tokens, and these settings of keys.
fn with_tokens(mint: &Mint, keys: &[Value], settings: Value) -> Gateway {
    let mut document = document(keys);
    let jwks: Value = serde_json::from_str(&mint.jwks(1)).unwrap();
    document["issuers"] = json!([{
        "name": "id", "issuer": "https://id.example", "tenants": ["acme", "beta"], "audiences": ["our-api"],
        "algorithms": ["ES256"], "jwks": { "inline": jwks },
        "claims": { "tenant": "ten", "subtenant": "subtenant", "scopes": "scope", "user": "email" },
    }]);
    set(&mut document, settings);
    gateway(&document)
}

fn with(keys: &[Value], settings: Value) -> Gateway {
    let mut document = document(keys);
    set(&mut document, settings);
    gateway(&document)
}

fn set(document: &mut Value, settings: Value) {
    for (member, value) in settings.as_object().unwrap() {
        document["application_keys"][member] = value.clone();
    }
}

fn gateway(document: &Value) -> Gateway {
    let environment = |name: &str| match name {
        "PARTNER_KEY" => Some("partner-key".to_owned()),
        name => Some(format!("a value of the variable {name:0>40}")),
    };
    let compiled = config::compile(document.to_string().as_bytes(), &environment);
    let compiled = compiled.unwrap_or_else(|errors| panic!("{errors}"));
    Gateway::new(Arc::new(compiled.config), 1, Rc::new(NoRandom), Rc::new(SoftwareSigner))
}

fn ask(gateway: &mut Gateway, fields: &[(&str, &str)]) -> Answer {
    ask_from(gateway, START, Some("10.1.2.3".parse().unwrap()), fields).0
}

/// The answer, and what the request left in filter state.
fn ask_from(
    gateway: &mut Gateway,
    now: Timestamp,
    source: Option<IpAddr>,
    fields: &[(&str, &str)],
) -> (Answer, Fields) {
    let common = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "api.example"),
        (":path", "/things/1"),
    ];
    let is_stated = |name: &str| fields.iter().any(|(stated, _)| *stated == name);
    let mut all: Vec<_> = common.into_iter().filter(|(name, _)| !is_stated(name)).collect();
    all.extend(fields);
    let head = RequestHead::new(all.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect());
    let at = At(source);
    let head = head.with_connection(&at);
    match gateway.request(StreamId(1), &head, now, &SoftwareVerifier) {
        Outcome::Forward(forwarded) => {
            let left = edited(&all, &forwarded.edits);
            (Answer::Seen(left), state(&forwarded.state))
        }
        Outcome::Refuse(refused) => {
            let logged = edited(&all, &refused.edits);
            assert_clean(&logged);
            let state = state(&refused.state);
            let code = state.iter().find(|(name, _)| name == "tenantgate.code").unwrap().1.clone();
            (Answer::Refused(refused.reply.status, code, refused.reason), state)
        }
        Outcome::Wait { .. } => panic!("inline keys need no waiting"),
    }
}

fn state(state: &[(StateKey, StateText)]) -> Fields {
    state.iter().map(|(key, value)| (key.name().to_owned(), value.to_string())).collect()
}

/// No key is left in what a proxy would log or send.
fn assert_clean(fields: &Fields) {
    for (name, value) in fields {
        let holds = [KEY, OTHER, GUID, "gwk_"].iter().any(|key| value.contains(key));
        assert!(!holds, "a key is left in {name}: {value}");
    }
}

fn edited(fields: &[(&str, &str)], edits: &[HeaderEdit]) -> Fields {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut fields: Fields = fields.iter().map(owned).collect();
    let replace = |fields: &mut Fields, name: &str, value: &[u8]| {
        let value = String::from_utf8(value.to_vec()).unwrap();
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some(field) => field.1 = value,
            None => fields.push((name.to_owned(), value)),
        }
    };
    for edit in edits {
        match edit {
            HeaderEdit::Add(name, value) => {
                assert!(
                    fields.iter().all(|(field, _)| field != name.as_str()),
                    "{name:?} is there"
                );
                replace(&mut fields, name.as_str(), value.expose());
            }
            HeaderEdit::Reduce(reduced) => replace(&mut fields, reduced.name(), reduced.expose()),
            HeaderEdit::Set(name, value) => replace(&mut fields, name.as_str(), value.expose()),
            HeaderEdit::Remove(name) => fields.retain(|(field, _)| field.as_bytes() != &**name),
        }
    }
    fields
}

fn plain() -> Gateway {
    with(&[record("pump-17", KEY, json!({}))], json!({}))
}

#[test]
fn a_known_key_gets_in_by_its_header_and_is_not_passed_on() {
    let mut gateway = plain();
    for name in ["appkey", "appKey", "AppKey", "APPKEY"] {
        let answer = ask(&mut gateway, &[(name, KEY), ("x-user", "evil"), ("X_User", "evil")]);
        assert_eq!(answer.field("x-user"), Some("ann@acme.example"), "{name}");
        assert_eq!(answer.field("x-tenant"), Some("acme"), "{name}");
        assert_eq!((answer.field(name), answer.field("X_User")), (None, None), "{name}");
    }
    let twice = ask(&mut gateway, &[("appkey", KEY), ("appkey", &format!(" {KEY}\t"))]);
    assert_eq!(twice.field("appkey"), None);
    let differing = ask(&mut gateway, &[("appkey", KEY), ("appkey", OTHER)]);
    assert_eq!(differing.refusal(), (400, "ambiguous_credentials", "appkey_ambiguous"));
}

#[test]
fn a_key_stands_in_a_url_only_where_that_is_allowed() {
    let path = format!("/things/1?a=%2f&app%4Bey={KEY}&&b");
    let refused = ask(&mut plain(), &[(":path", &path)]);
    assert_eq!(refused.refusal(), (401, "app_key_in_url", "appkey_in_url"));
    let key = record("pump-17", KEY, json!({}));
    let allowing = || with(std::slice::from_ref(&key), json!({ "allow_query": true }));
    let answer = ask(&mut allowing(), &[(":path", &path)]);
    assert_eq!(answer.field(":path"), Some("/things/1?a=%2f&&b"));
    let both = ask(&mut allowing(), &[(":path", &path), ("appkey", KEY)]);
    assert_eq!(both.field(":path"), Some("/things/1?a=%2f&&b"));
    let differing = ask(&mut allowing(), &[(":path", &path), ("appkey", OTHER)]);
    assert_eq!(differing.refusal(), (400, "ambiguous_credentials", "appkey_ambiguous"));
    let mine = record("pump-17", KEY, json!({ "allow_query": false }));
    let denied = ask(&mut with(&[mine], json!({ "allow_query": true })), &[(":path", &path)]);
    assert_eq!(denied.refusal(), (401, "app_key_in_url", "appkey_in_url"));
    // In another case it does not count, and is cut out all the same.
    let lower = format!("/things/1?appkey={KEY}");
    let absent = ask(&mut allowing(), &[(":path", &lower)]);
    assert_eq!(absent.refusal(), (401, "app_key_missing", "appkey_missing"));
}

#[test]
fn all_that_would_help_a_thief_looks_alike_and_the_log_knows_better() {
    let bad = |more| with(&[record("pump-17", KEY, more)], json!({}));
    let ends = |end: &str| json!({ "secrets": [{ "digest": digest(KEY), "expires_at": end }] });
    let begins = json!({ "secrets": [{ "digest": digest(KEY), "not_before": "2029-01-01T00:00:00Z", "expires_at": "2030-01-01T00:00:00Z" }] });
    let rows = [
        (with(&[], json!({})), (401, "app_key_invalid", "appkey_unknown")),
        (bad(json!({ "enabled": false })), (401, "app_key_invalid", "appkey_disabled")),
        (bad(json!({ "ip_allow": ["10.1.2.4"] })), (401, "app_key_invalid", "appkey_ip")),
        (bad(begins), (401, "app_key_invalid", "appkey_not_before")),
        (bad(ends("2027-01-15T08:00:00Z")), (401, "app_key_expired", "appkey_expired")),
        (
            bad(json!({ "routes": [{ "path_prefix": "/elsewhere" }] })),
            (403, "app_key_not_allowed", "appkey_route"),
        ),
    ];
    for (mut gateway, expected) in rows {
        let answer = ask(&mut gateway, &[("appkey", KEY)]);
        assert_eq!(answer.refusal(), expected);
    }
    let mut mistyped = plain();
    let wrong = KEY.replace("dV2j", "dV2k");
    let answer = ask(&mut mistyped, &[("appkey", &wrong)]);
    assert_eq!(answer.refusal(), (401, "app_key_invalid", "appkey_checksum"));
    let uniform = json!({ "error_detail": "uniform" });
    let mut concealing = with(&[record("pump-17", KEY, ends("2027-01-15T08:00:00Z"))], uniform);
    let answer = ask(&mut concealing, &[("appkey", KEY)]);
    assert_eq!(answer.refusal(), (401, "app_key_invalid", "appkey_expired"));
}

#[test]
fn neither_a_digest_nor_a_hint_is_a_key() {
    let mut gateway = plain();
    let stated = digest(KEY);
    let bare = stated.strip_prefix("sha256:").unwrap().to_owned();
    for presented in [stated.as_str(), &bare, "dV2j", KEY.strip_prefix("gwk_").unwrap()] {
        let answer = ask(&mut gateway, &[("appkey", presented)]);
        assert_eq!(answer.refusal(), (401, "app_key_invalid", "appkey_unknown"), "{presented}");
    }
}

#[test]
fn a_key_ends_at_its_very_second() {
    let end = "2027-01-15T08:00:10Z";
    let secrets = json!({ "secrets": [{ "digest": digest(KEY), "expires_at": end }] });
    let mut gateway = with(&[record("pump-17", KEY, secrets)], json!({}));
    let at = |gateway: &mut Gateway, millis: u64| {
        let now = Timestamp::from_millis(1_800_000_000_000 + millis);
        ask_from(gateway, now, None, &[("appkey", KEY)]).0
    };
    assert_eq!(at(&mut gateway, 9_999).field("x-user"), Some("ann@acme.example"));
    assert_eq!(at(&mut gateway, 10_000).refusal().1, "app_key_expired");
}

#[test]
fn an_address_that_cannot_be_read_fits_no_list() {
    let key = record("pump-17", KEY, json!({ "ip_allow": ["10.1.2.*", "2001:db8::/32"] }));
    let mut gateway = with(&[key], json!({}));
    for (address, is_allowed) in [
        (Some("10.1.2.200"), true),
        (Some("::ffff:10.1.2.9"), true),
        (Some("2001:db8:9::1"), true),
        (Some("10.1.3.1"), false),
        (None, false),
    ] {
        let address = address.map(|text| text.parse().unwrap());
        let (answer, _) = ask_from(&mut gateway, START, address, &[("appkey", KEY)]);
        match is_allowed {
            true => assert_eq!(answer.field("x-user"), Some("ann@acme.example")),
            false => assert_eq!(answer.refusal(), (401, "app_key_invalid", "appkey_ip")),
        }
    }
}

#[test]
fn whoever_presents_nothing_is_nobody_and_a_bad_key_is_never_nobody() {
    let mut gateway = plain();
    let missing = ask(&mut gateway, &[]);
    assert_eq!(missing.refusal(), (401, "app_key_missing", "appkey_missing"));
    for empty in [("appkey", ""), ("appkey", " "), (":path", "/things/1?appKey=")] {
        assert_eq!(ask(&mut gateway, &[empty]).refusal().1, "app_key_missing");
    }
    let open = (":path", "/open/1");
    assert_eq!(ask(&mut gateway, &[open]).field("x-user"), None);
    let bad = ask(&mut gateway, &[open, ("appkey", OTHER)]);
    assert_eq!(bad.refusal(), (401, "app_key_invalid", "appkey_unknown"));
    let ignored = ask(&mut gateway, &[(":path", "/public/1"), ("appkey", OTHER)]);
    assert_eq!((ignored.field("x-user"), ignored.field("appkey")), (None, None));
    for malformed in ["a b", "a,b", "\u{e9}", &"x".repeat(257)] {
        let answer = ask(&mut gateway, &[("appkey", malformed)]);
        assert_eq!(answer.refusal(), (401, "app_key_invalid", "appkey_format"), "{malformed}");
    }
}

#[test]
fn a_key_of_a_subtenant_stays_on_aware_routes_and_no_key_is_forwarded() {
    let key = record("pump-17", KEY, json!({ "subtenant": "sub-1", "scopes": ["read"] }));
    let mut gateway = with(&[key, record("pump-18", GUID, json!({}))], json!({}));
    let presented = ("appkey", KEY);
    let unaware = ask(&mut gateway, &[presented]);
    assert_eq!(unaware.refusal(), (403, "subtenancy_refused", "route_not_subtenancy_aware"));
    let aware = ask(&mut gateway, &[(":path", "/aware/1"), presented]);
    assert_eq!(aware.field("x-subtenant"), Some("sub-1"));
    let forward = ask(&mut gateway, &[(":path", "/forward/1"), ("appkey", GUID)]);
    assert_eq!(forward.refusal(), (403, "app_key_not_allowed", "appkey_not_forwarded"));
    let scoped = ask(&mut gateway, &[(":path", "/scoped/1"), ("appkey", GUID)]);
    assert_eq!(scoped.refusal(), (403, "scope_insufficient", "scope_insufficient"));
}

#[test]
fn a_token_and_a_key_go_together_as_it_is_configured() {
    let mint = Mint::new();
    let keys = [
        record("ann", KEY, json!({ "user": "ann@acme.example" })),
        record("bob", OTHER, json!({ "user": "bob@acme.example" })),
    ];
    let token = format!("Bearer {}", mint.token("acme", None, START));
    let beta = format!("Bearer {}", mint.token("beta", None, START));
    let of_sub = format!("Bearer {}", mint.token("acme", Some("sub-1"), START));
    let (good, bad) = (token.as_str(), "Bearer a.b.c");
    let seen = |path: &str, when: &str, key: &str, token: &str| {
        let mut gateway = with_tokens(&mint, &keys, json!({ "when_both": when }));
        let path = format!("/{path}/1");
        let fields = [(":path", path.as_str()), ("appkey", key), ("authorization", token)];
        match ask(&mut gateway, &fields) {
            Answer::Seen(fields) => {
                assert_clean(&fields);
                let user = fields.iter().find(|(name, _)| name == "x-user");
                user.map_or("nobody".to_owned(), |(_, value)| value.clone())
            }
            Answer::Refused(_, _, reason) => reason.to_owned(),
        }
    };
    let user = "u@example";
    let mine = [record("ann", KEY, json!({ "user": user })), keys[1].clone()];
    let agreeing = |key: &str, token: &str| {
        let mut gateway = with_tokens(&mint, &mine, json!({}));
        let answer = ask(&mut gateway, &[("appkey", key), ("authorization", token)]);
        match answer {
            Answer::Seen(fields) => {
                fields.iter().find(|(name, _)| name == "x-user").unwrap().1.clone()
            }
            Answer::Refused(status, _, reason) => format!("{status} {reason}"),
        }
    };
    assert_eq!(agreeing(KEY, good), user);
    assert_eq!(agreeing(OTHER, good), "403 identity_mismatch");
    assert_eq!(agreeing(KEY, &beta), "403 identity_mismatch");
    assert_eq!(agreeing(KEY, &of_sub), "403 identity_mismatch");
    assert_eq!(agreeing(KEY, bad), "401 malformed");
    assert_eq!(agreeing("unknown", good), "401 appkey_unknown");
    assert_eq!(seen("things", "reject", KEY, good), "multi_credentials");
    assert_eq!(seen("things", "jwt", "unknown", good), user);
    assert_eq!(seen("things", "jwt", KEY, bad), "malformed");
    assert_eq!(seen("things", "key", KEY, bad), "ann@acme.example");
    assert_eq!(seen("things", "key", "unknown", good), "appkey_unknown");
    assert_eq!(seen("open", "must_agree", "unknown", good), "appkey_unknown");
}

#[test]
fn a_password_beside_a_key_is_refused_unless_it_is_to_go_on_or_away() {
    let keys = [record("ann", KEY, json!({}))];
    let fields = [("appkey", KEY), ("authorization", "Basic dTpw")];
    let asked = |setting: Value| ask(&mut with(&keys, setting), &fields);
    let refused = asked(json!({}));
    assert_eq!(refused.refusal(), (400, "multiple_credentials", "multi_credentials"));
    let forwarded = asked(json!({ "basic_with_key": "forward" }));
    assert_eq!(forwarded.field("authorization"), Some("Basic dTpw"));
    assert_eq!(asked(json!({ "basic_with_key": "drop" })).field("authorization"), None);
    let alone = ask(&mut with(&keys, json!({ "basic_with_key": "forward" })), &fields[1..]);
    assert_eq!(alone.refusal().0, 401);
}

#[test]
fn a_key_may_stand_where_bearer_tokens_do_if_that_is_chosen() {
    let keys = [record("ann", KEY, json!({}))];
    let bearer = format!("Bearer {KEY}");
    let fields = [("authorization", bearer.as_str())];
    let accepting = ask(&mut with(&keys, json!({ "accept_bearer": true })), &fields);
    assert_eq!(accepting.field("x-user"), Some("ann@acme.example"));
    assert_eq!(accepting.field("authorization"), None);
}

#[test]
fn filter_state_names_the_key_and_never_shows_it() {
    let keys = [record("pump-17", KEY, json!({ "routes": [{ "path_prefix": "/open" }] }))];
    let mut gateway = with(&keys, json!({}));
    let found = |gateway: &mut Gateway, fields: &[(&str, &str)], name: &str| {
        let (_, state) = ask_from(gateway, START, None, fields);
        state.iter().find(|(own, _)| own.ends_with(name)).map(|(_, value)| value.clone())
    };
    let digest = Some("a807efa1".to_owned());
    let allowed = [(":path", "/open/1"), ("appkey", KEY)];
    assert_eq!(found(&mut gateway, &allowed, "key_name"), Some("pump-17".to_owned()));
    assert_eq!(found(&mut gateway, &allowed, "key_digest"), digest);
    assert_eq!(found(&mut gateway, &allowed, "key_from"), Some("header".to_owned()));
    let kind = found(&mut gateway, &allowed, "credential_kind");
    assert_eq!(kind, Some("application_key".to_owned()));
    let refused = [("appkey", KEY)];
    assert_eq!(found(&mut gateway, &refused, "key_name"), Some("pump-17".to_owned()));
    let unknown = [("appkey", GUID)];
    assert_eq!(found(&mut gateway, &unknown, "key_name"), None);
    assert_eq!(found(&mut gateway, &unknown, "key_digest"), Some("edc4af9e".to_owned()));
}

#[test]
fn who_has_no_token_meets_no_condition_on_what_one_says() {
    let route = |name: &str, condition: Value| {
        json!({
            "name": name, "match": { "hosts": ["*"], "path": format!("/{name}/**"), "methods": "any" },
            "authentication": "required", "claims": [condition], "upstream": { "caller_token": "remove" },
        })
    };
    let mut document = document(&[record("pump-17", KEY, json!({}))]);
    document["routes"] = json!([
        route("claim", json!({ "claim": "suspended", "is": "absent" })),
        route("client", json!({ "fact": "client", "is": "absent" })),
        route("user", json!({ "fact": "user", "is": "present" })),
    ]);
    let mut gateway = gateway(&document);
    for (path, expected) in [("/claim/1", false), ("/client/1", false), ("/user/1", true)] {
        let answer = ask(&mut gateway, &[(":path", path), ("appkey", KEY)]);
        match expected {
            true => assert_eq!(answer.field("x-user"), Some("ann@acme.example")),
            false => assert_eq!(answer.refusal(), (403, "claim_mismatch", "claim_mismatch")),
        }
    }
}

#[test]
fn a_key_without_a_tenant_passes_only_where_nobody_asks_for_one() {
    let route = |name: &str, (member, value): (&str, Value)| {
        let mut route = json!({
            "name": name, "match": { "hosts": ["*"], "path": format!("/{name}/**"), "methods": "any" },
            "authentication": "required", "upstream": { "caller_token": "remove" },
        });
        route[member] = value;
        route
    };
    let tenant = |is: &str| ("claims", json!([{ "fact": "tenant", "is": is }]));
    let mut listed = route("listed", ("scopes", json!("not_needed")));
    listed["upstream"]["inject"] = json!([{ "credential": "listed", "header": "x-key" }]);
    let mut record = record("pump-17", KEY, json!({}));
    record.as_object_mut().unwrap().remove("tenant");
    let mut document = document(&[record]);
    document["credentials"] = json!([
        { "name": "listed", "callers": ["acme"], "api_key": { "key_env": "PARTNER_KEY" } },
    ]);
    document["routes"] = json!([
        route("plain", ("subtenancy", json!("refused"))),
        route("aware", ("subtenancy", json!("aware"))),
        route("only", ("subtenancy", json!("only"))),
        route("tenants", ("tenants", json!(["acme"]))),
        route("absent", tenant("absent")),
        route("present", tenant("present")),
        listed,
    ]);
    let mut gateway = gateway(&document);
    let rows = [
        ("/plain/1", None),
        ("/aware/1", None),
        ("/only/1", Some((403, "subtenant_required"))),
        ("/tenants/1", Some((403, "tenant_mismatch"))),
        ("/absent/1", None),
        ("/present/1", Some((403, "claim_mismatch"))),
        ("/listed/1", Some((403, "tenant_mismatch"))),
    ];
    for (path, refused) in rows {
        let fields = [(":path", path), ("appkey", KEY), ("x-tenant", "acme")];
        let answer = ask(&mut gateway, &fields);
        match refused {
            Some(expected) => {
                let (status, code, _) = answer.refusal();
                assert_eq!((status, code), expected, "{path}");
            }
            None => {
                assert_eq!(answer.field("x-user"), Some("ann@acme.example"), "{path}");
                assert_eq!(answer.field("x-tenant"), None, "{path}");
            }
        }
    }
}

#[test]
fn an_expired_token_in_a_cookie_stands_in_no_keys_way() {
    let mint = Mint::new();
    let keys = [record("ann", KEY, json!({}))];
    let long_ago = Timestamp::from_seconds(START.as_seconds() - 90_000);
    let expired = format!("t={}", mint.token("acme", None, long_ago));
    let good = format!("t={}", mint.token("acme", None, START));
    let answer = |when: &str, cookie: &str, key: &str| {
        let mut document = document(&keys);
        let jwks: Value = serde_json::from_str(&mint.jwks(1)).unwrap();
        document["issuers"] = json!([{
            "name": "id", "issuer": "https://id.example", "tenants": ["acme"], "audiences": ["our-api"],
            "algorithms": ["ES256"], "jwks": { "inline": jwks },
            "claims": { "tenant": "ten", "subtenant": "subtenant", "user": "email" },
        }]);
        document["token_places"] = json!([{ "cookie": "t" }]);
        set(&mut document, json!({ "when_both": when }));
        match ask(&mut gateway(&document), &[("cookie", cookie), ("appkey", key)]) {
            Answer::Seen(fields) => {
                fields.into_iter().find(|(name, _)| name == "x-user").unwrap().1
            }
            Answer::Refused(_, _, reason) => reason.to_owned(),
        }
    };
    for when in ["must_agree", "reject", "jwt", "key"] {
        assert_eq!(answer(when, &expired, KEY), "ann@acme.example", "{when}");
        assert_eq!(answer(when, &expired, "unknown"), "appkey_unknown", "{when}");
    }
    assert_eq!(answer("reject", &good, KEY), "multi_credentials");
    assert_eq!(answer("jwt", &good, "unknown"), "u@example");
}

#[test]
fn no_key_takes_a_password_past_the_filter() {
    let mint = Mint::new();
    let token = mint.token("acme", None, START);
    let user = json!({ "user": "u@example" });
    let keys = [record("ann", KEY, user)];
    let basic = "Basic dTpw";
    let seen = |settings: Value, key: &str, authorization: &str| {
        let mut document = document(&keys);
        let jwks: Value = serde_json::from_str(&mint.jwks(1)).unwrap();
        document["issuers"] = json!([{
            "name": "id", "issuer": "https://id.example", "tenants": ["acme"], "audiences": ["our-api"],
            "algorithms": ["ES256"], "jwks": { "inline": jwks },
            "claims": { "tenant": "ten", "subtenant": "subtenant", "user": "email" },
        }]);
        document["token_places"] = json!([{ "header": "x-token" }]);
        set(&mut document, settings);
        let fields = [
            (":path", "/forward/1"),
            ("x-token", token.as_str()),
            ("appkey", key),
            ("authorization", authorization),
        ];
        match ask(&mut gateway(&document), &fields) {
            Answer::Seen(fields) => {
                fields.into_iter().find(|(name, _)| name == "authorization").map(|(_, value)| value)
            }
            Answer::Refused(_, _, reason) => Some(reason.to_owned()),
        }
    };
    let forwarding = json!({ "basic_with_key": "forward" });
    assert_eq!(seen(json!({ "basic_with_key": "drop" }), KEY, basic), None);
    assert_eq!(seen(json!({ "basic_with_key": "drop", "when_both": "jwt" }), "x", basic), None);
    assert_eq!(seen(json!({ "basic_with_key": "forward", "when_both": "jwt" }), "x", basic), None);
    assert_eq!(seen(forwarding.clone(), KEY, basic), Some(basic.to_owned()));
    let merged = seen(forwarding, KEY, "Basic dTpw,Bearer x");
    assert_eq!(merged, Some("authorization_scheme_unsupported".to_owned()));
}

#[test]
fn a_form_of_another_page_opens_no_session_with_its_own_key() {
    let key = record("attacker", KEY, json!({ "allow_session": true }));
    let settings = json!({
        "allow_query": true, "session": { "keys": [{ "id": "1", "secret_env": "SESSION_KEY" }] },
    });
    let mut gateway = with(&[key], settings);
    let path = format!("/things/1?appKey={KEY}&x-thingworx-session=true");
    let post = [(":method", "POST"), (":path", path.as_str())];
    for says in
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        let answer = ask(&mut gateway, &[post[0], post[1], says]);
        assert_eq!(answer.refusal(), (403, "origin_mismatch", "origin_unproven"), "{says:?}");
    }
    let own = ask(&mut gateway, &[post[0], post[1], ("origin", "https://api.example")]);
    assert_eq!(own.field("x-user"), Some("ann@acme.example"));
    assert_eq!(ask(&mut gateway, &post).field("x-user"), Some("ann@acme.example"));
}
