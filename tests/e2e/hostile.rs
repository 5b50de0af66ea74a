//! Bytes that no honest client sends.

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::{Connection, exchange, request};
use crate::development::upstream::seen;
use crate::lab::Lab;

#[test]
fn a_path_with_two_readings_is_refused() {
    let lab = Lab::start();
    let user = Caller::of_tenant("acme");
    for path in [
        "/api/profile/../assets/1",
        "/api/profile/%2e%2e/assets/1",
        "/api/profile/.%2E/assets/1",
        "/api/profile/./me",
        "/api/profile//me",
        "//api/profile/me",
        "/api/profile/a%2fb",
        "/api/profile/a%2Fb",
        "/api/profile/a%5cb",
        "/api/profile/a\\b",
        "/api/profile/me;x",
        "/api/profile/me;v=1/x",
        "/api/profile/a%252fb",
        "/api/profile/me%3Fx",
        "/api/profile/me%23x",
        "/api/profile/me.",
        "/api/profile/me%20/x",
        "/api/profile/me::$DATA",
    ] {
        let answer = lab.get(path, &user);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, codes::PATH_AMBIGUOUS),
            "{path}: {}",
            answer.text()
        );
    }
    for path in ["a%00b", "a%7Fb", "a%", "a%2", "a%zz", "a%ff", "a%C0%AFb", "a%C2%85"] {
        let answer = lab.get(&format!("/api/profile/{path}"), &user);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, codes::REQUEST_MALFORMED),
            "{path}: {}",
            answer.text()
        );
    }
    for path in [
        "/api/profile/caf%C3%A9",
        "/api/profile/%6De",
        "/api/profile/me?x=/../%2f//;a",
        "/api/profile/me%20too",
    ] {
        let answer = lab.get(path, &user);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.json()["path"], path, "forwarded as it came");
    }
    lab.assert_unharmed();
}

#[test]
fn bytes_outside_of_utf8_do_not_stop_a_worker() {
    let lab = Lab::start();
    let token = lab.idp.sign(&Caller::of_tenant("acme"));
    let with = |field: &[u8]| {
        let mut bytes = format!("GET /api/profile/me HTTP/1.1\r\nhost: gateway.example\r\nauthorization: Bearer {token}\r\n").into_bytes();
        bytes.extend_from_slice(field);
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes
    };
    let harmless = lab.send(&with(b"x-note: \xff\xfe"));
    assert_eq!(harmless.status, 200, "{}", harmless.text());
    assert_eq!(
        seen(&harmless.json(), "x-note"),
        ["\u{ff}\u{fe}"],
        "a header that nobody reads is passed on as it came"
    );
    for name in [
        "x-tenant",
        "x-forwarded-for",
        "user-agent",
        "cookie",
        "content-type",
        "accept",
        "origin",
        "x-request-id",
        "x-http-method-override",
    ] {
        let answer = lab.send(&with(&[name.as_bytes(), b": \xff\xfe"].concat()));
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
    let bearer = lab.send(b"GET /api/profile/me HTTP/1.1\r\nhost: gateway.example\r\nauthorization: Bearer \xff\xfe\r\n\r\n");
    assert_eq!(bearer.status, 401, "{}", bearer.text());
    let host = lab.send(b"GET /api/profile/me HTTP/1.1\r\nhost: \xff\xfe\r\n\r\n");
    assert_eq!(host.status, 400, "{}", host.text());
    lab.assert_unharmed();
}

#[test]
fn two_credentials_are_not_chosen_from() {
    let lab = Lab::start();
    let acme = lab.idp.sign(&Caller::of_tenant("acme"));
    let beta = lab.idp.sign(&Caller::of_tenant("beta"));
    let two =
        [("authorization", format!("Bearer {acme}")), ("authorization", format!("Bearer {beta}"))];
    let fields: Vec<_> = two.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = lab.send(&request("GET", "/api/profile/me", &fields, ""));
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, codes::CREDENTIAL_CONFLICT),
        "{}",
        answer.text()
    );
    let comma = lab.send(&request(
        "GET",
        "/api/profile/me",
        &[("authorization", &format!("Bearer {acme}, Bearer {beta}"))],
        "",
    ));
    assert_eq!(comma.status, 400, "{}", comma.text());
    assert_eq!(lab.upstream.requests(), 0);
    lab.assert_unharmed();
}

#[test]
fn a_token_of_any_size_is_answered() {
    let lab = Lab::start();
    for (size, status) in [(17 * 1024, 401), (40 * 1024, 401), (64 * 1024, 431)] {
        let answer = lab.get_with_token("/api/profile/me", &"a".repeat(size));
        assert_eq!(answer.status, status, "{size} bytes: {}", answer.text());
        if status == 401 {
            assert_eq!(answer.code(), codes::TOKEN_INVALID, "{size} bytes");
        }
    }
    // Signed by the right key and still too long.
    let long = Caller::of_tenant("acme").with("padding", serde_json::json!("p".repeat(20 * 1024)));
    assert_eq!(lab.get("/api/profile/me", &long).status, 401);
    lab.assert_unharmed();
}

#[test]
fn odd_methods_and_targets_are_refused() {
    let lab = Lab::start();
    let authorization = format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme")));
    for (bytes, statuses) in [
        ("TRACE /api/profile/me HTTP/1.1\r\nhost: a.example", &[405][..]),
        ("CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443", &[403, 404, 405]),
        ("get /api/profile/me HTTP/1.1\r\nhost: a.example", &[400]),
        ("GET /api/profile/me HTTP/1.1\r\nhost: a.example@b.example", &[400]),
        ("GET /api/profile/me HTTP/1.1\r\nhost: ", &[400]),
        ("OPTIONS * HTTP/1.1\r\nhost: a.example", &[400, 403, 404, 405]),
    ] {
        let answer = exchange(
            lab.gateway,
            format!("{bytes}\r\nauthorization: {authorization}\r\n\r\n").as_bytes(),
        )
        .unwrap();
        assert!(statuses.contains(&answer.status), "{bytes}: {} {}", answer.status, answer.text());
    }
    assert_eq!(lab.upstream.requests(), 0);
    lab.assert_unharmed();
}

#[test]
fn envoy_matches_the_host_that_the_filter_matches() {
    let lab = Lab::start();
    let authorization = format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme")));
    for host in
        ["gateway.example", "gateway.example:8443", "gateway.example.", "gateway.example.:80"]
    {
        let head = format!(
            "GET /api/profile/me HTTP/1.1\r\nhost: {host}\r\nauthorization: {authorization}\r\n\r\n"
        );
        let answer = lab.send(head.as_bytes());
        assert_eq!(answer.status, 200, "{host}: {}", answer.text());
        assert_eq!(seen(&answer.json(), "host"), ["gateway.example"], "{host}");
    }
}

#[test]
fn requests_on_one_connection_are_decided_one_by_one() {
    let lab = Lab::start();
    let north = lab.idp.sign(&Caller::of_tenant("acme").in_subtenant("north"));
    let expired = lab.idp.sign(&Caller::of_tenant("acme").expired());
    let good = format!("Bearer {north}");
    let bad = format!("Bearer {expired}");
    let mut connection = Connection::open(lab.gateway).unwrap();
    let statuses = [Some(&good), None, Some(&bad), Some(&good)].map(|value| {
        let fields: Vec<_> = value.iter().map(|value| ("authorization", value.as_str())).collect();
        connection.send(&request("GET", "/api/assets/1", &fields, "")).unwrap();
        connection.receive().unwrap().status
    });
    assert_eq!(statuses, [200, 401, 401, 200]);
}

#[test]
fn a_target_in_absolute_form_is_the_path_it_names() {
    let lab = Lab::start();
    let token = lab.idp.sign(&Caller::of_tenant("acme"));
    for (target, status) in [
        ("http://other.example/api/profile/me", 200),
        ("http://other.example/elsewhere", 403),
        ("http://other.example/api/profile/../assets/1", 400),
    ] {
        assert_eq!(lab.get_with_token(target, &token).status, status, "{target}");
    }
}

#[test]
fn a_body_that_looks_like_a_request_is_none() {
    let lab = Lab::start();
    let authorization = format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme")));
    let smuggled = "GET /api/assets/1 HTTP/1.1\r\nhost: a.example\r\nx-tenant: beta\r\n\r\n";
    let fields = [("authorization", authorization.as_str())];
    let answer = lab.send(&request("POST", "/api/profile/me", &fields, smuggled));
    assert_eq!((answer.status, lab.upstream.requests()), (200, 1), "{}", answer.text());

    // Two lengths for one body (RFC 9112 §6.3) are a request of two readings.
    let both = format!(
        "POST /api/profile/me HTTP/1.1\r\nhost: a.example\r\nauthorization: {authorization}\r\n\
         content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
        smuggled.len() + 5
    );
    assert_eq!(lab.send(both.as_bytes()).status, 400);
    assert_eq!(lab.upstream.requests(), 1);
}
