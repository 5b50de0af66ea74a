//! Issuers that sign with a secret they share with us, in the simulated world: HMAC (RFC 7518 §3.2).
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stop at the first surprise"
)]

mod support;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use rsa::sha2::{Sha256, Sha384, Sha512};
use serde_json::{Value, json};
use support::{CONFIGURATION, Fate, World};

/// The whole HMAC of a message.
macro_rules! tag {
    ($hash:ty, $secret:expr, $message:expr) => {
        Hmac::<$hash>::new_from_slice($secret.as_bytes())
            .expect("HMAC takes secrets of any length")
            .chain_update(&$message)
            .finalize()
            .into_bytes()
            .to_vec()
    };
}

/// The algorithms with the bytes of their signatures.
const ALGORITHMS: [(&str, usize); 3] = [("HS256", 32), ("HS384", 48), ("HS512", 64)];

/// An issuer for each algorithm, each with a secret of its own, beside the one with keys.
fn world() -> World {
    let mut document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    for (algorithm, _) in ALGORITHMS {
        let mut issuer = document["issuers"][0].clone();
        issuer.as_object_mut().unwrap().remove("jwks");
        issuer["name"] = algorithm.into();
        issuer["issuer"] = format!("https://{algorithm}.example").into();
        issuer["algorithms"] = json!([algorithm]);
        issuer["secret_env"] = variable(algorithm).into();
        document["issuers"].as_array_mut().unwrap().push(issuer);
    }
    let mut world = World::of(1, &document.to_string());
    world.pass(2 * SECOND);
    world
}

/// Long enough that its value, which the world makes of the name, is a secret for every algorithm.
fn variable(algorithm: &str) -> String {
    format!("{algorithm}_SECRET_{}", "X".repeat(64))
}

fn secret(algorithm: &str) -> String {
    format!("value-of-{}", variable(algorithm))
}

/// The claims of a token by the issuer of an algorithm, with an hour to live.
fn claims(issuer: &str, world: &World, number: usize) -> Value {
    json!({
        "iss": format!("https://{issuer}.example"), "aud": "our-api", "ten": "acme", "email": "u@example",
        "exp": world.now.as_seconds() + 3600, "jti": number,
    })
}

fn token(algorithm: &str, secret: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": algorithm})), part(claims));
    let tag = match algorithm {
        "HS256" => tag!(Sha256, secret, message),
        "HS384" => tag!(Sha384, secret, message),
        _ => tag!(Sha512, secret, message),
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn judge(world: &mut World, token: &str) -> Fate {
    let request = world.request(0, "/own/x", Some(token));
    world.fate(request)
}

#[test]
fn tokens_by_each_algorithm_are_verified_and_remembered_until_they_expire() {
    let mut world = world();
    let fetched = world.provider.calls();
    let tokens = ALGORITHMS
        .map(|(algorithm, _)| token(algorithm, &secret(algorithm), &claims(algorithm, &world, 1)));
    for token in &tokens {
        for _ in 0..3 {
            let fate = judge(&mut world, token);
            assert_eq!(fate.header("x-tenant"), Some("acme"), "{fate:?}");
        }
    }
    world.pass(2 * SECOND);
    assert_eq!(world.metrics["tenantgate.verified_tokens"], 3, "a repeated one is remembered");
    assert_eq!(world.provider.calls(), fetched, "nothing is fetched for a secret");

    // The leeway of the issuers is a minute.
    let end = support::START + 2 * SECOND + Duration::from_secs(3660);
    world.pass(end.before(Duration::from_millis(1)).since(world.now));
    for token in &tokens {
        assert!(matches!(judge(&mut world, token), Fate::Forwarded(_)));
    }
    world.pass(Duration::from_millis(1));
    for token in &tokens {
        assert_eq!(judge(&mut world, token), Fate::Refused(401, "expired"));
    }
}

#[test]
fn a_tag_that_is_not_whole_or_not_by_the_issuers_secret_is_refused_each_time() {
    for (algorithm, length) in ALGORITHMS {
        let mut world = world();
        let good = token(algorithm, &secret(algorithm), &claims(algorithm, &world, 1));
        let (message, tag) = good.rsplit_once('.').unwrap();
        let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
        assert_eq!(tag.len(), length);
        let with = |tag: &[u8]| format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        let mut flipped = tag.clone();
        flipped[length - 1] ^= 1;
        let mut bad = vec![with(&flipped), with(&tag[..length - 1]), with(&tag[..length / 2])];
        bad.push(with(&[&tag[..], &[0]].concat()));
        for (other, _) in ALGORITHMS.into_iter().filter(|(other, _)| *other != algorithm) {
            bad.push(token(algorithm, &secret(other), &claims(algorithm, &world, 1)));
        }
        for token in bad {
            for _ in 0..2 {
                let fate = judge(&mut world, &token);
                assert_eq!(fate, Fate::Refused(401, "signature_invalid"), "{algorithm}");
            }
        }
        assert!(matches!(judge(&mut world, &good), Fate::Forwarded(_)), "{algorithm}");
    }
}

#[test]
fn an_issuer_with_a_secret_takes_no_other_algorithm_and_one_with_keys_takes_no_secret() {
    let mut world = world();
    let not_allowed = Fate::Refused(401, "algorithm_not_allowed");
    for (issuer, _) in ALGORITHMS {
        for (algorithm, _) in ALGORITHMS.into_iter().filter(|(other, _)| *other != issuer) {
            let token = token(algorithm, &secret(issuer), &claims(issuer, &world, 1));
            assert_eq!(judge(&mut world, &token), not_allowed, "{algorithm} for {issuer}");
        }
        let by_key = world.mint.token_by(&format!("https://{issuer}.example"), world.now);
        assert_eq!(judge(&mut world, &by_key), not_allowed, "a key for {issuer}");
        let mut claims = claims(issuer, &world, 1);
        claims["iss"] = "https://id.example".into();
        let token = token(issuer, &secret(issuer), &claims);
        assert_eq!(judge(&mut world, &token), not_allowed, "{issuer} for an issuer with keys");
    }
}

const SECOND: Duration = Duration::from_secs(1);
