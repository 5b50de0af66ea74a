//! Extraction and stripping of application keys: any fields of a request.
//!
//! The first byte chooses the settings; the rest is lines `name: value`. What is left after stripping presents
//! no key and no session, and is made of the bytes that were there, in their order.

use std::sync::Arc;

use tenantgate::credential::{
    Decisive, KeyPlaces, KeyPlacesParts, PresentedError, TokenPlace, TokenPlaces,
    extract_with_keys, strip,
};
use tenantgate::message::{CookieName, HeaderEdit, HeaderName, ParameterName, RequestHead};

type Field = (Vec<u8>, Vec<u8>);

/// Extracts, strips, and extracts again.
pub fn run(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let (tokens, keys) = places(*choice);
    let fields: Vec<Field> = rest.split(|&b| b == b'\n').filter_map(field).collect();
    let head = head_of(&fields);

    let presented = extract_with_keys(&head, &tokens, &keys);
    if let Ok(Some(key)) = presented.as_ref().map(|presented| &presented.application_key) {
        let key = key.expose();
        let is_key = |b: &u8| (b'!'..=b'~').contains(b) && *b != b',';
        assert!((1..=256).contains(&key.len()) && key.iter().all(is_key), "no form of a key");
    }
    let has_header_key = head.values(b"appkey").any(|value| !value.trim_ascii().is_empty());
    if let Ok(presented) = &presented {
        let is_set_aside = choice & 3 == 2 && presented.bearer.is_some();
        let is_taken = presented.application_key.is_some() || is_set_aside;
        assert!(is_taken || !has_header_key, "a key in its header counts as absent");
    }

    let stripped = apply(&fields, &strip(&head, &keys));
    let left = head_of(&stripped);
    match extract_with_keys(&left, &tokens, &keys) {
        Ok(presented) => {
            assert!(presented.application_key.is_none(), "a key is left");
            assert!(presented.session.is_none(), "a session is left");
            assert!(choice & 8 == 0 || !presented.asks_for_session, "the flag is left");
        }
        Err(PresentedError::Key(error)) => panic!("something of a key is left: {error:?}"),
        Err(PresentedError::Token(_)) => {}
    }
    assert!(strip(&left, &keys).is_empty(), "more is stripped at the second time");
    for name in [b":path".as_slice(), b"referer", b"cookie"] {
        let all: Vec<u8> = fields
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .flat_map(|(_, v)| v.clone())
            .collect();
        let mut rest = all.iter();
        for (_, value) in stripped.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)) {
            // Between cookies of several fields, `; ` is new.
            let is_new = |b: &u8| name == b"cookie" && matches!(b, b';' | b' ');
            let mut bytes = value.iter().filter(|b| !is_new(b));
            assert!(bytes.all(|b| rest.any(|other| other == b)), "bytes were added or moved");
        }
    }
}

fn places(choice: u8) -> (TokenPlaces, KeyPlaces) {
    let header = |name| HeaderName::parse(name).expect("a header name");
    let parameter = |name| ParameterName::parse(name).expect("a parameter name");
    let cookie = |name| CookieName::parse(name).expect("a cookie name");
    let tokens =
        [TokenPlace::Parameter(parameter("access_token")), TokenPlace::Cookie(cookie("t"))];
    let tokens: TokenPlaces = tokens.into_iter().filter(|_| choice & 64 != 0).collect();
    let parts = KeyPlacesParts {
        header: header("appkey"),
        parameter: parameter("appKey"),
        allows_query: choice & 4 != 0,
        bearer_prefix: (choice & 32 != 0).then(|| Arc::from("gwk_")),
        flag_header: header("x-thingworx-session"),
        flag_parameter: parameter("x-thingworx-session"),
        forwards_flag: false,
        session_cookie: (choice & 8 != 0).then(|| cookie("gwsession")),
        forwards_basic: choice & 16 != 0,
        decisive: match choice & 3 {
            1 => Decisive::Key,
            2 => Decisive::Token,
            _ => Decisive::Both,
        },
    };
    let keys = KeyPlaces::new(parts, &tokens);
    (tokens, keys)
}

fn field(line: &[u8]) -> Option<Field> {
    let at = line.iter().skip(1).position(|&b| b == b':')? + 1;
    let (name, value) = line.split_at_checked(at)?;
    Some((name.to_vec(), value.get(1..)?.to_vec()))
}

fn head_of(fields: &[Field]) -> RequestHead<'_> {
    RequestHead::new(
        fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect(),
    )
}

/// What a host makes of edits: it removes and replaces all fields of a name.
fn apply(fields: &[Field], edits: &[HeaderEdit]) -> Vec<Field> {
    let mut fields = fields.to_vec();
    for edit in edits {
        match edit {
            HeaderEdit::Reduce(reduced) => {
                let name = reduced.name().as_bytes();
                fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
                fields.push((name.to_vec(), reduced.expose().to_vec()));
            }
            HeaderEdit::Remove(name) => {
                fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            }
            HeaderEdit::Add(name, _) | HeaderEdit::Set(name, _) => {
                panic!("{} is set", name.as_str())
            }
        }
    }
    fields
}
