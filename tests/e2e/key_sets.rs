//! Key sets of which not everything is good, and sets that turn bad while they are in use.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::development::caller::Caller;
use crate::development::fault::Fault;
use crate::lab::{Lab, Setup, eventually, now};

#[test]
fn one_good_key_among_nine_unusable_ones_works_and_the_log_names_them_once() {
    let setup = Setup::new();
    let set = among_unusable(&setup.idp.signing_key().jwk());
    setup.idp.set_keys_fault(Fault::Json(set));
    let lab = setup.start();
    for _ in 0..10 {
        assert_eq!(lab.get("/api/profile/me", &Caller::of_tenant("acme")).status, 200);
    }
    let line = "keys of issuer `mindsphere-eu1`: keys that cannot be used are left out (9): \
        `private` (it has private parts), \
        `enc` (it is not for verifying signatures), \
        `ops` (it is not for verifying signatures), \
        `alg` (its `alg` is unknown or for another type of key), \
        `kty` (its `kty` is not supported), \
        `small` (the modulus has `1024` bits, not 2048 to 8192), \
        `even` (the exponent is even, too small or too large), \
        `off` (the point is not a sound one on the curve), \
        `oct` (it has private parts)";
    let found = eventually("line about the keys", || {
        let found = lab.envoy.log().matches(line).count();
        (found > 0).then_some(found)
    });
    assert_eq!(found, 1, "{}", lab.envoy.log());
    lab.assert_unharmed();
    lab.assert_nothing_leaked(&["c2VjcmV0".to_owned()]);
}

#[test]
fn a_set_that_turns_bad_keeps_the_last_good_one_in_use_and_is_said_once() {
    let status = Fault::Status { status: 500, retry_after: None };
    let rows = [
        (Fault::Html, "key_set_not_json"),
        (status, "status_5xx (status 500)"),
        // Envoy itself ends what is longer than its own buffers.
        (Fault::Huge, "answer_interrupted"),
        (Fault::Json("{\"keys\":[]}".to_owned()), "key_set_without_usable_key"),
    ];
    // Each takes its time to be fetched again, so they do it side by side.
    thread::scope(|scope| {
        for (fault, reason) in rows {
            scope.spawn(move || {
                let mut setup = Setup::new();
                setup.filter["issuers"][0]["jwks"]["refresh"] = json!("10s");
                let lab = setup.start();
                let user = Caller::of_tenant("acme");
                assert_eq!(lab.get("/api/profile/me", &user).status, 200, "{reason}");
                let before = lab.idp.calls("keys");
                lab.idp.set_keys_fault(fault);
                serve_until("three tries", &lab, || lab.idp.calls("keys") >= before + 3);
                let failed =
                    "fetching keys of issuer `mindsphere-eu1` from cluster `piam` failed: ";
                let log = lab.envoy.log();
                assert_eq!(log.matches(failed).count(), 1, "{log}");
                assert!(log.contains(&format!("{failed}{reason}; ")), "{reason}: {log}");

                lab.idp.set_keys_fault(Fault::None);
                let again = "fetching keys of issuer `mindsphere-eu1` works again after ";
                serve_until("recovery", &lab, || lab.envoy.log().contains(again));
                assert_eq!(lab.envoy.log().matches(again).count(), 1, "{reason}");
                lab.assert_nothing_leaked(&[]);
                lab.assert_unharmed();
            });
        }
    });
}

/// Asserts that callers with new tokens are served until something happens, within a minute.
fn serve_until(what: &str, lab: &Lab, has_happened: impl Fn() -> bool) {
    let start = now();
    while !has_happened() {
        let answer = lab.get("/api/profile/me", &Caller::of_tenant("acme"));
        assert_eq!(answer.status, 200, "before {what}: {}", answer.text());
        assert!(now() - start < Duration::from_secs(60), "no {what}: {}", lab.envoy.log());
        thread::sleep(Duration::from_millis(200));
    }
}

/// A set with this RSA key in the midst of nine that cannot be used.
fn among_unusable(good: &Value) -> String {
    let with = |kid: &str, name: &str, value: Value| {
        let mut key = good.clone();
        key["kid"] = kid.into();
        key[name] = value;
        key
    };
    let rsa = |kid: &str, n: String, e: &str| json!({"kty": "RSA", "kid": kid, "n": n, "e": e});
    // Numbers of ones, in base64url: 1,024 and 2,048 bits.
    let (short, full) = ("_".repeat(170) + "8", "_".repeat(341) + "w");
    // The point of RFC 7515 A.3 with another second coordinate.
    let off = json!({"kty": "EC", "crv": "P-256", "kid": "off",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "A".repeat(43)});
    let keys = [
        with("private", "d", "AQAB".into()),
        with("enc", "use", "enc".into()),
        with("ops", "key_ops", json!(["encrypt"])),
        with("alg", "alg", "ES256".into()),
        with("kty", "kty", "XYZ".into()),
        good.clone(),
        rsa("small", short, "AQAB"),
        rsa("even", full, "AQAC"),
        off,
        json!({"kty": "oct", "kid": "oct", "k": "c2VjcmV0"}),
    ];
    json!({ "keys": keys }).to_string()
}
