//! The servers that have little to say: the credentials URI, the file of the service account's token, and
//! a service that is called with signed requests.

use serde_json::json;

use super::super::http_server::{Request, Response};
use super::super::upstream::echo;
use super::acs3;
use super::endpoint::path;
use super::method::Source;
use super::record::Verified;
use super::refusal::Refusal;
use super::state::State;
use super::token_endpoint::json_body;

/// Hands a credential out to whoever asks. The query is part of the secret of its address.
///
/// # Errors
/// [`Refusal::Path`].
pub fn credentials_uri(
    state: &mut State,
    request: &Request,
    now: u64,
) -> Result<(Response, Verified), Refusal> {
    if (request.method.as_str(), request.target.as_str()) != ("GET", "/creds?x=1") {
        return Err(Refusal::Path);
    }
    let key = state.access_keys.issue(Source::CredentialsUri, now.saturating_add(3600));
    let mut body = key.members();
    if let Some(members) = body.as_object_mut() {
        members.insert("Code".to_owned(), json!("Success"));
    }
    Ok((json_body(&body), Verified::AccessKey(key.id)))
}

/// Serves the token as the file holds it.
///
/// # Errors
/// [`Refusal::Path`].
pub fn token_file(state: &State, request: &Request) -> Result<(Response, Verified), Refusal> {
    if (request.method.as_str(), path(request)) != ("GET", "/token") {
        return Err(Refusal::Path);
    }
    let body = state.service_account.token().as_bytes().to_vec();
    let fields = vec![("content-type", "text/plain".to_owned())];
    Ok((Response { status: 200, fields, body }, Verified::ServiceAccountToken))
}

/// Echoes a request that an access key signed.
///
/// # Errors
/// [`Refusal::Signature`].
pub fn service(
    state: &mut State,
    request: &Request,
    now: u64,
) -> Result<(Response, Verified), Refusal> {
    let key = acs3::verify(request, &state.access_keys, &mut state.nonces, now)?;
    Ok((json_body(&echo(request)), Verified::SignedCall(key.source)))
}
