//! What `tenantgate explain` says of application keys and their sessions: the decision is the filter's, and the trace
//! tells its reason.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use serde_json::{Value, json};
use tenantgate::application_key::{KeyDigest, Session, SessionKey, SessionKeys, StatedDigest};
use tenantgate::time::Timestamp;
use tenantgate::tool::explain::{
    Denied, Explained, Mark, Question, RequestLine, Verdict, explain, json as for_programs,
    parse_request, text,
};

const ANN: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
const BOB: &str = "gwk_00000000000000000000000000000000000000000000oVEGz";
/// May open no session.
const CAROL: &str = "gwk_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12UMV4f";
/// Nobody's.
const STRANGER: &str = "00000000-1111-4222-8333-444455556666";
const NOW: u64 = 1_800_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const FLAG: (&str, &str) = ("x-thingworx-session", "true");
const HTML: (&str, &str) = ("accept", "text/html");
const BASIC: (&str, &str) = ("authorization", "Basic dTpw");
const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");
const OTHER_PAGE: (&str, &str) = ("sec-fetch-site", "cross-site");

/// What is asked of a configuration, the decision, and words of the trace.
type Row<'r> = (&'r str, Vec<(&'r str, &'r str)>, Expected<'r>, &'r [&'r str]);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Expected<'e> {
    Allowed,
    /// Status and reason.
    Answered(u16, &'e str),
    /// The reason.
    Denied(&'e str),
    Undecided,
}

use Expected::{Allowed, Answered, Undecided};

const fn denied(reason: &str) -> Expected<'_> {
    Expected::Denied(reason)
}

#[test]
fn sessions_are_opened_used_and_ended_as_the_filter_does() {
    let (good, late) = (cookie("ann", ANN, NOW + 1000), cookie("ann", ANN, NOW - 1));
    let (bobs, soon) = (cookie("bob", BOB, NOW + 1000), cookie("ann", ANN, NOW + 10));
    let [good, late, bobs, soon] = [&good, &late, &bobs, &soon].map(|value| ("cookie", &**value));
    let by_url = format!("GET https://h/things/1?appKey={ANN}&x-thingworx-session=true");
    let by_plain_url = by_url.replace("https", "http");
    let by_form = by_url.replace("GET", "POST");
    let on_trial = by_url.replace("things", "trial");
    let of_carol = by_url.replace(ANN, CAROL);
    let rows: Vec<Row<'_>> = vec![
        ("GET /things/1", vec![good], Allowed, &["session, met of key `ann` is good\n"]),
        ("GET /things/1", vec![soon], Allowed, &["is good, and lasts longer once"]),
        (
            "GET /things/1",
            vec![late],
            denied("appkey_missing"),
            &["is none any more: session_idle_end; its cookie is cleared"],
        ),
        ("POST /things/1", vec![good], denied("origin_unproven"), &["session, not_met is refused"]),
        ("POST /things/1", vec![good, OWN_PAGE], Allowed, &[]),
        ("POST /things/1", vec![good, ("x-xsrf-token", "1")], Allowed, &["is good"]),
        ("POST /things/1", vec![good, OTHER_PAGE], denied("origin_unproven"), &[]),
        (&by_url, vec![HTML], Answered(303, "session_opened"), &["a redirection to the same page"]),
        (&by_url, vec![], Allowed, &["is opened, unless the upstream answers with an error"]),
        ("GET /things/1", vec![("appkey", ANN), FLAG], Allowed, &["is opened, unless"]),
        (&of_carol, vec![HTML], denied("appkey_session"), &["`carol` is good", "none is opened"]),
        (&by_plain_url, vec![HTML], denied("session_plain_http"), &["none is opened"]),
        (&by_url, vec![HTML, good], Answered(303, "session_opened"), &[]),
        (&by_url, vec![HTML, bobs], denied("session_of_another_user"), &["none is opened"]),
        (&by_form, vec![OTHER_PAGE], denied("origin_unproven"), &["none is opened"]),
        (&on_trial, vec![HTML], Allowed, &["`ann` is good"]),
        (
            "POST /.gateway/logout",
            vec![good, OWN_PAGE],
            Answered(204, "session_ended"),
            &["ends here"],
        ),
        ("POST /.gateway/logout", vec![OTHER_PAGE], denied("origin_unproven"), &["is not ended"]),
        ("GET /.gateway/logout", vec![], denied("method_not_allowed"), &["is not ended"]),
    ];
    for row in rows {
        let explained = assert_explained(&configuration(json!({})), &all_set, row.clone());
        let is_on_trial = row.0.contains("/trial/");
        assert!(!is_on_trial || !text(&explained).contains("is opened"), "{}", text(&explained));
    }
}

#[test]
fn what_stands_beside_a_key_is_told_as_the_filter_takes_it() {
    let (own, other) = (token("ann@acme.example"), token("bob@acme.example"));
    let (own, other) = (("x-token", &*own), ("x-token", &*other));
    let get = "GET /things/1";
    let key = ("appkey", ANN);
    let forwards = json!({ "basic_with_key": "forward" });
    let rows: Vec<(Value, Row<'_>)> = vec![
        (json!({}), (get, vec![key, BASIC], denied("multi_credentials"), &["a user and a pass"])),
        (
            forwards.clone(),
            (
                get,
                vec![key, BASIC],
                Allowed,
                &["gets the user and the password", "does not see the caller's key"],
            ),
        ),
        (
            json!({ "basic_with_key": "drop" }),
            (get, vec![key, BASIC], Allowed, &["which do not count"]),
        ),
        (
            json!({ "when_both": "jwt" }),
            (get, vec![key, own, BASIC], denied("multi_credentials"), &["a user and a password"]),
        ),
        (
            json!({ "when_both": "jwt", "basic_with_key": "forward" }),
            (get, vec![key, own, BASIC], Allowed, &["a bearer token in header `x-token`\n"]),
        ),
        (json!({}), (get, vec![key, own], Allowed, &["`ann` is good", "signature, met is good"])),
        (json!({}), (get, vec![key, other], denied("identity_mismatch"), &["identity, not_met"])),
        (
            json!({ "when_both": "reject" }),
            (get, vec![key, own], denied("multi_credentials"), &["a bearer token stands beside"]),
        ),
        (
            json!({}),
            (
                get,
                vec![("appkey", STRANGER), own],
                denied("appkey_unknown"),
                &["application key, not_met it is refused: appkey_unknown"],
            ),
        ),
    ];
    for (more, row) in rows {
        assert_explained(&configuration(more), &all_set, row);
    }
}

#[test]
fn what_depends_on_keys_or_variables_that_are_not_here_is_undecided_and_nothing_else() {
    let mut stored = configuration(json!({}));
    let keys = stored["application_keys"].as_object_mut().unwrap();
    keys.remove("inline");
    let store = json!({ "cluster": "keys", "uri": "https://keys.example/keys" });
    keys.insert("store".to_owned(), store);
    let mut peppered =
        configuration(json!({ "peppers": [{ "id": "p1", "secret_env": "PEPPER" }] }));
    let digest = tenantgate::application_key::Pepper::new("p1", SECRET.into())
        .map(|pepper| (pepper.id().clone(), KeyDigest::with_pepper(STRANGER.as_bytes(), &pepper)))
        .map(|(id, digest)| StatedDigest::HmacSha256(id, digest).text())
        .unwrap();
    peppered["application_keys"]["inline"]["keys"][0]["secrets"][0]["digest"] = json!(digest);
    let plain = configuration(json!({}));
    let good = cookie("ann", ANN, NOW + 1000);
    let forged = good.rsplit_once('.').unwrap().0.to_owned() + ".AAAA";
    let forged_key = good.replace("2026", "2025");
    let [good, forged, forged_key] =
        [&good, &forged, &forged_key].map(|value| ("cookie", &**value));
    let no_shape = ("cookie", "__Host-gwsession=x");
    let get = "GET /things/1";
    let by_url = format!("GET /things/1?appKey={ANN}&x-thingworx-session=true");
    let unset_pepper = |name: &str| all_set(name).filter(|_| name != "PEPPER");
    let unset_session = |name: &str| all_set(name).filter(|_| name != "SESSION_KEY");
    type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;
    let rows: Vec<(&Value, Environment<'_>, Row<'_>)> = vec![
        (
            &stored,
            &all_set,
            (
                get,
                vec![("appkey", ANN)],
                Undecided,
                &["application key, unknown was not looked up"],
            ),
        ),
        (&stored, &all_set, (get, vec![("appkey", "gwk_0")], denied("appkey_checksum"), &[])),
        (&stored, &all_set, (get, vec![good], Undecided, &["session, unknown was not looked up"])),
        (&stored, &all_set, (get, vec![no_shape], denied("appkey_missing"), &["session_shape"])),
        (&stored, &all_set, (get, vec![], denied("appkey_missing"), &["presented, fact nothing"])),
        (&peppered, &all_set, (get, vec![("appkey", STRANGER)], Allowed, &["`ann` is good"])),
        (&peppered, &all_set, (get, vec![("appkey", ANN)], denied("appkey_unknown"), &[])),
        (&peppered, &unset_pepper, (get, vec![("appkey", STRANGER)], Undecided, &["its pepper"])),
        (&peppered, &unset_pepper, (get, vec![("appkey", BOB)], Allowed, &["`bob` is good"])),
        (
            &plain,
            &unset_session,
            (get, vec![good], Undecided, &["session, unknown was not checked"]),
        ),
        (
            &plain,
            &unset_session,
            (get, vec![forged], Undecided, &["session, unknown was not checked"]),
        ),
        (&plain, &unset_session, (get, vec![forged_key], denied("appkey_missing"), &[])),
        (&plain, &unset_session, (get, vec![good, ("appkey", BOB)], Allowed, &[])),
        (
            &plain,
            &unset_session,
            (&by_url, vec![good], Undecided, &["session, unknown was not checked"]),
        ),
        (&plain, &unset_session, (&by_url, vec![], Allowed, &["is opened, unless"])),
        (&plain, &all_set, (get, vec![forged], denied("appkey_missing"), &["session_mac"])),
    ];
    for (document, environment, row) in rows {
        assert_explained(document, environment, row);
    }
}

/// Asserts the decision, that the trace has these words and tells why a request is denied, and that no key is shown.
fn assert_explained(
    document: &Value,
    environment: &dyn Fn(&str) -> Option<String>,
    (line, headers, expected, words): Row<'_>,
) -> Explained {
    let RequestLine { method, host, path, is_plain } = parse_request(line).unwrap();
    let document = document.to_string();
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let question = Question {
        name: "keys.json",
        document: document.as_bytes(),
        environment,
        method,
        path,
        host: host.unwrap_or_else(|| "h".to_owned()),
        is_plain,
        headers: headers.collect(),
        token: None,
        key: None,
        key_sets: Vec::new(),
        now: Timestamp::from_seconds(NOW),
        skip_signature: false,
        client: None,
    };
    let explained = explain(&question).unwrap_or_else(|error| panic!("{line}: {error}"));
    let steps = explained.trace.steps();
    let lines =
        steps.iter().map(|step| format!("{}, {} {}\n", step.topic, step.mark.name(), step.text));
    let shown: String = lines.collect();
    let found = match &explained.verdict {
        Verdict::Allowed => Allowed,
        Verdict::Answered(Denied { status, reason, .. }) => Answered(status.unwrap(), reason),
        Verdict::Denied(refusal) | Verdict::WouldBeDenied(refusal) => denied(&refusal.reason),
        Verdict::Undecided => Undecided,
    };
    assert_eq!(found, expected, "{line} {shown}");
    for words in words {
        assert!(shown.contains(words), "{line}: {words}\n{shown}");
    }
    let reasons: Vec<_> = steps.iter().filter(|step| step.mark == Mark::NotMet).collect();
    match &expected {
        Expected::Denied(reason) => {
            assert!(reasons.iter().any(|step| step.text.contains(reason)), "{line} {shown}");
        }
        Allowed | Answered(..) => assert!(reasons.is_empty(), "{line} {shown}"),
        Undecided => assert!(steps.iter().any(|step| step.mark == Mark::Unknown), "{shown}"),
    }
    let all = [text(&explained), for_programs(&explained)].concat();
    for secret in [ANN, BOB, CAROL, STRANGER, SECRET, "dTpw", "v1.2026"] {
        assert!(!all.contains(secret), "{line}: {all}");
    }
    explained
}

fn all_set(name: &str) -> Option<String> {
    ["PEPPER", "SESSION_KEY", "TOKEN_SECRET"].contains(&name).then(|| SECRET.to_owned())
}

fn configuration(more: Value) -> Value {
    let record = |name: &str, key: &str, opens: bool| {
        let digest = StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text();
        json!({
            "name": name, "user": format!("{name}@acme.example"), "tenant": "acme", "allow_session": opens,
            "secrets": [{ "digest": digest, "expires_at": "2030-01-01T00:00:00Z" }],
        })
    };
    let keys = [record("ann", ANN, true), record("bob", BOB, true), record("carol", CAROL, false)];
    let mut all = json!({
        "tenants": ["acme"], "allow_query": true,
        "inline": { "version": 1, "serial": 1, "keys": keys },
        "session": { "keys": [{ "id": "2026", "secret_env": "SESSION_KEY" }] },
    });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let route = |name: &str, mode: &str| {
        json!({
            "name": name, "mode": mode, "authentication": "required", "upstream": { "caller_token": "remove" },
            "match": { "hosts": ["*"], "path": format!("/{name}/**"), "methods": "any" },
        })
    };
    json!({
        "deployment": "ingress",
        "token_places": [{ "header": "x-token" }],
        "issuers": [{
            "name": "mine", "issuer": "https://mine.example", "tenants": ["acme"], "audiences": ["files"],
            "algorithms": ["HS256"], "secret_env": "TOKEN_SECRET",
            "claims": { "tenant": "tenant", "subtenant": "none", "user": "sub" },
        }],
        "application_keys": all,
        "routes": [route("things", "enforce"), route("trial", "report_only")],
    })
}

/// The cookie of a session that this key opened, which ends so.
fn cookie(name: &str, key: &str, idle_end: u64) -> String {
    let at = Timestamp::from_seconds;
    let session = Session {
        name: name.into(),
        mark: KeyDigest::of(key.as_bytes()).mark(),
        issued_at: at(NOW - 60),
        idle_end: at(idle_end),
        absolute_end: at(NOW + 8000),
        epoch: 0,
        address: None,
    };
    let keys = SessionKeys::new(vec![SessionKey::new("2026", SECRET.into()).unwrap()]).unwrap();
    format!("__Host-gwsession={}", keys.sign(&session).unwrap())
}

/// A token of this user.
fn token(user: &str) -> String {
    let claims = json!({
        "iss": "https://mine.example", "aud": "files", "sub": user, "tenant": "acme", "exp": NOW + 600,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({ "alg": "HS256" })), part(&claims));
    let mac = hmac::Hmac::<rsa::sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let tag = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}
