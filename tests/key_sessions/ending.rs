//! What ends a session, and how its cookie is cleared.

use super::*;

/// A bad session is none: 401 with an order to forget it, and nobody on a route that needs nobody.
fn assert_is_none(site: &mut Site, cookie: &str, why: &str) {
    let answer = site.visit(cookie);
    assert_eq!(answer.told(), (401, "appkey_missing"), "{why}");
    assert_eq!(answer.header("set-cookie"), Some(CLEARED), "{why}");
    let open = site.ask(&[(":path", "/open/1"), ("cookie", cookie)]);
    assert!(matches!(open, Answer::Seen(_)) && open.user().is_none(), "{why}");
    for status in [200, 500] {
        site.ask(&[(":path", "/open/1"), ("cookie", cookie)]);
        let cleared = Passed { cookie: Some(CLEARED.to_owned()), is_made_private: true };
        assert_eq!(site.answer(status, None), cleared, "{why}");
    }
    let public = site.ask(&[(":path", "/public/1"), ("cookie", cookie)]);
    assert!(matches!(public, Answer::Seen(_)), "{why}");
    assert_eq!(site.answer(200, None), Passed::default(), "{why}");
}

/// The cookie with another last character in this part.
fn tampered(cookie: &str, part: usize) -> String {
    let mut parts: Vec<_> = cookie.split('.').map(str::to_owned).collect();
    let last = parts[part].pop().unwrap();
    parts[part].push(if last == 'A' { 'B' } else { 'A' });
    parts.join(".")
}

#[test]
fn a_cookie_that_is_not_ours_as_we_signed_it_is_no_session() {
    let mut site = Site::new(&usual());
    let cookie = site.log_in(KEY);
    let foreign = Site::new(&document(
        &ann_and_bob(),
        json!({ "keys": [{ "id": "2026", "secret_env": "ELSE" }] }),
    ))
    .log_in(KEY);
    let unknown = cookie.replace("v1.2026.", "v1.2024.");
    let rows = [
        ("payload", tampered(&cookie, 2)),
        ("mac", tampered(&cookie, 3)),
        ("version", cookie.replace("v1.", "v2.")),
        ("signing key", unknown),
        ("another secret", foreign),
        ("shape", "__Host-gwsession=x".to_owned()),
        ("the key itself", format!("__Host-gwsession={}", "k".repeat(2000))),
    ];
    for (why, bad) in rows {
        assert_ne!(bad, cookie);
        assert_is_none(&mut site, &bad, why);
    }
    assert!(site.visit(&cookie).user().is_some());
}

#[test]
fn a_session_ends_at_its_very_second() {
    let mut site = Site::new(&usual());
    let cookie = site.log_in(KEY);
    site.now = START + Duration::from_millis(1_799_999);
    assert!(site.visit(&cookie).user().is_some());
    site.now = START + Duration::from_secs(1800);
    assert_is_none(&mut site, &cookie, "idle");
    let settings = json!({ "idle": "20m", "absolute": "20m" });
    let mut site = Site::new(&document(&ann_and_bob(), settings));
    let cookie = site.log_in(KEY);
    site.pass(1199);
    assert!(site.visit(&cookie).user().is_some());
    site.pass(1);
    assert_is_none(&mut site, &cookie, "absolute");
}

#[test]
fn what_becomes_of_its_key_becomes_of_a_session() {
    let rotated = |state: Value| json!({ "secrets": state });
    let digest = |key: &str| StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text();
    let new = json!({ "digest": digest(OTHER), "expires_at": "2030-01-01T00:00:00Z" });
    let old = |end: &str| json!({ "digest": digest(KEY), "expires_at": end, "state": "retiring" });
    let rows = [
        ("deleted", None),
        ("disabled", Some(json!({ "enabled": false }))),
        ("no sessions any more", Some(json!({ "allow_session": false }))),
        ("epoch raised", Some(json!({ "session_epoch": 1 }))),
        ("address moved out", Some(json!({ "ip_allow": ["10.9.0.0/16"] }))),
        ("rotated out", Some(rotated(json!([new])))),
        ("retired", Some(rotated(json!([new, old("2027-01-15T08:00:00Z")])))),
        ("expired", Some(rotated(json!([old("2027-01-15T08:00:00Z")])))),
    ];
    for (why, more) in rows {
        let mut site = Site::new(&document(&[record("ann", KEY, json!({}))], json!({})));
        let cookie = site.log_in(KEY);
        assert!(site.visit(&cookie).user().is_some());
        let keys: Vec<_> = more.map(|more| record("ann", KEY, more)).into_iter().collect();
        let mut site = site.changed(&document(&keys, json!({})));
        assert_is_none(&mut site, &cookie, why);
    }
    for (why, more) in [
        ("the same", json!({})),
        ("in its overlap", rotated(json!([new, old("2029-01-01T00:00:00Z")]))),
        ("another user behind it", json!({ "user": "ann@acme.example", "scopes": ["x"] })),
    ] {
        let mut site = Site::new(&document(&[record("ann", KEY, json!({}))], json!({})));
        let cookie = site.log_in(KEY);
        let mut site = site.changed(&document(&[record("ann", KEY, more)], json!({})));
        assert_eq!(site.visit(&cookie).user(), Some("ann@acme.example"), "{why}");
    }
}

#[test]
fn where_a_key_may_not_go_its_session_is_none_and_good_elsewhere() {
    let keys = [record("ann", KEY, json!({ "routes": [{ "path_prefix": "/open" }] }))];
    let mut site = Site::new(&document(&keys, json!({})));
    site.ask(&[("appkey", KEY), FLAG, (":path", "/open/1")]);
    let cookie = sent_back(&site.answer(200, None).cookie.unwrap());
    let answer = site.visit(&cookie);
    assert_eq!(answer.told(), (401, "appkey_missing"));
    assert_eq!(answer.header("set-cookie"), None);
    let elsewhere = site.ask(&[(":path", "/open/1"), ("cookie", &cookie)]);
    assert_eq!(elsewhere.user(), Some("ann@acme.example"));
}

#[test]
fn two_different_sessions_are_refused() {
    let mut site = Site::new(&usual());
    let (ann, bob) = (site.log_in(KEY), site.log_in(OTHER));
    assert_eq!(site.visit(&format!("{ann}; {bob}")).told(), (400, "session_ambiguous"));
    assert!(site.visit(&format!("{ann}; {ann}")).user().is_some());
}

#[test]
fn logging_out_clears_the_cookie_for_a_page_of_the_same_origin() {
    let mut site = Site::new(&usual());
    let cookie = site.log_in(KEY);
    let path = (":path", "/.gateway/logout");
    let post = (":method", "POST");
    let own = ("origin", "https://api.example");
    let token = ("x-xsrf-token", "TWX-XSRF-TOKEN-VALUE");
    let cookie = ("cookie", cookie.as_str());
    for proof in [own, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), token] {
        for fields in [&[post, path, proof][..], &[post, path, proof, cookie]] {
            let answer = site.ask(fields);
            assert_eq!(answer.told(), (204, "session_ended"), "{fields:?}");
            assert_eq!(answer.header("set-cookie"), Some(CLEARED));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
    for fields in [
        &[post, path, cookie][..],
        &[post, path, cookie, ("origin", "https://evil.example")],
        &[post, path, cookie, ("sec-fetch-site", "cross-site"), token],
    ] {
        let answer = site.ask(fields);
        assert_eq!(answer.told(), (403, "origin_unproven"), "{fields:?}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
        let answer = site.ask(&[(":method", method), path, own, cookie]);
        assert_eq!(answer.told(), (405, "method_not_allowed"), "{method}");
        assert_eq!((answer.header("allow"), answer.header("set-cookie")), (Some("POST"), None));
    }
}

#[test]
fn the_path_of_logging_out_is_exact_and_comes_before_all_routes() {
    let mut document = document(&ann_and_bob(), json!({ "logout_path": "/things/leave" }));
    document["routes"][0]["match"]["path"] = json!("/**");
    let mut site = Site::new(&document);
    let ask = |site: &mut Site, path: &str| {
        let own = ("origin", "https://api.example");
        site.ask(&[(":method", "POST"), (":path", path), own, ("appkey", KEY)])
    };
    for path in ["/things/leave", "/things/leave?x=1", "/things/%6ceave"] {
        assert_eq!(ask(&mut site, path).told(), (204, "session_ended"), "{path}");
    }
    for path in ["/things/leave/", "/things/Leave", "/things/leaves", "/.gateway/logout"] {
        assert_eq!(ask(&mut site, path).user(), Some("ann@acme.example"), "{path}");
    }
    assert_eq!(ask(&mut site, "/things//leave").told().0, 400);
}
