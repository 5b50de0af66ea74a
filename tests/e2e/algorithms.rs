//! Every signature algorithm, by the module as it is shipped.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::development::clock;
use crate::development::http_client::{Connection, request};
use crate::development::signing_key::random_hex;
use crate::development::upstream::seen;
use crate::keys::Keys;
use crate::lab::{Lab, Setup};

/// Each algorithm, and another that its header may pretend: of the same kind of key, where there is one.
const ALGORITHMS: [(&str, &str); 13] = [
    ("RS256", "PS256"),
    ("RS384", "RS512"),
    ("RS512", "RS256"),
    ("PS256", "RS256"),
    ("PS384", "PS512"),
    ("PS512", "PS384"),
    ("ES256", "ES384"),
    ("ES384", "ES512"),
    ("ES512", "ES256"),
    ("EdDSA", "ES256"),
    ("HS256", "HS384"),
    ("HS384", "HS512"),
    ("HS512", "HS256"),
];

#[test]
fn every_algorithm_is_verified_and_no_other_is_taken_for_it() {
    let keys = Keys::new();
    let stranger = Keys::new();
    let lab = lab(&keys);
    // The listener spreads open connections evenly: one for each worker.
    let mut workers = [(); 2].map(|()| Connection::open(lab.gateway).unwrap());
    let (mut accepted, mut refused) = (0, 0);
    for (algorithm, other) in ALGORITHMS {
        for worker in &mut workers {
            let user = random_hex();
            let claims = claims(algorithm, &user);
            let token = keys.sign(algorithm, (algorithm, algorithm), &claims);
            let echo = send(worker, &token, 200, algorithm);
            assert_eq!(seen(&echo, "x-user"), [user.as_str()], "{algorithm}");
            assert_eq!(seen(&echo, "x-tenant"), ["acme"], "{algorithm}");
            accepted += 1;

            let bad = [
                ("flipped", with_bit_flipped(&token)),
                ("of another key", stranger.sign(algorithm, (algorithm, algorithm), &claims)),
                // Signed as the key signs, and named otherwise.
                ("renamed", keys.sign(algorithm, (other, algorithm), &claims)),
                // Signed and named as the other algorithm has it, by the same key where it can.
                ("swapped", keys.sign(other, (other, algorithm), &claims)),
                ("unnamed", keys.sign(algorithm, ("none", algorithm), &claims)),
            ];
            for (what, token) in bad {
                send(worker, &token, 401, &format!("{algorithm} {what}"));
                refused += 1;
            }
        }
    }
    assert_eq!((accepted, refused), (13 * 2, 13 * 2 * 5));
    assert_eq!(lab.upstream.requests(), accepted);
    lab.assert_serves(&keys.sign("ES384", ("ES384", "ES384"), &claims("ES384", "alive")));
}

/// A gateway with an issuer that has a key for each algorithm but HS*, and one issuer for each of these.
fn lab(keys: &Keys) -> Lab {
    let (symmetric, asymmetric): (Vec<&str>, Vec<&str>) =
        ALGORITHMS.iter().map(|(name, _)| *name).partition(|name| name.starts_with("HS"));
    let jwks: Vec<Value> = asymmetric.iter().map(|name| keys.jwk(name)).collect();
    let issuer = |name: &str, algorithms: &[&str]| {
        json!({
            "name": name.to_lowercase(), "issuer": issuer_of(name), "tenants": ["acme"],
            "audiences": ["our-api"], "algorithms": algorithms,
            "claims": {"tenant": "ten", "subtenant": "none", "user": "sub", "scopes": "scope"},
        })
    };
    let mut issuers = vec![issuer("keys", &asymmetric)];
    issuers[0]["jwks"] = json!({"inline": {"keys": jwks}});
    issuers.extend(symmetric.into_iter().map(|name| {
        let mut issuer = issuer(name, &[name]);
        issuer["secret_env"] = json!(SECRET);
        issuer
    }));
    let mut setup = Setup::new();
    setup.filter = json!({
        "deployment": "ingress",
        "issuers": issuers,
        "identity_headers": setup.filter["identity_headers"],
        "routes": [setup.filter["routes"][0]],
    });
    setup.environment.push((SECRET.to_owned(), keys.secret.clone()));
    setup.start()
}

fn claims(algorithm: &str, user: &str) -> Value {
    let name = if algorithm.starts_with("HS") { algorithm } else { "keys" };
    json!({
        "iss": issuer_of(name), "aud": "our-api", "exp": clock::now() + 600,
        "ten": "acme", "sub": user, "scope": "assets.read",
    })
}

fn issuer_of(name: &str) -> String {
    format!("https://{}.example", name.to_lowercase())
}

/// Sends a token, and gives what the upstream saw, if it saw anything.
fn send(worker: &mut Connection, token: &str, status: u16, what: &str) -> Value {
    let bearer = format!("Bearer {token}");
    worker.send(&request("GET", "/api/profile/me", &[("authorization", &bearer)], "")).unwrap();
    let answer = worker.receive().unwrap();
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    answer.json()
}

/// The token with one bit of its signature changed, inside what a signature of this kind may be.
fn with_bit_flipped(token: &str) -> String {
    let (text, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let place = signature.len() / 2 - 1;
    signature[place] ^= 1;
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

const SECRET: &str = "SHARED_SECRET";
