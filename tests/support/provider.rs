//! The identity providers of the simulated world: they answer as scripted, and count.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tenantgate::message::{CallFailure, CallResponse, HttpCall};
use tenantgate::secret::Secret;
use tenantgate::time::Timestamp;

use super::tokens::{claims_of, exchanged_token, tenant_token};

/// What was asked of a provider.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Asked {
    /// The keys of the issuer that has one.
    Keys,
    /// The keys of another issuer, by its host; or that a report is taken, by `usage.example`.
    KeysOf(String),
    /// The metadata of an issuer.
    Metadata,
    /// A token of a credential, for this subtenant; or one in exchange for a caller's, then this is
    /// `caller ` and their `email`.
    Token(Option<String>),
}

impl Asked {
    /// Whether it is a token in exchange for a caller's.
    pub fn is_exchange(&self) -> bool {
        matches!(self, Self::Token(Some(whom)) if whom.starts_with("caller "))
    }
}

/// The end of a call.
#[derive(Clone)]
pub enum Answer {
    Failed(CallFailure),
    /// Nothing, until the call's time has run out.
    Silence,
    Http {
        status: u16,
        content_type: &'static str,
        retry_after: Option<u64>,
        fresh_for: Option<u64>,
        body: String,
    },
}

impl Answer {
    /// A JSON document.
    pub fn json(body: impl Into<String>) -> Self {
        Self::http(200, "application/json", body)
    }

    /// A JSON document that says for how many seconds it is fresh.
    pub fn json_for(seconds: u64, body: impl Into<String>) -> Self {
        let (content_type, body) = ("application/json", body.into());
        Self::Http { status: 200, content_type, retry_after: None, fresh_for: Some(seconds), body }
    }

    /// A status without a useful body.
    pub fn status(status: u16) -> Self {
        Self::http(status, "text/plain", "no")
    }

    /// Any answer.
    pub fn http(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self::Http { status, content_type, retry_after: None, fresh_for: None, body: body.into() }
    }

    /// What the proxy makes of a call whose time ran out.
    pub fn timeout() -> Self {
        Self::http(504, "text/plain", "upstream request timeout")
    }

    /// A grant of this token.
    pub fn grant(token: &str) -> Self {
        Self::json(format!(
            r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":1800}}"#
        ))
    }

    /// An answer to an exchange.
    pub fn exchange(token: &str) -> Self {
        let kind = "urn:ietf:params:oauth:token-type:access_token";
        let body =
            json!({"access_token": token, "token_type": "Bearer", "issued_token_type": kind});
        Self::json(body.to_string())
    }

    /// A grant that leaves the lifetime to the token.
    pub fn grant_without_lifetime(token: &str) -> Self {
        Self::json(format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#))
    }

    pub(super) fn into_result(self) -> Result<CallResponse, CallFailure> {
        match self {
            Self::Failed(failure) => Err(failure),
            Self::Silence => Self::timeout().into_result(),
            Self::Http { status, content_type, retry_after, fresh_for, body } => Ok(CallResponse {
                status,
                content_type: Some(content_type.as_bytes().to_vec()),
                retry_after: retry_after.map(Duration::from_secs),
                fresh_for: fresh_for.map(Duration::from_secs),
                etag: None,
                body: Secret::new(body.into_bytes()),
            }),
        }
    }
}

type Script = Box<dyn FnMut(&Asked, Timestamp) -> Option<Answer>>;

/// Both providers: key sets and tokens.
pub struct Provider {
    /// How often each thing was asked for.
    pub asked: BTreeMap<Asked, usize>,
    /// When each call came.
    pub times: Vec<(Timestamp, Asked)>,
    /// Where each call went: cluster and address.
    pub targets: Vec<String>,
    /// What was sent to `usage.example`, with which `authorization`.
    pub reports: Vec<(Timestamp, String, Option<String>)>,
    /// The key set document.
    pub jwks: String,
    /// The metadata document.
    pub metadata: String,
    /// How long every answer takes.
    pub latency: Duration,
    /// The life of a technical token in seconds.
    pub lifetime: u64,
    /// Answers instead of the normal one where it gives one.
    script: Script,
    /// The `authorization` without which no token is granted, if it is looked at.
    pub required_proof: Option<String>,
    /// Refuses calls at once where it gives a failure.
    pub refuse: Option<CallFailure>,
    issued: usize,
}

impl Provider {
    pub(super) fn new() -> Self {
        Self {
            asked: BTreeMap::new(),
            times: Vec::new(),
            targets: Vec::new(),
            reports: Vec::new(),
            jwks: super::Mint::new().jwks(1),
            metadata: METADATA.to_owned(),
            latency: Duration::from_millis(30),
            lifetime: 1800,
            script: Box::new(|_, _| None),
            required_proof: None,
            refuse: None,
            issued: 0,
        }
    }

    /// Answers by `script` from now on; normally where that gives nothing.
    pub fn script(&mut self, script: impl FnMut(&Asked, Timestamp) -> Option<Answer> + 'static) {
        self.script = Box::new(script);
    }

    /// Answers normally from now on.
    pub fn recover(&mut self) {
        self.script(|_, _| None);
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.asked.values().sum()
    }

    /// How many calls there were for tokens.
    pub fn token_calls(&self) -> usize {
        self.calls() - self.count(&Asked::Keys)
    }

    /// How often something was asked for.
    pub fn count(&self, asked: &Asked) -> usize {
        self.asked.get(asked).copied().unwrap_or(0)
    }

    pub(super) fn answer(
        &mut self,
        call: &HttpCall,
        now: Timestamp,
    ) -> Result<(Duration, Answer), CallFailure> {
        let asked = asked(call);
        *self.asked.entry(asked.clone()).or_default() += 1;
        self.times.push((now, asked.clone()));
        let endpoint = &call.endpoint;
        if &*endpoint.authority == "usage.example" {
            let text = |value: &Secret<Vec<u8>>| String::from_utf8(value.expose().clone()).unwrap();
            let proof = call.headers.iter().find(|(name, _)| *name == "authorization");
            self.reports.push((now, text(&call.body), proof.map(|(_, value)| text(value))));
        }
        let address = format!("{}://{}{}", endpoint.scheme, endpoint.authority, endpoint.path);
        self.targets.push(format!("{} {address}", endpoint.cluster));
        if let Some(failure) = self.refuse {
            return Err(failure);
        }
        let scripted = (self.script)(&asked, now).or_else(|| {
            let required = self.required_proof.as_ref()?;
            let is_proof = |(name, value): &(&str, Secret<Vec<u8>>)| {
                *name == "authorization" && value.expose() == required.as_bytes()
            };
            let is_refused = matches!(asked, Asked::Token(_)) && !call.headers.iter().any(is_proof);
            let body = r#"{"error":"invalid_client"}"#;
            is_refused.then(|| Answer::http(401, "application/json", body))
        });
        let answer = scripted.unwrap_or_else(|| match &asked {
            Asked::Keys | Asked::KeysOf(_) => Answer::json(self.jwks.clone()),
            Asked::Metadata => Answer::json(self.metadata.clone()),
            Asked::Token(_) if asked.is_exchange() => {
                let caller = claims_of(&subject_token(call).unwrap());
                let token = exchanged_token(&caller, &json!({}), now, self.lifetime);
                Answer::exchange(&token)
            }
            Asked::Token(subtenant) => {
                self.issued += 1;
                let token =
                    tenant_token("acme", subtenant.as_deref(), now, self.lifetime, self.issued);
                Answer::json(format!(r#"{{"access_token":"{token}","token_type":"bearer"}}"#))
            }
        });
        let latency = match answer {
            Answer::Silence => Duration::MAX,
            Answer::Failed(_) | Answer::Http { .. } => self.latency,
        };
        Ok((latency, answer))
    }
}

/// What `https://id.example` says of itself.
const METADATA: &str =
    r#"{"issuer":"https://id.example","jwks_uri":"https://keys.example/keys","x":[1]}"#;

/// The caller's token in a call that exchanges it; nothing in a token needs an escape.
fn subject_token(call: &HttpCall) -> Option<String> {
    let body = std::str::from_utf8(call.body.expose()).unwrap();
    let token = body.split('&').find_map(|field| field.strip_prefix("subject_token="));
    token.map(str::to_owned)
}

fn asked(call: &HttpCall) -> Asked {
    if call.method == "GET" {
        return match &*call.endpoint.authority {
            _ if call.endpoint.path.contains("/.well-known/") => Asked::Metadata,
            "id.example" | "keys.example" => Asked::Keys,
            other => Asked::KeysOf(other.to_owned()),
        };
    }
    if &*call.endpoint.authority == "usage.example" {
        return Asked::KeysOf("usage.example".to_owned());
    }
    if let Some(token) = subject_token(call) {
        let claims = claims_of(&token);
        return Asked::Token(Some(format!("caller {}", claims["email"].as_str().unwrap())));
    }
    let body = String::from_utf8(call.body.expose().clone()).unwrap();
    let subtenant = body.split('&').find_map(|field| field.strip_prefix("subtenant="));
    Asked::Token(subtenant.map(str::to_owned))
}
