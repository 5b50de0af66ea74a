//! Tokens of the simulated world: callers' tokens with real ES256 signatures, and technical tokens,
//! which the gateway judges by their claims alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use tenantgate::time::Timestamp;

/// The issuer of the callers' tokens, with one key after the other.
pub struct Mint {
    keys: Vec<SigningKey>,
}

impl Mint {
    /// A mint with its first key, `key-1`.
    pub fn new() -> Self {
        let mut mint = Self { keys: Vec::new() };
        mint.rotate();
        mint
    }

    /// Signs with a new key from now on: `key-2`, and so on.
    pub fn rotate(&mut self) {
        let number = u8::try_from(self.keys.len() + 1).unwrap();
        self.keys.push(SigningKey::from_slice(&[number; 32]).unwrap());
    }

    /// The key set with the newest `count` keys.
    pub fn jwks(&self, count: usize) -> String {
        let newest = self.keys.len().saturating_sub(count)..self.keys.len();
        let keys: Vec<_> = newest
            .map(|at| {
                let point = self.keys[at].verifying_key().to_encoded_point(false);
                let (x, y) = (encoded(point.x().unwrap()), encoded(point.y().unwrap()));
                let kid = at + 1;
                format!(r#"{{"kty":"EC","crv":"P-256","kid":"key-{kid}","x":"{x}","y":"{y}"}}"#)
            })
            .collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    /// A caller's token of an hour, by the newest key.
    pub fn token(&self, tenant: &str, subtenant: Option<&str>, now: Timestamp) -> String {
        let subtenant = subtenant.map_or(String::new(), |id| format!(r#","subtenant":"{id}""#));
        let exp = now.as_seconds() + 3600;
        let claims = format!(
            r#"{{"iss":"https://id.example","aud":"our-api","exp":{exp},"ten":"{tenant}","email":"u@example"{subtenant}}}"#
        );
        self.signed(&format!("key-{}", self.keys.len()), &claims)
    }

    /// A token of these claims, by the newest key.
    pub fn token_of(&self, claims: &str) -> String {
        self.signed(&format!("key-{}", self.keys.len()), claims)
    }

    /// A caller's token that names a key which nobody has.
    pub fn with_unknown_key(&self, number: usize, now: Timestamp) -> String {
        let exp = now.as_seconds() + 3600;
        let claims =
            format!(r#"{{"iss":"https://id.example","aud":"our-api","exp":{exp},"ten":"acme"}}"#);
        self.signed(&format!("forged-{number}"), &claims)
    }

    /// A token that another issuer is said to have issued.
    pub fn token_by(&self, issuer: &str, now: Timestamp) -> String {
        let exp = now.as_seconds() + 3600;
        let claims = format!(r#"{{"iss":"{issuer}","aud":"our-api","exp":{exp},"ten":"acme"}}"#);
        self.signed(&format!("key-{}", self.keys.len()), &claims)
    }

    fn signed(&self, kid: &str, claims: &str) -> String {
        let header = encoded(format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#).as_bytes());
        let signed = format!("{header}.{}", encoded(claims.as_bytes()));
        let signature: Signature = self.keys.last().unwrap().sign(signed.as_bytes());
        format!("{signed}.{}", encoded(&signature.to_bytes()))
    }
}

/// A technical token as the platform issues it.
pub fn tenant_token(
    tenant: &str,
    subtenant: Option<&str>,
    now: Timestamp,
    lifetime: u64,
    number: usize,
) -> String {
    let subtenant = subtenant.map_or(String::new(), |id| format!(r#","subtenant":"{id}""#));
    let (iat, exp) = (now.as_seconds(), now.as_seconds() + lifetime);
    let claims = format!(
        r#"{{"iss":"https://acme.piam.eu1.mindsphere.io/oauth/token","ten":"{tenant}","scope":["a.r"],"client_id":"svc","iat":{iat},"exp":{exp},"jti":"{number}"{subtenant}}}"#
    );
    let header = encoded(br#"{"alg":"RS256","kid":"k","typ":"JWT"}"#);
    format!("{header}.{}.{}", encoded(claims.as_bytes()), encoded(b"signature"))
}

/// A token exchanged for a caller's, for the same tenant and subtenant unless others are stated.
pub fn exchanged_token(caller: &Value, changes: &Value, now: Timestamp, lifetime: u64) -> String {
    let mut claims = json!({
        "iss": "https://id.example", "ten": caller["ten"], "subtenant": caller["subtenant"],
        "email": caller["email"], "iat": now.as_seconds(), "exp": now.as_seconds() + lifetime,
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    let header = encoded(br#"{"alg":"RS256","kid":"k","typ":"at+jwt"}"#);
    format!("{header}.{}.{}", encoded(claims.to_string().as_bytes()), encoded(b"signature"))
}

/// The claims of a token.
pub fn claims_of(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
