//! Sessions that keys open: their cookie, what it is good for, and what ends it.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tenantgate::application_key::{KeyDigest, Session, SessionKey, SessionKeys};
use tenantgate::time::Timestamp;

use super::exposure::{Spans, assert_absent, left_behind, talkative};
use super::serving::polling;
use super::store::Scripted;
use super::{
    GUID, KEY, OTHER, USER, because, digest, edit_manager, extend, forwarded, get, reasoned,
    record, refused, setup,
};
use crate::development::caller::Caller;
use crate::development::clock;
use crate::development::http_client::{Received, request};
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup, eventually};

const FLAG: (&str, &str) = ("x-thingworx-session", "true");
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const CLEARED: &str = "__Host-gwsession=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0";

/// A key that may open sessions.
fn opener(name: &str, key: &str, more: Value) -> Value {
    let mut record = record(name, key, json!({"allow_session": true}));
    extend(&mut record, &more);
    record
}

/// Lets keys open sessions, as if the listener had TLS.
fn with_sessions(mut setup: Setup, more: &Value) -> Setup {
    let keys = &mut setup.filter["application_keys"];
    keys["allow_query"] = json!(true);
    keys["session"] = json!({"keys": [
        {"id": "2025a", "secret_env": "SESSION_KEY"}, {"id": "2024z", "secret_env": "OLD_SESSION_KEY"},
    ]});
    extend(&mut keys["session"], more);
    setup.filter["identity_headers"]["credential_kind"] = json!("x-kind");
    setup.environment.push(("SESSION_KEY".to_owned(), SECRET.to_owned()));
    setup.environment.push(("OLD_SESSION_KEY".to_owned(), OLD_SECRET.to_owned()));
    edit_manager(&mut setup, |manager, _| {
        manager["scheme_header_transformation"] = json!({"scheme_to_overwrite": "https"});
    });
    setup
}

fn scene(records: &[Value]) -> Setup {
    with_sessions(setup(records, &json!({})), &json!({}))
}

/// What an answer sets as the cookie of a session: its value.
fn cookie_of(answer: &Received) -> Option<String> {
    let mut set = answer.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let value = String::from_utf8(set.next()?.1.to_vec()).unwrap();
    let (cookie, flags) = value.strip_prefix("__Host-gwsession=")?.split_once(';').unwrap();
    assert_eq!(flags, " Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1800", "{value}");
    Some(cookie.to_owned())
}

/// Opens a session by a key in its header.
fn open(lab: &Lab, key: &str) -> String {
    let answer = get(lab, "/things/1", &[("appkey", key), FLAG]);
    forwarded(&answer);
    cookie_of(&answer).expect("a cookie")
}

/// Asks with this cookie, which stands among others.
fn with_cookie(lab: &Lab, path: &str, cookie: &str) -> Received {
    get(lab, path, &[("cookie", &format!("a=1; __Host-gwsession={cookie}; b=2"))])
}

/// Asserts that the cookie is none: nobody on an open route, 401 elsewhere, and cleared on both.
fn assert_ended(lab: &Lab, cookie: &str, what: &str) {
    let answer = with_cookie(lab, "/things/1", cookie);
    assert_eq!(refused(&answer), (401, "app_key_missing".to_owned()), "{what}");
    assert_eq!(answer.field("set-cookie"), CLEARED, "{what}");
    let answer = with_cookie(lab, "/open/1", cookie);
    assert_eq!(seen(&forwarded(&answer), "x-user"), [""; 0], "{what}");
    assert_eq!(seen(&answer.json(), "cookie"), ["a=1; b=2"], "{what}");
    assert_eq!(answer.field("set-cookie"), CLEARED, "{what}");
}

fn assert_good(lab: &Lab, cookie: &str, what: &str) {
    let answer = with_cookie(lab, "/things/1", cookie);
    let echo = forwarded(&answer);
    assert_eq!(seen(&echo, "x-user"), [USER], "{what}");
    assert_eq!(seen(&echo, "x-kind"), ["session"], "{what}");
    assert_eq!(seen(&echo, "cookie"), ["a=1; b=2"], "{what}");
    assert_eq!(answer.field("cache-control"), "private", "{what}");
}

/// A session as the gateway would have signed it.
fn session() -> Session {
    let now = clock::now();
    let at = Timestamp::from_seconds;
    Session {
        name: "pump-17".into(),
        mark: KeyDigest::of(KEY.as_bytes()).mark(),
        issued_at: at(now - 60),
        idle_end: at(now + 1700),
        absolute_end: at(now + 8000),
        epoch: 0,
        address: None,
    }
}

fn signed(id: &str, secret: &str, session: &Session) -> String {
    let key = SessionKey::new(id, secret.as_bytes().to_vec()).unwrap();
    SessionKeys::new(vec![key]).unwrap().sign(session).unwrap()
}

#[test]
fn a_cookie_that_was_changed_or_has_ended_is_no_session() {
    let lab = scene(&[opener("pump-17", KEY, json!({}))]).start();
    let opened = open(&lab, KEY);
    assert_good(&lab, &opened, "as it was set");
    assert_good(&lab, &signed("2025a", SECRET, &session()), "signed here");
    assert_good(&lab, &signed("2024z", OLD_SECRET, &session()), "signed by the key before");

    let parts: Vec<&str> = opened.split('.').collect();
    let [version, id, payload, mac] = parts[..] else { panic!("{opened}") };
    let flipped = |text: &str| {
        let first = if text.starts_with('A') { 'B' } else { 'A' };
        format!("{first}{}", &text[1..])
    };
    let past = Timestamp::from_seconds(clock::now() - 1);
    let of_another = signed("2025a", SECRET, &Session { name: "pump-18".into(), ..session() });
    let another_payload = of_another.split('.').nth(2).unwrap();
    for (what, cookie) in [
        ("payload", format!("{version}.{id}.{}.{mac}", flipped(payload))),
        ("another payload", format!("{version}.{id}.{another_payload}.{mac}")),
        ("signature", format!("{version}.{id}.{payload}.{}", flipped(mac))),
        ("no signature", format!("{version}.{id}.{payload}.")),
        ("version", format!("v2.{id}.{payload}.{mac}")),
        ("signing key", format!("{version}.2023x.{payload}.{mac}")),
        ("another signing key", format!("{version}.2024z.{payload}.{mac}")),
        ("made up", "x".to_owned()),
        ("empty payload", format!("{version}.{id}..{mac}")),
        ("secret of nobody", signed("2025a", OLD_SECRET, &session())),
        ("idle", signed("2025a", SECRET, &Session { idle_end: past, ..session() })),
        ("absolute", signed("2025a", SECRET, &Session { absolute_end: past, ..session() })),
        ("name", of_another.clone()),
        ("epoch", signed("2025a", SECRET, &Session { epoch: 1, ..session() })),
        (
            "secret",
            signed("2025a", SECRET, &Session { mark: KeyDigest::of(b"x").mark(), ..session() }),
        ),
    ] {
        assert_ended(&lab, &cookie, what);
    }
    assert_good(&lab, &opened, "still");
    // Neither the cookie nor a part of it is a key.
    for value in [opened.as_str(), mac, payload] {
        let answer = get(&lab, "/things/1", &[("appkey", value)]);
        assert_eq!(refused(&answer).0, 401);
    }
    lab.assert_unharmed();
}

#[test]
fn whatever_ends_a_key_ends_its_sessions() {
    let store = Scripted::start();
    let there = json!({"ip_allow": ["127.0.0.1"], "session_epoch": 3});
    store.publish(1, &[opener("pump-17", KEY, there.clone())]);
    let lab = with_sessions(polling(store.address(), &json!({})), &json!({})).start();
    eventually("the key", || {
        (get(&lab, "/things/1", &[("appkey", KEY)]).status == 200).then_some(())
    });
    store.wait();
    let cookie = open(&lab, KEY);
    assert_good(&lab, &cookie, "opened");
    let with = |more: Value| {
        let mut record = opener("pump-17", KEY, there.clone());
        extend(&mut record, &more);
        vec![record]
    };
    let new = json!({"digest": digest(OTHER), "expires_at": "2099-01-01T00:00:00Z"});
    let mut serial = 1;
    for (what, keys) in [
        ("deleted", vec![]),
        ("disabled", with(json!({"enabled": false}))),
        ("epoch", with(json!({"session_epoch": 4}))),
        ("address", with(json!({"ip_allow": ["10.1.2.3"]}))),
        ("sessions", with(json!({"allow_session": false}))),
        ("rotated", with(json!({"secrets": [new]}))),
    ] {
        serial += 1;
        store.publish(serial, &keys);
        store.wait();
        assert_ended(&lab, &cookie, what);
        serial += 1;
        store.publish(serial, &with(json!({})));
        store.wait();
        assert_good(&lab, &cookie, what);
    }
    lab.assert_unharmed();
}

#[test]
fn a_page_that_is_loaded_by_a_key_is_found_again_without_it() {
    let lab =
        scene(&[opener("pump-17", KEY, json!({})), record("pump-18", GUID, json!({}))]).start();
    for (query, left) in [
        ("appKey=<key>&x-thingworx-session=true", ""),
        ("a=%2f&&appKey=<key>&b=+&x-thingworx-session=TRUE&c", "?a=%2f&&b=+&c"),
        ("x-thingworx-session=true&app%4Bey=<key>&q=appKey", "?q=appKey"),
    ] {
        let target = format!("/things/1?{}", query.replace("<key>", KEY));
        let answer = get(&lab, &target, &[HTML]);
        assert_eq!(answer.status, 303, "{query}: {}", answer.text());
        assert_eq!(answer.field("location"), format!("/things/1{left}"));
        assert_eq!(answer.field("cache-control"), "no-store");
        assert_eq!(answer.field("referrer-policy"), "no-referrer");
        let cookie = cookie_of(&answer).expect("a cookie");
        assert!(!format!("{:?}{}", answer.fields, answer.text()).contains(&KEY[8..]));
        assert_good(&lab, &cookie, query);
    }
    let good = format!("/things/1?appKey={KEY}&x-thingworx-session=true");
    // What is no page load goes on, with the cookie beside the answer.
    for fields in [vec![], vec![("accept", "application/json")]] {
        let answer = get(&lab, &good, &fields);
        assert_eq!(forwarded(&answer)["path"], "/things/1");
        assert!(cookie_of(&answer).is_some());
        assert_eq!(answer.field("cache-control"), "private");
    }
    lab.upstream.set_status(404);
    let answer = get(&lab, "/things/1", &[("appkey", KEY), FLAG]);
    assert_eq!((answer.status, cookie_of(&answer)), (404, None));
    lab.upstream.set_status(200);
    // Nobody asked for one, or only half-heartedly.
    for flag in ["false", "1", ""] {
        let answer = get(&lab, "/things/1", &[("appkey", KEY), ("x-thingworx-session", flag)]);
        assert_eq!(seen(&forwarded(&answer), "x-thingworx-session"), [""; 0]);
        assert_eq!(cookie_of(&answer), None, "{flag}");
    }
    let fields = [("appkey", GUID), FLAG, ("x-case", "not-allowed")];
    assert_eq!(
        reasoned(&lab, "not-allowed", &get(&lab, "/things/1", &fields)),
        because(403, "session_not_allowed", "appkey_session")
    );
    lab.assert_unharmed();
}

#[test]
fn no_session_is_opened_over_plain_http_unless_that_is_chosen() {
    let plain = |more: &Value| {
        let mut setup =
            with_sessions(setup(&[opener("pump-17", KEY, json!({}))], &json!({})), more);
        edit_manager(&mut setup, |manager, _| {
            manager.as_object_mut().unwrap().remove("scheme_header_transformation");
        });
        setup.start()
    };
    let lab = plain(&json!({}));
    let target = format!("/things/1?appKey={KEY}");
    for (path, fields) in [
        ("/things/1", vec![("appkey", KEY), FLAG]),
        ("/things/1", vec![("appkey", KEY), FLAG, ("x-forwarded-proto", "https")]),
        (&target, vec![FLAG, HTML]),
    ] {
        let answer = get(&lab, path, &fields);
        assert_eq!(refused(&answer), (403, "session_needs_https".to_owned()));
        assert_eq!(answer.field("set-cookie"), "");
    }
    assert_eq!(lab.upstream.requests(), 0);
    let lab = plain(&json!({"insecure": true}));
    let answer = get(&lab, "/things/1", &[("appkey", KEY), FLAG]);
    forwarded(&answer);
    let (cookie, flags) = answer.field("set-cookie").split_once(';').unwrap();
    assert_eq!(flags, " Path=/; HttpOnly; SameSite=Lax; Max-Age=1800");
    assert!(cookie.starts_with("gwsession=v1."), "{cookie}");
    assert_eq!(get(&lab, "/things/1", &[("cookie", cookie)]).status, 200);
}

#[test]
fn a_link_logs_nobody_in_as_somebody_else() {
    let records = [
        opener("mine", KEY, json!({})),
        opener("again", GUID, json!({})),
        opener("attackers", OTHER, json!({"user": "user-of-kim"})),
    ];
    let lab = scene(&records).start();
    let cookie = format!("__Host-gwsession={}", open(&lab, KEY));
    let link = |key: &str| format!("/things/1?appKey={key}&x-thingworx-session=true");
    for fields in [vec![HTML], vec![]] {
        let fields = [fields, vec![("cookie", cookie.as_str()), ("x-case", "link")]].concat();
        let answer = get(&lab, &link(OTHER), &fields);
        assert_eq!(refused(&answer), (409, "session_of_another_user".to_owned()));
        assert_eq!(answer.field("set-cookie"), "");
    }
    assert_eq!(lab.reason("link"), "session_of_another_user");
    // The same user, no session, or one that has ended: then the link works.
    let ended = signed("2025a", SECRET, &Session { epoch: 9, ..session() });
    let ended = format!("__Host-gwsession={ended}");
    for (key, cookie) in
        [(KEY, Some(&cookie)), (GUID, Some(&cookie)), (OTHER, None), (OTHER, Some(&ended))]
    {
        let mut fields = vec![HTML];
        fields.extend(cookie.map(|cookie| ("cookie", cookie.as_str())));
        let answer = get(&lab, &link(key), &fields);
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert!(cookie_of(&answer).is_some());
    }
    // No page of another origin can have a browser send the header.
    let answer = get(&lab, "/things/1", &[("appkey", OTHER), FLAG, ("cookie", &cookie)]);
    assert_eq!(seen(&forwarded(&answer), "x-user"), ["user-of-kim"]);
    assert!(cookie_of(&answer).is_some());
    lab.assert_unharmed();
}

#[test]
fn a_session_beside_a_key_or_a_token_is_ignored_and_alone_it_needs_its_own_origin_to_change_something()
 {
    let records =
        [opener("mine", KEY, json!({})), record("kim", OTHER, json!({"user": "user-of-kim"}))];
    let lab = scene(&records).start();
    let cookie = format!("__Host-gwsession={}", open(&lab, KEY));
    let own = ("cookie", cookie.as_str());
    let echo = forwarded(&get(&lab, "/things/1", &[("appkey", OTHER), own]));
    assert_eq!(seen(&echo, "x-user"), ["user-of-kim"]);
    assert_eq!(seen(&echo, "cookie"), [""; 0]);
    let answer = get(&lab, "/things/1", &[("appkey", super::numbered(1).as_str()), own]);
    assert_eq!(refused(&answer), (401, "app_key_invalid".to_owned()));
    let bearer = format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("beta")));
    let echo = forwarded(&get(&lab, "/things/1", &[("authorization", &bearer), own]));
    assert_eq!(seen(&echo, "x-tenant"), ["beta"]);
    assert_eq!(refused(&get(&lab, "/things/1", &[("authorization", "Bearer x"), own])).0, 401);

    for (fields, status) in [
        (vec![], 403),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-origin")], 200),
        (vec![("origin", "https://gateway.example")], 200),
    ] {
        let fields = [fields, vec![own]].concat();
        let answer = lab.send(&request("POST", "/things/1", &fields, ""));
        assert_eq!(answer.status, status, "{fields:?}");
        let answer = lab.send(&request("POST", "/.gateway/logout", &fields, ""));
        assert_eq!(answer.status, if status == 200 { 204 } else { 403 }, "{fields:?}");
        assert_eq!(answer.field("set-cookie"), if status == 200 { CLEARED } else { "" });
    }
    lab.assert_unharmed();
}

#[test]
fn a_session_that_is_bound_to_an_address_is_good_there_alone() {
    let records = [opener("pump-17", KEY, json!({}))];
    let mut setup = with_sessions(setup(&records, &json!({})), &json!({"bind_address": true}));
    edit_manager(&mut setup, |manager, _| manager["xff_num_trusted_hops"] = json!(1));
    let lab = setup.start();
    let from = |address: &str, more: &[(&str, &str)]| {
        get(&lab, "/things/1", &[&[("x-forwarded-for", address)], more].concat())
    };
    let cookie = cookie_of(&from("10.1.2.3", &[("appkey", KEY), FLAG])).expect("a cookie");
    let cookie = format!("__Host-gwsession={cookie}");
    assert_eq!(from("10.1.2.3", &[("cookie", &cookie)]).status, 200);
    assert_eq!(from("10.1.2.4", &[("cookie", &cookie)]).status, 401);
    assert_eq!(from("10.1.2.3, 10.1.2.4", &[("cookie", &cookie)]).status, 401);
    let elsewhere: IpAddr = "10.9.9.9".parse().unwrap();
    let moved = signed("2025a", SECRET, &Session { address: Some(elsewhere), ..session() });
    let moved = format!("__Host-gwsession={moved}");
    assert_eq!(from("10.1.2.3", &[("cookie", &moved)]).status, 401);
    assert_eq!(from("10.9.9.9", &[("cookie", &moved)]).status, 200);
}

#[test]
fn neither_key_nor_cookie_of_a_session_is_in_anything_that_a_run_leaves_behind() {
    let spans = Spans::start();
    let mut setup = with_sessions(talkative(&spans, &json!({})), &json!({}));
    let keys = setup.filter["application_keys"]["inline"]["keys"].as_array_mut().unwrap();
    keys[0]["allow_session"] = json!(true);
    let lab = setup.start();
    assert_eq!(lab.envoy.admin("POST", "/logging?wasm=trace").unwrap().status, 200);
    let link = format!("/things/1?appKey={KEY}&x-thingworx-session=true&a=%41");
    let opened = get(&lab, &link, &[HTML, ("x-case", "opened")]);
    let cookie = cookie_of(&opened).expect("a cookie");
    let refused_link = format!("/things/1?appKey={OTHER}&x-thingworx-session=true");
    let header = format!("a=1; __Host-gwsession={cookie}");
    let tampered = format!("{header}A");
    let referer = format!("https://gateway.example{link}");
    let mut answers = vec![(
        "location".to_owned(),
        Received {
            fields: vec![("location".into(), opened.field("location").as_bytes().to_vec())],
            ..opened.clone()
        },
    )];
    for (case, method, path, value) in [
        ("used", "GET", "/things/1", &header),
        ("tampered", "GET", "/things/1", &tampered),
        ("origin", "POST", "/things/1", &header),
        ("nowhere", "GET", "/nowhere", &header),
        ("conflict", "GET", refused_link.as_str(), &header),
        ("logout", "POST", "/.gateway/logout", &header),
        ("public", "GET", "/public/1", &header),
    ] {
        let fields = [("cookie", value.as_str()), ("x-case", case), ("referer", &referer)];
        answers.push((case.to_owned(), lab.send(&request(method, path, &fields, ""))));
    }
    assert_eq!(lab.second_log(8).len(), 8);
    eventually("spans", || spans.text().contains("logout").then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    let left = left_behind(&lab, &spans, &answers);
    let (payload, mac) = cookie.rsplit_once('.').unwrap();
    assert_absent(
        &left,
        &[KEY, OTHER, &payload[payload.len() - 24..], &mac[..24], SECRET, OLD_SECRET],
    );
    assert!(left[1].1.contains(r#""cookie":"a=1""#), "{}", left[1].1);
}

const SECRET: &str = "a-secret-of-sessions-for-tests-that-is-long-enough";
const OLD_SECRET: &str = "the-secret-of-sessions-for-tests-that-was-used-before";
