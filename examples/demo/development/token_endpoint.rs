//! The client credentials grant as MindSphere's identity service answers it, subtenant impersonation included.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::caller::issuer_of;
use super::clock;
use super::fault::{Fault, json_response};
use super::http_server::{Request, Response};
use super::incoming::first;
use super::signing_key::{SigningKey, random_hex};

/// A program that may ask for tokens.
#[derive(Clone)]
pub struct Client {
    pub tenant: String,
    pub id: String,
    pub secret: String,
}

/// A request to the token endpoint that passed every check of RFC 6749 §4.4.
pub struct Grant<'a> {
    client: &'a Client,
    subtenant: Option<String>,
}

impl<'a> Grant<'a> {
    /// Checks client authentication (`client_secret_basic`) and the form.
    ///
    /// # Errors
    /// The error response of RFC 6749 §5.2: 401 `invalid_client`, 400 `unsupported_grant_type` or `invalid_request`.
    pub fn read(request: &Request, clients: &'a [Client]) -> Result<Self, Response> {
        let client =
            authenticated(request, clients).ok_or_else(|| refusal(401, "invalid_client"))?;
        let form: BTreeMap<_, _> = form_urlencoded::parse(&request.body).into_owned().collect();
        if form.get("grant_type").is_none_or(|grant| grant != "client_credentials") {
            return Err(refusal(400, "unsupported_grant_type"));
        }
        let subtenant = form.get("subtenant").filter(|subtenant| !subtenant.is_empty()).cloned();
        match form.get("iam-action").map(String::as_str) {
            None => Ok(Self { client, subtenant: None }),
            Some(IMPERSONATION) if subtenant.is_some() => Ok(Self { client, subtenant }),
            Some(_) => Err(refusal(400, "invalid_request")),
        }
    }

    pub fn subtenant(&self) -> Option<&str> {
        self.subtenant.as_deref()
    }

    /// What another request of this client for a subtenant would be.
    #[must_use]
    pub fn for_subtenant(self, subtenant: &str) -> Self {
        Self { subtenant: Some(subtenant.to_owned()), ..self }
    }

    /// The answer to this grant on the piam host of a tenant, or one of the wrong tokens that `fault` names.
    pub fn answer(&self, tenant: &str, key: &SigningKey, lifetime: u64, fault: &Fault) -> Response {
        if tenant != self.client.tenant {
            return refusal(401, "invalid_client");
        }
        let tenant = if *fault == Fault::OtherTenant { "beta" } else { tenant };
        let subtenant = match fault {
            Fault::OtherSubtenant => Some("somebody-else"),
            Fault::NoSubtenant => None,
            _ => self.subtenant(),
        };
        let claims = technical_claims(tenant, subtenant, &self.client.id, lifetime);
        let mut body = json!({
            "access_token": key.sign(&claims), "token_type": "Bearer", "expires_in": lifetime,
            "scope": SCOPES.join(" "), "jti": claims.get("jti"),
        });
        if let (Some(members), Some(subtenant)) = (body.as_object_mut(), subtenant) {
            members.insert("subtenant".to_owned(), json!(subtenant));
        }
        json_response(200, body.to_string().into_bytes())
    }

    /// The answer of an authorization server that issues opaque tokens.
    pub fn opaque_answer(&self, lifetime: u64) -> Response {
        let body = json!({"access_token": format!("opaque-{}", random_hex()), "token_type": "Bearer", "expires_in": lifetime});
        json_response(200, body.to_string().into_bytes())
    }
}

fn technical_claims(tenant: &str, subtenant: Option<&str>, client: &str, lifetime: u64) -> Value {
    let now = clock::now();
    let mut claims = json!({
        "iss": issuer_of(tenant), "ten": tenant, "zid": tenant, "jti": random_hex(), "sub": client, "client_id": client,
        "cid": client, "azp": client, "grant_type": "client_credentials", "rev_sig": "5cf0ba1e", "aud": [client, "technical"],
        "scope": SCOPES, "iat": now, "exp": now.saturating_add(lifetime),
    });
    if let (Some(members), Some(subtenant)) = (claims.as_object_mut(), subtenant) {
        members.insert("subtenant".to_owned(), json!(subtenant));
    }
    claims
}

fn authenticated<'a>(request: &Request, clients: &'a [Client]) -> Option<&'a Client> {
    let value = std::str::from_utf8(first(&request.fields, "authorization")?).ok()?;
    let pair = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    clients.iter().find(|client| format!("{}:{}", client.id, client.secret).as_bytes() == pair)
}

fn refusal(status: u16, error: &str) -> Response {
    json_response(status, json!({"error": error, "error_description": "refused by the development identity provider"}).to_string().into_bytes())
}

const IMPERSONATION: &str = "client_credentials.subtenant-impersonation";
const SCOPES: [&str; 2] =
    ["technical.read", "iam-action.client_credentials.subtenant-impersonation"];
