//! The tokens and application keys of all requests, made before anything is measured.

use std::collections::BTreeMap;
use std::thread;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::identity_provider::IdentityProvider;
use crate::development::signing_key::{SigningKey, random_hex};
use crate::keys::{self, FEW_KEYS, MANY_KEYS};
use crate::load::Credential;
use crate::row::Token;
use crate::signers::{self, Algorithm, Signers};

/// Callers' tokens and keys by kind.
pub struct Tokens {
    expired: Vec<String>,
    expired_first_seen: Vec<String>,
    first_seen: Vec<String>,
    keys: Vec<String>,
    keys_unknown: Vec<String>,
    repeated: Vec<String>,
    of_subtenant: Vec<String>,
    by_algorithm: BTreeMap<Algorithm, Vec<String>>,
}

impl Tokens {
    /// Makes all of them; takes some seconds.
    pub fn sign(idp: &IdentityProvider, signers: &Signers) -> Self {
        let key = idp.signing_key();
        let caller = || Caller::of_tenant("acme").with("jti", json!(random_hex()));
        let sign =
            |count: usize| -> Vec<_> { (0..count).map(|_| key.sign(&caller().claims())).collect() };
        let sign_by = |algorithm| -> Vec<_> {
            let claims = || caller().with("iss", json!(signers::ISSUER)).claims();
            (0..FIRST_SEEN).map(|_| signers.sign(algorithm, &claims())).collect()
        };
        let (first_seen, by_algorithm) = thread::scope(|scope| {
            let first_seen = scope.spawn(|| sign(FIRST_SEEN));
            let by = Algorithm::ALL.map(|algorithm| (algorithm, sign_by(algorithm)));
            (first_seen.join().unwrap_or_default(), by.into())
        });
        Self {
            expired: vec![key.sign(&caller().expired().claims())],
            expired_first_seen: expired_tokens(&key),
            first_seen,
            keys: (0..MANY_KEYS).map(keys::key).collect(),
            keys_unknown: (MANY_KEYS..MANY_KEYS + FIRST_SEEN).map(keys::key).collect(),
            repeated: sign(1),
            of_subtenant: vec![key.sign(&caller().in_subtenant("north").claims())],
            by_algorithm,
        }
    }

    /// What the [`WINDOW`] requests of a turn bring: of many, the next after the turn before.
    pub fn window(
        &self,
        kind: Token,
        turn: usize,
    ) -> impl Iterator<Item = Credential<'_>> + Clone + Send {
        let by = |algorithm| self.by_algorithm.get(&algorithm).map_or(&[][..], Vec::as_slice);
        let (field, values) = match kind {
            Token::Expired => (BEARER, &*self.expired),
            Token::ExpiredFirstSeen => (BEARER, &*self.expired_first_seen),
            Token::FirstSeen => (BEARER, &*self.first_seen),
            Token::FirstSeenBy(algorithm) => (BEARER, by(algorithm)),
            Token::KeyOfFew => (KEY, self.keys.get(..FEW_KEYS).unwrap_or_default()),
            Token::KeyOfMany => (KEY, &*self.keys),
            Token::KeyUnknown => (KEY, &*self.keys_unknown),
            Token::OfSubtenant => (BEARER, &*self.of_subtenant),
            Token::Repeated => (BEARER, &*self.repeated),
            Token::RepeatedBy(algorithm) => (BEARER, by(algorithm).get(..1).unwrap_or_default()),
        };
        let start = turn.wrapping_mul(WINDOW) % values.len().max(1);
        let values = values.iter().cycle().skip(start).take(WINDOW);
        values.map(move |value| Credential { field, value })
    }
}

/// Expired tokens that share one signature: expiry is looked at before any signature is.
fn expired_tokens(key: &SigningKey) -> Vec<String> {
    let signed = key.sign(&Caller::of_tenant("acme").expired().claims());
    let signature = signed.rsplit('.').next().unwrap_or_default();
    (0..FIRST_SEEN)
        .filter_map(|_| {
            let token = key.unsigned(&Caller::of_tenant("acme").expired().claims());
            let payload = token.split('.').nth(1)?;
            let header = signed.split('.').next()?;
            Some(format!("{header}.{payload}.{signature}"))
        })
        .collect()
}

/// What stands before a token, and before an application key.
pub const BEARER: &str = "authorization: Bearer ";
pub const KEY: &str = "appkey: ";

/// The requests of a turn: few, so that some turns escape the noise of other programs, and more than half
/// of tenantgate's cache of verified tokens, so that each turn holds what filling a half costs.
pub const WINDOW: usize = 2500;

/// More than that cache holds (`limits.verified_tokens`), so that it has forgotten a token when its turn
/// comes again.
const FIRST_SEEN: usize = 4 * WINDOW;
