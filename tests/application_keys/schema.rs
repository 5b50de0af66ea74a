//! The schema of a store's document says what the reader does, as far as a schema can.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenantgate::application_key::Entry;

use super::{KEY, digest, plain, read, with, with_secret};

const SCHEMA: &str = include_str!("../../docs/application-keys.schema.json");
const PAGE: &str = include_str!("../../docs/application-keys.md");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// The document of the format's own description.
fn example() -> Value {
    json!({
        "version": 1, "serial": 412, "generated_at": "2025-06-15T15:06:40Z",
        "defaults": { "lifetime_seconds": 86400, "allow_query": false, "allow_session": false },
        "keys": [{
            "name": "pump-17", "user": "edge-pump-17", "description": "Pump 17, hall B",
            "project": "HallB", "tags": ["site:hamburg"], "client_name": "PLC 10.1.2.3",
            "device": "pump-17", "roles": ["edge"], "ip_allow": ["10.1.2.3", "10.9.0.0/16"],
            "routes": [{ "methods": ["GET", "PUT"], "path_prefix": "/Thingworx/Things/Pump17/" }],
            "enabled": true, "allow_query": false, "allow_session": false, "session_epoch": 0,
            "home_mashup": null, "avatar": null, "documentation": "", "owner": "ops@example.com",
            "created_at": "2025-06-15T15:06:40Z", "updated_at": "2025-06-15T15:06:40Z",
            "secrets": [{
                "digest": "sha256:a807efa1c8197adac3404e3933895599e0f7066660adba8470e7888125fb7800",
                "hint": "dV2j", "state": "current",
                "created_at": "2025-06-15T15:06:40Z", "expires_at": "2026-06-15T00:00:00Z",
            }],
        }],
    })
}

#[test]
fn schema_and_reader_agree() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let one = |record: Value| json!({ "version": 1, "serial": 1, "keys": [record] });
    let rows = [
        (example(), true),
        (one(plain()), true),
        (json!({ "version": 1, "serial": 1, "keys": [], "extensions": {} }), true),
        (json!({ "version": 2, "serial": 1, "keys": [] }), false),
        (json!({ "version": 1, "keys": [] }), false),
        (json!({ "version": 1, "serial": 1 }), false),
        (json!({ "version": 1, "serial": 1, "keys": [], "default": {} }), false),
        (json!({ "version": 1, "serial": 1, "keys": [], "defaults": { "lifetime": 1 } }), false),
        (one(with(json!({ "ip_alow": [] }))), false),
        (one(with(json!({ "subtenant": "s" }))), false),
        (one(with(json!({ "tenant": "acme", "subtenant": "s" }))), true),
        (one(with(json!({ "name": "a b" }))), false),
        (one(with(json!({ "user": "" }))), false),
        (one(with(json!({ "enabled": null }))), false),
        (one(with(json!({ "owner": null }))), true),
        (one(with(json!({ "tags": ["x"] }))), false),
        (one(with(json!({ "scopes": ["a b"] }))), false),
        (one(with(json!({ "routes": [{}] }))), false),
        (one(with(json!({ "routes": [{ "hosts": [] }] }))), false),
        (one(with(json!({ "routes": [{ "methods": ["get"] }] }))), false),
        (one(with(json!({ "rate": { "rps": 1 } }))), false),
        (one(with(json!({ "session_epoch": 4_294_967_296_u64 }))), false),
        (one(with_secret(json!({}))), false),
        (one(with_secret(json!({ "created_at": "2025-06-15T15:06:40Z" }))), true),
        (one(with_secret(json!({ "created_at": "2025-06-15" }))), false),
        (
            one(with_secret(json!({ "expires_at": "2025-06-15T15:06:40+02:00", "state": "old" }))),
            false,
        ),
        (
            one(with(
                json!({ "secrets": [{ "digest": KEY, "created_at": "2025-06-15T15:06:40Z" }] }),
            )),
            false,
        ),
        (one(with(json!({ "secrets": [{ "digest": digest(KEY), "key": KEY }] }))), false),
    ];
    for (document, expected) in rows {
        assert_eq!(schema.is_valid(&document), expected, "the schema and {document}");
        let is_read = read(document.to_string().as_bytes()).is_ok_and(|document| {
            document.entries().iter().all(|entry| matches!(entry, Entry::Valid(_)))
        });
        assert_eq!(is_read, expected, "the reader and {document}");
    }
}

#[test]
fn every_member_of_the_schema_is_one_that_the_reader_knows_and_the_page_describes() {
    let schema = schema();
    let members = |pointer: &str| -> BTreeSet<String> {
        let properties = schema.pointer(pointer).and_then(Value::as_object).unwrap();
        properties.keys().cloned().collect()
    };
    let all = ["/properties", "/properties/defaults/properties", "/$defs/key/properties"]
        .into_iter()
        .chain(["/$defs/secret/properties", "/$defs/route/properties", "/$defs/rate/properties"])
        .filter(|pointer| schema.pointer(pointer).is_some());
    for member in all.flat_map(members) {
        assert!(PAGE.contains(&member), "the page leaves `{member}` out");
    }
    for member in members("/$defs/key/properties") {
        // A number fits some members and not others, and is unknown to none.
        let text =
            json!({ "version": 1, "serial": 1, "keys": [{ member.as_str(): -1.5 }] }).to_string();
        let document = read(text.as_bytes()).unwrap();
        let errors: Vec<_> = document.invalid().map(|invalid| invalid.error.to_string()).collect();
        assert!(!errors.iter().any(|error| error.contains("unknown")), "{member}: {errors:?}");
    }
}
