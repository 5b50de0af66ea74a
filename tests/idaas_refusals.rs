//! What the vendor's servers were recorded to answer when something is wrong, through the gateway in the
//! simulated world: what callers get, what the log says, and how often the server is asked.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Asked, Fate, World};
use tenantgate::config::CHAIN_VARIABLES;
use tenantgate::time::Timestamp;

/// What the log says after `failed: `, up to the tries; empty where the token serves.
const ROWS: [(&str, &str); 19] = [
    ("ERR_302", "status_unexpected (status 302)"),
    ("ERR_400", "invalid_client (status 400, request id `RID1`)"),
    ("ERR_400_empty", "status_4xx (status 400)"),
    ("ERR_400_list", "status_4xx (status 400)"),
    ("ERR_400_pending", "authorization_pending (status 400)"),
    ("ERR_400_text", "status_4xx (status 400)"),
    ("ERR_401_pop", "Forbidden (status 401, request id `RID2`)"),
    ("ERR_429", "status_429 (status 429, code `too_many_requests`)"),
    ("ERR_500", "server_error (status 500)"),
    ("OK_badjson", "answer_not_json"),
    ("OK_dpop", "fetched_type_not_bearer"),
    ("OK_no_expires_at", ""),
    ("OK_no_expires_in", ""),
    ("OK_no_token", "answer_not_a_grant"),
    ("OK_str_expires", ""),
    ("PLUGIN_403", "NoPermission (status 403, request id `RID3`)"),
    ("PLUGIN_429", "status_429 (status 429, code `Throttling.User`, request id `RID5`)"),
    ("PLUGIN_503", "ServiceUnavailable (status 503, request id `RID4`)"),
    // The proxy's own answer to a call whose time ran out.
    ("TIMEOUT", "unavailable_or_timeout (status 504)"),
];

/// Free text of the recorded answers, and the one token in them.
const NEVER_TOLD: [&str; 7] =
    ["bad secret", "nope", "boom", "plain text", "denied", "later", "access_token"];

#[test]
fn every_recorded_error_is_told_by_status_code_and_request_id_and_answered_with_503() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/idaas/captures.json");
    let captures: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let cases = captures["error_responses"].as_array().unwrap();
    assert_eq!(cases.len(), ROWS.len());
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let (_, words) = ROWS.iter().find(|(own, _)| *own == id).unwrap();
        run(id, case, words);
    }
}

fn run(id: &str, case: &Value, words: &str) {
    let environment: Vec<_> = case["env"].as_object().unwrap().iter().collect();
    let own = environment.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let environment: Vec<_> =
        CHAIN_VARIABLES.into_iter().map(|name| (name, "")).chain(own).collect();
    let mut world = World::of_variables(2, &configuration(&case["config"]), &environment);
    world.set_clock(Timestamp::from_seconds(1_795_318_900));
    let answer = answer(&case["requests"][0]["response"]);
    world.provider.script(move |asked, _| (*asked == Asked::Token(None)).then(|| answer.clone()));
    world.pass(SECOND);
    let ask = |world: &mut World| {
        let request = world.request(0, "/idaas/x", None);
        world.pass(DEADLINE);
        world.fate(request)
    };

    let fate = ask(&mut world);
    if words.is_empty() {
        assert_eq!(fate.header("authorization"), Some("Bearer t"), "{id}: {:?}", world.log());
        assert_eq!(ask(&mut world).header("authorization"), Some("Bearer t"), "{id}");
        assert_eq!(world.provider.count(&Asked::Token(None)), 1, "{id}");
        return;
    }
    assert_eq!(fate, Fate::Refused(503, "token_unavailable"), "{id}");
    let told: Vec<_> = world.log().into_iter().filter(|line| line.contains("fetching")).collect();
    let line = format!(
        "fetching token of credential `idaas` from cluster `idaas` failed: {words}; failures in a row: 1; next try in "
    );
    assert!(matches!(told[..], [only] if only.starts_with(&line)), "{id}: {told:?}");

    // Ten minutes of callers, one each second: the server is asked a few times, and the log has one line.
    for _ in 0..600 {
        let request = world.request(1, "/idaas/x", None);
        world.pass(SECOND);
        assert!(!matches!(world.fate(request), Fate::Forwarded(_)), "{id}");
    }
    let calls = world.provider.count(&Asked::Token(None));
    // A server that says when it may be asked again is taken at its word.
    let most = if id == "ERR_429" { 310 } else { 26 };
    assert!((4..=most).contains(&calls), "{id}: {calls} calls");
    let log = world.log();
    assert_eq!(log.iter().filter(|line| line.contains("fetching")).count(), 1, "{id}: {log:?}");
    let log = log.join("\n");
    let is_secret = |(name, value): &&(&str, &str)| name.ends_with("SECRET") && !value.is_empty();
    let secrets = environment.iter().filter(is_secret);
    for hidden in secrets.map(|(_, value)| *value).chain(NEVER_TOLD) {
        assert!(!log.contains(hidden), "{id}: {hidden}");
    }

    world.provider.script(|asked, _| (*asked == Asked::Token(None)).then(granted));
    world.pass(6 * 60 * SECOND);
    assert_eq!(ask(&mut world).header("authorization"), Some("Bearer good"), "{id}");
    assert!(world.log().iter().any(|line| line.contains("works again")), "{id}");
}

fn configuration(document: &Value) -> String {
    let is_plugin = document["authnConfiguration"]["authnMethod"] == "PLUGIN";
    let clusters = if is_plugin { json!({"open_api": "idaas"}) } else { json!({"token": "idaas"}) };
    let credential =
        json!({"name": "idaas", "callers": "any", "idaas": document, "clusters": clusters});
    let route = json!({
        "name": "idaas", "match": {"hosts": ["*"], "path": "/idaas/**", "methods": ["GET"]},
        "authentication": "none",
        "upstream": {"caller_token": "remove", "inject": [{"credential": "idaas"}]},
    });
    json!({"deployment": "egress", "credentials": [credential], "routes": [route]}).to_string()
}

/// A recorded answer; where there was none, none before the call's time is over.
fn answer(recorded: &Value) -> Answer {
    let Some(status) = recorded["status"].as_u64() else { return Answer::Silence };
    let body = match &recorded["body"] {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    let status = u16::try_from(status).unwrap();
    let retry_after = recorded["headers"]["Retry-After"].as_str();
    let retry_after = retry_after.map(|seconds| seconds.parse().unwrap());
    let content_type = "application/json";
    Answer::Http { status, content_type, retry_after, fresh_for: None, body }
}

fn granted() -> Answer {
    // Both the token endpoint's grant and the OpenAPI's.
    let openapi = json!({"AccessToken": "good", "ExpiresIn": 3600});
    let both = json!({"access_token": "good", "expires_in": 3600, "TokenResponse": openapi});
    Answer::json(both.to_string())
}

const SECOND: Duration = Duration::from_secs(1);

/// Longer than a call and a waiting request may take.
const DEADLINE: Duration = Duration::from_secs(12);
