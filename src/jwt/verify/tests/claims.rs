//! Issuer, times, recipient, tenancy, scopes, kind of token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::*;
use crate::jwt::testing::{ISSUER, KEYS, claims, claims_with, es256, one_of};
use crate::jwt::{ClaimName, ClaimNames, Expected};
use crate::tenancy::{IdError, SubtenantId, TenantId};

/// Why a token with these changes to a good one is refused, if it is.
fn refusal(changes: &[(&str, Option<Json>)]) -> Option<TokenError> {
    refusal_by(rules(), &es256(&claims_with(changes)))
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
fn a_claim_that_goes_on_as_an_identity_is_bounded() {
    let rows = [
        ("user_name", 1024, ClaimKind::User),
        ("sub", 1024, ClaimKind::Subject),
        ("subtenant", 256, ClaimKind::Subtenant(Some(IdError::TooLong))),
    ];
    for (name, longest, kind) in rows {
        let of_length = |length: usize| refusal(&[(name, Some(json!("x".repeat(length))))]);
        assert_eq!(of_length(longest), None, "{name}");
        assert_eq!(of_length(longest + 1), Some(TokenError::ClaimInvalid(kind)), "{name}");
    }
}

#[test]
fn a_token_bound_to_a_certificate_is_good_with_that_certificate_alone() {
    let thumbprint = URL_SAFE_NO_PAD.encode([7; 32]);
    let bound = es256(&claims_with(&[("cnf", Some(json!({"x5t#S256": thumbprint})))]));
    let token = verified_by(rules(), &bound).unwrap();
    assert_eq!(token.confirm(|| Some([7; 32])), Ok(()));
    let mut other = [7; 32];
    other[31] = 8;
    for digest in [None, Some(other), Some([0; 32])] {
        assert_eq!(token.confirm(|| digest), Err(TokenError::ConfirmationMismatch), "{digest:?}");
    }
    let free = verified_by(rules(), &es256(&claims())).unwrap();
    assert_eq!(free.confirm(|| panic!("asked for the certificate")), Ok(()));
}

#[test]
fn a_token_bound_in_a_way_that_cannot_be_checked_is_refused() {
    let good = URL_SAFE_NO_PAD.encode([7; 32]);
    let odd = [
        json!(null),
        json!({}),
        json!([]),
        json!("x"),
        json!({"jkt": good}),
        json!({"x5t#S256": good, "jkt": good}),
        json!({"x5t": good}),
        json!({"x5t#S256": null}),
        json!({"x5t#S256": ""}),
        json!({"x5t#S256": format!("{good}=")}),
        json!({"x5t#S256": URL_SAFE_NO_PAD.encode([7; 31])}),
        json!({"x5t#S256": URL_SAFE_NO_PAD.encode([7; 33])}),
    ];
    for cnf in odd {
        let bound = es256(&claims_with(&[("cnf", Some(cnf.clone()))]));
        for rules in [rules(), plain()] {
            let expected = Some(TokenError::ConfirmationUnsupported);
            assert_eq!(refusal_by(rules, &bound), expected, "{cnf}");
        }
    }
}

#[test]
fn a_token_that_lives_longer_than_the_issuers_may_is_refused() {
    let rules = |parts: IssuerParts| IssuerParts { max_lifetime: Some(HOUR), ..parts };
    let with =
        |exp: Json, iat: Option<Json>| es256(&claims_with(&[("exp", Some(exp)), ("iat", iat)]));
    let now = 1_700_000_000;
    let rows = [
        (with(json!(now + 3600), Some(json!(now))), None),
        (with(json!(now + 3601), Some(json!(now))), Some(TokenError::LifetimeTooLong)),
        (with(json!(now as f64 + 3600.5), Some(json!(now))), Some(TokenError::LifetimeTooLong)),
        (with(json!(now + 3500), Some(json!(now - 101))), Some(TokenError::LifetimeTooLong)),
        (with(json!(now + 1), None), Some(TokenError::ClaimMissing(ClaimKind::IssuedAt))),
    ];
    for (token, expected) in rows {
        assert_eq!(refusal_by(rules(plain()), &token), expected);
    }
    let long = with(json!(now + 360_000), Some(json!(now)));
    assert_eq!(refusal_by(plain(), &long), None);
}

const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

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
    let token = verified_by(nested.clone(), &token).unwrap();
    assert_eq!(token.tenancy().subtenant().map(SubtenantId::as_str), Some("s1"));
    let without = es256(&claims_with(&[("org", Some(json!({"tenant/id": "acme"})))]));
    let token = verified_by(nested.clone(), &without).unwrap();
    assert_eq!(token.tenancy().subtenant(), None);
    // The way to the subtenant is odd: that must not read as "no subtenant".
    let names = ClaimNames { tenant: Some(name("ten")), ..ClaimNames::clone(&nested.claims) };
    let nested = IssuerParts { claims: Arc::new(names), ..nested };
    for org in [json!(null), json!("s1"), json!(["s1"]), json!(7)] {
        let token = es256(&claims_with(&[("org", Some(org.clone()))]));
        let expected = TokenError::ClaimInvalid(ClaimKind::Subtenant(None));
        assert_eq!(refusal_by(nested.clone(), &token), Some(expected), "{org}");
    }
}
