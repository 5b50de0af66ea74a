//! Which keys are used: counted by the workers, reported to the server of keys, and told by the tool.

use std::time::Duration;

use serde_json::{Value, json};

use super::serving::{KeyFile, Served, USAGE_TOKEN_VALUE, Workers, polling};
use super::{edit_document, get};
use crate::bootstrap::cluster;
use crate::lab::{ANY_PORT, Setup, now, variable, within};

const WORKERS: usize = 2;

/// A gateway that polls this server, and reports to that one.
fn reporting(served: &Served, to: std::net::SocketAddr) -> Setup {
    let mut setup = polling(served.address, &json!({}));
    setup.filter["application_keys"]["usage"] = json!({
        "cluster": "usage", "uri": "http://keys.example/keys/usage", "interval": "10s",
        "authorization_env": "USAGE_AUTHORIZATION", "allow_plaintext": true,
    });
    let authorization = format!("Bearer {USAGE_TOKEN_VALUE}");
    setup.environment.push(("USAGE_AUTHORIZATION".to_owned(), authorization));
    edit_document(&mut setup, move |document, _| {
        let clusters = document["static_resources"]["clusters"].as_array_mut().unwrap();
        clusters.push(cluster("usage", to));
    });
    setup.workers = u32::try_from(WORKERS).unwrap();
    let module = variable("FRAGILE");
    setup.module =
        Some(module.expect("`FRAGILE` names the filter that tells its VM: run `make e2e`"));
    setup
}

/// What the file of use says of a key.
fn reported(file: &KeyFile, name: &str) -> Option<Value> {
    let path = file.path().with_file_name("keys.json.usage");
    let text = std::fs::read_to_string(path).ok()?;
    let report: Value = serde_json::from_str(&text).ok()?;
    report["keys"].as_array()?.iter().find(|key| key["name"] == name).cloned()
}

fn create(file: &KeyFile, name: &str) -> String {
    file.key(&format!("create {name} --user user-of-acme --tenant acme --ttl 1h --ip 127.0.0.1"))
}

#[test]
fn what_is_used_arrives_at_the_server_of_keys_and_what_is_not_is_told_by_lint() {
    let file = KeyFile::new();
    let (used, unused) = (create(&file, "pump-17"), create(&file, "pump-18"));
    let off = create(&file, "pump-19");
    file.key("disable pump-19");
    let served = Served::start(&file.path());
    let mut setup = reporting(&served, served.address);
    setup.filter["application_keys"]["log_first_use"] = json!(true);
    let lab = setup.start();
    let mut workers = Workers::of(&lab, WORKERS);
    workers.until(now(), &used, (200, ""));
    for _ in 0..5 {
        workers.assert_all(&used, 200, "");
    }
    workers.assert_all(&off, 401, "app_key_invalid");
    let known = || reported(&file, "pump-17").map_or(0, |key| uses(&key));
    // The proxy counts them too; its number is a second late.
    let counted = |name: &str| {
        let stat = lab.envoy.stat(&format!("wasmcustom.tenantgate.application_keys.{name}"));
        stat.unwrap_or(0)
    };
    soon("the uses in the metrics", || counted("used.ok") >= 6 * WORKERS as u64);
    // Each worker tells its numbers every two seconds at the latest.
    std::thread::sleep(Duration::from_millis(2_500));
    let expected = counted("used.ok");
    soon("reports of both workers", || known() == expected);
    let report = reported(&file, "pump-17").unwrap();
    assert_eq!((uses(&report), &report["addresses_an_hour"]), (expected, &json!(1)), "{report}");
    assert_eq!(reported(&file, "pump-18"), None);

    let lint = file.key("lint");
    assert!(lint.contains("pump-18: W11") && !lint.contains("pump-17: W11"), "{lint}");
    let list: Value = serde_json::from_str(&file.key("list --format json")).unwrap();
    assert_eq!((&list[0]["uses"], &list[1]["last_used_at"]), (&json!(expected), &Value::Null));

    soon("two reports in the metrics", || counted("usage.reported") >= 2);
    assert_eq!(counted("usage.failed"), 0);
    let seen = format!("{}{}{report}", lab.logs(), served.end());
    for secret in [&used[8..40], &unused[8..40], &off[8..40], USAGE_TOKEN_VALUE] {
        assert!(!seen.contains(secret), "a secret is in a log or a report");
    }
    for (line, count) in [
        (
            "application key `pump-17` is used for the first time in this worker, from 127.0.0.1",
            WORKERS,
        ),
        ("application key `pump-19` was refused: appkey_disabled, from 127.0.0.1", WORKERS),
        (
            "application keys that end within 14 days, and have no successor: 2, among them `pump-1",
            1,
        ),
        ("first use of `pump-17` is reported", 1),
    ] {
        assert_eq!(seen.matches(line).count(), count, "{line}");
    }
    lab.assert_unharmed();
}

#[test]
fn a_server_that_takes_no_report_changes_nothing_for_requests() {
    let file = KeyFile::new();
    let key = create(&file, "pump-17");
    let served = Served::start(&file.path());
    // Nobody listens there.
    let closed = std::net::TcpListener::bind(ANY_PORT).unwrap().local_addr().unwrap();
    let lab = reporting(&served, closed).start();
    let mut workers = Workers::of(&lab, WORKERS);
    workers.until(now(), &key, (200, ""));
    let words = "reporting use of application keys to cluster `usage` failed: status_5xx";
    soon("a report that fails", || {
        workers.assert_all(&key, 200, "");
        lab.logs().contains(words)
    });
    workers.assert_all(&key, 200, "");
    assert_eq!(get(&lab, "/things/1", &[("appkey", "gwk_x")]).status, 401);
    assert_eq!(reported(&file, "pump-17"), None);
    lab.assert_unharmed();
}

/// Waits for a report: longer than an interval, and than what is known is kept in memory.
fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    within(Duration::from_secs(30), what, || is_so().then_some(()));
}

fn uses(key: &Value) -> u64 {
    key["uses"].as_u64().unwrap()
}
