//! Signatures of fetched tokens, in the simulated world: right and wrong ones, new keys, keys that cannot
//! be had. What is not proven to be of its issuer is neither stored, shared nor sent.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use support::{Answer, Asked, CONFIGURATION, Fate, Request, World};
use tenantgate::message::CallFailure;
use tenantgate::time::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const ISSUER: &str = "https://acme.piam.eu1.mindsphere.io/oauth/token";
const HOST: &str = "acme.piam.eu1.mindsphere.io";

/// Two keys, made once: the issuer's, and its next one or somebody else's.
static KEYS: LazyLock<[RsaPrivateKey; 2]> = LazyLock::new(|| {
    std::array::from_fn(|_| RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap())
});

/// What the token endpoint and the endpoint of the keys do now.
struct Issuer {
    /// The key that signs, the `kid` that its tokens name.
    signs: (usize, &'static str),
    /// The keys that are published: number and `kid`.
    published: Vec<(usize, &'static str)>,
    /// What comes instead of the keys.
    keys_fault: Option<Answer>,
}

/// The document of the world with the default: signatures are checked.
fn document() -> Value {
    let mut document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    for credential in document["credentials"].as_array_mut().unwrap() {
        credential["mindsphere_tenant"].as_object_mut().unwrap().remove("signature").unwrap();
    }
    document
}

/// A world whose issuer signs with key 0, `k0`, and publishes it.
fn world(workers: usize) -> (World, &'static Mutex<Issuer>) {
    world_of(workers, &document())
}

fn world_of(workers: usize, document: &Value) -> (World, &'static Mutex<Issuer>) {
    let mut world = World::of(workers, &document.to_string());
    let issuer = Issuer { signs: (0, "k0"), published: vec![(0, "k0")], keys_fault: None };
    let issuer: &'static Mutex<Issuer> = Box::leak(Box::new(Mutex::new(issuer)));
    world.provider.script(move |asked, now| {
        let issuer = issuer.lock().unwrap();
        match asked {
            Asked::KeysOf(_) => {
                let fault = issuer.keys_fault.clone();
                Some(fault.unwrap_or_else(|| Answer::json(key_set(&issuer.published))))
            }
            Asked::Token(subtenant) => {
                let token = token(issuer.signs, subtenant.as_deref(), now);
                Some(Answer::grant_without_lifetime(&token))
            }
            Asked::Keys | Asked::Metadata => None,
        }
    });
    (world, issuer)
}

fn keys_asked(world: &World) -> usize {
    world.provider.count(&Asked::KeysOf(HOST.to_owned()))
}

fn tokens_asked(world: &World) -> usize {
    world.provider.count(&Asked::Token(None))
}

fn ask(world: &mut World, worker: usize) -> Request {
    let token = world.mint.token("acme", None, world.now);
    world.request(worker, "/tenant/x", Some(&token))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn key_set(keys: &[(usize, &str)]) -> String {
    let keys = keys.iter().map(|(number, kid)| {
        let key = &KEYS[*number];
        let (n, e) = (encoded(key.n().to_bytes_be()), encoded(key.e().to_bytes_be()));
        json!({"kty": "RSA", "alg": "RS256", "kid": kid, "n": n, "e": e})
    });
    json!({"keys": keys.collect::<Vec<_>>()}).to_string()
}

/// A token with the documented claims, signed by this key and naming that `kid`.
fn token((key, kid): (usize, &str), subtenant: Option<&str>, now: Timestamp) -> String {
    let (iat, exp) = (now.as_seconds(), now.as_seconds() + 1800);
    let mut claims = json!({
        "iss": ISSUER, "ten": "acme", "scope": ["a.r"], "client_id": "svc",
        "iat": iat, "exp": exp, "jti": now.as_millis().to_string(),
    });
    if let Some(subtenant) = subtenant {
        claims["subtenant"] = json!(subtenant);
    }
    let header = json!({"alg": "RS256", "kid": kid, "typ": "JWT"});
    let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let signer = SigningKey::<Sha256>::new(KEYS[key].clone());
    let signature = signer.sign(message.as_bytes());
    format!("{message}.{}", encoded(signature.to_bytes()))
}

/// The `kid` of the token on a forwarded request.
fn kid(fate: &Fate) -> String {
    let value = fate.header("authorization").expect("a forwarded request");
    let header = value.strip_prefix("Bearer ").unwrap().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn said(world: &World, reason: &str) -> bool {
    let start = "fetching token of credential `acme-svc` from cluster `piam` failed: ";
    world.log().iter().any(|line| line.starts_with(&format!("{start}{reason};")))
}

/// Whether a JWT stands anywhere in the shared data: all begin alike.
fn shares_a_token(world: &World) -> bool {
    let is_there = |value: &Vec<u8>| value.windows(3).any(|window| window == b"eyJ");
    world.shared.values.iter().any(|(key, (value, _))| key.contains("/token/") && is_there(value))
}

#[test]
fn a_token_that_its_issuer_signed_is_used_by_all_workers_after_one_fetch_of_each() {
    let (mut world, _) = world(4);
    let requests: Vec<_> = (0..80).map(|n| ask(&mut world, n % 4)).collect();
    world.pass(2 * SECOND);
    for request in requests {
        assert_eq!(kid(&world.fate(request)), "k0");
    }
    assert_eq!((keys_asked(&world), tokens_asked(&world)), (1, 1));
}

#[test]
fn the_keys_are_there_before_the_first_token_and_no_request_waits_for_them() {
    let (mut world, issuer) = world(1);
    world.pass(SECOND);
    assert_eq!((keys_asked(&world), tokens_asked(&world)), (1, 0));
    issuer.lock().unwrap().keys_fault = Some(Answer::status(500));
    let request = ask(&mut world, 0);
    world.settle();
    assert_eq!(kid(&world.fate(request)), "k0");
    assert!(world.waited(request) <= Duration::from_millis(50), "{:?}", world.waited(request));
}

#[test]
fn a_token_that_another_key_signed_reaches_nobody_and_is_not_kept() {
    let (mut world, issuer) = world(2);
    issuer.lock().unwrap().signs = (1, "k0");
    let requests = [ask(&mut world, 0), ask(&mut world, 1)];
    world.settle();
    for request in requests {
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
    }
    assert!(said(&world, "signature_invalid"), "{:?}", world.log());
    assert!(!shares_a_token(&world));
    assert!(!world.log().iter().any(|line| line.contains("eyJ")), "{:?}", world.log());
    // All workers are held back by one failure.
    assert_eq!(tokens_asked(&world), 1);
    let at_once = ask(&mut world, 1);
    assert_eq!(world.fate(at_once), Fate::Refused(503, "token_unavailable"));

    issuer.lock().unwrap().signs = (0, "k0");
    world.pass(6 * SECOND);
    let healed = ask(&mut world, 1);
    world.settle();
    assert_eq!(kid(&world.fate(healed)), "k0");
    assert!(shares_a_token(&world));
    assert_eq!(keys_asked(&world), 1, "keys that were just fetched are not doubted");
}

#[test]
fn a_forged_refresh_takes_nothing_away_from_what_is_held() {
    let (mut world, issuer) = world(1);
    ask(&mut world, 0);
    world.settle();
    issuer.lock().unwrap().signs = (1, "k0");
    for minute in 0..29 {
        let request = ask(&mut world, 0);
        world.settle();
        assert_eq!(kid(&world.fate(request)), "k0", "minute {minute}");
        assert_eq!(world.waited(request), Duration::ZERO, "minute {minute}");
        world.pass(MINUTE - Duration::from_millis(500));
    }
    assert!(tokens_asked(&world) > 1);
    world.pass(MINUTE);
    let late = ask(&mut world, 0);
    world.pass(6 * SECOND);
    assert_eq!(world.fate(late), Fate::Refused(503, "token_unavailable"));
}

#[test]
fn a_token_by_a_new_key_waits_for_one_refetch_of_the_keys() {
    let (mut world, issuer) = world(2);
    world.pass(MINUTE);
    {
        let mut issuer = issuer.lock().unwrap();
        issuer.signs = (1, "k1");
        issuer.published = vec![(0, "k0"), (1, "k1")];
    }
    let requests = [ask(&mut world, 0), ask(&mut world, 1)];
    world.settle();
    for request in requests {
        assert_eq!(kid(&world.fate(request)), "k1");
    }
    assert_eq!((keys_asked(&world), tokens_asked(&world)), (2, 1));
}

#[test]
fn a_key_replaced_under_its_kid_is_found_by_one_refetch_of_keys_that_are_not_fresh() {
    for (age, is_found) in [(9 * SECOND, false), (11 * SECOND, true)] {
        let (mut world, issuer) = world(2);
        world.pass(age);
        {
            let mut issuer = issuer.lock().unwrap();
            issuer.signs = (1, "k0");
            issuer.published = vec![(1, "k0")];
        }
        let requests = [ask(&mut world, 0), ask(&mut world, 1)];
        world.settle();
        for request in requests {
            match (world.fate(request), is_found) {
                (fate @ Fate::Forwarded(_), true) => assert_eq!(kid(&fate), "k0"),
                (fate, is_found) => {
                    assert!(!is_found, "{age:?}: {fate:?}");
                    assert_eq!(fate, Fate::Refused(503, "token_unavailable"));
                }
            }
        }
        assert_eq!(said(&world, "signature_invalid"), !is_found, "{age:?}: {:?}", world.log());
        assert_eq!((keys_asked(&world), tokens_asked(&world)), (1 + usize::from(is_found), 1));
    }
}

#[test]
fn a_wrong_signature_costs_one_refetch_in_ten_seconds_and_stays_wrong() {
    let (mut world, issuer) = world(2);
    world.pass(MINUTE);
    issuer.lock().unwrap().signs = (1, "k0");
    let first = ask(&mut world, 0);
    world.settle();
    assert_eq!(world.fate(first), Fate::Refused(503, "token_unavailable"));
    assert!(said(&world, "signature_invalid"), "{:?}", world.log());
    assert_eq!(keys_asked(&world), 2);
    for second in 0..60 {
        ask(&mut world, second % 2);
        world.pass(SECOND);
    }
    let refetches = keys_asked(&world) - 1;
    assert!((1..=6).contains(&refetches), "{refetches} in a minute");
    assert!(!shares_a_token(&world));
}

#[test]
fn where_newer_keys_cannot_be_had_a_wrong_signature_is_wrong() {
    let (mut world, issuer) = world(1);
    world.pass(MINUTE);
    {
        let mut issuer = issuer.lock().unwrap();
        issuer.signs = (1, "k0");
        issuer.keys_fault = Some(Answer::status(500));
    }
    let request = ask(&mut world, 0);
    world.settle();
    assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
    assert!(said(&world, "signature_invalid"), "{:?}", world.log());
    assert_eq!(keys_asked(&world), 2);
}

#[test]
fn a_kid_that_is_nowhere_costs_one_refetch_in_ten_seconds() {
    let (mut world, issuer) = world(2);
    world.pass(MINUTE);
    issuer.lock().unwrap().signs = (0, "forged");
    let first = ask(&mut world, 0);
    world.settle();
    assert_eq!(world.fate(first), Fate::Refused(503, "token_unavailable"));
    assert!(said(&world, "fetched_key_unknown"), "{:?}", world.log());
    for second in 0..60 {
        ask(&mut world, second % 2);
        world.pass(SECOND);
    }
    let refetches = keys_asked(&world) - 1;
    assert!((1..=6).contains(&refetches), "{refetches} in a minute");
    assert!(tokens_asked(&world) <= 9, "{} calls in a minute", tokens_asked(&world));
    assert!(!shares_a_token(&world));
    // The issuer publishes the key after all.
    issuer.lock().unwrap().published = vec![(0, "forged")];
    world.pass(MINUTE + 10 * SECOND);
    let healed = ask(&mut world, 1);
    world.settle();
    assert_eq!(kid(&world.fate(healed)), "forged");
}

#[test]
fn without_keys_at_start_a_token_is_refused_within_the_deadline_and_used_when_they_are_back() {
    let faults = [
        Answer::status(503),
        Answer::Silence,
        Answer::Failed(CallFailure::Interrupted),
        Answer::json("{}"),
    ];
    for fault in faults {
        let (mut world, issuer) = world(2);
        issuer.lock().unwrap().keys_fault = Some(fault);
        let requests = [ask(&mut world, 0), ask(&mut world, 1)];
        world.pass(6 * SECOND);
        for request in requests {
            let fate = world.fate(request);
            assert!(matches!(fate, Fate::Refused(503, _)), "{fate:?}");
            assert!(world.waited(request) <= 5 * SECOND + Duration::from_millis(20));
        }
        assert_eq!(world.waiting(0) + world.waiting(1), 0);
        world.pass(20 * SECOND);
        assert!(said(&world, "fetched_keys_unavailable"), "{:?}", world.log());
        let of_keys = "fetching keys of credential `acme-svc` from cluster `piam` failed";
        assert!(world.log().iter().any(|line| line.starts_with(of_keys)), "{:?}", world.log());
        assert!(!shares_a_token(&world));

        issuer.lock().unwrap().keys_fault = None;
        // The longest back-off of either is a minute, of keys that are no keys five.
        world.pass(6 * MINUTE);
        let healed = ask(&mut world, 0);
        let elsewhere = ask(&mut world, 1);
        world.settle();
        assert_eq!(kid(&world.fate(healed)), "k0");
        assert_eq!(kid(&world.fate(elsewhere)), "k0");
        assert_eq!(world.metrics["tenantgate.key_sets.missing"], 0, "{:?}", world.metrics);
    }
}

#[test]
fn keys_that_go_away_do_not_stop_what_is_signed_by_known_ones() {
    let (mut world, issuer) = world(1);
    world.pass(SECOND);
    issuer.lock().unwrap().keys_fault = Some(Answer::status(503));
    for minute in 0..120 {
        let request = ask(&mut world, 0);
        world.settle();
        assert_eq!(kid(&world.fate(request)), "k0", "minute {minute}");
        world.pass(MINUTE);
    }
}

#[test]
fn the_worker_that_dies_while_its_token_waits_for_keys_blocks_nobody() {
    let (mut world, _) = world(2);
    world.pass(SECOND);
    world.provider.latency = SECOND;
    let doomed = ask(&mut world, 0);
    assert_eq!(world.fate(doomed), Fate::Waiting);
    world.pass(Duration::from_millis(300));
    let request = ask(&mut world, 1);
    world.kill(0);
    world.pass(6 * SECOND);
    assert_eq!(kid(&world.fate(request)), "k0");
}

#[test]
fn each_subtenants_token_is_checked_by_the_same_keys() {
    let (mut world, issuer) = world(1);
    let sub = |world: &mut World, name: &str| {
        let token = world.mint.token("acme", Some(name), world.now);
        world.request(0, "/sub/x", Some(&token))
    };
    let good = sub(&mut world, "good");
    world.settle();
    assert_eq!(kid(&world.fate(good)), "k0");
    issuer.lock().unwrap().signs = (1, "k0");
    let bad = sub(&mut world, "bad");
    let again = sub(&mut world, "good");
    world.settle();
    assert_eq!(world.fate(bad), Fate::Refused(503, "token_unavailable"));
    assert_eq!(kid(&world.fate(again)), "k0");
    assert_eq!(keys_asked(&world), 1);
}

#[test]
fn a_token_that_was_stored_unchecked_is_not_taken_by_a_configuration_that_checks() {
    let mut unchecked = document();
    for credential in unchecked["credentials"].as_array_mut().unwrap() {
        credential["mindsphere_tenant"]["signature"] = json!("not_checked");
    }
    let (mut world, issuer) = world_of(1, &unchecked);
    issuer.lock().unwrap().signs = (1, "k0");
    let request = ask(&mut world, 0);
    world.settle();
    assert_eq!(kid(&world.fate(request)), "k0");
    assert_eq!(keys_asked(&world), 0);
    let new = world.start_worker(&document().to_string());
    let refused = ask(&mut world, new);
    world.settle();
    assert_eq!(world.fate(refused), Fate::Refused(503, "token_unavailable"));
    issuer.lock().unwrap().signs = (0, "k0");
    world.pass(6 * SECOND);
    let healed = ask(&mut world, new);
    world.settle();
    assert_eq!(kid(&world.fate(healed)), "k0");
}

#[test]
fn the_keys_of_a_configured_issuer_of_the_same_name_are_used_and_not_fetched_twice() {
    let mut document = document();
    let platform = json!({
        "name": "platform", "preset": "mindsphere", "issuer": ISSUER, "tenants": ["acme"],
        "clients": ["app"], "jwks": {"cluster": "elsewhere", "uri": "https://mirror.example/keys"},
    });
    document["issuers"].as_array_mut().unwrap().push(platform);
    let (mut world, _) = world_of(2, &document);
    let request = ask(&mut world, 0);
    world.pass(SECOND);
    assert_eq!(kid(&world.fate(request)), "k0");
    assert_eq!(keys_asked(&world), 0);
    assert_eq!(world.provider.count(&Asked::KeysOf("mirror.example".to_owned())), 1);

    // What a credential says of its own keys goes first.
    document["credentials"][0]["mindsphere_tenant"]["jwks"] =
        json!({"cluster": "own", "uri": "https://own.example/keys"});
    let (mut world, _) = world_of(2, &document);
    let request = ask(&mut world, 0);
    world.pass(SECOND);
    assert_eq!(kid(&world.fate(request)), "k0");
    assert!(world.provider.targets.contains(&"own https://own.example/keys".to_owned()));
}

#[test]
fn of_the_issuers_that_an_applications_token_may_have_only_the_named_one_gives_keys() {
    let mut document = document();
    document["credentials"][0] = json!({"name": "acme-svc", "mindsphere_app": {
        "region": "eu1", "app_name": "a", "app_version": "1", "host_tenant": "host", "user_tenant": "acme",
        "client_id_env": "CLIENT_ID", "client_secret_env": "CLIENT_SECRET", "cluster": "piam",
        "jwks": {"cluster": "identity"},
    }});
    routes_without(&mut document, "impersonating");
    document["credentials"].as_array_mut().unwrap().truncate(1);
    routes_without(&mut document, "slow");
    let (mut world, issuer) = world_of(2, &document);
    world.pass(MINUTE);
    assert_eq!(keys_asked(&world), 0, "nobody knows which issuer it will be");
    assert_eq!(world.metrics["tenantgate.key_sets.missing"], 0);
    // The token is there before its keys, and waits for them.
    world.provider.latency = 2 * SECOND;
    let request = ask(&mut world, 0);
    world.pass(3 * SECOND);
    assert_eq!(tokens_asked(&world), 1);
    assert_eq!(world.fate(request), Fate::Waiting);
    world.pass(2 * SECOND);
    assert_eq!(kid(&world.fate(request)), "k0");
    assert_eq!(tokens_asked(&world), 1);
    let keys: Vec<_> =
        world.provider.targets.iter().filter(|target| target.ends_with("/token_keys")).collect();
    assert_eq!(keys, [&format!("identity https://{HOST}/token_keys")]);
    issuer.lock().unwrap().signs = (1, "k0");
    world.pass(40 * MINUTE);
    let refused = ask(&mut world, 1);
    // The token, and newer keys.
    world.pass(5 * SECOND - Duration::from_millis(500));
    assert_eq!(world.fate(refused), Fate::Refused(503, "token_unavailable"));
}

fn routes_without(document: &mut Value, name: &str) {
    document["routes"].as_array_mut().unwrap().retain(|route| route["name"] != name);
}

/// The technical token on a forwarded request.
fn sent(world: &World, request: Request) -> String {
    world.fate(request).header("authorization").expect("a forwarded request").to_owned()
}

#[test]
fn a_successor_that_is_signed_wrongly_takes_no_refused_tokens_place() {
    let (mut world, issuer) = world(2);
    let first = [ask(&mut world, 0), ask(&mut world, 1)];
    world.settle();
    let old = sent(&world, first[0]);
    assert_eq!(sent(&world, first[1]), old);
    issuer.lock().unwrap().signs = (1, "k0");
    // The other worker learns by its own answer that the old one was refused, and fetches nothing.
    for request in first {
        world.respond(request, 401);
        world.settle();
        assert_eq!(tokens_asked(&world), 2);
        assert!(said(&world, "signature_invalid"), "{:?}", world.log());
    }
    for worker in [0, 1] {
        let request = ask(&mut world, worker);
        assert_eq!(sent(&world, request), old);
    }

    world.provider.script(|asked, now| match asked {
        Asked::Token(_) => Some(Answer::grant_without_lifetime(&token((0, "k0"), None, now))),
        Asked::Keys | Asked::KeysOf(_) | Asked::Metadata => None,
    });
    world.pass(MINUTE);
    for worker in [0, 1] {
        let request = ask(&mut world, worker);
        world.respond(request, 401);
        world.settle();
    }
    let healed = [ask(&mut world, 0), ask(&mut world, 1)];
    assert_ne!(sent(&world, healed[0]), old);
    assert_eq!(sent(&world, healed[1]), sent(&world, healed[0]));
}

#[test]
fn while_the_successor_of_a_refused_token_waits_for_its_key_the_old_one_serves() {
    let (mut world, issuer) = world(1);
    let first = ask(&mut world, 0);
    world.pass(MINUTE);
    let old = sent(&world, first);
    {
        let mut issuer = issuer.lock().unwrap();
        issuer.signs = (1, "k1");
        issuer.keys_fault = Some(Answer::Silence);
    }
    world.respond(first, 401);
    world.settle();
    assert_eq!(tokens_asked(&world), 2);
    for _ in 0..15 {
        let request = ask(&mut world, 0);
        assert_eq!(sent(&world, request), old);
        world.pass(SECOND);
    }
    assert!(said(&world, "fetched_keys_unavailable"), "{:?}", world.log());

    {
        let mut issuer = issuer.lock().unwrap();
        issuer.published = vec![(0, "k0"), (1, "k1")];
        issuer.keys_fault = None;
    }
    world.pass(2 * MINUTE);
    let healed = ask(&mut world, 0);
    assert_eq!(kid(&world.fate(healed)), "k1");
    assert_ne!(sent(&world, healed), old);
}

#[test]
fn a_token_that_cannot_be_proven_holds_back_no_other_of_its_credential() {
    let rows = [
        ("signature_invalid", (1, "k0"), None),
        ("fetched_key_unknown", (0, "forged"), None),
        ("fetched_keys_unavailable", (1, "k1"), Some(Answer::status(503))),
    ];
    for (reason, signs, keys_fault) in rows {
        let (mut world, issuer) = world(2);
        world.pass(MINUTE);
        let sub = |world: &mut World, worker, name: &str| {
            let token = world.mint.token("acme", Some(name), world.now);
            world.request(worker, "/sub/x", Some(&token))
        };
        {
            let mut issuer = issuer.lock().unwrap();
            issuer.signs = signs;
            issuer.keys_fault = keys_fault;
        }
        let bad = sub(&mut world, 0, "bad");
        world.settle();
        assert_eq!(world.fate(bad), Fate::Refused(503, "token_unavailable"), "{reason}");
        assert!(said(&world, reason), "{:?}", world.log());
        issuer.lock().unwrap().signs = (0, "k0");
        let others = [sub(&mut world, 0, "north"), sub(&mut world, 1, "south")];
        let again = sub(&mut world, 1, "bad");
        world.settle();
        for other in others {
            assert_eq!(kid(&world.fate(other)), "k0", "{reason}");
        }
        assert_eq!(world.fate(again), Fate::Refused(503, "token_unavailable"), "{reason}");
    }
}
