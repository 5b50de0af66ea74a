//! One record: what is taken, and what makes it invalid.

use serde_json::{Value, json};
use tenantgate::application_key::{
    AddressError, DigestError, Entry, Record, RecordError, RouteError, SecretState,
};
use tenantgate::json::JsonError;
use tenantgate::message::{HostError, PathError};
use tenantgate::tenancy::{SubtenantId, Tenancy, TenantId};
use tenantgate::time::Timestamp;

use super::{KEY, digest, document, plain, read, with, with_secret};

fn good(record: &Value) -> Record {
    match only(record) {
        Entry::Valid(record) => *record,
        Entry::Invalid(invalid) => panic!("{:?}", invalid.error),
    }
}

fn error(record: &Value) -> RecordError {
    match only(record) {
        Entry::Valid(_) => panic!("valid: {record}"),
        Entry::Invalid(invalid) => invalid.error,
    }
}

fn only(record: &Value) -> Entry {
    match document(std::slice::from_ref(record)).entries() {
        [entry] => entry.clone(),
        entries => panic!("{} entries", entries.len()),
    }
}

#[test]
fn every_property_is_read() {
    let record = good(&with(json!({
        "description": "Pump 17, hall B", "project": "HallB", "tags": ["site:hamburg"],
        "client_name": "PLC 10.1.2.3", "device": "pump-17", "roles": ["edge"],
        "tenant": "acme", "subtenant": "hall-b", "scopes": ["things.read"],
        "ip_allow": ["10.1.2.3", "10.9.0.0/16"],
        "routes": [{ "methods": ["GET", "PUT"], "path_prefix": "/Thingworx/Things/Pump17/" }],
        "enabled": false, "allow_query": true, "allow_session": true, "session_epoch": 7,
        "home_mashup": null, "avatar": null, "documentation": "", "owner": "ops@example.com",
        "created_at": "2025-06-15T15:06:40Z", "updated_at": "2025-06-15T17:06:40.5+02:00",
        "rate": { "rps": 5, "burst": 10 }, "extensions": { "ours": [1, { "a": null }] },
        "secrets": [
            { "digest": digest(KEY), "hint": "dV2j", "state": "current",
              "created_at": "2025-06-15T15:06:40Z", "not_before": "2025-06-15T15:06:41Z",
              "expires_at": "2026-06-15T00:00:00Z", "first_expires_at": "2025-09-15T00:00:00Z",
              "times_extended": 2 },
            { "digest": "hmac-sha256:p1:56c24bf4c49c8887069a5e416a2b61f52e9ce596076690c3a47e5409416d0c65",
              "state": "retiring", "expires_at": "2025-06-16T00:00:00Z" },
        ],
    })));

    assert_eq!((&*record.name, &*record.user), ("pump-17", "edge-pump-17"));
    let (tenant, subtenant) = (TenantId::parse("acme"), SubtenantId::parse("hall-b"));
    assert_eq!(record.tenancy, Tenancy::Subtenant(tenant.unwrap(), subtenant.unwrap()));
    assert_eq!(record.scopes, ["things.read".into()]);
    assert_eq!(record.roles, ["edge".into()]);
    assert!(!record.addresses.is_empty());
    let [route] = record.routes.as_slice() else { panic!("one route") };
    assert_eq!(route.path_prefix.as_deref(), Some("/Thingworx/Things/Pump17/"));
    assert_eq!(
        (record.is_enabled, record.allow_query, record.allow_session),
        (false, Some(true), true)
    );
    assert_eq!(record.session_epoch, 7);
    let about = &record.about;
    assert_eq!(about.description.as_deref(), Some("Pump 17, hall B"));
    assert_eq!(about.project.as_deref(), Some("HallB"));
    assert_eq!(about.tags, ["site:hamburg".into()]);
    assert_eq!(about.client_name.as_deref(), Some("PLC 10.1.2.3"));
    assert_eq!(about.device.as_deref(), Some("pump-17"));
    assert_eq!((about.home_mashup.as_deref(), about.avatar.as_deref()), (None, None));
    assert_eq!(about.documentation.as_deref(), Some(""));
    assert_eq!(about.owner.as_deref(), Some("ops@example.com"));
    assert_eq!(about.created_at, Some(Timestamp::from_seconds(1_750_000_000)));
    assert_eq!(about.updated_at, Some(Timestamp::from_millis(1_750_000_000_500)));
    assert_eq!(about.rate.map(|rate| (rate.rps, rate.burst)), Some((5, 10)));
    let [current, retiring] = record.secrets.as_slice() else { panic!("two secrets") };
    assert_eq!(current.digest.text(), digest(KEY));
    assert_eq!(current.hint.as_deref(), Some("dV2j"));
    assert_eq!(current.not_before, Some(Timestamp::from_seconds(1_750_000_001)));
    assert_eq!(current.first_expires_at, Some(Timestamp::from_seconds(1_757_894_400)));
    assert_eq!(current.times_extended, 2);
    assert_eq!((current.state, retiring.state), (SecretState::Current, SecretState::Retiring));
}

#[test]
fn what_is_left_out_has_its_default() {
    let record = good(&plain());
    assert_eq!(record.tenancy, Tenancy::Unstated);
    assert!(record.is_enabled && record.addresses.is_empty() && record.routes.is_empty());
    assert_eq!((record.allow_query, record.allow_session, record.session_epoch), (None, false, 0));
}

#[test]
fn a_secret_without_an_end_lives_for_the_default_lifetime() {
    let born = json!({ "created_at": "2025-06-15T15:06:40Z" });
    let end = |document: Value| {
        let document = read(document.to_string().as_bytes()).unwrap();
        let record = document.records().next().unwrap();
        record.secrets[0].expires_at.as_seconds() - 1_750_000_000
    };
    let keys = [with_secret(born)];
    assert_eq!(end(json!({ "version": 1, "serial": 1, "keys": keys })), 86_400);
    let defaults = json!({ "lifetime_seconds": 60 });
    assert_eq!(end(json!({ "version": 1, "serial": 1, "defaults": defaults, "keys": keys })), 60);
    assert_eq!(error(&with_secret(json!({}))), RecordError::NoExpiry);
    let late = json!({ "not_before": "2025-06-15T15:06:40Z" });
    assert_eq!(error(&with_secret(late)), RecordError::NoExpiry);
}

#[test]
fn each_fault_has_its_own_error() {
    use RecordError::{Invalid, Missing};
    let without = |member: &str| {
        let mut record = plain();
        record.as_object_mut().unwrap().remove(member);
        record
    };
    let unknown = |name: &str| RecordError::UnknownMember(name.into());
    let expires = json!("2026-06-15T00:00:00Z");
    let rows = [
        (json!([]), RecordError::NotAnObject),
        (json!(null), RecordError::NotAnObject),
        (without("name"), Missing("name")),
        (without("user"), Missing("user")),
        (without("secrets"), Missing("secrets")),
        (with(json!({ "name": "" })), Invalid("name")),
        (with(json!({ "name": "a b" })), Invalid("name")),
        (with(json!({ "name": "é" })), Invalid("name")),
        (with(json!({ "name": null })), Invalid("name")),
        (with(json!({ "user": "" })), Invalid("user")),
        (with(json!({ "user": "a\nb" })), Invalid("user")),
        (with(json!({ "user": 7 })), Invalid("user")),
        (with(json!({ "ip_alow": ["10.1.2.3"] })), unknown("ip_alow")),
        (with(json!({ "Enabled": false })), unknown("")),
        (with(json!({ KEY: true })), unknown("")),
        (with(json!({ "extensions": [] })), Invalid("extensions")),
        (with(json!({ "subtenant": "s" })), RecordError::SubtenantWithoutTenant),
        (with(json!({ "tenant": "beta" })), RecordError::TenantNotListed),
        (with(json!({ "tenant": "beta", "subtenant": "s" })), RecordError::TenantNotListed),
        (with(json!({ "tenant": "" })), Invalid("tenant")),
        (with(json!({ "tenant": null })), Invalid("tenant")),
        (with(json!({ "tenant": "acme", "subtenant": "" })), Invalid("subtenant")),
        (with(json!({ "tenant": "acme", "subtenant": null })), Invalid("subtenant")),
        (
            with(json!({ "ip_allow": ["10.1.2.3;10.1.2.4"] })),
            RecordError::Address(AddressError::Form),
        ),
        (with(json!({ "ip_allow": [","] })), RecordError::Address(AddressError::Blank)),
        (with(json!({ "ip_allow": [""] })), RecordError::Address(AddressError::Blank)),
        (with(json!({ "ip_allow": null })), Invalid("ip_allow")),
        (with(json!({ "ip_allow": "10.1.2.3" })), Invalid("ip_allow")),
        (with(json!({ "ip_allow": [7] })), Invalid("ip_allow")),
        (with(json!({ "routes": null })), Invalid("routes")),
        (with(json!({ "routes": [{}] })), RecordError::Route(RouteError::Empty)),
        (with(json!({ "routes": ["/a"] })), Invalid("routes")),
        (with(json!({ "routes": [{ "path": "/a" }] })), unknown("path")),
        (with(json!({ "routes": [{ "methods": [] }] })), RecordError::Route(RouteError::ListEmpty)),
        (
            with(json!({ "routes": [{ "methods": ["get"] }] })),
            RecordError::Route(RouteError::Method),
        ),
        (
            with(json!({ "routes": [{ "path_prefix": "/a/../b" }] })),
            RecordError::Route(RouteError::Path(PathError::DotSegment)),
        ),
        (
            with(json!({ "routes": [{ "hosts": ["h:80"] }] })),
            RecordError::Route(RouteError::Host(HostError::NotPlain)),
        ),
        (with(json!({ "enabled": "true" })), Invalid("enabled")),
        (with(json!({ "enabled": null })), Invalid("enabled")),
        (with(json!({ "allow_query": 1 })), Invalid("allow_query")),
        (with(json!({ "allow_session": null })), Invalid("allow_session")),
        (with(json!({ "session_epoch": -1 })), Invalid("session_epoch")),
        (with(json!({ "session_epoch": 1.5 })), Invalid("session_epoch")),
        (with(json!({ "session_epoch": 4_294_967_296_u64 })), Invalid("session_epoch")),
        (with(json!({ "scopes": ["a b"] })), Invalid("scopes")),
        (with(json!({ "scopes": "a" })), Invalid("scopes")),
        (with(json!({ "roles": [""] })), Invalid("roles")),
        (with(json!({ "tags": ["site"] })), Invalid("tags")),
        (with(json!({ "tags": [":a"] })), Invalid("tags")),
        (with(json!({ "created_at": 1_750_000_000_000_u64 })), Invalid("created_at")),
        (with(json!({ "updated_at": "yesterday" })), Invalid("updated_at")),
        (with(json!({ "rate": { "rps": 1 } })), Missing("burst")),
        (with(json!({ "rate": { "rps": 1, "burst": 1, "x": 1 } })), unknown("x")),
        (with(json!({ "secrets": {} })), Invalid("secrets")),
        (with(json!({ "secrets": ["x"] })), Invalid("secrets")),
        (with(json!({ "secrets": [{ "expires_at": expires }] })), Missing("digest")),
        (with(json!({ "secrets": [{ "digest": digest(KEY), "key": KEY }] })), unknown("key")),
        (
            with(json!({ "secrets": [{ "digest": KEY, "expires_at": expires }] })),
            RecordError::Digest(DigestError),
        ),
        (
            with(json!({ "secrets": [
                { "digest": digest(KEY), "expires_at": expires },
                { "digest": digest(KEY), "expires_at": expires },
            ] })),
            RecordError::DigestRepeated,
        ),
        (with_secret(json!({ "expires_at": "2026-06-15" })), Invalid("expires_at")),
        (with_secret(json!({ "expires_at": null })), Invalid("expires_at")),
        (with_secret(json!({ "expires_at": expires, "not_before": null })), Invalid("not_before")),
        (with_secret(json!({ "expires_at": expires, "state": "old" })), Invalid("state")),
        (with_secret(json!({ "expires_at": expires, "hint": "123456789" })), Invalid("hint")),
    ];
    for (record, expected) in rows {
        assert_eq!(error(&record), expected, "{record}");
    }
}

#[test]
fn no_message_shows_what_an_unknown_member_might_hold() {
    for name in [KEY, "Secret", "a-b"] {
        let error = error(&with(json!({ name: true })));
        assert_eq!(error.to_string(), "an unknown member");
    }
}

#[test]
fn each_bound_holds_on_both_sides() {
    let x = |length: usize| "x".repeat(length);
    let tag = |length: usize| format!("v:{}", x(length - 2));
    let list = |item: &str, count: usize| vec![item.to_owned(); count];
    let secrets = |count: usize| -> Vec<Value> {
        let secret = |at| json!({ "digest": digest(&format!("{at}")), "expires_at": "2026-06-15T00:00:00Z" });
        (0..count).map(secret).collect()
    };
    let routes = |count: usize| vec![json!({ "path_prefix": "/a" }); count];
    let methods = |count: usize| json!([{ "methods": vec!["GET"; count] }]);
    let rows = [
        ("name", json!(x(128)), json!(x(129))),
        ("user", json!(x(256)), json!(x(257))),
        ("tenant", json!("acme"), json!(x(257))),
        ("avatar", json!(x(4096)), json!(x(4097))),
        ("description", json!(x(4096)), json!(x(4097))),
        ("documentation", json!(x(16_384)), json!(x(16_385))),
        ("client_name", json!(x(256)), json!(x(257))),
        ("device", json!(x(256)), json!(x(257))),
        ("home_mashup", json!(x(256)), json!(x(257))),
        ("owner", json!(x(256)), json!(x(257))),
        ("project", json!(x(256)), json!(x(257))),
        ("scopes", json!(list("s", 64)), json!(list("s", 65))),
        ("scopes", json!([x(256)]), json!([x(257)])),
        ("roles", json!(list("r", 64)), json!(list("r", 65))),
        ("roles", json!([x(256)]), json!([x(257)])),
        ("tags", json!(list("v:t", 64)), json!(list("v:t", 65))),
        ("tags", json!([tag(256)]), json!([tag(257)])),
        ("secrets", json!(secrets(0)), json!(secrets(4))),
        ("secrets", json!(secrets(3)), json!(secrets(4))),
        ("routes", json!(routes(32)), json!(routes(33))),
        ("ip_allow", json!(list("10.1.2.3", 64)), json!(list("10.1.2.3", 65))),
        ("session_epoch", json!(u32::MAX), json!(u64::from(u32::MAX) + 1)),
    ];
    for (member, most, over) in rows {
        good(&with(json!({ member: most })));
        assert_eq!(error(&with(json!({ member: over }))), RecordError::Invalid(member));
    }
    good(&with(json!({ "routes": methods(16) })));
    let over = error(&with(json!({ "routes": methods(17) })));
    assert_eq!(over, RecordError::Route(RouteError::TooMany));
    good(&with_secret(json!({ "expires_at": "2026-06-15T00:00:00Z", "hint": "12345678" })));
}

#[test]
fn a_record_of_too_many_bytes_is_invalid_and_so_is_one_that_can_be_read_twice() {
    let padded = |length: usize| {
        let bare = with(json!({ "extensions": { "x": "" } })).to_string().len();
        with(json!({ "extensions": { "x": "x".repeat(length - bare) } }))
    };
    good(&padded(Record::LIMIT));
    assert_eq!(error(&padded(Record::LIMIT + 1)), RecordError::TooLarge);
    let twice = plain().to_string().replacen('{', r#"{"user":"admin","#, 1);
    let text = format!(r#"{{"version":1,"serial":1,"keys":[{twice}]}}"#);
    let document = read(text.as_bytes()).unwrap();
    let errors: Vec<_> = document.invalid().map(|invalid| invalid.error.clone()).collect();
    assert_eq!(errors, [RecordError::Json(JsonError::MemberRepeated)]);
}
