//! What callers are told, and what logs know better; times to the second.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tenantgate::time::Timestamp;
use tenantgate::tool::key::time_text;

use super::{GUID, KEY, OTHER, because, digest, forwarded, get, reasoned, record, setup};
use crate::development::clock;
use crate::development::http_client::{Connection, Received, request};
use crate::lab::{Lab, eventually};

type Bytes = (u16, Vec<(String, Vec<u8>)>, Vec<u8>);

/// Status, fields and body, but for what every answer has of its own.
fn bytes(answer: &Received) -> Bytes {
    let own = ["date", "x-envoy-upstream-service-time", "x-request-id"];
    let fields = answer.fields.iter().map(|(name, value)| (name.to_lowercase(), value.to_vec()));
    let fields = fields.filter(|(name, _)| !own.contains(&name.as_str())).collect();
    (answer.status, fields, answer.body.clone())
}

#[test]
fn what_would_help_a_thief_is_told_in_the_very_same_bytes() {
    let until = |members: Value| {
        let mut secret = json!({"digest": digest(KEY), "expires_at": "2099-01-01T00:00:00Z"});
        super::extend(&mut secret, &members);
        json!({"secrets": [secret]})
    };
    let mut answers = Vec::new();
    let of = |more: Value| vec![record("pump-17", KEY, more)];
    for (records, reason) in [
        (vec![], "appkey_unknown"),
        (of(json!({"enabled": false})), "appkey_disabled"),
        (of(json!({"ip_allow": ["10.1.2.3"]})), "appkey_ip"),
        (of(until(json!({"not_before": "2098-01-01T00:00:00Z"}))), "appkey_not_before"),
    ] {
        let lab = setup(&records, &json!({})).start();
        let answer = get(&lab, "/things/1", &[("appkey", KEY), ("x-case", reason)]);
        assert_eq!(reasoned(&lab, reason, &answer), because(401, "app_key_invalid", reason));
        assert_counted(&lab, reason, 1);
        assert_eq!(lab.upstream.requests(), 0);
        answers.push(bytes(&answer));
    }
    let lab = setup(&of(json!({})), &json!({})).start();
    let wrong = KEY.replace("dV2j", "dV2k");
    for (value, reason) in [(wrong.as_str(), "appkey_checksum"), ("a b", "appkey_format")] {
        let answer = get(&lab, "/things/1", &[("appkey", value), ("x-case", reason)]);
        assert_eq!(reasoned(&lab, reason, &answer), because(401, "app_key_invalid", reason));
        answers.push(bytes(&answer));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }

    let expired = of(until(json!({"expires_at": "2020-01-01T00:00:00Z"})));
    let lab = setup(&expired, &json!({})).start();
    let answer = get(&lab, "/things/1", &[("appkey", KEY), ("x-case", "late")]);
    assert_eq!(reasoned(&lab, "late", &answer), because(401, "app_key_expired", "appkey_expired"));
    assert_counted(&lab, "appkey_expired", 1);
    assert_counted(&lab, "appkey_unknown", 0);
    let lab = setup(&expired, &json!({"error_detail": "uniform"})).start();
    let answer = get(&lab, "/things/1", &[("appkey", KEY), ("x-case", "late")]);
    assert_eq!(reasoned(&lab, "late", &answer), because(401, "app_key_invalid", "appkey_expired"));
    assert_eq!(bytes(&answer), answers[0]);
}

/// Asserts how often a use of a key ended so. Each worker counts for itself, and tells the proxy at its next tick.
fn assert_counted(lab: &Lab, reason: &str, count: u64) {
    let name = format!("wasmcustom.tenantgate.application_keys.used.{reason}");
    eventually("the counter", || (lab.envoy.stat(&name).unwrap() == count).then_some(()));
}

#[test]
fn a_key_begins_and_ends_at_the_exact_second_on_every_worker() {
    let (lab, begins, ends) =
        [8, 20, 60].into_iter().find_map(in_time).expect("it starts within a minute");
    let mut connections: Vec<_> = (0..4).map(|_| Connection::open(lab.gateway).unwrap()).collect();
    let ask = |connection: &mut Connection, key: &str| {
        let before = millis();
        connection.send(&request("GET", "/things/1", &[("appkey", key)], "")).unwrap();
        let answer = connection.receive().unwrap();
        (before, millis(), answer)
    };
    let (mut early, mut late) = (0, 0);
    while millis() < (ends * 1000 + 700) as i128 {
        for connection in &mut connections {
            for (key, first, end) in [(KEY, 0, ends), (OTHER, begins, ends), (GUID, 0, ends)] {
                let (sent, received, answer) = ask(connection, key);
                let (first, end) = ((first * 1000) as i128, (end * 1000) as i128);
                if received < first {
                    assert_eq!((answer.status, answer.code().as_str()), (401, "app_key_invalid"));
                    early += 1;
                } else if sent >= first && received < end {
                    forwarded(&answer);
                } else if sent >= end {
                    assert_eq!((answer.status, answer.code().as_str()), (401, "app_key_expired"));
                    late += 1;
                }
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
    assert!(early > 10 && late > 10, "{early} {late}");
    lab.assert_unharmed();
}

/// A gateway with a key that begins after these seconds and keys that end soon after; `None` if it starts later.
fn in_time(seconds: u64) -> Option<(Lab, u64, u64)> {
    let begins = clock::now() + seconds;
    let ends = begins + 3;
    let at = |seconds: u64| time_text(Timestamp::from_seconds(seconds));
    let secret = |key: &str, more: Value| {
        let mut secret = json!({"digest": digest(key), "expires_at": at(ends)});
        super::extend(&mut secret, &more);
        json!({"secrets": [secret]})
    };
    // Without an end, a day after it was made.
    let made = json!({"digest": digest(GUID), "created_at": at(ends - 86_400)});
    let records = [
        record("ends", KEY, secret(KEY, json!({}))),
        record("begins", OTHER, secret(OTHER, json!({"not_before": at(begins)}))),
        record("default", GUID, json!({"secrets": [made]})),
    ];
    let lab = setup(&records, &json!({})).start();
    (clock::now() + 1 < begins).then_some((lab, begins, ends))
}

fn millis() -> i128 {
    i128::try_from(clock::since_1970().as_millis()).unwrap()
}
