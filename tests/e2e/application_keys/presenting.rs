//! Where a key may stand, what is left of a request that had one, and what is none.

use serde_json::json;

use super::{
    GUID, KEY, OTHER, USER, because, behind_http2, digest, forwarded, get, reasoned, record,
    refused, setup,
};
use crate::development::http_client::request;
use crate::development::upstream::seen;
use crate::lab::Lab;

fn in_urls() -> serde_json::Value {
    json!({"allow_query": true})
}

#[test]
fn a_key_is_read_from_its_header_in_any_case_and_goes_no_further() {
    let mut over_http2 = setup(&[record("pump-17", KEY, json!({}))], &json!({}));
    behind_http2(&mut over_http2);
    let plain = setup(&[record("pump-17", KEY, json!({}))], &json!({}));
    for (codec, lab) in [("HTTP/1.1", plain.start()), ("HTTP/2", over_http2.start())] {
        for name in ["appkey", "appKey", "AppKey", "APPKEY"] {
            let echo = forwarded(&get(&lab, "/things/1", &[(name, KEY), ("x-user", "root")]));
            assert_eq!(seen(&echo, "x-user"), [USER], "{codec} {name}");
            assert_eq!(seen(&echo, "x-tenant"), ["acme"], "{codec} {name}");
            assert_eq!(seen(&echo, "appkey"), [""; 0], "{codec} {name}");
        }
        let same = [("appKey", KEY), ("APPKEY", KEY)];
        assert_eq!(seen(&forwarded(&get(&lab, "/things/1", &same)), "appkey"), [""; 0], "{codec}");
        let differing = [("appKey", KEY), ("appKey", OTHER), ("x-case", "two")];
        assert_eq!(
            reasoned(&lab, "two", &get(&lab, "/things/1", &differing)),
            because(400, "ambiguous_credentials", "appkey_ambiguous"),
            "{codec}"
        );
        if codec == "HTTP/1.1" {
            lab.assert_unharmed();
        } else {
            assert_eq!(lab.envoy.stat("cluster.gateway.upstream_cx_http1_total").unwrap(), 0);
            assert_ne!(lab.envoy.stat("cluster.gateway.upstream_cx_http2_total").unwrap(), 0);
            assert_ne!(lab.envoy.stat("http.ingress.downstream_cx_http2_total").unwrap(), 0);
        }
    }
}

#[test]
fn a_key_in_the_query_is_cut_out_and_every_other_byte_stays() {
    let lab = setup(&[record("pump-17", KEY, json!({}))], &in_urls()).start();
    let first = &KEY[1..];
    for (sent, left) in [
        (format!("?appKey={KEY}"), ""),
        (format!("?app%4Bey={KEY}"), ""),
        (format!("?%61ppKey=%67{first}"), ""),
        (format!("?appKey={KEY}&a=1"), "?a=1"),
        (format!("?a=%2f%2F+&&b&=c&appKey={KEY}&a=2;d&%zz=%&"), "?a=%2f%2F+&&b&=c&a=2;d&%zz=%&"),
        (format!("?appKey={KEY}&app%4bey={KEY}&x=appKey={OTHER}"), &format!("?x=appKey={OTHER}")),
        (format!("?appKey={KEY}&appkey={OTHER}&APPKEY&AppKey="), ""),
        (format!("?&appKey={KEY}&"), "?&"),
        (format!("?q=?appKey&appKey={KEY}"), "?q=?appKey"),
    ] {
        let answer = get(&lab, &format!("/things/1{sent}"), &[]);
        let echo = forwarded(&answer);
        assert_eq!(echo["path"], format!("/things/1{left}"), "{sent}");
        assert_eq!(seen(&echo, "x-user"), [USER], "{sent}");
    }
    let both = get(&lab, &format!("/things/1?appKey={KEY}"), &[("appkey", KEY)]);
    assert_eq!(forwarded(&both)["path"], "/things/1");
    for (case, sent) in
        [("header", format!("?appKey={OTHER}")), ("query", format!("?appKey={KEY}&appKey={OTHER}"))]
    {
        let fields = [("appkey", KEY), ("x-case", case)];
        assert_eq!(
            reasoned(&lab, case, &get(&lab, &format!("/things/1{sent}"), &fields)),
            because(400, "ambiguous_credentials", "appkey_ambiguous")
        );
    }
    // The name counts in one case of letters alone, and is taken out in all.
    let lower = get(&lab, &format!("/open/1?appkey={KEY}&a"), &[]);
    assert_eq!(forwarded(&lower)["path"], "/open/1?a");
    assert_eq!(seen(&lower.json(), "x-user"), [""; 0]);
    lab.assert_unharmed();
}

#[test]
fn a_key_in_a_url_is_refused_where_the_gateway_or_its_record_says_so() {
    let records = [record("pump-17", KEY, json!({}))];
    let mine =
        [record("pump-17", KEY, json!({"allow_query": false})), record("pump-18", GUID, json!({}))];
    let target = format!("/things/1?appKey={KEY}");
    for (lab, fields) in [
        (setup(&records, &json!({})).start(), vec![]),
        (setup(&records, &json!({})).start(), vec![("appkey", KEY)]),
        (setup(&mine, &in_urls()).start(), vec![]),
    ] {
        let fields = [fields, vec![("x-case", "url")]].concat();
        assert_eq!(
            reasoned(&lab, "url", &get(&lab, &target, &fields)),
            because(401, "app_key_in_url", "appkey_in_url")
        );
        assert_eq!(lab.upstream.requests(), 0);
    }
    let lab = setup(&mine, &in_urls()).start();
    assert_eq!(get(&lab, &format!("/things/1?appKey={GUID}"), &[]).status, 200);
    assert_eq!(get(&lab, "/things/1", &[("appkey", KEY)]).status, 200);
}

#[test]
fn a_key_in_a_referer_is_cut_out_too() {
    let lab = setup(&[record("pump-17", KEY, json!({}))], &json!({})).start();
    let referer = format!("https://gateway.example/page?a=1&appKey={KEY}&b=%41");
    for path in ["/things/1", "/open/1", "/public/1"] {
        let echo = forwarded(&get(&lab, path, &[("appkey", KEY), ("referer", &referer)]));
        assert_eq!(seen(&echo, "referer"), ["https://gateway.example/page?a=1&b=%41"], "{path}");
    }
}

#[test]
fn nobody_brings_in_an_identity_by_himself_whatever_the_route() {
    let lab = setup(&[record("pump-17", KEY, json!({}))], &json!({})).start();
    let made_up = [
        ("x-user", "root"),
        ("X_User", "root"),
        ("x-tenant", "beta"),
        ("X-Subtenant", "north"),
        ("x_subtenant", "north"),
        ("app_key", "mine"),
        ("App_Key", "mine"),
    ];
    let with_key = [made_up.as_slice(), &[("appkey", KEY)]].concat();
    for (path, fields, user) in [
        ("/things/1", with_key.as_slice(), &[USER][..]),
        ("/open/1", &with_key, &[USER]),
        ("/open/1", &made_up, &[]),
        ("/public/1", &with_key, &[]),
        ("/public/1", &made_up, &[]),
    ] {
        let echo = forwarded(&get(&lab, path, fields));
        assert_eq!(seen(&echo, "x-user"), user, "{path}");
        assert_eq!(seen(&echo, "x-tenant"), user.iter().map(|_| "acme").collect::<Vec<_>>());
        for name in ["x_user", "x-subtenant", "x_subtenant", "appkey"] {
            assert_eq!(seen(&echo, name), [""; 0], "{path} {name}");
        }
    }
    lab.assert_unharmed();
}

#[test]
fn neither_digest_nor_hint_nor_part_of_a_key_is_one() {
    let lab = setup(&[record("pump-17", KEY, json!({}))], &json!({})).start();
    let stated = digest(KEY);
    let bare = stated.strip_prefix("sha256:").unwrap();
    let upper = bare.to_uppercase();
    let rows = [
        (stated.as_str(), "appkey_unknown"),
        (bare, "appkey_unknown"),
        (&upper, "appkey_unknown"),
        (&KEY[KEY.len() - 4..], "appkey_unknown"),
        (&KEY[4..], "appkey_unknown"),
        (&KEY[..KEY.len() - 1], "appkey_checksum"),
        ("pump-17", "appkey_unknown"),
    ];
    for (number, (value, reason)) in rows.into_iter().enumerate() {
        let case = number.to_string();
        let answer = get(&lab, "/things/1", &[("appkey", value), ("x-case", &case)]);
        assert_eq!(reasoned(&lab, &case, &answer), because(401, "app_key_invalid", reason));
    }
    assert_eq!(lab.upstream.requests(), 0);
    lab.assert_unharmed();
}

#[test]
fn an_empty_key_is_none_and_a_malformed_one_is_never_nobody() {
    let lab = setup(&[record("pump-17", KEY, json!({}))], &in_urls()).start();
    for fields in [vec![], vec![("appkey", "")], vec![("appkey", " \t ")]] {
        assert_eq!(refused(&get(&lab, "/things/1", &fields)), (401, "app_key_missing".to_owned()));
        assert_eq!(get(&lab, "/open/1", &fields).status, 200);
    }
    for empty in ["?appKey", "?appKey=", "?appKey=&appKey"] {
        let answer = get(&lab, &format!("/things/1{empty}"), &[]);
        assert_eq!(refused(&answer), (401, "app_key_missing".to_owned()));
        assert_eq!(answer.field("www-authenticate").split(' ').next(), Some("AppKey"));
    }
    let long = "x".repeat(257);
    for value in ["a b", "a,b", "\u{e9}", &long, "%zz"] {
        let raw = if value == "%zz" {
            request("GET", "/open/1?appKey=%zz", &[], "")
        } else {
            request("GET", "/open/1", &[("appkey", value)], "")
        };
        assert_eq!(refused(&lab.send(&raw)), (401, "app_key_invalid".to_owned()), "{value}");
    }
    assert_eq!(get(&lab, "/open/1", &[("appkey", &"x".repeat(256))]).code(), "app_key_invalid");
    assert_only_open_was_reached(&lab);
}

fn assert_only_open_was_reached(lab: &Lab) {
    assert_eq!(lab.upstream.requests(), 3);
}
