use serde_json::{Value as Json, json};

use super::*;
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
        assert_eq!(set.skipped(), [SkippedKey { position: 0, reason }], "{unusable}");
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
    let repeated = |position| SkippedKey { position, reason: Unusable::KeyIdRepeated };
    assert_eq!(set.skipped(), [repeated(0), repeated(2)]);
    assert_eq!(set.find(Some("ec"), Algorithm::Es256), Err(KeyNotFound::Unknown));
}

#[test]
fn keys_for_different_algorithms_may_share_a_kid() {
    let set = parse(&[with(public_rsa(), "kid", json!("ec")), public_ec()]).unwrap();
    assert_eq!(set.skipped(), []);
    for algorithm in Algorithm::ALL {
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
