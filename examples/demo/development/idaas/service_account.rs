//! A cluster of Kubernetes that signs tokens for one service account, and replaces them.

use serde_json::{Value, json};

use super::super::signing_key::{SigningKey, claims_of, random_hex};
use super::assertion::AssertionError;

/// The service account.
pub struct ServiceAccount {
    key: SigningKey,
    token: String,
}

impl ServiceAccount {
    /// Makes a key and a first token.
    pub fn new(now: u64) -> Self {
        let mut account = Self { key: SigningKey::p256("service-account-1"), token: String::new() };
        account.renew(now);
        account
    }

    /// The token that stands in the file.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Replaces the token in the file; the one before stays good.
    pub fn renew(&mut self, now: u64) {
        self.token = self.key.sign(&Self::claims(now));
    }

    /// Puts another text into the file.
    pub fn replace(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// The claims of a good token, to be changed and then signed.
    pub fn claims(now: u64) -> Value {
        json!({
            "iss": CLUSTER, "sub": SUBJECT, "aud": [AUDIENCE, STS_AUDIENCE], "jti": random_hex(),
            "iat": now, "nbf": now, "exp": now.saturating_add(3600),
        })
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.key.sign(claims)
    }

    /// Verifies a token; white space around it is no part of it. Returns its id.
    ///
    /// # Errors
    /// [`AssertionError`] for the first check that fails.
    pub fn verify(&self, token: &str, audience: &str, now: u64) -> Result<String, AssertionError> {
        let token = token.trim();
        if !self.key.has_signed(token) {
            return Err(AssertionError::Signature);
        }
        let claims = claims_of(token);
        let text = |name| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(CLUSTER) {
            return Err(AssertionError::Issuer);
        }
        if text("sub") != Some(SUBJECT) {
            return Err(AssertionError::Subject);
        }
        let audiences = claims.get("aud").and_then(Value::as_array);
        if !audiences.is_some_and(|audiences| audiences.iter().any(|one| one == audience)) {
            return Err(AssertionError::Audience);
        }
        let seconds = |name| claims.get(name).and_then(Value::as_u64);
        if seconds("nbf").is_some_and(|from| from > now.saturating_add(LEEWAY)) {
            return Err(AssertionError::IssuedInFuture);
        }
        if seconds("exp").ok_or(AssertionError::Expiry)? <= now {
            return Err(AssertionError::Expired);
        }
        text("jti").map(str::to_owned).ok_or(AssertionError::Id)
    }
}

/// The audience for the token endpoint.
pub const AUDIENCE: &str = "made-up";
/// The audience for STS.
pub const STS_AUDIENCE: &str = "sts.aliyuncs.com";
const CLUSTER: &str = "https://kubernetes.default.svc";
const SUBJECT: &str = "system:serviceaccount:ns:sa";
/// How far ahead the cluster's clock may be, in seconds.
const LEEWAY: u64 = 60;
