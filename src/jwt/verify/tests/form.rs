//! Form, header, key and signature.

use std::cell::Cell;

use serde_json::json;

use super::*;
use crate::crypto::PublicKey;
use crate::jwt::TOKEN_LIMIT;
use crate::jwt::testing::{KEYS, claims, claims_with, es256, public_rsa, signed};

const HEADER: &str = r#"{"alg":"ES256","kid":"ec"}"#;

#[test]
fn both_algorithms_are_verified() {
    let payload = claims().to_string();
    for header in [HEADER, r#"{"alg":"RS256","kid":"rsa"}"#, r#"{"alg":"RS256"}"#] {
        assert_eq!(refusal_by(rules(), &signed(header, &payload)), None, "{header}");
    }
}

#[test]
fn a_header_that_attacks_is_refused() {
    use TokenError::{
        AlgorithmNotAllowed, HeaderInvalid, HeaderUnsupported, KeyUnfit, SignatureInvalid,
        TypeNotAllowed,
    };
    let long = |length: usize| json!({"alg": "ES256", "kid": "k".repeat(length)}).to_string();
    let rows = [
        (r#"{"alg":"none","kid":"ec"}"#, AlgorithmNotAllowed),
        (r#"{"alg":"None","kid":"ec"}"#, AlgorithmNotAllowed),
        (r#"{"alg":"","kid":"ec"}"#, AlgorithmNotAllowed),
        (r#"{"alg":"HS256","kid":"rsa"}"#, AlgorithmNotAllowed),
        (r#"{"alg":"RS384","kid":"rsa"}"#, AlgorithmNotAllowed),
        (r#"{"alg":"es256","kid":"ec"}"#, AlgorithmNotAllowed),
        (r#"{"kid":"ec"}"#, AlgorithmNotAllowed),
        (r#"{"alg":["ES256"],"kid":"ec"}"#, HeaderInvalid),
        (r#"{"alg":null,"kid":"ec"}"#, HeaderInvalid),
        (r#"{"alg":"ES256","alg":"none","kid":"ec"}"#, HeaderInvalid),
        (r#"{"alg":"ES256","kid":7}"#, HeaderInvalid),
        (r#"{"alg":"ES256","kid":null}"#, HeaderInvalid),
        (r#"{"alg":"ES256","kid":"ec","typ":1}"#, HeaderInvalid),
        (r#"["ES256"]"#, HeaderInvalid),
        (r#"{"alg":"ES256","kid":"ec"} x"#, HeaderInvalid),
        ("", HeaderInvalid),
        (&long(257), HeaderInvalid),
        (r#"{"alg":"ES256","kid":"ec","crit":["exp"]}"#, HeaderUnsupported),
        (r#"{"alg":"ES256","kid":"ec","crit":[]}"#, HeaderUnsupported),
        (r#"{"alg":"ES256","kid":"ec","b64":false,"crit":["b64"]}"#, HeaderUnsupported),
        (r#"{"alg":"ES256","kid":"ec","b64":true}"#, HeaderUnsupported),
        (r#"{"alg":"ES256","kid":"ec","cty":"JWT"}"#, HeaderUnsupported),
        (r#"{"alg":"ES256","kid":"ec","typ":"at+jwt"}"#, TypeNotAllowed),
        (r#"{"alg":"ES256","kid":"ec","typ":"dpop+jwt"}"#, TypeNotAllowed),
        (r#"{"alg":"ES256","kid":"rsa"}"#, KeyUnfit),
        (r#"{"alg":"RS256","kid":"ec"}"#, KeyUnfit),
    ];
    for (header, expected) in rows {
        let token = signed(header, &claims().to_string());
        assert_eq!(refusal_by(rules(), &token), Some(expected), "{header}");
    }
    let unknown = verified_by(rules(), &signed(&long(256), &claims().to_string()));
    assert_eq!(unknown.err(), Some(Unverified::KeyUnknown(KEYS)));
    let mut forged = es256(&claims());
    let middle = forged.len() - 40;
    forged[middle] ^= 1;
    assert_eq!(refusal_by(rules(), &forged), Some(SignatureInvalid));
}

#[test]
fn keys_that_the_presenter_offers_are_not_used() {
    let offered = json!({"alg": "RS256", "kid": "ec-2", "jwk": public_rsa(),
        "jku": "https://evil.example/keys", "x5u": "https://evil.example/x", "x5c": ["AA=="]});
    let token = signed(&offered.to_string(), &claims().to_string());
    assert_eq!(verified_by(rules(), &token).err(), Some(Unverified::KeyUnknown(KEYS)));
    let harmless = json!({"alg": "ES256", "kid": "ec", "jku": "https://evil.example/keys"});
    let token = signed(&harmless.to_string(), &claims().to_string());
    assert_eq!(refusal_by(rules(), &token), None);
}

#[test]
fn an_algorithm_off_the_issuers_list_is_refused_even_if_its_key_is_there() {
    let only_rsa = IssuerParts { algorithms: [Algorithm::Rs256].into(), ..rules() };
    let error = refusal_by(only_rsa, &es256(&claims()));
    assert_eq!(error, Some(TokenError::AlgorithmNotAllowed));
}

#[test]
fn other_spellings_of_a_token_are_refused() {
    let token = String::from_utf8(es256(&claims())).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    // 64 bytes leave 4 unused bits in the last character: any other value of them is a second
    // spelling of the same signature.
    let last = signature.chars().last().unwrap();
    let first = signature.strip_suffix(last).unwrap();
    let trailing = format!("{first}{}", char::from(last as u8 + 1));
    let rows = [
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}."),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{trailing}"),
        format!("{header}.{payload}. {signature}"),
        format!("{header}.{payload}\n.{signature}"),
        format!("{header}={payload}.{signature}"),
        format!("{header}.{payload}+.{signature}"),
        String::new(),
        "..".to_owned(),
    ];
    for token in &rows {
        let error = refusal_by(rules(), token.as_bytes()).unwrap();
        let expected =
            [TokenError::Malformed, TokenError::HeaderInvalid, TokenError::PayloadInvalid];
        assert!(expected.contains(&error), "{token} {error:?}");
    }
    assert_eq!(refusal_by(rules(), token.as_bytes()), None);
}

#[test]
fn a_token_is_at_most_16_kib_long() {
    // The header's length lets some token be exactly as long as the limit.
    let header = r#"{"alg":"ES256","kid":"ec"  }"#;
    let sized = |padding: usize| {
        let claims = claims_with(&[("padding", Some(json!("x".repeat(padding))))]);
        signed(header, &claims.to_string())
    };
    let near = (TOKEN_LIMIT - sized(0).len()) / 4 * 3;
    let mut lengths = Vec::new();
    for token in (near - 6..near + 6).map(sized) {
        let expected = (token.len() > TOKEN_LIMIT).then_some(TokenError::TooLarge);
        assert_eq!(refusal_by(rules(), &token), expected, "{}", token.len());
        lengths.push(token.len());
    }
    assert!(lengths.contains(&TOKEN_LIMIT), "{lengths:?}");
    assert!(lengths.contains(&(TOKEN_LIMIT + 1)), "{lengths:?}");
}

#[test]
fn claims_that_could_be_read_in_two_ways_are_refused() {
    let good = claims().to_string();
    let rows = [
        good.replacen('{', r#"{"ten":"other","#, 1),
        good.replacen('{', r#"{"x":{"a":1,"a":2},"#, 1),
        good.replacen('{', r#"{"\u0074en":"acme","#, 1),
        good.replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(16), "]".repeat(16)), 1),
        format!("{good}{good}"),
        format!("[{good}]"),
        "\"text\"".to_owned(),
    ];
    for payload in &rows {
        let error = refusal_by(rules(), &signed(HEADER, payload));
        assert_eq!(error, Some(TokenError::PayloadInvalid), "{payload}");
    }
    let deep = format!(r#"{{"x":{}{},"#, "[".repeat(15), "]".repeat(15));
    assert_eq!(refusal_by(rules(), &signed(HEADER, &good.replacen('{', &deep, 1))), None);
}

#[test]
fn the_type_of_an_access_token_may_be_spelt_in_several_ways() {
    let with_type = |token_type: &str| {
        let header = json!({"alg": "ES256", "kid": "ec", "typ": token_type}).to_string();
        signed(&header, &claims().to_string())
    };
    for token_type in ["JWT", "jwt", "Jwt"] {
        assert_eq!(refusal_by(rules(), &with_type(token_type)), None, "{token_type}");
    }
    for token_type in ["JWT", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"] {
        assert_eq!(refusal_by(plain(), &with_type(token_type)), None, "{token_type}");
    }
    for token_type in ["", "JWS", "logout+jwt", "text/jwt", "at+jwt "] {
        let error = refusal_by(plain(), &with_type(token_type));
        assert_eq!(error, Some(TokenError::TypeNotAllowed), "{token_type}");
    }
}

#[test]
fn a_list_of_types_admits_these_and_no_others() {
    let token = |token_type: serde_json::Value| {
        let header = json!({"alg": "ES256", "kid": "ec", "typ": token_type}).to_string();
        signed(&header, &claims().to_string())
    };
    let listed: std::sync::Arc<[Box<str>]> = ["jwt".into(), "acme-access+jwt".into()].into();
    for parts in [rules(), plain()] {
        let parts = || IssuerParts { token_types: Some(listed.clone()), ..parts.clone() };
        for good in ["JWT", "application/jwt", "Acme-Access+JWT", "APPLICATION/acme-access+jwt"] {
            assert_eq!(refusal_by(parts(), &token(json!(good))), None, "{good}");
        }
        for bad in ["at+jwt", "", "application/", "application/application/jwt", "jwt "] {
            let error = refusal_by(parts(), &token(json!(bad)));
            assert_eq!(error, Some(TokenError::TypeNotAllowed), "{bad}");
        }
        let without = signed(HEADER, &claims().to_string());
        assert_eq!(refusal_by(parts(), &without), Some(TokenError::TypeNotAllowed));
    }
}

#[test]
fn the_profile_of_rfc_9068_requires_its_type_and_claims() {
    let profile = || IssuerParts { access_tokens: AccessTokenRules::Rfc9068, ..plain() };
    let token = |typ: Option<&str>, left_out: &str| {
        let mut header = json!({"alg": "ES256", "kid": "ec"});
        if let Some(typ) = typ {
            header["typ"] = json!(typ);
        }
        signed(&header.to_string(), &claims_with(&[(left_out, None)]).to_string())
    };
    for good in ["at+jwt", "AT+jwt", "application/at+jwt"] {
        assert_eq!(refusal_by(profile(), &token(Some(good), "x")), None, "{good}");
    }
    for bad in [None, Some("JWT"), Some("jwt+at"), Some("application/jwt"), Some("")] {
        let error = refusal_by(profile(), &token(bad, "x"));
        assert_eq!(error, Some(TokenError::TypeNotAllowed), "{bad:?}");
    }
    let required = [
        ("iss", ClaimKind::Issuer),
        ("exp", ClaimKind::Expiry),
        ("aud", ClaimKind::Audience),
        ("sub", ClaimKind::Subject),
        ("iat", ClaimKind::IssuedAt),
        ("jti", ClaimKind::TokenId),
    ];
    for (name, kind) in required {
        let error = refusal_by(profile(), &token(Some("at+jwt"), name));
        assert_eq!(error, Some(TokenError::ClaimMissing(kind)), "{name}");
    }
    let clients = Some(crate::jwt::Expected::Any);
    let any_client = IssuerParts { clients, ..profile() };
    let error = refusal_by(any_client, &token(Some("at+jwt"), "client_id"));
    assert_eq!(error, Some(TokenError::ClaimMissing(ClaimKind::Client)));
    for optional in ["scope", "ten", "user_name"] {
        assert_eq!(refusal_by(profile(), &token(Some("at+jwt"), optional)), None, "{optional}");
    }
}

#[test]
fn cheap_refusals_compute_no_signature() {
    struct Counting(Cell<usize>);
    impl SignatureVerifier for Counting {
        fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
            self.0.set(self.0.get() + 1);
            Verdict::Valid
        }
    }
    let counting = Counting(Cell::new(0));
    let judge = |token: &[u8], keys: &KeyRing| {
        verify(token, &issuers(rules()), keys, &counting, NOW).map(|_| ())
    };
    let changes = [
        ("exp", json!(1)),
        ("iss", json!("x")),
        ("client_id", json!("x")),
        ("aud", json!(1)),
        ("nbf", json!(9e9)),
    ];
    for (name, value) in changes {
        let token = es256(&claims_with(&[(name, Some(value))]));
        assert!(matches!(judge(&token, &key_ring()), Err(Unverified::Refused(_))), "{name}");
    }
    let unknown = signed(r#"{"alg":"ES256","kid":"new"}"#, &claims().to_string());
    assert_eq!(judge(&unknown, &key_ring()), Err(Unverified::KeyUnknown(KEYS)));
    let missing = judge(&es256(&claims()), &KeyRing::default());
    assert_eq!(missing, Err(Unverified::KeysMissing(KEYS)));
    assert_eq!(counting.0.get(), 0);
    assert_eq!(judge(&es256(&claims()), &key_ring()), Ok(()));
    assert_eq!(counting.0.get(), 1);
}

#[test]
fn a_signature_that_nothing_can_compute_is_refused() {
    struct Unable;
    impl SignatureVerifier for Unable {
        fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
            Verdict::Unsupported
        }
    }
    let judged = verify(&es256(&claims()), &issuers(rules()), &key_ring(), &Unable, NOW);
    assert_eq!(judged.err(), Some(Unverified::Refused(TokenError::SignatureUnsupported)));
}
