//! The tokens that the provider handed out: opaque, so that only it can read them; but for those that act
//! for somebody else, who is told as the token of theirs tells it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::signing_key::{SigningKey, random_hex};
use super::account::ISSUER;
use super::method::Method;
use super::record::Grant;
use super::scope::Scope;

/// All tokens and how they were obtained.
pub struct MachineTokens {
    /// How long new tokens live, in seconds.
    pub lifetime: u64,
    key: SigningKey,
    grants: Vec<Grant>,
}

/// Who asks for a token, proven.
pub struct Proven {
    pub method: Method,
    /// See [`Grant::proof`].
    pub proof: String,
}

impl MachineTokens {
    pub fn new(lifetime: u64) -> Self {
        Self { lifetime, key: SigningKey::p256("idaas"), grants: Vec::new() }
    }

    pub fn issue(
        &mut self,
        by: Proven,
        scope: &Scope,
        subject_token: Option<&str>,
        now: u64,
    ) -> Grant {
        let expires = now.saturating_add(self.lifetime);
        let acting = subject_token.and_then(claims).map(|mut claims| {
            let own = json!({
                "iss": ISSUER, "aud": scope.audience(), "iat": now, "exp": expires,
                "jti": random_hex(),
            });
            if let (Some(claims), Some(own)) = (claims.as_object_mut(), own.as_object()) {
                claims.extend(own.clone());
            }
            self.key.sign(&claims)
        });
        let grant = Grant {
            method: by.method,
            proof: by.proof,
            subject_token: subject_token.map(str::to_owned),
            scope: scope.text(),
            token: acting.unwrap_or_else(|| format!("idaas-{}", random_hex())),
            expires,
        };
        self.grants.push(grant.clone());
        grant
    }

    /// How a token was obtained.
    pub fn grant(&self, token: &str) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.token == token)
    }

    /// The same for a token that is still good.
    pub fn valid(&self, token: &str, now: u64) -> Option<&Grant> {
        self.grant(token).filter(|grant| now < grant.expires)
    }

    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }
}

/// The claims of a JWT. `None` for a token of another form.
fn claims(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&payload).ok().filter(Value::is_object)
}
