//! The request of every kind of credential, byte by byte: the vendors' worked examples, and ids
//! and secrets with every character that some encoding stumbles over.
//!
//! A case is a `.json` file (a credential, its environment, the subtenant asked for) beside the
//! `.http` file that it must give. The latter were not made by this code, see the README there.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tenantgate::config;
use tenantgate::crypto::SoftwareSigner;
use tenantgate::message::HttpCall;
use tenantgate::technical_token::Moment;
use tenantgate::tenancy::SubtenantId;
use tenantgate::time::Timestamp;

#[test]
fn every_request_is_the_documented_one_byte_by_byte() {
    let cases = cases();
    assert!(cases.len() >= 4, "{}", cases.len());
    for file in cases {
        let case: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let expected = fs::read_to_string(file.with_extension("http")).unwrap();
        let call = call(&case).unwrap_or_else(|| panic!("{} asks nothing", file.display()));
        assert_eq!(text(&call), expected, "{}", file.display());
    }
}

#[test]
fn no_debug_output_shows_a_secret_of_a_request() {
    for file in cases() {
        let case: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let shown = format!("{:?} {:?}", compile(&case), call(&case).unwrap());
        for (name, value) in case["environment"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            assert!(!name.contains("SECRET") || !shown.contains(value), "{}", file.display());
        }
        let expected = fs::read_to_string(file.with_extension("http")).unwrap();
        for line in expected.lines().filter(|line| line.contains(": Basic ")) {
            let value = line.split_once("Basic ").unwrap().1;
            assert!(!shown.contains(value), "{}", file.display());
        }
    }
}

/// The call of a case's credential.
fn call(case: &Value) -> Option<HttpCall> {
    let subtenant = case.get("subtenant").map(|id| SubtenantId::parse(id.as_str().unwrap()));
    let moment =
        Moment { now: Timestamp::default(), random: Some([0; 16]), signer: &SoftwareSigner };
    let config = compile(case);
    config.sources()[0].call(subtenant.transpose().unwrap().as_ref(), &[], &moment).ok()
}

/// A document of egress with a case's credential, which serves the callers that it must state.
fn compile(case: &Value) -> config::Config {
    let mut credential = case["credential"].clone();
    credential["name"] = json!("credential");
    for kind in ["mindsphere_app", "mindsphere_tenant"] {
        if let Some(kind) = credential.get_mut(kind) {
            kind["signature"] = json!("not_checked");
        }
    }
    let document = json!({
        "deployment": "egress",
        "credentials": [credential],
        "routes": [{
            "name": "all",
            "match": { "hosts": ["*"], "path": "/**", "methods": "any" },
            "upstream": { "caller_token": "forward", "inject": [{ "credential": "credential", "when": "no_caller_token" }] },
        }],
    });
    let environment =
        |name: &str| Some(case["environment"].get(name)?.as_str().expect("a text").to_owned());
    let compiled = config::compile(document.to_string().as_bytes(), &environment);
    compiled.unwrap_or_else(|errors| panic!("{case}:\n{errors}")).config
}

/// A call as HTTP/1.1 would write it, but with line feeds alone.
fn text(call: &HttpCall) -> String {
    let endpoint = &call.endpoint;
    let mut lines = vec![
        format!("{} {} HTTP/1.1", call.method, endpoint.path),
        format!("host: {}", endpoint.authority),
    ];
    for (name, value) in &call.headers {
        lines.push(format!("{name}: {}", String::from_utf8(value.expose().clone()).unwrap()));
    }
    lines.push(String::new());
    lines.push(String::from_utf8(call.body.expose().clone()).unwrap());
    lines.join("\n")
}

fn cases() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/requests");
    let entries = fs::read_dir(directory).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}
