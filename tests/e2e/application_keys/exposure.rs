//! Where a key may never be seen: everything that a run leaves behind is searched.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::serving::polling;
use super::store::Scripted;
use super::{
    GUID, KEY, OTHER, add_route, digest, edit_document, edit_manager, extend, record, setup,
};
use crate::bootstrap::{SECOND_LOG, cluster};
use crate::development::caller::Caller;
use crate::development::fault::Fault;
use crate::development::http_client::{Connection, Received, request};
use crate::development::http_server::{Answer, HttpServer, Response};
use crate::lab::{ANY_PORT, Lab, Setup, eventually};

/// All that is presented: known, expired, of another address, of a subtenant, disabled, and unknown ones, and the
/// gateway's own.
const EXPIRED: &str = "00000000-1111-4222-8333-000000000001";
const ELSEWHERE: &str = "00000000-1111-4222-8333-000000000002";
const NORTH: &str = "00000000-1111-4222-8333-000000000003";
const DISABLED: &str = "00000000-1111-4222-8333-000000000004";
const UNKNOWN: &str = "gwk_00000000000000000000000000000000000000000000oVEGz";
const PLATFORM: &str = "8e5b1e0c-5c0f-4b6e-9a43-6a1f0b7d2c11";
const ALL: [&str; 9] = [KEY, OTHER, GUID, EXPIRED, ELSEWHERE, NORTH, DISABLED, UNKNOWN, PLATFORM];

/// Keeps what a tracer is sent.
pub struct Spans {
    server: HttpServer,
    bodies: Arc<Mutex<String>>,
}

impl Spans {
    pub fn start() -> Self {
        let bodies = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&bodies);
        let server = HttpServer::start(ANY_PORT, move |request| {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            let line = format!("{} {:?}\n{text}\n", request.target, request.fields);
            kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
            Answer::Whole(Response { status: 202, fields: Vec::new(), body: Vec::new() })
        });
        Self { server: server.expect("a collector of spans"), bodies }
    }

    pub fn text(&self) -> String {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A gateway that logs, counts and traces whatever a proxy can tell of a request.
pub fn talkative(spans: &Spans, settings: &Value) -> Setup {
    let secret =
        |key: &str, end: &str| json!({"secrets": [{"digest": digest(key), "expires_at": end}]});
    let records = [
        record("known", KEY, json!({})),
        record(
            "another",
            OTHER,
            json!({"user": "user-of-kim", "routes": [{"path_prefix": "/things"}]}),
        ),
        record("guid", GUID, json!({"allow_query": false})),
        record("expired", EXPIRED, secret(EXPIRED, "2020-01-01T00:00:00Z")),
        record("elsewhere", ELSEWHERE, json!({"ip_allow": ["10.1.2.3"]})),
        record("north", NORTH, json!({"subtenant": "north"})),
        record("disabled", DISABLED, json!({"enabled": false})),
    ];
    let mut setup = setup(&records, settings);
    setup.environment.push(("PLATFORM_KEY".to_owned(), PLATFORM.to_owned()));
    setup.filter["credentials"].as_array_mut().unwrap().push(json!({
        "name": "platform", "callers": ["acme"], "api_key": {"key_env": "PLATFORM_KEY"},
    }));
    let upstream = json!({"caller_token": "remove", "inject": [{"credential": "platform", "header": "appKey"}]});
    add_route(&mut setup, "platform", &json!({"scopes": "not_needed", "upstream": upstream}));
    add_route(&mut setup, "reporting", &json!({"mode": "report_only"}));
    let mut format = json!({
        "case": "%REQ(x-case)%", "path": "%REQ(:PATH)%", "original": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
        "uri": "%PATH(WQ:ORIG_OR_PATH)%", "key": "%REQ(appkey)%", "referer": "%REQ(referer)%",
        "authorization": "%REQ(authorization)%", "cookie": "%REQ(cookie)%", "flag": "%REQ(x-thingworx-session)%",
        "details": "%RESPONSE_CODE_DETAILS%", "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        "location": "%RESP(location)%", "authenticate": "%RESP(www-authenticate)%",
    });
    for name in [
        "client",
        "code",
        "credential_kind",
        "decision",
        "key_digest",
        "key_from",
        "key_name",
        "reason",
        "route",
        "subtenant",
        "tenant",
        "user",
    ] {
        extend(
            &mut format,
            &json!({name: format!("%FILTER_STATE(wasm.tenantgate.{name}:PLAIN)%")}),
        );
    }
    setup.extras.log_format = Some(json!({"json_format": format}));
    let collector = spans.server.address();
    edit_document(&mut setup, move |document, _| {
        let clusters = document["static_resources"]["clusters"].as_array_mut().unwrap();
        clusters.push(cluster("collector", collector));
        document["layered_runtime"] = json!({"layers": [{"name": "fast", "static_layer": {
            "tracing.zipkin.flush_interval_ms": 100, "tracing.zipkin.min_flush_spans": 1,
        }}]});
    });
    edit_manager(&mut setup, |manager, _| {
        let tag = |name: &str| json!({"tag": name, "request_header": {"name": name, "default_value": "-"}});
        let tags = [
            "appkey",
            "referer",
            "authorization",
            "cookie",
            ":path",
            "x-case",
            "x-thingworx-session",
        ];
        manager["tracing"] = json!({
            "random_sampling": {"value": 100}, "verbose": true, "max_path_tag_length": 4096, "spawn_upstream_span": true,
            "custom_tags": tags.map(tag),
            "provider": {"name": "envoy.tracers.zipkin", "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig",
                "collector_cluster": "collector", "collector_endpoint": "/api/v2/spans",
                "collector_endpoint_version": "HTTP_JSON",
            }},
        });
    });
    setup
}

/// Everything that can be read afterwards, by the name of where it stands.
pub fn left_behind(
    lab: &Lab,
    spans: &Spans,
    answers: &[(String, Received)],
) -> Vec<(String, String)> {
    let mut all = vec![
        ("logs".to_owned(), lab.logs()),
        ("second log".to_owned(), lab.file(SECOND_LOG)),
        ("spans".to_owned(), spans.text()),
    ];
    for page in [
        "/config_dump?include_eds",
        "/stats",
        "/stats/prometheus",
        "/clusters",
        "/listeners",
        "/server_info",
        "/runtime",
        "/memory",
        "/init_dump",
        "/certs",
    ] {
        let answer = lab.envoy.admin("GET", page).unwrap();
        assert_eq!(answer.status, 200, "{page}");
        all.push((page.to_owned(), answer.text()));
    }
    for (case, answer) in answers {
        all.push((format!("fields of {case}"), format!("{:?}", text_of(answer))));
        all.push((format!("body of {case}"), answer.text()));
    }
    all
}

fn text_of(answer: &Received) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    answer.fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Neither a key nor a good part of one, spelt as it is or percent-encoded.
fn assert_no_key(left: &[(String, String)]) {
    for (place, text) in left {
        for key in ALL {
            let part = &key[key.len() / 2 - 8..key.len() - 4];
            if let Some(at) = text.find(part) {
                // The upstream's own key is for it to see, and a format that prints the field that goes there prints it.
                let is_meant = place.starts_with("body of platform")
                    || matches!(place.as_str(), "second log" | "spans");
                let is_upstream = key == PLATFORM && is_meant;
                let from = at.saturating_sub(200);
                assert!(
                    is_upstream,
                    "{place} shows {key}: …{}…",
                    String::from_utf8_lossy(&text.as_bytes()[from..at + part.len()])
                );
            }
        }
    }
}

/// None of these texts is there.
pub fn assert_absent(left: &[(String, String)], secrets: &[&str]) {
    for (place, text) in left {
        for secret in secrets {
            assert!(!text.contains(secret), "{place} shows {secret}: {text}");
        }
    }
}

/// Requests that are refused in every way, and some that go on; each brings its key to every place.
fn requests(lab: &Lab, takes_bearers: bool) -> Vec<(String, Vec<u8>, u16)> {
    let token = lab.idp.sign(&Caller::of_tenant("acme"));
    let beta = lab.idp.sign(&Caller::of_tenant("beta"));
    let (bearer, foreign) = (format!("Bearer {token}"), format!("Bearer {beta}"));
    let mut all = Vec::new();
    let mut add =
        |case: &str, method: &str, path: &str, key: &str, more: &[(&str, &str)], status: u16| {
            let encoded: String = key.bytes().take(3).map(|byte| format!("%{byte:02X}")).collect();
            let rest = key.get(3..).unwrap_or_default();
            let query = format!("a=%41&appkey={key}&app%4Bey={encoded}{rest}&APPKEY={key}&b");
            for (place, target, header) in [
                ("header", path.to_owned(), Some(key)),
                ("query", format!("{path}?{query}"), None),
                ("both", format!("{path}?{query}"), Some(key)),
            ] {
                let case = format!("{case}-{place}");
                let referer =
                    format!("https://gateway.example/page?x=1&appKey={key}&y=2&app%6bey={key}");
                let mut fields = vec![("x-case", case.as_str()), ("referer", referer.as_str())];
                fields.extend(header.map(|key| ("appKey", key)));
                fields.extend(more);
                all.push((case.clone(), request(method, &target, &fields, ""), status));
            }
        };
    add("known", "GET", "/things/1", KEY, &[], 200);
    add("unknown", "GET", "/things/1", UNKNOWN, &[], 401);
    add("expired", "GET", "/things/1", EXPIRED, &[], 401);
    add("address", "GET", "/things/1", ELSEWHERE, &[], 401);
    add("disabled", "GET", "/things/1", DISABLED, &[], 401);
    add("subtenant", "GET", "/things/1", NORTH, &[], 403);
    add("record-route", "GET", "/open/1", OTHER, &[], 403);
    add("scope", "GET", "/api/profile/1", KEY, &[], 403);
    add("no-route", "GET", "/nowhere", KEY, &[], 403);
    add("method", "DELETE", "/things/1", KEY, &[], 405);
    add("trace", "TRACE", "/things/1", KEY, &[], 405);
    add("dots", "GET", "/things/../1", KEY, &[], 400);
    add("escape", "GET", "/things/%zz", KEY, &[], 400);
    add("host", "GET", "/things/1", KEY, &[("host", "a b")], 400);
    add("public", "GET", "/public/1", KEY, &[], 200);
    add("platform", "GET", "/platform/1", KEY, &[], 200);
    add("reporting", "GET", "/reporting/1", UNKNOWN, &[], 200);
    add("reporting-subtenant", "GET", "/reporting/1", NORTH, &[], 200);
    add("conflict", "GET", "/things/1", KEY, &[("appkey", OTHER)], 400);
    add("basic", "GET", "/things/1", KEY, &[("authorization", "Basic am86c2VjcmV0")], 400);
    add("mismatch", "GET", "/things/1", KEY, &[("authorization", &foreign)], 403);
    add("agree", "GET", "/things/1", KEY, &[("authorization", &bearer)], 200);
    add("forged", "GET", "/things/1", KEY, &[("authorization", "Bearer a.b.c")], 401);
    if takes_bearers {
        add(
            "bearer",
            "GET",
            "/things/1",
            KEY,
            &[("authorization", &format!("Bearer {OTHER}"))],
            400,
        );
        add(
            "bearer-same",
            "GET",
            "/open/1",
            OTHER,
            &[("authorization", &format!("Bearer {OTHER}"))],
            403,
        );
        add(
            "bearer-unknown",
            "GET",
            "/things/1",
            "",
            &[("authorization", &format!("Bearer {UNKNOWN}"))],
            401,
        );
    }
    add("long", "GET", "/things/1", &format!("{KEY}{}", "x".repeat(300)), &[], 401);
    add("comma", "GET", "/things/1", &format!("{KEY},{OTHER}"), &[], 401);
    add("typo", "GET", "/things/1", &KEY.replace("dV2j", "dV2k"), &[], 401);
    add("grpc", "POST", "/things/1", UNKNOWN, &[("content-type", "application/grpc")], 200);
    all
}

#[test]
fn no_key_is_in_anything_that_a_run_leaves_behind() {
    for (settings, in_urls) in
        [(json!({"allow_query": true, "accept_bearer": true}), true), (json!({}), false)]
    {
        let spans = Spans::start();
        let lab = talkative(&spans, &settings).start();
        // All that the filter can say. What Envoy itself says of requests at `debug` is beyond its reach.
        assert_eq!(lab.envoy.admin("POST", "/logging?wasm=trace").unwrap().status, 200);
        let mut answers = Vec::new();
        let mut reached = 0;
        let requests = requests(&lab, in_urls);
        let count = requests.len();
        for (case, bytes, status) in requests {
            let answer = lab.send(&bytes);
            let is_open = case.starts_with("public") || case.starts_with("reporting");
            let in_url = case.ends_with("-query") || case.ends_with("-both");
            let expected =
                if status == 200 && !in_urls && in_url && !is_open && !case.starts_with("grpc") {
                    401
                } else {
                    status
                };
            // What else is wrong is not looked at once a key stands in a URL.
            if in_urls || !in_url || expected == 401 {
                assert_eq!(answer.status, expected, "{case}: {}", answer.text());
            }
            reached += usize::from(answer.status == 200 && !case.starts_with("grpc"));
            answers.push((case, answer));
        }
        assert_eq!(lab.upstream.requests(), reached);
        assert_eq!(lab.second_log(count).len(), count);
        // Spans of every request have arrived, with the tags that were asked for.
        eventually("spans", || spans.text().contains("grpc-both").then_some(()));
        thread::sleep(Duration::from_millis(300));
        let left = left_behind(&lab, &spans, &answers);
        for (place, mark) in
            [("logs", "case=known-header "), ("second log", "known-query"), ("spans", "known-both")]
        {
            let (_, text) = left.iter().find(|(own, _)| own == place).unwrap();
            assert!(text.contains(mark), "nothing to search in {place}: {text}");
        }
        assert_no_key(&left);
        // What is left of the queries is there, and the names of keys.
        assert!(left[1].1.contains("a=%41&b"), "{}", left[1].1);
        assert!(left[1].1.contains(r#""key_name":"expired""#), "{}", left[1].1);
        assert!(!lab.envoy.log().contains("panicked at"), "the module trapped");
    }
}

/// Such requests never reach the filter, nor do those to a worker whose VM is gone: only the format of the log helps.
#[test]
fn what_the_proxy_refuses_by_itself_is_logged_as_it_came_unless_the_format_leaves_out_query_and_key()
 {
    let mut setup = setup(&[record("known", KEY, json!({}))], &json!({"allow_query": true}));
    setup.extras.log_format = Some(json!({"json_format": {
        "path": "%PATH(NQ:ORIG_OR_PATH)%", "details": "%RESPONSE_CODE_DETAILS%",
    }}));
    let lab = setup.start();
    let with_fragment = request("GET", &format!("/things/1?appKey={KEY}#mashup=M"), &[], "");
    let without_host = format!("GET /things/1?appKey={KEY} HTTP/1.1\r\n\r\n").into_bytes();
    for bytes in [with_fragment, without_host] {
        assert_eq!(lab.send(&bytes).status, 400);
    }
    let lines = lab.second_log(2);
    let details: Vec<_> = lines.iter().map(|line| line["details"].as_str().unwrap()).collect();
    assert_eq!(details, ["path_normalization_failed", "missing_host_header"]);
    assert!(lines.iter().all(|line| line["path"] == "/things/1"));
    assert!(!lab.file(SECOND_LOG).contains(&KEY[8..]));
    eventually("both in the first log, as they came", || {
        (lab.logs().matches(KEY).count() == 2).then_some(())
    });
    assert_eq!(lab.upstream.requests(), 0);
}

#[test]
fn no_log_has_the_key_of_a_client_that_leaves_while_its_request_waits() {
    let store = Scripted::start();
    store.fail(Fault::Silence);
    let mut setup = polling(store.address(), &json!({"timeout": "3s"}));
    setup.filter["application_keys"]["allow_query"] = json!(true);
    let format = json!({"case": "%REQ(x-case)%", "path": "%REQ(:PATH)%", "key": "%REQ(appkey)%", "referer": "%REQ(referer)%", "details": "%RESPONSE_CODE_DETAILS%"});
    setup.extras.log_format = Some(json!({"json_format": format}));
    let lab = setup.start();
    let referer = format!("http://gateway.example/?appKey={KEY}");
    let fields = [("x-case", "gone-early"), ("appkey", KEY), ("referer", referer.as_str())];
    let mut client = Connection::open(lab.gateway).unwrap();
    client.send(&request("GET", &format!("/things/1?a=1&appKey={KEY}&b=2"), &fields, "")).unwrap();
    thread::sleep(Duration::from_millis(500));
    drop(client);
    let line = eventually("the line of the client that left", || {
        lab.logs().lines().find(|line| line.contains("gone-early")).map(str::to_owned)
    });
    assert!(line.contains("/things/1?a=1&b=2"), "{line}");
    assert!(line.contains("status=0"), "{line}");
    let told = lab.second_log(1).remove(0);
    assert_eq!(told["details"], "downstream_remote_disconnect", "{told}");
    assert_eq!(told["referer"], "http://gateway.example/", "{told}");
    for text in [lab.logs(), told.to_string()] {
        assert!(!text.contains(KEY), "{text}");
    }
    lab.assert_unharmed();
}
