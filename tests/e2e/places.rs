//! Tokens in other headers, cookies and queries.

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::development::fault::Fault;
use crate::development::http_client::{Received, request};
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup};

/// A gateway that looks at every kind of place.
fn lab() -> Lab {
    let mut setup = Setup::new();
    setup.filter["token_places"] = json!([
        {"header": "x-jwt"}, {"cookie": "session"}, {"query": "access_token"},
    ]);
    // A route that removes the caller's token and sends nothing in its place.
    let mut plain = setup.filter["routes"][0].clone();
    plain["name"] = json!("plain");
    plain["match"]["path"] = json!("/api/plain/**");
    plain["upstream"] = json!({"caller_token": "remove"});
    setup.filter["routes"].as_array_mut().unwrap().push(plain);
    setup.start()
}

fn send(lab: &Lab, method: &str, path: &str, headers: &[(&str, &str)]) -> Received {
    lab.send(&request(method, path, headers, ""))
}

fn forwarded(answer: &Received) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn a_token_is_read_where_it_may_stand_and_cut_out_as_the_route_says() {
    let lab = lab();
    let token = lab.idp.sign(&Caller::of_tenant("acme"));
    let cookies = format!("a=1; session={token}; b=\"2\"");
    for (route, is_kept) in [("profile", true), ("plain", false)] {
        let path = format!("/api/{route}/me?x=%41&y");
        let echo = forwarded(&send(&lab, "GET", &path, &[("x-jwt", &token)]));
        let kept: &[&str] = if is_kept { &[&token] } else { &[] };
        assert_eq!(seen(&echo, "x-jwt"), kept, "{route}");
        assert_eq!(seen(&echo, "x-tenant"), ["acme"], "{route}");

        let echo = forwarded(&send(&lab, "GET", &path, &[("cookie", &cookies)]));
        let left = if is_kept { cookies.as_str() } else { "a=1; b=\"2\"" };
        assert_eq!(seen(&echo, "cookie"), [left], "{route}");
        assert_eq!(seen(&echo, "x-tenant"), ["acme"], "{route}");

        let alone = format!("session={token}");
        let two = [("cookie", "a=1"), ("cookie", alone.as_str()), ("cookie", "b=2")];
        let echo = forwarded(&send(&lab, "GET", &path, &two));
        let shown = seen(&echo, "cookie").join("; ");
        let all = format!("a=1; {alone}; b=2");
        assert_eq!(shown, if is_kept { all.as_str() } else { "a=1; b=2" }, "{route}");

        let echo = forwarded(&send(&lab, "GET", &path, &[("cookie", &alone)]));
        let kept: &[&str] = if is_kept { &[&alone] } else { &[] };
        assert_eq!(seen(&echo, "cookie"), kept, "{route}");

        let target = format!("/api/{route}/me?x=%41&access%5Ftoken={token}&y");
        let echo = forwarded(&send(&lab, "GET", &target, &[]));
        assert_eq!(echo["path"], path.as_str(), "the query is as it came, but for the token");
        assert_eq!(seen(&echo, "x-tenant"), ["acme"], "{route}");
    }
    let other = lab.idp.sign(&Caller::of_tenant("beta"));
    let target = format!("/api/profile/me?access_token={token}");
    let answer = send(&lab, "GET", &target, &[("x-jwt", &other)]);
    assert_eq!((answer.status, answer.code().as_str()), (400, "credential_conflict"));
    lab.assert_unharmed();
}

#[test]
fn a_token_in_the_query_of_a_refused_request_is_not_in_the_access_log() {
    let lab = lab();
    let token = lab.idp.sign(&Caller::of_tenant("acme"));
    let stranger =
        lab.idp.signing_key().sign_as("key-id-1", &json!({"iss": "https://evil.example"}));
    let rows = [
        ("forged", format!("{token}A"), "/api/profile/me", 401),
        ("stranger", stranger, "/api/profile/me", 401),
        ("nowhere", token.clone(), "/nowhere", 403),
        ("path", token.clone(), "/api/../profile", 400),
        ("fine", token.clone(), "/api/profile/me", 200),
    ];
    for (case, token, path, status) in rows {
        let target = format!("{path}?x={case}&access_token={token}&y");
        let answer = send(&lab, "GET", &target, &[("x-case", case)]);
        assert_eq!(answer.status, status, "{case}: {}", answer.text());
        lab.reason(case);
        let line = format!("case={case} status={status} path={path}?x={case}&y reason=");
        assert!(lab.logs().contains(&line), "{case}: {}", lab.logs());
        lab.assert_nothing_leaked(&[token]);
    }
    lab.assert_unharmed();
}

#[test]
fn a_request_that_waited_for_keys_in_vain_leaves_none_there_either() {
    let mut setup = Setup::new();
    setup.filter["token_places"] = json!([{"query": "access_token"}]);
    setup.idp.set_keys_fault(Fault::Silence);
    let lab = setup.start();
    let token = lab.idp.sign(&Caller::of_tenant("acme"));
    let target = format!("/api/profile/me?access_token={token}");
    assert_eq!(send(&lab, "GET", &target, &[("x-case", "waited")]).status, 503);
    lab.reason("waited");
    assert!(lab.logs().contains("case=waited status=503 path=/api/profile/me reason="));
    lab.assert_nothing_leaked(&[token]);
}

#[test]
fn a_cookie_alone_serves_no_page_of_another_origin() {
    let lab = lab();
    let token = lab.idp.sign(&Caller::of_tenant("acme"));
    let cookie = format!("session={token}");
    let refused = |headers: &[(&str, &str)], method: &str| {
        let headers = [&[("cookie", cookie.as_str())], headers].concat();
        let answer = send(&lab, method, "/api/profile/me", &headers);
        if answer.status == 200 { None } else { Some((answer.status, answer.code())) }
    };
    let mismatch = Some((403, "origin_mismatch".to_owned()));
    assert_eq!(refused(&[("origin", "http://evil.example")], "POST"), mismatch);
    assert_eq!(refused(&[], "POST"), mismatch);
    assert_eq!(refused(&[("sec-fetch-site", "cross-site")], "POST"), mismatch);
    assert_eq!(refused(&[("sec-fetch-site", "same-origin")], "POST"), None);
    assert_eq!(refused(&[("origin", "http://gateway.example")], "POST"), None);
    assert_eq!(refused(&[("origin", "https://gateway.example")], "POST"), None);
    assert_eq!(refused(&[("origin", "http://evil.example")], "GET"), None);
    lab.assert_unharmed();
}
