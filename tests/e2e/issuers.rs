//! Ten thousand issuers in one configuration.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::lab::{Setup, now};

#[test]
fn ten_thousand_issuers_with_their_keys_are_accepted_and_served() {
    let mut setup = Setup::new();
    let key = setup.idp.signing_key();
    let jwk = key.jwk();
    let keys = json!({"keys": [{"kty": "RSA", "kid": key.kid(), "n": jwk["n"], "e": jwk["e"]}]});
    let more = (0..ISSUERS).map(|number| issuer(number, "RS256", json!({"inline": keys})));
    setup.filter["issuers"].as_array_mut().unwrap().extend(more);
    let start = now();
    let lab = setup.start();
    println!("envoy started in {:.1?}", Instant::elapsed(&start));
    for number in [0, ISSUERS / 2, ISSUERS - 1] {
        let answer = lab.get_with_token("/api/profile/me", &key.sign(&caller(number).claims()));
        assert_eq!(answer.status, 200, "{number}: {}", answer.text());
    }
    let stranger = key.sign(&caller(ISSUERS).claims());
    assert_eq!(lab.get_with_token("/api/profile/me", &stranger).status, 401);
    // Each speaks for its own tenant alone.
    let other = key.sign(&caller(1).with("org_id", json!("tenant-2")).claims());
    assert_ne!(lab.get_with_token("/api/profile/me", &other).status, 200);
    lab.assert_unharmed();
}

#[test]
fn of_ten_thousand_issuers_whose_keys_are_fetched_each_is_served_at_once() {
    let mut setup = Setup::new();
    // One issuer in a hundred has its keys at a provider that does not answer in time.
    setup.idp.set_keys_delay(Duration::from_secs(3));
    let more = (0..ISSUERS).map(|number| {
        let path = if number % 100 == 50 { "token_keys" } else { "partner/token_keys" };
        let uri = format!("https://id-{number}.partner.example/{path}");
        issuer(number, "ES256", json!({"cluster": "piam", "uri": uri, "timeout": "2s"}))
    });
    setup.filter["issuers"].as_array_mut().unwrap().extend(more);
    let start = now();
    let lab = setup.start();
    println!("envoy started in {:.1?}", Instant::elapsed(&start));
    for number in [ISSUERS - 1, ISSUERS / 2 + 1, 77] {
        let token = lab.idp.sign_as_partner(&caller(number));
        let start = now();
        let answer = lab.get_with_token("/api/profile/me", &token);
        let took = Instant::elapsed(&start);
        println!("issuer {number}: {took:.1?}, {} key sets fetched", lab.idp.calls("partner_keys"));
        assert_eq!(answer.status, 200, "{number}: {}", answer.text());
        assert!(took < Duration::from_secs(2), "{number}: {took:?}");
    }
    let fetched = lab.idp.calls("partner_keys");
    assert!(fetched < ISSUERS, "the requests came before the last key set: {fetched}");
    assert!(!lab.envoy.log().contains("proxy_on_"), "{}", lab.envoy.log());
}

/// An issuer of its own name, tenant and keys.
fn issuer(number: usize, algorithm: &str, keys: Value) -> Value {
    json!({
        "name": format!("issuer-{number}"), "issuer": iss(number),
        "tenants": [format!("tenant-{number}")],
        "audiences": ["our-api"], "algorithms": [algorithm],
        "claims": {"tenant": "org_id", "subtenant": "sub_org", "scopes": "scope", "user": "email"},
        "jwks": keys,
    })
}

fn caller(number: usize) -> Caller {
    Caller::of_partner(&format!("tenant-{number}")).with("iss", json!(iss(number)))
}

fn iss(number: usize) -> String {
    format!("https://id-{number}.partner.example")
}

const ISSUERS: usize = 10_000;
