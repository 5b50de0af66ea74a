use std::sync::Arc;

use super::*;
use crate::message::{CookieName, HeaderName, ParameterName};

type Fields<'f> = &'f [(&'f str, &'f str)];

fn places() -> TokenPlaces {
    let header = |name, prefix| TokenPlace::Header {
        name: HeaderName::parse(name).unwrap(),
        prefix: Arc::from(prefix),
    };
    [
        header("x-jwt", ""),
        header("x-assertion", "JWT "),
        TokenPlace::Cookie(CookieName::parse("session").unwrap()),
        TokenPlace::Parameter(ParameterName::parse("access_token").unwrap()),
    ]
    .into_iter()
    .collect()
}

fn head<'a>(fields: &[(&'a str, &'a str)]) -> RequestHead<'a> {
    RequestHead::new(fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect())
}

/// The token, and whether it is ambient.
fn found(
    places: &TokenPlaces,
    fields: &[(&str, &str)],
) -> Result<Option<(String, bool)>, CredentialError> {
    let head = head(fields);
    let presented = extract(&head, places)?;
    let token = presented.bearer.map(|token| String::from_utf8(token.expose().to_vec()).unwrap());
    Ok(token.map(|token| (token, presented.is_ambient())))
}

/// Each place with the token `{}` in it, and whether it is ambient.
const PLACES: [(&str, &str, bool); 5] = [
    ("authorization", "Bearer {}", false),
    ("x-jwt", "{}", false),
    ("x-assertion", "jwt {}", false),
    (":path", "/a?b=1&access_token={}&c", false),
    ("cookie", "a=1; session={}; b=2", true),
];

#[test]
fn a_token_is_found_at_each_place_and_nowhere_unless_it_is_configured() {
    let none = TokenPlaces::default();
    for (name, form, is_ambient) in PLACES {
        let value = form.replace("{}", "a.b.c");
        let fields = [(name, value.as_str())];
        let expected = Ok(Some(("a.b.c".to_owned(), is_ambient)));
        assert_eq!(found(&places(), &fields), expected, "{name}");
        let unconfigured = if name == "authorization" { expected } else { Ok(None) };
        assert_eq!(found(&none, &fields), unconfigured, "{name}");
    }
    assert_eq!(found(&places(), &[(":path", "/a"), ("cookie", "a=1")]), Ok(None));
}

#[test]
fn the_same_token_at_two_places_is_one_and_two_tokens_are_a_conflict() {
    for (index, (name, form, is_ambient)) in PLACES.into_iter().enumerate() {
        for (other, other_form, is_other_ambient) in PLACES.into_iter().skip(index + 1) {
            let (one, same) = (form.replace("{}", "one"), other_form.replace("{}", "one"));
            let expected = Ok(Some(("one".to_owned(), is_ambient && is_other_ambient)));
            assert_eq!(found(&places(), &[(name, &one), (other, &same)]), expected);
            let two = other_form.replace("{}", "two");
            let result = found(&places(), &[(name, &one), (other, &two)]);
            assert_eq!(result, Err(CredentialError::TokensDiffer), "{name} {other}");
        }
    }
}

#[test]
fn a_place_that_holds_two_values_holds_one_token_or_is_a_conflict() {
    let twice: [(Fields<'_>, Fields<'_>); 4] = [
        (&[("x-jwt", "one"), ("X-Jwt", "one")], &[("x-jwt", "one"), ("x-jwt", "two")]),
        (&[("cookie", "session=one; session=one")], &[("cookie", "session=one; session=two")]),
        (
            &[("cookie", "session=one"), ("cookie", "session=one")],
            &[("cookie", "session=one"), ("cookie", "session=two")],
        ),
        (
            &[(":path", "/?access_token=one&access%5Ftoken=one")],
            &[(":path", "/?access_token=one&access%5Ftoken=two")],
        ),
    ];
    for (same, different) in twice {
        let token = found(&places(), same).unwrap().map(|(token, _)| token);
        assert_eq!(token.as_deref(), Some("one"), "{same:?}");
        assert_eq!(found(&places(), different), Err(CredentialError::TokensDiffer));
    }
    let list = found(&places(), &[("x-jwt", "one,two")]);
    assert_eq!(list, Err(CredentialError::TokensDiffer));
}

#[test]
fn what_stands_at_a_place_and_is_no_token_is_refused_and_not_absent() {
    let rows = [
        ("x-jwt", "", CredentialError::BearerMalformed),
        ("x-jwt", " a.b.c", CredentialError::BearerMalformed),
        ("x-jwt", "Bearer a.b.c", CredentialError::BearerMalformed),
        ("x-assertion", "a.b.c", CredentialError::PrefixMissing),
        ("x-assertion", "JWT", CredentialError::PrefixMissing),
        ("x-assertion", "", CredentialError::PrefixMissing),
        ("x-assertion", "JWT ", CredentialError::BearerMalformed),
        ("cookie", "session=", CredentialError::BearerMalformed),
        ("cookie", "session", CredentialError::BearerMalformed),
        ("cookie", "session=\"a.b.c\"", CredentialError::BearerMalformed),
        ("cookie", "session=a,b", CredentialError::BearerMalformed),
        (":path", "/a?access_token", CredentialError::BearerMalformed),
        (":path", "/a?access_token=", CredentialError::BearerMalformed),
        (":path", "/a?access_token=a%2Eb.c", CredentialError::BearerMalformed),
        (":path", "/a?access_token=a.b.c#x", CredentialError::BearerMalformed),
        (":path", "/a?access_token=a.b.c;x=1", CredentialError::BearerMalformed),
    ];
    for (name, value, expected) in rows {
        assert_eq!(found(&places(), &[(name, value)]), Err(expected), "{name}: {value}");
    }
}

#[test]
fn only_a_cookie_alone_needs_a_proof_of_origin_and_only_where_it_could_do_harm() {
    let post = (":method", "POST");
    let cookie = ("cookie", "session=t");
    let foreign = ("origin", "https://evil.example");
    let own = [(":authority", "a.example"), ("origin", "https://a.example")];
    let unproven = Err(CredentialError::OriginUnproven);
    let rows: [(Fields<'_>, Result<(), CredentialError>); 9] = [
        (&[post, cookie], unproven),
        (&[post, cookie, foreign], unproven),
        (&[post, cookie, own[0], own[1]], Ok(())),
        (&[post, cookie, ("sec-fetch-site", "same-origin")], Ok(())),
        (&[post, cookie, ("sec-fetch-site", "cross-site")], unproven),
        (&[(":method", "GET"), cookie, foreign], Ok(())),
        (&[(":method", "GET"), cookie, ("upgrade", "websocket"), foreign], unproven),
        (&[post, cookie, ("authorization", "Bearer t"), foreign], Ok(())),
        (&[post, ("cookie", "a=1"), foreign], Ok(())),
    ];
    for (fields, expected) in rows {
        let head = head(fields);
        let places = places();
        let presented = extract(&head, &places).unwrap();
        assert_eq!(presented.check_origin(&head), expected, "{fields:?}");
    }
}
