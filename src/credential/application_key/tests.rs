use std::sync::Arc;

use super::super::{
    CredentialError, Decisive, KeyPlacesParts, Presented, PresentedError, TokenPlace, TokenPlaces,
    extract_with_keys,
};
use super::*;
use crate::message::{CookieName, HeaderName, ParameterName};

type Fields<'f> = &'f [(&'f str, &'f str)];

/// Fields, and two facts of what they present.
type Row<'f, A, B> = (Fields<'f>, Result<(A, B), PresentedError>);

const IN_HEADER: KeyFrom = KeyFrom::Header;
const IN_BOTH: KeyFrom = KeyFrom::HeaderAndQuery;
const IN_QUERY: KeyFrom = KeyFrom::Query;

fn parts() -> KeyPlacesParts {
    KeyPlacesParts {
        header: HeaderName::parse("appkey").unwrap(),
        parameter: ParameterName::parse("appKey").unwrap(),
        allows_query: true,
        bearer_prefix: None,
        flag_header: HeaderName::parse("x-thingworx-session").unwrap(),
        flag_parameter: ParameterName::parse("x-thingworx-session").unwrap(),
        forwards_flag: false,
        session_cookie: Some(CookieName::parse("__Host-gwsession").unwrap()),
        forwards_basic: false,
        decisive: Decisive::Both,
    }
}

fn tokens() -> TokenPlaces {
    let cookie = TokenPlace::Cookie(CookieName::parse("token").unwrap());
    let parameter = TokenPlace::Parameter(ParameterName::parse("access_token").unwrap());
    [cookie, parameter].into_iter().collect()
}

fn head<'a>(fields: &[(&'a str, &'a str)]) -> RequestHead<'a> {
    RequestHead::new(fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect())
}

/// What is made of `fields`.
fn seen<T>(
    parts: KeyPlacesParts,
    fields: Fields<'_>,
    look: impl FnOnce(Presented<'_>) -> T,
) -> Result<T, PresentedError> {
    let (head, tokens) = (head(fields), tokens());
    extract_with_keys(&head, &tokens, &KeyPlaces::new(parts, &tokens)).map(look)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The key and where it stands.
fn key(
    parts: KeyPlacesParts,
    fields: Fields<'_>,
) -> Result<Option<(String, KeyFrom)>, PresentedError> {
    seen(parts, fields, |presented| {
        presented.application_key.map(|key| (text(key.expose()), key.from()))
    })
}

fn refused<T>(error: KeyError) -> Result<T, PresentedError> {
    Err(PresentedError::Key(error))
}

#[test]
fn a_key_is_found_in_its_header_in_any_case_and_in_its_parameter_in_its_own() {
    let rows: [(Fields<'_>, Option<KeyFrom>); 21] = [
        (&[("appkey", "K1")], Some(IN_HEADER)),
        (&[("appKey", "K1")], Some(IN_HEADER)),
        (&[("APPKEY", "K1")], Some(IN_HEADER)),
        (&[("appkey", " \tK1\t ")], Some(IN_HEADER)),
        (&[("appkey", "K1"), ("AppKey", "K1")], Some(IN_HEADER)),
        (&[("appkey", ""), ("appkey", "K1")], Some(IN_HEADER)),
        (&[(":path", "/a?appKey=K1")], Some(IN_QUERY)),
        (&[(":path", "/a?b=1&appKey=K1&c")], Some(IN_QUERY)),
        (&[(":path", "/a?app%4Bey=K1")], Some(IN_QUERY)),
        (&[(":path", "/a?%61%70%70%4b%65%79=%4b%31")], Some(IN_QUERY)),
        (&[(":path", "/a?appKey=K1&appKey=%4B1&appKey&appKey=")], Some(IN_QUERY)),
        (&[("appkey", "K1"), (":path", "/a?appKey=K1")], Some(IN_BOTH)),
        (&[("appkey", "K1"), (":path", "/a?appKey=K%31&appKey=K1")], Some(IN_BOTH)),
        (&[("appkey", "")], None),
        (&[("appkey", " \t")], None),
        (&[(":path", "/a?appKey")], None),
        (&[(":path", "/a?appKey=&appKey")], None),
        (&[(":path", "/a?appkey=K1&APPKEY=K2&app%6Bey=K3")], None),
        (&[(":path", "/a?app+Key=K1&appKey+=K2&app%4=K3&app%zzKey=K4")], None),
        (&[(":path", "/appKey=K1?b=appKey=K1")], None),
        (&[("app-key", "K1"), ("app_key", "K1"), ("x-appkey", "K1")], None),
    ];
    for (fields, from) in rows {
        let expected = from.map(|from| ("K1".to_owned(), from));
        assert_eq!(key(parts(), fields), Ok(expected), "{fields:?}");
    }
}

#[test]
fn two_different_keys_are_refused_wherever_they_stand_and_whatever_their_form() {
    let rows: [Fields<'_>; 9] = [
        &[("appkey", "K1"), ("appkey", "K2")],
        &[("appkey", "K1"), ("AppKey", "k1")],
        &[("appkey", "K1"), (":path", "/a?appKey=K2")],
        &[(":path", "/a?appKey=K1&appKey=K2")],
        &[(":path", "/a?appKey=K1&app%4Bey=K2")],
        &[("appkey", "K1"), (":path", "/a?appKey=K1+")],
        &[("appkey", "K 1"), ("appkey", "K1")],
        &[("appkey", "K%zz"), (":path", "/a?appKey=K%zz")],
        &[(":path", "/a?appKey=%zz&appKey=%zy")],
    ];
    for fields in rows {
        assert_eq!(key(parts(), fields), refused(KeyError::KeysDiffer), "{fields:?}");
    }
    let in_url = KeyPlacesParts { allows_query: false, ..parts() };
    assert_eq!(key(in_url, rows[2]), refused(KeyError::KeysDiffer));
}

#[test]
fn a_key_has_1_to_256_bytes_of_visible_ascii_without_comma_also_after_decoding() {
    let (longest, over) = ("x".repeat(256), "x".repeat(257));
    let path = |value: &str| format!("/a?appKey={value}");
    let escaped = |value: &str| value.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
    for good in ["!", "~", "a+b", "a%zz", "a;b", "\"", "+", &longest] {
        let expected = |from| Ok(Some((good.to_owned(), from)));
        assert_eq!(key(parts(), &[("appkey", good)]), expected(IN_HEADER), "{good}");
        let path = path(&escaped(good));
        assert_eq!(key(parts(), &[(":path", &path)]), expected(IN_QUERY), "{good}");
    }
    for bad in ["a b", "a,b", "K1,K1", "K1, K1", ",", "a\tb", "\u{7f}", "é", "a\0", &over] {
        assert_eq!(key(parts(), &[("appkey", bad)]), refused(KeyError::Format), "{bad}");
        let path = path(&escaped(bad));
        assert_eq!(key(parts(), &[(":path", &path)]), refused(KeyError::Format), "{bad}");
    }
    for bad in ["a+b", "+", "%20K1", "K1%", "%", "K%zz", "K%4", "K%00", "K,1", &over] {
        assert_eq!(key(parts(), &[(":path", &path(bad))]), refused(KeyError::Format), "{bad}");
    }
    for plain in ["!", "~", &longest] {
        let expected = Ok(Some((plain.to_owned(), IN_QUERY)));
        assert_eq!(key(parts(), &[(":path", &path(plain))]), expected, "{plain}");
    }
}

#[test]
fn a_key_in_the_query_is_refused_where_none_may_stand_there_and_can_still_be_named() {
    let places = || KeyPlacesParts { allows_query: false, ..parts() };
    let rows: [(Fields<'_>, Option<KeyError>, Option<&str>); 6] = [
        (&[(":path", "/a?appKey=K1")], Some(KeyError::InUrl), Some("K1")),
        (&[("appkey", "K1"), (":path", "/a?appKey=K%31")], Some(KeyError::InUrl), Some("K1")),
        (&[(":path", "/a?appKey=K+1")], Some(KeyError::Format), None),
        (&[("appkey", "K1")], None, None),
        (&[("appkey", "K1"), (":path", "/a?appkey=K2&appKey=")], None, None),
        (&[], None, None),
    ];
    for (fields, error, exposed) in rows {
        let found = key(places(), fields).err();
        assert_eq!(found, error.map(PresentedError::Key), "{fields:?}");
        let (head, places) = (head(fields), KeyPlaces::new(places(), &tokens()));
        let found = PresentedKey::exposed(&head, &places).map(|key| text(key.expose()));
        assert_eq!(found.as_deref(), exposed, "{fields:?}");
    }
}

#[test]
fn a_key_stands_where_tokens_do_only_if_it_is_let_and_has_our_prefix_and_no_dot() {
    let accepting = || KeyPlacesParts { bearer_prefix: Some(Arc::from("gwk_")), ..parts() };
    let bearer = |parts, value| {
        seen(parts, &[("authorization", value)], |presented| {
            let key = presented.application_key.map(|key| (text(key.expose()), key.from()));
            (presented.bearer.is_some(), key)
        })
    };
    for value in ["Bearer gwk_0", "bearer gwk_0", "BEARER  gwk_0 "] {
        let expected = Ok((false, Some(("gwk_0".to_owned(), IN_HEADER))));
        assert_eq!(bearer(accepting(), value), expected, "{value}");
    }
    for value in ["Bearer gwk_0.a.b", "Bearer GWK_0", "Bearer gwk0", "Bearer xgwk_0"] {
        assert_eq!(bearer(accepting(), value), Ok((true, None)), "{value}");
    }
    assert_eq!(bearer(parts(), "Bearer gwk_0"), Ok((true, None)));
    assert_eq!(bearer(accepting(), "Bearer gwk_0,"), refused(KeyError::Format));
    let same: Fields<'_> = &[("authorization", "Bearer gwk_0"), ("appkey", "gwk_0")];
    assert_eq!(key(accepting(), same), Ok(Some(("gwk_0".to_owned(), IN_HEADER))));
    let two: Fields<'_> = &[("authorization", "Bearer gwk_0"), ("appkey", "gwk_1")];
    assert_eq!(key(accepting(), two), refused(KeyError::KeysDiffer));
    let twice: Fields<'_> = &[("authorization", "Bearer gwk_0"); 2];
    let repeated = Err(PresentedError::Token(CredentialError::AuthorizationRepeated));
    assert_eq!(key(accepting(), twice), repeated);
}

#[test]
fn beside_a_token_both_count_or_the_one_that_decides() {
    const TOKEN: (&str, &str) = ("authorization", "Bearer a.b");
    const BAD_TOKEN: (&str, &str) = ("authorization", "Bearer a,b c");
    const KEY: (&str, &str) = ("appkey", "K1");
    const BAD_KEY: (&str, &str) = ("appkey", "K 1");
    let repeated = Err(PresentedError::Token(CredentialError::AuthorizationRepeated));
    let (both, key, token) = (Decisive::Both, Decisive::Key, Decisive::Token);
    let rows: [(Decisive, Row<'_, bool, bool>); 15] = [
        (both, (&[TOKEN, KEY], Ok((true, true)))),
        (both, (&[BAD_TOKEN, KEY], repeated)),
        (both, (&[TOKEN, BAD_KEY], refused(KeyError::Format))),
        (key, (&[TOKEN, KEY], Ok((false, true)))),
        (key, (&[BAD_TOKEN, KEY], Ok((false, true)))),
        (key, (&[TOKEN, BAD_KEY], refused(KeyError::Format))),
        (key, (&[TOKEN], Ok((true, false)))),
        (key, (&[BAD_TOKEN], repeated)),
        (key, (&[TOKEN, ("appkey", " ")], Ok((true, false)))),
        (token, (&[TOKEN, KEY], Ok((true, false)))),
        (token, (&[TOKEN, BAD_KEY], Ok((true, false)))),
        (token, (&[BAD_TOKEN, KEY], repeated)),
        (token, (&[KEY], Ok((false, true)))),
        (token, (&[BAD_KEY], refused(KeyError::Format))),
        (token, (&[], Ok((false, false)))),
    ];
    for (decisive, (fields, expected)) in rows {
        let parts = KeyPlacesParts { decisive, ..parts() };
        let found = seen(parts, fields, |presented| {
            (presented.bearer.is_some(), presented.application_key.is_some())
        });
        assert_eq!(found, expected, "{decisive:?} {fields:?}");
    }
}

#[test]
fn user_and_password_are_told_beside_a_key_and_refused_without_one() {
    const BASIC: (&str, &str) = ("authorization", "basic dTpw");
    let unsupported = Err(PresentedError::Token(CredentialError::SchemeUnsupported));
    let repeated = Err(PresentedError::Token(CredentialError::AuthorizationRepeated));
    let rows: [Row<'_, bool, bool>; 8] = [
        (&[BASIC, ("appkey", "K1")], Ok((true, true))),
        (&[BASIC, (":path", "/a?appKey=K1")], Ok((true, true))),
        (&[("appkey", "K1")], Ok((true, false))),
        (&[BASIC], unsupported),
        (&[BASIC, ("appkey", " "), (":path", "/a?appKey=")], unsupported),
        (&[("authorization", "Digest x"), ("appkey", "K1")], unsupported),
        (&[BASIC, BASIC, ("appkey", "K1")], repeated),
        (&[BASIC, ("appkey", "K 1")], refused(KeyError::Format)),
    ];
    for (fields, expected) in rows {
        for decisive in [Decisive::Both, Decisive::Token] {
            let parts = KeyPlacesParts { decisive, ..parts() };
            let found = seen(parts, fields, |presented| {
                (presented.application_key.is_some(), presented.has_basic)
            });
            assert_eq!(found, expected, "{decisive:?} {fields:?}");
        }
    }
}

#[test]
fn a_session_is_asked_for_by_true_and_the_header_goes_before_the_query() {
    const FLAG: &str = "x-thingworx-session";
    let rows: [(Fields<'_>, bool); 17] = [
        (&[(FLAG, "true")], true),
        (&[("X-ThingWorx-Session", " TRUE ")], true),
        (&[(FLAG, "false")], false),
        (&[(FLAG, "1")], false),
        (&[(FLAG, "")], false),
        (&[(FLAG, "true"), (FLAG, "true")], true),
        (&[(FLAG, "true"), (FLAG, "false")], false),
        (&[(FLAG, "true,true")], false),
        (&[(":path", "/a?x-thingworx-session=true")], true),
        (&[(":path", "/a?x%2Dthingworx-session=T%72ue&b")], true),
        (&[(":path", "/a?x-thingworx-session")], false),
        (&[(":path", "/a?x-thingworx-session=true+")], false),
        (&[(":path", "/a?X-Thingworx-Session=true")], false),
        (&[(":path", "/a?x-thingworx-session=true&x-thingworx-session=false")], false),
        (&[(FLAG, "false"), (":path", "/a?x-thingworx-session=true")], false),
        (&[(FLAG, "true"), (":path", "/a?x-thingworx-session=false")], true),
        (&[], false),
    ];
    for (fields, expected) in rows {
        let found = seen(parts(), fields, |presented| presented.asks_for_session);
        assert_eq!(found, Ok(expected), "{fields:?}");
    }
}

#[test]
fn one_session_cookie_is_taken_and_alone_it_is_ambient() {
    let rows: [Row<'_, Option<&str>, bool>; 9] = [
        (&[("cookie", "a=1; __Host-gwsession=v1.x; b=2")], Ok((Some("v1.x"), true))),
        (&[("cookie", "__Host-gwsession=s; __Host-gwsession=s")], Ok((Some("s"), true))),
        (&[("cookie", "__Host-gwsession=; __Host-gwsession=s")], Ok((Some("s"), true))),
        (&[("cookie", "__Host-gwsession=")], Ok((None, false))),
        (&[("cookie", "__host-gwsession=s")], Ok((None, false))),
        (&[("cookie", "__Host-gwsession=s"), ("appkey", "K1")], Ok((Some("s"), false))),
        (
            &[("cookie", "__Host-gwsession=s"), ("authorization", "Bearer t")],
            Ok((Some("s"), false)),
        ),
        (&[("cookie", "__Host-gwsession=s; token=t")], Ok((Some("s"), true))),
        (
            &[("cookie", "__Host-gwsession=s"), ("cookie", "__Host-gwsession=r")],
            refused(KeyError::SessionsDiffer),
        ),
    ];
    for (fields, expected) in rows {
        let found = seen(parts(), fields, |presented| {
            (presented.session.map(|cookie| text(cookie.expose())), presented.is_ambient())
        });
        let expected = expected.map(|(cookie, is_ambient)| (cookie.map(str::to_owned), is_ambient));
        assert_eq!(found, expected, "{fields:?}");
    }
    let none = KeyPlacesParts { session_cookie: None, ..parts() };
    let found = seen(none, rows[8].0, |presented| presented.session.is_some());
    assert_eq!(found, Ok(false));
}

#[test]
fn debug_output_shows_neither_key_nor_session() {
    let fields = [
        ("appkey", "SECRET"),
        (":path", "/?appKey=S%45CRET"),
        ("cookie", "__Host-gwsession=SECRET"),
    ];
    for fields in [&fields[..1], &fields[1..], &fields[2..], &fields] {
        let shown = seen(parts(), fields, |presented| format!("{presented:?}")).unwrap();
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}
