use std::sync::Arc;

use super::super::{Decisive, KeyPlacesParts, TokenPlace, TokenPlaces};
use super::*;
use crate::message::{CookieName, HeaderName, ParameterName, parameter_values};

type Fields<'f> = &'f [(&'f str, &'f str)];

fn parts() -> KeyPlacesParts {
    KeyPlacesParts {
        header: HeaderName::parse("x-app-key").unwrap(),
        parameter: ParameterName::parse("appKey").unwrap(),
        allows_query: false,
        bearer_prefix: Some(Arc::from("gwk_")),
        flag_header: HeaderName::parse("x-thingworx-session").unwrap(),
        flag_parameter: ParameterName::parse("x-thingworx-session").unwrap(),
        forwards_flag: false,
        session_cookie: Some(CookieName::parse("gwsession").unwrap()),
        forwards_basic: false,
        decisive: Decisive::Both,
    }
}

fn tokens() -> TokenPlaces {
    let parameter = TokenPlace::Parameter(ParameterName::parse("access_token").unwrap());
    [parameter].into_iter().collect()
}

/// What becomes of `fields`: removals as `-name`, reductions as `name=value`.
fn stripped(parts: KeyPlacesParts, fields: Fields<'_>) -> Vec<String> {
    let fields = fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
    let head = RequestHead::new(fields.collect());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let edits = strip(&head, &KeyPlaces::new(parts, &tokens()));
    let shown = edits.iter().map(|edit| match edit {
        HeaderEdit::Reduce(left) => format!("{}={}", left.name(), text(left.expose())),
        HeaderEdit::Remove(name) => format!("-{}", text(name)),
        HeaderEdit::Add(name, _) | HeaderEdit::Set(name, _) => panic!("{} is set", name.as_str()),
    });
    shown.collect()
}

#[test]
fn keys_tokens_and_the_flag_leave_the_query_and_the_rest_stays_as_it_was() {
    for (path, expected) in [
        ("/a?appKey=K", "/a"),
        ("/a?appKey", "/a"),
        ("/a?APPKEY=K&app%6bey=L&%61ppKey=M", "/a"),
        ("/a?b=%2f+&&appKey=K&c=%zz&", "/a?b=%2f+&&c=%zz&"),
        ("/a?&appKey=K", "/a?"),
        ("/%61/?appKey=K&d", "/%61/?d"),
        ("/a?appKey=K&x-thingworx-session=true&b", "/a?b"),
        ("/a?X-ThingWorx-Session", "/a"),
        ("/a?appKey=K&access_token=t&b", "/a?b"),
    ] {
        assert_eq!(stripped(parts(), &[(":path", path)]), [format!(":path={expected}")]);
    }
    for whole in ["/a", "/a?", "/a?b=appKey=K", "/appKey=K", "/a?appKeys=K&app%4=K&app+Key=K"] {
        assert_eq!(stripped(parts(), &[(":path", whole)]), [""; 0], "{whole}");
    }
}

#[test]
fn headers_leave_in_every_spelling_and_authorization_only_with_a_key() {
    let rows: [(Fields<'_>, &[&str]); 12] = [
        (&[("x-app-key", "K"), ("x-app-key", "")], &["-x-app-key"]),
        (&[("X-App_Key", "K"), ("x-app-key", "K")], &["-X-App_Key", "-x-app-key"]),
        (&[("x_thingworx_session", "")], &["-x_thingworx_session"]),
        (&[("Authorization", "Bearer gwk_0")], &["-Authorization"]),
        (&[("authorization", "Bearer gwk_0.a")], &["-authorization"]),
        (&[("authorization", "Bearer a.b.c,Bearer gwk_0")], &["-authorization"]),
        (&[("authorization", "Bearer\tgwk_0")], &["-authorization"]),
        (&[("authorization", "Bearer a.gwk_0-gwk_.c")], &[]),
        (&[("x-envoy-original-path", "/a?b&appKey=K")], &["-x-envoy-original-path"]),
        (&[("x-envoy-original-path", "/a?b=appKey")], &[]),
        (&[("authorization", "Basic dTpw")], &[]),
        (&[("xapp-key", "K"), ("x-app-keys", "K"), ("x-b", "1")], &[]),
    ];
    for (fields, expected) in rows {
        assert_eq!(stripped(parts(), fields), expected, "{fields:?}");
    }
}

#[test]
fn the_flag_stays_where_the_gateway_makes_no_session_or_the_upstream_shall_see_it() {
    let fields = [("x-thingworx-session", "true"), (":path", "/a?x-thingworx-session=true&appKey")];
    let forwarding = KeyPlacesParts { forwards_flag: true, ..parts() };
    let sessionless = KeyPlacesParts { session_cookie: None, ..parts() };
    for parts in [forwarding, sessionless] {
        assert_eq!(stripped(parts, &fields), [":path=/a?x-thingworx-session=true"]);
    }
    assert_eq!(stripped(parts(), &fields), ["-x-thingworx-session", ":path=/a"]);
}

#[test]
fn a_referer_shows_no_key() {
    let with_key = ("referer", "https://h/p?a=1&app%4Bey=K&b");
    let rows: [(Fields<'_>, &[&str]); 8] = [
        (&[with_key], &["referer=https://h/p?a=1&b"]),
        (&[("referer", "https://h/?APPKEY=K&access_token=t")], &["referer=https://h/"]),
        (&[("referer", "https://h/?a=1#x&appKey=K")], &["referer=https://h/?a=1"]),
        (&[("referer", "?appKey=K")], &["-referer"]),
        (&[("referer", "https://h/?a=1")], &[]),
        (&[("referer", "https://h/"), with_key], &["-referer"]),
        (&[with_key, ("Referer", "https://h/")], &["-referer", "-Referer"]),
        (&[("referer", "https://h/"), ("referer", "https://h/")], &[]),
    ];
    for (fields, expected) in rows {
        assert_eq!(stripped(parts(), fields), expected, "{fields:?}");
    }
}

#[test]
fn our_cookie_leaves_and_the_others_stay() {
    let rows: [(Fields<'_>, &[&str]); 6] = [
        (&[("cookie", "a=1; gwsession=s; b=2")], &["cookie=a=1; b=2"]),
        (&[("cookie", "gwsession=s")], &["-cookie"]),
        (&[("cookie", "gwsession")], &["-cookie"]),
        (&[("cookie", "gwsession=s"), ("cookie", "a=1")], &["-cookie", "cookie=a=1"]),
        (&[("Cookie", "gwsession=s; gwsession=r")], &["-Cookie"]),
        (&[("cookie", "a=1; Gwsession=s")], &[]),
    ];
    for (fields, expected) in rows {
        assert_eq!(stripped(parts(), fields), expected, "{fields:?}");
    }
    let none = KeyPlacesParts { session_cookie: None, ..parts() };
    assert_eq!(stripped(none, rows[0].0), [""; 0]);
}

/// Numbers that look random and are the same in every run (Knuth's constants for 64 bits).
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap() % below
}

/// The name in a random spelling: any letter in any case, or escaped with digits in any case.
fn spelling(state: &mut u64) -> String {
    let mut name = String::new();
    for letter in "appKey".chars() {
        let letter = match random(state, 2) {
            0 => letter.to_ascii_lowercase(),
            _ => letter.to_ascii_uppercase(),
        };
        match random(state, 4) {
            0 => name.push_str(&format!("%{:02x}", u32::from(letter))),
            1 => name.push_str(&format!("%{:02X}", u32::from(letter))),
            _ => name.push(letter),
        }
    }
    name
}

/// A parameter's name as every server reads it that ignores case.
fn meant(piece: &str) -> String {
    let name = piece.split('=').next().unwrap();
    let mut pieces = name.split('%');
    let mut text = pieces.next().unwrap().replace('+', " ");
    for piece in pieces {
        let decoded = piece.split_at_checked(2).and_then(|(digits, rest)| {
            Some((char::from(u8::from_str_radix(digits, 16).ok()?), rest))
        });
        let Some((letter, rest)) = decoded else { return "not a name".to_owned() };
        text.push(letter);
        text.push_str(&rest.replace('+', " "));
    }
    text.to_ascii_lowercase()
}

#[test]
fn whatever_the_query_no_spelling_of_the_name_stays_and_all_else_does_in_its_order() {
    const OTHERS: [&str; 12] = [
        "",
        "a",
        "a=1",
        "=",
        "b=appKey=K",
        "appKeys=1",
        "app%4",
        "app%4gKey=1",
        "%",
        "c=%zz+?",
        "app+Key=2",
        "app%254Bey=3",
    ];
    let places = KeyPlaces::new(parts(), &TokenPlaces::default());
    let mut state = 7;
    let mut cut = 0;
    for _ in 0..20_000 {
        let pieces: Vec<_> = (0..=random(&mut state, 6))
            .map(|_| match random(&mut state, 3) {
                0 => spelling(&mut state),
                1 => format!("{}=K{}", spelling(&mut state), random(&mut state, 9)),
                _ => OTHERS[random(&mut state, OTHERS.len())].to_owned(),
            })
            .collect();
        let path = format!("/p?{}", pieces.join("&"));
        let others: Vec<_> = pieces.iter().filter(|piece| meant(piece) != "appkey").collect();
        let head = RequestHead::new(vec![(b":path", path.as_bytes())]);
        let edits = strip(&head, &places);
        if others.len() == pieces.len() {
            assert_eq!(edits, [], "{path}");
            continue;
        }
        cut += 1;
        let [HeaderEdit::Reduce(left)] = edits.as_slice() else { panic!("{path}: {edits:?}") };
        let others: Vec<_> = others.into_iter().map(String::as_str).collect();
        let expected = match others.is_empty() {
            true => "/p".to_owned(),
            false => format!("/p?{}", others.join("&")),
        };
        assert_eq!(left.expose(), expected.as_bytes(), "{path}");
        let mut rest = path.bytes();
        assert!(left.expose().iter().all(|byte| rest.any(|b| b == *byte)), "{path}");
        for name in places.parameters() {
            assert_eq!(parameter_values(left.expose(), name).count(), 0, "{path}");
        }
    }
    assert!(cut > 10_000, "{cut}");
}
