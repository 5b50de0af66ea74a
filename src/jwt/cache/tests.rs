use std::cell::Cell;

use serde_json::json;

use super::*;
use crate::crypto::{Algorithm, PublicKey, SoftwareVerifier, Verdict};
use crate::jwt::JwkSet;
use crate::jwt::TOKEN_LIMIT;
use crate::jwt::issuer::Issuers;
use crate::jwt::testing::{
    KEYS, NOW, claims, claims_with, es256, issuers, key_ring, public_ec, public_rsa, rules, signed,
};

/// Counts the signatures that are computed.
#[derive(Default)]
struct Counting(Cell<usize>);

impl SignatureVerifier for Counting {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Verdict {
        self.0.set(self.0.get() + 1);
        SoftwareVerifier.verify(algorithm, key, message, signature)
    }
}

struct World {
    cache: VerifiedTokens,
    issuers: Issuers,
    keys: KeyRing,
    counting: Counting,
}

impl World {
    fn new() -> Self {
        Self {
            cache: VerifiedTokens::default(),
            issuers: issuers(rules()),
            keys: key_ring(),
            counting: Counting::default(),
        }
    }

    fn judge_at(&mut self, token: &[u8], now: Timestamp) -> Result<Arc<VerifiedToken>, Unverified> {
        match self.cache.find(token, &self.keys, now) {
            Some(found) => found.map_err(Unverified::Refused),
            None => self.cache.verify(token, &self.issuers, &self.keys, &self.counting, now),
        }
    }

    fn refusal(&mut self, token: &[u8]) -> Option<Unverified> {
        self.judge_at(token, NOW).err()
    }

    fn set_keys(&mut self, keys: &[serde_json::Value]) {
        let document = json!({"keys": keys}).to_string();
        self.keys.set(KEYS, Arc::new(JwkSet::parse(document.as_bytes()).unwrap()));
    }

    fn signatures(&self) -> usize {
        self.counting.0.get()
    }
}

const NOW_REFUSED: fn(TokenError) -> Option<Unverified> = |error| Some(Unverified::Refused(error));

#[test]
fn a_repeated_token_is_the_same_one_and_costs_no_signature() {
    let mut world = World::new();
    let token = es256(&claims());
    let first = world.judge_at(&token, NOW).unwrap();
    let second = world.judge_at(&token, NOW).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(world.signatures(), 1);
}

#[test]
fn a_token_that_differs_in_one_byte_is_another_one() {
    let mut world = World::new();
    let token = es256(&claims());
    world.judge_at(&token, NOW).unwrap();
    for place in [token.len() - 1, token.len() - 40, token.len() / 2, 3] {
        let mut other = token.clone();
        other[place] = if other[place] == b'A' { b'B' } else { b'A' };
        assert!(world.judge_at(&other, NOW).is_err(), "{place}");
    }
}

#[test]
fn a_known_token_expires_at_the_exact_millisecond() {
    let mut world = World::new();
    let token = es256(&claims());
    let end = 1_700_001_860_000;
    world.judge_at(&token, NOW).unwrap();
    assert!(world.judge_at(&token, Timestamp::from_millis(end - 1)).is_ok());
    for late in [end, end + 1000] {
        let now = Timestamp::from_millis(late);
        let expired_at = Timestamp::from_seconds(1_700_001_800);
        let expected = NOW_REFUSED(TokenError::Expired { expired_at, now });
        assert_eq!(world.judge_at(&token, now).err(), expected);
    }
    assert_eq!(world.signatures(), 1);
}

#[test]
fn a_known_token_ends_when_its_key_leaves_the_set() {
    let mut world = World::new();
    let token = es256(&claims());
    world.judge_at(&token, NOW).unwrap();
    world.set_keys(&[public_ec()]);
    assert_eq!(world.refusal(&token), None);
    assert_eq!(world.signatures(), 1, "the key is still there");
    world.set_keys(&[public_rsa()]);
    assert_eq!(world.refusal(&token), Some(Unverified::KeyUnknown(KEYS)));
    assert_eq!(world.refusal(&token), Some(Unverified::KeyUnknown(KEYS)));
    world.set_keys(&[public_ec(), public_rsa()]);
    assert_eq!(world.refusal(&token), None);
    assert_eq!(world.signatures(), 2);
}

#[test]
fn a_bad_signature_is_remembered_until_the_keys_change() {
    let mut world = World::new();
    let mut token = es256(&claims());
    let place = token.len() - 40;
    token[place] ^= 1;
    for _ in 0..3 {
        assert_eq!(world.refusal(&token), NOW_REFUSED(TokenError::SignatureInvalid));
    }
    assert_eq!(world.signatures(), 1);
    world.set_keys(&[public_ec()]);
    assert_eq!(world.refusal(&token), NOW_REFUSED(TokenError::SignatureInvalid));
    assert_eq!(world.signatures(), 2);
}

#[test]
fn a_refusal_after_the_signature_is_remembered_whatever_the_keys() {
    let mut world = World::new();
    let token = es256(&claims_with(&[("ten", Some(json!("other")))]));
    for keys in [public_ec(), public_rsa()] {
        assert_eq!(world.refusal(&token), NOW_REFUSED(TokenError::TenantNotAllowed));
        world.set_keys(&[keys]);
    }
    assert_eq!(world.refusal(&token), NOW_REFUSED(TokenError::TenantNotAllowed));
    assert_eq!(world.signatures(), 1);
}

#[test]
fn what_time_or_new_keys_can_cure_is_not_remembered() {
    let mut world = World::new();
    let early = es256(&claims_with(&[("nbf", Some(json!(1_700_000_100)))]));
    assert_eq!(world.refusal(&early), NOW_REFUSED(TokenError::NotYetValid));
    assert!(world.judge_at(&early, Timestamp::from_seconds(1_700_000_100)).is_ok());

    world.keys = KeyRing::default();
    let token = es256(&claims());
    assert_eq!(world.refusal(&token), Some(Unverified::KeysMissing(KEYS)));
    world.keys = key_ring();
    assert_eq!(world.refusal(&token), None);

    let rotated = signed(r#"{"alg":"ES256","kid":"ec-2"}"#, &claims().to_string());
    assert_eq!(world.refusal(&rotated), Some(Unverified::KeyUnknown(KEYS)));
    let mut key = public_ec();
    key["kid"] = json!("ec-2");
    world.set_keys(&[key]);
    assert_eq!(world.refusal(&rotated), None);
}

#[test]
fn a_signature_that_nothing_could_compute_is_not_remembered() {
    struct Unable;
    impl SignatureVerifier for Unable {
        fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
            Verdict::Unsupported
        }
    }
    let mut world = World::new();
    let token = es256(&claims());
    let judged = world.cache.verify(&token, &world.issuers, &world.keys, &Unable, NOW).err();
    assert_eq!(judged, NOW_REFUSED(TokenError::SignatureUnsupported));
    assert_eq!(world.cache.held().1.entries, 0);
    assert_eq!(world.refusal(&token), None);
}

#[test]
fn an_expired_token_is_refused_at_each_time_with_that_time() {
    let mut world = World::new();
    let token = es256(&claims_with(&[("exp", Some(json!(1_600_000_000)))]));
    for seconds in [1_700_000_000, 1_700_000_009] {
        let now = Timestamp::from_seconds(seconds);
        let expired_at = Timestamp::from_seconds(1_600_000_000);
        let expected = NOW_REFUSED(TokenError::Expired { expired_at, now });
        assert_eq!(world.judge_at(&token, now).err(), expected);
    }
}

#[test]
fn an_expired_token_is_judged_anew_when_the_clock_was_put_back() {
    let mut world = World::new();
    let token = es256(&claims());
    let late = Timestamp::from_seconds(1_700_009_999);
    let expired_at = Timestamp::from_seconds(1_700_001_800);
    let expired = |now| NOW_REFUSED(TokenError::Expired { expired_at, now });
    assert_eq!(world.judge_at(&token, late).err(), expired(late));
    assert_eq!(world.cache.held().1.entries, 1, "it is remembered");
    assert_eq!(world.judge_at(&token, late).err(), expired(late));
    assert_eq!(world.refusal(&token), None);
    assert_eq!(world.judge_at(&token, late).err(), expired(late));
    assert_eq!(world.refusal(&token), None);
}

#[test]
fn a_flood_of_refused_tokens_displaces_no_verified_one_and_stays_in_its_bounds() {
    let mut world = World::new();
    let token = es256(&claims());
    world.judge_at(&token, NOW).unwrap();
    for number in 0..2000 {
        let forged = es256_without_signing(number);
        assert_eq!(world.refusal(&forged), NOW_REFUSED(TokenError::SignatureInvalid));
    }
    let (verified, refused) = world.cache.held();
    assert_eq!(verified.entries, 1);
    assert!((256..=512).contains(&refused.entries), "{refused:?}");
    assert!(refused.bytes <= VerifiedTokens::REFUSED.bytes, "{refused:?}");
    let before = world.signatures();
    assert_eq!(world.refusal(&token), None);
    assert_eq!(world.signatures(), before);
    let shown = format!("{:?}", world.cache);
    assert_eq!(shown, format!("VerifiedTokens(1 verified, {} refused)", refused.entries));
}

#[test]
fn a_token_over_the_limit_is_refused_and_not_remembered() {
    let mut world = World::new();
    let long = vec![b'x'; TOKEN_LIMIT + 1];
    assert_eq!(world.refusal(&long), NOW_REFUSED(TokenError::TooLarge));
    assert_eq!(world.cache.held().1.entries, 0);
}

/// A forged token: the signature of other claims.
fn es256_without_signing(number: usize) -> Vec<u8> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let payload = claims_with(&[("jti", Some(json!(format!("forged-{number}"))))]).to_string();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"ec"}"#);
    let mut signature = [7; 64];
    signature[56..].copy_from_slice(&(number as u64).to_be_bytes());
    let (payload, signature) = (URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(signature));
    format!("{header}.{payload}.{signature}").into_bytes()
}
