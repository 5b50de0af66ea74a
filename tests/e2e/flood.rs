//! Forged tokens at full speed, while callers with good ones go on.
//!
//! `TENANTGATE_FLOOD` sets how many are sent; `--nocapture` shows the figures.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::rand_core::{OsRng, RngCore as _};
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

use crate::development::caller::{Caller, issuer_of};
use crate::development::http_client::{Connection, request};
use crate::lab::{Lab, Setup, eventually, now, variable};

#[test]
fn a_flood_of_forged_tokens_leaves_valid_callers_memory_and_the_key_provider_alone() {
    let count = variable("TENANTGATE_FLOOD").map_or(USUAL, |text| text.parse().expect("a number"));
    let pss = Pss::generate();
    let mut setup = Setup::new();
    setup.filter["issuers"].as_array_mut().unwrap().push(pss.issuer());
    let lab = setup.start();
    let good = good_tokens(&lab, &pss);
    // Both workers have compiled what they run often, and filled what they hold.
    let warm_up = flood(&lab, &good, forged_requests(count / 10));
    assert!(warm_up.good.iter().all(|(status, _)| *status == 200), "{:?}", warm_up.good);
    let requests = forged_requests(count);
    let (memory, calls, passed) = (resident(&lab), lab.idp.calls("keys"), lab.upstream.requests());

    let flood = flood(&lab, &good, requests);

    let grown = resident(&lab).saturating_sub(memory);
    let fetched = lab.idp.calls("keys") - calls;
    let served = flood.good.len();
    let mut times: Vec<_> = flood.good.iter().map(|(_, time)| *time).collect();
    times.sort();
    let percentile = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    println!(
        "{count} forged tokens in {:.1?} ({:.0} per second), answers {:?}\n\
         {served} valid requests meanwhile: p50 {:.1?}, p99 {:.1?}, longest {:.1?}\n\
         memory {} KiB, grown by {grown} KiB; {fetched} calls for keys",
        flood.took,
        count as f64 / flood.took.as_secs_f64(),
        flood.forged,
        percentile(50),
        percentile(99),
        percentile(100),
        memory,
    );
    assert_eq!(flood.forged.values().sum::<usize>(), count);
    let only_refused = flood.forged.keys().all(|(_, status)| matches!(status, 401 | 429));
    assert!(only_refused, "{:?}", flood.forged);
    assert!(flood.forged.keys().any(|key| *key == ("bad signature in PS256", 429)));
    // Whoever sent no bad signature is never throttled, and never unlucky.
    let refused: Vec<_> = flood.good.iter().filter(|(status, _)| *status != 200).collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert!(served > 100, "{served} valid requests");
    assert_eq!(lab.upstream.requests() - passed, served, "nothing else reached the upstream");
    let due = usize::try_from(flood.took.as_secs() / 10).unwrap() + 1;
    assert!(fetched <= due, "{fetched} calls for keys in {:?}", flood.took);
    assert!(grown <= GROWTH_LIMIT, "grown by {grown} KiB");
    lab.assert_unharmed();
}

/// What became of a flood.
struct Flood {
    /// How often each kind was answered with each status.
    forged: BTreeMap<(&'static str, u16), usize>,
    /// Status and time of each valid request.
    good: Vec<(u16, Duration)>,
    took: Duration,
}

/// Sends forged tokens on several connections, and valid ones on others until that is over.
fn flood(lab: &Lab, good: &[String], requests: Vec<Vec<Forged>>) -> Flood {
    let is_over = AtomicBool::new(false);
    let start = now();
    thread::scope(|scope| {
        let is_over = &is_over;
        let callers: Vec<_> = (0..CALLERS)
            .map(|number| {
                let tokens = good.iter().cycle().skip(number * good.len() / CALLERS);
                scope.spawn(move || call(lab, tokens, is_over))
            })
            .collect();
        let attackers: Vec<_> =
            requests.into_iter().map(|part| scope.spawn(move || attack(lab, part))).collect();
        let mut forged = BTreeMap::new();
        for attacker in attackers {
            for (key, count) in attacker.join().unwrap() {
                *forged.entry(key).or_default() += count;
            }
        }
        let took = now() - start;
        is_over.store(true, Ordering::Relaxed);
        let good = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
        Flood { forged, good, took }
    })
}

/// A caller from the address of its connection, with one token after the other, without haste.
fn call<'a>(
    lab: &Lab,
    tokens: impl Iterator<Item = &'a String>,
    is_over: &AtomicBool,
) -> Vec<(u16, Duration)> {
    let mut connection = Connection::open(lab.gateway).unwrap();
    let mut answers = Vec::new();
    for token in tokens {
        let authorization = format!("Bearer {token}");
        let head = request("GET", "/api/profile/me", &[("authorization", &authorization)], "");
        let start = now();
        connection.send(&head).unwrap();
        let status = connection.receive().unwrap().status;
        answers.push((status, Instant::elapsed(&start)));
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    answers
}

/// An attacker on one connection, as fast as it is answered.
fn attack(lab: &Lab, requests: Vec<Forged>) -> BTreeMap<(&'static str, u16), usize> {
    let mut connection = Connection::open(lab.gateway).unwrap();
    let mut answers = BTreeMap::new();
    for Forged { kind, request } in requests {
        connection.send(&request).unwrap();
        let status = connection.receive().unwrap().status;
        *answers.entry((kind, status)).or_default() += 1;
    }
    answers
}

/// A request that must not pass.
struct Forged {
    kind: &'static str,
    request: Vec<u8>,
}

/// The requests of all attackers, each of which comes from another address. They are made before
/// anything is measured.
fn forged_requests(count: usize) -> Vec<Vec<Forged>> {
    thread::scope(|scope| {
        let parts: Vec<_> = (0..ATTACKERS)
            .map(|attacker| {
                scope.spawn(move || {
                    let source = format!("203.0.113.{attacker}");
                    let numbers = (0..count).filter(|number| number % ATTACKERS == attacker);
                    numbers.map(|number| forged_request(number, &source)).collect()
                })
            })
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    })
}

fn forged_request(number: usize, source: &str) -> Forged {
    let (kind, token) = forged(number);
    let authorization = format!("Bearer {token}");
    let fields = [("authorization", authorization.as_str()), ("x-forwarded-for", source)];
    Forged { kind, request: request("GET", "/api/profile/me", &fields, "") }
}

/// A token like no other, of one of five kinds.
fn forged(number: usize) -> (&'static str, String) {
    let id = format!("{number:x}-{:x}", OsRng.next_u64());
    let mut signature = [0; 256];
    // The number that it is must be less than the modulus, else nothing would be computed.
    OsRng.fill_bytes(&mut signature[1..]);
    let token = |alg: &str, kid: &str, caller: Caller| {
        let header = json!({"alg": alg, "kid": kid, "typ": "JWT"}).to_string();
        let claims = caller.with("jti", json!(id)).claims().to_string();
        format!("{}.{}.{}", encoded(header), encoded(claims), encoded(signature))
    };
    let user = Caller::of_tenant("acme");
    match number % 5 {
        0 => ("unknown key", token("RS256", &format!("key-{id}"), user)),
        1 => ("bad signature in RS256", token("RS256", "key-id-1", user)),
        2 => ("bad signature in PS256", token("PS256", Pss::KID, Pss::caller())),
        3 => {
            let user = user.with("iss", json!(issuer_of(&format!("tenant-{id}"))));
            ("unknown issuer", token("RS256", "key-id-1", user))
        }
        _ => ("garbage", format!("{}.{id}.{}", encoded(&id), encoded(signature))),
    }
}

/// Tokens of both issuers, several of each: seen first, then again.
fn good_tokens(lab: &Lab, pss: &Pss) -> Vec<String> {
    let ours = (0..100).map(|_| lab.idp.sign(&Caller::of_tenant("acme")));
    let theirs = (0..20).map(|number| pss.sign(&Pss::caller().with("jti", json!(number))));
    ours.chain(theirs).collect()
}

/// An issuer whose algorithm no host function computes.
struct Pss(rsa::RsaPrivateKey);

impl Pss {
    const KID: &str = "pss-1";
    const ISSUER: &str = "https://pss.example";

    fn generate() -> Self {
        Self(rsa::RsaPrivateKey::new(&mut OsRng, 2048).unwrap())
    }

    fn caller() -> Caller {
        Caller::of_partner("beta").with("iss", json!(Self::ISSUER))
    }

    fn issuer(&self) -> Value {
        let (n, e) = (self.0.n().to_bytes_be(), self.0.e().to_bytes_be());
        json!({
            "name": "pss", "issuer": Self::ISSUER, "tenants": ["beta"],
            "audiences": ["our-api"], "algorithms": ["PS256"],
            "claims": {"tenant": "org_id", "subtenant": "sub_org", "scopes": "scope", "user": "email"},
            "jwks": {"inline": {"keys": [{"kty": "RSA", "kid": Self::KID, "n": encoded(n), "e": encoded(e)}]}},
        })
    }

    fn sign(&self, caller: &Caller) -> String {
        let header = json!({"alg": "PS256", "kid": Self::KID, "typ": "JWT"}).to_string();
        let text = format!("{}.{}", encoded(header), encoded(caller.claims().to_string()));
        let key = rsa::pss::SigningKey::<rsa::sha2::Sha256>::new(self.0.clone());
        let signature = key.sign_with_rng(&mut OsRng, text.as_bytes()).to_vec();
        format!("{text}.{}", encoded(signature))
    }
}

/// The memory that Envoy occupies, in KiB.
pub fn resident(lab: &Lab) -> usize {
    let file = format!("/proc/{}/status", lab.envoy.process());
    eventually("memory of envoy", || {
        let text = fs::read_to_string(&file).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    })
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How many forged tokens are sent if nobody says otherwise.
const USUAL: usize = 20_000;

/// Connections of attackers; each comes from another address.
const ATTACKERS: usize = 8;

/// Connections of callers with valid tokens; all come from one address.
const CALLERS: usize = 4;

/// By how much Envoy may grow, in KiB, however many tokens are sent: the tables of refused and of
/// verified tokens of both workers, and what V8 and the allocator hold on to.
const GROWTH_LIMIT: usize = 16 * 1024;
