//! A browser that goes to a page by a key in the URL: 303.

use super::*;

#[test]
fn a_page_load_by_a_key_in_the_url_is_sent_on_without_the_key() {
    let mut site = Site::new(&usual());
    for method in ["GET", "HEAD"] {
        let path = format!("/things/A%20b/?a=%2f&appKey={KEY}&&x-thingworx-session=true&b=+&c=%&a");
        let answer = site.ask(&[(":method", method), (":path", &path), HTML]);
        assert_eq!(answer.told(), (303, "session_opened"), "{method}");
        let Answer::Told(.., fields) = answer else { panic!("told") };
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["cache-control", "referrer-policy", "location", "set-cookie"]);
        assert_eq!(value(&fields, "location"), Some("/things/A%20b/?a=%2f&&b=+&c=%&a"));
        assert_eq!(value(&fields, "cache-control"), Some("no-store"));
        assert_eq!(value(&fields, "referrer-policy"), Some("no-referrer"));
        let cookie = value(&fields, "set-cookie").unwrap();
        assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1800"));
        let location = value(&fields, "location").unwrap().to_owned();
        let visit = site.ask(&[(":path", &location), ("cookie", &sent_back(cookie)), HTML]);
        assert_eq!(visit.user(), Some("ann@acme.example"));
    }
}

#[test]
fn nothing_is_left_of_a_query_that_held_no_more() {
    let mut site = Site::new(&usual());
    for query in [
        format!("?appKey={KEY}&x-thingworx-session=true"),
        format!("?x-thingworx-session=true&app%4Bey={KEY}"),
        format!("?APPKEY=x&appKey={KEY}&x-thingworx-session=true&X-THINGWORX-SESSION=false"),
    ] {
        let answer = site.ask(&[(":path", &format!("/things/1{query}")), HTML]);
        assert_eq!(answer.header("location"), Some("/things/1"), "{query}");
    }
}

#[test]
fn the_flag_stays_where_the_upstream_is_to_see_it() {
    let mut site = Site::new(&document(&ann_and_bob(), json!({ "forward_flag": true })));
    let path = format!("/things/1?x-thingworx-session=true&appKey={KEY}");
    let answer = site.ask(&[(":path", &path), HTML]);
    assert_eq!(answer.header("location"), Some("/things/1?x-thingworx-session=true"));
}

#[test]
fn what_is_no_page_load_goes_on_and_is_given_the_cookie_by_the_answer() {
    let mut site = Site::new(&usual());
    let path = format!("/things/1?appKey={KEY}&x-thingworx-session=true");
    let by_url = (":path", path.as_str());
    for fields in [
        &[by_url][..],
        &[by_url, ("accept", "*/*")],
        &[by_url, ("accept", "application/json, text/htmlx, xtext/html")],
        &[by_url, HTML, (":method", "POST")],
        &[by_url, HTML, (":method", "OPTIONS")],
        &[by_url, HTML, ("upgrade", "websocket")],
        &[by_url, HTML, (":protocol", "websocket")],
        &[by_url, HTML, ("content-type", "application/grpc")],
        &[HTML, FLAG, ("appkey", KEY)],
    ] {
        assert_eq!(site.ask(fields).user(), Some("ann@acme.example"), "{fields:?}");
        assert!(site.answer(200, None).cookie.is_some(), "{fields:?}");
    }
    for html in ["text/html", "Text/HTML", "application/json , text/html;q=0.5"] {
        assert_eq!(site.ask(&[by_url, ("accept", html)]).told().0, 303, "{html}");
    }
    // Bytes that no URL has are for the upstream to refuse.
    let odd = format!("{path}&x=\u{e4}");
    assert!(site.ask(&[(":path", &odd), HTML]).user().is_some());
    assert!(site.answer(200, None).cookie.is_some());
}

#[test]
fn no_page_load_is_sent_to_another_host() {
    let mut document = usual();
    document["routes"][0]["match"]["path"] = json!("/**");
    let mut site = Site::new(&document);
    for path in
        ["//evil.example", "/\\evil.example", "/%5cevil.example", "/%2fevil.example", "///evil"]
    {
        let path = format!("{path}/?appKey={KEY}&x-thingworx-session=true");
        assert_eq!(site.ask(&[(":path", &path), HTML]).told().0, 400, "{path}");
    }
    document["routes"][0]["match"]["encoded_slash"] = json!("opaque");
    let mut opaque = Site::new(&document);
    let path = format!("/%2fevil.example?appKey={KEY}&x-thingworx-session=true");
    let answer = opaque.ask(&[(":path", &path), HTML]);
    assert_eq!(answer.told().0, 400);
    let path = format!("/a%2Fb?next=//evil.example&appKey={KEY}&x-thingworx-session=true");
    let answer = opaque.ask(&[(":path", &path), HTML]);
    assert_eq!(answer.header("location"), Some("/a%2Fb?next=//evil.example"));
}

#[test]
fn a_page_load_that_policy_refuses_opens_nothing() {
    let mut site = Site::new(&usual());
    let path = format!("/scoped/1?appKey={KEY}&x-thingworx-session=true");
    let answer = site.ask(&[(":path", &path), HTML]);
    assert_eq!(answer.told(), (403, "scope_insufficient"));
    assert_eq!((answer.header("set-cookie"), answer.header("location")), (None, None));
}
