//! The tokens and application keys of all requests, made before anything is measured.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::rand_core::{OsRng, RngCore as _};
use serde_json::json;
use tenantgate::jwt::VerifiedTokens;

use crate::development::caller::Caller;
use crate::development::identity_provider::IdentityProvider;
use crate::development::signing_key::{SigningKey, random_hex};
use crate::keys::{self, FEW_KEYS, MANY_KEYS};
use crate::load::Credential;
use crate::row::Token;
use crate::signers::{self, Algorithm, Signers};

/// Callers' tokens and keys by kind.
pub struct Tokens {
    kinds: BTreeMap<Token, Vec<String>>,
}

impl Tokens {
    /// Makes those of these kinds; of all, takes some seconds.
    pub fn sign(idp: &IdentityProvider, signers: &Signers, kinds: &BTreeSet<Token>) -> Self {
        let key = idp.signing_key();
        let made = thread::scope(|scope| {
            let key = &key;
            let threads: Vec<_> = kinds
                .iter()
                .map(|kind| (*kind, scope.spawn(move || make(*kind, key, signers))))
                .collect();
            let made = threads.into_iter();
            made.map(|(kind, thread)| (kind, thread.join().unwrap_or_default())).collect()
        });
        Self { kinds: made }
    }

    /// What the [`WINDOW`] requests of a turn bring: of many, the next after the turn before.
    pub fn window(
        &self,
        kind: Token,
        turn: usize,
    ) -> impl Iterator<Item = Credential<'_>> + Clone + Send {
        self.from(kind, turn.wrapping_mul(WINDOW)).take(WINDOW)
    }

    /// One of a kind.
    pub fn first(&self, kind: Token) -> Credential<'_> {
        self.all(kind).next().unwrap_or(Credential { field: BEARER, value: "" })
    }

    /// All of a kind over and over, from this number on.
    pub fn from(
        &self,
        kind: Token,
        start: usize,
    ) -> impl Iterator<Item = Credential<'_>> + Clone + Send {
        self.all(kind).cycle().skip(start % self.values(kind).len().max(1))
    }

    /// All of a kind.
    pub fn all(&self, kind: Token) -> impl Iterator<Item = Credential<'_>> + Clone + Send {
        let field = field(kind);
        self.values(kind).iter().map(move |value| Credential { field, value })
    }

    fn values(&self, kind: Token) -> &[String] {
        self.kinds.get(&kind).map_or(&[], Vec::as_slice)
    }
}

fn make(kind: Token, key: &SigningKey, signers: &Signers) -> Vec<String> {
    let caller = || Caller::of_tenant("acme").with("jti", json!(random_hex()));
    let sign = |caller: Caller| key.sign(&caller.claims());
    let sign_by = |algorithm: Algorithm| {
        signers.sign(algorithm, &caller().with("iss", json!(signers::ISSUER)).claims())
    };
    match kind {
        Token::Expired => vec![sign(caller().expired())],
        Token::ExpiredFirstSeen => expired_tokens(key),
        Token::FirstSeen => (0..FIRST_SEEN).map(|_| sign(caller())).collect(),
        Token::FirstSeenBy(algorithm) => (0..FIRST_SEEN).map(|_| sign_by(algorithm)).collect(),
        Token::KeyOfFew => (0..FEW_KEYS).map(keys::key).collect(),
        Token::KeyOfMany => (0..MANY_KEYS).map(keys::key).collect(),
        Token::KeyUnknown => (MANY_KEYS..MANY_KEYS + FIRST_SEEN).map(keys::key).collect(),
        Token::OfSubtenant => vec![sign(caller().in_subtenant("north"))],
        Token::Repeated => vec![sign(caller())],
        Token::RepeatedBy(algorithm) => vec![sign_by(algorithm)],
    }
}

/// Expired tokens whose signatures are random bytes: expiry is looked at before any signature is. No two end alike,
/// for a cache takes such tokens for rivals and keeps one.
fn expired_tokens(key: &SigningKey) -> Vec<String> {
    let signed = key.sign(&Caller::of_tenant("acme").expired().claims());
    (0..FIRST_SEEN)
        .filter_map(|_| {
            let token = key.unsigned(&Caller::of_tenant("acme").expired().claims());
            let payload = token.split('.').nth(1)?;
            let header = signed.split('.').next()?;
            let mut signature = [0; 256];
            OsRng.fill_bytes(&mut signature);
            Some(format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(signature)))
        })
        .collect()
}

const fn field(kind: Token) -> &'static str {
    match kind {
        Token::KeyOfFew | Token::KeyOfMany | Token::KeyUnknown => KEY,
        Token::Expired
        | Token::ExpiredFirstSeen
        | Token::FirstSeen
        | Token::FirstSeenBy(_)
        | Token::OfSubtenant
        | Token::Repeated
        | Token::RepeatedBy(_) => BEARER,
    }
}

/// What stands before a token, and before an application key.
pub const BEARER: &str = "authorization: Bearer ";
pub const KEY: &str = "appkey: ";

/// The requests of a turn: few, so that a quarter of the turns escape the noise of other programs.
pub const WINDOW: usize = 512;

/// In so many turns a row of first-seen tokens fills half of tenantgate's cache of verified tokens
/// ([`VerifiedTokens::DEFAULT`]), and what was in the other half is forgotten, all at once. Of refused tokens that cache
/// keeps fewer ([`VerifiedTokens::REFUSED`]): each turn forgets two halves.
pub const FILLING: usize = VerifiedTokens::DEFAULT.entries / 2 / WINDOW;

/// More than that cache holds, by half, so that it has forgotten a token when its turn comes again.
const FIRST_SEEN: usize = 3 * FILLING * WINDOW;
