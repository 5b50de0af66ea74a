//! What a presented key grants.

use serde_json::{Value, json};
use tenantgate::application_key::{
    Asked, Client, KeyCode, KeyDigest, KeyPlace, KeyPrefix, KeyRefused, KeyRules, Pepper, PepperId,
    Peppers, StatedDigest, Use,
};
use tenantgate::tenancy::{SubtenantId, Tenancy, TenantId};
use tenantgate::time::{Leeway, Timestamp};

use super::{KEY, NOW, digest, plain, plain_use, set, with, with_secret};

const END: Timestamp = Timestamp::from_seconds(1_781_481_600);

fn refused(record: &Value, wanted: &Use<'_>) -> Option<KeyRefused> {
    let set = set(std::slice::from_ref(record));
    let verdict = KeyRules::default().judge(&set, KEY.as_bytes(), wanted);
    verdict.err().map(|refusal| refusal.refused)
}

#[test]
fn a_grant_says_what_the_record_says() {
    let record = with(json!({
        "tenant": "acme", "subtenant": "hall-b", "scopes": ["a", "b"], "roles": ["edge"],
        "tags": ["site:hamburg"], "allow_session": true, "session_epoch": 3,
    }));
    let set = set(&[record]);
    let grant = KeyRules::default().judge(&set, KEY.as_bytes(), &plain_use()).unwrap();
    assert_eq!((grant.name, grant.user), ("pump-17", "edge-pump-17"));
    let (tenant, subtenant) = (TenantId::parse("acme"), SubtenantId::parse("hall-b"));
    assert_eq!(grant.tenancy, Tenancy::Subtenant(tenant.unwrap(), subtenant.unwrap()));
    assert!(grant.scopes.iter().eq(["a", "b"]) && grant.roles.iter().eq(["edge"]));
    assert!(grant.tags.iter().eq(["site:hamburg"]));
    assert_eq!((grant.expires_at, grant.allows_session, grant.session_epoch), (END, true, 3));
    assert_eq!(grant.mark, KeyDigest::of(KEY.as_bytes()).mark());
}

#[test]
fn times_are_kept_to_the_exact_millisecond() {
    let window = with_secret(json!({
        "not_before": "2025-06-15T15:06:40Z", "expires_at": "2026-06-15T00:00:00Z",
    }));
    let at =
        |millis: u64| refused(&window, &Use { now: Timestamp::from_millis(millis), ..plain_use() });
    let (start, end) = (NOW.as_millis(), END.as_millis());
    assert_eq!(at(start - 1), Some(KeyRefused::NotYetValid { not_before: NOW }));
    assert_eq!(at(start), None);
    assert_eq!(at(end - 1), None);
    assert_eq!(at(end), Some(KeyRefused::Expired { expires_at: END }));

    let leeway = Leeway::new(std::time::Duration::from_secs(60)).unwrap();
    let at = |millis: u64| {
        refused(&window, &Use { now: Timestamp::from_millis(millis), leeway, ..plain_use() })
    };
    assert_eq!(at(end + 59_999), None);
    assert_eq!(at(end + 60_000), Some(KeyRefused::Expired { expires_at: END }));
    assert_eq!(at(start - 60_000), None);
    assert_eq!(at(start - 60_001), Some(KeyRefused::NotYetValid { not_before: NOW }));
}

#[test]
fn a_key_without_an_end_ends_24_hours_after_it_was_made() {
    let record = with_secret(json!({ "created_at": "2025-06-15T15:06:40Z" }));
    let end = NOW + std::time::Duration::from_secs(86_400);
    let at = |now| refused(&record, &Use { now, ..plain_use() });
    assert_eq!(at(end.before(std::time::Duration::from_millis(1))), None);
    assert_eq!(at(end), Some(KeyRefused::Expired { expires_at: end }));
}

#[test]
fn each_row_of_the_address_table_is_decided_on_the_record() {
    let rows = [
        (json!([]), Some("203.0.113.9"), true),
        (json!([]), None, true),
        (json!(["10.1.2.3"]), Some("10.1.2.3"), true),
        (json!(["10.1.2.3", "192.168.7.*"]), Some("192.168.7.200"), true),
        (json!(["10.1.*"]), Some("10.1.255.1"), true),
        (json!(["10.1.*.*"]), Some("10.2.0.1"), false),
        (json!(["2001:db8::/32"]), Some("2001:db8:9::1"), true),
        (json!(["2001:db8::/32"]), Some("2001:db9::1"), false),
        (json!(["10.0.0.0/8"]), Some("::ffff:10.9.9.9"), true),
        (json!(["10.0.0.5-10.0.0.9"]), Some("10.0.0.10"), false),
        (json!(["*"]), Some("2001:db8::1"), true),
        (json!(["*"]), None, false),
        (json!(["10.1.2.3"]), None, false),
    ];
    for (list, client, expected) in rows {
        let record = with(json!({ "ip_allow": list }));
        let address = client.map(|client| client.parse().unwrap());
        let verdict = refused(&record, &Use { client: Client::At(address), ..plain_use() });
        assert_eq!(verdict, (!expected).then_some(KeyRefused::Address), "{list} {client:?}");
    }
    let malformed = with(json!({ "ip_allow": ["10.1.2.3;10.1.2.4"] }));
    assert_eq!(refused(&malformed, &plain_use()), Some(KeyRefused::Record));
}

#[test]
fn the_first_thing_wrong_is_what_is_said() {
    // All wrong; each step mends what was said last.
    let expired = json!([{ "digest": digest(KEY), "expires_at": "2025-06-15T15:06:40Z" }]);
    let mut record = with(json!({
        "user": "", "enabled": false, "secrets": expired, "ip_allow": ["192.0.2.1"],
        "allow_query": false, "routes": [{ "path_prefix": "/other" }],
    }));
    let wanted = Use { from: KeyPlace::Query, ..plain_use() };
    let steps = [
        (KeyRefused::Record, json!({ "user": "u" })),
        (KeyRefused::Disabled, json!({ "enabled": true })),
        (KeyRefused::Expired { expires_at: NOW }, json!({ "secrets": plain()["secrets"] })),
        (KeyRefused::Address, json!({ "ip_allow": [] })),
        (KeyRefused::InUrl, json!({ "allow_query": true })),
        (KeyRefused::Route, json!({ "routes": [] })),
    ];
    for (expected, mended) in steps {
        assert_eq!(refused(&record, &wanted), Some(expected));
        let Value::Object(mended) = mended else { panic!("members") };
        record.as_object_mut().unwrap().extend(mended);
    }
    assert_eq!(refused(&record, &wanted), None);
}

#[test]
fn a_record_that_says_nothing_of_urls_follows_the_defaults_and_the_filter() {
    let in_url = Use { from: KeyPlace::Query, ..plain_use() };
    assert_eq!(refused(&plain(), &in_url), None);
    assert_eq!(refused(&with(json!({ "allow_query": false })), &in_url), Some(KeyRefused::InUrl));
    assert_eq!(refused(&with(json!({ "allow_query": false })), &plain_use()), None);
}

#[test]
fn routes_limit_a_key() {
    let record = with(json!({ "routes": [
        { "methods": ["GET", "PUT"], "path_prefix": "/Thingworx/Things/Pump17/" },
        { "path_prefix": "/status", "hosts": ["*.acme.example"] },
    ] }));
    let rows = [
        ("GET", "h", "/Thingworx/Things/Pump17/P", true),
        ("HEAD", "h", "/Thingworx/Things/Pump17/P", true),
        ("POST", "h", "/Thingworx/Things/Pump17/P", false),
        ("GET", "h", "/Thingworx/Things/Pump170/P", false),
        ("POST", "a.acme.example", "/status", true),
        ("POST", "acme.example", "/status", false),
        ("POST", "a.acme.example", "/statuses", false),
    ];
    for (method, host, path, expected) in rows {
        let asked = Asked { method, host, path };
        let verdict = refused(&record, &Use { asked, ..plain_use() });
        assert_eq!(verdict, (!expected).then_some(KeyRefused::Route), "{method} {host} {path}");
    }
}

#[test]
fn what_is_no_key_is_refused_before_it_is_looked_up() {
    let set = set(&[plain()]);
    let hex = digest(KEY);
    let rows: [(&[u8], KeyRefused); 8] = [
        (b"", KeyRefused::Format),
        (&[b'x'; 257], KeyRefused::Format),
        (&[b'x'; 256], KeyRefused::Unknown),
        (b"a b", KeyRefused::Format),
        (b"gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2k", KeyRefused::Checksum),
        (b"dV2j", KeyRefused::Unknown),
        (hex.as_bytes(), KeyRefused::Unknown),
        (hex.trim_start_matches("sha256:").as_bytes(), KeyRefused::Unknown),
    ];
    for (key, expected) in rows {
        let refusal = KeyRules::default().judge(&set, key, &plain_use()).unwrap_err();
        assert_eq!((refusal.refused, refusal.name), (expected, None), "{}", key.escape_ascii());
    }
}

#[test]
fn a_known_key_is_named_when_it_is_refused() {
    for record in [with(json!({ "enabled": false })), with(json!({ "user": "" }))] {
        let set = set(&[record]);
        let refusal = KeyRules::default().judge(&set, KEY.as_bytes(), &plain_use()).unwrap_err();
        assert_eq!(refusal.name, Some("pump-17"));
    }
}

#[test]
fn peppered_keys_need_their_pepper() {
    let pepper = |id| Pepper::new(id, (0..32).collect()).unwrap();
    let id = PepperId::parse("p1").unwrap();
    let stated =
        StatedDigest::HmacSha256(id, KeyDigest::with_pepper(KEY.as_bytes(), &pepper("p1")));
    let secret = json!({ "digest": stated.text(), "expires_at": "2026-06-15T00:00:00Z" });
    let set = set(&[with(json!({ "secrets": [secret] }))]);
    let judge = |peppers: Vec<Pepper>| {
        let rules = KeyRules { peppers: Peppers::new(peppers).unwrap(), ..KeyRules::default() };
        rules
            .judge(&set, KEY.as_bytes(), &plain_use())
            .map(|grant| grant.name)
            .map_err(|r| r.refused)
    };
    assert_eq!(judge(vec![pepper("p1")]), Ok("pump-17"));
    let other = Pepper::new("p0", vec![9; 32]).unwrap();
    assert_eq!(judge(vec![other.clone(), pepper("p1")]), Ok("pump-17"));
    assert_eq!(judge(vec![other]), Err(KeyRefused::Unknown));
    assert_eq!(judge(Vec::new()), Err(KeyRefused::Unknown));
}

#[test]
fn logs_know_a_key_by_the_same_digest_whether_it_is_let_in_or_not() {
    let pepper = Pepper::new("p1", (0..32).collect()).unwrap();
    let peppered = KeyDigest::with_pepper(KEY.as_bytes(), &pepper);
    let stated = StatedDigest::HmacSha256(pepper.id().clone(), peppered);
    let secret = json!({ "digest": stated.text(), "expires_at": "2026-06-15T00:00:00Z" });
    let rules = KeyRules { peppers: Peppers::new(vec![pepper]).unwrap(), ..KeyRules::default() };
    let of = |more: serde_json::Value| {
        let mut record = with(json!({ "secrets": [secret.clone()] }));
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let set = set(&[record]);
        let judged = rules.judge(&set, KEY.as_bytes(), &plain_use());
        judged.map(|grant| grant.mark).map_err(|refusal| refusal.mark)
    };
    assert_eq!(of(json!({})), Ok(peppered.mark()));
    assert_eq!(of(json!({ "enabled": false })), Err(Some(peppered.mark())));
    let others = set(&[plain()]);
    let mark = |key: &[u8]| rules.judge(&others, key, &plain_use()).unwrap_err().mark;
    assert_eq!(mark(b"another-key"), Some(KeyDigest::of(b"another-key").mark()));
    assert_eq!(mark(b"a,b"), None);
}

#[test]
fn a_key_that_leads_to_two_users_lets_none_in() {
    let pepper = Pepper::new("p1", (0..32).collect()).unwrap();
    let peppered = StatedDigest::HmacSha256(
        pepper.id().clone(),
        KeyDigest::with_pepper(KEY.as_bytes(), &pepper),
    );
    let secret = json!({ "digest": peppered.text(), "expires_at": "2026-06-15T00:00:00Z" });
    let set = set(&[plain(), with(json!({ "name": "other", "secrets": [secret] }))]);
    let rules = KeyRules { peppers: Peppers::new(vec![pepper]).unwrap(), ..KeyRules::default() };
    let refusal = rules.judge(&set, KEY.as_bytes(), &plain_use()).unwrap_err();
    assert_eq!(refusal.refused, KeyRefused::Record);
}

#[test]
fn only_what_the_holder_may_know_is_told_apart() {
    let (not_before, expires_at) = (NOW, NOW);
    let rows = [
        (KeyRefused::Address, KeyCode::Invalid, "appkey_ip"),
        (KeyRefused::Checksum, KeyCode::Invalid, "appkey_checksum"),
        (KeyRefused::Disabled, KeyCode::Invalid, "appkey_disabled"),
        (KeyRefused::Expired { expires_at }, KeyCode::Expired, "appkey_expired"),
        (KeyRefused::Format, KeyCode::Invalid, "appkey_format"),
        (KeyRefused::InUrl, KeyCode::InUrl, "appkey_in_url"),
        (KeyRefused::NotYetValid { not_before }, KeyCode::Invalid, "appkey_not_before"),
        (KeyRefused::Record, KeyCode::Invalid, "appkey_record"),
        (KeyRefused::Route, KeyCode::NotAllowed, "appkey_route"),
        (KeyRefused::Session, KeyCode::Invalid, "appkey_session"),
        (KeyRefused::SessionEpoch, KeyCode::Invalid, "appkey_session_epoch"),
        (KeyRefused::Unknown, KeyCode::Invalid, "appkey_unknown"),
    ];
    for (refused, code, reason) in rows {
        assert_eq!((refused.code(), refused.reason()), (code, reason));
    }
    assert_eq!(KeyPrefix::default().as_str(), KeyPrefix::DEFAULT);
}
