//! The use of application keys, counted by the workers and reported to a server, through the whole gateway.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Asked, Fate, World};
use tenantgate::application_key::{KeyDigest, StatedDigest};
use tenantgate::time::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
const KEY: &str = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
const OTHER: &str = "gwk_00000000000000000000000000000000000000000000oVEGz";
const GUID: &str = "00000000-1111-4222-8333-444455556666";

fn record(name: &str, key: &str, enabled: bool) -> Value {
    let digest = StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text();
    json!({
        "name": name, "user": "ann@acme.example", "tenant": "acme", "enabled": enabled,
        "secrets": [{ "digest": digest, "expires_at": "2030-01-01T00:00:00Z" }],
    })
}

fn document() -> Value {
    let keys =
        [record("pump-17", KEY, true), record("pump-18", OTHER, true), record("off", GUID, false)];
    json!({ "version": 1, "serial": 1, "keys": keys })
}

fn configuration(source: Value) -> String {
    let mut keys = json!({
        "tenants": ["acme"],
        "usage": {
            "cluster": "usage", "uri": "https://usage.example/keys/usage", "interval": "60s",
            "authorization_env": "USAGE_AUTHORIZATION",
        },
    });
    keys.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
    let route = |name: &str, more: Value| {
        let mut route = json!({
            "name": name,
            "match": { "hosts": ["*"], "path": format!("/{name}/**"), "methods": "any" },
            "authentication": "required", "upstream": { "caller_token": "remove" },
        });
        route.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        route
    };
    json!({
        "deployment": "ingress",
        "application_keys": keys,
        "identity_headers": { "tenant": "x-tenant", "user": "x-user" },
        "routes": [
            route("things", json!({})),
            route("public", json!({ "authentication": "none" })),
            route("scoped", json!({ "scopes": { "all": ["write"] } })),
        ],
    })
    .to_string()
}

fn inline(workers: usize) -> World {
    World::of(workers, &configuration(json!({ "inline": document() })))
}

fn ask(world: &mut World, worker: usize, path: &str, key: &str) -> Fate {
    let request = world.request_with(worker, path, &[("appkey", key)]);
    world.fate(request)
}

/// What was reported so far, in order.
fn reports(world: &World) -> Vec<(Timestamp, String)> {
    world.provider.reports.iter().map(|(at, report, _)| (*at, report.clone())).collect()
}

/// The server of reports gives what the cell holds, or takes them.
fn answer_reports(world: &mut World, answer: Answer) -> Rc<RefCell<Option<Answer>>> {
    let held = Rc::new(RefCell::new(Some(answer)));
    let given = Rc::clone(&held);
    world.provider.script(move |asked, _| {
        let is_report = *asked == Asked::KeysOf("usage.example".to_owned());
        given.borrow().clone().filter(|_| is_report)
    });
    held
}

/// The uses of all these reports, by name.
fn uses<'r>(reports: impl IntoIterator<Item = &'r (Timestamp, String)>) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (_, report) in reports {
        let report: Value = serde_json::from_str(report).unwrap();
        assert_eq!(report["version"], 1);
        for key in report["keys"].as_array().unwrap() {
            let name = key["name"].as_str().unwrap().to_owned();
            *sums.entry(name).or_default() += key["uses"].as_u64().unwrap();
        }
    }
    sums
}

fn table(rows: &[(&str, u64)]) -> BTreeMap<String, u64> {
    rows.iter().map(|(name, uses)| ((*name).to_owned(), *uses)).collect()
}

fn metric(world: &World, name: &str) -> i64 {
    world.metrics.get(&format!("tenantgate.application_keys.usage.{name}")).copied().unwrap_or(0)
}

#[test]
fn uses_are_reported_once_by_name_and_without_the_key() {
    let mut world = inline(2);
    for (worker, path, key) in [
        (0, "/things/1", KEY),
        (1, "/things/2", KEY),
        (0, "/things/1", OTHER),
        // Who may not do something has used a key all the same.
        (0, "/scoped/1", KEY),
        // A key that is no good was not used, nor one that nobody looked at.
        (0, "/things/1", GUID),
        (0, "/things/1", "gwk_no-key-at-all"),
        (0, "/public/1", KEY),
    ] {
        ask(&mut world, worker, path, key);
    }
    world.pass(61 * SECOND);
    let sent = reports(&world);
    assert_eq!(uses(&sent), table(&[("pump-17", 3), ("pump-18", 1)]), "{sent:?}");
    assert!(sent.iter().all(|(_, report)| !report.contains("gwk") && !report.contains("sha256")));
    assert_eq!(metric(&world, "reported"), 2, "one report of each worker");
    for (_, _, proof) in &world.provider.reports {
        assert_eq!(proof.as_deref(), Some("value-of-USAGE_AUTHORIZATION"));
    }
    // Nothing was used since.
    world.pass(300 * SECOND);
    assert_eq!(reports(&world).len(), sent.len());
    ask(&mut world, 0, "/things/1", KEY);
    world.pass(61 * SECOND);
    assert_eq!(uses(&reports(&world)[sent.len()..]), table(&[("pump-17", 1)]));
}

#[test]
fn workers_report_at_times_of_their_own_and_once_in_an_interval() {
    let mut world = inline(4);
    for _ in 0..301 {
        (0..4).for_each(|worker| drop(ask(&mut world, worker, "/things/1", KEY)));
        world.pass(SECOND);
    }
    let sent = reports(&world);
    assert!((4 * 4..=4 * 6).contains(&sent.len()), "{}", sent.len());
    let mut times: Vec<_> = sent.iter().map(|(at, _)| *at).collect();
    times.dedup();
    assert_eq!(times.len(), sent.len(), "never two at once");
    world.pass(61 * SECOND);
    assert_eq!(uses(&reports(&world)), table(&[("pump-17", 4 * 301)]));
}

#[test]
fn a_request_that_waits_for_keys_is_counted_once() {
    let store = json!({ "cluster": "key-store", "uri": "https://store.example/keys" });
    let mut world = World::of(1, &configuration(json!({ "store": store })));
    world.provider.script(|asked, _| {
        let is_store = *asked == Asked::KeysOf("store.example".to_owned());
        is_store.then(|| Answer::json(document().to_string()))
    });
    let request = world.request_with(0, "/things/1", &[("appkey", KEY)]);
    assert_eq!(world.fate(request), Fate::Waiting);
    world.pass(61 * SECOND);
    assert_eq!(world.fate(request).header("x-user"), Some("ann@acme.example"));
    assert_eq!(uses(&reports(&world)), table(&[("pump-17", 1)]));
}

#[test]
fn a_request_that_waits_for_a_token_is_counted_once_and_so_is_one_that_may_not_wait() {
    for mode in ["enforce", "report_only"] {
        let text = configuration(json!({ "inline": document() }));
        let mut configuration: Value = serde_json::from_str(&text).unwrap();
        configuration["credentials"] = json!([{
            "name": "svc", "callers": ["acme"],
            "oauth2": {
                "token_endpoint": "https://id.example/token", "cluster": "id",
                "client_auth": "client_secret_basic", "client_id_env": "ID", "client_secret_env": "SECRET",
            },
        }]);
        configuration["routes"][0]["mode"] = json!(mode);
        configuration["routes"][0]["scopes"] = json!("not_needed");
        configuration["routes"][0]["upstream"]["inject"] =
            json!([{ "credential": "svc", "header": "authorization", "prefix": "Bearer " }]);
        let mut world = World::of(1, &configuration.to_string());
        world.provider.latency = Duration::from_millis(300);
        let first = ask(&mut world, 0, "/things/1", KEY);
        assert_eq!(first == Fate::Waiting, mode == "enforce", "{first:?}");
        world.pass(121 * SECOND);
        assert_eq!(uses(&reports(&world)), table(&[("pump-17", 1)]), "{mode}");
    }
}

#[test]
fn what_no_server_takes_stays_and_no_request_notices() {
    for (answer, reason) in [
        (Answer::status(503), "status_5xx"),
        (Answer::status(401), "status_4xx"),
        (Answer::status(302), "status_unexpected"),
        (Answer::Silence, "status_5xx"),
        (Answer::Failed(tenantgate::message::CallFailure::Interrupted), "answer_interrupted"),
    ] {
        let mut world = inline(1);
        let held = answer_reports(&mut world, answer);
        for _ in 0..300 {
            assert!(matches!(ask(&mut world, 0, "/things/1", KEY), Fate::Forwarded(_)));
            world.pass(SECOND);
        }
        let failed = metric(&world, "failed");
        // 1, 2, 4 … 60 s apart, in five minutes.
        assert!((5..=16).contains(&failed), "{reason}: {failed}");
        assert_eq!(metric(&world, "reported"), 0);
        let said = format!("reporting use of application keys to cluster `usage` failed: {reason}");
        let lines = world.log().iter().filter(|line| line.contains(&said)).count();
        assert_eq!(lines, 1, "{reason}: {:?}", world.log());
        *held.borrow_mut() = None;
        let before = reports(&world).len();
        world.pass(61 * SECOND);
        assert_eq!(uses(&reports(&world)[before..]), table(&[("pump-17", 300)]), "{reason}");
        assert!(
            world
                .log()
                .iter()
                .any(|line| line.starts_with("reporting use of application keys works again"))
        );
    }
}

#[test]
fn a_server_that_wants_no_report_for_a_while_gets_none() {
    let mut world = inline(1);
    let answer = Answer::Http {
        status: 429,
        content_type: "text/plain",
        retry_after: Some(200),
        fresh_for: None,
        body: String::new(),
    };
    answer_reports(&mut world, answer);
    ask(&mut world, 0, "/things/1", KEY);
    world.pass(61 * SECOND);
    let sent = reports(&world);
    assert_eq!(sent.len(), 1);
    world.pass(138 * SECOND);
    assert_eq!(reports(&world).len(), 1);
    world.pass(70 * SECOND);
    assert_eq!(reports(&world).len(), 2);
    assert!(reports(&world)[1].0.since(sent[0].0) >= 200 * SECOND);
}

#[test]
fn ten_thousand_names_go_in_reports_of_a_thousand_and_more_are_counted_as_dropped() {
    let key = |number: usize| format!("00000000-1111-4222-8333-{number:012}");
    let keys: Vec<_> =
        (0..10_001).map(|number| record(&format!("k-{number}"), &key(number), true)).collect();
    let document = json!({ "version": 1, "serial": 1, "keys": keys });
    let mut world = World::of(1, &configuration(json!({ "inline": document })));
    for number in 0..10_001 {
        ask(&mut world, 0, "/things/1", &key(number));
        world.forget_settled();
    }
    world.pass(80 * SECOND);
    let sent = reports(&world);
    let names = uses(&sent);
    assert_eq!((names.len(), metric(&world, "dropped")), (10_000, 1));
    assert!(sent.len() >= 10 && sent.iter().all(|(_, report)| report.len() < 64 * 1024));
    let dropped: u64 = sent
        .iter()
        .map(|(_, report)| {
            serde_json::from_str::<Value>(report).unwrap()["dropped"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(dropped, 1);
}

#[test]
fn addresses_are_counted_where_the_operator_says_that_they_are_the_clients() {
    for (statement, counted) in [(Value::Null, 0), (json!("use_remote_address"), 2)] {
        let text = configuration(json!({ "inline": document() }));
        let mut configuration: Value = serde_json::from_str(&text).unwrap();
        if statement != Value::Null {
            configuration["client_address"] = statement;
        }
        let mut world = World::of(1, &configuration.to_string());
        for address in ["10.1.2.3", "10.1.2.4"] {
            world.source = Some(address.parse().unwrap());
            ask(&mut world, 0, "/things/1", KEY);
            world.pass(11 * SECOND);
        }
        world.pass(121 * SECOND);
        let sent = reports(&world);
        let report: Value = serde_json::from_str(&sent.last().unwrap().1).unwrap();
        assert_eq!(report["keys"][0]["addresses_an_hour"], counted, "{sent:?}");
    }
}

#[test]
fn the_log_tells_by_name_who_came_first_and_who_was_refused_and_never_a_key() {
    for logs_first in [false, true] {
        let text = configuration(json!({ "inline": document(), "log_first_use": logs_first }));
        let mut configuration: Value = serde_json::from_str(&text).unwrap();
        configuration["client_address"] = json!("use_remote_address");
        configuration["application_keys"].as_object_mut().unwrap().remove("usage");
        configuration["application_keys"]["inline"]["keys"][1]["ip_allow"] = json!(["10.1.2.4"]);
        let mut world = World::of(2, &configuration.to_string());
        world.source = Some("10.1.2.3".parse().unwrap());
        for _ in 0..3 {
            ask(&mut world, 0, "/things/1", KEY);
            ask(&mut world, 0, "/things/1", GUID);
            ask(&mut world, 1, "/things/1", OTHER);
            ask(&mut world, 1, "/things/1", "gwk_unknown");
            world.pass(SECOND);
        }
        ask(&mut world, 1, "/things/1", KEY);
        world.pass(2 * SECOND);
        let lines = |start: &str| {
            let mut lines = world.log();
            lines.retain(|line| line.starts_with("application key") && line.contains(start));
            lines.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let first =
            "application key `pump-17` is used for the first time in this worker, from 10.1.2.3";
        assert_eq!(lines("first time"), vec![first; if logs_first { 2 } else { 0 }]);
        assert_eq!(
            lines("refused"),
            [
                "application key `off` was refused: appkey_disabled, from 10.1.2.3",
                "application key `pump-18` was refused: appkey_ip, from 10.1.2.3",
            ]
        );
        world.pass(60 * SECOND);
        let untold = "application keys: 0 first uses and 2 refusals of the last minute have no line of their own";
        let count = world.log().iter().filter(|line| **line == untold).count();
        assert_eq!(count, 2, "{:?}", world.log());
        for key in [KEY, OTHER, GUID] {
            assert!(world.log().iter().all(|line| !line.contains(key)));
        }
    }
}

#[test]
fn in_report_only_no_line_says_that_a_key_was_refused() {
    for (mode, count) in [("enforce", 1), ("report_only", 0)] {
        let text = configuration(json!({ "inline": document() }));
        let mut configuration: Value = serde_json::from_str(&text).unwrap();
        configuration["routes"][0]["mode"] = json!(mode);
        let mut world = World::of(1, &configuration.to_string());
        ask(&mut world, 0, "/things/1", GUID);
        world.pass(2 * SECOND);
        let lines = world.log();
        let told = lines.iter().filter(|line| line.contains("`off` was refused"));
        assert_eq!(told.count(), count, "{mode} {lines:?}");
    }
}

#[test]
fn a_clock_that_goes_back_stops_no_report() {
    let mut world = inline(1);
    world.pass(120 * SECOND);
    let before = world.now;
    world.set_clock(before.before(Duration::from_secs(86_400)));
    ask(&mut world, 0, "/things/1", KEY);
    world.pass(61 * SECOND);
    assert_eq!(uses(&reports(&world)), table(&[("pump-17", 1)]));
}
