//! A session from one request to the next.

use super::*;

#[test]
fn a_session_lets_its_user_in_and_its_cookie_goes_no_further() {
    let mut site = Site::new(&usual());
    let cookie = site.log_in(KEY);
    let answer = site.ask(&[("cookie", &format!("a=1; {cookie}; b=2"))]);
    assert_eq!(answer.user(), Some("ann@acme.example"));
    let Answer::Seen(fields) = &answer else { panic!("{answer:?}") };
    assert_eq!(value(fields, "cookie"), Some("a=1; b=2"));
    assert_eq!(site.answer(200, None), Passed { cookie: None, is_made_private: true });
}

#[test]
fn a_session_is_renewed_after_half_of_its_idle_time_by_an_answer_that_is_no_failure() {
    let mut site = Site::new(&usual());
    let cookie = site.log_in(KEY);
    site.pass(900);
    assert!(site.visit(&cookie).user().is_some());
    assert_eq!(site.answer(200, None).cookie, None);
    site.pass(1);
    for (status, is_renewed) in [(200, true), (302, true), (404, false), (500, false)] {
        assert!(site.visit(&cookie).user().is_some());
        assert_eq!(site.answer(status, None).cookie.is_some(), is_renewed, "{status}");
    }
    site.visit(&cookie);
    let renewed = site.answer(200, None).cookie.unwrap();
    assert!(renewed.ends_with("Max-Age=1800"), "{renewed}");
    site.pass(1799);
    assert_eq!(site.visit(&cookie).told(), (401, "appkey_missing"));
    assert!(site.visit(&sent_back(&renewed)).user().is_some());
    site.pass(1);
    assert_eq!(site.visit(&sent_back(&renewed)).told(), (401, "appkey_missing"));
}

#[test]
fn no_session_is_renewed_past_its_absolute_limit_or_the_end_of_its_key() {
    let settings = json!({ "idle": "10m", "absolute": "25m" });
    let mut site = Site::new(&document(&ann_and_bob(), settings));
    let mut cookie = site.log_in(KEY);
    for (seconds, max_age) in [(400, "Max-Age=600"), (500, "Max-Age=600")] {
        site.pass(seconds);
        assert!(site.visit(&cookie).user().is_some());
        let renewed = site.answer(200, None).cookie.unwrap();
        assert!(renewed.ends_with(max_age), "{renewed}");
        cookie = sent_back(&renewed);
    }
    site.pass(599);
    assert!(site.visit(&cookie).user().is_some());
    assert_eq!(site.answer(200, None).cookie, None);
    site.pass(1);
    assert_eq!(site.visit(&cookie).told(), (401, "appkey_missing"));
}

#[test]
fn an_unsafe_request_by_a_session_must_come_from_a_page_of_its_own() {
    let mut site = Site::new(&usual());
    let cookie = site.log_in(KEY);
    let cookie = ("cookie", cookie.as_str());
    let post = (":method", "POST");
    let upgrade = ("upgrade", "websocket");
    let own = ("origin", "https://api.example");
    let foreign = ("origin", "https://evil.example");
    let token = ("x-xsrf-token", "TWX-XSRF-TOKEN-VALUE");
    for fields in [
        &[post][..],
        &[post, foreign],
        &[upgrade, foreign],
        &[post, ("sec-fetch-site", "cross-site"), token],
        &[post, ("x-xsrf-token", "")],
    ] {
        let answer = site.ask(&[&[cookie], fields].concat());
        assert_eq!(answer.told(), (403, "origin_unproven"), "{fields:?}");
        assert_eq!(answer.header("set-cookie"), None, "{fields:?}");
    }
    for fields in [
        &[post, own][..],
        &[upgrade, own],
        &[post, ("sec-fetch-site", "same-origin")],
        &[post, token],
        &[foreign],
    ] {
        let answer = site.ask(&[&[cookie], fields].concat());
        assert_eq!(answer.user(), Some("ann@acme.example"), "{fields:?}");
    }
    // A key is presented on purpose.
    assert!(site.ask(&[post, foreign, ("appkey", KEY)]).user().is_some());
}

#[test]
fn a_key_or_a_token_beside_a_session_decides_alone_and_leaves_the_cookie_as_it_is() {
    let (document, bearer) = with_tokens(&Mint::new());
    let mut site = Site::new(&document);
    let bob = site.log_in(OTHER);
    for cookie in [bob.as_str(), "__Host-gwsession=bad"] {
        for by in [("appkey", KEY), ("authorization", bearer.as_str())] {
            assert_eq!(site.ask(&[by, ("cookie", cookie)]).user(), Some("ann@acme.example"));
            assert_eq!(site.answer(200, None).cookie, None);
        }
        let bad = site.ask(&[("appkey", "nobody's"), ("cookie", cookie)]);
        assert_eq!(bad.told(), (401, "appkey_unknown"));
        assert_eq!(bad.header("set-cookie"), None);
    }
}

#[test]
fn answers_to_keys_and_sessions_are_for_one_caller() {
    let (document, bearer) = with_tokens(&Mint::new());
    let mut site = Site::new(&document);
    let cookie = site.log_in(KEY);
    for by in [("appkey", KEY), ("cookie", cookie.as_str())] {
        for (stated, is_made_private) in
            [(None, true), (Some("public, max-age=60"), false), (Some(""), true)]
        {
            site.ask(&[by]);
            let expected = Passed { cookie: None, is_made_private };
            assert_eq!(site.answer(200, stated), expected, "{stated:?}");
        }
    }
    // With a cookie of ours no shared cache may store it, whatever the upstream says.
    for (stated, is_made_private) in [
        (None, true),
        (Some("public, max-age=60"), true),
        (Some("no-cache"), true),
        (Some("private=\"x\""), true),
        (Some("max-age=5, Private"), false),
        (Some("No-Store"), false),
    ] {
        site.ask(&[("appkey", KEY), FLAG]);
        let passed = site.answer(200, stated);
        assert_eq!((passed.cookie.is_some(), passed.is_made_private), (true, is_made_private));
    }
    site.ask(&[("authorization", &bearer)]);
    assert!(!site.gateway.is_watched(site.last));
    site.ask(&[(":path", "/open/1")]);
    assert!(!site.gateway.is_watched(site.last));
}

#[test]
fn a_session_can_be_bound_to_the_address_that_opened_it() {
    let settings = json!({ "bind_address": true });
    let mut site = Site::new(&document(&ann_and_bob(), settings));
    let cookie = site.log_in(KEY);
    assert!(site.visit(&cookie).user().is_some());
    for source in [Some("10.1.2.4"), None] {
        site.source = source.map(|text| text.parse().unwrap());
        let answer = site.visit(&cookie);
        assert_eq!(answer.told(), (401, "appkey_missing"), "{source:?}");
        assert_eq!(answer.header("set-cookie"), Some(CLEARED));
    }
    assert_eq!(site.ask(&[("appkey", KEY), FLAG]).told(), (403, "session_address_unknown"));
    site.source = Some("::ffff:10.1.2.3".parse().unwrap());
    assert!(site.visit(&cookie).user().is_some());
    let mut free = Site::new(&usual());
    let cookie = free.log_in(KEY);
    free.source = None;
    assert!(free.visit(&cookie).user().is_some());
}

#[test]
fn a_retired_signing_key_still_verifies_and_the_new_one_signs() {
    let keys = |names: &[(&str, &str)]| {
        let keys = names.iter().map(|(id, env)| json!({ "id": id, "secret_env": env }));
        json!({ "keys": keys.collect::<Vec<_>>() })
    };
    let mut site = Site::new(&document(&ann_and_bob(), keys(&[("2025", "OLD")])));
    let old = site.log_in(KEY);
    let both = keys(&[("2026", "NEW"), ("2025", "OLD")]);
    let mut site = site.changed(&document(&ann_and_bob(), both));
    assert!(site.visit(&old).user().is_some());
    assert!(site.log_in(KEY).starts_with("__Host-gwsession=v1.2026."));
    site.pass(901);
    site.visit(&old);
    let renewed = sent_back(&site.answer(200, None).cookie.unwrap());
    assert!(renewed.starts_with("__Host-gwsession=v1.2026."), "{renewed}");
    let mut site = site.changed(&document(&ann_and_bob(), keys(&[("2026", "NEW")])));
    let answer = site.visit(&old);
    assert_eq!(answer.told(), (401, "appkey_missing"));
    assert_eq!(answer.header("set-cookie"), Some(CLEARED));
    assert!(site.visit(&renewed).user().is_some());
}

#[test]
fn nothing_is_kept_for_a_request_that_has_ended() {
    let mut site = Site::new(&usual());
    site.log_in(KEY);
    assert!(!site.gateway.is_watched(site.last), "its answer has come");
    site.ask(&[("appkey", KEY)]);
    assert!(site.gateway.is_watched(site.last));
    site.gateway.unwatch(site.last);
    assert!(!site.gateway.is_watched(site.last));
}
