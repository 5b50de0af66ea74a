//! Application keys from the document of a store to what a presented key grants.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stop at the first surprise"
)]

#[path = "application_keys/documents.rs"]
mod documents;
#[path = "application_keys/lints.rs"]
mod lints;
#[path = "application_keys/records.rs"]
mod records;
#[path = "application_keys/schema.rs"]
mod schema;
#[path = "application_keys/sessions.rs"]
mod sessions;
#[path = "application_keys/sets.rs"]
mod sets;
#[path = "application_keys/verdicts.rs"]
mod verdicts;

use std::sync::Arc;

use serde_json::{Value, json};
use tenantgate::application_key::{
    Asked, Block, Client, Document, DocumentError, KeyDigest, KeyPlace, KeySet, ReadRules,
    Sharding, StatedDigest, Use,
};
use tenantgate::message::PathSpelling;
use tenantgate::tenancy::TenantId;
use tenantgate::time::{Leeway, Timestamp};

const KEY: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
const NOW: Timestamp = Timestamp::from_seconds(1_750_000_000);

fn rules() -> ReadRules {
    ReadRules {
        tenants: Some(vec![TenantId::parse("acme").unwrap()]),
        spelling: PathSpelling::default(),
        largest: Document::SHARD_LIMIT,
        most: Document::RECORDS_LIMIT,
    }
}

fn digest(key: &str) -> String {
    StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text()
}

/// A good record with nothing but what it must have.
fn plain() -> Value {
    json!({
        "name": "pump-17",
        "user": "edge-pump-17",
        "secrets": [{ "digest": digest(KEY), "expires_at": "2026-06-15T00:00:00Z" }],
    })
}

/// `plain` with these members.
fn with(members: Value) -> Value {
    let mut record = plain();
    let Value::Object(members) = members else { panic!("an object of members") };
    record.as_object_mut().unwrap().extend(members);
    record
}

/// `plain` with these members in its one secret.
fn with_secret(members: Value) -> Value {
    let mut secret = json!({ "digest": digest(KEY) });
    let Value::Object(members) = members else { panic!("an object of members") };
    secret.as_object_mut().unwrap().extend(members);
    with(json!({ "secrets": [secret] }))
}

fn text(keys: &[Value]) -> Vec<u8> {
    json!({ "version": 1, "serial": 412, "keys": keys }).to_string().into_bytes()
}

fn read(text: &[u8]) -> Result<Document, DocumentError> {
    Document::read(text.to_vec(), rules())
}

fn document(keys: &[Value]) -> Document {
    read(&text(keys)).unwrap()
}

fn set(keys: &[Value]) -> KeySet {
    let block = Block::of(&document(keys), Sharding::ONE.shard(0).unwrap()).unwrap();
    KeySet::new(Sharding::ONE, vec![Arc::new(block)]).unwrap()
}

fn plain_use() -> Use<'static> {
    Use {
        now: NOW,
        leeway: Leeway::new(std::time::Duration::ZERO).unwrap(),
        client: Client::At(Some("10.1.2.3".parse().unwrap())),
        from: KeyPlace::Header,
        asked: Asked {
            method: "GET",
            host: "api.acme.example",
            path: "/Thingworx/Things/Pump17/P",
        },
    }
}
