//! The OpenAPI of IDaaS: `GenerateOauthToken` for whoever signs with an access key.

use serde_json::json;

use super::super::http_server::{Request, Response};
use super::super::incoming::first;
use super::super::signing_key::random_hex;
use super::account::{CLIENT, INSTANCE};
use super::acs3;
use super::endpoint::{path, query};
use super::machine_tokens::Proven;
use super::method::{Method, Source};
use super::parameters::Parameters;
use super::record::Verified;
use super::refusal::{FieldError, Refusal};
use super::scope::Scope;
use super::state::State;
use super::token_endpoint::{ACCESS_TOKEN, json_body};

/// Answers a call of the OpenAPI.
///
/// # Errors
/// [`Refusal`] for the first thing that is wrong with it.
pub fn answer(
    state: &mut State,
    request: &Request,
    now: u64,
) -> Result<(Response, Verified), Refusal> {
    if (request.method.as_str(), path(request)) != ("POST", "/") {
        return Err(Refusal::Path);
    }
    let key = acs3::verify(request, &state.access_keys, &mut state.nonces, now)?;
    for (name, value) in [("x-acs-action", "GenerateOauthToken"), ("x-acs-version", "2021-12-01")] {
        if first(&request.fields, name) != Some(value.as_bytes()) {
            return Err(FieldError::Wrong(name).into());
        }
    }
    // All parameters stand in the query.
    if !request.body.is_empty() {
        return Err(FieldError::Unexpected("body".to_owned()).into());
    }
    if key.source == Source::DeveloperApi {
        return Err(Refusal::Permission);
    }
    let scope = scope(&Parameters::parse(query(request).as_bytes())?)?;
    let by = Proven { method: Method::Plugin, proof: key.id };
    let grant = state.tokens.issue(by, &scope, None, now);
    let body = json!({"RequestId": random_hex(), "TokenResponse": {
        "AccessToken": grant.token, "TokenType": "Bearer", "ExpiresIn": state.tokens.lifetime,
        "ExpiresAt": grant.expires, "IssuedTokenType": ACCESS_TOKEN,
    }});
    Ok((json_body(&body), Verified::Token(grant)))
}

fn scope(parameters: &Parameters) -> Result<Scope, Refusal> {
    parameters.expect("InstanceId", INSTANCE)?;
    if parameters.required("ApplicationId")? != CLIENT {
        return Err(Refusal::Client);
    }
    let audience = parameters.required("Audience")?;
    let mut permissions: Vec<String> = Vec::new();
    for number in 1_usize.. {
        let Some(permission) = parameters.get(&format!("ScopeValues.{number}")) else { break };
        if permissions.iter().any(|other| other == permission) {
            return Err(FieldError::Repeated(permission.to_owned()).into());
        }
        permissions.push(permission.to_owned());
    }
    // A number behind a gap is not among these.
    parameters.only(|name| {
        ["ApplicationId", "Audience", "InstanceId"].contains(&name)
            || (1..=permissions.len()).any(|number| name == format!("ScopeValues.{number}"))
    })?;
    Scope::of(audience, permissions).ok_or(Refusal::Scope)
}
