//! Sessions: signing, reading back, and what ends them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tenantgate::application_key::{
    Client, KeyHolder, KeyPlace, KeyRefused, KeyRules, KeySet, Session, SessionKey,
    SessionKeyError, SessionKeys, SessionLimits, SessionRefused, Use,
};
use tenantgate::time::Timestamp;

use super::{KEY, NOW, digest, plain_use, set, with};

const COOKIE: &str = "v1.2025a.eyJ2IjoxLCJrIjoicHVtcC0xNyIsImQiOiJhODA3ZWZhMWM4MTk3YWRhIiwiaWF0Ijox\
NzUwMDAwMDAwLCJleHAiOjE3NTAwMDE4MDAsImFicyI6MTc1MDAyODgwMH0.2GXAMIQEChHD6eEvi8vOvg_D1TR1pXd_EuxufVsIxgw";

fn signing() -> SessionKeys {
    SessionKeys::new(vec![SessionKey::new("2025a", (0x20..0x40).collect()).unwrap()]).unwrap()
}

fn record(members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members") };
    let mut record = with(json!({ "allow_session": true }));
    record.as_object_mut().unwrap().extend(members);
    record
}

fn keys() -> KeySet {
    set(&[record(json!({}))])
}

fn opened() -> Session {
    let keys = keys();
    let grant = KeyRules::default().judge(&keys, KEY.as_bytes(), &plain_use()).unwrap();
    let holder = KeyHolder::new(grant, KeyPlace::Header);
    Session::open(&holder, SessionLimits::default(), None, NOW).unwrap()
}

fn seconds(after: i64) -> Timestamp {
    Timestamp::from_seconds(NOW.as_seconds().checked_add_signed(after).unwrap())
}

#[test]
fn the_cookie_is_that_of_the_vector() {
    assert_eq!(signing().sign(&opened()).as_deref(), Some(COOKIE));
    assert_eq!(signing().verify(COOKIE.as_bytes(), NOW), Ok(opened()));
    assert!(opened().check(&keys(), &plain_use()).is_ok());
}

#[test]
fn what_a_cookie_says_is_read_back() {
    let bound = Session {
        epoch: 7,
        address: Some("2001:db8::1".parse().unwrap()),
        name: "a.B_c-9".into(),
        ..opened()
    };
    let cookie = signing().sign(&bound).unwrap();
    assert_eq!(signing().verify(cookie.as_bytes(), NOW), Ok(bound));
}

#[test]
fn every_tampered_byte_is_found() {
    let parts: Vec<&str> = COOKIE.split('.').collect();
    let [payload, mac] = [2, 3].map(|part| {
        let start = parts[..part].iter().map(|part| part.len() + 1).sum::<usize>();
        start..start + parts[part].len()
    });
    for at in payload.clone().chain(mac.clone()) {
        let mut cookie = COOKIE.as_bytes().to_vec();
        cookie[at] = if cookie[at] == b'A' { b'B' } else { b'A' };
        let refused = signing().verify(&cookie, NOW).unwrap_err();
        // The last character of the signature has two bits that must be zero.
        let expected = if at == mac.end - 1 {
            matches!(refused, SessionRefused::Mac | SessionRefused::Shape)
        } else {
            refused == SessionRefused::Mac
        };
        assert!(expected, "{at}: {refused:?}");
    }
}

#[test]
fn the_checks_of_a_cookie_come_in_their_order() {
    use SessionRefused::{AbsoluteEnd, IdleEnd, Mac, Shape, SigningKey};
    let at = |cookie: &str, now| signing().verify(cookie.as_bytes(), now).err();
    let unknown = COOKIE.replace("2025a", "2024a");
    let long = format!("{COOKIE}{}", "A".repeat(Session::LIMIT));
    let rows = [
        ("", Shape),
        ("v1", Shape),
        ("v1.2025a", Shape),
        ("v1.2025a.e30", Shape),
        (&COOKIE.replace("v1.", "v2."), Shape),
        (&format!("{COOKIE}."), Shape),
        (&format!("{COOKIE}="), Shape),
        (&format!("{COOKIE} "), Shape),
        (&long, Shape),
        (&unknown, SigningKey),
        ("v1.2025a.e30.AAAA", Mac),
        ("v1.2025a.e30.", Mac),
        ("v1.2025a..", Mac),
    ];
    for (cookie, expected) in rows {
        // Whether or not it would be too late as well.
        for now in [NOW, seconds(100_000)] {
            assert_eq!(at(cookie, now), Some(expected), "{cookie}");
        }
    }
    assert_eq!(at(COOKIE, seconds(1799)), None);
    assert_eq!(at(COOKIE, seconds(1800)), Some(IdleEnd));
    let idle_for_long = Session { idle_end: seconds(50_000), ..opened() };
    let cookie = signing().sign(&idle_for_long).unwrap();
    assert_eq!(at(&cookie, seconds(28_799)), None);
    assert_eq!(at(&cookie, seconds(28_800)), Some(AbsoluteEnd));
}

#[test]
fn only_payloads_of_ours_are_sessions_even_if_they_are_signed() {
    let secret = tenantgate::crypto::SharedSecret::new((0x20..0x40).collect());
    let signed = |payload: &str| {
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let mac = secret.hmac_sha256(format!("appkey-session.v1.2025a.{payload}").as_bytes());
        format!("v1.2025a.{payload}.{}", URL_SAFE_NO_PAD.encode(mac))
    };
    let good = r#"{"v":1,"k":"pump-17","d":"a807efa1c8197ada","iat":1750000000,"exp":1750001800,"abs":1750028800}"#;
    assert_eq!(signed(good), COOKIE);
    for bad in [
        "{}".to_owned(),
        "[]".to_owned(),
        "x".to_owned(),
        good.replace("\"v\":1", "\"v\":2"),
        good.replace("\"v\":1,", ""),
        good.replace("\"v\":1", "\"v\":1,\"v\":1"),
        good.replace("\"v\":1", "\"v\":1,\"x\":1"),
        good.replace("pump-17", "pump 17"),
        good.replace("a807efa1c8197ada", "a807efa1c8197ad"),
        good.replace("a807efa1c8197ada", "A807efa1c8197ada"),
        good.replace("1750028800", "1e300"),
        good.replace("1750028800", "-1"),
        good.replace("\"iat\":1750000000,", ""),
        good.replace("\"v\":1", "\"v\":1,\"ip\":\"here\""),
        good.replace("\"v\":1", "\"v\":1,\"e\":4294967296"),
    ] {
        let refused = signing().verify(signed(&bad).as_bytes(), NOW).err();
        assert_eq!(refused, Some(SessionRefused::Shape), "{bad}");
    }
}

#[test]
fn a_session_is_good_only_as_long_as_its_key_is() {
    let other = json!([{ "digest": digest("another"), "expires_at": "2026-06-15T00:00:00Z" }]);
    let ended = json!([{ "digest": digest(KEY), "expires_at": "2025-06-15T15:06:40Z" }]);
    let key = SessionRefused::Key;
    let rows = [
        (set(&[]), SessionRefused::KeyGone),
        (set(&[record(json!({ "name": "renamed" }))]), SessionRefused::KeyGone),
        (set(&[record(json!({ "secrets": other }))]), SessionRefused::KeyGone),
        (set(&[record(json!({ "user": "" }))]), key(KeyRefused::Record)),
        (set(&[record(json!({ "enabled": false }))]), key(KeyRefused::Disabled)),
        (set(&[record(json!({ "allow_session": false }))]), key(KeyRefused::Session)),
        (set(&[record(json!({ "session_epoch": 1 }))]), key(KeyRefused::SessionEpoch)),
        (set(&[record(json!({ "secrets": ended }))]), key(KeyRefused::Expired { expires_at: NOW })),
        (set(&[record(json!({ "ip_allow": ["192.0.2.1"] }))]), key(KeyRefused::Address)),
        (set(&[record(json!({ "routes": [{ "path_prefix": "/x" }] }))]), key(KeyRefused::Route)),
    ];
    for (keys, expected) in rows {
        assert_eq!(opened().check(&keys, &plain_use()).err(), Some(expected));
    }
    // A session was not opened in a URL now.
    let not_in_urls = set(&[record(json!({ "allow_query": false }))]);
    assert!(opened().check(&not_in_urls, &plain_use()).is_ok());
}

#[test]
fn a_session_follows_an_address_only_as_far_as_the_list_and_its_bond_let_it() {
    let keys = set(&[record(json!({ "ip_allow": ["10.1.2.*"] }))]);
    let from =
        |address: &str| Use { client: Client::At(Some(address.parse().unwrap())), ..plain_use() };
    assert!(opened().check(&keys, &from("10.1.2.200")).is_ok());
    let moved = opened().check(&keys, &from("10.1.3.1")).err();
    assert_eq!(moved, Some(SessionRefused::Key(KeyRefused::Address)));
    let bound = Session { address: Some("10.1.2.3".parse().unwrap()), ..opened() };
    assert!(bound.check(&keys, &from("::ffff:10.1.2.3")).is_ok());
    assert_eq!(bound.check(&keys, &from("10.1.2.4")).err(), Some(SessionRefused::AddressMoved));
    let unknown = Use { client: Client::At(None), ..plain_use() };
    assert_eq!(bound.check(&keys, &unknown).err(), Some(SessionRefused::AddressMoved));
}

#[test]
fn a_session_of_a_retiring_secret_ends_with_it() {
    let keys = set(&[record(json!({ "secrets": [
        { "digest": digest("new"), "expires_at": "2026-06-15T00:00:00Z" },
        { "digest": digest(KEY), "expires_at": "2025-06-15T15:07:40Z", "state": "retiring" },
    ] }))]);
    let at = |now| opened().check(&keys, &Use { now, ..plain_use() }).err();
    assert_eq!(at(seconds(59)), None);
    let expires_at = seconds(60);
    assert_eq!(at(seconds(60)), Some(SessionRefused::Key(KeyRefused::Expired { expires_at })));
}

#[test]
fn sessions_never_outlive_their_limits_or_their_secret() {
    let ends = |members: Value| {
        let keys = set(&[record(members)]);
        let grant = KeyRules::default().judge(&keys, KEY.as_bytes(), &plain_use()).unwrap();
        let holder = KeyHolder::new(grant, KeyPlace::Header);
        let session = Session::open(&holder, SessionLimits::default(), None, NOW)?;
        let after = |end: Timestamp| end.since(NOW).as_secs();
        Some((after(session.idle_end), after(session.absolute_end)))
    };
    let until = |end: &str| json!({ "secrets": [{ "digest": digest(KEY), "expires_at": end }] });
    assert_eq!(ends(json!({})), Some((1800, 28_800)));
    assert_eq!(ends(until("2025-06-15T16:06:40.9Z")), Some((1800, 3600)));
    assert_eq!(ends(until("2025-06-15T15:16:40Z")), Some((600, 600)));
    assert_eq!(ends(json!({ "allow_session": false })), None);
}

#[test]
fn a_session_is_renewed_after_half_of_its_idle_time_and_never_past_its_end() {
    let keys = keys();
    let renewed = |session: &Session, now: Timestamp| {
        let wanted = Use { now, ..plain_use() };
        let grant = session.check(&keys, &wanted).unwrap();
        session.renewed(&grant, SessionLimits::default(), now)
    };
    assert_eq!(renewed(&opened(), seconds(900)), None);
    let later = renewed(&opened(), seconds(901)).unwrap();
    assert_eq!(later, Session { idle_end: seconds(901 + 1800), ..opened() });
    let last = Session { idle_end: seconds(27_500), ..opened() };
    assert_eq!(renewed(&last, seconds(27_400)).map(|s| s.idle_end), Some(seconds(28_800)));
    let at_end = Session { idle_end: seconds(28_800), ..opened() };
    assert_eq!(renewed(&at_end, seconds(28_700)), None);
}

#[test]
fn the_first_key_signs_and_all_verify() {
    let key = |id: &str| SessionKey::new(id, vec![id.len() as u8; 32]).unwrap();
    let both = SessionKeys::new(vec![key("new"), key("older")]).unwrap();
    let old = SessionKeys::new(vec![key("older")]).unwrap();
    let new = SessionKeys::new(vec![key("new")]).unwrap();
    let cookie = old.sign(&opened()).unwrap();
    assert_eq!(both.verify(cookie.as_bytes(), NOW), Ok(opened()));
    assert_eq!(new.verify(cookie.as_bytes(), NOW), Err(SessionRefused::SigningKey));
    assert_eq!(both.sign(&opened()), new.sign(&opened()));
    // The id is signed as well.
    let swapped = cookie.replace("older", "new");
    assert_eq!(both.verify(swapped.as_bytes(), NOW), Err(SessionRefused::Mac));

    let long = SessionKey::new("a", vec![7; 32]).unwrap();
    assert_eq!(SessionKey::new("a", vec![7; 31]).err(), Some(SessionKeyError::TooShort));
    assert_eq!(SessionKey::new("a.b", vec![7; 32]).err(), Some(SessionKeyError::Id));
    assert_eq!(SessionKeys::new(vec![]).err(), Some(SessionKeyError::Empty));
    assert_eq!(SessionKeys::new(vec![long.clone(), long]).err(), Some(SessionKeyError::IdRepeated));
    let many = |count: usize| (0..count).map(|at| key(&format!("k{at}"))).collect();
    assert!(SessionKeys::new(many(4)).is_ok());
    assert_eq!(SessionKeys::new(many(5)).err(), Some(SessionKeyError::TooMany));
    assert_eq!(SessionLimits::default().idle, Duration::from_secs(1800));
}
