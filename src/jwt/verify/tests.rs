use std::cell::Cell;

use serde_json::{Value as Json, json};

use super::*;
use crate::crypto::{PublicKey, SoftwareVerifier};
use crate::jwt::testing::{
    ISSUER, KEYS, NOW, claims, claims_with, es256, issuers, key_ring, one_of, public_rsa, rules,
    signed,
};
use crate::jwt::{ClaimName, ClaimNames, Expected, IssuerParts, TOKEN_LIMIT};
use crate::tenancy::{IdError, SubtenantId, TenantId};

const HEADER: &str = r#"{"alg":"ES256","kid":"ec"}"#;

fn verified_by(rules: IssuerParts, token: &[u8]) -> Result<VerifiedToken, Unverified> {
    verify(token, &issuers(rules), &key_ring(), &SoftwareVerifier, NOW)
}

fn refusal_by(rules: IssuerParts, token: &[u8]) -> Option<TokenError> {
    match verified_by(rules, token) {
        Ok(_) => None,
        Err(Unverified::Refused(error)) => Some(error),
        Err(other) => panic!("{other:?}"),
    }
}

/// Why a token with these changes to a good one is refused, if it is.
fn refusal(changes: &[(&str, Option<Json>)]) -> Option<TokenError> {
    refusal_by(rules(), &es256(&claims_with(changes)))
}

fn plain() -> IssuerParts {
    IssuerParts { access_tokens: AccessTokenRules::Plain, tenants: Tenants::Any, ..rules() }
}

#[test]
fn a_good_token_gives_its_claims() {
    let changes = [("subtenant", Some(json!("mycustomer")))];
    let token = verified_by(rules(), &es256(&claims_with(&changes))).unwrap();
    assert_eq!(token.issuer().name(), "acme");
    assert_eq!(token.subject(), Some("u-1"));
    assert_eq!(token.client(), Some("myApp-acme"));
    assert_eq!(token.user(), Some("ada@acme.example"));
    assert_eq!(
        *token.tenancy(),
        Tenancy::Subtenant(
            TenantId::parse("acme").unwrap(),
            SubtenantId::parse("mycustomer").unwrap()
        )
    );
    assert_eq!(token.scopes().iter().collect::<Vec<_>>(), ["iot.fil.r", "iot.tim.r"]);
    assert_eq!(token.expires_at(), Timestamp::from_seconds(1_700_001_800));
    assert!(key_ring().get(KEYS).unwrap().contains(token.thumbprint()));
    let shown = format!("{token:?}");
    assert!(!shown.contains("ada") && !shown.contains("u-1"), "{shown}");
}

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
    let trailing = format!("{}{}", &signature[..85], char::from(last as u8 + 1));
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
fn the_issuer_is_compared_by_exact_bytes() {
    let others = [
        "https://acme.piam.eu1.mindsphere.io/oauth/token/",
        "https://ACME.piam.eu1.mindsphere.io/oauth/token",
        "https://acme.piam.eu2.mindsphere.io/oauth/token",
        "https://core.piam.eu1.mindsphere.io/oauth/token",
        "https://acme.piam.eu1.mindsphere.io.evil.example/oauth/token",
        "https://evil.example/acme.piam.eu1.mindsphere.io/oauth/token",
        "https://acme.piam.eu1.mindsphere.io@evil.example/oauth/token",
    ];
    for other in others {
        assert_eq!(
            refusal(&[("iss", Some(json!(other)))]),
            Some(TokenError::IssuerUnknown),
            "{other}"
        );
    }
    let invalid = Some(TokenError::ClaimInvalid(ClaimKind::Issuer));
    for odd in [json!(""), json!(null), json!([ISSUER]), json!(7)] {
        assert_eq!(refusal(&[("iss", Some(odd.clone()))]), invalid, "{odd}");
    }
    let missing = Some(TokenError::ClaimMissing(ClaimKind::Issuer));
    assert_eq!(refusal(&[("iss", None)]), missing);
}

#[test]
fn times_are_judged_at_the_exact_second() {
    let now = 1_700_000_000_i64;
    let expired = |at: i64| {
        let expired_at = Timestamp::from_seconds(u64::try_from(at).unwrap());
        Some(TokenError::Expired { expired_at, now: NOW })
    };
    let at = |exp: i64, iat: i64| refusal(&[("exp", Some(json!(exp))), ("iat", Some(json!(iat)))]);
    assert_eq!(at(now - 61, now - 900), expired(now - 61));
    assert_eq!(at(now - 60, now - 900), expired(now - 60));
    assert_eq!(at(now - 59, now - 900), None);
    assert_eq!(at(now, now - 900), None);
    assert_eq!(at(now + 900, now + 60), None);
    assert_eq!(at(now + 900, now + 61), Some(TokenError::IssuedInFuture));
    assert_eq!(at(now + 9, now + 10), Some(TokenError::IssuedAfterExpiry));
    assert_eq!(at(now + 10, now + 10), None);
    let starts = |nbf: Json| refusal(&[("nbf", Some(nbf))]);
    assert_eq!(starts(json!(now + 60)), None);
    assert_eq!(starts(json!(now + 61)), Some(TokenError::NotYetValid));
    assert_eq!(starts(json!(now as f64 + 60.001)), Some(TokenError::NotYetValid));
    assert_eq!(starts(json!("0")), Some(TokenError::ClaimInvalid(ClaimKind::NotBefore)));
}

#[test]
fn times_are_numbers_and_nothing_else() {
    let invalid = Some(TokenError::ClaimInvalid(ClaimKind::Expiry));
    let odd = [json!("1700001800"), json!(null), json!(-1), json!(1e300), json!([1]), json!(true)];
    for odd in odd {
        assert_eq!(refusal(&[("exp", Some(odd.clone()))]), invalid, "{odd}");
    }
    assert_eq!(refusal(&[("exp", Some(json!(1_700_001_800.75)))]), None);
    assert_eq!(refusal(&[("exp", None)]), Some(TokenError::ClaimMissing(ClaimKind::Expiry)));
    let missing = Some(TokenError::ClaimMissing(ClaimKind::IssuedAt));
    assert_eq!(refusal(&[("iat", None)]), missing);
    assert_eq!(refusal_by(plain(), &es256(&claims_with(&[("iat", None)]))), None);
}

#[test]
fn a_subtenant_is_a_text_or_the_token_is_refused() {
    let invalid = |error| Some(TokenError::ClaimInvalid(ClaimKind::Subtenant(error)));
    let rows = [
        (json!(""), invalid(Some(IdError::Empty))),
        (json!("a\u{0}"), invalid(Some(IdError::Control))),
        (json!("x".repeat(257)), invalid(Some(IdError::TooLong))),
        (json!(null), invalid(None)),
        (json!(7), invalid(None)),
        (json!(["x"]), invalid(None)),
        (json!({"id": "x"}), invalid(None)),
        (json!(false), invalid(None)),
        (json!("x".repeat(256)), None),
        (json!("mycustomer"), None),
    ];
    for (subtenant, expected) in rows {
        for parts in [rules(), plain()] {
            let token = es256(&claims_with(&[("subtenant", Some(subtenant.clone()))]));
            assert_eq!(refusal_by(parts, &token), expected, "{subtenant}");
        }
    }
    let token = verified_by(rules(), &es256(&claims())).unwrap();
    assert_eq!(token.tenancy().subtenant(), None);
}

#[test]
fn the_tenant_must_be_one_that_the_issuer_may_speak_for() {
    let ten = |value| refusal(&[("ten", value)]);
    assert_eq!(ten(Some(json!("other"))), Some(TokenError::TenantNotAllowed));
    assert_eq!(ten(Some(json!("ACME"))), Some(TokenError::TenantNotAllowed));
    let invalid = |error| Some(TokenError::ClaimInvalid(ClaimKind::Tenant(error)));
    assert_eq!(ten(Some(json!(""))), invalid(Some(IdError::Empty)));
    assert_eq!(ten(Some(json!(["acme"]))), invalid(None));
    let missing = Some(TokenError::ClaimMissing(ClaimKind::Tenant(None)));
    assert_eq!(ten(None), missing);

    let without = es256(&claims_with(&[("ten", None)]));
    let listed = IssuerParts { tenants: rules().tenants, ..plain() };
    assert_eq!(refusal_by(listed, &without), missing);
    assert_eq!(*verified_by(plain(), &without).unwrap().tenancy(), Tenancy::Unstated);
    let orphan = es256(&claims_with(&[("ten", None), ("subtenant", Some(json!("x")))]));
    assert_eq!(refusal_by(plain(), &orphan), Some(TokenError::SubtenantWithoutTenant));
}

#[test]
fn scopes_are_an_array_or_a_text_with_spaces() {
    let invalid = Some(TokenError::ClaimInvalid(ClaimKind::Scopes));
    let many = |count: usize| json!((0..count).map(|i| format!("s{i}")).collect::<Vec<_>>());
    let rows = [
        (json!(["a", "b c"]), None),
        (json!("a b"), None),
        (json!([]), None),
        (json!(""), None),
        (json!(["x".repeat(256)]), None),
        (many(1024), None),
        (many(1025), invalid),
        (json!(["x".repeat(257)]), invalid),
        (json!([""]), invalid),
        (json!(["a\n"]), invalid),
        (json!("a\tb"), invalid),
        (json!(["a", 7]), invalid),
        (json!(null), invalid),
        (json!({"a": true}), invalid),
        (json!(7), invalid),
    ];
    for (scope, expected) in rows {
        assert_eq!(refusal(&[("scope", Some(scope.clone()))]), expected, "{scope}");
    }
    let text = claims_with(&[("scope", Some(json!("b  a b")))]);
    let token = verified_by(rules(), &es256(&text)).unwrap();
    assert_eq!(token.scopes().iter().collect::<Vec<_>>(), ["a", "b"]);
    let without = es256(&claims_with(&[("scope", None)]));
    let missing = Some(TokenError::ClaimMissing(ClaimKind::Scopes));
    assert_eq!(refusal_by(rules(), &without), missing);
    assert!(verified_by(plain(), &without).unwrap().scopes().is_empty());
}

#[test]
fn the_audience_is_one_text_or_several() {
    let ours = || IssuerParts { audiences: Some(one_of("our-api")), ..rules() };
    let mismatch = Some(TokenError::AudienceMismatch);
    let invalid = Some(TokenError::ClaimInvalid(ClaimKind::Audience));
    let many = |count: usize| json!((0..count).map(|_| "our-api").collect::<Vec<_>>());
    let rows = [
        (Some(json!("our-api")), None),
        (Some(json!(["x", "our-api"])), None),
        (Some(many(64)), None),
        (Some(many(65)), invalid),
        (Some(json!("our-api/")), mismatch),
        (Some(json!("OUR-API")), mismatch),
        (Some(json!("x our-api")), mismatch),
        (Some(json!([])), mismatch),
        (None, mismatch),
        (Some(json!(["our-api", 7])), invalid),
        (Some(json!([["our-api"]])), invalid),
        (Some(json!(null)), invalid),
        (Some(json!({"our-api": 1})), invalid),
    ];
    for (audience, expected) in rows {
        let token = es256(&claims_with(&[("aud", audience.clone())]));
        assert_eq!(refusal_by(ours(), &token), expected, "{audience:?}");
    }
    let any = IssuerParts { audiences: Some(Expected::Any), clients: None, ..rules() };
    assert_eq!(refusal_by(any.clone(), &es256(&claims_with(&[("aud", None)]))), None);
    let odd = es256(&claims_with(&[("aud", Some(json!(7)))]));
    assert_eq!(refusal_by(any, &odd), invalid);
}

#[test]
fn the_client_must_be_an_expected_one() {
    let mismatch = Some(TokenError::ClientMismatch);
    let invalid = Some(TokenError::ClaimInvalid(ClaimKind::Client));
    assert_eq!(refusal(&[("client_id", Some(json!("other")))]), mismatch);
    assert_eq!(refusal(&[("client_id", None)]), mismatch);
    assert_eq!(refusal(&[("client_id", Some(json!("")))]), invalid);
    assert_eq!(refusal(&[("client_id", Some(json!(["myApp-acme"])))]), invalid);
}

#[test]
fn only_access_tokens_of_uaa_are_accepted() {
    let kinds = [
        ("jti", json!("0123456789abcdef0123456789abcdef-r")),
        ("granted_scopes", json!([])),
        ("at_hash", json!("x")),
        ("c_hash", json!(null)),
        ("nonce", json!("x")),
    ];
    for (name, value) in kinds {
        let error = refusal(&[(name, Some(value))]);
        assert_eq!(error, Some(TokenError::NotAccessToken), "{name}");
    }
    assert_eq!(refusal(&[("jti", None)]), None);
    let odd = Some(TokenError::ClaimInvalid(ClaimKind::TokenId));
    assert_eq!(refusal(&[("jti", Some(json!(["x-r"])))]), odd);
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
fn a_program_token_of_our_own_client_is_refused() {
    let any = || IssuerParts { clients: Some(Expected::Any), ..rules() };
    let own = Some(json!("own-client"));
    let program = Some(json!("client_credentials"));
    let by_program =
        [("client_id", own.clone()), ("user_name", None), ("grant_type", program.clone())];
    let by_subject = [("client_id", None), ("sub", own.clone()), ("user_name", None)];
    let with_user_name = [("client_id", own.clone()), ("grant_type", program.clone())];
    for changes in [&by_program[..], &by_subject, &with_user_name] {
        let token = es256(&claims_with(changes));
        assert_eq!(refusal_by(any(), &token), Some(TokenError::OwnToken), "{changes:?}");
        let accepting = IssuerParts { own_tokens: OwnTokens::Accepted, ..any() };
        assert_eq!(refusal_by(accepting, &token), None, "{changes:?}");
    }
    let user_of_own_client = es256(&claims_with(&[("client_id", own)]));
    assert_eq!(refusal_by(any(), &user_of_own_client), None);
    let program_of_another = es256(&claims_with(&[("user_name", None), ("grant_type", program)]));
    assert_eq!(refusal_by(any(), &program_of_another), None);
}

#[test]
fn a_token_bound_to_a_key_of_its_holder_is_refused() {
    let bound = [("cnf", Some(json!({"x5t#S256": "AA"})))];
    assert_eq!(refusal(&bound), Some(TokenError::ConfirmationUnsupported));
    let bound = es256(&claims_with(&[("cnf", Some(json!(null)))]));
    assert_eq!(refusal_by(plain(), &bound), Some(TokenError::ConfirmationUnsupported));
}

#[test]
fn claims_are_found_by_pointer_where_the_rules_say_so() {
    let name = |text| ClaimName::parse(text).unwrap();
    let names = ClaimNames {
        tenant: Some(name("/org/tenant~1id")),
        subtenant: Some(name("/org/sub")),
        ..ClaimNames::clone(&rules().claims)
    };
    let nested = IssuerParts { claims: Arc::new(names), ..rules() };
    let org = json!({"tenant/id": "acme", "sub": "s1"});
    let token = es256(&claims_with(&[("ten", None), ("org", Some(org))]));
    let token = verified_by(nested, &token).unwrap();
    assert_eq!(token.tenancy().subtenant().map(SubtenantId::as_str), Some("s1"));
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
