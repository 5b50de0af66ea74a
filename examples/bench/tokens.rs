//! The tokens of all requests, signed before anything is measured.

use std::thread;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::identity_provider::IdentityProvider;
use crate::development::signing_key::{SigningKey, random_hex};
use crate::row::Token;

/// Callers' tokens by kind.
pub struct Tokens {
    expired: Vec<String>,
    expired_first_seen: Vec<String>,
    first_seen: Vec<String>,
    repeated: Vec<String>,
}

impl Tokens {
    /// Signs all of them, with `count` of each first-seen kind; takes some seconds.
    pub fn sign(idp: &IdentityProvider, count: usize) -> Self {
        let key = idp.signing_key();
        let caller = || Caller::of_tenant("acme").with("jti", json!(random_hex()));
        let sign =
            |count: usize| -> Vec<_> { (0..count).map(|_| key.sign(&caller().claims())).collect() };
        let first_seen = thread::scope(|scope| {
            let half = scope.spawn(|| sign(count / 2));
            let mut tokens = sign(count - count / 2);
            tokens.extend(half.join().unwrap_or_default());
            tokens
        });
        Self {
            expired: vec![key.sign(&caller().expired().claims())],
            expired_first_seen: expired_tokens(&key, count),
            first_seen,
            repeated: sign(1),
        }
    }

    /// The tokens of a kind, to be sent in turn.
    pub fn of(&self, kind: Token) -> &[String] {
        match kind {
            Token::Expired => &self.expired,
            Token::ExpiredFirstSeen => &self.expired_first_seen,
            Token::FirstSeen => &self.first_seen,
            Token::Repeated => &self.repeated,
        }
    }
}

/// Expired tokens that share one signature: expiry is looked at before any signature is.
fn expired_tokens(key: &SigningKey, count: usize) -> Vec<String> {
    let signed = key.sign(&Caller::of_tenant("acme").expired().claims());
    let signature = signed.rsplit('.').next().unwrap_or_default();
    (0..count)
        .filter_map(|_| {
            let token = key.unsigned(&Caller::of_tenant("acme").expired().claims());
            let payload = token.split('.').nth(1)?;
            let header = signed.split('.').next()?;
            Some(format!("{header}.{payload}.{signature}"))
        })
        .collect()
}
