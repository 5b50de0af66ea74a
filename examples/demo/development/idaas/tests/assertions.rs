//! Assertions that are wrong in one thing. Each is signed by the right key, unless the key is what is wrong.

use serde_json::{Value, json};

use super::super::IdaasProvider;
use super::super::assertion::AssertionError;
use super::super::authority::{Authority, Subject};
use super::super::certificate::CertificateError;
use super::super::control::Clock;
use super::super::record::Outcome;
use super::super::refusal::Refusal;
use super::recorded::Recorded;
use super::signer::{Key, sign};

/// Every kind of key and algorithm, and who made the recorded assertion.
const CAPTURES: [(&str, &str); 10] = [
    ("CLIENT_SECRET_JWT", ""),
    ("PRIVATE_KEY_JWT_rsa1024_pkcs8", "rsa1024"),
    ("PRIVATE_KEY_JWT_rsa2048_pkcs8", "rsa2048"),
    ("PRIVATE_KEY_JWT_rsa2056_pkcs8", "rsa2056"),
    ("PRIVATE_KEY_JWT_rsa3072_pkcs8", "rsa3072"),
    ("PRIVATE_KEY_JWT_rsa4096_pkcs8", "rsa4096"),
    ("PRIVATE_KEY_JWT_p256_pkcs8", "p256"),
    ("PRIVATE_KEY_JWT_p384_pkcs8", "p384"),
    ("PRIVATE_KEY_JWT_p521_pkcs8", "p521"),
    ("PCA", "rsa2048"),
];

/// A change of a header or of claims.
type Change = fn(&mut Value);
/// The same at a time in seconds since 1970.
type ChangeAt = fn(&mut Value, u64);

#[test]
fn an_assertion_must_say_who_for_whom_and_when() {
    let provider = super::provider();
    let rows: [(&str, ChangeAt, AssertionError); 16] = [
        (
            "aud",
            |claims, _| claims["aud"] = json!("https://idaas.example.test/other"),
            AssertionError::Audience,
        ),
        ("aud", |claims, _| claims["aud"] = json!([claims["aud"]]), AssertionError::Audience),
        ("iss", |claims, _| claims["iss"] = json!("app_other"), AssertionError::Issuer),
        ("sub", |claims, _| claims["sub"] = json!("app_other"), AssertionError::Subject),
        ("jti", |claims, _| claims["jti"] = Value::Null, AssertionError::Id),
        (
            "jti",
            |claims, _| claims["jti"] = json!("4e758393-7961-15ff-a7e3-e7453c359ab6"),
            AssertionError::Id,
        ),
        (
            "jti",
            |claims, _| claims["jti"] = json!("4E758393-7961-45FF-A7E3-E7453C359AB6"),
            AssertionError::Id,
        ),
        ("iat", |claims, _| claims["iat"] = json!("now"), AssertionError::IssuedAt),
        ("exp", |claims, now| claims["exp"] = json!(now as f64 + 0.5), AssertionError::Expiry),
        ("exp", |claims, now| claims["exp"] = json!(now), AssertionError::Expired),
        ("exp", |claims, now| claims["exp"] = json!(now - 1), AssertionError::Expired),
        ("iat", |claims, now| claims["iat"] = json!(now + 61), AssertionError::IssuedInFuture),
        ("iat", |claims, now| claims["iat"] = json!(now + 3600), AssertionError::IssuedInFuture),
        ("iat", |claims, now| claims["iat"] = json!(now - 3600), AssertionError::Life),
        (
            "exp",
            |claims, _| claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 601),
            AssertionError::Life,
        ),
        (
            "exp",
            |claims, now| (claims["iat"], claims["exp"]) = (json!(now + 2), json!(now + 2)),
            AssertionError::Life,
        ),
    ];
    for (id, key) in CAPTURES {
        let recorded = &staged(&provider, id);
        for (claim, change, error) in rows {
            let mut spoilt =
                resigned(&provider, recorded, key, |_, claims| change(claims, recorded.at));
            spoilt.id = format!("{id}, {claim}: {error:?}");
            spoilt.is_refused_by(&provider, &Refusal::Assertion(error));
        }
        // The same change to what is allowed, so that the signature is not what was refused.
        let rows: [ChangeAt; 3] = [
            |claims, now| claims["iat"] = json!(now + 60),
            |claims, now| claims["exp"] = json!(now + 1),
            |_, _| {},
        ];
        for change in rows {
            let good = resigned(&provider, recorded, key, |_, claims| change(claims, recorded.at));
            let provider = super::provider();
            good.set_the_stage(&provider);
            good.is_verified_by(&provider);
        }
    }
}

#[test]
fn a_header_names_an_algorithm_of_the_key_and_nothing_unknown() {
    let provider = super::provider();
    let rows: [(Change, AssertionError); 7] = [
        (|header| header["alg"] = json!("none"), AssertionError::Algorithm),
        (|header| header["alg"] = json!("PS256"), AssertionError::Algorithm),
        (|header| header["alg"] = json!("EdDSA"), AssertionError::Algorithm),
        (|header| header["typ"] = json!("at+jwt"), AssertionError::Type),
        (|header| header["typ"] = Value::Null, AssertionError::Type),
        (|header| header["crit"] = json!(["exp"]), AssertionError::HeaderMember),
        (|header| header["x5c"] = json!([]), AssertionError::HeaderMember),
    ];
    for (id, key) in CAPTURES {
        let recorded = &staged(&provider, id);
        for (change, error) in rows {
            let mut spoilt = recorded.clone();
            let text = recorded.parameter("client_assertion").unwrap();
            let [mut header, claims] = parts(recorded);
            change(&mut header);
            let (_, signature) = text.rsplit_once('.').unwrap();
            let (signed, _) = sign(&json!({"alg": "HS256"}), &claims, &Key::Secret("x"))
                .split_once('.')
                .map(|(_, rest)| (rest.split_once('.').unwrap().0.to_owned(), ()))
                .unwrap();
            let text = format!("{}.{signed}.{signature}", encoded(&header));
            spoilt = spoilt.with_parameter("client_assertion", Some(&text));
            spoilt.id = format!("{id}: {error:?}");
            spoilt.is_refused_by(&provider, &Refusal::Assertion(error));
        }
        // The Go program sets a `kid`, and a key of RSA may sign by another hash than its size suggests.
        let good = resigned(&provider, recorded, key, |header, _| {
            header["kid"] = json!("any");
            if key.starts_with("rsa") {
                header["alg"] = json!("RS256");
            }
        });
        let provider = super::provider();
        good.set_the_stage(&provider);
        good.is_verified_by(&provider);
    }
}

#[test]
fn a_signature_that_was_touched_or_is_of_another_key_is_refused() {
    let provider = super::provider();
    for (id, key) in CAPTURES {
        let recorded = &staged(&provider, id);
        let refusal = Refusal::Assertion(AssertionError::Signature);
        let text = recorded.parameter("client_assertion").unwrap();
        let dot = text.rfind('.').unwrap();
        for (place, name) in [(dot - 3, "claims"), (dot + 3, "signature")] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(bytes).unwrap();
            let mut spoilt = recorded.clone().with_parameter("client_assertion", Some(&text));
            spoilt.id = format!("{id}: {name}");
            // A claim that is no JSON any more is refused before the signature is looked at.
            let malformed = Refusal::Assertion(AssertionError::Malformed);
            spoilt.is_refused_by(
                &provider,
                if name == "claims" && !is_json(&text) { &malformed } else { &refusal },
            );
        }
        // The right key for somebody else, or one that was withdrawn.
        if id.starts_with("PRIVATE_KEY") {
            let provider = super::provider();
            recorded.set_the_stage(&provider);
            provider.withdraw_key(key);
            recorded.is_refused_by(&provider, &refusal);
        }
        let by_secret =
            resigned(&provider, recorded, "", |header, _| header["alg"] = json!("HS256"));
        let by_other = if id == "CLIENT_SECRET_JWT" {
            let [header, claims] = parts(recorded);
            let text = sign(&header, &claims, &Key::Secret("another secret"));
            recorded.clone().with_parameter("client_assertion", Some(&text))
        } else if id == "PCA" {
            by_secret
        } else {
            // RFC 8725 §2.1: the public key as the secret.
            let [mut header, claims] = parts(recorded);
            header["alg"] = json!("HS256");
            let public = &provider.captures().keys[key].public;
            let text = sign(&header, &claims, &Key::Secret(public));
            recorded.clone().with_parameter("client_assertion", Some(&text))
        };
        by_other.is_refused_by(&provider, &refusal);
    }
}

#[test]
fn an_assertion_is_good_once_for_ten_minutes_by_either_clock() {
    let provider = super::provider();
    for (id, key) in CAPTURES {
        let recorded = &staged(&provider, id);
        let provider = super::provider();
        recorded.set_the_stage(&provider);
        recorded.is_verified_by(&provider);
        recorded.is_refused_by(&provider, &Refusal::Assertion(AssertionError::Replayed));
        // The same id in another assertion.
        let again = resigned(&provider, recorded, key, |_, claims| {
            claims["exp"] = json!(claims["exp"].as_u64().unwrap() - 1);
        });
        again.is_refused_by(&provider, &Refusal::Assertion(AssertionError::Replayed));
        assert_eq!(provider.grants().len(), 1, "{id}");

        let [_, claims] = parts(recorded);
        let issued = claims["iat"].as_u64().unwrap();
        for (now, error) in [
            (issued - 3600, Some(AssertionError::IssuedInFuture)),
            (issued - 61, Some(AssertionError::IssuedInFuture)),
            (issued - 60, None),
            (issued + 599, None),
            (issued + 600, Some(AssertionError::Expired)),
            (issued + 3600, Some(AssertionError::Expired)),
        ] {
            let provider = super::provider();
            recorded.set_the_stage(&provider);
            provider.set_clock(Clock::Stopped(now));
            match error {
                Some(error) => recorded.is_refused_by(&provider, &Refusal::Assertion(error)),
                None => drop(recorded.is_verified_by(&provider)),
            }
        }
    }
}

#[test]
fn a_certificate_leads_to_a_root_and_is_in_date() {
    let provider = super::provider();
    let recorded = &staged(&provider, "PCA");
    let now = recorded.at;
    let [first, last] = [1_735_689_600, 2_051_049_600]; // As the recorded ones have it: 2025-01-01 and 2034-12-30.
    for (at, error) in [
        (first - 1, Some(CertificateError::NotYetValid)),
        (first, None),
        (last, None),
        (last + 1, Some(CertificateError::Expired)),
    ] {
        let mut spoilt = resigned(&provider, recorded, "rsa2048", |_, claims| {
            (claims["iat"], claims["exp"]) = (json!(at), json!(at + 600));
        });
        spoilt.at = at;
        expect(&spoilt, &super::provider(), error);
    }

    let good = [now - 10, now + 10];
    let rows = [
        ("made-up-client", good, None),
        ("made-up-client", [now, now], None),
        ("made-up-client", [now - 10, now - 1], Some(CertificateError::Expired)),
        ("made-up-client", [now + 1, now + 10], Some(CertificateError::NotYetValid)),
        ("somebody-else", good, Some(CertificateError::Subject)),
    ];
    for (name, valid, error) in rows {
        let provider = super::provider();
        let [leaf, root] = provider.certify("rsa2048", name, valid).unwrap();
        expect(&with_certificate(recorded, &leaf, &root), &provider, error);
        // The root itself need not be sent.
        let provider = super::provider();
        let [leaf, _] = provider.certify("rsa2048", name, valid).unwrap();
        expect(
            &with_certificate(recorded, &leaf, "").with_parameter("client_x509_chain", None),
            &provider,
            error,
        );
    }
}

#[test]
fn a_certificate_may_be_for_any_kind_of_key() {
    let captures = super::provider().captures();
    for (key, algorithm) in
        [("rsa3072", "RS384"), ("p256", "ES256"), ("p384", "ES384"), ("p521", "ES512")]
    {
        let provider = super::provider();
        let recorded = staged(&provider, "PCA");
        let [leaf, root] =
            provider.certify(key, "made-up-client", [recorded.at, recorded.at + 1]).unwrap();
        let good =
            resigned(&provider, &recorded, key, |header, _| header["alg"] = json!(algorithm));
        with_certificate(&good, &leaf, &root).is_verified_by(&provider);
        // Signed by the same key, of which the recorded certificate is not.
        let refusal = Refusal::Assertion(AssertionError::Signature);
        good.is_refused_by(&provider, &refusal);
    }
    // No client signs by these.
    for key in ["ed25519", "secp256k1"] {
        assert!(captures.keys.contains_key(key));
        let provider = super::provider();
        let recorded = staged(&provider, "PCA");
        let [leaf, root] =
            provider.certify(key, "made-up-client", [recorded.at, recorded.at + 1]).unwrap();
        let spoilt = with_certificate(&recorded, &leaf, &root);
        spoilt.is_refused_by(&provider, &Refusal::Certificate(CertificateError::Key));
    }
}

#[test]
fn a_certificate_of_a_stranger_is_refused_with_every_chain() {
    let provider = super::provider();
    let recorded = &staged(&provider, "PCA");
    let captures = provider.captures();
    let [leaf, intermediate, root] = ["leaf_for_keys.rsa2048", "intermediate", "root"]
        .map(|name| captures.certificate(name).unwrap());
    let public_key = &captures.keys["rsa2048"].public;
    // It bears the name of the root that is trusted.
    let stranger = Authority::new("Made Up Root").unwrap();
    let valid = [recorded.at - 10, recorded.at + 10];
    let strange = stranger.issue(&Subject { name: "made-up-client", public_key, valid }).unwrap();
    let strange_root = stranger.pem().unwrap();
    let other_key = stranger
        .issue(&Subject {
            name: "made-up-client",
            public_key: &captures.keys["p256"].public,
            valid,
        })
        .unwrap();
    let [good, _] = provider.certify("rsa2048", "made-up-client", valid).unwrap();

    let nobody = Authority::new("Nobody").unwrap();
    let other_name = nobody.issue(&Subject { name: "made-up-client", public_key, valid }).unwrap();
    let other_root = nobody.pem().unwrap();

    let [unknown, signature] = [CertificateError::UnknownIssuer, CertificateError::Signature];
    for (number, (leaf, chain, error)) in [
        (leaf, intermediate.to_owned(), None),
        (leaf, format!("{intermediate}{root}"), None),
        (leaf, format!("{root}{intermediate}"), None),
        (leaf, String::new(), Some(unknown)),
        (leaf, root.to_owned(), Some(unknown)),
        (leaf, strange_root.clone(), Some(unknown)),
        (&strange, strange_root.clone(), Some(signature)),
        (&strange, String::new(), Some(signature)),
        (&other_name, other_root, Some(unknown)),
        (&strange, intermediate.to_owned(), Some(signature)),
        (&strange, format!("{strange_root}{intermediate}{root}"), Some(signature)),
        // The same name and key as a trusted one, which another provider made.
        (&good, provider.authority.pem().unwrap(), Some(signature)),
        (&other_key, strange_root, Some(signature)),
        (intermediate, root.to_owned(), Some(CertificateError::Path)),
        ("no certificate", intermediate.to_owned(), Some(CertificateError::Malformed)),
        (
            &format!("{leaf}{intermediate}"),
            intermediate.to_owned(),
            Some(CertificateError::Malformed),
        ),
        (leaf, intermediate.replace("MII", "AII"), Some(CertificateError::Malformed)),
        (leaf, intermediate.replace("END", "END OF"), Some(CertificateError::Malformed)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut spoilt = with_certificate(recorded, leaf, &chain);
        spoilt.id = format!("row {number}");
        expect(&spoilt, &super::provider(), error);
    }

    // A good certificate of another key than the one that signed.
    let own = resigned(&provider, recorded, "rsa3072", |header, _| header["alg"] = json!("RS256"));
    own.is_refused_by(&provider, &Refusal::Assertion(AssertionError::Signature));
    let touched = leaf.replace("MIICVTCC", "MIICVTCB");
    assert_ne!(touched, leaf);
    expect(
        &with_certificate(recorded, &touched, intermediate),
        &super::provider(),
        Some(CertificateError::Malformed),
    );
    // One byte of the signature on the leaf.
    let touched = leaf.replace("AOFJjg==", "AOFJjQ==");
    assert_ne!(touched, leaf);
    expect(
        &with_certificate(recorded, &touched, intermediate),
        &super::provider(),
        Some(signature),
    );
}

fn expect(request: &Recorded, provider: &IdaasProvider, error: Option<CertificateError>) {
    request.set_the_stage(provider);
    match error {
        Some(error) => request.is_refused_by(provider, &Refusal::Certificate(error)),
        None => {
            request.is_verified_by(provider);
            assert!(matches!(provider.records()[0].outcome, Outcome::Verified(_)));
        }
    }
}

fn with_certificate(request: &Recorded, leaf: &str, chain: &str) -> Recorded {
    request
        .clone()
        .with_parameter("client_x509", Some(leaf))
        .with_parameter("client_x509_chain", Some(chain))
}

/// The first request of a capture, with the provider prepared for it: a request that is refused leaves no trace.
fn staged(provider: &IdaasProvider, id: &str) -> Recorded {
    let recorded = Recorded::of(provider, id).remove(0);
    recorded.set_the_stage(provider);
    recorded
}

/// The request with an assertion whose header and claims were changed, signed by a recorded key, or by the
/// recorded secret.
fn resigned(
    provider: &IdaasProvider,
    request: &Recorded,
    key: &str,
    change: impl FnOnce(&mut Value, &mut Value),
) -> Recorded {
    let [mut header, mut claims] = parts(request);
    change(&mut header, &mut claims);
    let key = match provider.captures().keys.get(key) {
        Some(pair) => Key::Pair(pair),
        None => Key::Secret(super::super::state::SECRET),
    };
    request.clone().with_parameter("client_assertion", Some(&sign(&header, &claims, &key)))
}

fn parts(request: &Recorded) -> [Value; 2] {
    ["header", "claims"].map(|part| request.rest["assertion"][part].clone())
}

fn encoded(value: &Value) -> String {
    let whole = sign(value, &json!({}), &Key::Secret("x"));
    whole.split_once('.').unwrap().0.to_owned()
}

fn is_json(assertion: &str) -> bool {
    super::super::super::signing_key::claims_of(assertion) != Value::Null
}
