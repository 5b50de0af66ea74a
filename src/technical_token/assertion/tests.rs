use super::*;
use crate::crypto::SoftwareSigner;

const RANDOM: [u8; 16] = [0xff; 16];

fn assertion(key: AssertionKey) -> Assertion {
    Assertion {
        audience: "https://idaas.example.test/token".into(),
        issuer: "app".into(),
        subject: "app".into(),
        life: Duration::from_secs(600),
        key,
        kid: None,
        x5t_s256: None,
    }
}

fn secret() -> AssertionKey {
    AssertionKey::secret(SharedSecret::new(b"secret".to_vec()), None).unwrap()
}

fn private() -> Arc<PrivateKey> {
    let recorded = include_str!("../../../tests/fixtures/idaas/captures.json");
    let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
    let pem = recorded["keys"]["rsa2048"]["pkcs8"].as_str().unwrap();
    Arc::new(PrivateKey::parse_pem(pem).unwrap())
}

/// Header and claims of one that is made at 1.999 s.
fn parts(assertion: &Assertion) -> (String, String) {
    let made = assertion.make(Timestamp::from_millis(1999), RANDOM, &SoftwareSigner).unwrap();
    let decoded = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let mut parts = made.expose().split('.');
    (decoded(parts.next().unwrap()), decoded(parts.next().unwrap()))
}

#[test]
fn members_stand_in_the_order_of_the_vendors_client_without_blanks() {
    let (header, claims) = parts(&assertion(secret()));
    assert_eq!(header, r#"{"alg":"HS256","typ":"JWT"}"#);
    assert_eq!(
        claims,
        r#"{"aud":"https://idaas.example.test/token","sub":"app","iss":"app","jti":"ffffffff-ffff-4fff-bfff-ffffffffffff","iat":1,"exp":601}"#
    );
}

#[test]
fn the_key_and_the_certificate_are_named_in_the_header_where_that_is_asked_for() {
    let key = AssertionKey::private(private(), Some(Algorithm::Rs512)).unwrap();
    let mut assertion = assertion(key);
    assertion.kid = Some("key \"1\"".into());
    assert_eq!(parts(&assertion).0, r#"{"alg":"RS512","typ":"JWT","kid":"key \"1\""}"#);
    assertion.x5t_s256 = Some([0; 32]);
    let both = r#"{"alg":"RS512","typ":"JWT","kid":"key \"1\"","x5t#S256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    assert_eq!(parts(&assertion).0, both);
    assertion.kid = None;
    assert_eq!(parts(&assertion).0, both.replace(r#","kid":"key \"1\"""#, ""));
}

#[test]
fn texts_are_quoted_as_json_has_them() {
    let mut assertion = assertion(secret());
    let text = "\u{0}\n\u{1f} \"\\/\u{7f}ü€𝄞";
    (assertion.audience, assertion.issuer) = (text.into(), text.into());
    let claims: serde_json::Value = serde_json::from_str(&parts(&assertion).1).unwrap();
    assert_eq!(claims["aud"], text);
    assert_eq!(claims["iss"], text);
    assert_eq!(claims["sub"], "app");
}

#[test]
fn the_jti_is_a_version_4_uuid_of_the_random_bytes() {
    let rows = [
        ([0; 16], "00000000-0000-4000-8000-000000000000"),
        ([0xff; 16], "ffffffff-ffff-4fff-bfff-ffffffffffff"),
        (
            [
                0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
                0xcd, 0xef,
            ],
            "01234567-89ab-4def-8123-456789abcdef",
        ),
    ];
    for (random, expected) in rows {
        assert_eq!(uuid(random), expected);
    }
}

#[test]
fn times_are_whole_seconds_and_saturate() {
    let made = |now: Timestamp| assertion(secret()).claims(now, RANDOM);
    assert!(made(Timestamp::from_millis(0)).ends_with(r#""iat":0,"exp":600}"#));
    assert!(made(Timestamp::from_millis(1000)).ends_with(r#""iat":1,"exp":601}"#));
    let mut assertion = assertion(secret());
    assertion.life = Duration::from_secs(u64::MAX);
    let claims = assertion.claims(Timestamp::from_seconds(5), RANDOM);
    assert!(claims.ends_with(r#""iat":5,"exp":18446744073709551615}"#), "{claims}");
}

#[test]
fn a_key_signs_by_its_own_algorithms_only() {
    for algorithm in Algorithm::ALL {
        let by_private =
            AssertionKey::private(private(), Some(algorithm)).map(|key| key.algorithm());
        let by_secret = AssertionKey::secret(SharedSecret::new(vec![1]), Some(algorithm))
            .map(|key| key.algorithm());
        let name = algorithm.name();
        let expected = |fits: bool| {
            if fits { Ok(algorithm) } else { Err(AlgorithmUnfit { asked: algorithm }) }
        };
        assert_eq!(by_private, expected(name.starts_with("RS")), "{name}");
        assert_eq!(by_secret, expected(name.starts_with("HS")), "{name}");
    }
    assert_eq!(AssertionKey::private(private(), None).unwrap().algorithm(), Algorithm::Rs256);
    assert_eq!(secret().algorithm(), Algorithm::Hs256);
}

#[test]
fn another_key_or_algorithm_has_another_digest() {
    let by = |algorithm| AssertionKey::private(private(), Some(algorithm)).unwrap().digest();
    let secret = |bytes: &[u8], algorithm| {
        AssertionKey::secret(SharedSecret::new(bytes.to_vec()), Some(algorithm)).unwrap().digest()
    };
    let digests = [
        by(Algorithm::Rs256),
        by(Algorithm::Rs384),
        secret(b"a", Algorithm::Hs256),
        secret(b"a", Algorithm::Hs512),
        secret(b"b", Algorithm::Hs256),
    ];
    for (place, one) in digests.iter().enumerate() {
        assert!(digests.iter().skip(place + 1).all(|other| one != other), "{place}");
    }
    assert_eq!(by(Algorithm::Rs256), by(Algorithm::Rs256));
}

#[test]
fn nothing_of_a_key_or_an_assertion_is_shown() {
    let shown = format!("{:?}", assertion(secret()));
    assert!(shown.contains("<secret>") && !shown.contains("\"secret\""), "{shown}");
    let assertion = assertion(AssertionKey::private(private(), None).unwrap());
    assert!(format!("{assertion:?}").contains("<private key>"));
    let made = assertion.make(Timestamp::default(), RANDOM, &SoftwareSigner);
    assert_eq!(format!("{made:?}"), "Ok(<secret>)");
}
