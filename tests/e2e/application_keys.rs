//! Application keys in a real Envoy: who gets in by one, and where a key may never be seen.

mod addresses;
mod browser;
mod exposure;
mod life;
mod presenting;
mod refusals;
mod serving;
mod sessions;
mod store;
mod tokens;
mod translation;
mod usage;

use std::path::Path;

use serde_json::{Value, json};
use tenantgate::application_key::{KeyDigest, StatedDigest};

use crate::development::http_client::{Received, request};
use crate::lab::{Lab, Setup};

/// A gateway that knows these keys and nobody else's, with these settings of keys. Beside the usual routes, `things`
/// needs any credential, and `open` takes none as well.
fn setup(records: &[Value], settings: &Value) -> Setup {
    let mut setup = Setup::new();
    setup.filter["client_address"] = json!("use_remote_address");
    setup.filter["filter_state"] = json!("always");
    setup.filter["application_keys"] = json!({
        "tenants": ["acme", "beta"],
        "inline": {"version": 1, "serial": 1, "keys": records},
    });
    extend(&mut setup.filter["application_keys"], settings);
    add_route(&mut setup, "things", &json!({}));
    add_route(&mut setup, "open", &json!({"authentication": "optional"}));
    edit_manager(&mut setup, |manager, _| manager["use_remote_address"] = json!(true));
    setup
}

fn add_route(setup: &mut Setup, name: &str, more: &Value) {
    let mut route = json!({
        "name": name,
        "match": {"hosts": ["*"], "path": format!("/{name}/**"), "methods": ["GET", "POST"]},
        "authentication": "required", "upstream": {"caller_token": "remove"},
    });
    extend(&mut route, more);
    setup.filter["routes"].as_array_mut().unwrap().push(route);
}

/// Changes the listener's HTTP connection manager, after whatever changed the document so far.
fn edit_manager(setup: &mut Setup, change: impl Fn(&mut Value, &Path) + 'static) {
    edit_document(setup, move |document, directory| {
        let listener = &mut document["static_resources"]["listeners"][0];
        change(&mut listener["filter_chains"][0]["filters"][0]["typed_config"], directory);
    });
}

fn edit_document(setup: &mut Setup, change: impl Fn(&mut Value, &Path) + 'static) {
    let before = setup.edit.take();
    setup.edit = Some(Box::new(move |document, directory| {
        if let Some(before) = &before {
            before(document, directory);
        }
        change(document, directory);
    }));
}

/// Moves the gateway behind a listener that speaks HTTP/2 to it, over a socket of the file system.
fn behind_http2(setup: &mut Setup) {
    edit_document(setup, |document, directory| {
        let pipe = json!({"pipe": {"path": directory.join("gateway.sock")}});
        let listeners = document["static_resources"]["listeners"].as_array_mut().unwrap();
        let mut front = listeners[0].clone();
        listeners[0]["name"] = json!("gateway");
        listeners[0]["address"] = pipe.clone();
        let manager = &mut front["filter_chains"][0]["filters"][0]["typed_config"];
        let router = manager["http_filters"].as_array().unwrap().last().unwrap().clone();
        manager["stat_prefix"] = json!("front");
        manager["http_filters"] = json!([router]);
        manager["access_log"] = json!([]);
        manager["route_config"]["virtual_hosts"][0]["routes"] =
            json!([{"match": {"prefix": "/"}, "route": {"cluster": "gateway"}}]);
        listeners.push(front);
        document["static_resources"]["clusters"].as_array_mut().unwrap().push(json!({
            "name": "gateway", "type": "STATIC", "connect_timeout": "5s",
            "load_assignment": {"cluster_name": "gateway", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": pipe}}]}]},
            "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }},
        }));
    });
}

/// A record of [`USER`] at tenant `acme`, with a key that is good for years.
fn record(name: &str, key: &str, more: Value) -> Value {
    let mut record = json!({
        "name": name, "user": USER, "tenant": "acme", "scopes": ["assets.read"],
        "secrets": [{"digest": digest(key), "expires_at": "2099-01-01T00:00:00Z"}],
    });
    extend(&mut record, &more);
    record
}

fn digest(key: &str) -> String {
    StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text()
}

fn extend(object: &mut Value, more: &Value) {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
}

fn get(lab: &Lab, path: &str, fields: &[(&str, &str)]) -> Received {
    lab.send(&request("GET", path, fields, ""))
}

/// What the upstream saw of a request that must go on.
fn forwarded(answer: &Received) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Status and code of a request that must not.
fn refused(answer: &Received) -> (u16, String) {
    assert_ne!(answer.status, 200, "{}", answer.text());
    (answer.status, answer.code())
}

/// The same with the reason that only logs are told; the request has to carry this `x-case`.
fn reasoned(lab: &Lab, case: &str, answer: &Received) -> (u16, String, String) {
    let (status, code) = refused(answer);
    (status, code, lab.reason(case))
}

fn because(status: u16, code: &str, reason: &str) -> (u16, String, String) {
    (status, code.to_owned(), reason.to_owned())
}

/// Three keys from the vectors: two of our own making, and one as the platform makes them.
const KEY: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
const OTHER: &str = "gwk_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12UMV4f";
const GUID: &str = "00000000-1111-4222-8333-444455556666";

const USER: &str = "user-of-acme";

/// The key of this number.
fn numbered(number: usize) -> String {
    format!("00000000-1111-4222-8333-{number:012}")
}

/// A document of so many keys.
fn many(count: usize) -> Value {
    let keys: Vec<_> = (0..count)
        .map(|number| record(&format!("key-{number}"), &numbered(number), json!({})))
        .collect();
    json!({"version": 1, "serial": 1, "keys": keys})
}
