use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

use super::*;
use crate::crypto::KeyError;
use crate::jwt::testing::{public_ec, public_rsa};

fn parse(keys: &[Json]) -> Result<JwkSet, JwksError> {
    JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

fn with(key: Json, name: &str, value: Json) -> Json {
    let mut key = key;
    key[name] = value;
    key
}

/// Another key on P-256: that of RFC 7517 appendix A.1.
fn other_ec() -> Json {
    json!({"kty": "EC", "crv": "P-256", "kid": "ec",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})
}

/// The key of RFC 8037 A.2.
fn ed25519() -> Json {
    json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

fn other_rsa() -> Json {
    with(public_rsa(), "e", json!("Aw"))
}

fn without(mut key: Json, names: &[&str]) -> Json {
    for name in names {
        key.as_object_mut().unwrap().remove(*name);
    }
    key
}

/// A key as UAA has it in `value`, without line breaks.
fn pem_of(key: &Json) -> String {
    let number = |name| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let key = PublicKey::rsa(&number("n"), &number("e")).unwrap();
    let encoded = STANDARD.encode(key.spki_der());
    format!("-----BEGIN PUBLIC KEY-----{encoded}-----END PUBLIC KEY-----")
}

#[test]
fn the_key_in_pem_stands_in_for_absent_numbers_and_must_agree_with_present_ones() {
    let pem = json!(pem_of(&public_rsa()));
    let expected = parse(&[public_rsa()]).unwrap();
    for key in [
        with(public_rsa(), "value", pem.clone()),
        with(without(public_rsa(), &["n", "e"]), "value", pem.clone()),
        // No PEM of a public key: an unknown member, as RFC 7517 §4 has it.
        with(public_rsa(), "value", json!("something else")),
        with(public_rsa(), "value", json!(7)),
    ] {
        assert_eq!(parse(std::slice::from_ref(&key)), Ok(expected.clone()), "{key}");
    }
    // Other types of key have no PEM.
    let set = parse(&[with(public_ec(), "value", pem)]).unwrap();
    assert_eq!(set, parse(&[public_ec()]).unwrap());
}

#[test]
fn the_type_of_a_key_decides_its_algorithms() {
    let set = parse(&[public_ec(), without(public_rsa(), &["alg"]), ed25519()]).unwrap();
    for algorithm in Algorithm::ALL {
        let expected = match algorithm.name().get(..2) {
            Some("Ed") => Ok("ed"),
            Some("PS" | "RS") => Ok("rsa"),
            Some(_) if algorithm == Algorithm::Es256 => Ok("ec"),
            Some(_) | None => Err(KeyNotFound::Unknown),
        };
        let found = set.find(None, algorithm).map(|key| key.id().unwrap());
        assert_eq!(found, expected, "{algorithm:?}");
    }
    // With `alg`, a key is for that one alone.
    let set = parse(&[with(public_rsa(), "alg", json!("PS384"))]).unwrap();
    for algorithm in Algorithm::ALL {
        let expected = algorithm == Algorithm::Ps384;
        assert_eq!(set.find(Some("rsa"), algorithm).is_ok(), expected, "{algorithm:?}");
    }
}

#[test]
fn one_unusable_key_does_not_spoil_the_set() {
    let (ec, rsa) = (public_ec, public_rsa);
    let rows = [
        (json!("text"), Unusable::Malformed),
        (with(rsa(), "kty", json!("oct")), Unusable::KeyType),
        (json!({"kty": "oct", "k": "AA"}), Unusable::Private),
        (json!({"kty": "MAC", "value": "secret"}), Unusable::KeyType),
        (json!({}), Unusable::KeyType),
        (with(rsa(), "d", json!("AQAB")), Unusable::Private),
        (with(ec(), "d", json!(null)), Unusable::Private),
        (with(rsa(), "use", json!("enc")), Unusable::Purpose),
        (with(rsa(), "use", json!(null)), Unusable::Purpose),
        (with(rsa(), "key_ops", json!(["encrypt"])), Unusable::Purpose),
        (with(rsa(), "key_ops", json!("verify")), Unusable::Purpose),
        (with(rsa(), "kid", json!(7)), Unusable::KeyId),
        (with(rsa(), "kid", json!("k".repeat(257))), Unusable::KeyId),
        (with(rsa(), "alg", json!("RS999")), Unusable::Algorithm),
        (with(rsa(), "alg", json!("ES256")), Unusable::Algorithm),
        (with(rsa(), "alg", json!(["RS256"])), Unusable::Algorithm),
        (with(ec(), "alg", json!("RS256")), Unusable::Algorithm),
        (with(ec(), "crv", json!("P-192")), Unusable::Curve),
        (with(rsa(), "alg", json!("HS256")), Unusable::Algorithm),
        (with(ec(), "alg", json!("ES384")), Unusable::Algorithm),
        (with(ec(), "crv", json!("P-384")), Unusable::Key(KeyError::PointInvalid)),
        (with(ed25519(), "crv", json!("X25519")), Unusable::Curve),
        (with(ed25519(), "crv", json!("P-256")), Unusable::Curve),
        (with(ed25519(), "kty", json!("EC")), Unusable::Curve),
        (with(ed25519(), "alg", json!("ES256")), Unusable::Algorithm),
        (with(ed25519(), "alg", json!("Ed448")), Unusable::Algorithm),
        (with(ec(), "alg", json!("Ed25519")), Unusable::Algorithm),
        (with(ed25519(), "d", json!("AA")), Unusable::Private),
        (with(ed25519(), "x", json!("AQ")), Unusable::Key(KeyError::PointInvalid)),
        (with(rsa(), "value", json!("-----BEGIN PUBLIC KEY-----")), Unusable::Malformed),
        (with(rsa(), "value", json!("-----BEGIN PRIVATE KEY-----")), Unusable::Private),
        (with(rsa(), "value", json!(pem_of(&other_rsa()))), Unusable::Contradiction),
        (without(rsa(), &["n"]), Unusable::Malformed),
        (with(without(rsa(), &["n"]), "value", json!(pem_of(&rsa()))), Unusable::Malformed),
        (with(without(rsa(), &["n", "e"]), "value", json!("secret")), Unusable::Malformed),
        (with(ec(), "x", json!("AA")), Unusable::Key(KeyError::PointInvalid)),
        (with(ec(), "x", ec()["y"].clone()), Unusable::Key(KeyError::PointInvalid)),
        (with(ec(), "y", json!(7)), Unusable::Malformed),
        (with(rsa(), "n", json!("not base64url!")), Unusable::Malformed),
        (with(rsa(), "e", json!("AQAB==")), Unusable::Malformed),
        (with(rsa(), "e", json!("AQ")), Unusable::Key(KeyError::ExponentUnsound)),
        (with(rsa(), "n", json!("AQAB")), Unusable::Key(KeyError::ModulusSize { bits: 17 })),
    ];
    for (unusable, reason) in rows {
        let set = parse(&[unusable.clone(), public_ec()]).unwrap();
        let [skipped] = set.skipped() else { panic!("{unusable}: {:?}", set.skipped()) };
        assert_eq!((skipped.position, skipped.reason), (0, reason), "{unusable}");
        let id = unusable.get("kid").and_then(Json::as_str).filter(|id| id.len() <= 256);
        assert_eq!(skipped.id.as_deref(), id, "{unusable}");
        assert_eq!(set.keys().len(), 1);
        assert_eq!(parse(&[unusable]), Err(JwksError::NoUsableKey(1)));
    }
}

#[test]
fn documents_that_are_no_key_sets_give_no_set() {
    let many = |count: usize| json!({ "keys": vec![public_ec(); count] }).to_string();
    let rows = [
        ("<html>".to_owned(), JwksError::Json(JsonError::Syntax)),
        (String::new(), JwksError::Json(JsonError::Syntax)),
        (r#"{"keys":[],"keys":[]}"#.to_owned(), JwksError::Json(JsonError::MemberRepeated)),
        ("{}".to_owned(), JwksError::NotKeySet),
        ("[]".to_owned(), JwksError::NotKeySet),
        (r#"{"keys":{}}"#.to_owned(), JwksError::NotKeySet),
        (r#"{"keys":[]}"#.to_owned(), JwksError::NoUsableKey(0)),
        (many(65), JwksError::TooManyKeys(65)),
        (" ".repeat(KEY_SET_LIMIT + 1), JwksError::TooLarge),
    ];
    for (document, expected) in rows {
        assert_eq!(JwkSet::parse(document.as_bytes()), Err(expected));
    }
    let padded = |length: usize| many(64) + &" ".repeat(length - many(64).len());
    let largest = JwkSet::parse(padded(KEY_SET_LIMIT).as_bytes()).unwrap();
    assert_eq!(largest.keys().len(), 1, "the same key 64 times is one key");
    assert_eq!(JwkSet::parse(padded(KEY_SET_LIMIT + 1).as_bytes()), Err(JwksError::TooLarge));
}

#[test]
fn two_keys_that_one_token_could_mean_are_both_left_out() {
    let set = parse(&[public_ec(), public_rsa(), other_ec()]).unwrap();
    let repeated =
        |position| SkippedKey { position, id: Some("ec".into()), reason: Unusable::KeyIdRepeated };
    assert_eq!(set.skipped(), [repeated(0), repeated(2)]);
    assert_eq!(set.find(Some("ec"), Algorithm::Es256), Err(KeyNotFound::Unknown));
}

#[test]
fn keys_for_different_algorithms_may_share_a_kid() {
    let set = parse(&[with(public_rsa(), "kid", json!("ec")), public_ec()]).unwrap();
    assert_eq!(set.skipped(), []);
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let key = set.find(Some("ec"), algorithm).unwrap();
        assert!(key.fits(algorithm), "{algorithm:?}");
    }
}

#[test]
fn a_key_is_found_by_kid_and_algorithm_wherever_it_stands() {
    let set = parse(&[public_rsa(), public_ec()]).unwrap();
    let find = |id, algorithm| set.find(id, algorithm).map(|key| key.id().unwrap());
    assert_eq!(find(Some("ec"), Algorithm::Es256), Ok("ec"));
    assert_eq!(find(Some("rsa"), Algorithm::Rs256), Ok("rsa"));
    assert_eq!(find(Some("rsa"), Algorithm::Es256), Err(KeyNotFound::Unfit));
    assert_eq!(find(Some("RSA"), Algorithm::Rs256), Err(KeyNotFound::Unknown));
    assert_eq!(find(Some(""), Algorithm::Rs256), Err(KeyNotFound::Unknown));
    assert_eq!(find(None, Algorithm::Es256), Ok("ec"));
    let two = parse(&[public_ec(), with(other_ec(), "kid", json!("ec-2"))]).unwrap();
    assert_eq!(two.find(None, Algorithm::Es256), Err(KeyNotFound::Ambiguous));
    assert_eq!(two.find(None, Algorithm::Rs256), Err(KeyNotFound::Unknown));
}

#[test]
fn older_spellings_and_absent_members_are_accepted() {
    let mut bare = public_rsa();
    bare.as_object_mut().unwrap().remove("alg");
    bare.as_object_mut().unwrap().remove("kid");
    let older = with(public_rsa(), "alg", json!("SHA256withRSA"));
    let verifying = with(public_rsa(), "key_ops", json!(["sign", "verify"]));
    for key in [bare, older, verifying] {
        let set = parse(std::slice::from_ref(&key)).unwrap();
        assert!(set.find(None, Algorithm::Rs256).is_ok(), "{key}");
        assert!(set.contains(set.keys()[0].key().thumbprint()));
    }
}
