//! Who may come in.

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::request;
use crate::development::signing_key::SigningKey;
use crate::development::upstream::seen;
use crate::lab::{Lab, eventually};

#[test]
fn a_caller_without_a_token_is_challenged() {
    let lab = Lab::start();
    for path in ["/api/profile/me", "/api/reports/1", "/api/assets/1", "/api/exchange/1"] {
        let answer = lab.send(&request("GET", path, &[], ""));
        assert_eq!((answer.status, answer.code().as_str()), (401, codes::TOKEN_MISSING), "{path}");
        assert_eq!(answer.field("content-type"), "application/problem+json", "{path}");
        assert!(answer.field("www-authenticate").starts_with("Bearer"), "{path}");
        assert!(
            !answer.field("www-authenticate").contains("error="),
            "RFC 6750 §3.1: no error code without a token"
        );
        assert_eq!(answer.json()["status"], json!(401), "{path}");
    }
    assert_eq!(lab.upstream.requests(), 0);
    lab.assert_unharmed();
}

#[test]
fn a_good_token_opens_the_route_of_its_issuer() {
    let lab = Lab::start();
    let user = lab.idp.sign(&Caller::of_tenant("acme"));
    let partner = lab.idp.sign_as_partner(&Caller::of_partner("beta"));
    // The second round is answered from the cache of verified tokens.
    for (token, tenant) in
        [(&user, "acme"), (&partner, "beta"), (&user, "acme"), (&partner, "beta")]
    {
        let answer = lab.get_with_token("/api/profile/me", token);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(seen(&answer.json(), "authorization"), [format!("Bearer {token}")]);
        assert_eq!(seen(&answer.json(), "x-tenant"), [tenant]);
    }
    // The scheme's name has no case (RFC 9110 §11.1).
    let answer = lab.send(&request(
        "GET",
        "/api/profile/me",
        &[("Authorization", &format!("bEaReR {user}"))],
        "",
    ));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_bad_token_is_refused_without_saying_why() {
    let lab = Lab::start();
    let key = lab.idp.signing_key();
    let user = Caller::of_tenant("acme");
    let stranger = SigningKey::rsa(key.kid()).unwrap();
    let signed = |caller: Caller| lab.idp.sign(&caller);
    let good = signed(user.clone());
    let invalid = [
        (
            "wrong-issuer",
            signed(user.clone().with(
                "iss",
                json!("https://acme.piam.eu1.mindsphere.io.evil.example/oauth/token"),
            )),
        ),
        (
            "issuer-with-slash",
            signed(
                user.clone().with("iss", json!("https://acme.piam.eu1.mindsphere.io/oauth/token/")),
            ),
        ),
        (
            "unknown-tenant",
            signed(
                user.clone().with("iss", json!("https://gamma.piam.eu1.mindsphere.io/oauth/token")),
            ),
        ),
        ("tenant-of-another", signed(user.clone().with("ten", json!("beta")))),
        (
            "wrong-client",
            signed(
                user.clone()
                    .with("client_id", json!("other"))
                    .with("cid", json!("other"))
                    .with("azp", json!("other")),
            ),
        ),
        ("wrong-key", stranger.sign(&user.claims())),
        ("alg-none", key.unsigned(&user.claims())),
        ("hs256-with-public-key", key.sign_with_public_key_as_secret(&user.claims())),
        ("es256-for-mindsphere", SigningKey::p256(key.kid()).sign(&user.claims())),
        ("refresh-token", signed(user.clone().with("jti", json!("0123456789abcdef-r")))),
        ("id-token", signed(user.clone().with("nonce", json!("n")))),
        ("no-scope", signed(user.clone().without("scope"))),
        ("no-tenant", signed(user.clone().without("ten"))),
        ("no-expiry", signed(user.clone().without("exp"))),
        ("expiry-as-text", signed(user.clone().with("exp", json!("4102444800")))),
        (
            "issued-tomorrow",
            signed(user.clone().with("iat", json!(crate::development::clock::now() + 86_400))),
        ),
        ("signature-cut", good.chars().take(good.len() - 4).collect()),
        ("two-parts", "e30.e30".to_owned()),
        ("not-a-token", "opaque".to_owned()),
    ];
    let mut bodies = Vec::new();
    let mut reasons = Vec::new();
    for (case, token) in &invalid {
        let answer = lab.send(&request(
            "GET",
            "/api/profile/me",
            &[("authorization", &format!("Bearer {token}")), ("x-case", case)],
            "",
        ));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, codes::TOKEN_INVALID),
            "{case}: {}",
            answer.text()
        );
        assert!(answer.field("www-authenticate").contains("error=\"invalid_token\""), "{case}");
        bodies.push((answer.field("www-authenticate").to_owned(), answer.body));
        reasons.push((*case, lab.reason(case)));
    }
    bodies.dedup();
    assert_eq!(
        bodies.len(),
        1,
        "the caller learns nothing from one refusal that another does not say"
    );
    let distinct: std::collections::BTreeSet<_> =
        reasons.iter().map(|(_, reason)| reason).collect();
    assert!(distinct.len() > 8, "the access log tells the reasons apart: {reasons:?}");
    assert!(reasons.iter().all(|(_, reason)| reason.len() > 1), "{reasons:?}");

    let expired = signed(user.expired());
    let answer = lab.send(&request(
        "GET",
        "/api/profile/me",
        &[("authorization", &format!("Bearer {expired}")), ("x-case", "expired")],
        "",
    ));
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (401, codes::TOKEN_EXPIRED),
        "{}",
        answer.text()
    );

    for (case, reason) in [
        ("wrong-key", "signature_invalid"),
        ("wrong-issuer", "issuer_unknown"),
        ("expired", "expired"),
    ] {
        assert!(lab.reason(case).contains(reason), "{case}: {}", lab.reason(case));
        eventually("line in the filter's log", || lab.envoy.log().contains(reason).then_some(()));
    }

    assert_eq!(lab.upstream.requests(), 0);
    lab.assert_unharmed();
    lab.assert_nothing_leaked(&[expired, good]);
}

#[test]
fn routes_decide_before_tokens_are_looked_at() {
    let lab = Lab::start();
    let user = lab.idp.sign(&Caller::of_tenant("acme"));
    let poor = lab.idp.sign(&Caller::of_tenant("acme").with("scope", json!(["other.read"])));
    for (method, path, token, status, code) in [
        ("GET", "/elsewhere", user.as_str(), 403, codes::ROUTE_UNKNOWN),
        ("GET", "/elsewhere", "nonsense", 403, codes::ROUTE_UNKNOWN),
        ("GET", "/api/profile", user.as_str(), 403, codes::ROUTE_UNKNOWN),
        ("GET", "/API/profile/me", user.as_str(), 403, codes::ROUTE_UNKNOWN),
        ("DELETE", "/api/profile/me", user.as_str(), 405, codes::METHOD_NOT_ALLOWED),
        ("DELETE", "/api/profile/me", "nonsense", 405, codes::METHOD_NOT_ALLOWED),
        ("GET", "/api/profile/me", poor.as_str(), 403, codes::SCOPE_INSUFFICIENT),
    ] {
        let answer =
            lab.send(&request(method, path, &[("authorization", &format!("Bearer {token}"))], ""));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{method} {path}: {}",
            answer.text()
        );
    }
    assert_eq!(lab.upstream.requests(), 0);
}

#[test]
fn a_public_route_passes_everybody_and_no_credential() {
    let lab = Lab::start();
    for token in [lab.idp.sign(&Caller::of_tenant("acme")), "nonsense".to_owned()] {
        let answer = lab.get_with_token("/public/page", &token);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(seen(&answer.json(), "authorization"), [""; 0]);
    }
}

#[test]
fn grpc_clients_get_a_grpc_status_and_no_body() {
    let lab = Lab::start();
    let fields = [("content-type", "application/grpc"), ("te", "trailers")];
    let unauthenticated = lab.send(&request("POST", "/api/profile/Service/Method", &fields, ""));
    assert_eq!((unauthenticated.status, unauthenticated.field("grpc-status")), (200, "16"));
    assert_eq!(unauthenticated.body, b"");
    let forbidden = lab.send(&request("POST", "/elsewhere/Service/Method", &fields, ""));
    assert_eq!((forbidden.status, forbidden.field("grpc-status")), (200, "7"));
    assert_eq!(forbidden.body, b"");
}
