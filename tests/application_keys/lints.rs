//! The thirteen warnings.

use serde_json::{Value, json};
use tenantgate::application_key::lint::{Lint, LintRules, Severity, Usage, UsageReport, lint};
use tenantgate::time::Timestamp;

use super::{KEY, NOW, digest, document, with};

/// A record about which there is nothing to say.
fn wise(members: Value) -> Value {
    let mut record = with(json!({
        "ip_allow": ["10.1.2.3"],
        "secrets": [{ "digest": digest(KEY), "expires_at": "2025-12-01T00:00:00Z" }],
    }));
    let Value::Object(members) = members else { panic!("members") };
    record.as_object_mut().unwrap().extend(members);
    record
}

fn warnings(records: &[Value], usage: Option<&UsageReport>) -> Vec<(Lint, Severity)> {
    let warnings = lint(&document(records), &LintRules::default(), usage, NOW);
    warnings.into_iter().map(|warning| (warning.lint, warning.severity)).collect()
}

fn secret(members: Value) -> Value {
    let mut secret = json!({ "digest": digest(KEY) });
    let Value::Object(members) = members else { panic!("members") };
    secret.as_object_mut().unwrap().extend(members);
    wise(json!({ "secrets": [secret] }))
}

#[test]
fn each_warning_has_its_trigger_and_both_sides_of_it() {
    use Lint::*;
    use Severity::{High, Low, Medium};
    let made = "2025-01-01T00:00:00Z";
    let rows: Vec<(Value, &[(Lint, Severity)])> = vec![
        (wise(json!({})), &[]),
        (wise(json!({ "user": "administrator" })), &[(Administrator, High)]),
        (wise(json!({ "user": "administrator-2" })), &[]),
        (wise(json!({ "roles": ["x", "SecurityAdministrators"] })), &[(Administrator, High)]),
        (wise(json!({ "tags": ["device:a", "device:b"] })), &[(Shared, High)]),
        (wise(json!({ "tags": ["device:a", "site:b"] })), &[]),
        (wise(json!({ "device": "a, b" })), &[(Shared, High)]),
        (wise(json!({ "ip_allow": [] })), &[(AnyAddress, Medium)]),
        (wise(json!({ "ip_allow": ["*"] })), &[(AnyAddress, Medium)]),
        (wise(json!({ "ip_allow": ["0.0.0.0/0"] })), &[(AnyAddress, Medium)]),
        (wise(json!({ "ip_allow": ["10.0.0.0/15"] })), &[(WideAddresses, Low)]),
        (wise(json!({ "ip_allow": ["10.0.0.0/16"] })), &[]),
        (wise(json!({ "allow_query": true })), &[(InUrl, Medium)]),
        (wise(json!({ "allow_session": true })), &[(Session, Medium)]),
        (
            wise(json!({ "allow_session": true, "ip_allow": [] })),
            &[(AnyAddress, Medium), (Session, High)],
        ),
        (
            wise(json!({ "allow_session": true, "user": "Administrator" })),
            &[(Administrator, High), (Session, High)],
        ),
        // 365 days after 2025-06-15T15:06:40Z.
        (secret(json!({ "expires_at": "2026-06-15T15:06:40Z" })), &[]),
        (secret(json!({ "expires_at": "2026-06-15T15:06:41Z" })), &[(FarExpiry, Medium)]),
        (secret(json!({ "expires_at": "2025-12-01T00:00:00Z", "times_extended": 1 })), &[]),
        (
            secret(json!({ "expires_at": "2025-12-01T00:00:00Z", "times_extended": 2 })),
            &[(Extended, Medium)],
        ),
        // 200 days planned: 300 are half more.
        (
            secret(json!({ "created_at": made, "first_expires_at": "2025-07-20T00:00:00Z",
                           "expires_at": "2025-10-28T00:00:00Z" })),
            &[],
        ),
        (
            secret(json!({ "created_at": made, "first_expires_at": "2025-07-20T00:00:00Z",
                           "expires_at": "2025-10-28T00:00:01Z" })),
            &[(Extended, Medium)],
        ),
        // 30 days before, and 14 days after 2025-06-15T15:06:40Z.
        (secret(json!({ "expires_at": "2025-05-16T15:06:41Z" })), &[]),
        (secret(json!({ "expires_at": "2025-05-16T15:06:40Z" })), &[(ExpiredSecrets, Low)]),
        (secret(json!({ "expires_at": "2025-06-29T15:06:41Z" })), &[]),
        (secret(json!({ "expires_at": "2025-06-29T15:06:40Z" })), &[(ExpiresSoon, Medium)]),
    ];
    for (record, expected) in rows {
        assert_eq!(warnings(std::slice::from_ref(&record), None), expected, "{record}");
    }
}

#[test]
fn a_successor_takes_the_warning_of_an_end_away() {
    let two = wise(json!({ "secrets": [
        { "digest": digest("1"), "expires_at": "2025-06-20T00:00:00Z", "state": "retiring" },
        { "digest": digest("2"), "expires_at": "2025-12-01T00:00:00Z" },
    ] }));
    assert_eq!(warnings(&[two], None), []);
}

#[test]
fn two_keys_of_one_device_and_one_digest_of_two_keys_are_told() {
    let key = |name: &str, user: &str, device: &str, key: &str| {
        let secret = json!({ "digest": digest(key), "expires_at": "2025-12-01T00:00:00Z" });
        wise(json!({ "name": name, "user": user, "device": device, "secrets": [secret] }))
    };
    let same = [key("a", "u", "d", "1"), key("b", "u", "d", "2"), key("c", "u", "e", "3")];
    let told = lint(&document(&same), &LintRules::default(), None, NOW);
    let told: Vec<_> = told.iter().map(|warning| (&*warning.key, warning.lint.id())).collect();
    assert_eq!(told, [("a", "W13"), ("b", "W13")]);
    let shared = [key("a", "u", "d", "1"), key("b", "v", "e", "1")];
    assert_eq!(warnings(&shared, None), vec![(Lint::Shared, Severity::High); 2]);
}

#[test]
fn use_is_judged_only_where_it_is_reported() {
    let record = wise(json!({}));
    let report = |usage: Option<Usage>| -> UsageReport {
        usage.map(|usage| ("pump-17".into(), usage)).into_iter().collect()
    };
    let told = |usage| warnings(std::slice::from_ref(&record), Some(&report(usage)));
    let days = |count: u64| Timestamp::from_seconds(NOW.as_seconds() - count * 86_400 + 1);
    let used = |last: Timestamp, addresses_an_hour| Usage {
        last_used: Some(last),
        uses: 1,
        addresses_an_hour,
        addresses_at: None,
    };
    let unused = [(Lint::Unused, Severity::Low)];
    assert_eq!(told(None), unused);
    assert_eq!(told(Some(used(days(90), 4))), []);
    let one_more = Timestamp::from_seconds(days(90).as_seconds() - 1);
    assert_eq!(told(Some(used(one_more, 4))), unused);
    assert_eq!(told(Some(used(NOW, 5))), [(Lint::Shared, Severity::High)]);
    // What was seen once is not held against a key for ever: 7 days.
    let reported = |at| told(Some(Usage { addresses_at: Some(at), ..used(NOW, 5) }));
    assert_eq!(reported(days(7)), [(Lint::Shared, Severity::High)]);
    assert_eq!(reported(Timestamp::from_seconds(days(7).as_seconds() - 1)), []);
}

#[test]
fn each_warning_has_a_number_and_a_text_of_its_own() {
    let ids: Vec<_> = Lint::ALL.iter().map(|lint| lint.id()).collect();
    let numbered: Vec<_> = (1..=13).map(|n| format!("W{n:02}")).collect();
    assert_eq!(ids, numbered);
    let texts: std::collections::BTreeSet<_> = Lint::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), Lint::ALL.len());
}
