//! RRSA: the access key that a RAM role lends to a pod's service account (STS `AssumeRoleWithOIDC`).
//!
//! The call is not signed: the service account's token in its query is the proof.

use std::sync::Arc;
use std::time::Duration;

use super::encoding::{Blank, pairs};
use super::readings::{Mark, at, bare_call, body_of, unusable};
use super::service_account::ServiceAccountToken;
use super::{RotatingFile, TemporaryKey, utc};
use crate::json;
use crate::message::{CallFailure, CallResponse, Endpoint, HttpCall};
use crate::technical_token::preparation::{Moment, Preparation, PreparationError, Reading};
use crate::time::Timestamp;

const WHAT: &str = "sts_assume_role_with_oidc";

/// A role for a pod's service account.
#[derive(Clone, Debug)]
pub struct Rrsa {
    /// Where the service account's token is read.
    pub token: RotatingFile,
    /// The STS. Its path is not used.
    pub sts: Endpoint,
    /// The role (`ALIBABA_CLOUD_ROLE_ARN`).
    pub role_arn: Arc<str>,
    /// The identity provider that it trusts (`ALIBABA_CLOUD_OIDC_PROVIDER_ARN`).
    pub provider_arn: Arc<str>,
    /// The name of the session in audit logs (`ALIBABA_CLOUD_ROLE_SESSION_NAME`); without one
    /// `tenantgate-` and the Unix time in seconds.
    pub session_name: Option<Arc<str>>,
    /// How long the call to the STS may take.
    pub timeout: Duration,
}

impl Rrsa {
    fn sts_call(&self, token: &str, now: Timestamp) -> HttpCall {
        let own_name;
        let session_name = match self.session_name.as_deref() {
            Some(name) => name,
            None => {
                own_name = format!("tenantgate-{}", now.as_seconds());
                &own_name
            }
        };
        let query = pairs(
            &[
                ("Action", "AssumeRoleWithOIDC"),
                ("Format", "JSON"),
                ("Version", "2015-04-01"),
                ("DurationSeconds", "3600"),
                ("RoleArn", &self.role_arn),
                ("OIDCProviderArn", &self.provider_arn),
                ("OIDCToken", token),
                ("RoleSessionName", session_name),
                ("Timestamp", &utc::written(now)),
            ],
            Blank::Plus,
        );
        bare_call("GET", at(&self.sts, ["/?", &query].concat()), Vec::new(), self.timeout)
    }
}

impl Preparation for Rrsa {
    fn next(&self, read: &[Reading], moment: &Moment<'_>) -> Option<HttpCall> {
        if Mark::Key.among(read).is_some() {
            return None;
        }
        Some(match ServiceAccountToken::among(read) {
            None => self.token.call(),
            Some(token) => self.sts_call(token, moment.now),
        })
    }

    fn read(
        &self,
        read: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        if ServiceAccountToken::among(read).is_none() {
            let token = self.token.token(answer, now)?;
            // The next key is asked for with the token that the file has then.
            return Ok(Reading { until: Timestamp::default(), ..token });
        }
        let body = body_of(WHAT, answer)?;
        let parse = || TemporaryKey::parse(json::parse(body).ok()?.get("Credentials")?);
        parse().map(TemporaryKey::into_reading).ok_or(unusable(WHAT))
    }
}
