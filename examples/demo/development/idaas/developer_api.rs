//! The developer API: what IDaaS holds of others, for a machine token.

use serde_json::json;

use super::super::http_server::{Request, Response};
use super::super::incoming::first;
use super::account::{API_KEY, API_KEY_NAME, INSTANCE, PAM_AUDIENCE, ROLE_ARN};
use super::endpoint::{path, query};
use super::method::Source;
use super::parameters::Parameters;
use super::record::Verified;
use super::refusal::{FieldError, Refusal};
use super::scope::Scope;
use super::state::State;
use super::token_endpoint::json_body;

/// Answers a call of the developer API.
///
/// # Errors
/// [`Refusal`] for the first thing that is wrong with it.
pub fn answer(
    state: &mut State,
    request: &Request,
    now: u64,
) -> Result<(Response, Verified), Refusal> {
    let actions = format!("/v2/{INSTANCE}/");
    let action = path(request).strip_prefix(&actions).filter(|_| request.method == "GET");
    let action = action.ok_or(Refusal::Path)?;
    authorize(state, request, now)?;
    let parameters = Parameters::parse(query(request).as_bytes())?;
    match action {
        "cloudAccountRoles/_/actions/obtainAccessCredential" => role(state, &parameters, now),
        "credentials/_/actions/obtain" => api_key(&parameters),
        _ => Err(Refusal::Path),
    }
}

/// Sees that the request bears a token of this instance for what it holds of others.
fn authorize(state: &State, request: &Request, now: u64) -> Result<(), Refusal> {
    let token = first(&request.fields, "authorization")
        .and_then(|value| std::str::from_utf8(value).ok()?.strip_prefix("Bearer "))
        .ok_or(Refusal::BearerToken)?;
    let grant = state.tokens.valid(token, now).ok_or(Refusal::BearerToken)?;
    let scope = Scope::parse(&grant.scope).ok_or(Refusal::BearerToken)?;
    if scope.audience() == PAM_AUDIENCE { Ok(()) } else { Err(Refusal::Permission) }
}

fn role(
    state: &mut State,
    parameters: &Parameters,
    now: u64,
) -> Result<(Response, Verified), Refusal> {
    parameters.expect("cloudAccountRoleExternalId", ROLE_ARN)?;
    parameters.only(|name| ["cloudAccountRoleExternalId", "durationSeconds"].contains(&name))?;
    let seconds = match parameters.get("durationSeconds") {
        None => 3600,
        Some(seconds) => seconds.parse().map_err(|_| FieldError::Wrong("durationSeconds"))?,
    };
    let key = state.access_keys.issue(Source::DeveloperApi, now.saturating_add(seconds));
    let body = json!({"cloudAccountRoleAccessCredential": {"alibabaCloudStsToken": {
        "accessKeyId": key.id, "accessKeySecret": key.secret, "securityToken": key.token,
        "expiration": key.expiration(),
    }}});
    Ok((json_body(&body), Verified::AccessKey(key.id)))
}

fn api_key(parameters: &Parameters) -> Result<(Response, Verified), Refusal> {
    parameters.expect("credentialIdentifier", API_KEY_NAME)?;
    let body = json!({"credentialContent": {"apiKeyContent": {"apiKey": API_KEY}}});
    Ok((json_body(&body), Verified::ApiKey))
}
