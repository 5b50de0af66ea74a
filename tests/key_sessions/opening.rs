//! Who gets a session, and with which answer.

use super::*;

#[test]
fn a_key_opens_a_session_only_for_the_flag_as_it_is_spelt() {
    let mut site = Site::new(&usual());
    for (value, is_asked) in [
        ("true", true),
        ("True", true),
        (" TRUE ", true),
        ("false", false),
        ("1", false),
        ("yes", false),
        ("", false),
        ("true, true", false),
    ] {
        let answer = site.ask(&[("appkey", KEY), ("X-ThingWorx-Session", value)]);
        assert_eq!(answer.user(), Some("ann@acme.example"), "{value}");
        assert_eq!(site.answer(200, None).cookie.is_some(), is_asked, "{value}");
    }
    for (query, is_asked) in [
        ("?x-thingworx-session=true", true),
        ("?a&x%2Dthingworx-session=%54rue&b", true),
        ("?x-thingworx-session=false", false),
        ("?x-thingworx-session", false),
        ("?X-Thingworx-Session=true", false),
        ("?x-thingworx-session=true&x-thingworx-session=false", false),
    ] {
        let path = format!("/things/1{query}");
        site.ask(&[("appkey", KEY), (":path", &path)]);
        assert_eq!(site.answer(200, None).cookie.is_some(), is_asked, "{query}");
    }
    site.ask(&[
        ("appkey", KEY),
        (":path", "/things/1?x-thingworx-session=true"),
        ("x-thingworx-session", "false"),
    ]);
    assert_eq!(site.answer(200, None).cookie, None);
}

#[test]
fn the_flag_and_the_key_are_cut_out_of_what_the_upstream_sees() {
    let mut site = Site::new(&usual());
    let path = format!("/things/1?a=%2f&x-thingworx-session=true&&b=+&appKey={KEY}&c");
    let answer = site.ask(&[(":path", &path), FLAG]);
    let Answer::Seen(fields) = &answer else { panic!("{answer:?}") };
    assert_eq!(value(fields, ":path"), Some("/things/1?a=%2f&&b=+&c"));
    assert_eq!(value(fields, FLAG.0), None);
    let mut passing = Site::new(&document(&ann_and_bob(), json!({ "forward_flag": true })));
    let answer = passing.ask(&[(":path", &path), FLAG]);
    let Answer::Seen(fields) = &answer else { panic!("{answer:?}") };
    assert_eq!(value(fields, ":path"), Some("/things/1?a=%2f&x-thingworx-session=true&&b=+&c"));
    assert_eq!(value(fields, FLAG.0), Some("true"));
    assert!(passing.answer(200, None).cookie.is_some());
}

#[test]
fn the_cookie_comes_with_an_answer_that_is_no_failure() {
    let mut site = Site::new(&usual());
    for (status, is_set) in [
        (101, true),
        (200, true),
        (304, true),
        (399, true),
        (400, false),
        (401, false),
        (503, false),
    ] {
        site.ask(&[("appkey", KEY), FLAG]);
        let passed = site.answer(status, None);
        assert_eq!(passed.cookie.is_some(), is_set, "{status}");
        assert!(passed.is_made_private, "{status}");
    }
    site.ask(&[("appkey", KEY), FLAG]);
    let cookie = site.answer(200, None).cookie.unwrap();
    let (value, attributes) = cookie.split_once(';').unwrap();
    assert!(value.starts_with("__Host-gwsession=v1.2026.ey"), "{value}");
    assert_eq!(attributes, " Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1800");
}

#[test]
fn a_session_lasts_no_longer_than_configured_or_than_its_key() {
    let end = |end: &str| {
        let digest = StatedDigest::Sha256(KeyDigest::of(KEY.as_bytes())).text();
        json!({ "secrets": [{ "digest": digest, "expires_at": end }] })
    };
    let settings = json!({ "idle": "10m", "absolute": "20m" });
    for (more, session, max_age) in [
        (json!({}), json!({}), "Max-Age=1800"),
        (json!({}), settings, "Max-Age=600"),
        (end("2027-01-15T08:05:00Z"), json!({}), "Max-Age=300"),
    ] {
        let mut site = Site::new(&document(&[record("ann", KEY, more)], session));
        site.ask(&[("appkey", KEY), FLAG]);
        let cookie = site.answer(200, None).cookie.unwrap();
        assert!(cookie.ends_with(max_age), "{cookie}");
    }
}

#[test]
fn a_key_that_may_open_none_is_refused_if_it_is_to_open_one() {
    let keys = [record("ann", KEY, json!({ "allow_session": false }))];
    let mut site = Site::new(&document(&keys, json!({})));
    assert_eq!(site.ask(&[("appkey", KEY), FLAG]).told(), (403, "appkey_session"));
    assert_eq!(site.ask(&[("appkey", KEY)]).user(), Some("ann@acme.example"));
}

#[test]
fn no_session_is_opened_over_plain_http_unless_that_is_configured() {
    let mut site = Site::new(&usual());
    let key = ("appkey", KEY);
    for fields in [
        &[key, FLAG, (":scheme", "http")][..],
        &[key, FLAG, (":scheme", "http"), ("x-forwarded-proto", "https")],
        &[key, FLAG, (":scheme", "HTTPS")],
        &[key, FLAG, (":scheme", "https"), (":scheme", "http")],
    ] {
        assert_eq!(site.ask(fields).told(), (403, "session_plain_http"), "{fields:?}");
    }
    assert!(site.ask(&[key, (":scheme", "http")]).user().is_some());
    let mut insecure = Site::new(&document(&ann_and_bob(), json!({ "insecure": true })));
    assert!(insecure.ask(&[key, FLAG, (":scheme", "http")]).user().is_some());
    let cookie = insecure.answer(200, None).cookie.unwrap();
    assert!(cookie.starts_with("gwsession=v1."), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=1800"), "{cookie}");
    let back = sent_back(&cookie);
    let visit = insecure.ask(&[("cookie", &back), (":scheme", "http")]);
    assert_eq!(visit.user(), Some("ann@acme.example"));
}

#[test]
fn a_token_opens_no_session_also_beside_a_key_of_the_same_user() {
    let (document, bearer) = with_tokens(&Mint::new());
    let mut site = Site::new(&document);
    let token = ("authorization", bearer.as_str());
    assert_eq!(site.ask(&[token, FLAG]).user(), Some("ann@acme.example"));
    assert_eq!(site.answer(200, None), Passed::default());
    assert_eq!(site.ask(&[token, FLAG, ("appkey", KEY)]).user(), Some("ann@acme.example"));
    let passed = site.answer(200, None);
    assert_eq!((passed.cookie, passed.is_made_private), (None, true));
}

#[test]
fn where_no_sessions_are_made_the_flag_is_none_of_ours() {
    let mut document = usual();
    document["application_keys"].as_object_mut().unwrap().remove("session");
    let mut site = Site::new(&document);
    let path = format!("/things/1?appKey={KEY}&x-thingworx-session=true");
    let answer = site.ask(&[(":path", &path), FLAG, HTML]);
    let Answer::Seen(fields) = &answer else { panic!("{answer:?}") };
    assert_eq!(value(fields, ":path"), Some("/things/1?x-thingworx-session=true"));
    assert_eq!(value(fields, FLAG.0), Some("true"));
    assert_eq!(site.answer(200, None).cookie, None);
    let logout = [(":method", "POST"), (":path", "/.gateway/logout"), ("sec-fetch-site", "none")];
    assert_eq!(site.ask(&logout).told(), (403, "no_route"));
}

#[test]
fn a_public_route_and_a_refused_request_open_none() {
    let mut site = Site::new(&usual());
    assert!(matches!(site.ask(&[("appkey", KEY), FLAG, (":path", "/public/1")]), Answer::Seen(_)));
    assert_eq!(site.answer(200, None), Passed::default());
    let refused = site.ask(&[("appkey", KEY), FLAG, (":path", "/scoped/1")]);
    assert_eq!(refused.told(), (403, "scope_insufficient"));
    assert_eq!(refused.header("set-cookie"), None);
}

#[test]
fn report_only_opens_and_ends_no_session_and_says_what_would_be_refused() {
    let mut site = Site::new(&usual());
    let path = format!("/watched/1?appKey={KEY}&x-thingworx-session=true");
    assert_eq!(site.ask(&[(":path", &path), HTML]).user(), Some("ann@acme.example"));
    assert_eq!(site.answer(200, None), Passed { cookie: None, is_made_private: true });
    let anonymous = site.ask(&[(":path", "/watched/1"), ("cookie", "__Host-gwsession=bad")]);
    assert!(matches!(anonymous, Answer::Seen(_)));
    assert_eq!(site.answer(200, None), Passed::default());
    let cookie = site.log_in(KEY);
    site.pass(1000);
    assert!(site.ask(&[(":path", "/watched/1"), ("cookie", &cookie)]).user().is_some());
    assert_eq!(site.answer(200, None).cookie, None);
    let mut document = usual();
    document["mode"] = json!("report_only");
    let mut site = Site::new(&document);
    let logout = [(":method", "POST"), (":path", "/.gateway/logout"), ("sec-fetch-site", "none")];
    assert!(matches!(site.ask(&logout), Answer::Seen(_)));
}

#[test]
fn a_link_with_a_key_never_replaces_the_session_of_another_user() {
    let keys = [
        record("ann", KEY, json!({ "routes": [{ "path_prefix": "/open" }] })),
        record("bob", OTHER, json!({})),
    ];
    let mut site = Site::new(&document(&keys, json!({})));
    assert!(site.ask(&[("appkey", KEY), FLAG, (":path", "/open/1")]).user().is_some());
    let ann = sent_back(&site.answer(200, None).cookie.unwrap());
    let link = format!("?appKey={OTHER}&x-thingworx-session=true");
    // On the second one her key is of no use, and her session is alive all the same.
    for path in ["/open/1", "/things/1"] {
        let path = format!("{path}{link}");
        for more in [HTML, ("accept", "*/*")] {
            let answer = site.ask(&[(":path", &path), ("cookie", &ann), more]);
            assert_eq!(answer.told(), (409, "session_of_another_user"), "{path} {more:?}");
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    // Her own key, a session that is over, and a key in its header replace it.
    let own = format!("/open/1?appKey={KEY}&x-thingworx-session=true");
    assert_eq!(site.ask(&[(":path", &own), ("cookie", &ann), HTML]).told().0, 303);
    let header = site.ask(&[("appkey", OTHER), FLAG, ("cookie", &ann)]);
    assert_eq!(header.user(), Some("bob@acme.example"));
    assert!(site.answer(200, None).cookie.is_some());
    site.pass(1800);
    let path = format!("/things/1{link}");
    assert_eq!(site.ask(&[(":path", &path), ("cookie", &ann), HTML]).told().0, 303);
}

#[test]
fn a_key_of_the_same_name_for_another_tenant_is_another_user() {
    let same = |tenant: &str, name: &str, key: &str| {
        record(name, key, json!({ "user": "ann", "tenant": tenant }))
    };
    let mut document = document(&[same("acme", "a", KEY), same("beta", "b", OTHER)], json!({}));
    document["application_keys"]["tenants"] = json!(["acme", "beta"]);
    let mut site = Site::new(&document);
    let ann = site.log_in(KEY);
    let path = format!("/things/1?appKey={OTHER}&x-thingworx-session=true");
    let answer = site.ask(&[(":path", &path), ("cookie", &ann), HTML]);
    assert_eq!(answer.told(), (409, "session_of_another_user"));
}
