//! What IDaaS holds for a client besides tokens: access keys of RAM roles, and API keys (PAM).
//!
//! Both calls carry a token of IDaaS with the scope `urn:cloud:idaas:pam|.all`. The vendor's clients add
//! fields of the OpenAPI to the second, without a signature; the first does without them, and so do we.

use std::sync::Arc;
use std::time::Duration;

use super::TemporaryKey;
use super::answer::document;
use super::encoding::{Blank, escaped, pairs};
use super::readings::{at, bare_call};
use crate::json::Value;
use crate::message::{CallResponse, Endpoint, HttpCall};
use crate::secret::Secret;
use crate::technical_token::AnswerError;

/// The developer API of an instance (`developerApiEndpoint`).
#[derive(Clone, Debug)]
pub struct Pam {
    /// The API. Its path is not used.
    pub endpoint: Endpoint,
    /// The instance (`idaasInstanceId`).
    pub instance_id: Arc<str>,
    /// How long a call may take.
    pub timeout: Duration,
}

impl Pam {
    /// The scope of the token that the calls carry.
    pub const SCOPE: &str = "urn:cloud:idaas:pam|.all";

    /// The call that borrows an access key of a RAM role.
    pub fn role_call(&self, role_arn: &str, token: &Secret<Vec<u8>>) -> HttpCall {
        let action = "/cloudAccountRoles/_/actions/obtainAccessCredential?";
        self.call(action, ("cloudAccountRoleExternalId", role_arn), vec![bearer(token)])
    }

    /// The access key in an answer to it.
    ///
    /// # Errors
    /// [`AnswerError`]; [`AnswerError::NotAGrant`] when a part of it is missing or odd.
    pub fn role_key(response: &CallResponse) -> Result<TemporaryKey, AnswerError> {
        let answer = document(response)?;
        let path = ["cloudAccountRoleAccessCredential", "alibabaCloudStsToken"];
        inner(&answer, path).and_then(TemporaryKey::parse).ok_or(AnswerError::NotAGrant)
    }

    /// The call that reads an API key.
    pub fn api_key_call(&self, identifier: &str, token: &Secret<Vec<u8>>) -> HttpCall {
        let action = "/credentials/_/actions/obtain?";
        let accept = Secret::new(b"application/json".to_vec());
        let headers = vec![("accept", accept), bearer(token)];
        self.call(action, ("credentialIdentifier", identifier), headers)
    }

    /// The API key in an answer to it.
    ///
    /// # Errors
    /// [`AnswerError`]; [`AnswerError::NotAGrant`] when it is missing, or no header could carry it.
    pub fn api_key(response: &CallResponse) -> Result<Secret<String>, AnswerError> {
        let answer = document(response)?;
        let content = inner(&answer, ["credentialContent", "apiKeyContent"]);
        let key = content.and_then(|content| content.get("apiKey")?.as_str());
        let sendable = key.and_then(|key| super::readings::line(key.as_bytes()));
        Ok(Secret::new(sendable.ok_or(AnswerError::NotAGrant)?.to_owned()))
    }

    fn call(&self, action: &str, parameter: (&str, &str), headers: Headers) -> HttpCall {
        let instance = escaped(&self.instance_id);
        let query = pairs(&[parameter], Blank::Escaped);
        let path = ["/v2/", &instance, action, &query].concat();
        bare_call("GET", at(&self.endpoint, path), headers, self.timeout)
    }
}

type Headers = Vec<(&'static str, Secret<Vec<u8>>)>;

fn bearer(token: &Secret<Vec<u8>>) -> (&'static str, Secret<Vec<u8>>) {
    ("authorization", Secret::new([b"Bearer ", &token.expose()[..]].concat()))
}

fn inner<'v>(answer: &'v Value<'_>, path: [&str; 2]) -> Option<&'v Value<'v>> {
    let [outer, inner] = path;
    answer.get(outer)?.get(inner)
}
