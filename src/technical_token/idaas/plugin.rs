//! `PLUGIN` with `alibabacloudPluginCredentialProvider`: the OpenAPI action `GenerateOauthToken`.

use std::sync::Arc;
use std::time::Duration;

use super::encoding::{Blank, hex, pairs};
use super::readings::at;
use super::{AccessKey, Acs3Request, Keys, Scope, utc};
use crate::crypto::Digest;
use crate::message::{Endpoint, HttpCall};
use crate::secret::Secret;
use crate::technical_token::CallError;
use crate::technical_token::preparation::{Moment, Reading};
use crate::time::Timestamp;

/// A client of an IDaaS instance that asks through the OpenAPI, by an access key.
#[derive(Clone, Debug)]
pub struct OpenApiClient {
    /// The OpenAPI of the region (`openApiEndpoint`). Its path is not used; its authority is signed, so
    /// nothing may rewrite it.
    pub endpoint: Endpoint,
    /// The instance (`idaasInstanceId`).
    pub instance_id: Arc<str>,
    /// The client's id.
    pub client_id: Arc<str>,
    /// Where the access key comes from.
    pub keys: Arc<Keys>,
    /// A digest that changes with that and does not reveal it.
    pub origin: [u8; 32],
    /// How long a call may take.
    pub timeout: Duration,
}

/// The lower-case hexadecimal SHA-256 of an empty body.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

impl OpenApiClient {
    /// The call that asks for a token of this scope.
    ///
    /// # Errors
    /// [`CallError::Unprepared`] while there is no access key, [`CallError::Randomless`] without a nonce.
    pub fn call(
        &self,
        scope: &Scope,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        let key = self.keys.key(read).ok_or(CallError::Unprepared)?;
        let nonce = moment.random.ok_or(CallError::Randomless)?;
        let query = self.query(scope);
        let headers = self.signed_headers(&key, moment.now, nonce);
        let authority = Secret::new(self.endpoint.authority.as_bytes().to_vec());
        let mut signed = vec![("host", &authority)];
        signed.extend(headers.iter().map(|(name, value)| (*name, value)));
        let request = Acs3Request {
            method: "POST",
            path: "/",
            query: &query,
            headers: &signed,
            body_digest: EMPTY,
        };
        let authorization = request.authorization(&key);
        let mut headers = headers;
        headers.push(("accept", Secret::new(b"application/json".to_vec())));
        headers.push(("authorization", authorization));
        Ok(HttpCall {
            endpoint: at(&self.endpoint, ["/?", &query].concat()),
            method: "POST",
            headers,
            body: Secret::new(Vec::new()),
            timeout: self.timeout,
            body_limit: HttpCall::TOKEN_ANSWER_LIMIT,
        })
    }

    /// The digest of what its tokens for a scope mean. Access keys that are read come and go; where they are
    /// read stays.
    pub fn meaning(&self, scope: &Scope) -> [u8; 32] {
        let digest = Digest::of(&[
            b"idaas plugin",
            self.endpoint.cluster.as_bytes(),
            self.endpoint.scheme.as_bytes(),
            self.endpoint.authority.as_bytes(),
            self.instance_id.as_bytes(),
            self.client_id.as_bytes(),
            scope.as_str().as_bytes(),
            &self.origin,
        ]);
        *digest.as_bytes()
    }

    /// The parameters in the order of the bytes of their names: `ScopeValues.10` stands before
    /// `ScopeValues.2`. Which permission has which number does not matter.
    fn query(&self, scope: &Scope) -> String {
        let mut permissions: Vec<&str> = Vec::new();
        for permission in scope.permissions() {
            if !permissions.contains(&permission) {
                permissions.push(permission);
            }
        }
        let names: Vec<String> =
            (1..=permissions.len()).map(|number| format!("ScopeValues.{number}")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        let mut fields = vec![
            ("ApplicationId", &*self.client_id),
            ("Audience", scope.audience()),
            ("InstanceId", &*self.instance_id),
        ];
        fields.extend(names.into_iter().zip(permissions));
        pairs(&fields, Blank::Escaped)
    }

    /// The fields besides `host` that are signed, in the order of their names.
    fn signed_headers(
        &self,
        key: &AccessKey,
        now: Timestamp,
        nonce: [u8; 16],
    ) -> Vec<(&'static str, Secret<Vec<u8>>)> {
        let value = |text: &str| Secret::new(text.as_bytes().to_vec());
        let token = key.security_token.as_ref();
        let mut headers = Vec::new();
        headers.extend(token.map(|_| ("x-acs-accesskey-id", value(&key.id))));
        headers.push(("x-acs-action", value("GenerateOauthToken")));
        headers.push(("x-acs-content-sha256", value(EMPTY)));
        headers.push(("x-acs-date", value(&utc::written(now))));
        headers.extend(token.map(|token| ("x-acs-security-token", value(token.expose()))));
        headers.push(("x-acs-signature-nonce", value(&hex(&nonce))));
        headers.push(("x-acs-version", value("2021-12-01")));
        headers
    }
}
