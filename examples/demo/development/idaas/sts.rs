//! STS: a RAM role for the token of a service account (`AssumeRoleWithOIDC`).

use serde_json::json;

use super::super::http_server::{Request, Response};
use super::super::signing_key::random_hex;
use super::account::{PROVIDER_ARN, ROLE_ARN};
use super::endpoint::{path, query};
use super::method::Source;
use super::parameters::Parameters;
use super::record::Verified;
use super::refusal::{FieldError, Refusal};
use super::service_account::STS_AUDIENCE;
use super::state::State;
use super::timestamp;
use super::token_endpoint::json_body;

/// Answers a call of STS, which is not signed.
///
/// # Errors
/// [`Refusal`] for the first thing that is wrong with it.
pub fn answer(
    state: &mut State,
    request: &Request,
    now: u64,
) -> Result<(Response, Verified), Refusal> {
    if !["GET", "POST"].contains(&request.method.as_str()) || path(request) != "/" {
        return Err(Refusal::Path);
    }
    let parameters = Parameters::parse(query(request).as_bytes())?;
    parameters.expect("Action", "AssumeRoleWithOIDC")?;
    parameters.expect("Format", "JSON")?;
    parameters.expect("Version", "2015-04-01")?;
    parameters.only(|name| PARAMETERS.contains(&name))?;
    let stated = timestamp::parse(parameters.required("Timestamp")?);
    if !stated.is_some_and(|stated| timestamp::is_near(stated, now)) {
        return Err(FieldError::Wrong("Timestamp").into());
    }
    parameters.expect("RoleArn", ROLE_ARN)?;
    parameters.expect("OIDCProviderArn", PROVIDER_ARN)?;
    if !is_session_name(parameters.required("RoleSessionName")?) {
        return Err(FieldError::Wrong("RoleSessionName").into());
    }
    let seconds = parameters
        .required("DurationSeconds")?
        .parse()
        .ok()
        .filter(|seconds| (900..=43_200).contains(seconds))
        .ok_or(FieldError::Wrong("DurationSeconds"))?;
    state
        .service_account
        .verify(parameters.required("OIDCToken")?, STS_AUDIENCE, now)
        .map_err(Refusal::ServiceAccount)?;

    let key = state.access_keys.issue(Source::Rrsa, now.saturating_add(seconds));
    let body = json!({"RequestId": random_hex(), "Credentials": key.members()});
    Ok((json_body(&body), Verified::AccessKey(key.id)))
}

/// 2 to 64 letters, digits and `.`, `@`, `-`, `_`.
fn is_session_name(name: &str) -> bool {
    (2..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte))
}

const PARAMETERS: [&str; 9] = [
    "Action",
    "DurationSeconds",
    "Format",
    "OIDCProviderArn",
    "OIDCToken",
    "RoleArn",
    "RoleSessionName",
    "Timestamp",
    "Version",
];
